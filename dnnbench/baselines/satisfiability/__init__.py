"""Classical solvers for formulas."""
