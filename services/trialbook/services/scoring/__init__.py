"""The built-in scorers: pure functions from a sample to a judgement."""
