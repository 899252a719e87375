"""Time spans on the command line."""

from __future__ import annotations

import click
import pytest

from trialbook.services.cli.arguments import time_span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("30s", 30), ("5m", 300), ("1h30m", 5400), ("2.5", 2.5), ("1m 30s", None)],
)
def test_time_spans(text: str, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(click.BadParameter, match="30s"):
            time_span(text)
    else:
        assert time_span(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "-1s", "1y", "1s2", "∞"])
def test_what_is_no_time_span_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        time_span(text)
