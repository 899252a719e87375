"""A worker in twenty lines: answers what a currency amount is worth in euros."""

from __future__ import annotations

from trialbook.client import Worker

RATES = {"USD": 0.92, "GBP": 1.17, "CHF": 1.04}

worker = Worker()


@worker.target("euros")
def euros(payment: dict[str, str | float]) -> str:
    rate = RATES[str(payment["currency"])]
    return f"{float(payment['amount']) * rate:.2f} EUR"


if __name__ == "__main__":
    worker.run()
