"""Spans, messages and step results to trajectories: pure, and knows neither storage nor scorers."""
