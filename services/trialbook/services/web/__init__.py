"""The HTTP server that several doors share: their routes are handed in."""
