"""The contract of Trialbook: messages and gRPC stubs."""
