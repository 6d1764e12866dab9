"""What we decide: pure functions of state, message and time."""
