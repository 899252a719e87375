"""What is put right in the steps once every span was read for itself: one module per pass."""
