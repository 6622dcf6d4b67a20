"""Attacks: each is one file that tells its scenario, a pure function from arrays to scores, and a thin run."""
