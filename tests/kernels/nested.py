"""What jets are held against: nested automatic differentiation, one point at a time."""

import jax
import jax.numpy as jnp
import numpy as np


def nested(f, points, directions):
    """Rows of the jet of f: [d] -> [w], from `jax.jacfwd` and `jax.hessian`."""
    rows = [jax.vmap(f)(points)]
    if directions.first:
        jacobian = jax.vmap(jax.jacfwd(f))(points)
        rows += [jacobian[..., i] for i in range(directions.coordinates)]
    if directions.second:
        hessian = jax.vmap(jax.hessian(f))(points)
        rows += [sum(w * hessian[..., i, j] for i, j, w in c) for c in directions.second]
    return jnp.concatenate(rows)


def close(got, wanted, tolerance=1e-12):
    """Equal to `tolerance` of the largest entry."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance * np.abs(wanted).max())


def once(f, *args):
    """f(*args), compiled with little optimisation: the compiler is what costs time here."""
    fast = {"xla_backend_optimization_level": 0}
    return jax.jit(f).lower(*args).compile(compiler_options=fast)(*args)
