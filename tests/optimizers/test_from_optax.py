"""Adam with a decaying rate, against NumPy."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from dnnbench.errors import UserError
from dnnbench.optimizers.from_optax import FromOptax, adam
from tests.optimizers.problems import (
    START,
    mean_square,
    oracle,
    rosenbrock,
    value_and_gradient,
    walk,
)

ASKED = oracle(mean_square(rosenbrock))


@pytest.mark.parametrize("decay", [(1.0, None), (0.98, 1), (0.5, 3)])
def test_five_steps_of_adam(decay):
    rate, every = decay
    b1, b2, eps, learning_rate = 0.99, 0.999, 1e-20, 5e-3
    optimizer = adam(b1=b1, b2=b2, eps=eps, decay_rate=rate, decay_every=every)
    hp = {"learning_rate": jnp.asarray(learning_rate)}
    path = walk(optimizer, ASKED, jnp.asarray(START), 5, hp=hp)
    x, m, v = START.copy(), np.zeros(10), np.zeros(10)
    for t, (params, _, reported) in enumerate(path):
        value, g = value_and_gradient(x)
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        mean, square = m / (1 - b1 ** (t + 1)), v / (1 - b2 ** (t + 1))
        x = x - learning_rate * rate ** (t / (every or 1)) * mean / (np.sqrt(square) + eps)
        assert reported == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(params, x, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decay_rate": 0.9}, "needs decay_every"),
        ({"decay_rate": 0.0, "decay_every": 5}, "must be positive"),
        ({"decay_every": 0}, "must be positive"),
    ],
)
def test_bad_decay(options, message):
    with pytest.raises(UserError, match=message):
        adam(**options)


def test_a_line_search_of_optax_is_given_the_loss():
    optimizer = FromOptax(lambda hp: optax.polyak_sgd(), frozenset({"grad", "value", "frozen"}))
    path = walk(optimizer, ASKED, jnp.asarray(START), 2)
    x = START.copy()
    for params, _, _ in path:
        value, g = value_and_gradient(x)
        x = x - min(value / (g @ g), 1.0) * g
        np.testing.assert_allclose(params, x, rtol=0, atol=1e-10)
