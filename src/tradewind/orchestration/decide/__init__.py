"""Pure decisions of the stream engine: `compile` reads diagrams, `play` moves tokens, `state_json` stores states."""
