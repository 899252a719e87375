"""Facts as JSON."""

from __future__ import annotations

import json

import pytest

from trialbook.services.application.event_json import fact_json, references
from trialbook.services.domain.content import BlobReference
from trialbook.services.domain.dataset import DatasetCreated, ItemFact
from trialbook.services.domain.experiment import RunSettings, ScorerSpec, Target, TargetKind
from trialbook.services.domain.run import (
    ErrorCode,
    ResultFact,
    ResultStatus,
    RunStarted,
    TaskError,
)

DIGEST = bytes(range(32))
LARGE = BlobReference(DIGEST, 5_000)


def test_payloads_stand_in_it_byte_for_byte() -> None:
    text = fact_json(ItemFact("i", 1, '{"b":1, "a":  12345678901234567890123}', "null"), {})

    assert '"input":{"b":1, "a":  12345678901234567890123}' in text
    assert '"expected":null' in text
    assert json.loads(text)["item_id"] == "i"


def test_a_large_payload_is_named_or_stands_in_full() -> None:
    fact = ItemFact("i", 1, LARGE, "2")

    assert list(references(fact)) == [LARGE]
    assert json.loads(fact_json(fact, {}))["input"] == {"sha256": DIGEST.hex(), "size": 5_000}
    assert json.loads(fact_json(fact, {DIGEST: "[1]"}))["input"] == [1]


def test_inner_values_are_objects_with_names() -> None:
    fact = ResultFact(
        1, 1, "i", 1, ResultStatus.FAILED, error=TaskError(ErrorCode.TIMEOUT, 'said "no"')
    )

    content = json.loads(fact_json(fact, {}))

    assert content["status"] == "failed"
    assert content["error"] == {"code": "timeout", "message": 'said "no"', "kind": "", "stack": ""}
    assert content["output"] is None


def test_json_texts_of_definitions_are_no_strings() -> None:
    started = RunStarted(
        *("u", "p", "r", "eu", "e", 1, "du", "d", 1),
        Target(TargetKind.AGENT, "a"),
        (ScorerSpec("contains", "c", '{"value": 1}', 1, True),),
        RunSettings(),
        1,
    )

    (scorer,) = json.loads(fact_json(started, {}))["scorers"]

    assert scorer["params"] == {"value": 1}


@pytest.mark.parametrize(("stored", "told"), [('{"a":1}', {"a": 1}), ("", None)])
def test_the_metadata_of_a_dataset_is_json_or_absent(stored: str, told: object) -> None:
    created = DatasetCreated("u", "p", "d", "a name", "", stored)

    content = json.loads(fact_json(created, {}))

    assert content["metadata"] == told
    assert content["description"] == ""


def test_digests_are_written_in_hexadecimal_digits() -> None:
    assert json.loads(fact_json(ItemFact("i", 1, "1", digest=DIGEST), {}))["digest"] == DIGEST.hex()
