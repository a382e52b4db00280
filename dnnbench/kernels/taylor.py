"""Derivatives of networks carried forward with the values: truncated Taylor arithmetic.

A `Jet` holds, at n points, the values of w functions, their first derivatives, and sums of second
derivatives that the equation asks for. A Laplacian is ONE such sum (a "forward Laplacian"), so a
network of Poisson's equation in d dimensions costs d + 2 rows a point and not d^2. Linear maps act
on all rows alike; elementwise functions follow the chain rule

    f(z)_i = f'(z) z_i,    f(z)_c = f'(z) z_c + f''(z) q_c,    q_c = sum_(i, j) w_ij z_i z_j.

All rows lie below one another in one matrix, so a layer is one matrix product: with three-dimensional
operands the same arithmetic took 2.5 times as long on a CPU.

The module doubles as a namespace of functions of numpy's names for formulas written once for
arrays and jets: `x * (1 - x) * xp.sin(xp.pi * y)` with `xp = dnnbench.kernels.taylor`.

References:
    Griewank & Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, Chapter 13 (Taylor arithmetic).
    Li et al., A computational framework for neural network-based variational Monte Carlo with
    forward Laplacian, Nature Machine Intelligence 6, 2024, arXiv 2307.08214.
"""

import functools
import math
import numbers
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.kernels.sine import polynomial_cosine, sine

Second = tuple[tuple[int, int, float], ...]
Rule = Callable[[jax.Array, jax.Array], tuple[Any, Any]]
"""f' and f'' from z and f(z)."""

pi = math.pi


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
    second: tuple[Second, ...]

    def __post_init__(self) -> None:
        if self.coordinates < 1:
            raise ValueError("a jet needs at least one coordinate")
        if self.second and not self.first:
            raise ValueError("second derivatives need the first: set first=True")
        for i, j, _ in (term for channel in self.second for term in channel):
            if not (0 <= i < self.coordinates and 0 <= j < self.coordinates):
                raise ValueError(f"d2/dx{i} dx{j}: there are {self.coordinates} coordinates")

    @property
    def blocks(self) -> int:
        """Rows a point: value, first derivatives, channels."""
        return 1 + (self.coordinates if self.first else 0) + len(self.second)


class Blocks(NamedTuple):
    """The rows of a jet taken apart, each [n, w]."""

    value: jax.Array
    first: Sequence[jax.Array]
    second: Sequence[jax.Array]


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class Jet:
    """Values of w functions at n points with their derivatives; a pytree.

    Jets combine by + - * / ** with jets of the same points, with numbers, and with arrays [n, w],
    [n, 1] or [1, w] (functions whose derivatives are zero), which take the jet's dtype.

    Attributes:
        rows: [blocks * n, w]: n values, then n rows a first derivative, then n rows a channel.
        directions: which derivatives these are.
        n: number of points.
    """

    rows: jax.Array
    directions: Directions = field(metadata={"static": True})
    n: int = field(metadata={"static": True})

    __array_ufunc__ = None  # numpy's arrays leave the arithmetic to the jet

    @property
    def width(self) -> int:
        """Number of functions, w."""
        return self.rows.shape[1]

    @property
    def value(self) -> jax.Array:
        """[n, w]."""
        return self.rows[: self.n]

    def first(self, i: int) -> jax.Array:
        """d/dx_i, [n, w].

        Raises:
            IndexError: it is not carried.
        """
        carried = self.directions.coordinates if self.directions.first else 0
        if not 0 <= i < carried:
            raise IndexError(f"the first derivative {i} is not carried: {self.directions}")
        return self._block(1 + i)

    def second(self, channel: int) -> jax.Array:
        """The channel's sum of second derivatives, [n, w].

        Raises:
            IndexError: it is not carried.
        """
        if not 0 <= channel < len(self.directions.second):
            raise IndexError(f"channel {channel} is not carried: {self.directions}")
        return self._block(1 + self.directions.coordinates + channel)

    def columns(self) -> tuple["Jet", ...]:
        """The w functions, each a jet of width 1."""
        return tuple(self[:, i : i + 1] for i in range(self.width))

    def __getitem__(self, key: tuple[slice, slice]) -> "Jet":
        """Some of the functions: `jet[:, i:j]`."""
        if not (isinstance(key, tuple) and key[:1] == (slice(None),) and len(key) == 2):
            raise TypeError("a jet is cut by columns: jet[:, i:j]")
        if not isinstance(key[1], slice):
            raise TypeError("a jet stays two-dimensional: jet[:, i:i + 1]")
        return self._like(self.rows[key])

    def __neg__(self) -> "Jet":
        return self._like(-self.rows)

    def __pos__(self) -> "Jet":
        return self

    def __add__(self, other: Any) -> "Jet":
        if isinstance(other, Jet):
            _check_alike(self, other)
            k, n = self.directions.blocks, self.n
            pair = (j.rows.reshape(k, n, j.width) for j in (self, other))
            total = operator.add(*pair)
            return self._like(total.reshape(k * n, total.shape[-1]))
        x, other = _blocks(self), _operand(self, other)
        return _join(self, Blocks(x.value + other, x.first, x.second))

    def __sub__(self, other: Any) -> "Jet":
        return self + (-other)

    def __rsub__(self, other: Any) -> "Jet":
        return -self + other

    def __mul__(self, other: Any) -> "Jet":
        if isinstance(other, Jet):
            return _product(self, other)
        k, n = self.directions.blocks, self.n
        scaled = self.rows.reshape(k, n, self.width) * _operand(self, other)
        return self._like(scaled.reshape(k * n, scaled.shape[-1]))

    def __truediv__(self, other: Any) -> "Jet":
        if isinstance(other, Jet):
            return self * reciprocal(other)
        return self * (1 / _operand(self, other))

    def __rtruediv__(self, other: Any) -> "Jet":
        return reciprocal(self) * other

    def __pow__(self, exponent: Any) -> "Jet":
        return power(self, exponent)

    def __rpow__(self, base: Any) -> "Jet":
        return exp(self * jnp.log(_operand(self, base)))

    __radd__, __rmul__ = __add__, __mul__

    def _block(self, number: int) -> jax.Array:
        return self.rows[number * self.n : (number + 1) * self.n]

    def _like(self, rows: jax.Array) -> "Jet":
        return Jet(rows, self.directions, self.n)


