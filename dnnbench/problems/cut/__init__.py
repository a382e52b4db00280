"""Cut problems on weighted graphs."""
