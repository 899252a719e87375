"""AGNT5's `structured_assertions`: a small bounded language of boolean expressions over JSON."""
