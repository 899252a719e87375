"""Links to traces, and which templates there may be."""

from __future__ import annotations

import pytest

from trialbook.services.application.trace_viewer import Place, link, problem_of

PLACE = Place("a" * 32, "b" * 16, 1_796_000_000_123_456_789, 1_796_000_001_000_000_001)


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("http://j/trace/{trace}?uiFind={span}", f"http://j/trace/{'a' * 32}?uiFind={'b' * 16}"),
        ("http://j/{trace}?{start}-{end}", f"http://j/{'a' * 32}?1796000000123-1796000001001"),
        (
            "http://j/{trace}?{start_seconds}-{end_seconds}",
            f"http://j/{'a' * 32}?1796000000-1796000002",
        ),
    ],
)
def test_what_a_template_names_is_filled_in(template: str, url: str) -> None:
    assert link(template, PLACE) == url


def test_what_is_not_known_is_left_empty() -> None:
    assert link("http://j/{trace}/{span}?{start}&{end}", Place("x y")) == "http://j/x%20y/?&"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("http://j/{trace}", ""),
        ("HTTPS://user@j:1/{trace}/%7B%7D", ""),
        ("http://[::1]:16686/{trace}", ""),
        ("javascript:alert('{trace}')", "no http or https URL"),
        ("ftp://j/{trace}", "no http or https URL"),
        ("/trace/{trace}", "no http or https URL"),
        ("http:///{trace}", "no http or https URL"),
        ("http://j:x/{trace}", "no http or https URL"),
        ("http://[j/{trace}", "no http or https URL"),
        ("http://j/trace", "lacks {trace}"),
        ("http://j/{trace}/{run}", "has {run}; there are {trace}, {span}"),
        ("http://j/{trace}/{", "has {; there are"),
        ("http://j/{{trace}}", "has {; there are"),
        ("http://j/{trace} x", "has a blank"),
        ("http://j/{trace}\n", "has a blank"),
        ("http://j/{trace}" + "x" * 2048, "more than 2,048"),
        ("", "no http or https URL"),
    ],
)
def test_a_template_is_a_url_with_known_places(template: str, problem: str) -> None:
    told = problem_of(template)

    assert told.startswith(problem) or problem in told
    assert bool(told) == bool(problem)
