"""The equations, one a file; a new one needs nothing else but its YAML in `configs/problem/`."""
