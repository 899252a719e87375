"""Checking the parameters of a scorer against the schema that it declares."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from jsonschema import Draft202012Validator

from trialbook.services.scoring.description import ScorerDescription
from trialbook.services.scoring.json_document import read_json
from trialbook.services.scoring.not_evaluable import NotEvaluable

MAXIMUM_PARAMETERS_LENGTH = 100_000
"""How many code points the JSON text of a scorer's parameters may have."""

_TYPE_WORDS = {
    "string": "a text",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "null": "null",
}


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
        elif not _fits(value, properties[name]):
            wanted = _expectation(properties[name])
            yield Violation(name, f"`{name}` must be {wanted}.")


def _fits(value: object, schema: Mapping[str, object]) -> bool:
    return Draft202012Validator(schema).is_valid(cast("Any", value))


def _unknown(scorer: str, name: str, known: tuple[str, ...]) -> str:
    if not known:
        return f"{scorer} takes no parameters; leave out `{name}`."
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"it takes {or_list(known)}."
    return f"`{name}` is not a parameter of {scorer}; {hint}"


def _expectation(schema: Mapping[str, object]) -> str:
    """Say in words what values a parameter's schema admits."""
    if "enum" in schema:
        return or_list(cast("list[str]", schema["enum"]))
    declared = schema["type"]
    types = [declared] if isinstance(declared, str) else cast("list[str]", declared)
    words = " or ".join(_TYPE_WORDS[each] for each in types)
    if "maxLength" in schema:
        words += f" of {schema.get('minLength', 0)} to {schema['maxLength']} characters"
    if "minimum" in schema and "maximum" in schema:
        words += f" from {schema['minimum']} to {schema['maximum']}"
    elif "minimum" in schema:
        words += f" of at least {schema['minimum']}"
    return words
