"""The work that every case does: questions of about 200 bytes, answers of about 300."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

INSTANT = "instant"
PAUSE_5_MS = "pause_5_ms"
PAUSE_50_MS = "pause_50_ms"
TRACED = "traced"
REPLAYED = "replayed"
WRONG_EVERY = 4
"""Each so many-th item expects something else than is answered, so that both outcomes occur."""

_PADDING = (
    "Every lorry is filled before the next one is loaded, the last one may leave part empty, and "
    "the way back is driven without a load but burns the same as the way there."
)


@dataclass(frozen=True, slots=True)
class Question:
    """What the target is given and what it should answer."""

    input: dict[str, object]
    expected: str


def questions(count: int) -> Iterator[Question]:
    """Make the same questions on every call."""
    for number in range(count):
        crates = 100 + number
        asked: dict[str, object] = {
            "question": f"A depot ships {crates} crates a day in lorries that carry 24 each, and "
            "every lorry burns 31 litres on its round. How many litres does the depot burn in a "
            "week of seven days?",
            "crates": crates,
        }
        wrong = number % WRONG_EVERY == 0
        yield Question(asked, answer({**asked, "crates": crates + 24} if wrong else asked))


def right_answers(count: int) -> int:
    """Return how many of so many questions are answered as expected."""
    return count - len(range(0, count, WRONG_EVERY))


def answer(asked: dict[str, object]) -> str:
    """Answer a question, as cheaply as an answer of 300 bytes can be made."""
    crates = crates_of(asked)
    lorries = -(-crates // 24)
    return (
        f"{crates} crates need {lorries} lorries a day, since one carries 24. {_PADDING} "
        f"That is {lorries * 31} litres a day, and seven times as much in a week: "
        f"{lorries * 31 * 7}."
    )


def crates_of(asked: dict[str, object]) -> int:
    """Return the number that makes a question another than the others."""
    return int(str(asked["crates"]))
