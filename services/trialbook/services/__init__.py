"""The Trialbook service: versioned datasets, experiments, runs and scores over gRPC."""
