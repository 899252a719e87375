"""An example worker: a small customer-support agent that uses tools, and a scorer that judges it.

The agent reads a question, decides which tools it needs, calls them and words an answer. It needs
no model: its rules are deterministic, and so are its mistakes, of which it makes a few. What it
does it writes down as spans, as OpenTelemetry's conventions for agents have it; the worker sends
them to Trialbook with each result.

    trialbook worker run clients/python/examples/demo/support_agent.py:worker
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import re
import zlib
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, TypeVar

from opentelemetry import trace

from trialbook.client import FinalError, NotEvaluable, Score, TaskContext, UnavailableError, Worker

SHOP = json.loads(Path(__file__).with_name("shop.json").read_text(encoding="utf-8"))
ORDER_ID = re.compile(r"\b[A-Z]-\d{4}\b")
CURRENCY = re.compile(r"\bin ([A-Z]{3})\b")
PURCHASE = re.compile(r"(\d+) [a-z ]+? at (\d+(?:\.\d+)?) ([A-Z]{3})")
PERCENT_OFF = re.compile(r"(\d+)\s?% off")
CENT = Decimal("0.01")
OUT_OF_SCOPE = "I can help with orders, refunds, deliveries and our policies."

tracer = trace.get_tracer("support_agent")
worker = Worker(revision="2026-03", traces=True)
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class OrderRecordDamagedError(Exception):
    """The order system holds a record that cannot be read."""


# What is written down ----------------------------------------------------------------------------


def tool(function: FunctionT) -> FunctionT:
    """Make each call of a function a span that tells its arguments and its result."""
    name = function.__name__
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with tracer.start_as_current_span(f"execute_tool {name}") as span:
            arguments = signature.bind(*args, **kwargs).arguments
            span.set_attribute("gen_ai.operation.name", "execute_tool")
            span.set_attribute("gen_ai.tool.name", name)
            span.set_attribute("gen_ai.tool.call.arguments", json.dumps(arguments, default=str))
            result = function(*args, **kwargs)
            span.set_attribute("gen_ai.tool.call.result", json.dumps(result, default=str))
            return result

    return call  # type: ignore[return-value]


async def decide(question: str) -> list[str]:
    """Stand for the model, which says what the question is about: the orders that it names."""
    with tracer.start_as_current_span("chat rules") as span:
        await asyncio.sleep(thinking_time(question))
        found = ORDER_ID.findall(question)
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.request.model", "rules")
        span.set_attribute("gen_ai.usage.input_tokens", len(question.split()))
        span.set_attribute("gen_ai.usage.output_tokens", len(found))
        return found


# The tools ---------------------------------------------------------------------------------------


@tool
def lookup_order(order_id: str) -> dict[str, Any] | None:
    """Return an order, or None if the shop has none of that number."""
    order: dict[str, Any] | None = SHOP["orders"].get(order_id)
    if order is not None and order.get("damaged"):
        raise OrderRecordDamagedError(f"the order system cannot read the record of {order_id}")
    return order


@tool
def search_policy(question: str) -> str | None:
    """Return the policy that shares most words with the question, or None if none shares any."""
    words = set(re.findall(r"[a-z]+", question.lower()))
    hits = {
        name: len(words.intersection(policy["keywords"]))
        for name, policy in SHOP["policies"].items()
    }
    best = max(hits, key=lambda name: hits[name])
    return str(SHOP["policies"][best]["text"]) if hits[best] else None


@tool
def convert_currency(amount: Decimal, source: str, destination: str) -> Decimal:
    """Convert an amount; a currency without a rate ends the attempt for good."""
    rates = SHOP["rates_to_usd"]
    if destination not in rates:
        raise FinalError(f"there is no exchange rate for {destination}; known: {', '.join(rates)}")
    return amount * Decimal(rates[source]) / Decimal(rates[destination])


@tool
def calculate_total(lines: list[list[Any]]) -> Decimal:
    """Add up order lines of name, quantity and unit price."""
    return sum((quantity * Decimal(price) for _, quantity, price in lines), Decimal(0))


# The agent ---------------------------------------------------------------------------------------


def answer(question: str, order_ids: list[str]) -> str:
    """Use the tools for what is asked and word the answer."""
    if order_ids:
        # Looks at one order only: a question about two of them gets half an answer.
        return answer_about_order(question.lower(), question, order_ids[0])
    purchase = PURCHASE.search(question)
    if purchase:
        return quote_purchase(question, purchase)
    return search_policy(question) or OUT_OF_SCOPE


def answer_about_order(lowered: str, question: str, order_id: str) -> str:
    """Answer a question that names an order."""
    order = lookup_order(order_id)
    if order is None:
        return f"I cannot find order {order_id}. Please check the number."
    currency = CURRENCY.search(question)
    if currency:
        return state_total(order_id, order, currency.group(1))
    if "cancel" in lowered:
        return say_whether_cancellable(order_id, order)
    if "back" in lowered or "refund" in lowered:
        # Forgets that a discount was taken off what the customer paid.
        total = calculate_total(order["lines"])
        return f"You will get {money(total, order['currency'])} back for order {order_id}."
    if "total" in lowered or "cost" in lowered:
        return state_total(order_id, order, order["currency"])
    return describe_delivery(order_id, order)


def state_total(order_id: str, order: Mapping[str, Any], currency: str) -> str:
    """Say what an order comes to, with shipping, in a currency."""
    total = calculate_total(order["lines"]) * (100 - order.get("discount_percent", 0)) / 100
    total += Decimal(order["shipping"])
    amount = convert_currency(total, order["currency"], currency)
    return f"Order {order_id} comes to {money(amount, currency)}."


def say_whether_cancellable(order_id: str, order: Mapping[str, Any]) -> str:
    """Only what is not on its way yet can be cancelled."""
    if order["status"] == "processing":
        return f"Yes, order {order_id} can still be cancelled."
    return f"No, order {order_id} is {order['status']} and cannot be cancelled any more."


def describe_delivery(order_id: str, order: Mapping[str, Any]) -> str:
    """Say where an order is."""
    if order["status"] == "delivered":
        return f"Order {order_id} was delivered on {order['arrives']}."
    if order["arrives"] is None:
        return f"Order {order_id} is {order['status']}."
    return f"Order {order_id} is {order['status']} and should arrive on {order['arrives']}."


def quote_purchase(question: str, purchase: re.Match[str]) -> str:
    """Say what a purchase would come to."""
    quantity, price, currency = purchase.groups()
    total = calculate_total([["", int(quantity), price]])
    reduction = PERCENT_OFF.search(question)
    if reduction:
        total = total * (100 - int(reduction.group(1))) / 100
    return f"That comes to {money(total, currency)}."


def money(amount: Decimal, currency: str) -> str:
    """Word an amount. Wrong for the yen, which has no cents."""
    return f"{amount.quantize(CENT, ROUND_HALF_UP)} {currency}"


# What the worker hosts ---------------------------------------------------------------------------


@worker.target("support_agent", kind="agent")
async def support_agent(case: dict[str, str], task: TaskContext) -> str:
    question = case["question"]
    with tracer.start_as_current_span("invoke_agent support_agent") as span:
        span.set_attribute("gen_ai.operation.name", "invoke_agent")
        span.set_attribute("gen_ai.agent.name", "support_agent")
        order_ids = await decide(question)
        if "urgent" in question.lower() and task.attempt == 1:
            raise UnavailableError("the order system is busy")
        return answer(question, order_ids)


def thinking_time(question: str) -> float:
    """Simulated latency in seconds: 20 to 200 ms, always the same for one question."""
    return 0.02 + 0.18 * (zlib.crc32(question.encode()) % 1000) / 1000


@worker.scorer("key_facts", version=1, direction="higher_is_better", minimum=0, maximum=1)
def key_facts(output: str, metadata: dict[str, Any]) -> Score | NotEvaluable:
    """The share of the facts in the item's metadata that the answer states."""
    facts: list[str] = metadata.get("facts", [])
    if not facts:
        return NotEvaluable("the item's metadata names no facts")
    missing = [fact for fact in facts if fact not in output]
    return Score(
        1 - len(missing) / len(facts),
        passed=not missing,
        label="complete" if not missing else "incomplete",
        reason=f"missing: {', '.join(missing)}" if missing else "states every fact",
    )


if __name__ == "__main__":
    worker.run()
