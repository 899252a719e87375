"""The aggregates and value objects: no transport, no storage."""
