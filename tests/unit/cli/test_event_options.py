"""Points in time and resources on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
import pytest

from trialbook.services.cli.event_options import full_resource, short_resource
from trialbook.services.cli.moment import moment
from trialbook.services.cli.options import CommonOptions


def test_a_date_is_the_beginning_of_a_local_day() -> None:
    assert moment("2026-11-20") == datetime(2026, 11, 20).astimezone()


def test_a_time_keeps_its_zone() -> None:
    assert moment("2026-11-20T08:30+01:00") == datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("7d", timedelta(days=7)),
        ("90m", timedelta(minutes=90)),
        ("0.5d", timedelta(hours=12)),
    ],
)
def test_a_span_is_so_long_ago(text: str, ago: timedelta) -> None:
    before = datetime.now(UTC)
    found = moment(text)

    assert before - ago <= found <= datetime.now(UTC) - ago


@pytest.mark.parametrize("text", ["", "yesterday", "-1d", "7w", "99999999999d", "2026-13-01"])
def test_what_is_no_point_in_time_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="2026-11-20"):
        moment(text)


def test_a_resource_is_completed_with_the_project() -> None:
    options = CommonOptions(project="p")

    assert full_resource(options, "datasets/d") == "projects/p/datasets/d"
    assert full_resource(options, "projects/q/runs/r") == "projects/q/runs/r"
    assert full_resource(options, "trace_viewers") == "projects/p/trace_viewers"
    assert full_resource(options, None) is None
    assert short_resource(options, "projects/p/datasets/d") == "datasets/d"
    assert short_resource(options, "projects/q/datasets/d") == "projects/q/datasets/d"
    with pytest.raises(click.UsageError, match="datasets/d"):
        full_resource(options, "d")
