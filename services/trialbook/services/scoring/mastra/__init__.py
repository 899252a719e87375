"""Mastra's scorers of trajectories, under their names, for teams that move over."""
