"""Evaluate a function in one file, without a server of one's own."""

from __future__ import annotations

from trialbook.client import Scorer, evaluate

CAPITALS = {"France": "Paris", "Japan": "Tokyo", "Australia": "Sydney"}


def capital_of(country: str) -> str:
    return CAPITALS.get(country, "I do not know")


def is_one_word(output: str) -> bool:
    return " " not in output


summary = evaluate(
    target=capital_of,
    data=[
        {"input": "France", "expected": "Paris"},
        {"input": "Japan", "expected": "Tokyo"},
        {"input": "Australia", "expected": "Canberra"},
        {"input": "Peru", "expected": "Lima"},
    ],
    scorers=["exact_match", Scorer("levenshtein", threshold=0.8), is_one_word],
)
print(summary)
for result in summary:
    print(result.item_id, result.output)
