"""Mechanisms: what answers a question about people's rows with noise, and says what that cost."""
