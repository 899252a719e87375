"""What tools answer instead of being called."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from trialbook.client.models.codec import EnumCodec, json_of
from trialbook.client.payload import MISSING, Json, decode, encode_field
from trialbook.v1 import dataset_pb2


class UnmockedToolPolicy(StrEnum):
    """What becomes of tool calls that no mock answers: they are made (ALLOW), or fail (DENY)."""

    UNSPECIFIED = "unspecified"
    ALLOW = "allow"
    DENY = "deny"


UNMOCKED_TOOL_POLICIES: Final = EnumCodec(
    UnmockedToolPolicy, dataset_pb2.UnmockedToolPolicy, "UNMOCKED_TOOL_POLICY"
)


@dataclass(frozen=True, slots=True, init=False)
class ToolMock:
    """An answer given in place of a tool's: `ToolMock("search", [], arguments={"q": "refund"})`.

    Without `arguments` it answers a call with any. Each answers one call, in the item's order.
    """

    tool: str
    arguments_json: str | None
    output_json: str

    def __init__(self, tool: str, output: object, *, arguments: object = MISSING) -> None:
        given = arguments is not MISSING
        text = encode_field(arguments, f"tool mock {tool}: arguments") if given else None
        object.__setattr__(self, "tool", tool)
        object.__setattr__(self, "arguments_json", text)
        object.__setattr__(self, "output_json", encode_field(output, f"tool mock {tool}: output"))

    @property
    def arguments(self) -> Any:
        """The arguments that it answers; None if it answers any."""
        return None if self.arguments_json is None else decode(self.arguments_json)

    @property
    def output(self) -> Any:
        """What the tool is to have returned."""
        return decode(self.output_json)

    def to_message(self) -> dataset_pb2.ToolMock:
        """Write it as the contract's message."""
        message = dataset_pb2.ToolMock(tool=self.tool)
        message.output.json = self.output_json
        if self.arguments_json is not None:
            message.arguments.json = self.arguments_json
        return message

    @classmethod
    def from_message(cls, message: dataset_pb2.ToolMock) -> ToolMock:
        """Read it from the contract's message."""
        arguments = json_of(message.arguments)
        return cls(
            message.tool,
            Json(message.output.json),
            arguments=MISSING if arguments is None else Json(arguments),
        )
