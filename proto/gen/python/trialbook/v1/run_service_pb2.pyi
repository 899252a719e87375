import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from trialbook.v1 import comparison_pb2 as _comparison_pb2
from trialbook.v1 import experiment_pb2 as _experiment_pb2
from trialbook.v1 import gate_pb2 as _gate_pb2
from trialbook.v1 import item_selection_pb2 as _item_selection_pb2
from trialbook.v1 import payload_pb2 as _payload_pb2
from trialbook.v1 import review_service_pb2 as _review_service_pb2
from trialbook.v1 import run_pb2 as _run_pb2
from trialbook.v1 import score_pb2 as _score_pb2
from trialbook.v1 import trace_pb2 as _trace_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResultOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESULT_ORDER_UNSPECIFIED: _ClassVar[ResultOrder]
    RESULT_ORDER_SLOWEST: _ClassVar[ResultOrder]

class SubmissionDisposition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SUBMISSION_DISPOSITION_UNSPECIFIED: _ClassVar[SubmissionDisposition]
    SUBMISSION_DISPOSITION_RECORDED: _ClassVar[SubmissionDisposition]
    SUBMISSION_DISPOSITION_ALREADY_RECORDED: _ClassVar[SubmissionDisposition]
    SUBMISSION_DISPOSITION_CONFLICT: _ClassVar[SubmissionDisposition]

class ResultFileFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESULT_FILE_FORMAT_UNSPECIFIED: _ClassVar[ResultFileFormat]
    RESULT_FILE_FORMAT_JSONL: _ClassVar[ResultFileFormat]
    RESULT_FILE_FORMAT_CSV: _ClassVar[ResultFileFormat]
    RESULT_FILE_FORMAT_PARQUET: _ClassVar[ResultFileFormat]
RESULT_ORDER_UNSPECIFIED: ResultOrder
RESULT_ORDER_SLOWEST: ResultOrder
SUBMISSION_DISPOSITION_UNSPECIFIED: SubmissionDisposition
SUBMISSION_DISPOSITION_RECORDED: SubmissionDisposition
SUBMISSION_DISPOSITION_ALREADY_RECORDED: SubmissionDisposition
SUBMISSION_DISPOSITION_CONFLICT: SubmissionDisposition
RESULT_FILE_FORMAT_UNSPECIFIED: ResultFileFormat
RESULT_FILE_FORMAT_JSONL: ResultFileFormat
RESULT_FILE_FORMAT_CSV: ResultFileFormat
RESULT_FILE_FORMAT_PARQUET: ResultFileFormat

class StartRunRequest(_message.Message):
    __slots__ = ("parent", "experiment", "run_id", "wait_for_worker", "request_id", "display_name", "target_revision", "dataset", "scorers", "settings", "selection", "target_options", "context", "metadata", "baseline", "caller_driven", "gate")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_FOR_WORKER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    TARGET_REVISION_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    SCORERS_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    TARGET_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    CALLER_DRIVEN_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    parent: str
    experiment: str
    run_id: str
    wait_for_worker: bool
    request_id: str
    display_name: str
    target_revision: str
    dataset: str
    scorers: ScorerList
    settings: _experiment_pb2.RunSettings
    selection: _item_selection_pb2.ItemSelection
    target_options: _payload_pb2.Payload
    context: _payload_pb2.Payload
    metadata: _payload_pb2.Payload
    baseline: str
    caller_driven: bool
    gate: _gate_pb2.Gate
    def __init__(self, parent: _Optional[str] = ..., experiment: _Optional[str] = ..., run_id: _Optional[str] = ..., wait_for_worker: _Optional[bool] = ..., request_id: _Optional[str] = ..., display_name: _Optional[str] = ..., target_revision: _Optional[str] = ..., dataset: _Optional[str] = ..., scorers: _Optional[_Union[ScorerList, _Mapping]] = ..., settings: _Optional[_Union[_experiment_pb2.RunSettings, _Mapping]] = ..., selection: _Optional[_Union[_item_selection_pb2.ItemSelection, _Mapping]] = ..., target_options: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., context: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., metadata: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., baseline: _Optional[str] = ..., caller_driven: _Optional[bool] = ..., gate: _Optional[_Union[_gate_pb2.Gate, _Mapping]] = ...) -> None: ...

