"""The refusal of an expected trajectory."""

from __future__ import annotations

from trialbook.services.scoring.not_evaluable import NotEvaluable


class InvalidExpectation(NotEvaluable):
    """An expected trajectory that cannot be used: what is judged by it is not evaluable.

    `path` is the place in it, as field paths are written (`steps[0].name`), empty for the whole;
    `message` is a sentence that names the field and says what to do.
    """

    def __init__(self, path: str, message: str) -> None:
        """Take the place and the sentence."""
        super().__init__("invalid_expectation", f"The expected trajectory is of no use: {message}")
        self.path = path
        self.message = message


def wanted(path: str, what: str) -> InvalidExpectation:
    """Return the refusal of a value that is not `what`, in words such as `a text`."""
    return InvalidExpectation(path, f"`{path}` must be {what}." if path else f"It must be {what}.")
