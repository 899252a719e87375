"""json_schema: the output fits a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from jsonschema import ValidationError

from trialbook.services.scoring.abridged import abridged
from trialbook.services.scoring.description import BuiltInScorer, Scorer, unit_interval
from trialbook.services.scoring.json_document import is_json, read_json
from trialbook.services.scoring.judgement import Judgement, Sample, verdict
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.parameters import invalid
from trialbook.services.scoring.safe_keywords import StepsExhausted
from trialbook.services.scoring.schema_validator import (
    MAXIMUM_ERRORS,
    InvalidSchema,
    SchemaValidator,
    compile_schema,
    pointer,
)

MAXIMUM_OUTPUT_LENGTH = 1_000_000
"""How many code points the JSON text of an output may have."""

_MAXIMUM_MESSAGE_LENGTH = 200
_SUBJECT = "output's text"
_VALID = verdict(True, "valid", "The output fits the schema.")
_PARSE_ERROR = verdict(False, "parse_error", "The output's text is not valid JSON.")


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """Validates outputs against a compiled schema."""

    validator: SchemaValidator

    def __call__(self, sample: Sample) -> Judgement:
        """Score 1 if the output fits the schema, else 0; a text is parsed first."""
        document = sample.output_document()
        if len(document.json) > MAXIMUM_OUTPUT_LENGTH:
            raise _too_large(len(document.json))
        output = document.value()
        if isinstance(output, str):
            if not is_json(output, _SUBJECT):
                return _PARSE_ERROR
            output = read_json(output, _SUBJECT)
        errors = self._errors(output)
        return _invalid(errors) if errors else _VALID

    def _errors(self, output: object) -> list[ValidationError]:
        try:
            return self.validator.errors(abridged(output))
        except StepsExhausted as error:
            raise NotEvaluable(
                "too_large", "Checking the output against the schema takes too many steps."
            ) from error
        except RecursionError as error:
            raise NotEvaluable(
                "too_deep", "The output and the schema together nest too deeply to be checked."
            ) from error


def _invalid(errors: list[ValidationError]) -> Judgement:
    described = [(pointer(error), _shortened(error.message)) for error in errors[:MAXIMUM_ERRORS]]
    evidence = {
        "errors": [{"path": path, "message": message} for path, message in described],
        "truncated": len(errors) > MAXIMUM_ERRORS,
    }
    path, message = described[0]
    place = f"At {_shortened(path)}: " if path else ""
    return verdict(False, "invalid", f"{place}{message}.", msgspec.json.encode(evidence).decode())


def _shortened(text: str) -> str:
    if len(text) <= _MAXIMUM_MESSAGE_LENGTH:
        return text
    return text[: _MAXIMUM_MESSAGE_LENGTH - 1] + "\u2026"


def _too_large(length: int) -> NotEvaluable:
    return NotEvaluable(
        "too_large",
        f"An output of {length:,} characters is over the limit of {MAXIMUM_OUTPUT_LENGTH:,}.",
    )


def configure(parameters: Mapping[str, object]) -> Scorer:
    """Make the scorer. Raise `InvalidParameters` if the schema cannot be used."""
    try:
        return JsonSchema(compile_schema(parameters["schema"]))
    except InvalidSchema as error:
        raise invalid(_field_path(error.path), f"`schema` cannot be used. {error}") from error


def _field_path(schema_pointer: str) -> str:
    """Return the path of a place in the schema, as field paths are written."""
    return "schema" + schema_pointer.replace("/", ".")


JSON_SCHEMA = BuiltInScorer(
    unit_interval(
        "json_schema",
        "The output fits a JSON Schema, draft 2020-12 unless `$schema` says otherwise. An output "
        "that is a text is parsed as JSON first.",
        {
            "schema": {
                "type": ["object", "boolean"],
                "description": "The schema. References must stay inside it, patterns are in RE2 "
                "syntax, and formats are not asserted.",
            },
        },
        required=("schema",),
    ),
    configure,
)
