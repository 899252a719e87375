"""AGNT5's scorers of traces, under their names, for teams that move over."""
