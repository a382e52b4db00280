"""Dropout that draws as few random bits as its rate needs."""

import flax.linen as nn
import jax
import jax.numpy as jnp

_WORD = 32


class Dropout(nn.Module):
    """Zero each entry with probability `rate` and scale the others by 1 / (1 - rate).

    One random word serves several entries where the rate is a multiple of 2^-k with a small k (one
    bit an entry for 1/2): random numbers cost more than a small layer's products on a CPU.

    Attributes:
        rate: probability of a zero, below 1; rounded to a multiple of 2^-32.
    """

    rate: float

    @nn.compact
    def __call__(self, x: jax.Array, key: jax.Array) -> jax.Array:
        """Drop entries of [n, d]."""
        if self.rate == 0:
            return x
        # Kept apart from its readers, or the mask is drawn again for each of them.
        kept = jax.lax.optimization_barrier(keep_mask(key, x.shape, self.rate))
        return jnp.where(kept, x / (1 - self.rate), 0)


def bits_needed(rate: float) -> int:
    """The least of 1, 2, 4, ..., 32 bits of which `rate` is a multiple of 2^-bits, else 32."""
    bits = 1
    while bits < _WORD and rate * 2**bits != int(rate * 2**bits):
        bits *= 2
    return bits


def keep_mask(key: jax.Array, shape: tuple[int, ...], rate: float) -> jax.Array:
    """Independent booleans [n, d], each False with probability `rate`."""
    n, d = shape
    bits = bits_needed(rate)
    each = _WORD // bits
    words = jax.random.bits(key, (n, -(-d // each)), jnp.uint32)
    shifts = jnp.arange(each, dtype=jnp.uint32) * jnp.uint32(bits % _WORD)
    fields = (words[:, :, None] >> shifts) & jnp.uint32(2**bits - 1)
    return fields.reshape(n, -1)[:, :d] >= jnp.uint32(min(round(rate * 2**bits), 2**_WORD - 1))
