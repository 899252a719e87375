"""The metrics by name, unit and meaning, as OpenTelemetry's conventions have them."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from opentelemetry.metrics import CallbackOptions, Meter, Observation

_CALLS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The bounds that the conventions recommend for `rpc.server.call.duration`, in seconds."""
_TRANSACTIONS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_STATM = Path("/proc/self/statm")


class Instruments:
    """What is written to as things happen; what is looked at, is when metrics are collected."""

    def __init__(self, meter: Meter) -> None:
        self.calls = meter.create_histogram(
            "rpc.server.call.duration",
            "s",
            "How long calls take, by method and status.",
            explicit_bucket_boundaries_advisory=_CALLS,
        )
        self.results = meter.create_counter(
            "trialbook.results", "{result}", "Results that this server recorded, by status."
        )
        self.scores = meter.create_counter(
            "trialbook.scores", "{score}", "Scores that this server recorded, by status."
        )
        self.received = meter.create_counter(
            "trialbook.otlp.spans",
            "{entry}",
            "Spans and log records that OTLP brought, by signal, stored or rejected.",
        )
        self.transactions = meter.create_histogram(
            "trialbook.store.transaction.duration",
            "s",
            "How long transactions take, from the wish until they are durable, by command.",
            explicit_bucket_boundaries_advisory=_TRANSACTIONS,
        )
        self.batch_sizes = meter.create_histogram(
            "trialbook.store.batch.size",
            "{transaction}",
            "How many transactions share a commit.",
            explicit_bucket_boundaries_advisory=_BATCHES,
        )
        meter.create_observable_up_down_counter(
            "process.memory.usage", [_memory], "By", "Memory of the process that is in use."
        )

    def observe_waiting(self, meter: Meter, waiting: Callable[[], int]) -> None:
        """Let the number of transactions that are under way be looked at."""

        def look(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(waiting())]

        meter.create_observable_gauge(
            "trialbook.store.transactions",
            [look],
            "{transaction}",
            "Transactions that wait for the writer, or for their commit.",
        )


def _memory(_: CallbackOptions) -> Iterable[Observation]:
    """Return the resident memory; where the system does not tell, the most that it was."""
    if _STATM.exists():
        pages = int(_STATM.read_text().split()[1])
        return [Observation(pages * resource.getpagesize())]
    unit = 1 if sys.platform == "darwin" else 1024
    return [Observation(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)]
