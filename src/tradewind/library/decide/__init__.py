"""Pure decisions of the library."""
