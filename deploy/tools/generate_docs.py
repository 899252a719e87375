"""Writes the parts of the documents that follow from the code, or checks that they are up to date.

A part stands in a page of docs/ between `<!-- begin generated: NAME -->` and
`<!-- end generated -->`; everything else in the page is written by hand.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import subprocess
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, Union

import click
import msgspec
from google.protobuf import descriptor_pb2 as pb

from trialbook.eventstore import Metadata
from trialbook.services.cli.root import trialbook
from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.domain.history import EVENT_TYPES
from trialbook.services.scoring.catalogue import ScorerDescription, descriptions

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PART = re.compile(
    r"(<!-- begin generated: (?P<name>[\w -]+) -->\n).*?(<!-- end generated -->)", re.DOTALL
)
KEPT = re.compile(r"^\x08\n((?:.+\n)+)", re.MULTILINE)
"""A paragraph whose lines click leaves as they are."""
COMMON_OPTIONS = ("address", "embedded", "token", "project", "format", "reason")
SCALARS = {
    pb.FieldDescriptorProto.TYPE_STRING: "string",
    pb.FieldDescriptorProto.TYPE_BYTES: "bytes",
    pb.FieldDescriptorProto.TYPE_BOOL: "bool",
    pb.FieldDescriptorProto.TYPE_INT32: "int32",
    pb.FieldDescriptorProto.TYPE_INT64: "int64",
    pb.FieldDescriptorProto.TYPE_DOUBLE: "double",
}
SIMPLE_TYPES: dict[Any, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    bytes: "bytes",
}

Row = Sequence[str]


def main() -> int:
    """Replace the generated parts, or say which pages differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail on a difference")
    checking = parser.parse_args().check
    parts = generated_parts()
    differing = [page for page in sorted(DOCS.rglob("*.md")) if rewrite(page, parts, checking)]
    missing = sorted(name for name, used in parts.items() if not used.placed)
    if missing:
        print(f"no page has a place for: {', '.join(missing)}", file=sys.stderr)
        return 1
    return report(differing, checking=checking)


class Part:
    """One generated part, and whether a page has a place for it."""

    def __init__(self, render: Callable[[], Iterable[str]]) -> None:
        self.render = render
        self.placed = False


def generated_parts() -> dict[str, Part]:
    """Return every part by its name."""
    parts = {
        "services": Part(services_part),
        "messages": Part(messages_part),
        "enums": Part(enums_part),
        "error reasons": Part(error_reasons_part),
        "commands": Part(commands_part),
        "events": Part(events_part),
        "event values": Part(event_values_part),
    }
    for scorer in descriptions():
        parts[f"scorer {scorer.name}"] = Part(partial(scorer_part, scorer))
    return parts


def rewrite(page: Path, parts: dict[str, Part], checking: bool) -> bool:
    """Fill a page's parts; return whether that changes it. Raises KeyError for an unknown part."""
    before = page.read_text(encoding="utf-8")

    def fill(match: re.Match[str]) -> str:
        part = parts[match["name"]]
        part.placed = True
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(part.render())).strip()
        return f"{match[1]}\n{text}\n\n{match[3]}"

    after = PART.sub(fill, before)
    if after != before and not checking:
        page.write_text(after, encoding="utf-8")
    return after != before


def report(differing: list[Path], *, checking: bool) -> int:
    """Say what differs; returns the exit code."""
    names = ", ".join(str(page.relative_to(ROOT)) for page in differing)
    if not differing:
        print("generated documents: up to date")
    elif checking:
        print(f"these documents differ from the code; run `make docs`: {names}", file=sys.stderr)
        return 1
    else:
        print(f"generated documents: updated {names}")
    return 0


def table(headings: Row, rows: Iterable[Row]) -> Iterator[str]:
    """Yield a Markdown table, or nothing without rows."""
    written = [f"| {' | '.join(map(cell, row))} |" for row in rows]
    if written:
        yield f"| {' | '.join(headings)} |"
        yield "|" + "---|" * len(headings)
        yield from written
        yield ""


