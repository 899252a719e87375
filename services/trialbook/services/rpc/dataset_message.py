"""Datasets between the wire and the application."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trialbook.services.application.dataset_settings import SettingsDraft
from trialbook.services.application.schema_report import SchemaReport
from trialbook.services.application.views import DatasetView
from trialbook.services.domain.dataset import DatasetSettings
from trialbook.services.domain.naming import dataset_name
from trialbook.services.rpc.definition import read_scorers, to_scorer
from trialbook.services.rpc.payload import read_json, write_json, write_time
from trialbook.v1 import dataset_pb2 as pb
from trialbook.v1 import dataset_settings_pb2 as settings_pb

SETTINGS = ("input_schema", "expected_schema", "context_schema", "default_scorers", "tags")
"""The fields of settings."""


def to_dataset(view: DatasetView) -> pb.Dataset:
    """Return a dataset for the wire."""
    return pb.Dataset(
        name=dataset_name(view.project, view.dataset_id),
        uid=view.uid,
        display_name=view.display_name,
        description=view.description,
        metadata=write_json(view.metadata or None),
        version=view.version,
        item_count=view.item_count,
        etag=view.etag,
        create_time=write_time(view.created_at),
        update_time=write_time(view.updated_at),
        settings=to_dataset_settings(view.settings),
    )


def to_dataset_settings(settings: DatasetSettings) -> settings_pb.DatasetSettings:
    """Return settings for the wire."""
    return settings_pb.DatasetSettings(
        input_schema=write_json(settings.input_schema or None),
        expected_schema=write_json(settings.expected_schema or None),
        context_schema=write_json(settings.context_schema or None),
        default_scorers=map(to_scorer, settings.scorers),
        tags=settings.tags,
    )


def read_settings(settings: settings_pb.DatasetSettings, fields: Iterable[str]) -> SettingsDraft:
    """Return what stands in these fields of settings; an unset one is cleared."""
    values: dict[str, Any] = {}
    for field in fields:
        match field:
            case "default_scorers":
                path = "settings.default_scorers"
                values["scorers"] = read_scorers(path, settings.default_scorers)
            case "tags":
                values["tags"] = tuple(settings.tags)
            case _:
                values[field] = read_json(getattr(settings, field)) or ""
    return SettingsDraft(**values)


def to_report(report: SchemaReport) -> settings_pb.SchemaReport:
    """Return how items fit schemas for the wire."""
    return settings_pb.SchemaReport(
        checked_count=report.checked,
        failing_count=report.failing,
        failures=[
            settings_pb.SchemaFailure(
                item_id=bad.item_id, path=bad.path, description=bad.description
            )
            for bad in report.failures
        ],
    )
