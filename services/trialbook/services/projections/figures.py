"""Whether the figures that heads keep are what the rows below them come to."""

from __future__ import annotations

from collections.abc import Iterator

from trialbook.eventstore import Reader
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.run import ResultStatus
from trialbook.services.projections.result_columns import score_number, status_number

# Each yields what a head is called, what it says, and what its rows come to, where these differ.
_ITEM_COUNTS = """
    SELECT 'item count of dataset ' || d.uid, d.item_count, COUNT(i.ordinal)
    FROM dataset d LEFT JOIN item i
        ON i.dataset = d.number AND i.valid_from <= d.version AND i.valid_to > d.version
    GROUP BY d.number, d.uid, d.item_count
    HAVING d.item_count <> COUNT(i.ordinal)
"""
_VERSIONS = """
    SELECT 'version of dataset ' || d.uid, d.version, COUNT(v.version)
    FROM dataset d LEFT JOIN dataset_version v ON v.dataset = d.number
    GROUP BY d.number, d.uid, d.version
    HAVING d.version <> COUNT(v.version)
"""
_POSITIONS = """
    SELECT 'last position of run ' || r.uid, r.last_position,
           CAST(COALESCE(SUM(c.last_position - c.first_position + 1), 0) AS INTEGER)
    FROM run r LEFT JOIN run_chunk c ON c.run = r.number
    GROUP BY r.number, r.uid, r.last_position
    HAVING r.last_position <> COALESCE(SUM(c.last_position - c.first_position + 1), 0)
"""
_CREATED = """
    SELECT '{table} rows', {rows}.present, {events}.recorded
    FROM (SELECT COUNT(*) AS present FROM {table}) AS {rows}
    CROSS JOIN (
        SELECT COUNT(*) AS recorded FROM event WHERE topic >= '{topic}.v' AND topic < '{topic}.w'
    ) AS {events}
    WHERE {rows}.present <> {events}.recorded
"""
_CREATING = {
    "dataset": "dataset.created",
    "dataset_version": "dataset.version_made",
    "experiment": "experiment.created",
    "run": "run.started",
}


def wrong_figures(reader: Reader) -> Iterator[str]:
    """Yield a sentence for each figure that is not what its rows come to."""
    for statement in _statements():
        for name, said, counted in reader.query(statement):
            yield f"The {name} is {said:,}, but there are {counted:,}."


def _statements() -> Iterator[str]:
    yield from (_ITEM_COUNTS, _VERSIONS, _POSITIONS)
    for table, topic in _CREATING.items():
        yield _CREATED.format(table=table, topic=topic, rows="have", events="made")
    for result in ResultStatus:
        yield _result_counts(result)
    for score in ScoreStatus:
        yield _score_counts(score)


def _result_counts(status: ResultStatus) -> str:
    return f"""
        SELECT 'count of {status} results of run ' || r.uid, r.{status}, COUNT(x.number)
        FROM run r LEFT JOIN result x ON x.run = r.number AND x.status = {status_number(status)}
        GROUP BY r.number, r.uid, r.{status}
        HAVING r.{status} <> COUNT(x.number)
    """


def _score_counts(status: ScoreStatus) -> str:
    return f"""
        SELECT 'count of {status} scores of scorer ' || CAST(s.scorer AS TEXT) || ' of run '
            || r.uid, s.{status}, COUNT(x.number)
        FROM run_scorer s JOIN run r ON r.number = s.run LEFT JOIN score x
            ON x.run = s.run AND x.scorer = s.scorer AND x.status = {score_number(status)}
        GROUP BY r.uid, s.run, s.scorer, s.{status}
        HAVING s.{status} <> COUNT(x.number)
    """
