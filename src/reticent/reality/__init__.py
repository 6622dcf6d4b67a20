"""Is the epsilon real? Tests that a claim of differential privacy must survive, and that planted bugs do not."""
