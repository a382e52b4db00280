"""Jets: values of functions at points with chosen derivatives, and their arithmetic.

Used through `kernels.taylor`, which says what they are for. Each part of a jet is a matrix [w, n]
of its own, the points along the contiguous axis. Measured inside the compiled training loop of
a perceptron on one thread of a CPU, against all parts below one another in one matrix
[blocks * n, w] with one product a layer: 0.82 of its time at w = 50 and 0.65 at w = 20, because
elementwise loops of length w do not fill the vector units and stacking costs copies. One matrix
[w, blocks * n] lies between the two.
"""

import functools
import numbers
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

Channel = tuple[tuple[int, int, float], ...]
Rule = Callable[[jax.Array, jax.Array], tuple[Any, Any]]
"""f' and f'' from z and f(z)."""


@dataclass(frozen=True)
class Directions:
    """Which derivatives a jet carries beside the value.

    Attributes:
        coordinates: their number d.
        first: whether the d first derivatives are carried.
        second: channels; each is a sum of weight * d2/dx_i dx_j, given as (i, j, weight). The
            Laplacian of the plane is ONE channel: ((0, 0, 1.0), (1, 1, 1.0)).

    Raises:
        ValueError: second derivatives without first, or a coordinate that does not exist.
    """

    coordinates: int
    first: bool
    second: tuple[Channel, ...]

    def __post_init__(self) -> None:
        if self.coordinates < 1:
            raise ValueError("a jet needs at least one coordinate")
        if self.second and not self.first:
            raise ValueError("second derivatives need the first: set first=True")
        if not all(self.second):
            raise ValueError("a channel of second derivatives needs at least one term")
        for i, j, _ in (term for channel in self.second for term in channel):
            if not (0 <= i < self.coordinates and 0 <= j < self.coordinates):
                raise ValueError(f"d2/dx{i} dx{j}: there are {self.coordinates} coordinates")

    @property
    def blocks(self) -> int:
        """Rows a point: value, first derivatives, channels."""
        return 1 + (self.coordinates if self.first else 0) + len(self.second)


@jax.tree_util.register_pytree_node_class
class Jet:
    """Values of w functions at n points with their derivatives; a pytree.

    Jets combine by + - * / ** with jets at the same points, with numbers, and with arrays [n, w],
    [n, 1] or [1, w] (functions whose derivatives are zero), which take the jet's dtype.

    Attributes:
        parts: values, first derivatives, channels, each [w, n].
        directions: which derivatives these are; static.
    """

    parts: tuple[jax.Array, ...]
    directions: Directions
    __array_ufunc__ = None  # numpy's arrays leave the arithmetic to the jet

    def __init__(self, rows: jax.Array, directions: Directions, n: int) -> None:
        """A jet from all its parts below one another.

        Args:
            rows: [blocks * n, w]: n values, then n rows a first derivative, n rows a channel.
            directions: which derivatives these are.
            n: number of points.

        Raises:
            ValueError: the number of rows is another.
        """
        if rows.ndim != 2 or rows.shape[0] != directions.blocks * n:
            raise ValueError(f"{directions.blocks} rows a point, not {list(rows.shape)} for {n}")
        self.parts = tuple(block.T for block in rows.reshape(directions.blocks, n, -1))
        self.directions = directions

    @classmethod
    def of(cls, parts: Iterable[jax.Array], directions: Directions) -> "Jet":
        """A jet from its parts [w, n]; they are not checked."""
        made = object.__new__(cls)
        made.parts, made.directions = tuple(parts), directions
        return made

    def tree_flatten(self) -> tuple[tuple[jax.Array, ...], Directions]:
        """For JAX."""
        return self.parts, self.directions

    @classmethod
    def tree_unflatten(cls, directions: Directions, parts: Iterable[jax.Array]) -> "Jet":
        """For JAX."""
        return cls.of(parts, directions)

    @property
    def rows(self) -> jax.Array:
        """All parts below one another, [blocks * n, w]."""
        return jnp.concatenate([part.T for part in self.parts])

    @property
    def width(self) -> int:
        """Number of functions, w."""
        return self.parts[0].shape[0]

    @property
    def n(self) -> int:
        """Number of points."""
        return self.parts[0].shape[1]

    @property
    def dtype(self) -> Any:
        """Floating point type."""
        return self.parts[0].dtype

    @property
    def value(self) -> jax.Array:
        """[n, w]."""
        return self.parts[0].T

    def first(self, i: int) -> jax.Array:
        """d/dx_i, [n, w].

        Raises:
            IndexError: it is not carried.
        """
        if not 0 <= i < len(self._firsts):
            raise IndexError(f"the first derivative {i} is not carried: {self.directions}")
        return self._firsts[i].T

    def second(self, channel: int) -> jax.Array:
        """The channel's sum of second derivatives, [n, w].

        Raises:
            IndexError: it is not carried.
        """
        if not 0 <= channel < len(self.directions.second):
            raise IndexError(f"channel {channel} is not carried: {self.directions}")
        return self._seconds[channel].T

    def columns(self) -> tuple["Jet", ...]:
        """The w functions, each a jet of width 1."""
        return tuple(self[:, i : i + 1] for i in range(self.width))

    def __getitem__(self, key: tuple[slice, slice]) -> "Jet":
        """Some of the functions: `jet[:, i:j]`."""
        if not (isinstance(key, tuple) and len(key) == 2 and key[0] == slice(None)):
            raise TypeError("a jet is cut by columns: jet[:, i:j]")
        if not isinstance(key[1], slice):
            raise TypeError("a jet stays two-dimensional: jet[:, i:i + 1]")
        return self.each(lambda z: z[key[1]])

    def __neg__(self) -> "Jet":
        return self.each(operator.neg)

    def __pos__(self) -> "Jet":
        return self

    def __add__(self, other: Any) -> "Jet":
        if not isinstance(other, Jet):
            other = _operand(self, other)
            value = self.parts[0] + other
            rest = (jnp.broadcast_to(z, value.shape) for z in self.parts[1:])
            return Jet.of((value, *rest), self.directions)
        check_alike(self, other)
        pairs = zip(self.parts, other.parts, strict=True)
        return Jet.of((a + b for a, b in pairs), self.directions)

    def __sub__(self, other: Any) -> "Jet":
        return self + (-other)

    def __rsub__(self, other: Any) -> "Jet":
        return -self + other

    def __mul__(self, other: Any) -> "Jet":
        if isinstance(other, Jet):
            return _product(self, other)
        factor = _operand(self, other)
        return self.each(lambda z: z * factor)

    def __truediv__(self, other: Any) -> "Jet":
        if isinstance(other, Jet):
            return self * reciprocal(other)
        divisor = _operand(self, other)
        return self.each(lambda z: z / divisor)

    def __rtruediv__(self, other: Any) -> "Jet":
        return reciprocal(self) * other

    def __pow__(self, exponent: Any) -> "Jet":
        return power(self, exponent)

    def __rpow__(self, base: Any) -> "Jet":
        return exp(self * jnp.log(_operand(self, base).T))

    __radd__, __rmul__ = __add__, __mul__

    @property
    def _firsts(self) -> Sequence[jax.Array]:
        return self.parts[1 : len(self.parts) - len(self.directions.second)]

    @property
    def _seconds(self) -> Sequence[jax.Array]:
        return self.parts[len(self.parts) - len(self.directions.second) :]

    def each(self, linear: Callable[[jax.Array], jax.Array]) -> "Jet":
        """The jet of a linear map of the functions, given for one part [w, n]."""
        return Jet.of(map(linear, self.parts), self.directions)


