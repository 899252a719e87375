from __future__ import annotations

import json

import msgspec
import pytest

from trialbook.services.scoring.expectation.arguments_rule import ArgumentsMode
from trialbook.services.scoring.expectation.expectation import Ordering
from trialbook.services.scoring.expectation.invalid_expectation import InvalidExpectation
from trialbook.services.scoring.expectation.reading import read_expectation
from trialbook.services.trajectory.step import StepType

FULL = {
    "steps": [
        {
            "name": "search",
            "stepType": "mcp_tool_call",
            "toolArgs": {"b": 1, "a": 2},
            "toolResult": {"n": 1},
            "success": True,
            "mcpServer": "s",
            "durationMs": 3,
            "metadata": {},
        },
        {"name": "nap", "stepType": "workflow_sleep", "sleepDurationMs": 5, "sleepType": "fixed"},
        {"name": "llm", "stepType": "model_generation", "modelId": "m", "promptTokens": 7},
        {"name": "sub", "stepType": "agent_run", "children": {"steps": [], "ordering": "strict"}},
    ],
    "ordering": "unordered",
    "allowRepeatedSteps": False,
    "maxSteps": 9,
    "maxTotalTokens": 100,
    "maxTotalDurationMs": 1.5,
    "noRedundantCalls": True,
    "blacklistedTools": ["rm"],
    "blacklistedSequences": [["a", "b"]],
    "maxRetriesPerTool": 2,
}


def test_mastras_whole_expectation_is_read() -> None:
    expectation = read_expectation(json.dumps(FULL))
    assert expectation.steps is not None
    search, nap, model, sub = expectation.steps

    assert (search.name, search.step_type) == ("search", StepType.MCP_TOOL_CALL)
    assert list(search.args) == ["b", "a"]
    assert search.fields == {"output": {"n": 1}, "success": True, "mcp_server": "s"}
    assert search.raw == FULL["steps"][0]  # type: ignore[index]
    assert nap.fields == {"sleep_ms": 5, "sleep_type": "fixed"}
    assert model.fields == {"model": "m", "prompt_tokens": 7}
    assert sub.children is not None
    assert (sub.children.steps, sub.children.ordering) == ((), Ordering.STRICT)
    assert expectation.ordering is Ordering.UNORDERED
    assert expectation.allow_repeated_steps is False
    assert (expectation.max_steps, expectation.max_total_tokens) == (9, 100)
    assert (expectation.max_total_duration_ms, expectation.max_retries_per_tool) == (1.5, 2)
    assert expectation.no_redundant_calls is True
    assert expectation.blacklisted_tools == ("rm",)
    assert expectation.blacklisted_sequences == (("a", "b"),)


def test_snake_case_says_the_same() -> None:
    camel = read_expectation('{"maxTotalTokens": 1, "steps": [{"name": "a", "stepType": "plan"}]}')
    snake = read_expectation(
        '{"max_total_tokens": 1, "steps": [{"name": "a", "step_type": "plan"}]}'
    )
    assert camel.steps is not None
    assert snake.steps is not None

    assert camel.stated == snake.stated == {"max_total_tokens", "steps"}
    assert camel.steps[0].step_type == snake.steps[0].step_type


def test_a_list_of_steps_is_an_expectation() -> None:
    expectation = read_expectation('[{"name": "a"}, {"parallel": [{"name": "b"}, {"name": "c"}]}]')

    assert [(step.name, step.parallel_group) for step in expectation.walk()] == [
        ("a", None),
        ("b", 1),
        ("c", 1),
    ]


def test_what_is_not_stated_is_not_there() -> None:
    expectation = read_expectation('{"ordering": null}')

    assert expectation.steps is None
    assert expectation.max_steps is None
    assert not expectation.stated
    (step,) = read_expectation('[{"name": "a", "success": null}]').walk()
    assert (step.args, dict(step.fields)) == (msgspec.UNSET, {})


