"""A table of any kind as codes: what partitions, risks and suggestions count with."""
