"""Spans of attempts: who they belong to, how many there are, and their way to the service.

`collector`, `encoding`, `provider` and `sender` need `trialbook-client[traces]`; the rest does not.
"""
