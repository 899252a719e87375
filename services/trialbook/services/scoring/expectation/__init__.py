"""What an item says that the target should do: the expected trajectory as data."""
