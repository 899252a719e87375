"""From a score to the spans behind it, on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from tests.e2e.processes import Finished, Server, Trialbook
from trialbook.client import Client, TraceReport

EXPECTED = {"steps": [{"name": "search", "args": {"q": "tea"}}, {"name": "pay"}]}


def traced_agent(address: str) -> str:
    """Do what an agent does, with OpenTelemetry's own exporter; return the trace's id."""
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    exporter = OTLPSpanExporter(endpoint=f"http://{address}", insecure=True)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("shop")
    with tracer.start_as_current_span("invoke_agent shop") as agent:
        agent.set_attribute("gen_ai.operation.name", "invoke_agent")
        agent.set_attribute("gen_ai.agent.name", "shop")
        with tracer.start_as_current_span("execute_tool search") as tool:
            tool.set_attribute("gen_ai.operation.name", "execute_tool")
            tool.set_attribute("gen_ai.tool.name", "search")
            tool.set_attribute("gen_ai.tool.call.arguments", '{"q": "coffee"}')
            tool.record_exception(LookupError("no coffee"))
            tool.set_attribute("error.type", "LookupError")
    provider.shutdown()
    return f"{agent.get_span_context().trace_id:032x}"


@pytest.fixture(scope="session")
def traced(story: Server) -> str:
    """The id of a trace that a caller submitted with the result of the run `looked-at`."""
    with Client(story.address) as client:
        client.datasets.create("looked-at")
        item = {"id": "one", "input": "tea", "expected_trajectory": EXPECTED}
        client.datasets.add_items("looked-at", [item])
        client.experiments.create(
            "looked-at", dataset="looked-at", target="shop", scorers=["trajectory_alignment"]
        )
        trace_id = traced_agent(story.address)
        with client.runs.drive("looked-at", run_id="looked-at") as run:
            for case in run.items():
                run.submit(case, "done", trace_id=trace_id, trace=TraceReport(span_count=2))
        client.runs.wait("looked-at")
    return trace_id


def test_a_trajectory_is_shown_as_a_tree(trialbook: Trialbook, traced: str) -> None:
    told = trialbook("trace", "show", "looked-at/1")
    raw = trialbook("trace", "show", traced, "--rules", "--spans", "--full")

    assert told.code == 0, told
    assert f"trace {traced}" in told.out
    assert "complete: 2 of 2 spans" in told.out
    assert 'tool_call search {"q":"coffee"}' in told.out
    assert "✗" in told.out
    assert raw.code == 0, raw
    assert '"q": "coffee"' in raw.out
    assert f"span {traced}/" in raw.out


def test_the_expected_trajectory_is_shown_beside_it(
    trialbook: Trialbook, traced: str, tmp_path: Path
) -> None:
    trialbook("trace", "viewers", "--clear", "--add", "jaeger=http://jaeger:16686")
    told = trialbook("trace", "show", "looked-at/1", "--diff")
    wanted = tmp_path / "expected.json"
    wanted.write_text('[{"name": "search"}]')
    given = trialbook("trace", "show", traced, "--diff", "--expected", str(wanted))
    nothing = trialbook("trace", "show", traced, "--diff")

    assert told.code == 0, told
    assert "/q is 'coffee', not 'tea'" in told.out
    assert "missing" in told.out
    assert "precision 0.000, recall 0.000" in told.out
    assert f"http://jaeger:16686/trace/{traced}?uiFind=" in told.out
    assert "1 matched; precision 1.000" in given.out
    assert (nothing.code, "--expected" in nothing.err) == (1, True)


def test_the_explanation_of_a_score_leads_to_the_trajectory(
    trialbook: Trialbook, traced: str
) -> None:
    told = trialbook("score", "explain", "looked-at/1/trajectory_alignment")

    assert told.code == 0, told
    assert f"trace {traced}\n" in told.out
    assert "complete: 2 of 2 spans\ntrialbook trace show looked-at/1 --diff\n" in told.out


def test_programs_read_the_same(trialbook: Trialbook, traced: str) -> None:
    found = trialbook("trace", "show", "looked-at/1", "--format", "json").json()
    steps = trialbook("trace", "show", traced, "--format", "jsonl").lines()
    spans = trialbook("trace", "list-spans", traced, "--format", "jsonl").lines()
    diff = trialbook("trace", "show", "looked-at/1", "--diff", "--format", "json").json()

    assert found["state"]["trace_ids"][0] == traced
    assert [(step["place"], step["parent"], step["name"]) for step in steps] == [
        (1, 0, "shop"),
        (2, 1, "search"),
    ]
    assert steps[1]["args"] == {"q": "coffee"}
    assert found["trajectory"]["steps"] == steps
    assert [span["name"] for span in spans] == ["invoke_agent shop", "execute_tool search"]
    assert {row["match"] for row in diff["differences"]} == {"different", "missing"}
    assert trialbook("trace", "show", traced, "--raw").code == 0


def test_viewers_are_added_replaced_and_removed(trialbook: Trialbook) -> None:
    def names(told: Finished) -> list[str]:
        assert told.code == 0, told
        return [viewer["name"] for viewer in told.json()]

    table = ("trace", "viewers", "--project", "viewed", "--format", "json")
    assert names(
        trialbook(*table, "--add", "phoenix=http://p", "--add", "Mine=http://m/{trace}")
    ) == [
        "Phoenix",
        "Mine",
    ]
    assert names(trialbook(*table, "--remove", "Phoenix")) == ["Mine"]
    refused = trialbook(*table, "--add", "Bad=http://m")
    assert (refused.code, "{trace}" in refused.err) == (1, True)
    assert names(trialbook(*table)) == ["Mine"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "looked-at"], "neither RUN/NUMBER nor a trace id"),
        (["show", "looked-at/9"], "does not exist"),
        (["show", "f" * 32], "does not exist"),
        (["show", "looked-at/1", "--expected", "x"], "--diff"),
        (["viewers", "--add", "tempo=http://g"], "datasource"),
        (["viewers", "--remove", "None"], "no viewer 'None'"),
    ],
)
def test_mistakes_are_told(
    trialbook: Trialbook, traced: str, arguments: list[str], told: str
) -> None:
    finished = trialbook("trace", *arguments)

    assert (finished.code, finished.out) == (1, "")
    assert told in finished.err
    assert "Traceback" not in finished.err
