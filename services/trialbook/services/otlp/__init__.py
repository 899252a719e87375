"""Receives OpenTelemetry's spans and log records, over gRPC and HTTP, and passes copies on."""
