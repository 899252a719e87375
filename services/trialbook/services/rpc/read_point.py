"""Versions, labels and times of requests that read a dataset."""

from __future__ import annotations

from typing import Protocol

from google.protobuf.timestamp_pb2 import Timestamp

from trialbook.services.application.read_point import ReadPoint
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.naming import (
    LABEL_ID,
    LABEL_ID_RULE,
    check_id,
    parse_dataset,
    parse_dataset_version,
)

_MICROSECONDS = 1_000_000
_LONGEST = 10**17


class PointRequest(Protocol):
    """A request that says where to read."""

    version: int
    label: str

    @property
    def as_of(self) -> Timestamp:
        """The time to read at."""
        ...

    def HasField(self, field_name: str, /) -> bool:
        """Say whether a field is set."""
        ...


def parse_read(path: str, name: str) -> tuple[str, str, ReadPoint | None]:
    """Return project, dataset id, and the version or label in a dataset's name, if there is one.

    Raises Invalid.
    """
    if "/versions/" not in name:
        return *parse_dataset(path, name), None
    project, dataset, version = parse_dataset_version(path, name)
    return project, dataset, named_point(version)


def named_point(version: int | str) -> ReadPoint:
    """Return the point that a number or a label is."""
    return ReadPoint(label=version) if isinstance(version, str) else ReadPoint(version)


def read_point(request: PointRequest, named: ReadPoint | None = None) -> ReadPoint:
    """Return where a request wants to read; `named`, what its name says, is over `version`.

    Raises Invalid if it says more than one thing.
    """
    if request.version < 0:
        raise Invalid.field("version", f"{request.version} is negative; use 0 for the current one")
    said = [ReadPoint(request.version)] if request.version and named is None else []
    if request.label:
        bad = check_id("label", request.label, LABEL_ID, LABEL_ID_RULE)
        if bad:
            raise Invalid(bad)
        said.append(ReadPoint(label=request.label))
    if request.HasField("as_of"):
        said.append(ReadPoint(as_of=_microseconds(request.as_of)))
    if named is not None:
        said.append(named)
    if len(said) > 1:
        raise Invalid.field(
            "version", "is not all that says where to read; give a version, a label or a time"
        )
    return said[0] if said else ReadPoint()


def _microseconds(time: Timestamp) -> int:
    microseconds = time.seconds * _MICROSECONDS + time.nanos // 1000
    return max(-_LONGEST, min(_LONGEST, microseconds))
