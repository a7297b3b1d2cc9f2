"""The stream engine: runs value streams drawn as BPMN 2.0, and knows no commerce.

For: turning a diagram into a graph (`decide.compile`), moving tokens over it (`decide.play`), and keeping instances,
messages, timers, tasks and incidents as rows, so that waiting costs no thread and a restart loses nothing.

Invariants:
- A diagram runs only if every element in it is understood; what is not supported is refused by name, never ignored.
- The token game is a pure function: same graph, state, answer and instant give the same turn; no clock, no database.
- It is total and bounded: an unknown token, a loop without a wait or a key without a value is a named refusal, and a
  refused move changes nothing.
- A token is neither lost nor doubled: a join takes exactly one per incoming flow; an id rests at one place once.
- Every instance that has not ended has a step to run, or waits for a message, a timer or a person.
- Expressions are handed in as a reader (`model.ExpressionReader`): the engine does not depend on the language.
"""
