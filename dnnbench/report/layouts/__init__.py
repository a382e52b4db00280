"""How a table of cells is written: one file for each format."""
