"""Classical discretisations of the differential equations (NumPy, SciPy, scikit-fem).

Every function takes a resolution and the equation's coefficients, and gives a `Solution`, which
can be asked for values anywhere in the closed domain. `SCHEMES` of a module says which function
is for which problem. None of them sees a reference solution; right sides, initial values and
boundary values are the problem's data.
"""
