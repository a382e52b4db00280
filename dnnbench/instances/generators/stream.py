"""Random numbers that stay the same across releases of NumPy.

NumPy keeps the raw words of a bit generator fixed for ever but not what `Generator` makes of them
(NEP 19), so the few distributions needed here are derived from the words by hand.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from dnnbench.errors import UserError

_UNIT = 2.0**-53


class Stream:
    """Random numbers fixed by a seed alone.

    Attributes:
        seed: a non-negative integer.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        if seed < 0:
            raise UserError(f"a seed is a whole number from 0, not {seed}")
        self._bits = np.random.PCG64(seed)

    def words(self, count: int) -> NDArray[np.uint64]:
        """Uniform 64-bit words [count]."""
        return np.asarray(self._bits.random_raw(count), np.uint64)

    def below(self, bound: int, count: int) -> NDArray[np.int64]:
        """Integers uniform in [0, bound), by rejection [count]."""
        largest = np.uint64(2**64 - 2**64 % bound - 1)
        kept = np.zeros(0, np.uint64)
        while len(kept) < count:
            more = self.words(count - len(kept))
            kept = np.concatenate([kept, more[more <= largest]])
        return (kept % np.uint64(bound)).astype(np.int64)

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Floats uniform in the open interval (0, 1) [count]."""
        return ((self.words(count) >> np.uint64(11)).astype(np.float64) + 0.5) * _UNIT

    def permutation(self, size: int) -> NDArray[np.int64]:
        """A random order of 0 .. size - 1 [size]."""
        return np.argsort(self.words(size), kind="stable")

    def signs(self, count: int) -> NDArray[np.int64]:
        """+1 or -1 with equal chance [count]."""
        return (self.words(count) >> np.uint64(63)).astype(np.int64) * 2 - 1

    def normal(self, count: int) -> NDArray[np.float64]:
        """Standard normal numbers rounded to 6 decimals, which hides the last bits of libm."""
        values: NDArray[np.float64] = np.asarray(ndtri(self.uniform(count)), dtype=np.float64)
        return np.round(values, 6)
