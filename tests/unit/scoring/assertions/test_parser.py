from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialbook.services.scoring.assertions.expression import (
    Binary,
    Call,
    Function,
    Literal,
    Not,
    Operator,
    Path,
    Predicate,
)
from trialbook.services.scoring.assertions.parser import InvalidAssertion, parse

TRUE, FALSE = Literal(True), Literal(False)
WORDS = st.one_of(
    st.sampled_from(["true", "false", "null", "1", "-2.5e3", '"a"', "input", "output.x"]),
    st.sampled_from(["!", "(", ")", "&&", "||", "==", "!=", "<", "<=", ",", "."]),
    st.sampled_from(["size(", "unique(", "all(", "any(", "is_number", "is_null("]),
)


def test_comparisons_bind_tighter_than_and_and_and_tighter_than_or() -> None:
    assert parse("true || false && 1 < 2") == Binary(
        Operator.OR,
        TRUE,
        Binary(Operator.AND, FALSE, Binary(Operator.LESS, Literal(1), Literal(2))),
    )


def test_operators_of_one_level_join_from_the_left() -> None:
    assert parse("1 < 2 == true") == Binary(
        Operator.EQUAL, Binary(Operator.LESS, Literal(1), Literal(2)), TRUE
    )


def test_not_binds_tighter_than_a_comparison() -> None:
    assert parse("!true == false") == Binary(Operator.EQUAL, Not(TRUE), FALSE)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("output", Path("output", False, ())),
        ("expected_json.a_1 . B", Path("expected", True, ("a_1", "B"))),
        ("input.0.type", Path("input", False, ("0", "type"))),
        ("output.true", Path("output", False, ("true",))),
    ],
)
def test_a_path_is_a_root_and_fields_behind_dots(text: str, path: Path) -> None:
    assert parse(text) == path


def test_all_and_any_take_a_predicate_by_its_bare_name() -> None:
    wanted = Call(Function.ALL, Path("output", False, ()), Predicate.NUMBER)

    assert parse("all(output, is_number)") == wanted
    assert parse("all ( output , ((is_number)) )") == wanted


@pytest.mark.parametrize("text", ['"a\\u00e9\\n"', "-0.5e-3", "0", '""'])
def test_literals_are_those_of_json(text: str) -> None:
    assert isinstance(parse(text), Literal)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "size(",
        "size()",
        "size(output, input)",
        "eval(output)",
        "true || unknown(output)",
        "all(output)",
        "all(output, true)",
        "all(output, size)",
        "is_number",
        "true.x",
        "data.x",
        "output.",
        "output[0]",
        "output..x",
        "output; exit()",
        "true true",
        "1 +2",
        "01",
        ".5",
        "1e400",
        "'a'",
        '"a',
        '"\\ud800"',
        '"\\q"',
        "= 1",
        "true & false",
        "(true",
        "True",
        "\u00e9",
    ],
)
def test_what_is_not_of_the_language_is_refused(text: str) -> None:
    with pytest.raises(InvalidAssertion):
        parse(text)


def test_a_refusal_says_where_and_why() -> None:
    with pytest.raises(InvalidAssertion, match=r"At character 9: `evil` is no function"):
        parse("true || evil(output)")


@pytest.mark.parametrize(
    ("fits", "too_much"),
    [
        ("(" * 31 + "true" + ")" * 31, "(" * 32 + "true" + ")" * 32),
        ("!" * 31 + "true", "!" * 32 + "true"),
        ("true" + " && true" * 64, "true" + " && true" * 65),
        ('"' + "\u00e9" * 2047 + '"', '"' + "\u00e9" * 2048 + '"'),
    ],
    ids=["parentheses", "negations", "operators", "bytes"],
)
def test_the_limits_are_exact(fits: str, too_much: str) -> None:
    parse(fits)
    with pytest.raises(InvalidAssertion):
        parse(too_much)


@given(st.text(max_size=60) | st.lists(WORDS, max_size=80).map(" ".join))
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidAssertion):
        parse(text)
