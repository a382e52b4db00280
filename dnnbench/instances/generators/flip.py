"""Knuth's portable random numbers, `GB_FLIP` of the Stanford GraphBase.

The subtractive lagged sequence x[k] = x[k-55] - x[k-24] mod 2^31.
Source: D. E. Knuth, The Stanford GraphBase, Addison-Wesley 1993, chapter GB_FLIP.
"""

_RANGE = 2**31
_MASK = _RANGE - 1


class Flip:
    """A stream of integers in [0, 2^31), fixed by its seed.

    Attributes:
        seed: any integer; reduced mod 2^31.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        table = [0] * 56  # cells 1..55
        previous = register = table[55] = seed & _MASK
        value = 1
        cell = 21
        while cell:
            table[cell] = value
            difference = previous - value
            register = (register >> 1) + ((register & 1) << 30)
            previous, value = value, (difference - register) & _MASK
            cell = (cell + 21) % 55
        self._table = table
        for _ in range(5):
            self._refresh()
        self._unread = table[1:55]  # handed out from the end; the first table[55] never is

    def draw(self) -> int:
        """The next integer in [0, 2^31)."""
        if not self._unread:
            self._refresh()
            self._unread = self._table[1:]
        return self._unread.pop()

    def below(self, bound: int) -> int:
        """The next integer uniform in [0, bound), by rejection."""
        limit = _RANGE - _RANGE % bound
        value = self.draw()
        while value >= limit:
            value = self.draw()
        return value % bound

    def _refresh(self) -> None:
        table = self._table
        for i in range(1, 25):
            table[i] = (table[i] - table[i + 31]) & _MASK
        for i in range(25, 56):
            table[i] = (table[i] - table[i - 24]) & _MASK
