"""Solvers of linear and quadratic programs, each a library in a process of its own.

SciPy's `linprog` is not among them: its methods of its own were removed in SciPy 1.11, what is left
is HiGHS once more, and `scipy.optimize.minimize` has no method for programs of this size.
"""
