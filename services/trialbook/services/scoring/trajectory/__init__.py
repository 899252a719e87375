"""The scorers of what a target did: its trajectory, against expectations, rules and budgets."""
