"""What each convention of instrumentation calls things: tables only, that one engine reads."""