def _operand(like: Jet, other: Any) -> jax.Array:
    """A number or array [n, w] as an array that broadcasts over the parts [w, n]."""
    array = jnp.asarray(other, like.dtype)
    if array.ndim not in (0, 2) or (array.ndim == 2 and array.shape[0] not in (1, like.n)):
        raise ValueError(
            f"a jet of {like.n} points combines with numbers and arrays [{like.n}, w] or [1, w], "
            f"not with one of shape {list(array.shape)}"
        )
    return array.T


def check_alike(a: Jet, b: Jet, widths: bool = True) -> None:
    """Whether two jets combine.

    Raises:
        ValueError: other points, other directions, or (if asked) widths that do not broadcast.
    """
    if (a.directions, a.n) != (b.directions, b.n):
        raise ValueError(
            f"jets of different points or directions: {a.n}, {a.directions} and "
            f"{b.n}, {b.directions}"
        )
    if widths and a.width != b.width and 1 not in (a.width, b.width):
        raise ValueError(f"jets of widths {a.width} and {b.width}")


def _product(a: Jet, b: Jet) -> Jet:
    check_alike(a, b)
    (x, y), (u, v) = (a.parts[0], b.parts[0]), (a._firsts, b._firsts)
    first = (x * v_i + u_i * y for u_i, v_i in zip(u, v, strict=True))
    second = (
        x * v_c + u_c * y + _total((u[i] * v[j] + u[j] * v[i], w) for i, j, w in channel)
        for u_c, v_c, channel in zip(a._seconds, b._seconds, a.directions.second, strict=True)
    )
    return Jet.of((x * y, *first, *second), a.directions)


def _total(terms: Iterable[tuple[jax.Array, float]]) -> jax.Array:
    """Sum of term * weight."""
    return functools.reduce(operator.add, (z if w == 1 else z * w for z, w in terms))


def lift(x: Any, plain: Callable[[jax.Array], jax.Array], rule: Rule) -> Any:
    """An elementwise function f of a jet by the chain rule; of anything else, f itself.

    Args:
        x: a jet, array or number.
        plain: f of arrays.
        rule: f' and f''.
    """
    if not isinstance(x, Jet):
        return plain(jnp.asarray(x))
    z, first = x.parts[0], x._firsts
    value = plain(z)
    slope, bend = rule(z, value)
    second = (
        slope * z_c + bend * _total((first[i] * first[j], w) for i, j, w in channel)
        for z_c, channel in zip(x._seconds, x.directions.second, strict=True)
    )
    return Jet.of((value, *(slope * z_i for z_i in first), *second), x.directions)


def exp(x: Any) -> Any:
    """Exponential."""
    return lift(x, jnp.exp, lambda _, e: (e, e))


def log(x: Any) -> Any:
    """Natural logarithm of positive values."""
    return lift(x, jnp.log, lambda z, _: (1 / z, -1 / (z * z)))


def reciprocal(x: Any) -> Any:
    """1 / x."""
    return lift(x, jnp.reciprocal, lambda _, r: (-r * r, 2 * r * r * r))


def power(x: Any, exponent: Any) -> Any:
    """Power of x: any whole number, or, where x is positive, any number, array or jet."""
    if not isinstance(x, Jet):
        return exponent.__rpow__(x) if isinstance(exponent, Jet) else jnp.power(x, exponent)
    if not isinstance(exponent, numbers.Real):
        return exp(log(x) * exponent)
    p: float = float(exponent)
    p = int(p) if p.is_integer() else p
    # Terms whose factor is zero are left out: 0 * z^-1 would be no number at z = 0.
    slope, bend = p != 0, p not in (0, 1)

    def rule(z: jax.Array, _: jax.Array) -> tuple[Any, Any]:
        return p * z ** (p - 1) if slope else 0.0, p * (p - 1) * z ** (p - 2) if bend else 0.0

    return lift(x, lambda z: z**p, rule)