class ScorerList(_message.Message):
    __slots__ = ("scorers",)
    SCORERS_FIELD_NUMBER: _ClassVar[int]
    scorers: _containers.RepeatedCompositeFieldContainer[_experiment_pb2.ScorerSpec]
    def __init__(self, scorers: _Optional[_Iterable[_Union[_experiment_pb2.ScorerSpec, _Mapping]]] = ...) -> None: ...

class StartRunResponse(_message.Message):
    __slots__ = ("run",)
    RUN_FIELD_NUMBER: _ClassVar[int]
    run: _run_pb2.Run
    def __init__(self, run: _Optional[_Union[_run_pb2.Run, _Mapping]] = ...) -> None: ...

class GetRunRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetRunResponse(_message.Message):
    __slots__ = ("run",)
    RUN_FIELD_NUMBER: _ClassVar[int]
    run: _run_pb2.Run
    def __init__(self, run: _Optional[_Union[_run_pb2.Run, _Mapping]] = ...) -> None: ...

class ListRunsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "experiment", "status")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    experiment: str
    status: _run_pb2.RunStatus
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., experiment: _Optional[str] = ..., status: _Optional[_Union[_run_pb2.RunStatus, str]] = ...) -> None: ...

class ListRunsResponse(_message.Message):
    __slots__ = ("runs", "next_page_token")
    RUNS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    runs: _containers.RepeatedCompositeFieldContainer[_run_pb2.Run]
    next_page_token: str
    def __init__(self, runs: _Optional[_Iterable[_Union[_run_pb2.Run, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CancelRunRequest(_message.Message):
    __slots__ = ("name", "reason", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CancelRunResponse(_message.Message):
    __slots__ = ("run",)
    RUN_FIELD_NUMBER: _ClassVar[int]
    run: _run_pb2.Run
    def __init__(self, run: _Optional[_Union[_run_pb2.Run, _Mapping]] = ...) -> None: ...

class ListResultsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "status", "order", "include_items", "failing", "scorer")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ITEMS_FIELD_NUMBER: _ClassVar[int]
    FAILING_FIELD_NUMBER: _ClassVar[int]
    SCORER_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    status: _run_pb2.ResultStatus
    order: ResultOrder
    include_items: bool
    failing: bool
    scorer: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., status: _Optional[_Union[_run_pb2.ResultStatus, str]] = ..., order: _Optional[_Union[ResultOrder, str]] = ..., include_items: _Optional[bool] = ..., failing: _Optional[bool] = ..., scorer: _Optional[str] = ...) -> None: ...

class ListResultsResponse(_message.Message):
    __slots__ = ("results", "next_page_token")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[_run_pb2.Result]
    next_page_token: str
    def __init__(self, results: _Optional[_Iterable[_Union[_run_pb2.Result, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetResultRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetResultResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: _run_pb2.Result
    def __init__(self, result: _Optional[_Union[_run_pb2.Result, _Mapping]] = ...) -> None: ...

class WatchRunRequest(_message.Message):
    __slots__ = ("name", "after_position")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AFTER_POSITION_FIELD_NUMBER: _ClassVar[int]
    name: str
    after_position: int
    def __init__(self, name: _Optional[str] = ..., after_position: _Optional[int] = ...) -> None: ...

class WatchRunResponse(_message.Message):
    __slots__ = ("events", "through_position", "run")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    THROUGH_POSITION_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_run_pb2.RunEvent]
    through_position: int
    run: _run_pb2.Run
    def __init__(self, events: _Optional[_Iterable[_Union[_run_pb2.RunEvent, _Mapping]]] = ..., through_position: _Optional[int] = ..., run: _Optional[_Union[_run_pb2.Run, _Mapping]] = ...) -> None: ...

class RetryRunRequest(_message.Message):
    __slots__ = ("name", "include_skipped", "numbers", "wait_for_worker", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_SKIPPED_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    WAIT_FOR_WORKER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    include_skipped: bool
    numbers: _containers.RepeatedScalarFieldContainer[int]
    wait_for_worker: bool
    request_id: str
    def __init__(self, name: _Optional[str] = ..., include_skipped: _Optional[bool] = ..., numbers: _Optional[_Iterable[int]] = ..., wait_for_worker: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class RetryRunResponse(_message.Message):
    __slots__ = ("run", "count")
    RUN_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    run: _run_pb2.Run
    count: int
    def __init__(self, run: _Optional[_Union[_run_pb2.Run, _Mapping]] = ..., count: _Optional[int] = ...) -> None: ...

class RescoreRunRequest(_message.Message):
    __slots__ = ("name", "scorers", "force", "wait_for_worker", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCORERS_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    WAIT_FOR_WORKER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    scorers: _containers.RepeatedCompositeFieldContainer[_experiment_pb2.ScorerSpec]
    force: bool
    wait_for_worker: bool
    request_id: str
    def __init__(self, name: _Optional[str] = ..., scorers: _Optional[_Iterable[_Union[_experiment_pb2.ScorerSpec, _Mapping]]] = ..., force: _Optional[bool] = ..., wait_for_worker: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class RescoreRunResponse(_message.Message):
    __slots__ = ("run", "scorers")
    RUN_FIELD_NUMBER: _ClassVar[int]
    SCORERS_FIELD_NUMBER: _ClassVar[int]
    run: _run_pb2.Run
    scorers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, run: _Optional[_Union[_run_pb2.Run, _Mapping]] = ..., scorers: _Optional[_Iterable[str]] = ...) -> None: ...

class SubmittedResult(_message.Message):
    __slots__ = ("item_id", "trial", "output", "error", "latency", "usage", "steps", "trace_id", "scores", "attempts", "trajectory", "trace")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TRIAL_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    TRAJECTORY_FIELD_NUMBER: _ClassVar[int]
    TRACE_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    trial: int
    output: _payload_pb2.Payload
    error: _run_pb2.TaskError
    latency: _duration_pb2.Duration
    usage: _run_pb2.Usage
    steps: _containers.RepeatedCompositeFieldContainer[_run_pb2.StepResult]
    trace_id: str
    scores: _containers.RepeatedCompositeFieldContainer[_score_pb2.Score]
    attempts: int
    trajectory: _payload_pb2.Payload
    trace: _trace_pb2.TraceReport
    def __init__(self, item_id: _Optional[str] = ..., trial: _Optional[int] = ..., output: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., error: _Optional[_Union[_run_pb2.TaskError, _Mapping]] = ..., latency: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., usage: _Optional[_Union[_run_pb2.Usage, _Mapping]] = ..., steps: _Optional[_Iterable[_Union[_run_pb2.StepResult, _Mapping]]] = ..., trace_id: _Optional[str] = ..., scores: _Optional[_Iterable[_Union[_score_pb2.Score, _Mapping]]] = ..., attempts: _Optional[int] = ..., trajectory: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., trace: _Optional[_Union[_trace_pb2.TraceReport, _Mapping]] = ...) -> None: ...

class SubmitResultsRequest(_message.Message):
    __slots__ = ("parent", "results")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    parent: str
    results: _containers.RepeatedCompositeFieldContainer[SubmittedResult]
    def __init__(self, parent: _Optional[str] = ..., results: _Optional[_Iterable[_Union[SubmittedResult, _Mapping]]] = ...) -> None: ...

class SubmitResultsResponse(_message.Message):
    __slots__ = ("dispositions",)
    DISPOSITIONS_FIELD_NUMBER: _ClassVar[int]
    dispositions: _containers.RepeatedScalarFieldContainer[SubmissionDisposition]
    def __init__(self, dispositions: _Optional[_Iterable[_Union[SubmissionDisposition, str]]] = ...) -> None: ...

class FinishRunRequest(_message.Message):
    __slots__ = ("name", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class FinishRunResponse(_message.Message):
    __slots__ = ("run",)
    RUN_FIELD_NUMBER: _ClassVar[int]
    run: _run_pb2.Run
    def __init__(self, run: _Optional[_Union[_run_pb2.Run, _Mapping]] = ...) -> None: ...

class CompareRunsRequest(_message.Message):
    __slots__ = ("baseline", "candidates", "options")
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    baseline: str
    candidates: _containers.RepeatedScalarFieldContainer[str]
    options: _comparison_pb2.ComparisonOptions
    def __init__(self, baseline: _Optional[str] = ..., candidates: _Optional[_Iterable[str]] = ..., options: _Optional[_Union[_comparison_pb2.ComparisonOptions, _Mapping]] = ...) -> None: ...

class CompareRunsResponse(_message.Message):
    __slots__ = ("comparison",)
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    comparison: _comparison_pb2.Comparison
    def __init__(self, comparison: _Optional[_Union[_comparison_pb2.Comparison, _Mapping]] = ...) -> None: ...

class EvaluateGateRequest(_message.Message):
    __slots__ = ("name", "gate", "baseline", "dry_run", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    gate: _gate_pb2.Gate
    baseline: str
    dry_run: bool
    request_id: str
    def __init__(self, name: _Optional[str] = ..., gate: _Optional[_Union[_gate_pb2.Gate, _Mapping]] = ..., baseline: _Optional[str] = ..., dry_run: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class EvaluateGateResponse(_message.Message):
    __slots__ = ("verdict",)
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    verdict: _gate_pb2.GateVerdict
    def __init__(self, verdict: _Optional[_Union[_gate_pb2.GateVerdict, _Mapping]] = ...) -> None: ...

class CreateRegressionDatasetRequest(_message.Message):
    __slots__ = ("parent", "filter", "dataset_id", "experiment_id", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    filter: _review_service_pb2.ResultFilter
    dataset_id: str
    experiment_id: str
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., filter: _Optional[_Union[_review_service_pb2.ResultFilter, _Mapping]] = ..., dataset_id: _Optional[str] = ..., experiment_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateRegressionDatasetResponse(_message.Message):
    __slots__ = ("dataset", "experiment", "added_count", "item_count")
    DATASET_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    ADDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ITEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    dataset: str
    experiment: str
    added_count: int
    item_count: int
    def __init__(self, dataset: _Optional[str] = ..., experiment: _Optional[str] = ..., added_count: _Optional[int] = ..., item_count: _Optional[int] = ...) -> None: ...

class ExportResultsRequest(_message.Message):
    __slots__ = ("parent", "format", "filter", "include_superseded")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_SUPERSEDED_FIELD_NUMBER: _ClassVar[int]
    parent: str
    format: ResultFileFormat
    filter: _review_service_pb2.ResultFilter
    include_superseded: bool
    def __init__(self, parent: _Optional[str] = ..., format: _Optional[_Union[ResultFileFormat, str]] = ..., filter: _Optional[_Union[_review_service_pb2.ResultFilter, _Mapping]] = ..., include_superseded: _Optional[bool] = ...) -> None: ...

class ExportResultsResponse(_message.Message):
    __slots__ = ("data", "exported_count")
    DATA_FIELD_NUMBER: _ClassVar[int]
    EXPORTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    exported_count: int
    def __init__(self, data: _Optional[bytes] = ..., exported_count: _Optional[int] = ...) -> None: ...

class GetScoreDistributionRequest(_message.Message):
    __slots__ = ("name", "scorer", "bins")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCORER_FIELD_NUMBER: _ClassVar[int]
    BINS_FIELD_NUMBER: _ClassVar[int]
    name: str
    scorer: str
    bins: int
    def __init__(self, name: _Optional[str] = ..., scorer: _Optional[str] = ..., bins: _Optional[int] = ...) -> None: ...

class GetScoreDistributionResponse(_message.Message):
    __slots__ = ("distribution",)
    DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    distribution: _comparison_pb2.ScoreDistribution
    def __init__(self, distribution: _Optional[_Union[_comparison_pb2.ScoreDistribution, _Mapping]] = ...) -> None: ...

class ListTrendPointsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "scorer")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SCORER_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    scorer: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., scorer: _Optional[str] = ...) -> None: ...

class ListTrendPointsResponse(_message.Message):
    __slots__ = ("points", "next_page_token")
    POINTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    points: _containers.RepeatedCompositeFieldContainer[_comparison_pb2.TrendPoint]
    next_page_token: str
    def __init__(self, points: _Optional[_Iterable[_Union[_comparison_pb2.TrendPoint, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
