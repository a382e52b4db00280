"""Records: what a trial leaves behind, and the store that keeps it."""
