"""Arrays in, Estimates out: nothing here knows of models."""
