"""Problems of ten parameters, in JAX for the optimisers and in NumPy for what they must do."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from dnnbench.engine.contract import Oracle

SIZE = 10
START = np.array([0.4, 1.0, -0.7, 0.6, 0.3, -0.4, 0.9, 1.3, -0.2, 0.5])


def tree(x):
    """The parameters as a tree whose leaves are ravelled in another order than they have in `x`."""
    x = jnp.asarray(x)
    return {"b": x[:4], "a": x[4:].reshape(2, 3)}


def untree(params):
    """What `tree` was made of."""
    return jnp.concatenate([params["b"], params["a"].ravel()])


def rosenbrock(x):
    """Residuals [18] of the chained Rosenbrock function, whose minimum is 0 at (1, ..., 1)."""
    return jnp.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])


def rosenbrock_numpy(x):
    """(residuals, Jacobian) of the same."""
    n = x.size
    r = np.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])
    jacobian = np.zeros((2 * n - 2, n))
    i = np.arange(n - 1)
    jacobian[i, i + 1] = 10
    jacobian[i, i] = -20 * x[:-1]
    jacobian[n - 1 + i, i] = -1
    return r, jacobian


def value_and_gradient(x):
    """(mean square, gradient) of the Rosenbrock residuals, in NumPy."""
    r, jacobian = rosenbrock_numpy(x)
    return np.mean(r**2), 2 * jacobian.T @ r / r.size


def mean_square(residuals):
    """The loss of a function x [P] -> residuals."""
    return lambda x: jnp.mean(residuals(x) ** 2)


# What a loss of the family below is a sum of; compiling is most of a test's time.
_TERMS = {
    "rosenbrock": mean_square(rosenbrock),
    "far": lambda x: 0.1 * jnp.sum((x - 3) ** 2),
    "bowl": lambda x: 1.0 + 1e-3 * x @ x,
    "wells": lambda x: jnp.sum((x**2 - 1) ** 2) + 1e-3 * jnp.sum(x),
    "broken": jnp.sum,
}


def family(**weights):
    """Traced weights of the terms: rosenbrock, far, bowl, wells, broken (to be NaN)."""
    return {name: jnp.asarray(weights.get(name, 0.0), float) for name in _TERMS}


def member(x, weights):
    """The loss with these weights."""
    return sum(weights[name] * term(x) for name, term in _TERMS.items())


def oracle(loss, residuals=None, unpack=lambda params: params):
    """What an optimiser may ask; `unpack` turns its parameters into x [P]."""

    def value(params):
        return loss(unpack(params)), ()

    def jacobian(params):
        x, restore = ravel_pytree(params)
        return (
            residuals(unpack(params)),
            jax.jacrev(lambda v: residuals(unpack(restore(v))))(x),
        )

    return Oracle(value, jax.value_and_grad(value, has_aux=True), None, jacobian)


@functools.lru_cache(maxsize=32)
def _step(optimizer, asked):
    """Compiled once for all tests of a module that ask the same."""

    def step(params, state, hp):
        here = oracle(lambda x: member(x, hp)) if asked is None else asked
        return optimizer.update(here, params, state, hp)[:3]

    return jax.jit(step)


def walk(optimizer, asked, params, steps, state=None, hp=None):
    """[(params, state, loss before the step)] after each of so many steps.

    Without an oracle, `hp` are the weights of a `family`, Rosenbrock's function unless they say
    otherwise.
    """
    if hp is None:
        hp = family(rosenbrock=1) if asked is None else {}
    step = _step(optimizer, asked)
    state = optimizer.init(params, hp) if state is None else state
    path = []
    for _ in range(steps):
        params, state, value = step(params, state, hp)
        path.append((params, state, float(value)))
    return path


def counted(loss):
    """(the loss, a list that grows by one whenever it is really computed)."""
    calls = []
    zero = np.zeros((), np.float32)  # the callback's thread knows no other type

    def note(_):
        calls.append(1)
        return zero

    def counting(x):
        shape = jax.ShapeDtypeStruct((), zero.dtype)
        return loss(x) + jax.pure_callback(note, shape, jax.lax.stop_gradient(x[0]))

    return counting, calls
