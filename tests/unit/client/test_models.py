"""Models lose nothing of the contract's messages, and write what they read."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from trialbook.client import (
    Condition,
    Gate,
    InvalidArgument,
    ItemSelection,
    NotEvaluable,
    RegressionRule,
    Score,
    Scorer,
    ScorerScope,
    StepResult,
    SubmittedResult,
    Target,
    TaskError,
    TaskErrorCode,
    Usage,
    models,
)
from trialbook.client.requests.run_start import start_run
from trialbook.client.requests.submission import submit_results
from trialbook.v1 import experiment_pb2, gate_pb2, run_pb2, score_pb2

OUTPUT_ONLY = {"Scorer": {"scorer_version", "per_item", "superseded"}}
"""What the service fills in, so that it is read and not written."""
TOLD_ELSEWHERE = {
    ("DatasetDiff", "differences"),
    ("DatasetDiff", "next_page_token"),
    ("DatasetLabel", "label_id"),
    ("Trajectory", "steps"),
}
"""A listing of its own has the differences; a label's id is the last part of its name; steps make a
tree, of which test_trajectory_report.py tells.
"""


def readers() -> dict[str, Any]:
    """Return every model class that reads a message, by its name."""
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(models.__path__):
        members = vars(importlib.import_module(f"{models.__name__}.{module.name}"))
        found |= {n: m for n, m in members.items() if hasattr(m, "from_message")}
    return found


READERS = readers()
WRITERS = [name for name, model in READERS.items() if hasattr(model, "to_message")]


def message_type(model: Any) -> type[Message]:
    hint = get_type_hints(model.from_message.__func__)["message"]
    kind: type[Message] = (get_args(hint) or (hint,))[0]
    return kind


def value_of(field: Any) -> Any:
    """Return a value that is not the field's default."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        if field.name == "json":
            return '{"a":1}'
        if field.type == FieldDescriptor.TYPE_BYTES:
            return b"x"
        return "results/7"
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        return field.enum_type.values[-1].number
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return True
    return 7 + field.number


