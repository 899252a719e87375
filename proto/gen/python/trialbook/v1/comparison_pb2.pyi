from trialbook.v1 import experiment_pb2 as _experiment_pb2
from trialbook.v1 import run_pb2 as _run_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ComparisonOptions(_message.Message):
    __slots__ = ("scorers", "confidence", "include_changed_items", "include_changed_scorers", "cluster_by", "splits", "tags", "seed", "most_items")
    SCORERS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_CHANGED_ITEMS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_CHANGED_SCORERS_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_BY_FIELD_NUMBER: _ClassVar[int]
    SPLITS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    MOST_ITEMS_FIELD_NUMBER: _ClassVar[int]
    scorers: _containers.RepeatedScalarFieldContainer[str]
    confidence: float
    include_changed_items: bool
    include_changed_scorers: bool
    cluster_by: str
    splits: _containers.RepeatedScalarFieldContainer[str]
    tags: _containers.RepeatedScalarFieldContainer[str]
    seed: int
    most_items: int
    def __init__(self, scorers: _Optional[_Iterable[str]] = ..., confidence: _Optional[float] = ..., include_changed_items: _Optional[bool] = ..., include_changed_scorers: _Optional[bool] = ..., cluster_by: _Optional[str] = ..., splits: _Optional[_Iterable[str]] = ..., tags: _Optional[_Iterable[str]] = ..., seed: _Optional[int] = ..., most_items: _Optional[int] = ...) -> None: ...

class Comparison(_message.Message):
    __slots__ = ("baseline", "candidates", "options")
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    baseline: ComparedRun
    candidates: _containers.RepeatedCompositeFieldContainer[RunComparison]
    options: ComparisonOptions
    def __init__(self, baseline: _Optional[_Union[ComparedRun, _Mapping]] = ..., candidates: _Optional[_Iterable[_Union[RunComparison, _Mapping]]] = ..., options: _Optional[_Union[ComparisonOptions, _Mapping]] = ...) -> None: ...

class ComparedRun(_message.Message):
    __slots__ = ("name", "display_name", "status", "dataset", "target", "counts", "latency", "tokens", "cost", "trials")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    TRIALS_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    status: _run_pb2.RunStatus
    dataset: str
    target: _experiment_pb2.Target
    counts: _run_pb2.RunCounts
    latency: Estimate
    tokens: Estimate
    cost: Estimate
    trials: _containers.RepeatedCompositeFieldContainer[TrialSummary]
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., status: _Optional[_Union[_run_pb2.RunStatus, str]] = ..., dataset: _Optional[str] = ..., target: _Optional[_Union[_experiment_pb2.Target, _Mapping]] = ..., counts: _Optional[_Union[_run_pb2.RunCounts, _Mapping]] = ..., latency: _Optional[_Union[Estimate, _Mapping]] = ..., tokens: _Optional[_Union[Estimate, _Mapping]] = ..., cost: _Optional[_Union[Estimate, _Mapping]] = ..., trials: _Optional[_Iterable[_Union[TrialSummary, _Mapping]]] = ...) -> None: ...

class Estimate(_message.Message):
    __slots__ = ("count", "mean", "standard_deviation", "standard_error", "lower", "upper", "median", "p95")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    STANDARD_DEVIATION_FIELD_NUMBER: _ClassVar[int]
    STANDARD_ERROR_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    P95_FIELD_NUMBER: _ClassVar[int]
    count: int
    mean: float
    standard_deviation: float
    standard_error: float
    lower: float
    upper: float
    median: float
    p95: float
    def __init__(self, count: _Optional[int] = ..., mean: _Optional[float] = ..., standard_deviation: _Optional[float] = ..., standard_error: _Optional[float] = ..., lower: _Optional[float] = ..., upper: _Optional[float] = ..., median: _Optional[float] = ..., p95: _Optional[float] = ...) -> None: ...

