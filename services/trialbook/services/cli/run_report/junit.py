"""A run as JUnit XML, as CI servers read it: a test case for each result, and for each condition.

The form is the one of Ant's JUnit task that Jenkins, GitLab and GitHub's actions read. A result
that failed is an error, one that does not pass a failure.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from trialbook.client import GateFinding, GateVerdict, Result, ResultStatus, Run, Verdict
from trialbook.services.cli.gate_condition import condition_text
from trialbook.services.cli.run_report.failing import (
    error_sentence,
    name_of,
    objection,
    objects,
)

_IN_MEMORY = 4 * 1024 * 1024
_COPIED = 64 * 1024
# What XML 1.0 cannot hold, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class _Counts:
    """How many test cases a suite has, and how they ended."""

    tests: int = 0
    failures: int = 0
    errors: int = 0
    skipped: int = 0


def junit_xml(run: Run, results: Iterable[Result], *, with_gate: bool = True) -> Iterator[str]:
    """Yield the document in parts. Results are read once, and kept in a file, not in memory."""
    # A suite begins with its counts, which are known at its end.
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8") as cases:
        counts = _write_cases(run, results, cases)
        yield '<?xml version="1.0" encoding="UTF-8"?>\n'
        yield f"<testsuites name={_attribute(run.id)}>\n"
        yield _opening(run.id, run, counts)
        yield _properties(run)
        cases.seek(0)
        while part := cases.read(_COPIED):
            yield part
        yield "</testsuite>\n"
        if with_gate and run.gate_verdict is not None:
            yield from _gate_suite(run, run.gate_verdict)
        yield "</testsuites>\n"


def gate_junit(run: Run, verdict: GateVerdict) -> Iterator[str]:
    """Yield a document with what a gate says: a test case for each condition."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"<testsuites name={_attribute(run.id)}>\n"
    yield from _gate_suite(run, verdict)
    yield "</testsuites>\n"


def _write_cases(run: Run, results: Iterable[Result], file: IO[str]) -> _Counts:
    counts = _Counts()
    for result in results:
        counts.tests += 1
        if result.status is ResultStatus.FAILED:
            counts.errors += 1
        elif result.status is ResultStatus.SKIPPED:
            counts.skipped += 1
        elif any(map(objects, result.scores)):
            counts.failures += 1
        file.write(_case(run, result))
    return counts


def _opening(name: str, run: Run, counts: _Counts) -> str:
    took = (run.end_time - run.create_time).total_seconds() if run.end_time else 0.0
    return (
        f"<testsuite name={_attribute(name)} tests={_attribute(counts.tests)} "
        f"failures={_attribute(counts.failures)} errors={_attribute(counts.errors)} "
        f"skipped={_attribute(counts.skipped)} time={_attribute(f'{took:.3f}')} "
        f"timestamp={_attribute(run.create_time.strftime('%Y-%m-%dT%H:%M:%S'))}>\n"
    )


def _properties(run: Run) -> str:
    pairs = {
        "run": run.name,
        "experiment": run.experiment,
        "dataset": run.dataset,
        "target": f"{run.target.name} {run.target.revision}".strip(),
        "status": str(run.status),
    }
    lines = "".join(
        f"<property name={_attribute(name)} value={_attribute(value)}/>\n"
        for name, value in pairs.items()
    )
    return f"<properties>\n{lines}</properties>\n"


def _case(run: Run, result: Result) -> str:
    opening = (
        f"<testcase classname={_attribute(run.experiment.split('/')[3])} "
        f"name={_attribute(name_of(result))} time={_attribute(f'{result.latency:.3f}')}"
    )
    body = _body(result)
    return f"{opening}>\n{body}</testcase>\n" if body else f"{opening}/>\n"


def _body(result: Result) -> str:
    if result.status is ResultStatus.SKIPPED:
        return f"<skipped message={_attribute(result.skip_reason)}/>\n"
    if result.status is ResultStatus.FAILED:
        stack = result.error.stack if result.error else ""
        return _element("error", error_sentence(result), result.error and result.error.code, stack)
    against = [score for score in result.scores if objects(score)]
    if not against:
        return ""
    # One failure a case is what readers of this form expect.
    text = "\n".join(map(objection, against))
    output = f"\noutput: {result.output_json}" if result.output_json is not None else ""
    return _element("failure", objection(against[0]), against[0].scorer, text + output)


def _gate_suite(run: Run, verdict: GateVerdict) -> Iterator[str]:
    told = [finding.verdict for finding in verdict.findings]
    counts = _Counts(len(told), told.count(Verdict.FAILED), told.count(Verdict.INCONCLUSIVE))
    yield _opening(f"{run.id} gate", run, counts)
    yield from map(_condition_case, verdict.findings)
    yield "</testsuite>\n"


def _condition_case(finding: GateFinding) -> str:
    opening = f'<testcase classname="gate" name={_attribute(condition_text(finding.condition))}'
    if finding.verdict is Verdict.PASSED:
        return f"{opening}/>\n"
    tag = "failure" if finding.verdict is Verdict.FAILED else "error"
    body = _element(tag, finding.explanation, finding.verdict, finding.explanation)
    return f"{opening}>\n{body}</testcase>\n"


def _element(tag: str, message: str, kind: object, text: str) -> str:
    head = f"<{tag} message={_attribute(message)} type={_attribute(kind)}"
    return f"{head}>{escape(_allowed(text))}</{tag}>\n" if text else f"{head}/>\n"


def _attribute(value: object) -> str:
    return quoteattr(_allowed(str(value)))


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
