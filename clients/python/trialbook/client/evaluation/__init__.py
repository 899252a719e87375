"""One call that evaluates a function: data, target and scorers in, a summary out."""

from trialbook.client.evaluation.embedded import ServiceNotInstalled
from trialbook.client.evaluation.evaluate import evaluate, evaluate_async
from trialbook.client.evaluation.summary import EvaluationSummary

__all__ = ["EvaluationSummary", "ServiceNotInstalled", "evaluate", "evaluate_async"]
