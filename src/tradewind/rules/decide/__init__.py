"""Pure decisions of the rules engine: `feel` reads and evaluates expressions."""
