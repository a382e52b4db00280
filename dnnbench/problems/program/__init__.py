"""Linear and convex quadratic programs, answered by primal and dual points together."""
