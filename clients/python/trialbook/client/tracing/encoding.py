"""Spans as requests of OTLP, none too large."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final, NamedTuple

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan

from trialbook.client.tracing.span_bytes import framed, span_bytes

logger: Final = logging.getLogger("trialbook.worker")

MAX_SPANS: Final = 512
MAX_BYTES: Final = 4 * 1024 * 1024
MAX_ORIGINS: Final = 256
"""How many different origins of spans are kept as they are written."""

# Field numbers with their wire types: of the request, of ResourceSpans and of ScopeSpans.
_RESOURCE_SPANS: Final = b"\x0a"
_RESOURCE: Final = b"\x0a"
_SCOPE_SPANS: Final = b"\x12"
_SCOPE: Final = b"\x0a"
_SPANS: Final = b"\x12"
_SCHEMA_URL: Final = b"\x1a"

_FRAMES: Final = 40
"""Bytes that the lengths around the spans of one origin may take."""


class Batch(NamedTuple):
    """Some spans, and the serialised request that sends them."""

    spans: Sequence[ReadableSpan]
    request: bytes


def batches_of(spans: Sequence[ReadableSpan]) -> list[Batch]:
    """Return batches of at most 512 spans and 4 MiB; a span that is larger goes alone.

    A span that cannot be written is left out, and logged.
    """
    batches: list[Batch] = []
    portion = _Portion()
    for span in spans:
        try:
            origin, written = _origin_of(span), framed(_SPANS, span_bytes(span))
        except Exception:
            # Whatever instrumentation has put into one span must not keep back the others.
            logger.exception("The span %r cannot be written, and is not sent.", span.name)
            continue
        if not portion.take(span, origin, written):
            batches.append(portion.close())
            portion = _Portion()
            portion.take(span, origin, written)
    if portion.spans:
        batches.append(portion.close())
    return batches


class _Origin:
    """Where spans are from, a resource and a scope: what stands around them in a request."""

    def __init__(self, span: ReadableSpan) -> None:
        # They are kept, so that nothing else can take on their identities.
        self._from = span.resource, span.instrumentation_scope
        nothing_else = ReadableSpan(
            name="",
            context=span.get_span_context(),
            resource=span.resource,
            instrumentation_scope=span.instrumentation_scope,
        )
        (resource,) = encode_spans([nothing_else]).resource_spans
        (scope,) = resource.scope_spans
        self._resource = framed(_RESOURCE, resource.resource.SerializeToString())
        self._resource_schema = framed(_SCHEMA_URL, resource.schema_url.encode())
        self._scope = framed(_SCOPE, scope.scope.SerializeToString())
        self._scope_schema = framed(_SCHEMA_URL, scope.schema_url.encode())
        around = (self._resource, self._resource_schema, self._scope, self._scope_schema)
        self.size = sum(map(len, around)) + _FRAMES

    def around(self, spans: Sequence[bytes]) -> bytes:
        """Return a field of a request, with spans."""
        scope_spans = self._scope + b"".join(spans) + self._scope_schema
        resource_spans = framed(_SCOPE_SPANS, scope_spans) + self._resource_schema
        return framed(_RESOURCE_SPANS, self._resource + resource_spans)


# By identity: to compare resources takes longer than to write a span.
_origins: dict[tuple[int, int], _Origin] = {}


def _origin_of(span: ReadableSpan) -> _Origin:
    identity = id(span.resource), id(span.instrumentation_scope)
    known = _origins.get(identity)
    if known is None:
        if len(_origins) >= MAX_ORIGINS:
            _origins.clear()
        known = _origins[identity] = _Origin(span)
    return known


class _Portion:
    """The spans of one request."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []
        self._written: dict[_Origin, list[bytes]] = {}
        self._size = 0

    def take(self, span: ReadableSpan, origin: _Origin, written: bytes) -> bool:
        """Take a span in, if there is room for it; for the first one there always is."""
        here = self._written.get(origin)
        size = self._size + len(written) + (origin.size if here is None else 0)
        if self.spans and (size > MAX_BYTES or len(self.spans) == MAX_SPANS):
            return False
        self._size = size
        self.spans.append(span)
        if here is None:
            self._written[origin] = [written]
        else:
            here.append(written)
        return True

    def close(self) -> Batch:
        """Return the request."""
        fields = [origin.around(spans) for origin, spans in self._written.items()]
        return Batch(self.spans, b"".join(fields))
