"""The Python client and worker SDK of Trialbook.

`Client` and `AsyncClient` call a server, `Worker` hosts functions for it, and `evaluate` does all
of it in one call, with a service of its own in the process.
"""

from trialbook.client.asynchronous import AsyncClient
from trialbook.client.blocking import Client
from trialbook.client.change_reason import change_reason
from trialbook.client.connection import InvalidConnection, Tls
from trialbook.client.errors import (
    Aborted,
    AlreadyExists,
    Cancelled,
    DeadlineExceeded,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    ResourceExhausted,
    TrialbookError,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    Violation,
    WaitTimeout,
)
from trialbook.client.evaluation import (
    EvaluationSummary,
    ServiceNotInstalled,
    evaluate,
    evaluate_async,
)
from trialbook.client.models.dataset import Dataset, UpdatedDataset
from trialbook.client.models.dataset_diff import (
    DatasetDiff,
    FieldChange,
    ItemChangeKind,
    ItemDifference,
    ItemRevision,
)
from trialbook.client.models.dataset_file import (
    ColumnMapping,
    ExportedFile,
    FileFormat,
    FileLayout,
    ImportedFile,
    ImportOptions,
    ImportReport,
    RefusedRow,
    RowsRefused,
)
from trialbook.client.models.dataset_label import DatasetLabel
from trialbook.client.models.dataset_settings import (
    DatasetSettings,
    SchemaFailure,
    SchemaReport,
)
from trialbook.client.models.dataset_version import DatasetVersion
from trialbook.client.models.duplicate import DuplicateGroup
from trialbook.client.models.event import Event, EventBatch, EventConsumer, EventOrder
from trialbook.client.models.experiment import (
    Experiment,
    ExperimentVersion,
    RunSettings,
    Scorer,
    Target,
    TargetKind,
)
from trialbook.client.models.item import DatasetItem, Item
from trialbook.client.models.item_change import (
    AddedItems,
    ImportedItems,
    PurgedItems,
    RemovedItems,
    RestoredItems,
    UpdatedItems,
    UpsertedItems,
)
from trialbook.client.models.item_selection import ItemSample, ItemSelection
from trialbook.client.models.item_source import ItemSource, ItemSourceType
from trialbook.client.models.item_update import ItemUpdate
from trialbook.client.models.run import (
    LatencySummary,
    Result,
    ResultOrder,
    ResultScored,
    ResultStatus,
    Run,
    RunCancelRequested,
    RunCounts,
    RunEnded,
    RunEvent,
    RunStarted,
    RunStatus,
    TaskError,
    TaskErrorCode,
    WatchUpdate,
)
from trialbook.client.models.score import ResultScore, ScorerSummary, ScoreStatus
from trialbook.client.models.scorer import ScoreDirection, ScorerDescription, ScorerOrigin
from trialbook.client.models.tool_mock import ToolMock, UnmockedToolPolicy
from trialbook.client.payload import MISSING, Json, UnencodableValue
from trialbook.client.worker import (
    FinalError,
    NotEvaluable,
    RetryableError,
    Score,
    TaskContext,
    UnavailableError,
    Worker,
)

__all__ = [
    "MISSING",
    "Aborted",
    "AddedItems",
    "AlreadyExists",
    "AsyncClient",
    "Cancelled",
    "Client",
    "ColumnMapping",
    "Dataset",
    "DatasetDiff",
    "DatasetItem",
    "DatasetLabel",
    "DatasetSettings",
    "DatasetVersion",
    "DeadlineExceeded",
    "DuplicateGroup",
    "EvaluationSummary",
    "Event",
    "EventBatch",
    "EventConsumer",
    "EventOrder",
    "Experiment",
    "ExperimentVersion",
    "ExportedFile",
    "FailedPrecondition",
    "FieldChange",
    "FileFormat",
    "FileLayout",
    "FinalError",
    "ImportOptions",
    "ImportReport",
    "ImportedFile",
    "ImportedItems",
    "Internal",
    "InvalidArgument",
    "InvalidConnection",
    "Item",
    "ItemChangeKind",
    "ItemDifference",
    "ItemRevision",
    "ItemSample",
    "ItemSelection",
    "ItemSource",
    "ItemSourceType",
    "ItemUpdate",
    "Json",
    "LatencySummary",
    "NotEvaluable",
    "NotFound",
    "OutOfRange",
    "PermissionDenied",
    "PurgedItems",
    "RefusedRow",
    "RemovedItems",
    "ResourceExhausted",
    "RestoredItems",
    "Result",
    "ResultOrder",
    "ResultScore",
    "ResultScored",
    "ResultStatus",
    "RetryableError",
    "RowsRefused",
    "Run",
    "RunCancelRequested",
    "RunCounts",
    "RunEnded",
    "RunEvent",
    "RunSettings",
    "RunStarted",
    "RunStatus",
    "SchemaFailure",
    "SchemaReport",
    "Score",
    "ScoreDirection",
    "ScoreStatus",
    "Scorer",
    "ScorerDescription",
    "ScorerOrigin",
    "ScorerSummary",
    "ServiceNotInstalled",
    "Target",
    "TargetKind",
    "TaskContext",
    "TaskError",
    "TaskErrorCode",
    "Tls",
    "ToolMock",
    "TrialbookError",
    "Unauthenticated",
    "Unavailable",
    "UnavailableError",
    "UnencodableValue",
    "Unimplemented",
    "UnmockedToolPolicy",
    "UpdatedDataset",
    "UpdatedItems",
    "UpsertedItems",
    "Violation",
    "WaitTimeout",
    "WatchUpdate",
    "Worker",
    "change_reason",
    "evaluate",
    "evaluate_async",
]
