"""What happened to people's data (events), apart from what it costs (accountants)."""