class TrialSummary(_message.Message):
    __slots__ = ("scorer", "rates", "flaky_items", "flaky_count")
    SCORER_FIELD_NUMBER: _ClassVar[int]
    RATES_FIELD_NUMBER: _ClassVar[int]
    FLAKY_ITEMS_FIELD_NUMBER: _ClassVar[int]
    FLAKY_COUNT_FIELD_NUMBER: _ClassVar[int]
    scorer: str
    rates: _containers.RepeatedCompositeFieldContainer[TrialRate]
    flaky_items: _containers.RepeatedCompositeFieldContainer[FlakyItem]
    flaky_count: int
    def __init__(self, scorer: _Optional[str] = ..., rates: _Optional[_Iterable[_Union[TrialRate, _Mapping]]] = ..., flaky_items: _Optional[_Iterable[_Union[FlakyItem, _Mapping]]] = ..., flaky_count: _Optional[int] = ...) -> None: ...

class TrialRate(_message.Message):
    __slots__ = ("k", "pass_at_k", "pass_hat_k", "count")
    K_FIELD_NUMBER: _ClassVar[int]
    PASS_AT_K_FIELD_NUMBER: _ClassVar[int]
    PASS_HAT_K_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    k: int
    pass_at_k: float
    pass_hat_k: float
    count: int
    def __init__(self, k: _Optional[int] = ..., pass_at_k: _Optional[float] = ..., pass_hat_k: _Optional[float] = ..., count: _Optional[int] = ...) -> None: ...

class FlakyItem(_message.Message):
    __slots__ = ("item_id", "passed", "trials")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    TRIALS_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    passed: int
    trials: int
    def __init__(self, item_id: _Optional[str] = ..., passed: _Optional[int] = ..., trials: _Optional[int] = ...) -> None: ...

class RunComparison(_message.Message):
    __slots__ = ("run", "comparability", "scorers", "latency", "tokens", "cost")
    RUN_FIELD_NUMBER: _ClassVar[int]
    COMPARABILITY_FIELD_NUMBER: _ClassVar[int]
    SCORERS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    run: ComparedRun
    comparability: Comparability
    scorers: _containers.RepeatedCompositeFieldContainer[ScorerComparison]
    latency: Difference
    tokens: Difference
    cost: Difference
    def __init__(self, run: _Optional[_Union[ComparedRun, _Mapping]] = ..., comparability: _Optional[_Union[Comparability, _Mapping]] = ..., scorers: _Optional[_Iterable[_Union[ScorerComparison, _Mapping]]] = ..., latency: _Optional[_Union[Difference, _Mapping]] = ..., tokens: _Optional[_Union[Difference, _Mapping]] = ..., cost: _Optional[_Union[Difference, _Mapping]] = ...) -> None: ...

class Comparability(_message.Message):
    __slots__ = ("identical", "matched_items", "changed_items", "added_items", "removed_items", "changed_item_ids", "added_item_ids", "removed_item_ids", "scorer_mismatches", "warnings", "compared_items")
    IDENTICAL_FIELD_NUMBER: _ClassVar[int]
    MATCHED_ITEMS_FIELD_NUMBER: _ClassVar[int]
    CHANGED_ITEMS_FIELD_NUMBER: _ClassVar[int]
    ADDED_ITEMS_FIELD_NUMBER: _ClassVar[int]
    REMOVED_ITEMS_FIELD_NUMBER: _ClassVar[int]
    CHANGED_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    ADDED_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    REMOVED_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    SCORER_MISMATCHES_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    COMPARED_ITEMS_FIELD_NUMBER: _ClassVar[int]
    identical: bool
    matched_items: int
    changed_items: int
    added_items: int
    removed_items: int
    changed_item_ids: _containers.RepeatedScalarFieldContainer[str]
    added_item_ids: _containers.RepeatedScalarFieldContainer[str]
    removed_item_ids: _containers.RepeatedScalarFieldContainer[str]
    scorer_mismatches: _containers.RepeatedCompositeFieldContainer[ScorerMismatch]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    compared_items: int
    def __init__(self, identical: _Optional[bool] = ..., matched_items: _Optional[int] = ..., changed_items: _Optional[int] = ..., added_items: _Optional[int] = ..., removed_items: _Optional[int] = ..., changed_item_ids: _Optional[_Iterable[str]] = ..., added_item_ids: _Optional[_Iterable[str]] = ..., removed_item_ids: _Optional[_Iterable[str]] = ..., scorer_mismatches: _Optional[_Iterable[_Union[ScorerMismatch, _Mapping]]] = ..., warnings: _Optional[_Iterable[str]] = ..., compared_items: _Optional[int] = ...) -> None: ...

