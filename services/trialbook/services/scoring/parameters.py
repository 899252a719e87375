"""Checking the parameters of a scorer against the schema that it declares."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from jsonschema import Draft202012Validator, ValidationError

from trialbook.services.scoring.description import ScorerDescription
from trialbook.services.scoring.json_document import read_json
from trialbook.services.scoring.not_evaluable import NotEvaluable

MAXIMUM_PARAMETERS_LENGTH = 100_000
"""How many code points the JSON text of a scorer's parameters may have."""

_TYPE_WORDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_BOUNDS = (
    ("minLength", "maxLength", " of {} to {} characters", " of at least {} characters"),
    ("minItems", "maxItems", " of {} to {} entries", " of at least {} entries"),
    ("minimum", "maximum", " from {} to {}", " of at least {}"),
)
_MAXIMUM_VIOLATIONS = 10


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong: the path of the field inside the parameters, and what to do about it.

    An empty path means the parameters as a whole.
    """

    path: str
    message: str


class InvalidParameters(Exception):
    """Parameters that a scorer refuses, with every reason that was found."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        """Take at least one violation."""
        super().__init__(" ".join(violation.message for violation in violations))
        self.violations = violations


class UnknownScorer(Exception):
    """A name that no built-in scorer has, with the names that come near it."""

    def __init__(self, name: str, suggestions: tuple[str, ...]) -> None:
        """Take the name that was asked for and the names to offer instead, best first."""
        offer = f" Did you mean {or_list(suggestions)}?" if suggestions else ""
        super().__init__(f"There is no built-in scorer `{name}`.{offer}")
        self.name = name
        self.suggestions = suggestions


def invalid(path: str, message: str) -> InvalidParameters:
    """Return the refusal of one field."""
    return InvalidParameters((Violation(path, message),))


def or_list(names: Iterable[str]) -> str:
    """Return names as a list for people: ```a`, `b` or `c```."""
    *head, last = [f"`{name}`" for name in names]
    return f"{', '.join(head)} or {last}" if head else last


def read_parameters(description: ScorerDescription, params_json: str) -> Mapping[str, object]:
    """Return the parameters in ``params_json``; empty text means none.

    Raise `InvalidParameters` if the text is not a JSON object that fits the declared schema.
    """
    parameters = _read_object(description.name, params_json)
    violations = tuple(_violations(description, parameters))
    if violations:
        raise InvalidParameters(violations)
    return parameters


def _read_object(scorer: str, params_json: str) -> dict[str, object]:
    if len(params_json) > MAXIMUM_PARAMETERS_LENGTH:
        raise invalid(
            "",
            f"The parameters of {scorer} have {len(params_json):,} characters; "
            f"send at most {MAXIMUM_PARAMETERS_LENGTH:,}.",
        )
    if not params_json.strip():
        return {}
    try:
        parameters = read_json(params_json, "parameters text")
    except NotEvaluable as error:
        raise invalid("", f"{error.reason} Send a JSON object.") from error
    if not isinstance(parameters, dict):
        raise invalid("", f"The parameters of {scorer} must be a JSON object; send {{}} for none.")
    return cast("dict[str, object]", parameters)


def _violations(
    description: ScorerDescription, parameters: Mapping[str, object]
) -> Iterator[Violation]:
    properties = cast("Mapping[str, dict[str, object]]", description.params_schema["properties"])
    required = cast("list[str]", description.params_schema["required"])
    for name in required:
        if name not in parameters:
            wanted = _expectation(properties[name])
            yield Violation(name, f"`{name}` is required: give {wanted}.")
    for name, value in parameters.items():
        if name not in properties:
            yield Violation(name, _unknown(description.name, name, tuple(properties)))
        else:
            yield from _inside(description.name, name, value, properties[name])


def _inside(
    scorer: str, name: str, value: object, schema: Mapping[str, object]
) -> Iterator[Violation]:
    """Say what is wrong with one parameter, and where inside it; at most ten things."""
    errors = Draft202012Validator(schema).iter_errors(cast("Any", value))
    found = (_violation(scorer, name, error) for error in islice(errors, _MAXIMUM_VIOLATIONS))
    yield from dict.fromkeys(found)


def _violation(scorer: str, name: str, error: ValidationError) -> Violation:
    path = name + "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path
    )
    schema = cast("Mapping[str, object]", error.schema)
    if error.validator not in ("required", "additionalProperties"):
        return Violation(path, f"`{path}` must be {_expectation(schema)}.")
    given = cast("Mapping[str, object]", error.instance)
    known = cast("Mapping[str, Mapping[str, object]]", schema.get("properties", {}))
    if error.validator == "required":
        field = next(each for each in cast("list[str]", schema["required"]) if each not in given)
        wanted = _expectation(known.get(field, {}))
        return Violation(f"{path}.{field}", f"`{path}.{field}` is required: give {wanted}.")
    field = next(each for each in given if each not in known)
    message = f"`{path}` of {scorer} has no field `{field}`; {_hint(field, tuple(known))}"
    return Violation(f"{path}.{field}", message)


def _unknown(scorer: str, name: str, known: tuple[str, ...]) -> str:
    if not known:
        return f"{scorer} takes no parameters; leave out `{name}`."
    return f"`{name}` is not a parameter of {scorer}; {_hint(name, known)}"


def _hint(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"it takes {or_list(known)}."


def _expectation(schema: Mapping[str, object]) -> str:
    """Say in words what values a parameter's schema admits."""
    if "enum" in schema:
        return or_list(cast("list[str]", schema["enum"]))
    declared = schema.get("type", "any value")
    types = [declared] if isinstance(declared, str) else cast("list[str]", declared)
    words = " or ".join(_TYPE_WORDS.get(each, each) for each in types)
    for least, most, between, at_least in _BOUNDS:
        if most in schema:
            words += between.format(schema.get(least, 0), schema[most])
        elif least in schema:
            words += at_least.format(schema[least])
    return words
