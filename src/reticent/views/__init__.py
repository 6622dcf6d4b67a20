"""A result's dict in, a document out."""