def seed(points: jax.Array, directions: Directions) -> Jet:
    """The coordinates themselves as a jet of width d.

    Args:
        points: [n, d].
        directions: what to carry.
    """
    n, d = points.shape
    if d != directions.coordinates:
        raise ValueError(f"points of {d} coordinates for directions of {directions.coordinates}")
    rows = [points]
    if directions.first:
        unit = jnp.eye(d, dtype=points.dtype)
        rows.append(jnp.broadcast_to(unit[:, None], (d, n, d)).reshape(d * n, d))
    rows.append(jnp.zeros((len(directions.second) * n, d), points.dtype))
    return Jet(jnp.concatenate(rows), directions, n)


def constant(values: jax.Array, directions: Directions) -> Jet:
    """Functions [n, w] whose derivatives are zero."""
    n, w = values.shape
    zeros = jnp.zeros(((directions.blocks - 1) * n, w), values.dtype)
    return Jet(jnp.concatenate([values, zeros]), directions, n)


def concatenate(jets: Sequence[Jet]) -> Jet:
    """The functions of several jets of the same points, side by side."""
    for jet in jets:
        _check_alike(jets[0], jet, widths=False)
    return jets[0]._like(jnp.concatenate([j.rows for j in jets], axis=1))


def dense(x: Jet, kernel: jax.Array, bias: jax.Array | None = None) -> Jet:
    """X W + b: one product for all rows.

    Args:
        x: width w.
        kernel: [w, v].
        bias: [v], or None.
    """
    product = x._like(x.rows @ kernel)
    return product if bias is None else product + bias[None]


def _blocks(x: Jet) -> Blocks:
    # A split's transpose is a concatenation, where that of slices is a sum of padded copies.
    parts = jax.lax.split(x.rows, (x.n,) * x.directions.blocks)
    seconds = x.directions.blocks - len(x.directions.second)
    return Blocks(parts[0], parts[1:seconds], parts[seconds:])


def _join(like: Jet, blocks: Blocks) -> Jet:
    return like._like(jnp.concatenate([blocks.value, *blocks.first, *blocks.second]))


def _operand(like: Jet, other: Any) -> jax.Array:
    """A number or array as an array that broadcasts over the values."""
    array = jnp.asarray(other, like.rows.dtype)
    if array.ndim not in (0, 2) or (array.ndim == 2 and array.shape[0] not in (1, like.n)):
        raise ValueError(
            f"a jet of {like.n} points combines with numbers and arrays [{like.n}, w] or [1, w], "
            f"not with one of shape {list(array.shape)}"
        )
    return array


def _check_alike(a: Jet, b: Jet, widths: bool = True) -> None:
    if (a.directions, a.n) != (b.directions, b.n):
        raise ValueError(
            f"jets of different points or directions: {a.n}, {a.directions} and "
            f"{b.n}, {b.directions}"
        )
    if widths and a.width != b.width and 1 not in (a.width, b.width):
        raise ValueError(f"jets of widths {a.width} and {b.width}")


