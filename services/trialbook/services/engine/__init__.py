"""The run engine: leases out work, records what comes of it, never loses any."""
