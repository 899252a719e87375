"""Run an agent in a loop of one's own, as in a CI job, and have it judged and gated.

It needs a server, which TRIALBOOK_ADDRESS names, and no worker. Killed and started again with the
same JOB, it goes on where it was. Exits with 2 if the gate does not pass.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time

from trialbook.client import AlreadyExists, Client, Condition, Gate

RATES = {"USD": 0.92, "GBP": 1.17}
CASES = [
    {"id": "dollars", "input": {"amount": 10, "currency": "USD"}, "expected": "9.20 EUR"},
    {"id": "pounds", "input": {"amount": 5, "currency": "GBP"}, "expected": "5.85 EUR"},
    {"id": "crowns", "input": {"amount": 100, "currency": "SEK"}, "expected": "8.70 EUR"},
]
GATE = Gate([Condition.pass_rate("exact_match", at_least=0.6)])


def euros(payment: dict[str, str | float]) -> str:
    rate = RATES[str(payment["currency"])]
    return f"{float(payment['amount']) * rate:.2f} EUR"


def prepare(client: Client) -> None:
    """Make the dataset and the experiment, unless they are there."""
    with contextlib.suppress(AlreadyExists):
        client.datasets.create("payments")
    client.datasets.add_items("payments", CASES)
    try:
        client.experiments.create(
            "payments", dataset="payments", target="euros", scorers=["exact_match"], gate=GATE
        )
    except AlreadyExists:
        client.experiments.update("payments", gate=GATE)


def main() -> int:
    with Client() as client:
        prepare(client)
        with client.runs.drive(
            "payments", run_id=os.environ.get("JOB"), target_revision="4f2a91c"
        ) as run:
            for item in run.items():
                began = time.perf_counter()
                try:
                    answer = euros(item.input)
                except KeyError as error:
                    run.fail(item, error)
                else:
                    run.submit(item, answer, latency=time.perf_counter() - began)
        verdict = client.runs.wait(run).gate_verdict
        for finding in verdict.findings if verdict else ():
            print(f"{finding.verdict}: {finding.explanation}")
        return 0 if verdict and verdict.passed else 2


if __name__ == "__main__":
    sys.exit(main())
