"""checkTrajectoryBlacklist: whether anything forbidden was done, at any depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from trialbook.services.scoring.mastra.shape import MastraTrajectory

_SEPARATOR = "\0"


class Blacklist(msgspec.Struct, frozen=True, rename="camel"):
    """What came of it: a score of 0 or 1, and what was violated."""

    score: float
    violated_tools: list[str]
    violated_sequences: list[list[str]]

    @property
    def is_violated(self) -> bool:
        """Whether anything forbidden was done."""
        return self.score == 0


def check_blacklist(
    trajectory: MastraTrajectory,
    *,
    tools: Sequence[str] = (),
    sequences: Sequence[Sequence[str]] = (),
) -> Blacklist:
    """Look for names of steps that must not occur, and for names that must not follow each other.

    A name is looked for at every depth, a sequence among the steps of every parent. Where the
    trajectory was observed, a sequence is also looked for among the tool calls of every parent
    alone: what models did between them is no excuse.
    """
    letters = _letters(trajectory)
    text = _SEPARATOR.join(_texts(trajectory, letters))
    violated_tools = [tool for tool in tools if tool in letters]
    violated_sequences = [
        list(sequence)
        for sequence in sequences
        if sequence
        and letters.keys() >= set(sequence)
        and "".join(letters[name] for name in sequence) in text
    ]
    clean = not violated_tools and not violated_sequences
    return Blacklist(float(clean), violated_tools, violated_sequences)


def _letters(trajectory: MastraTrajectory) -> dict[str, str]:
    """Give each name a character of its own, so that sequences are found as texts are: fast."""
    names = dict.fromkeys(step.name for step in trajectory.walk())
    return {name: chr(number) for number, name in enumerate(names, start=1)}


def _texts(trajectory: MastraTrajectory, letters: Mapping[str, str]) -> Iterator[str]:
    """Go through the steps of every parent, as the characters of their names."""
    parents = (step.children for step in trajectory.walk() if step.children)
    for siblings in (trajectory.steps, *parents):
        yield "".join(letters[step.name] for step in siblings)
        if trajectory.observed is not None:
            yield "".join(letters[step.name] for step in siblings if step.calls_tool)