class ScorerMismatch(_message.Message):
    __slots__ = ("scorer", "explanation", "compared")
    SCORER_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    COMPARED_FIELD_NUMBER: _ClassVar[int]
    scorer: str
    explanation: str
    compared: bool
    def __init__(self, scorer: _Optional[str] = ..., explanation: _Optional[str] = ..., compared: _Optional[bool] = ...) -> None: ...

class ScorerComparison(_message.Message):
    __slots__ = ("scorer", "baseline", "candidate", "difference", "improved", "regressed", "unchanged", "unpaired", "verdicts", "regressions", "improvements")
    SCORER_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    IMPROVED_FIELD_NUMBER: _ClassVar[int]
    REGRESSED_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    UNPAIRED_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    REGRESSIONS_FIELD_NUMBER: _ClassVar[int]
    IMPROVEMENTS_FIELD_NUMBER: _ClassVar[int]
    scorer: str
    baseline: Estimate
    candidate: Estimate
    difference: Difference
    improved: int
    regressed: int
    unchanged: int
    unpaired: int
    verdicts: VerdictComparison
    regressions: _containers.RepeatedCompositeFieldContainer[ValueChange]
    improvements: _containers.RepeatedCompositeFieldContainer[ValueChange]
    def __init__(self, scorer: _Optional[str] = ..., baseline: _Optional[_Union[Estimate, _Mapping]] = ..., candidate: _Optional[_Union[Estimate, _Mapping]] = ..., difference: _Optional[_Union[Difference, _Mapping]] = ..., improved: _Optional[int] = ..., regressed: _Optional[int] = ..., unchanged: _Optional[int] = ..., unpaired: _Optional[int] = ..., verdicts: _Optional[_Union[VerdictComparison, _Mapping]] = ..., regressions: _Optional[_Iterable[_Union[ValueChange, _Mapping]]] = ..., improvements: _Optional[_Iterable[_Union[ValueChange, _Mapping]]] = ...) -> None: ...

class ValueChange(_message.Message):
    __slots__ = ("item_id", "baseline", "candidate")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    baseline: float
    candidate: float
    def __init__(self, item_id: _Optional[str] = ..., baseline: _Optional[float] = ..., candidate: _Optional[float] = ...) -> None: ...

class Difference(_message.Message):
    __slots__ = ("count", "clusters", "mean", "standard_error", "lower", "upper", "bootstrap_lower", "bootstrap_upper", "p_value", "test", "adjusted_p_value", "minimum_detectable_effect")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    STANDARD_ERROR_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    BOOTSTRAP_LOWER_FIELD_NUMBER: _ClassVar[int]
    BOOTSTRAP_UPPER_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    ADJUSTED_P_VALUE_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_DETECTABLE_EFFECT_FIELD_NUMBER: _ClassVar[int]
    count: int
    clusters: int
    mean: float
    standard_error: float
    lower: float
    upper: float
    bootstrap_lower: float
    bootstrap_upper: float
    p_value: float
    test: str
    adjusted_p_value: float
    minimum_detectable_effect: float
    def __init__(self, count: _Optional[int] = ..., clusters: _Optional[int] = ..., mean: _Optional[float] = ..., standard_error: _Optional[float] = ..., lower: _Optional[float] = ..., upper: _Optional[float] = ..., bootstrap_lower: _Optional[float] = ..., bootstrap_upper: _Optional[float] = ..., p_value: _Optional[float] = ..., test: _Optional[str] = ..., adjusted_p_value: _Optional[float] = ..., minimum_detectable_effect: _Optional[float] = ...) -> None: ...