def cell(text: str) -> str:
    """Return a text as it may stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")


# The contract, from the descriptors and comments of the protos.


class Comments:
    """The comments of one proto file, by path in its descriptor."""

    def __init__(self, file: pb.FileDescriptorProto) -> None:
        self._texts = {
            tuple(place.path): place.leading_comments for place in file.source_code_info.location
        }

    def at(self, *path: int) -> str:
        """Return the comment above a declaration, paragraphs kept."""
        lines = self._texts.get(path, "").strip("\n").split("\n")
        return "\n".join(line.removeprefix(" ").rstrip() for line in lines)


@cache
def proto_files() -> tuple[pb.FileDescriptorProto, ...]:
    """Return the descriptors of our own proto files, with comments."""
    buf = str(Path(sys.executable).with_name("buf"))
    built = subprocess.run(
        [buf, "build", "--output", "-#format=binpb"], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    files = pb.FileDescriptorSet.FromString(built.stdout).file
    return tuple(file for file in files if file.package == "trialbook.v1")


def messages() -> Iterator[tuple[pb.DescriptorProto, str, Sequence[Row]]]:
    """Yield every message with its comment and a row for each field."""
    for file in proto_files():
        comments = Comments(file)
        for at, message in enumerate(file.message_type):
            rows = [
                (f"`{field.name}`", field_type(field), comments.at(4, at, 2, index))
                for index, field in enumerate(message.field)
            ]
            yield message, comments.at(4, at), rows


def field_type(field: pb.FieldDescriptorProto) -> str:
    """Return a field's type, linked to where it is told."""
    repeated = field.label == pb.FieldDescriptorProto.LABEL_REPEATED
    prefix = "list of " if repeated else "optional " if field.proto3_optional else ""
    return prefix + (SCALARS.get(field.type) or type_link(field.type_name))


def type_link(full_name: str) -> str:
    """Return a type's short name; a link if it is one of ours."""
    package, _, name = full_name.lstrip(".").rpartition(".")
    return f"[{name}](#{name.lower()})" if package == "trialbook.v1" else name


def services_part() -> Iterator[str]:
    """Every service with its methods, what they take and what they give."""
    rows = {message.name: fields for message, _, fields in messages()}
    for file in proto_files():
        comments = Comments(file)
        for at, service in enumerate(file.service):
            yield from ("", f"## {service.name}", "", comments.at(6, at))
            for index, method in enumerate(service.method):
                yield from ("", f"### {method.name}", "", comments.at(6, at, 2, index), "")
                for type_name, streamed, word in (
                    (method.input_type, method.client_streaming, "Request"),
                    (method.output_type, method.server_streaming, "Response"),
                ):
                    fields = rows[type_name.rpartition(".")[2]]
                    kind = f"{'Stream of ' if streamed else ''}`{type_name.rpartition('.')[2]}`"
                    yield from (f"{word}: {kind}{'' if fields else ', empty'}", "")
                    yield from table(("field", "type", "meaning"), fields)


def messages_part() -> Iterator[str]:
    """Every message that is not the request or the response of one method."""
    own = {
        type_name.rpartition(".")[2]
        for file in proto_files()
        for service in file.service
        for method in service.method
        for type_name in (method.input_type, method.output_type)
    }
    for message, comment, fields in messages():
        if message.name not in own:
            yield from ("", f"### {message.name}", "", comment, "")
            yield from table(("field", "type", "meaning"), fields)


def enum_values(
    wanted: Callable[[str], bool],
) -> Iterator[tuple[str, str, Sequence[tuple[str, str]]]]:
    """Yield enums with their comment and a row for each value."""
    for file in proto_files():
        comments = Comments(file)
        for at, enum in enumerate(file.enum_type):
            if wanted(enum.name):
                rows = [(v.name, comments.at(5, at, 2, i)) for i, v in enumerate(enum.value)]
                yield enum.name, comments.at(5, at), rows


def enums_part() -> Iterator[str]:
    """Every enum but the error reasons, which have a page of their own."""
    for name, comment, rows in enum_values(lambda name: name != "ErrorReason"):
        yield from ("", f"### {name}", "", comment, "")
        yield from table(("value", "meaning"), [(f"`{value}`", text) for value, text in rows])


def error_reasons_part() -> Iterator[str]:
    """Every error reason with its code, its metadata and what to do."""
    for _, _, rows in enum_values(lambda name: name == "ErrorReason"):
        for name, comment in rows:
            told = re.sub(r"Code ([A-Z_]+)", r"Code `\1`", comment)
            yield from ("", f"### {name.removeprefix('ERROR_REASON_')}", "", f"`{name}`", "", told)


# The command line, from click's own tree.


def commands_part() -> Iterator[str]:
    """Every command with its arguments and options."""
    yield from command_part(trialbook, click.Context(trialbook, info_name="trialbook"))


