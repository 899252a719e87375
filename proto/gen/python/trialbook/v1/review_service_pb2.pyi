import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from trialbook.v1 import review_pb2 as _review_pb2
from trialbook.v1 import run_pb2 as _run_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResultFilter(_message.Message):
    __slots__ = ("numbers", "status", "failing", "scorer", "item_ids")
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    FAILING_FIELD_NUMBER: _ClassVar[int]
    SCORER_FIELD_NUMBER: _ClassVar[int]
    ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    numbers: _containers.RepeatedScalarFieldContainer[int]
    status: _run_pb2.ResultStatus
    failing: bool
    scorer: str
    item_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, numbers: _Optional[_Iterable[int]] = ..., status: _Optional[_Union[_run_pb2.ResultStatus, str]] = ..., failing: _Optional[bool] = ..., scorer: _Optional[str] = ..., item_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class RequestReviewsRequest(_message.Message):
    __slots__ = ("parent", "filter", "reviewers_wanted", "note", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    REVIEWERS_WANTED_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    filter: ResultFilter
    reviewers_wanted: int
    note: str
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., filter: _Optional[_Union[ResultFilter, _Mapping]] = ..., reviewers_wanted: _Optional[int] = ..., note: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RequestReviewsResponse(_message.Message):
    __slots__ = ("changed_count",)
    CHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    changed_count: int
    def __init__(self, changed_count: _Optional[int] = ...) -> None: ...

class ListReviewEntriesRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "state", "include_content", "blind")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_CONTENT_FIELD_NUMBER: _ClassVar[int]
    BLIND_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    state: _review_pb2.ReviewState
    include_content: bool
    blind: bool
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., state: _Optional[_Union[_review_pb2.ReviewState, str]] = ..., include_content: _Optional[bool] = ..., blind: _Optional[bool] = ...) -> None: ...

class ListReviewEntriesResponse(_message.Message):
    __slots__ = ("entries", "next_page_token")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[_review_pb2.ReviewEntry]
    next_page_token: str
    def __init__(self, entries: _Optional[_Iterable[_Union[_review_pb2.ReviewEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ClaimReviewEntriesRequest(_message.Message):
    __slots__ = ("parent", "limit", "duration")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    parent: str
    limit: int
    duration: _duration_pb2.Duration
    def __init__(self, parent: _Optional[str] = ..., limit: _Optional[int] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ClaimReviewEntriesResponse(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[_review_pb2.ReviewEntry]
    def __init__(self, entries: _Optional[_Iterable[_Union[_review_pb2.ReviewEntry, _Mapping]]] = ...) -> None: ...

class ReviewSubmission(_message.Message):
    __slots__ = ("number", "review")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REVIEW_FIELD_NUMBER: _ClassVar[int]
    number: int
    review: _review_pb2.Review
    def __init__(self, number: _Optional[int] = ..., review: _Optional[_Union[_review_pb2.Review, _Mapping]] = ...) -> None: ...

class SubmitReviewsRequest(_message.Message):
    __slots__ = ("parent", "reviews", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    REVIEWS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    reviews: _containers.RepeatedCompositeFieldContainer[ReviewSubmission]
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., reviews: _Optional[_Iterable[_Union[ReviewSubmission, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class SubmitReviewsResponse(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[_review_pb2.ReviewEntry]
    def __init__(self, entries: _Optional[_Iterable[_Union[_review_pb2.ReviewEntry, _Mapping]]] = ...) -> None: ...

class CloseReviewsRequest(_message.Message):
    __slots__ = ("parent", "numbers", "note", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    numbers: _containers.RepeatedScalarFieldContainer[int]
    note: str
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., numbers: _Optional[_Iterable[int]] = ..., note: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CloseReviewsResponse(_message.Message):
    __slots__ = ("closed_count",)
    CLOSED_COUNT_FIELD_NUMBER: _ClassVar[int]
    closed_count: int
    def __init__(self, closed_count: _Optional[int] = ...) -> None: ...

class GetReviewSummaryRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetReviewSummaryResponse(_message.Message):
    __slots__ = ("counts", "agreements")
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    AGREEMENTS_FIELD_NUMBER: _ClassVar[int]
    counts: _review_pb2.ReviewCounts
    agreements: _containers.RepeatedCompositeFieldContainer[_review_pb2.Agreement]
    def __init__(self, counts: _Optional[_Union[_review_pb2.ReviewCounts, _Mapping]] = ..., agreements: _Optional[_Iterable[_Union[_review_pb2.Agreement, _Mapping]]] = ...) -> None: ...