def test_rules_of_arguments_are_told_from_what_they_need_and_inherited() -> None:
    expectation = read_expectation(
        json.dumps(
            {
                "tools": {"a": {"args_schema": {"type": "object"}}, "b": {"argsMode": "exact"}},
                "steps": [
                    {"name": "a", "children": [{"name": "b"}]},
                    {"name": "a", "args": {}, "arg_paths": ["/x"]},
                    {"name": "c"},
                ],
            }
        )
    )

    modes = [step.rule and step.rule.mode for step in expectation.walk()]
    assert modes == [ArgumentsMode.SCHEMA, ArgumentsMode.EXACT, ArgumentsMode.PATHS, None]


@pytest.mark.parametrize(
    ("value", "path", "hint"),
    [
        (3, "", "an object"),
        ({"maxStep": 1}, "maxStep", "did you mean `maxSteps`?"),
        ({"steps": [{"name": "a", "toolArg": {}}]}, "steps[0].toolArg", "did you mean `toolArgs`?"),
        ({"steps": [{}]}, "steps[0].name", "a text"),
        ({"steps": {}}, "steps", "a list"),
        ({"steps": [{"name": "a", "stepType": "tool"}]}, "steps[0].stepType", "one of"),
        ({"steps": [{"name": "a", "success": 1}]}, "steps[0].success", "true or false"),
        ({"steps": [{"name": "a", "args": 1, "toolArgs": 2}]}, "steps[0].toolArgs", "leave one"),
        ({"steps": [{"parallel": [{"nam": 1}]}]}, "steps[0].parallel[0].nam", "not a field"),
        (
            {"steps": [{"name": "a", "children": {"maxSteps": "3"}}]},
            "steps[0].children.maxSteps",
            "a number",
        ),
        ({"ordering": "loose"}, "ordering", "strict, relaxed, unordered"),
        ({"maxSteps": -1}, "maxSteps", "at least 0"),
        ({"maxRetriesPerTool": 1.5}, "maxRetriesPerTool", "whole number"),
        ({"blacklistedTools": "rm"}, "blacklistedTools", "a list"),
        ({"blacklistedSequences": [["a", ""]]}, "blacklistedSequences[0][1]", "a text"),
        ({"order": [["a", "b"], ["b", "c"], ["c", "a"]]}, "order", "in a circle"),
        ({"tools": {"a": {}}}, "tools.a", "args_mode"),
        ({"tools": {"a": {"args_mode": "regex"}}}, "tools.a.args_patterns", "is needed"),
        (
            {"tools": {"a": {"args_mode": "exact", "arg_paths": ["/x"]}}},
            "tools.a.arg_paths",
            "no use",
        ),
        ({"tools": {"a": {"arg_paths": ["x"]}}}, "tools.a.arg_paths[0]", "JSON Pointer"),
        ({"tools": {"a": {"args_patterns": {"/x": "(?=a)"}}}}, "tools.a.args_patterns./x", "RE2"),
        (
            {"tools": {"a": {"args_schema": {"type": "strin"}}}},
            "tools.a.args_schema.type",
            "Schema",
        ),
        ({"steps": [{"name": "a"}] * 1001}, "steps", "at most 1,000"),
        ([{"name": "a", "children": [{"name": "b"}] * 600}] * 2, "steps[1].children[398]", "limit"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(value: object, path: str, hint: str) -> None:
    with pytest.raises(InvalidExpectation) as caught:
        read_expectation(json.dumps(value))

    assert caught.value.path == path
    assert hint in caught.value.message


def test_expectations_nest_32_levels() -> None:
    def deep(levels: int) -> str:
        value: object = []
        for _ in range(levels - 1):
            value = [{"name": "a", "children": value}]
        return json.dumps(value)

    assert len(list(read_expectation(deep(32)).walk())) == 31
    with pytest.raises(InvalidExpectation, match="deeper than 32"):
        read_expectation(deep(33))


@pytest.mark.parametrize("text", ["", "{", "[" * 1000, "null"])
def test_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidExpectation):
        read_expectation(text)