def command_part(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield one command, then those below it."""
    text = KEPT.sub(r"```text\n\1```\n", inspect.cleandoc(command.help or ""))
    yield from ("", f"## {context.command_path}", "", text, "")
    if not isinstance(command, click.Group) or context.parent is None:
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        yield from ("```console", f"$ {usage}", "```", "")
    yield from options_part(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from command_part(below, click.Context(below, context, info_name=name))


def options_part(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the options of a command; below the top the common ones only by name."""
    top = context.parent is None
    shown: list[Row] = []
    common: list[str] = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or not record[1] or record[0] == "--help":
            continue
        if parameter.name in COMMON_OPTIONS and not top and is_common(parameter):
            common.append(f"`--{parameter.name}`")
        else:
            shown.append((f"`{record[0]}`", record[1]))
    yield from table(("option", "meaning"), shown)
    if common:
        yield from (f"Common options: {', '.join(sorted(common))}.", "")


def is_common(parameter: click.Parameter) -> bool:
    """Whether it is the option of the top level and not another of its name."""
    return any(
        parameter.name == known.name
        and parameter.expose_value == known.expose_value
        and getattr(parameter.type, "choices", ()) == getattr(known.type, "choices", ())
        for known in trialbook.params
    )


# Events, from the structs that are stored.


def events_part() -> Iterator[str]:
    """Every event with its fields."""
    for topic, event_class in EVENT_TYPES.items():
        yield from ("", f"### {topic}", "", inspect.getdoc(event_class) or "", "")
        yield from struct_table(event_class)


def event_values_part() -> Iterator[str]:
    """Every struct that occurs in events, and the metadata beside each event."""
    structs: list[type[msgspec.Struct]] = [*nested_structs(), Metadata]
    for struct in structs:
        yield from ("", f"### {struct.__name__}", "", inspect.getdoc(struct) or "", "")
        yield from struct_table(struct)


def struct_table(struct: type[msgspec.Struct]) -> Iterator[str]:
    """Yield the fields of a struct."""
    hints = typing.get_type_hints(struct)
    rows = [(f"`{name}`", type_words(hints[name])) for name in struct.__struct_fields__]
    yield from table(("field", "type"), rows)


def nested_structs() -> list[type[msgspec.Struct]]:
    """Return the structs inside events, each once, in the order in which they are met."""
    found: list[type[msgspec.Struct]] = []
    waiting = list(EVENT_TYPES.values())
    while waiting:
        for hint in typing.get_type_hints(waiting.pop(0)).values():
            for inner in (hint, *typing.get_args(hint)):
                struct = as_struct(inner)
                if struct is not None and struct not in found:
                    found.append(struct)
                    waiting.append(struct)
    return found


def as_struct(hint: object) -> type[msgspec.Struct] | None:
    """Return a type if it is a struct of ours."""
    return hint if isinstance(hint, type) and issubclass(hint, msgspec.Struct) else None


def type_words(hint: Any) -> str:
    """Word a field's type."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) in (Union, types.UnionType):
        words = ", or ".join(type_words(part) for part in arguments if part is not types.NoneType)
        return f"{words}; may be absent" if types.NoneType in arguments else words
    if typing.get_origin(hint) is tuple:
        return f"list of {type_words(arguments[0])}"
    struct = as_struct(hint)
    if struct is not None:
        return f"[{struct.__name__}](#{struct.__name__.lower()})"
    return SIMPLE_TYPES.get(hint) or ", ".join(f"`{member.value}`" for member in hint)


# Scorers, from the catalogue.


def scorer_part(description: ScorerDescription) -> Iterator[str]:
    """What a built-in scorer declares."""
    needs = "needs an expected value" if description.needs_expected else "needs no expected value"
    if description.scope is ScorerScope.TRAJECTORY:
        needs = "judges trajectories"
    yield (
        f"Version {description.version}; values {description.minimum:g} to "
        f"{description.maximum:g}, {description.direction.replace('_', ' ')}; {needs}."
    )
    yield ""
    properties: dict[str, Any] = description.params_schema["properties"]  # type: ignore[assignment]
    required: Any = description.params_schema["required"]
    rows = [
        (f"`{name}`", allowed(schema), default(name, schema, required), schema["description"])
        for name, schema in properties.items()
    ]
    yield from table(("parameter", "type", "default", "meaning"), rows)
    if not rows:
        yield "It takes no parameters."


def allowed(schema: dict[str, Any]) -> str:
    """Word what a parameter may be."""
    if "enum" in schema:
        return f"one of {', '.join(f'`{word}`' for word in schema['enum'])}"
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    limits = [
        f"{word} {schema[key]}"
        for key, word in (
            ("minLength", "at least"),
            ("maxLength", "at most"),
            ("minItems", "at least"),
            ("maxItems", "at most"),
            ("minimum", "from"),
            ("maximum", "to"),
        )
        if key in schema
    ]
    unit = " characters" if "maxLength" in schema else ""
    unit = " entries" if "minItems" in schema or "maxItems" in schema else unit
    return " or ".join(kinds) + (f", {' '.join(limits)}{unit}" if limits else "")


def default(name: str, schema: dict[str, Any], required: Any) -> str:
    """Word a parameter's default."""
    if name in required:
        return "required"
    return f"`{json.dumps(schema['default'])}`" if "default" in schema else "none"


if __name__ == "__main__":
    sys.exit(main())
