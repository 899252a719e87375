"""What experiments and runs are made of, between the wire and the application."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from trialbook.services.application.read_point import ReadPoint
from trialbook.services.application.scorer import ScorerDraft
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.experiment import (
    RunSettings,
    ScorerScope,
    ScorerSpec,
    Target,
    TargetKind,
)
from trialbook.services.rpc.payload import read_duration, read_json, write_duration, write_json
from trialbook.services.rpc.read_point import parse_read
from trialbook.v1 import experiment_pb2 as pb

_KINDS = {
    pb.TARGET_KIND_UNSPECIFIED: TargetKind.AGENT,
    pb.TARGET_KIND_AGENT: TargetKind.AGENT,
    pb.TARGET_KIND_WORKFLOW: TargetKind.WORKFLOW,
    pb.TARGET_KIND_SCORER: TargetKind.SCORER,
    pb.TARGET_KIND_PROCESSOR: TargetKind.PROCESSOR,
}
_KIND_NUMBERS = {
    kind: number for number, kind in _KINDS.items() if number != pb.TARGET_KIND_UNSPECIFIED
}
_SCOPES = {
    pb.SCORER_SCOPE_UNSPECIFIED: ScorerScope.ITEM,
    pb.SCORER_SCOPE_ITEM: ScorerScope.ITEM,
    pb.SCORER_SCOPE_STEP: ScorerScope.STEP,
    pb.SCORER_SCOPE_TRAJECTORY: ScorerScope.TRAJECTORY,
    pb.SCORER_SCOPE_RUN: ScorerScope.RUN,
}
SCOPE_NUMBERS = {
    ScorerScope.ITEM: pb.SCORER_SCOPE_ITEM,
    ScorerScope.STEP: pb.SCORER_SCOPE_STEP,
    ScorerScope.TRAJECTORY: pb.SCORER_SCOPE_TRAJECTORY,
    ScorerScope.RUN: pb.SCORER_SCOPE_RUN,
}
_NUMBERS = ("concurrency", "max_retries", "trials", "rate_limit", "max_failures", "seed")
_DURATIONS = ("attempt_timeout", "initial_backoff", "max_backoff", "run_deadline")


def read_dataset(path: str, name: str) -> tuple[str, str, ReadPoint]:
    """Return project, dataset id, and which version is meant. Raises Invalid."""
    project, dataset, point = parse_read(path, name)
    return project, dataset, point or ReadPoint()


def read_target(path: str, target: pb.Target) -> Target:
    """Return a target from the wire. Raises Invalid for an unknown kind."""
    kind = _KINDS.get(target.kind)
    if kind is None:
        raise Invalid.field(f"{path}.kind", f"{target.kind} is no kind of target of this version")
    return Target(kind, target.name, target.revision)


def to_target(target: Target) -> pb.Target:
    """Return a target for the wire."""
    return pb.Target(kind=_KIND_NUMBERS[target.kind], name=target.name, revision=target.revision)


def read_scope(path: str, number: int) -> ScorerScope:
    """Return a scope from the wire. Raises Invalid for an unknown one."""
    for known, scope in _SCOPES.items():
        if known == number:
            return scope
    raise Invalid.field(path, f"{number} is no scope of this version")


def read_scorers(path: str, specs: Iterable[pb.ScorerSpec]) -> tuple[ScorerDraft, ...]:
    """Return scorers from the wire. Raises Invalid."""
    return tuple(read_scorer(f"{path}[{place}]", spec) for place, spec in enumerate(specs))


def read_scorer(path: str, spec: pb.ScorerSpec) -> ScorerDraft:
    """Return a scorer from the wire. Raises Invalid."""
    return ScorerDraft(
        spec.scorer,
        spec.alias,
        read_json(spec.params) or "",
        read_scope(f"{path}.scope", spec.scope),
        spec.step_id,
        spec.output_pointer,
        spec.expected_pointer,
        spec.by_caller,
    )


def to_scorer(spec: ScorerSpec) -> pb.ScorerSpec:
    """Return a scorer's place in an experiment or a run for the wire."""
    return pb.ScorerSpec(
        scorer=spec.scorer,
        alias=spec.alias,
        params=write_json(spec.params or None),
        scorer_version=spec.version,
        scope=SCOPE_NUMBERS[spec.scope],
        step_id=spec.step_id,
        output_pointer=spec.output_pointer,
        expected_pointer=spec.expected_pointer,
        by_caller=spec.by_caller,
        per_item=spec.per_item,
        superseded=spec.superseded,
    )


def read_settings(settings: pb.RunSettings, base: RunSettings) -> RunSettings:
    """Return `base` with what is set on the wire."""
    return msgspec.structs.replace(base, **read_set_fields(settings))


def read_set_fields(settings: pb.RunSettings) -> Mapping[str, float]:
    """Return the settings that are set on the wire, by name; durations are in microseconds."""
    values = {name: getattr(settings, name) for name in _NUMBERS if settings.HasField(name)}
    durations = {
        name: read_duration(getattr(settings, name))
        for name in _DURATIONS
        if settings.HasField(name)
    }
    return values | durations


def to_settings(settings: RunSettings) -> pb.RunSettings:
    """Return settings for the wire, complete."""
    return pb.RunSettings(
        concurrency=settings.concurrency,
        attempt_timeout=write_duration(settings.attempt_timeout),
        max_retries=settings.max_retries,
        initial_backoff=write_duration(settings.initial_backoff),
        max_backoff=write_duration(settings.max_backoff),
        trials=settings.trials,
        run_deadline=write_duration(settings.run_deadline or None),
        rate_limit=settings.rate_limit or None,
        max_failures=settings.max_failures or None,
        seed=settings.seed,
    )
