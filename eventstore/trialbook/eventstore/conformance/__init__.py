"""The suite that every backend of the store must pass; whoever writes one can run it too."""
