"""Clauses with variables renamed and in another order, so that each seed searches differently."""

import numpy as np
from numpy.typing import NDArray


class Shuffled:
    """One renaming of variables 1 to n, drawn from a seed, or none where the seed is None."""

    def __init__(self, num_variables: int, seed: int | None) -> None:
        self._rng = None if seed is None else np.random.default_rng(seed)
        order = np.arange(num_variables)
        self._new = order + 1 if self._rng is None else self._rng.permutation(order) + 1
        self._names: list[int] = [0, *self._new.tolist()]

    @property
    def count(self) -> int:
        """Number of variables n."""
        return len(self._new)

    def clause(self, literals: list[int]) -> list[int]:
        """The clause in the new names, literals in their order."""
        names = self._names
        return [names[literal] if literal > 0 else -names[-literal] for literal in literals]

    def order(self, count: int) -> list[int]:
        """An order of `count` clauses."""
        return list(range(count)) if self._rng is None else self._rng.permutation(count).tolist()

    def true(self, model: list[int], num_variables: int) -> NDArray[np.int64]:
        """Those of the first `num_variables` variables, by their old names, that `model` has true.

        Args:
            model: signed new names; a variable that is in no clause may be missing, and is false.
            num_variables: how many matter.
        """
        holds = np.zeros(len(self._names), bool)
        literals = np.array(model, np.int64)
        positive = literals[literals > 0]
        holds[positive[positive < len(holds)]] = True
        return np.flatnonzero(holds[self._new[:num_variables]]) + 1
