"""Frameworks, one file each: trees, coefficients, how to clone and refit. Attacks ask them through the protocols."""
