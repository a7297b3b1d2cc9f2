"""Standing orders and their periods."""
