from __future__ import annotations

import pytest

from trialbook.services.application.item_filter import MAX_DEPTH, MAX_LENGTH, parse_filter
from trialbook.services.application.views import ItemView
from trialbook.services.domain.errors import Invalid

ITEM = ItemView(
    item_id="case-7",
    ordinal=7,
    input='{"turns":3,"price":1.50,"big":123456789012345678901,"text":"How are you?",'
    '"messages":[{"role":"user","n":1},{"role":"bot","n":2}],"none":null,"yes":true,"a key":1,'
    '"list":["x",2],"deep":{"er":{"est":"d"}}}',
    expected='"Fine."',
    context=None,
    metadata='{"difficulty":"hard","3":"three"}',
    extras=None,
    tags=("flaky", "slow one"),
    split="test",
    external_id="crm:7",
    source="csv",
    version=4,
    added_version=2,
    created_at=1,
    changed_at=1,
)
TRUE = [
    'item_id = "case-7"',
    "item_id = case-7",
    "item_id:case",
    'external_id = "crm:7"',
    "split = test",
    "split = 'test'",
    "split != train",
    'split >= "a"',
    "source = csv",
    "source:*",
    "tags:flaky",
    'tags:"slow one"',
    "tags:*",
    "ordinal = 7",
    "ordinal < 7.5",
    "version > 3",
    "version <= 4",
    "input.turns = 3",
    "input.turns=3.0",
    "input.turns > 2.5",
    "input.price = 1.5",
    "input.big = 123456789012345678901",
    "input.big > 123456789012345678900",
    "input.price < 2e0",
    "input.turns > -1",
    'input.text = "How are you?"',
    "input.text:you",
    'input.text < "I"',
    "input.messages.1.role = bot",
    "input.messages.role:user",
    "input.messages.n:2",
    "input.list:x",
    "input.list:2",
    "input.list.0 = x",
    "input.none = null",
    "input.yes = true",
    "input.yes:true",
    "input:turns",
    "input.deep:er",
    "input.deep.er.est:*",
    'input."a key" = 1',
    'expected = "Fine."',
    "expected:Fine",
    "metadata.difficulty = hard",
    'metadata."3" = three',
    "metadata.3 = three",
    "metadata.missing != 1",
    "NOT metadata.missing:*",
    "-context:*",
    "NOT NOT split = test",
    "split = test AND ordinal = 7",
    "split = train OR ordinal = 7",
    "(split = train AND ordinal = 1) OR version = 4",
    "split = test AND split = train OR ordinal = 7",
    'metadata.difficulty = "hard" AND input.turns > 2 AND NOT tags:"solid"',
    "  \n split\t=\r\n test ",
]
FALSE = [
    "item_id = case",
    "split = Test",
    "split = train",
    "tags:flak",
    "NOT tags:*",
    "ordinal = 8",
    "input.turns = 4",
    'input.turns = "3"',
    'input.turns > "2"',
    "input.text > 2",
    "input.yes = 1",
    "input.turns != 3",
    "input.none:*",
    "input.none = 0",
    "input.messages.role = user",
    "input.messages.2.role = bot",
    "input.messages.role:admin",
    "input.list:y",
    "input.list:1",
    "input.missing = 1",
    "input.missing < 1",
    "input.turns.deeper = 1",
    "context.any = 1",
    "context:*",
    "input = 3",
    "split = test AND ordinal = 8",
    "(split = test OR split = train) AND ordinal = 8",
    # OR binds tighter than AND.
    "split = train AND ordinal = 7 OR version = 4",
]
BAD = [
    ("split", 6, "its end"),
    ("split =", 8, "its end"),
    ("= test", 1, "no field"),
    ("colour = red", 1, "no field"),
    ("split = test ordinal = 7", 14, "join comparisons by AND or OR"),
    ("split = test AND", 17, "no field"),
    ("(split = test", 14, "closing bracket"),
    ("split = test)", 13, "cannot stand here"),
    ('split = "test', 9, "not understood"),
    ("split == test", 8, "a value must"),
    ("split = AND", 9, "a value must"),
    ("tags = flaky", 1, 'tags:"name"'),
    ("tags.x:y", 1, "no members"),
    ("split.x = y", 1, "no members"),
    ("ordinal = seven", 1, "numbers only"),
    ("ordinal:*", 1, "numbers only"),
    ("input.x = *", 1, "write input:*"),
    ("input. = 1", 8, "name of a member"),
    ("input.x # 1", 9, "one of"),
    ("split = a.b", 10, "cannot stand here"),
    ("and split = test", 1, "no field"),
]


@pytest.mark.parametrize("text", TRUE)
def test_what_holds_holds(text: str) -> None:
    assert parse_filter("filter", text).holds(ITEM) is True


@pytest.mark.parametrize("text", FALSE)
def test_what_does_not_hold_does_not(text: str) -> None:
    assert parse_filter("filter", text).holds(ITEM) is False


@pytest.mark.parametrize(("text", "column", "problem"), BAD)
def test_a_filter_that_is_none_is_refused_with_its_column(
    text: str, column: int, problem: str
) -> None:
    with pytest.raises(Invalid) as caught:
        parse_filter("selection.filter", text)

    assert caught.value.reason == "INVALID_FILTER"
    (violation,) = caught.value.violations
    assert violation.path == "selection.filter"
    assert violation.message.startswith(f"column {column}: ")
    assert problem in violation.message


def test_a_filter_has_bounds() -> None:
    fits = "(" * (MAX_DEPTH - 1) + "split=test" + ")" * (MAX_DEPTH - 1)
    assert parse_filter("filter", fits).holds(ITEM)
    for text in (f"({fits})", "NOT " * 21 + "split=test", "x" * (MAX_LENGTH + 1)):
        with pytest.raises(Invalid):
            parse_filter("filter", text)


def test_numbers_of_any_size_are_compared() -> None:
    huge = "9" * 5000
    item = ItemView(
        **{field: getattr(ITEM, field) for field in ITEM.__struct_fields__ if field != "input"},
        input=f'{{"n":{huge},"e":1e99999999999999999999}}',
    )

    assert parse_filter("filter", "input.n > 5").holds(item)
    assert parse_filter("filter", "input.e > 5").holds(item)
    assert not parse_filter("filter", "input.n > 1e99999999999999999999").holds(item)
