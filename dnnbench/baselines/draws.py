"""Random numbers of the compiled kernels; importing it needs numba."""

import numpy as np

from dnnbench.baselines.local_search_kernel import compiled


@compiled
def below(draw: np.ndarray, count: int) -> int:
    """A number from 0 to `count` - 1.

    The generator is xorshift with 64 bits (Marsaglia, J. Stat. Softw. 8(14), 2003); its lowest
    bits, the least random ones, are left out.

    Args:
        draw: uint64 [1], its state, not 0; updated.
        count: at least 1.
    """
    state = draw[0]
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    draw[0] = state
    return int((state >> np.uint64(11)) % np.uint64(count))


def seeded(rng: np.random.Generator) -> np.ndarray:
    """A state for `below`, uint64 [1]."""
    return rng.integers(1, 2**63, size=1, dtype=np.uint64)


@compiled
def unit(draw: np.ndarray) -> float:
    """A number from [0, 1), a multiple of 2^-53; `draw` as for `below`."""
    return below(draw, 1 << 53) * 2.0**-53
