"""Pure decisions of the rules engine: `feel` reads and evaluates expressions, `dmn` decision models, `tck` the kit's cases."""
