"""Decision tables as kept: versions, tests, and the decisions made by them."""
