from __future__ import annotations

import subprocess
import sys

import pytest

from trialbook.services.telemetry.environment import Wanted, wanted

pytestmark = pytest.mark.unit

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317"}


@pytest.mark.parametrize(
    ("environment", "traces", "metrics"),
    [
        ({}, (), ()),
        ({"OTEL_SERVICE_NAME": "x", "OTEL_TRACES_SAMPLER": "always_on"}, (), ()),
        (ENDPOINT, ("grpc",), ("grpc",)),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c"}, ("grpc",), ()),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c"}, (), ("grpc",)),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, ("grpc",), ()),
        ({**ENDPOINT, "OTEL_METRICS_EXPORTER": "none"}, ("grpc",), ()),
        ({"OTEL_TRACES_EXPORTER": " Console, otlp "}, ("console", "grpc"), ()),
        (
            {**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
            ("http/protobuf",),
            ("http/protobuf",),
        ),
        (
            {
                **ENDPOINT,
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
            },
            ("grpc",),
            ("http/protobuf",),
        ),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "True"}, (), ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, (), ()),
    ],
)
def test_the_standard_variables_say_what_goes_where(
    environment: dict[str, str], traces: tuple[str, ...], metrics: tuple[str, ...]
) -> None:
    asked = wanted(environment)

    assert (asked.traces, asked.metrics) == (traces, metrics)
    assert bool(asked) is bool(traces or metrics)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json")],
)
def test_what_is_not_understood_is_told_and_left_out(
    variable: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    environment = {"OTEL_TRACES_EXPORTER": "otlp", variable: value}

    assert wanted(environment) == Wanted()
    assert variable in caplog.text
    assert value in caplog.text


def test_a_server_that_nobody_wants_to_see_does_not_import_the_sdk() -> None:
    look = (
        "import sys, trialbook.services.bootstrap as b; b.from_environment();"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')"
        " or name == 'opentelemetry.trace'])"
    )

    told = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, env={"PATH": ""}
    )

    assert told.stdout.strip() == "[]"
