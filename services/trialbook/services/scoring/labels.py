"""Labels as small numbers, and how often which was given for which."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

_MOST_LABELS = 50
_SHOWN_CHARACTERS = 100
_KEPT_CHARACTERS = 200


class Labels:
    """Numbers labels from 0 as they appear. Of long ones it keeps the beginning and a digest."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, label: str) -> int:
        """Return the number of a label."""
        if len(label) > _KEPT_CHARACTERS:
            digest = hashlib.sha256(label.encode("utf-8", "surrogatepass")).hexdigest()
            label = label[:_KEPT_CHARACTERS] + digest
        return self._codes.setdefault(label, len(self._codes))

    def confusion(
        self, outputs: NDArray[np.int64], expected: NDArray[np.int64]
    ) -> dict[str, object]:
        """Return how often each label was given (columns) where each was expected (rows).

        For the 50 most frequent labels, the most frequent first; `other` counts the pairs beside
        these.
        """
        size = len(self._codes)
        frequency = np.bincount(outputs, minlength=size) + np.bincount(expected, minlength=size)
        shown = np.argsort(-frequency, kind="stable")[:_MOST_LABELS]
        rank = np.full(size, -1, np.int64)
        rank[shown] = np.arange(len(shown))
        rows, columns = rank[expected], rank[outputs]
        known = (rows >= 0) & (columns >= 0)
        counts = np.zeros((len(shown), len(shown)), np.int64)
        np.add.at(counts, (rows[known], columns[known]), 1)
        names = list(self._codes)
        return {
            "labels": [names[code][:_SHOWN_CHARACTERS] for code in shown.tolist()],
            "confusion": counts.tolist(),
            "other": int(len(known) - known.sum()),
        }
