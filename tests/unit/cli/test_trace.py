"""What `trialbook trace` shows of trajectories, at a width of 100 characters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from io import StringIO

import click
import msgspec
import pytest
from rich.console import Console, RenderableType

from tests.unit.cli.trajectories import TRACE, evidence, refund, state, step
from trialbook.client import (
    FoundTrajectory,
    StepDifference,
    StepMatch,
    StepType,
    TraceLink,
    TraceStatus,
    TraceViewer,
    Trajectory,
    TrajectoryDiff,
    TrajectorySource,
)
from trialbook.services.cli.output import encode
from trialbook.services.cli.trace_diff import diff_table, link_lines, summary_text
from trialbook.services.cli.trace_evidence import evidence_lines, trace_lines
from trialbook.services.cli.trace_record import diff_record, step_record, trajectory_record
from trialbook.services.cli.trace_tree import TreeDetail, tree_lines
from trialbook.services.cli.trace_viewer import changed, viewer_of

JAEGER = TraceViewer("Jaeger", "http://j:16686/trace/{trace}?uiFind={span}")
CHILDREN = refund().steps[0].children


def shown(*renderables: RenderableType) -> str:
    """What a terminal of 100 characters shows, without the blanks at the ends of lines."""
    console = Console(width=100, highlight=False, markup=False, file=StringIO())
    for renderable in renderables:
        console.print(renderable, soft_wrap=not hasattr(renderable, "columns"))
    assert isinstance(console.file, StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def text_of(lines: Iterable[RenderableType]) -> str:
    return shown(*lines)


def test_the_tree_shows_times_tokens_arguments_errors_and_what_ran_side_by_side() -> None:
    assert text_of(tree_lines(refund(), TreeDetail(), 100)) == (
        """\
    START       TOOK    TOKENS  STEP
  +0.0 ms     2.00 s            agent_run support
 +10.0 ms   400.0 ms  1,200→18  ├─ model_generation gpt-4o
