import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trialbook.v1 import dataset_pb2 as _dataset_pb2
from trialbook.v1 import experiment_pb2 as _experiment_pb2
from trialbook.v1 import review_pb2 as _review_pb2
from trialbook.v1 import run_pb2 as _run_pb2
from trialbook.v1 import score_pb2 as _score_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListScoresRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "scorer", "status", "not_passed", "include_superseded")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SCORER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    NOT_PASSED_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_SUPERSEDED_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    scorer: str
    status: _score_pb2.ScoreStatus
    not_passed: bool
    include_superseded: bool
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., scorer: _Optional[str] = ..., status: _Optional[_Union[_score_pb2.ScoreStatus, str]] = ..., not_passed: _Optional[bool] = ..., include_superseded: _Optional[bool] = ...) -> None: ...

class ListScoresResponse(_message.Message):
    __slots__ = ("scores", "next_page_token")
    SCORES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    scores: _containers.RepeatedCompositeFieldContainer[RunScore]
    next_page_token: str
    def __init__(self, scores: _Optional[_Iterable[_Union[RunScore, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RunScore(_message.Message):
    __slots__ = ("number", "item_id", "trial", "score", "record_time")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TRIAL_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    RECORD_TIME_FIELD_NUMBER: _ClassVar[int]
    number: int
    item_id: str
    trial: int
    score: _score_pb2.Score
    record_time: _timestamp_pb2.Timestamp
    def __init__(self, number: _Optional[int] = ..., item_id: _Optional[str] = ..., trial: _Optional[int] = ..., score: _Optional[_Union[_score_pb2.Score, _Mapping]] = ..., record_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetScoreRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetScoreResponse(_message.Message):
    __slots__ = ("score", "result")
    SCORE_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    score: RunScore
    result: _run_pb2.Result
    def __init__(self, score: _Optional[_Union[RunScore, _Mapping]] = ..., result: _Optional[_Union[_run_pb2.Result, _Mapping]] = ...) -> None: ...

class ExplainScoreRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ExplainScoreResponse(_message.Message):
    __slots__ = ("score", "scorer", "result", "item", "target", "causes", "reviews")
    SCORE_FIELD_NUMBER: _ClassVar[int]
    SCORER_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    CAUSES_FIELD_NUMBER: _ClassVar[int]
    REVIEWS_FIELD_NUMBER: _ClassVar[int]
    score: RunScore
    scorer: _experiment_pb2.ScorerSpec
    result: _run_pb2.Result
    item: _dataset_pb2.Item
    target: _experiment_pb2.Target
    causes: _containers.RepeatedCompositeFieldContainer[ScoreCause]
    reviews: _containers.RepeatedCompositeFieldContainer[_review_pb2.Review]
    def __init__(self, score: _Optional[_Union[RunScore, _Mapping]] = ..., scorer: _Optional[_Union[_experiment_pb2.ScorerSpec, _Mapping]] = ..., result: _Optional[_Union[_run_pb2.Result, _Mapping]] = ..., item: _Optional[_Union[_dataset_pb2.Item, _Mapping]] = ..., target: _Optional[_Union[_experiment_pb2.Target, _Mapping]] = ..., causes: _Optional[_Iterable[_Union[ScoreCause, _Mapping]]] = ..., reviews: _Optional[_Iterable[_Union[_review_pb2.Review, _Mapping]]] = ...) -> None: ...

class ScoreCause(_message.Message):
    __slots__ = ("position", "kind", "explanation", "author", "command", "reason", "record_time")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RECORD_TIME_FIELD_NUMBER: _ClassVar[int]
    position: int
    kind: str
    explanation: str
    author: str
    command: str
    reason: str
    record_time: _timestamp_pb2.Timestamp
    def __init__(self, position: _Optional[int] = ..., kind: _Optional[str] = ..., explanation: _Optional[str] = ..., author: _Optional[str] = ..., command: _Optional[str] = ..., reason: _Optional[str] = ..., record_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