class VerdictComparison(_message.Message):
    __slots__ = ("both_passed", "both_failed", "fixed", "broken", "fixed_item_ids", "broken_item_ids", "p_value", "adjusted_p_value")
    BOTH_PASSED_FIELD_NUMBER: _ClassVar[int]
    BOTH_FAILED_FIELD_NUMBER: _ClassVar[int]
    FIXED_FIELD_NUMBER: _ClassVar[int]
    BROKEN_FIELD_NUMBER: _ClassVar[int]
    FIXED_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    BROKEN_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    ADJUSTED_P_VALUE_FIELD_NUMBER: _ClassVar[int]
    both_passed: int
    both_failed: int
    fixed: int
    broken: int
    fixed_item_ids: _containers.RepeatedScalarFieldContainer[str]
    broken_item_ids: _containers.RepeatedScalarFieldContainer[str]
    p_value: float
    adjusted_p_value: float
    def __init__(self, both_passed: _Optional[int] = ..., both_failed: _Optional[int] = ..., fixed: _Optional[int] = ..., broken: _Optional[int] = ..., fixed_item_ids: _Optional[_Iterable[str]] = ..., broken_item_ids: _Optional[_Iterable[str]] = ..., p_value: _Optional[float] = ..., adjusted_p_value: _Optional[float] = ...) -> None: ...

class ScoreDistribution(_message.Message):
    __slots__ = ("scorer", "bins", "values", "labels")
    SCORER_FIELD_NUMBER: _ClassVar[int]
    BINS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    scorer: str
    bins: _containers.RepeatedCompositeFieldContainer[ScoreBin]
    values: Estimate
    labels: _containers.RepeatedCompositeFieldContainer[LabelCount]
    def __init__(self, scorer: _Optional[str] = ..., bins: _Optional[_Iterable[_Union[ScoreBin, _Mapping]]] = ..., values: _Optional[_Union[Estimate, _Mapping]] = ..., labels: _Optional[_Iterable[_Union[LabelCount, _Mapping]]] = ...) -> None: ...

class ScoreBin(_message.Message):
    __slots__ = ("lower", "upper", "count")
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    lower: float
    upper: float
    count: int
    def __init__(self, lower: _Optional[float] = ..., upper: _Optional[float] = ..., count: _Optional[int] = ...) -> None: ...

class LabelCount(_message.Message):
    __slots__ = ("label", "count")
    LABEL_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    label: str
    count: int
    def __init__(self, label: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class TrendPoint(_message.Message):
    __slots__ = ("run", "values")
    RUN_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    run: _run_pb2.Run
    values: _containers.RepeatedCompositeFieldContainer[TrendValue]
    def __init__(self, run: _Optional[_Union[_run_pb2.Run, _Mapping]] = ..., values: _Optional[_Iterable[_Union[TrendValue, _Mapping]]] = ...) -> None: ...

class TrendValue(_message.Message):
    __slots__ = ("scorer", "scorer_version", "value", "pass_rate")
    SCORER_FIELD_NUMBER: _ClassVar[int]
    SCORER_VERSION_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    PASS_RATE_FIELD_NUMBER: _ClassVar[int]
    scorer: str
    scorer_version: int
    value: Estimate
    pass_rate: float
    def __init__(self, scorer: _Optional[str] = ..., scorer_version: _Optional[int] = ..., value: _Optional[_Union[Estimate, _Mapping]] = ..., pass_rate: _Optional[float] = ...) -> None: ...
