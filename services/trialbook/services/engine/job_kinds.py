"""The registry of jobs: for each kind, by the name that stands in the rows, how it is done."""

from __future__ import annotations

from trialbook.services.application.work import JobName
from trialbook.services.engine.built_in_target import EXECUTE
from trialbook.services.engine.job import JobKind
from trialbook.services.engine.rescore import RESCORE
from trialbook.services.engine.retry import RETRY
from trialbook.services.engine.run_scoring import SCORE_RUN
from trialbook.services.engine.submission import FINISH

JOB_KINDS: dict[str, JobKind] = {
    JobName.RETRY: RETRY,
    JobName.RESCORE: RESCORE,
    JobName.FINISH: FINISH,
    JobName.SCORE_RUN: SCORE_RUN,
    JobName.EXECUTE: EXECUTE,
}
