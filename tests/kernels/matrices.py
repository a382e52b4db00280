"""Small symmetric matrices and helpers for the tests of the sparse products."""

import contextlib

import jax
import numpy as np
import scipy.sparse as sp

SPARSE_KERNELS = ("ell", "bcsr", "coo", "sell", "dense")
KINDS = ("unit", "signed", "weighted", "empty", "isolated", "star", "wide")


def symmetric(kind: str, n: int = 60, seed: int = 0) -> sp.csr_array:
    """A symmetric matrix [n, n] with zero diagonal, in float64."""
    rng = np.random.default_rng(seed)
    density = {"empty": 0.0, "isolated": 0.02, "star": 0.03, "wide": 0.9}.get(kind, 0.1)
    upper = np.triu(rng.random((n, n)) < density, 1)
    if kind == "isolated":
        upper[:5] = False
        upper[:, 20:25] = False
    if kind == "star":
        upper[0, 1:] = True
    weights = np.ones((n, n))
    if kind == "signed":
        weights = rng.choice([-1.0, 1.0], size=(n, n))
    if kind == "weighted":
        weights = rng.normal(size=(n, n))
    matrix = np.where(upper, weights, 0.0)
    return sp.csr_array(matrix + matrix.T)


def states(shape: tuple[int, ...], dtype: str = "float32", seed: int = 1) -> np.ndarray:
    """Normal numbers of a shape."""
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def x64(enabled: bool) -> contextlib.AbstractContextManager:
    """A context with 64-bit types."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(enabled)
    from jax.experimental import enable_x64

    return enable_x64(enabled)


def products(jaxpr) -> list[tuple[int, ...]]:
    """The shapes of x in all `spmm` calls of a jaxpr, inner ones included."""
    found = []
    for equation in jaxpr.eqns:
        if equation.primitive.name == "spmm":
            found.append(tuple(equation.invars[-1].aval.shape))
        for inner in jax.tree.leaves(
            list(equation.params.values()), is_leaf=lambda leaf: hasattr(leaf, "eqns")
        ):
            inner = getattr(inner, "jaxpr", inner)
            if hasattr(inner, "eqns"):
                found += products(inner)
    return found
