"""How runs are compared."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.services.application.json_part import Path, parse_path
from trialbook.services.domain.errors import Invalid, Violation

CONFIDENCE = 0.95
MOST_ITEMS = 50
MAX_CANDIDATES = 10
_LOWEST_CONFIDENCE, _HIGHEST_CONFIDENCE = 0.5, 0.999
_MAX_ITEMS = 1_000
_MAX_PATH = 500


@dataclass(frozen=True, slots=True)
class ComparisonTerms:
    """What is asked of a comparison. Empty tuples and texts restrict nothing."""

    scorers: tuple[str, ...] = ()
    confidence: float = CONFIDENCE
    include_changed_items: bool = False
    include_changed_scorers: bool = False
    cluster_by: str = ""
    splits: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    seed: int = 0
    most_items: int = MOST_ITEMS

    @property
    def cluster_path(self) -> Path:
        """Where in an item's metadata its cluster stands; empty if nothing says so."""
        parsed = parse_path(self.cluster_by)
        return parsed[1] if parsed else ()


def check_terms(path: str, terms: ComparisonTerms) -> None:
    """Refuse terms that nothing can be compared by. Raises Invalid."""
    violations = []
    if not _LOWEST_CONFIDENCE <= terms.confidence <= _HIGHEST_CONFIDENCE:
        violations.append(
            Violation(
                f"{path}.confidence",
                f"{terms.confidence} is not from {_LOWEST_CONFIDENCE} to {_HIGHEST_CONFIDENCE}",
            )
        )
    if not 0 <= terms.most_items <= _MAX_ITEMS:
        violations.append(
            Violation(f"{path}.most_items", f"{terms.most_items} is not from 0 to {_MAX_ITEMS:,}")
        )
    parsed = parse_path(terms.cluster_by)
    if terms.cluster_by and (parsed is None or parsed[0] != "metadata" or not parsed[1]):
        violations.append(
            Violation(
                f"{path}.cluster_by",
                f"{terms.cluster_by[:80]!r} is no path into the metadata; write metadata.session",
            )
        )
    elif len(terms.cluster_by) > _MAX_PATH:
        violations.append(
            Violation(f"{path}.cluster_by", f"has more than {_MAX_PATH} characters; shorten it")
        )
    violations += _repeated(f"{path}.scorers", terms.scorers)
    if violations:
        raise Invalid(violations)


def _repeated(path: str, names: tuple[str, ...]) -> list[Violation]:
    return [
        Violation(f"{path}[{place}]", f"{name[:80]!r} is named twice")
        for place, name in enumerate(names)
        if name in names[:place]
    ]
