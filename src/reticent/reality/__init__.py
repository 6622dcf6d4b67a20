"""Is an epsilon real? Tests that a claim of differential privacy has to survive, and that planted bugs do not."""
