"""What is sent for each call and how its answer is read: one for both clients."""