def _product(a: Jet, b: Jet) -> Jet:
    _check_alike(a, b)
    x, y = _blocks(a), _blocks(b)
    first = [x.value * v + u * y.value for u, v in zip(x.first, y.first, strict=True)]
    second = [
        x.value * v + u * y.value + _cross(x.first, y.first, channel)
        for u, v, channel in zip(x.second, y.second, a.directions.second, strict=True)
    ]
    return _join(a, Blocks(x.value * y.value, first, second))


def _cross(u: Sequence[jax.Array], v: Sequence[jax.Array], channel: Second) -> jax.Array:
    """Sum w_ij (u_i v_j + u_j v_i)."""
    return _total(_times(w, u[i] * v[j] + u[j] * v[i]) for i, j, w in channel)


def _squares(u: Sequence[jax.Array], channel: Second) -> jax.Array:
    """Sum w_ij u_i u_j."""
    return _total(_times(w, u[i] * u[j]) for i, j, w in channel)


def _times(weight: float, x: jax.Array) -> jax.Array:
    return x if weight == 1 else weight * x


def _total(terms: Iterable[jax.Array]) -> jax.Array:
    return functools.reduce(operator.add, terms)


def _lift(x: Any, plain: Callable[[jax.Array], jax.Array], rule: Rule) -> Any:
    """F of a jet from f at the values and the rule for f' and f''; of anything else plainly."""
    if not isinstance(x, Jet):
        return plain(jnp.asarray(x))
    z = _blocks(x)
    f = plain(z.value)
    slope, bend = rule(z.value, f)
    first = [slope * z_i for z_i in z.first]
    second = [
        slope * z_c + bend * _squares(z.first, channel)
        for z_c, channel in zip(z.second, x.directions.second, strict=True)
    ]
    return _join(x, Blocks(f, first, second))


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return _lift(x, jnp.tanh, lambda _, h: (1 - h * h, -2 * h * (1 - h * h)))


def sin(x: Any) -> Any:
    """Sine, see `kernels.sine`."""
    return _lift(x, sine, lambda v, s: (_cosine(v), -s))


def cos(x: Any) -> Any:
    """Cosine, see `kernels.sine`."""
    return _lift(x, _cosine, lambda v, c: (-sine(v), -c))


def exp(x: Any) -> Any:
    """Exponential."""
    return _lift(x, jnp.exp, lambda _, e: (e, e))


def log(x: Any) -> Any:
    """Natural logarithm of positive values."""
    return _lift(x, jnp.log, lambda v, _: (1 / v, -1 / (v * v)))


def sqrt(x: Any) -> Any:
    """Square root of positive values."""
    return _lift(x, jnp.sqrt, lambda v, s: (0.5 / s, -0.25 / (s * v)))


def square(x: Any) -> Any:
    """x^2."""
    return _lift(x, jnp.square, lambda v, _: (2 * v, 2.0))


def reciprocal(x: Any) -> Any:
    """1 / x."""
    return _lift(x, jnp.reciprocal, lambda _, r: (-r * r, 2 * r * r * r))


def cubed_relu(x: Any) -> Any:
    """max(0, x)^3, the activation of the Deep Ritz method."""

    def rule(v: jax.Array, _: jax.Array) -> tuple[Any, Any]:
        positive = jnp.maximum(v, 0)
        return 3 * positive * positive, 6 * positive

    return _lift(x, lambda v: jnp.maximum(v, 0) ** 3, rule)


def power(x: Any, exponent: Any) -> Any:
    """X to a power: any whole number, or, where x is positive, any number, array or jet."""
    if not isinstance(x, Jet):
        return exponent.__rpow__(x) if isinstance(exponent, Jet) else jnp.power(x, exponent)
    if not isinstance(exponent, numbers.Real):
        return exp(log(x) * exponent)
    p = int(exponent) if float(exponent).is_integer() else float(exponent)
    # Terms whose factor is zero are left out: 0 * v^-1 would be no number at v = 0.
    rules = {0: lambda v, _: (0.0, 0.0), 1: lambda v, _: (1.0, 0.0)}
    general = lambda v, _: (p * v ** (p - 1), p * (p - 1) * v ** (p - 2))  # noqa: E731
    return _lift(x, lambda v: v**p, rules.get(p, general))


def _cosine(x: jax.Array) -> jax.Array:
    if jax.default_backend() == "cpu" and x.dtype == jnp.float32:
        return polynomial_cosine(x)
    return jnp.cos(x)
