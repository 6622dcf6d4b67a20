"""Estimators that learn with differential privacy: everything that they read from the rows is charged."""
