"""What operators ask of the engine: instances, their history, how busy each place of a diagram is, and what is stuck."""
