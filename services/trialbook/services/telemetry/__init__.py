"""The service's own traces and metrics, for those who operate it. Off unless OTEL_* asks for it."""
