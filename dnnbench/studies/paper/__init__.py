"""A paper from a description: its sweeps, a table and a figure a family, and the text around."""
