"""Commands and queries, one module per noun, and the ports they need."""
