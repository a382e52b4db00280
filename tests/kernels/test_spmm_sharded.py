"""Eight forced host devices against one; in a process of its own, since JAX fixes them at start."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh, PartitionSpec as P
from dnnbench.kernels.spmm import make_sparse, spmm
from tests.kernels.matrices import states, symmetric

assert len(jax.devices()) == 8
mesh = Mesh(np.array(jax.devices()), ("lanes",))

def step(A, x):
    grad = jax.vmap(jax.grad(lambda x: jnp.sum(jnp.sin(spmm(A, x)) * x)), in_axes=-1, out_axes=-1)
    return jax.lax.fori_loop(0, 3, lambda _, y: y - 0.1 * grad(y), x)

csr = symmetric("weighted")
x = states((60, 32))
for kernel in ("ell", "bcsr"):
    A = make_sparse(csr, kernel, "float32")
    spec = P(None, "lanes")
    for kind in ({}, {"check_vma": False})[: 2 if kernel == "ell" else 1]:
        sharded = jax.shard_map(step, mesh=mesh, in_specs=(P(), spec), out_specs=spec, **kind)
        one = np.concatenate(
            [np.asarray(jax.jit(step)(A, x[:, 4 * i : 4 * i + 4])) for i in range(8)], axis=1
        )
        np.testing.assert_array_equal(np.asarray(jax.jit(sharded)(A, x)), one)
        np.testing.assert_allclose(jax.jit(step)(A, x), one, rtol=1e-4, atol=1e-5)

# A matrix of its own on every device, the state shared: the product differs by device.
stack = [make_sparse(s * csr, "ell", "float32") for s in range(8)]
stack = jax.tree.map(lambda *leaves: jnp.stack(leaves), *stack)
def own(A, x):
    return spmm(jax.tree.map(lambda leaf: leaf[0], A), x)[None]
sharded = jax.shard_map(own, mesh=mesh, in_specs=(P("lanes"), P()), out_specs=P("lanes"))
expected = np.stack([s * (csr @ x[:, 0]) for s in range(8)])
np.testing.assert_allclose(jax.jit(sharded)(stack, x[:, 0]), expected, rtol=1e-5, atol=1e-5)

# The gradient in the shared state adds up what every device contributes.
def total(A, x):
    return jax.lax.psum(jnp.sum(jnp.sin(own(A, x))), "lanes")
summed = jax.shard_map(total, mesh=mesh, in_specs=(P("lanes"), P()), out_specs=P())
got = jax.jit(jax.grad(summed, 1))(stack, x[:, 0])
dense = np.stack([s * csr.toarray() for s in range(8)]).astype(np.float32)
expected = jax.grad(lambda x: jnp.sum(jnp.sin(dense @ x)))(x[:, 0])
np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
print("equal")
"""


def test_eight_devices_equal_one():
    root = Path(__file__).parents[2]
    flags = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE],
        cwd=root,
        env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "equal"
