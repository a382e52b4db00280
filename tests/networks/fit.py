"""A few steps of Adam on one image."""

import jax
import jax.numpy as jnp
import optax


def losses(network, params, x, target, steps, learning_rate):
    """Mean squared error before each step, inside one compiled loop, and the last parameters."""
    optimizer = optax.adam(learning_rate)

    def loss(params):
        return jnp.mean((network.apply(params, x) - target) ** 2)

    def step(state, _):
        value, gradient = jax.value_and_grad(loss)(state[0])
        updates, moments = optimizer.update(gradient, state[1], state[0])
        return (optax.apply_updates(state[0], updates), moments), value

    def run(params):
        return jax.lax.scan(step, (params, optimizer.init(params)), None, steps)

    (params, _), values = jax.jit(run)(params)
    return values, params


def count(params):
    """Number of parameters."""
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def disc(h, w, channels=1):
    """An image with an edge and a slope, in [0, 1]."""
    rows, columns = jnp.linspace(-1, 1, h)[:, None], jnp.linspace(-1, 1, w)[None]
    image = jnp.where(rows**2 + columns**2 < 0.4, 0.9, 0.3 + 0.2 * rows)
    return jnp.repeat(image[..., None], channels, axis=2)
