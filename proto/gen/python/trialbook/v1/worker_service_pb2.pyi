import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trialbook.v1 import worker_pb2 as _worker_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RegisterWorkerRequest(_message.Message):
    __slots__ = ("parent", "worker_id", "capabilities", "max_concurrent_tasks")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    MAX_CONCURRENT_TASKS_FIELD_NUMBER: _ClassVar[int]
    parent: str
    worker_id: str
    capabilities: _containers.RepeatedCompositeFieldContainer[_worker_pb2.Capability]
    max_concurrent_tasks: int
    def __init__(self, parent: _Optional[str] = ..., worker_id: _Optional[str] = ..., capabilities: _Optional[_Iterable[_Union[_worker_pb2.Capability, _Mapping]]] = ..., max_concurrent_tasks: _Optional[int] = ...) -> None: ...

class RegisterWorkerResponse(_message.Message):
    __slots__ = ("session_token", "lease_duration", "heartbeat_interval", "max_wait")
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LEASE_DURATION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    MAX_WAIT_FIELD_NUMBER: _ClassVar[int]
    session_token: str
    lease_duration: _duration_pb2.Duration
    heartbeat_interval: _duration_pb2.Duration
    max_wait: _duration_pb2.Duration
    def __init__(self, session_token: _Optional[str] = ..., lease_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., heartbeat_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class LeaseTasksRequest(_message.Message):
    __slots__ = ("session_token", "max_tasks", "max_wait", "request_id")
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MAX_TASKS_FIELD_NUMBER: _ClassVar[int]
    MAX_WAIT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    session_token: str
    max_tasks: int
    max_wait: _duration_pb2.Duration
    request_id: str
    def __init__(self, session_token: _Optional[str] = ..., max_tasks: _Optional[int] = ..., max_wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class LeaseTasksResponse(_message.Message):
    __slots__ = ("tasks", "retry_after")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[_worker_pb2.Task]
    retry_after: _duration_pb2.Duration
    def __init__(self, tasks: _Optional[_Iterable[_Union[_worker_pb2.Task, _Mapping]]] = ..., retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class CompleteTasksRequest(_message.Message):
    __slots__ = ("session_token", "reports")
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    session_token: str
    reports: _containers.RepeatedCompositeFieldContainer[_worker_pb2.TaskReport]
    def __init__(self, session_token: _Optional[str] = ..., reports: _Optional[_Iterable[_Union[_worker_pb2.TaskReport, _Mapping]]] = ...) -> None: ...

class CompleteTasksResponse(_message.Message):
    __slots__ = ("dispositions",)
    DISPOSITIONS_FIELD_NUMBER: _ClassVar[int]
    dispositions: _containers.RepeatedScalarFieldContainer[_worker_pb2.TaskDisposition]
    def __init__(self, dispositions: _Optional[_Iterable[_Union[_worker_pb2.TaskDisposition, str]]] = ...) -> None: ...

class HeartbeatRequest(_message.Message):
    __slots__ = ("session_token", "running_task_ids")
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RUNNING_TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    session_token: str
    running_task_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, session_token: _Optional[str] = ..., running_task_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class HeartbeatResponse(_message.Message):
    __slots__ = ("lease_expire_time", "stop_task_ids")
    LEASE_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    STOP_TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    lease_expire_time: _timestamp_pb2.Timestamp
    stop_task_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, lease_expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stop_task_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class CloseWorkerRequest(_message.Message):
    __slots__ = ("session_token",)
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    session_token: str
    def __init__(self, session_token: _Optional[str] = ...) -> None: ...

class CloseWorkerResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
