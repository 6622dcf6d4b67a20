"""Claims: a catalogue of duties (data) and one checker for each."""
