import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trialbook.v1 import run_pb2 as _run_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReviewState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REVIEW_STATE_UNSPECIFIED: _ClassVar[ReviewState]
    REVIEW_STATE_WAITING: _ClassVar[ReviewState]
    REVIEW_STATE_IN_REVIEW: _ClassVar[ReviewState]
    REVIEW_STATE_REVIEWED: _ClassVar[ReviewState]
    REVIEW_STATE_CLOSED: _ClassVar[ReviewState]
REVIEW_STATE_UNSPECIFIED: ReviewState
REVIEW_STATE_WAITING: ReviewState
REVIEW_STATE_IN_REVIEW: ReviewState
REVIEW_STATE_REVIEWED: ReviewState
REVIEW_STATE_CLOSED: ReviewState

class Review(_message.Message):
    __slots__ = ("name", "reviewer", "criterion", "value", "passed", "label", "comment", "create_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVIEWER_FIELD_NUMBER: _ClassVar[int]
    CRITERION_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    reviewer: str
    criterion: str
    value: float
    passed: bool
    label: str
    comment: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., reviewer: _Optional[str] = ..., criterion: _Optional[str] = ..., value: _Optional[float] = ..., passed: _Optional[bool] = ..., label: _Optional[str] = ..., comment: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReviewEntry(_message.Message):
    __slots__ = ("result", "item_id", "trial", "state", "reviewers_wanted", "claimed_by", "claim_expire_time", "author", "note", "create_time", "reviews", "content")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TRIAL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REVIEWERS_WANTED_FIELD_NUMBER: _ClassVar[int]
    CLAIMED_BY_FIELD_NUMBER: _ClassVar[int]
    CLAIM_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    REVIEWS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    result: str
    item_id: str
    trial: int
    state: ReviewState
    reviewers_wanted: int
    claimed_by: _containers.RepeatedScalarFieldContainer[str]
    claim_expire_time: _timestamp_pb2.Timestamp
    author: str
    note: str
    create_time: _timestamp_pb2.Timestamp
    reviews: _containers.RepeatedCompositeFieldContainer[Review]
    content: _run_pb2.Result
    def __init__(self, result: _Optional[str] = ..., item_id: _Optional[str] = ..., trial: _Optional[int] = ..., state: _Optional[_Union[ReviewState, str]] = ..., reviewers_wanted: _Optional[int] = ..., claimed_by: _Optional[_Iterable[str]] = ..., claim_expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., author: _Optional[str] = ..., note: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reviews: _Optional[_Iterable[_Union[Review, _Mapping]]] = ..., content: _Optional[_Union[_run_pb2.Result, _Mapping]] = ...) -> None: ...

class ReviewCounts(_message.Message):
    __slots__ = ("waiting", "in_review", "reviewed", "closed")
    WAITING_FIELD_NUMBER: _ClassVar[int]
    IN_REVIEW_FIELD_NUMBER: _ClassVar[int]
    REVIEWED_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    waiting: int
    in_review: int
    reviewed: int
    closed: int
    def __init__(self, waiting: _Optional[int] = ..., in_review: _Optional[int] = ..., reviewed: _Optional[int] = ..., closed: _Optional[int] = ...) -> None: ...

class Agreement(_message.Message):
    __slots__ = ("criterion", "field", "results", "ratings", "krippendorff_alpha", "pairs")
    CRITERION_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    RATINGS_FIELD_NUMBER: _ClassVar[int]
    KRIPPENDORFF_ALPHA_FIELD_NUMBER: _ClassVar[int]
    PAIRS_FIELD_NUMBER: _ClassVar[int]
    criterion: str
    field: str
    results: int
    ratings: int
    krippendorff_alpha: float
    pairs: _containers.RepeatedCompositeFieldContainer[PairAgreement]
    def __init__(self, criterion: _Optional[str] = ..., field: _Optional[str] = ..., results: _Optional[int] = ..., ratings: _Optional[int] = ..., krippendorff_alpha: _Optional[float] = ..., pairs: _Optional[_Iterable[_Union[PairAgreement, _Mapping]]] = ...) -> None: ...

class PairAgreement(_message.Message):
    __slots__ = ("first", "second", "results", "observed", "cohen_kappa")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    SECOND_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_FIELD_NUMBER: _ClassVar[int]
    COHEN_KAPPA_FIELD_NUMBER: _ClassVar[int]
    first: str
    second: str
    results: int
    observed: float
    cohen_kappa: float
    def __init__(self, first: _Optional[str] = ..., second: _Optional[str] = ..., results: _Optional[int] = ..., observed: _Optional[float] = ..., cohen_kappa: _Optional[float] = ...) -> None: ...
