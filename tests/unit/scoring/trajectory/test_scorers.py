"""What holds for every scorer of trajectories of our own."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.unit.scoring.trajectory.trajectories import PARTIAL, call, outcome
from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.catalogue import configure_trajectory, describe
from trialbook.services.scoring.judgement import Sample, ScoreStatus
from trialbook.services.scoring.trajectory.scorers import TRAJECTORY_SCORERS
from trialbook.services.scoring.trajectory.trajectory_match import MatchMode
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.step import Step, StepType
from trialbook.services.trajectory.trajectory import Evidence, Trajectory

NAMES = [scorer.description.name for scorer in TRAJECTORY_SCORERS]
USABLE: dict[str, dict[str, object]] = {
    "allowed_tools": {"tools": ["a"]},
    "forbidden_sequences": {"sequences": [["a", "b"]]},
    "order_constraints": {"order": [["a", "b"]]},
    "subtree": {"path": ["a"], "expected": [{"name": "b"}]},
    "tool_called": {"tool": "a", "args": {"x": 1}},
    "tool_not_called": {"tool": "a"},
    "trajectory_budget": {"max_steps": 3, "max_tokens": 9},
}
SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.text("ab", max_size=2)
ARGUMENTS = st.just(msgspec.UNSET) | st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xy"), inner),
    max_leaves=4,
)
STEPS = st.recursive(
    st.just(()),
    lambda below: st.lists(
        st.builds(
            Step,
            st.sampled_from(StepType),
            st.sampled_from("abc"),
            args=ARGUMENTS,
            success=st.none() | st.booleans(),
            agent=st.none() | st.just("x"),
            parallel_group=st.none() | st.just(1),
            children=below,
        ),
        max_size=3,
    ).map(tuple),
    max_leaves=6,
)
TRAJECTORIES = st.builds(
    Trajectory,
    STEPS,
    evidence=st.sampled_from([Evidence(), PARTIAL, Evidence(tools_observable=False)]),
    duration=st.none() | st.just(5),
)
EXPECTATIONS = st.sampled_from(
    [
        None,
        "{",
        "[]",
        '{"steps": []}',
        '[{"name": "a", "args": {"x": 1}}, {"name": "b"}]',
        '{"steps": [{"parallel": [{"name": "a"}, {"name": "b"}]}], "ordering": "strict"}',
        '{"steps": [{"name": "a", "children": {"steps": [{"name": "b"}], "maxSteps": 1}}]}',
        '{"blacklistedTools": ["b"], "noRedundantCalls": true, "maxRetriesPerTool": 0}',
    ]
)


@pytest.mark.parametrize("name", NAMES)
def test_a_scorer_declares_what_it_takes(name: str) -> None:
    description = describe(name)

    assert description is not None
    Draft202012Validator.check_schema(description.params_schema)
    assert (description.scope, description.minimum, description.maximum) == (
        ScorerScope.TRAJECTORY,
        0.0,
        1.0,
    )
    properties: Any = description.params_schema["properties"]
    assert all(each["description"] for each in properties.values())


@given(st.sampled_from(NAMES), TRAJECTORIES, EXPECTATIONS)
@settings(deadline=None, max_examples=120)
def test_a_scorer_always_answers(name: str, found: Trajectory, expectation: str | None) -> None:
    scorer = configure_trajectory(name, json.dumps(USABLE.get(name, {})))

    judgement = scorer(TrajectorySample(Sample("null", None, "null"), found, expectation))

    assert judgement.reason
    if judgement.status is ScoreStatus.SCORED:
        assert judgement.value is not None
        assert 0.0 <= judgement.value <= 1.0
        json.loads(judgement.evidence or "")
    else:
        assert isinstance(outcome(judgement), str)


MATCHES: list[tuple[str, dict[str, object]]] = [
    ("trajectory_match", {"mode": str(mode)}) for mode in MatchMode
]
VERDICTS: list[tuple[str, dict[str, object]]] = [
    *MATCHES,
    ("allowed_tools", {"tools": ["a", "b"]}),
    ("expected_trajectory", {}),
    ("forbidden_sequences", {"sequences": [["a", "b"]], "mode": "subsequence"}),
    ("forbidden_sequences", {"sequences": [["a", "b"], ["c"]]}),
    ("order_constraints", {"order": [["a", "b"]]}),
    ("redundant_calls", {"mode": "any"}),
    ("redundant_calls", {"max_cycle_repeats": 2}),
    ("redundant_calls", {"mode": "any", "max_redundant": 1}),
    ("tool_called", {"tool": "a", "max": 2}),
    ("tool_failures", {}),
    ("tool_not_called", {"tool": "a"}),
    ("trajectory_budget", {"max_tool_calls": 2}),
]
CALLS = st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans()), max_size=5)


@given(st.sampled_from(VERDICTS), CALLS, st.lists(st.sampled_from("abc"), max_size=3))
@settings(deadline=None, max_examples=150)
def test_a_verdict_on_a_part_of_the_steps_is_that_on_all_of_them(
    scorer: tuple[str, dict[str, object]], done: list[tuple[str, bool, bool]], wanted: list[str]
) -> None:
    name, parameters = scorer
    every = tuple(call(tool, success=success) for tool, success, _ in done)
    seen = tuple(step for step, (_, _, came) in zip(every, done, strict=True) if came)
    expectation = json.dumps(
        {
            "steps": [{"name": each} for each in wanted],
            "blacklistedSequences": [["c", "c"]],
            "maxRetriesPerTool": 1,
            "noRedundantCalls": True,
        }
    )

    def passed(found: Trajectory) -> bool | None:
        sample = TrajectorySample(Sample("null", None, "null"), found, expectation)
        return configure_trajectory(name, json.dumps(parameters))(sample).passed

    assert passed(Trajectory(seen, evidence=PARTIAL)) in (None, passed(Trajectory(every)))


@pytest.mark.parametrize("name", NAMES)
def test_without_a_trajectory_the_reason_is_said(name: str) -> None:
    scorer = configure_trajectory(name, json.dumps(USABLE.get(name, {})))
    expectation = '{"steps": [{"name": "a"}]}'
    sample = TrajectorySample(
        Sample("null", None, "null"), None, expectation, why_missing="No span came."
    )

    judgement = scorer(sample)

    assert (judgement.label, judgement.reason) == ("no_trajectory", "No span came.")


def test_names_may_be_as_long_as_they_like() -> None:
    name = "n" * 100_000
    found = Trajectory((call(name), call(name)))
    sample = TrajectorySample(Sample("null", None, "null"), found)

    judgement = configure_trajectory("redundant_calls", "")(sample)

    assert judgement.value == 0.5
    assert len(judgement.evidence or "") < 10_000
