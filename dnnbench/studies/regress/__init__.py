"""The regression gate: a small sweep held against its reference, quality and speed."""
