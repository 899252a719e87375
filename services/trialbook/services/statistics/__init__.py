"""What figures can say: intervals, tests and agreement. Pure functions over numbers."""