+420.0 ms   100.0 ms            ├─ ∥1 tool_call find_customer {"email":"ada@example.org"}
+420.0 ms          –            ├─ ∥1 tool_call find_order (arguments not captured)
+600.0 ms     1.20 s            ├─ mcp_tool_call refund {"order":"o-9","amount":12.5,"reason":"late…
                                │  ✗ the order is too old [31m for that
  +1.90 s    50.0 ms       –→3  └─ model_generation answer gpt-4o-mini
∥n: the steps of one number below one parent ran side by side
"""
    )


def test_details_stand_below_their_step() -> None:
    lines = text_of(tree_lines(refund(), TreeDetail(True, True, True, JAEGER), 100))

    assert (
        """\
+420.0 ms   100.0 ms            ├─ ∥1 tool_call find_customer
                                │  args {
                                │    "email": "ada@example.org"
                                │  }
                                │  output {
                                │    "id": 7
                                │  }
                                │  rule genai.operation, from span
                                │  span 4bf92f3577b34da6a3ce929d0e0e4736/0000000000000003
                                │  http://j:16686/trace/4bf92f3577b34da6a3ce929d0e0e4736?uiFind=0000\
000000000003
"""
        in lines
    )
    assert "rule genai.operation, from span, lacks args" in lines


def test_a_trajectory_that_nests_without_end_is_shown() -> None:
    deepest = step(2000, StepType.AGENT_RUN, "a", None)
    for place in range(1999, 0, -1):
        deepest = step(place, StepType.AGENT_RUN, "a", None, children=(deepest,))
    trajectory = Trajectory((deepest,), TrajectorySource.TRACE, evidence(), None, 1)

    lines = list(tree_lines(trajectory, TreeDetail(), 100))

    assert len(lines) == 2001
    assert max(line.cell_len for line in lines) < 150
    found = trajectory_record(FoundTrajectory(trajectory, state(), "", ()))
    assert len(msgspec.json.decode(encode(found))["trajectory"]["steps"]) == 2000


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "complete: 6 of 6 spans, 2.00 s\n"),
        (
            {"status": TraceStatus.PARTIAL, "received_spans": 5, "stale": True},
            "partial: 5 of 6 spans, 2.00 s, stale: spans came after it was judged\n",
        ),
        (
            {"expected_spans": None, "received_spans": 1, "rejected_spans": 2},
            "complete: 1 span, 2 rejected, 2.00 s\n",
        ),
    ],
)
def test_the_badge_says_how_much_came(changes: dict[str, object], line: str) -> None:
    assert text_of(evidence_lines(state(**changes), refund())) == line


def test_what_the_evidence_lacks_is_said() -> None:
    gaps = evidence(tools_observable=False, args_captured=False, missing_parents=2, notes=("n",))
    trajectory = replace(refund(), evidence=gaps, source=TrajectorySource.MESSAGES, duration=None)

    assert text_of(evidence_lines(state(status=TraceStatus.MISSING), trajectory)) == (
        "missing: 6 of 6 spans; the trajectory was read from messages\n"
        "calls of tools may not show, arguments not captured, 2 spans whose parent did not come\n"
        "note: n\n"
    )


def test_many_traces_are_counted_and_each_viewer_has_its_line() -> None:
    several = state(trace_ids=("a", "b", "c", "d", "e"))

    assert text_of(trace_lines(several, [TraceLink("Jaeger", "http://j")])) == (
        "trace a, b, c, and 2 more\nJaeger http://j\n"
    )


def a_diff() -> TrajectoryDiff:
    wanted = '{"name":"refund","toolArgs":{"order":"o-8"}}'
    return TrajectoryDiff(
        (
            StepDifference(StepMatch.MISSING, '{"name":"greet"}', None, ()),
            StepDifference(StepMatch.MATCHED, '{"name":"find_customer"}', CHILDREN[1], ()),
            StepDifference(
                StepMatch.OUT_OF_ORDER,
                '{"name":"find_order","step_type":"tool_call"}',
                CHILDREN[2],
                (),
            ),
            StepDifference(
                StepMatch.DIFFERENT, wanted, CHILDREN[3], ("/order is 'o-9', not 'o-8'",)
            ),
            StepDifference(StepMatch.EXTRA, None, CHILDREN[4], ()),
        ),
        refund(),
        0.25,
        1 / 3,
        (),
    )


def test_the_expected_trajectory_stands_beside_the_actual_one() -> None:
    assert shown(diff_table(a_diff(), 100), summary_text(a_diff())) == (
        """\
                  #   EXPECTED                 DONE
────────────────────────────────────────────────────────────────────────────────────
missing               greet
matched           3   find_customer            tool_call find_customer
                                               {"email":"ada@example.org"}
out of order      4   tool_call find_order     tool_call find_order
other arguments   5   refund {"order":"o-8"}   mcp_tool_call refund
                                               {"order":"o-9","amount":12.5,"reason"
                                               :"late late late late late late late…
                                               ✗ the order is too old [31m for that
                                               /order is 'o-9', not 'o-8'
extra             6                            model_generation answer
1 matched, 1 missing, 1 extra, 1 out of order, 1 other arguments; precision 0.250, recall 0.333
"""
    )


def test_each_step_that_was_done_has_its_link() -> None:
    first, *_ = text_of(link_lines(a_diff(), JAEGER)).splitlines()

    assert first == f"#3 find_customer  http://j:16686/trace/{TRACE}?uiFind=0000000000000003"


def test_records_tell_the_steps_in_a_row() -> None:
    record = step_record(refund().steps[0])
    differences = diff_record(a_diff())["differences"]

    assert (record["place"], record["name"], "children" in record) == (1, "support", False)
    assert [row["step"] for row in differences] == [None, 3, 4, 5, 6]
    assert bytes(differences[3]["expected"]) == b'{"name":"refund","toolArgs":{"order":"o-8"}}'


@pytest.mark.parametrize(
    ("text", "viewer"),
    [
        (
            "jaeger=http://j:16686/",
            TraceViewer("Jaeger", "http://j:16686/trace/{trace}?uiFind={span}"),
        ),
        ("phoenix=http://p:6006", TraceViewer("Phoenix", "http://p:6006/redirects/traces/{trace}")),
        (
            "langfuse=https://l,project=a/b",
            TraceViewer("Langfuse", "https://l/project/a%2Fb/traces/{trace}?observation={span}"),
        ),
        (
            "honeycomb=https://h,team=t,environment=e,dataset=d",
            TraceViewer(
                "Honeycomb",
                "https://h/t/environments/e/datasets/d/trace?trace_id={trace}&span={span}"
                "&trace_start_ts={start_seconds}&trace_end_ts={end_seconds}",
            ),
        ),
        ("Mine=https://m/{trace},x=1", TraceViewer("Mine", "https://m/{trace},x=1")),
        ("jaeger=https://m/{trace}", TraceViewer("jaeger", "https://m/{trace}")),
    ],
)
def test_known_viewers_need_their_address_alone(text: str, viewer: TraceViewer) -> None:
    assert viewer_of(text) == viewer


def test_the_template_of_tempo_is_json_in_a_url() -> None:
    from urllib.parse import parse_qs, urlsplit

    url = viewer_of("tempo=http://g:3000,datasource=ab").url(refund().steps[0].spans[0])
    (pane,) = parse_qs(urlsplit(url).query)["panes"]

    assert msgspec.json.decode(pane)["t"]["queries"][0]["query"] == TRACE
    assert msgspec.json.decode(pane)["t"]["datasource"] == "ab"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("jaeger", "no NAME=URL"),
        ("=http://x", "no NAME=URL"),
        ("tempo=http://g", "needs datasource"),
        ("honeycomb=https://h,team=t", "needs environment and dataset"),
        ("jaeger=http://j,team=t", "has no team"),
    ],
)
def test_a_viewer_that_lacks_something_is_refused(text: str, problem: str) -> None:
    with pytest.raises(click.BadParameter, match=problem):
        viewer_of(text)


def test_a_viewer_takes_the_place_of_one_of_its_name() -> None:
    other = TraceViewer("Other", "http://o/{trace}")
    newer = TraceViewer("Jaeger", "http://n/{trace}")

    assert changed([JAEGER, other], [newer], []) == [newer, other]
    assert changed([JAEGER, other], [newer], ["Jaeger"]) == [other, newer]
    with pytest.raises(click.BadParameter, match="there are: Jaeger"):
        changed([JAEGER], [], ["Tempo"])
