"""What the service keeps, as frozen Python values."""
