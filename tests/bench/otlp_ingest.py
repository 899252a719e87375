"""Spans from one exporter, as fast as each of its requests is acknowledged: durable, then."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from statistics import median

from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from tests.bench import profiled
from tests.bench.agent_spans import SPANS
from tests.bench.backend import Backend
from tests.bench.bench import Bench
from tests.bench.exporter import Send, export, grpc_exporter, http_exporter
from tests.bench.figures import Figure, at_least
from tests.bench.otlp_batches import BATCH, batches
from tests.bench.phoenix import NoPhoenix, Phoenix, phoenix
from tests.bench.processes import BenchFailure, cpu_seconds, wait_until
from tests.bench.server import Served, http_address, serving

TRACES = 3_072
ROUNDS = 3
PHOENIX_TRACES = 154
"""Three requests: it stores a hundred spans a transaction, and each of them by itself."""
_WARM_UP = 16


def otlp_ingest_sqlite(bench: Bench) -> list[Figure]:
    """Measure what one exporter gets rid of on SQLite, and on Phoenix beside it."""
    figures, rate = _ingest(bench, Backend.SQLITE)
    try:
        with phoenix(bench.folder / "phoenix", install=bench.share >= 1) as other:
            return figures + _beside_phoenix(other, bench.sized(PHOENIX_TRACES), rate)
    except NoPhoenix as reason:
        print(f"otlp_ingest_sqlite: without Phoenix, since {reason}")
        return figures


def otlp_ingest_postgres(bench: Bench) -> list[Figure]:
    """Measure what one exporter gets rid of on PostgreSQL."""
    return _ingest(bench, Backend.POSTGRES)[0]


def _ingest(bench: Bench, backend: Backend) -> tuple[list[Figure], float]:
    """Return the figures, and how many spans a second were acknowledged over gRPC."""
    folder = bench.folder / f"otlp-{backend.name.lower()}"
    traces = bench.sized(TRACES)
    with (
        backend.database(folder) as database,
        serving(database, folder, profile=bench.profile) as served,
    ):
        _measured(served, grpc_exporter(served.address), traces // 8 + 1)
        rounds = [_measured(served, grpc_exporter(served.address), traces) for _ in range(ROUNDS)]
        over_http, _ = _measured(served, http_exporter(http_address(folder)), traces)
    if bench.profile:
        profiled.report(folder)
    rate = median(rate for rate, _ in rounds)
    work = median(work for _, work in rounds)
    return [
        Figure(f"spans in requests of {BATCH}, gRPC", rate, "spans/s", at_least(10_000)),
        Figure("server's processor time a span", work * 1e6, "µs"),
        Figure(f"spans in requests of {BATCH}, HTTP", over_http, "spans/s"),
    ], rate


def _measured(
    served: Served, exporter: AbstractContextManager[Send], traces: int
) -> tuple[float, float]:
    """Send new traces; return spans a second, and the server's processor seconds a span."""
    requests = batches(traces)
    spans = traces * SPANS
    with exporter as send:
        before = cpu_seconds(served.process)
        rate = spans / export(send, requests)
        work = (cpu_seconds(served.process) - before) / spans
    _check(served, requests[-1])
    return rate, work


def _check(served: Served, request: bytes) -> None:
    """Raise BenchFailure unless the last trace of the last request is there, with all its spans."""
    last = TracesData.FromString(request).resource_spans[-1].scope_spans[-1].spans[-1]
    received = served.client.traces.get(last.trace_id.hex()).state.received_spans
    if received != SPANS:
        raise BenchFailure(f"{received} of {SPANS} spans of the last trace are there")


def _beside_phoenix(other: Phoenix, traces: int, ours: float) -> list[Figure]:
    with grpc_exporter(other.address) as send:
        export(send, batches(_WARM_UP))
        before = _WARM_UP * SPANS
        wait_until(lambda: other.spans() == before, "Phoenix stores its first spans")
        requests = batches(traces)
        spans = traces * SPANS
        began = time.perf_counter()
        acknowledged = spans / export(send, requests)
        wait_until(lambda: other.spans() == before + spans, "Phoenix stores what it acknowledged")
    stored = spans / (time.perf_counter() - began)
    return [
        Figure("Phoenix: spans acknowledged, gRPC", acknowledged, "spans/s"),
        Figure("Phoenix: spans acknowledged and stored", stored, "spans/s"),
        Figure("ours over Phoenix's acknowledged", ours / acknowledged, "×"),
        Figure("ours over Phoenix's stored", ours / stored, "×"),
    ]
