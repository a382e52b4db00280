"""Reference solutions: exact formulas, or solvers that prove how accurate they are (NumPy, SciPy).

Every reference has `domain` (one interval a column of the points), `evaluate(points)`, which
gives float64 values at points [n, d] of the closed domain, and `accuracy`, a bound on or an
estimate of the absolute error of those values; its docstring says which, and what shows it.
"""
