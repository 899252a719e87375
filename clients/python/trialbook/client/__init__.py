"""The Python client and worker SDK of Trialbook.

`Client` and `AsyncClient` call a server, `Worker` hosts functions for it, and `evaluate` does all
of it in one call, with a service of its own in the process.
"""

from trialbook.client.asynchronous import AsyncClient
from trialbook.client.asynchronous.drive import AsyncDrivenRun
from trialbook.client.blocking import Client
from trialbook.client.blocking.drive import DrivenRun
from trialbook.client.change_reason import change_reason
from trialbook.client.connection import InvalidConnection, Tls
from trialbook.client.drive import DrivenItem, SubmissionDetails
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
from trialbook.client.models.agreement import Agreement, PairAgreement, ReviewSummary
from trialbook.client.models.comparability import Comparability, ScorerMismatch
from trialbook.client.models.comparison import (
    ComparedRun,
    Comparison,
    ComparisonOptions,
    RunComparison,
    ScorerComparison,
    ValueChange,
    VerdictComparison,
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
from trialbook.client.models.distribution import LabelCount, ScoreBin, ScoreDistribution
from trialbook.client.models.duplicate import DuplicateGroup
from trialbook.client.models.estimate import Difference, Estimate
from trialbook.client.models.event import Event, EventBatch, EventConsumer, EventOrder
from trialbook.client.models.experiment import (
    Experiment,
    ExperimentVersion,
    Target,
    TargetKind,
)
from trialbook.client.models.gate import (
    Condition,
    Gate,
    GateFinding,
    GateMetric,
    GateVerdict,
    RegressionRule,
    Verdict,
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
from trialbook.client.models.outcome import (
    FinalError,
    NotEvaluable,
    RetryableError,
    Score,
    UnavailableError,
)
from trialbook.client.models.regression_dataset import RegressionDataset
from trialbook.client.models.result import (
    Result,
    ResultOrder,
    ResultStatus,
    SkipReason,
    StepResult,
    TaskError,
    TaskErrorCode,
    Usage,
)
from trialbook.client.models.result_file import ExportedResults, ResultFileFormat
from trialbook.client.models.result_filter import ResultFilter
from trialbook.client.models.review import (
    Review,
    ReviewEntry,
    ReviewState,
    ReviewSubmission,
)
from trialbook.client.models.rework import RescoredRun, RetriedRun
from trialbook.client.models.run import (
    LatencySummary,
    Run,
    RunCounts,
    RunEndReason,
    RunStatus,
    ScorerSource,
    UsageSummary,
)
from trialbook.client.models.run_event import (
    ResultScored,
    RunBegan,
    RunCancelRequested,
    RunEnded,
    RunEvent,
    RunRescored,
    RunRetried,
    RunStarted,
    WatchUpdate,
)
from trialbook.client.models.run_settings import RunSettings
from trialbook.client.models.score import ResultScore, RunScore, ScorerSummary, ScoreStatus
from trialbook.client.models.score_explanation import JudgedScore, ScoreCause, ScoreExplanation
from trialbook.client.models.scorer import ScoreDirection, ScorerDescription, ScorerOrigin
from trialbook.client.models.scorer_spec import Scorer, ScorerScope
from trialbook.client.models.submission import SubmissionDisposition, SubmittedResult
from trialbook.client.models.tool_mock import ToolMock, UnmockedToolPolicy
from trialbook.client.models.trace import (
    Span,
    SpanRef,
    Trace,
    TraceLink,
    TraceState,
    TraceStatus,
    TraceViewer,
)
from trialbook.client.models.trace_report import TraceReport
from trialbook.client.models.trajectory import (
    StepSource,
    StepType,
    Trajectory,
    TrajectoryEvidence,
    TrajectorySource,
    TrajectoryStep,
)
from trialbook.client.models.trajectory_diff import (
    FoundTrajectory,
    StepDifference,
    StepMatch,
    TrajectoryDiff,
)
from trialbook.client.models.trend import TrendPoint, TrendValue
from trialbook.client.models.trial_summary import FlakyItem, TrialRate, TrialSummary
from trialbook.client.payload import MISSING, Json, UnencodableValue
from trialbook.client.requests.run_start import StartOptions
from trialbook.client.tracing.setting import TracesNotInstalled
from trialbook.client.worker import (
    RunResults,
    Step,
    TaskContext,
    ToolMockError,
    ToolMockMismatch,
    ToolMocks,
    ToolMocksExhausted,
    ToolNotMocked,
    Worker,
    step,
)

__all__ = [
    "MISSING",
    "Aborted",
    "AddedItems",
    "Agreement",
    "AlreadyExists",
    "AsyncClient",
    "AsyncDrivenRun",
    "Cancelled",
    "Client",
    "ColumnMapping",
    "Comparability",
    "ComparedRun",
    "Comparison",
    "ComparisonOptions",
    "Condition",
    "Dataset",
    "DatasetDiff",
    "DatasetItem",
    "DatasetLabel",
    "DatasetSettings",
    "DatasetVersion",
    "DeadlineExceeded",
    "Difference",
    "DrivenItem",
    "DrivenRun",
    "DuplicateGroup",
    "Estimate",
    "EvaluationSummary",
    "Event",
    "EventBatch",
    "EventConsumer",
    "EventOrder",
    "Experiment",
    "ExperimentVersion",
    "ExportedFile",
    "ExportedResults",
    "FailedPrecondition",
    "FieldChange",
    "FileFormat",
    "FileLayout",
    "FinalError",
    "FlakyItem",
    "FoundTrajectory",
    "Gate",
    "GateFinding",
    "GateMetric",
    "GateVerdict",
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
    "JudgedScore",
    "LabelCount",
    "LatencySummary",
    "NotEvaluable",
    "NotFound",
    "OutOfRange",
    "PairAgreement",
    "PermissionDenied",
    "PurgedItems",
    "RefusedRow",
    "RegressionDataset",
    "RegressionRule",
    "RemovedItems",
    "RescoredRun",
    "ResourceExhausted",
    "RestoredItems",
    "Result",
    "ResultFileFormat",
    "ResultFilter",
    "ResultOrder",
    "ResultScore",
    "ResultScored",
    "ResultStatus",
    "RetriedRun",
    "RetryableError",
    "Review",
    "ReviewEntry",
    "ReviewState",
    "ReviewSubmission",
    "ReviewSummary",
    "RowsRefused",
    "Run",
    "RunBegan",
    "RunCancelRequested",
    "RunComparison",
    "RunCounts",
    "RunEndReason",
    "RunEnded",
    "RunEvent",
    "RunRescored",
    "RunResults",
    "RunRetried",
    "RunScore",
    "RunSettings",
    "RunStarted",
    "RunStatus",
    "SchemaFailure",
    "SchemaReport",
    "Score",
    "ScoreBin",
    "ScoreCause",
    "ScoreDirection",
    "ScoreDistribution",
    "ScoreExplanation",
    "ScoreStatus",
    "Scorer",
    "ScorerComparison",
    "ScorerDescription",
    "ScorerMismatch",
    "ScorerOrigin",
    "ScorerScope",
    "ScorerSource",
    "ScorerSummary",
    "ServiceNotInstalled",
    "SkipReason",
    "Span",
    "SpanRef",
    "StartOptions",
    "Step",
    "StepDifference",
    "StepMatch",
    "StepResult",
    "StepSource",
    "StepType",
    "SubmissionDetails",
    "SubmissionDisposition",
    "SubmittedResult",
    "Target",
    "TargetKind",
    "TaskContext",
    "TaskError",
    "TaskErrorCode",
    "Tls",
    "ToolMock",
    "ToolMockError",
    "ToolMockMismatch",
    "ToolMocks",
    "ToolMocksExhausted",
    "ToolNotMocked",
    "Trace",
    "TraceLink",
    "TraceReport",
    "TraceState",
    "TraceStatus",
    "TraceViewer",
    "TracesNotInstalled",
    "Trajectory",
    "TrajectoryDiff",
    "TrajectoryEvidence",
    "TrajectorySource",
    "TrajectoryStep",
    "TrendPoint",
    "TrendValue",
    "TrialRate",
    "TrialSummary",
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
    "Usage",
    "UsageSummary",
    "ValueChange",
    "Verdict",
    "VerdictComparison",
    "Violation",
    "WaitTimeout",
    "WatchUpdate",
    "Worker",
    "change_reason",
    "evaluate",
    "evaluate_async",
    "step",
]
