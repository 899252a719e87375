"""Which of several accounts of what a target did counts."""

from __future__ import annotations

import msgspec

from trialbook.services.trajectory.messages import from_messages
from trialbook.services.trajectory.reported import read_reported
from trialbook.services.trajectory.step_results import from_step_results
from trialbook.services.trajectory.trajectory import Trajectory


def choose(
    trace: Trajectory | None, reported: str | None, output: str | None, steps: str | None
) -> Trajectory | None:
    """Return what tells best what a target did, None if nothing does.

    A trace counts if it has any step; then a trajectory that was reported; then messages in the
    output; then the results of a workflow's steps. The last three are JSON texts. A report that
    cannot be read is passed over, which the evidence of what counts in its place notes.
    """
    if trace is not None and trace.steps:
        return trace
    note = ""
    if reported is not None:
        try:
            return read_reported(reported)
        except ValueError as error:
            note = f"The trajectory that was reported cannot be read: {error}."
    found = _told(output, steps)
    if found is None or not note:
        return found
    evidence = msgspec.structs.replace(found.evidence, notes=(*found.evidence.notes, note))
    return msgspec.structs.replace(found, evidence=evidence)


def _told(output: str | None, steps: str | None) -> Trajectory | None:
    for text, read in ((output, from_messages), (steps, from_step_results)):
        if not text or text.lstrip()[:1] not in ("{", "["):
            continue
        try:
            found = read(msgspec.json.decode(text))
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            continue
        if found is not None:
            return found
    return None
