"""Resource names: short ids, full names and models are accepted wherever a resource is named."""

from __future__ import annotations

import uuid
from typing import Protocol, TypeAlias


class Named(Protocol):
    """A model of a resource."""

    @property
    def name(self) -> str:
        """The full resource name."""
        ...


Reference: TypeAlias = str | Named
"""A short id ("support"), a full name ("projects/p/datasets/support"), or a model."""


def project_name(project: str) -> str:
    """Return `projects/{project}`."""
    return project if project.startswith("projects/") else f"projects/{project}"


def resource_name(project: str, collection: str, reference: Reference) -> str:
    """Return the full name of a resource of a collection such as "datasets"."""
    name = reference if isinstance(reference, str) else reference.name
    if name.startswith("projects/"):
        return name
    return f"{project_name(project)}/{collection}/{name}"


def last_part(name: str) -> str:
    """Return the id at the end of a full name."""
    return name.rpartition("/")[2]


def new_request_id() -> str:
    """Return an id that makes one call safe to repeat."""
    return str(uuid.uuid4())
