"""The lanes-last batching rule agrees with vmap, and keeps lanes last without transposes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp

from dnnbench.engine.lanes_last import lanes_last
from dnnbench.kernels.spmm import make_sparse, spmm

N, B = 7, 5


def _matrix():
    rng = np.random.default_rng(0)
    half = sp.random_array((N, N), density=0.4, rng=rng)
    return make_sparse(sp.csr_array(half + half.T), "ell", "float32")


FUNCTIONS = {
    "mixed": lambda x, s, w: x * w + s - w,
    "scalars": lambda x, s, w: jnp.where(s > 0, x, w) * jnp.clip(s, 0, 1),
    "reductions": lambda x, s, w: (x.sum() + jnp.argmax(x * w), (x > 0).any(), jnp.max(w)),
    "matrix": lambda x, s, w: jnp.outer(x, w).T @ x + s,
    "reshape": lambda x, s, w: jnp.stack([x, w]).reshape(-1)[::2].reshape(N, 1).squeeze(1),
    "indexing": lambda x, s, w: (x[2], w[1], x[jnp.argsort(w)], jnp.cumsum(x)),
    "concatenate": lambda x, s, w: jnp.concatenate([x[:2], w[:3], s[None]]),
    "loop": lambda x, s, w: jax.lax.fori_loop(0, 3, lambda i, c: c * s + w, x),
    "while": lambda x, s, w: jax.lax.while_loop(
        lambda c: jnp.sum(c) < 10, lambda c: c + 1 + jnp.abs(s), x
    ),
    "cond": lambda x, s, w: jax.lax.cond(s > 0, lambda v: v + w, lambda v: v - w, x),
    "random": lambda x, s, w: (
        x
        + jax.random.normal(jax.random.fold_in(jax.random.key(3), (s * 10).astype(jnp.int32)), (N,))
    ),
    "custom": lambda x, s, w: jax.nn.relu(x) + jax.nn.sigmoid(w * s),
    "gradient": lambda x, s, w: jax.grad(lambda v: jnp.sum(jnp.tanh(v * w) ** 2) * s)(x),
    "product": lambda x, s, w: spmm(_matrix(), x) * w + s,
    "product gradient": lambda x, s, w: jax.grad(lambda v: v @ spmm(_matrix(), v))(x),
    "unbatched": lambda x, s, w: (w, 2 * w.sum(), jnp.arange(3)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_agrees_with_vmap(name):
    rng = np.random.default_rng(1)
    x = jnp.asarray(rng.normal(size=(N, B)), jnp.float32)
    s = jnp.asarray(rng.normal(size=B), jnp.float32)
    w = jnp.asarray(rng.normal(size=N), jnp.float32)
    f = FUNCTIONS[name]
    ours = jax.jit(lanes_last(f, (True, True, False)))(x, s, w)
    theirs = jax.vmap(f, in_axes=(-1, -1, None), out_axes=-1)(x, s, w)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_no_transpose_where_shared_arrays_meet_lanes():
    def step(x, w):
        force = w - spmm(_matrix(), jnp.sign(x))
        return jnp.where(jnp.abs(x) > 1, jnp.sign(x), x + 0.1 * force)

    x, w = jnp.ones((N, B)), jnp.ones(N)
    ours = str(jax.make_jaxpr(lanes_last(step, (True, False)))(x, w))
    theirs = str(jax.make_jaxpr(jax.vmap(step, in_axes=(-1, None), out_axes=-1))(x, w))
    assert "transpose" not in ours
    assert "transpose" in theirs