def fill(message: Message, field: Any) -> None:
    """Set one field, in full."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
        place = getattr(message, field.name)
        fill_all(place.add() if field.is_repeated else place)
    elif field.is_repeated:
        getattr(message, field.name).append(value_of(field))
    else:
        setattr(message, field.name, value_of(field))


def fill_all(message: Message) -> None:
    if message.DESCRIPTOR.full_name.startswith("google.protobuf."):
        message.seconds = 3  # type: ignore[attr-defined]
        return
    for field in message.DESCRIPTOR.fields:
        fill(message, field)


def fields_of(name: str) -> Iterator[Any]:
    yield from message_type(READERS[name]).DESCRIPTOR.fields


@pytest.mark.parametrize("name", list(READERS))
def test_a_model_tells_every_field_of_its_message(name: str) -> None:
    model = READERS[name]
    empty = model.from_message(message_type(model)())

    for field in fields_of(name):
        message = message_type(model)()
        fill(message, field)
        read = model.from_message(message)
        if (name, field.name) in TOLD_ELSEWHERE:
            continue
        assert read != empty, field.name
        plain = getattr(read, field.name, None)
        if type(plain) in (int, float) and field.message_type is None and not field.is_repeated:
            assert plain == value_of(field), field.name


@pytest.mark.parametrize("name", WRITERS)
def test_a_model_writes_what_it_read(name: str) -> None:
    model = READERS[name]
    message = message_type(model)()
    fill_all(message)
    for field in OUTPUT_ONLY.get(name, ()):
        message.ClearField(field)

    assert model.from_message(message).to_message() == message


def test_a_message_without_anything_is_read_as_nothing_known() -> None:
    run = READERS["Run"].from_message(run_pb2.Run())

    assert (run.selection, run.gate, run.gate_verdict, run.end_time) == (None, None, None, None)
    assert (run.metadata, run.target_options, run.context) == ({}, {}, {})
    assert (run.settings.run_deadline, run.settings.rate_limit) == (None, None)
    assert READERS["Result"].from_message(run_pb2.Result()).usage is None


def test_a_run_is_settled_when_the_verdict_of_its_gate_is_there() -> None:
    message = run_pb2.Run(status=run_pb2.RUN_STATUS_FAILED)
    assert READERS["Run"].from_message(message).settled
    message.gate.conditions.add(metric=gate_pb2.GATE_METRIC_MEAN)
    assert not READERS["Run"].from_message(message).settled
    message.gate_verdict.verdict = gate_pb2.VERDICT_PASSED
    assert READERS["Run"].from_message(message).settled
    assert READERS["Run"].from_message(message).gate_verdict.passed


def test_conditions_are_made_by_their_metrics() -> None:
    assert Condition.mean("s", max_regression=0.01, regression_rule="point") == Condition(
        READERS["Condition"].mean("s").metric,
        "s",
        max_regression=0.01,
        regression_rule=RegressionRule.POINT,
    )
    assert Condition.latency(at_most=2).to_message() == gate_pb2.GateCondition(
        metric=gate_pb2.GATE_METRIC_LATENCY, at_most=2
    )
    assert Condition.score_quantile("s", 0.1, at_least=0, tag="t").to_message() == (
        gate_pb2.GateCondition(
            metric=gate_pb2.GATE_METRIC_QUANTILE, scorer="s", quantile=0.1, at_least=0, tag="t"
        )
    )


@pytest.mark.parametrize(
    ("make", "metric"),
    [
        (Condition.pass_rate, "PASS_RATE"),
        (Condition.failed_results, "FAILED_RESULTS"),
        (Condition.failed_scores, "FAILED_SCORES"),
        (Condition.unscored_results, "UNSCORED_RESULTS"),
        (Condition.skipped_results, "SKIPPED_RESULTS"),
        (Condition.tokens, "TOKENS"),
        (Condition.cost, "COST"),
        (lambda **bounds: Condition.minimum("s", **bounds), "MINIMUM"),
        (lambda **bounds: Condition.run_score("s", **bounds), "RUN_SCORE"),
    ],
)
def test_every_metric_has_a_condition(make: Any, metric: str) -> None:
    message = make(at_most=1, split="test").to_message()

    assert message.metric == gate_pb2.GateMetric.Value(f"GATE_METRIC_{metric}")
    assert (message.at_most, message.split, message.HasField("at_least")) == (1, "test", False)


def test_a_condition_alone_is_no_list_of_them() -> None:
    with pytest.raises(InvalidArgument, match=r"gate\.conditions"):
        Gate(Condition.cost(at_most=1)).to_message()  # type: ignore[arg-type]


def test_a_scorer_with_a_step_judges_that_step() -> None:
    assert Scorer("s").scope is ScorerScope.ITEM
    assert Scorer("s", step_id="search").scope is ScorerScope.STEP
    assert Scorer("s", scope="run", k=1).params == {"k": 1}


def test_overrides_of_a_run_tell_none_given_from_no_scorers() -> None:
    def sent(**options: Any) -> Any:
        return start_run("p", "e", options).request  # type: ignore[arg-type]

    assert not sent().HasField("scorers")
    assert sent(scorers=[]).HasField("scorers")
    assert [spec.scorer for spec in sent(scorers=["s"]).scorers.scorers] == ["s"]
    request = sent(
        dataset="d/versions/golden",
        baseline="main",
        selection=ItemSelection(tags=["t"]),
        metadata={"commit": "abc"},
    )
    assert request.dataset == "projects/p/datasets/d/versions/golden"
    assert request.baseline == "projects/p/runs/main"
    assert (request.selection.tags, request.metadata.json) == (["t"], '{"commit":"abc"}')


def test_a_submitted_result_carries_all_that_is_known_of_it() -> None:
    message = SubmittedResult(
        "i",
        None,
        trial=2,
        latency=1.5,
        usage=Usage(3, 4, 0.25),
        steps=[StepResult("a", [1], duration=0.5), StepResult("b", error="lost")],
        scores={"human": True, "close": Score(0.5, label="near"), "none": NotEvaluable("why")},
    ).to_message()

    assert (message.item_id, message.trial, message.output.json) == ("i", 2, "null")
    assert (message.latency.seconds, message.usage.cost, message.attempts) == (1, 0.25, 1)
    assert [(s.step_id, s.output.json, s.error) for s in message.steps] == [
        ("a", "[1]", ""),
        ("b", "", "lost"),
    ]
    assert [(s.scorer, s.status, s.value, s.passed) for s in message.scores] == [
        ("human", score_pb2.SCORE_STATUS_SCORED, 1.0, True),
        ("close", score_pb2.SCORE_STATUS_SCORED, 0.5, False),
        ("none", score_pb2.SCORE_STATUS_NOT_EVALUABLE, 0.0, False),
    ]


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ValueError("bad"), "ValueError", "bad"),
        ("bad", "", "bad"),
        (TaskError(TaskErrorCode.TIMEOUT, "slow", "T"), "T", "slow"),
    ],
)
def test_errors_are_submitted_in_any_form(error: Any, kind: str, message: str) -> None:
    written = SubmittedResult("i", error=error).to_message()

    assert (written.WhichOneof("outcome"), written.error.kind) == ("error", kind)
    assert written.error.message == message


@pytest.mark.parametrize(
    ("result", "path"),
    [
        (SubmittedResult("i"), r"results\[0\]\.output"),
        (SubmittedResult("i", 1, error="e"), r"results\[0\]\.output"),
        (SubmittedResult("i", object()), r"results\[0\]\.output"),
        (SubmittedResult("i", 1, scores={"s": float("nan")}), r"results\[0\]\.scores\['s'\]"),
    ],
)
def test_what_cannot_be_submitted_is_named(result: SubmittedResult, path: str) -> None:
    with pytest.raises(InvalidArgument, match=path):
        list(submit_results("p", "r", [result]))


def test_results_are_submitted_in_batches_by_number_and_size() -> None:
    def sizes(outputs: Iterator[object]) -> list[int]:
        results = (SubmittedResult(f"i{n}", output) for n, output in enumerate(outputs))
        return [len(batch.operation.request.results) for batch in submit_results("p", "r", results)]  # type: ignore[attr-defined]

    assert sizes(iter(range(2_500))) == [1_000, 1_000, 500]
    assert sizes("x" * 400_000 for _ in range(5)) == [2, 2, 1]
    assert sizes("x" * 2_000_000 for _ in range(2)) == [1, 1]
    assert sizes(iter(())) == []


def test_a_target_of_any_kind_keeps_it() -> None:
    for number in experiment_pb2.TargetKind.values()[1:]:
        message = experiment_pb2.Target(name="t", kind=number)  # type: ignore[arg-type]
        assert Target.from_message(message).to_message() == message
