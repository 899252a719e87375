import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GateMetric(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GATE_METRIC_UNSPECIFIED: _ClassVar[GateMetric]
    GATE_METRIC_PASS_RATE: _ClassVar[GateMetric]
    GATE_METRIC_MEAN: _ClassVar[GateMetric]
    GATE_METRIC_QUANTILE: _ClassVar[GateMetric]
    GATE_METRIC_MINIMUM: _ClassVar[GateMetric]
    GATE_METRIC_FAILED_RESULTS: _ClassVar[GateMetric]
    GATE_METRIC_FAILED_SCORES: _ClassVar[GateMetric]
    GATE_METRIC_UNSCORED_RESULTS: _ClassVar[GateMetric]
    GATE_METRIC_SKIPPED_RESULTS: _ClassVar[GateMetric]
    GATE_METRIC_LATENCY: _ClassVar[GateMetric]
    GATE_METRIC_TOKENS: _ClassVar[GateMetric]
    GATE_METRIC_COST: _ClassVar[GateMetric]
    GATE_METRIC_RUN_SCORE: _ClassVar[GateMetric]

class RegressionRule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REGRESSION_RULE_UNSPECIFIED: _ClassVar[RegressionRule]
    REGRESSION_RULE_INTERVAL: _ClassVar[RegressionRule]
    REGRESSION_RULE_UNLESS_SHOWN: _ClassVar[RegressionRule]
    REGRESSION_RULE_POINT: _ClassVar[RegressionRule]

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_PASSED: _ClassVar[Verdict]
    VERDICT_FAILED: _ClassVar[Verdict]
    VERDICT_INCONCLUSIVE: _ClassVar[Verdict]
GATE_METRIC_UNSPECIFIED: GateMetric
GATE_METRIC_PASS_RATE: GateMetric
GATE_METRIC_MEAN: GateMetric
GATE_METRIC_QUANTILE: GateMetric
GATE_METRIC_MINIMUM: GateMetric
GATE_METRIC_FAILED_RESULTS: GateMetric
GATE_METRIC_FAILED_SCORES: GateMetric
GATE_METRIC_UNSCORED_RESULTS: GateMetric
GATE_METRIC_SKIPPED_RESULTS: GateMetric
GATE_METRIC_LATENCY: GateMetric
GATE_METRIC_TOKENS: GateMetric
GATE_METRIC_COST: GateMetric
GATE_METRIC_RUN_SCORE: GateMetric
REGRESSION_RULE_UNSPECIFIED: RegressionRule
REGRESSION_RULE_INTERVAL: RegressionRule
REGRESSION_RULE_UNLESS_SHOWN: RegressionRule
REGRESSION_RULE_POINT: RegressionRule
VERDICT_UNSPECIFIED: Verdict
VERDICT_PASSED: Verdict
VERDICT_FAILED: Verdict
VERDICT_INCONCLUSIVE: Verdict

class Gate(_message.Message):
    __slots__ = ("conditions", "baseline", "confidence")
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    conditions: _containers.RepeatedCompositeFieldContainer[GateCondition]
    baseline: str
    confidence: float
    def __init__(self, conditions: _Optional[_Iterable[_Union[GateCondition, _Mapping]]] = ..., baseline: _Optional[str] = ..., confidence: _Optional[float] = ...) -> None: ...

class GateCondition(_message.Message):
    __slots__ = ("metric", "scorer", "quantile", "split", "tag", "at_least", "at_most", "max_regression", "regression_rule")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    SCORER_FIELD_NUMBER: _ClassVar[int]
    QUANTILE_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    AT_MOST_FIELD_NUMBER: _ClassVar[int]
    MAX_REGRESSION_FIELD_NUMBER: _ClassVar[int]
    REGRESSION_RULE_FIELD_NUMBER: _ClassVar[int]
    metric: GateMetric
    scorer: str
    quantile: float
    split: str
    tag: str
    at_least: float
    at_most: float
    max_regression: float
    regression_rule: RegressionRule
    def __init__(self, metric: _Optional[_Union[GateMetric, str]] = ..., scorer: _Optional[str] = ..., quantile: _Optional[float] = ..., split: _Optional[str] = ..., tag: _Optional[str] = ..., at_least: _Optional[float] = ..., at_most: _Optional[float] = ..., max_regression: _Optional[float] = ..., regression_rule: _Optional[_Union[RegressionRule, str]] = ...) -> None: ...

class GateVerdict(_message.Message):
    __slots__ = ("verdict", "findings", "baseline", "gate", "evaluate_time", "author")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    EVALUATE_TIME_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    verdict: Verdict
    findings: _containers.RepeatedCompositeFieldContainer[GateFinding]
    baseline: str
    gate: Gate
    evaluate_time: _timestamp_pb2.Timestamp
    author: str
    def __init__(self, verdict: _Optional[_Union[Verdict, str]] = ..., findings: _Optional[_Iterable[_Union[GateFinding, _Mapping]]] = ..., baseline: _Optional[str] = ..., gate: _Optional[_Union[Gate, _Mapping]] = ..., evaluate_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., author: _Optional[str] = ...) -> None: ...

class GateFinding(_message.Message):
    __slots__ = ("condition", "verdict", "value", "count", "baseline_value", "difference", "lower", "upper", "explanation")
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    BASELINE_VALUE_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    condition: GateCondition
    verdict: Verdict
    value: float
    count: int
    baseline_value: float
    difference: float
    lower: float
    upper: float
    explanation: str
    def __init__(self, condition: _Optional[_Union[GateCondition, _Mapping]] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., value: _Optional[float] = ..., count: _Optional[int] = ..., baseline_value: _Optional[float] = ..., difference: _Optional[float] = ..., lower: _Optional[float] = ..., upper: _Optional[float] = ..., explanation: _Optional[str] = ...) -> None: ...
