"""Batching with the lane axis always last, so that [n] states become [n, B] and stay so.

`jax.vmap(in_axes=-1)` is right but slow: wherever a batched [n, B] value meets an unbatched [n]
one, its broadcasting rule moves the lane axis to the front, and XLA's CPU compiler then transposes
the state several times a step (measured on a busy machine: about twice the time of a simulated
bifurcation step on [10000, 64]). Here the function of one lane is traced to a jaxpr and evaluated
with rules under which lanes stay last: elementwise operations broadcast their unbatched operands
along a trailing axis, reductions and reshapes act on the leading axes as before. Anything
else falls back on `jax.vmap` for that one operation.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core

from dnnbench.engine.compat import bind_params

PyTree = Any

_ELEMENTWISE = frozenset(
    "abs acos acosh add add_any and asin asinh atan atan2 atanh cbrt ceil clamp "
    "convert_element_type copy cos cosh div eq erf erf_inv erfc exp exp2 expm1 floor ge gt "
    "integer_pow is_finite le lgamma log log1p logistic lt max min mul ne neg nextafter not or "
    "population_count pow rem round rsqrt select_n shift_left shift_right_arithmetic "
    "shift_right_logical sign sin sinh sqrt square sub tan tanh xor".split()
)
_REDUCTIONS = frozenset(
    "argmax argmin reduce_and reduce_max reduce_min reduce_or reduce_prod reduce_sum".split()
)
_CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "checkpoint": "jaxpr",
    "remat2": "jaxpr",
}


def lanes_last(f: Callable[..., PyTree], in_lanes: Sequence[bool]) -> Callable[..., PyTree]:
    """`f` over lanes: batched arguments and all results carry the lane axis last.

    Args:
        f: a function of one lane.
        in_lanes: for each argument, whether its leaves have a lane axis.
    """

    def batched(*args: PyTree) -> PyTree:
        leaves, structure = jax.tree.flatten(args)
        flags = [
            flag
            for arg, flag in zip(args, in_lanes, strict=True)
            for _ in range(len(jax.tree.leaves(arg)))
        ]
        size = next(np.shape(x)[-1] for x, flag in zip(leaves, flags, strict=True) if flag)

        def one(*flat: Any) -> PyTree:
            return f(*jax.tree.unflatten(structure, flat))

        shapes = [
            jax.ShapeDtypeStruct(np.shape(x)[:-1] if flag else np.shape(x), jnp.result_type(x))
            for x, flag in zip(leaves, flags, strict=True)
        ]
        closed, out = jax.make_jaxpr(one, return_shape=True)(*shapes)
        values = _evaluate(closed.jaxpr, closed.consts, list(zip(leaves, flags, strict=True)), size)
        results = [x if flag else _spread(x, size) for x, flag in values]
        return jax.tree.unflatten(jax.tree.structure(out), results)

    return batched


# A value with the flag that says whether it has a lane axis (then the last one).
_Value = tuple[Any, bool]


def _spread(x: Any, size: int) -> jax.Array:
    """An unbatched value repeated along a trailing lane axis (a broadcast, fused by XLA)."""
    shape = np.shape(x)
    return lax.broadcast_in_dim(x, (*shape, size), tuple(range(len(shape))))


def _evaluate(jaxpr: Any, consts: Sequence[Any], args: Sequence[_Value], size: int) -> list[_Value]:
    values: dict[Any, _Value] = {}

    def read(atom: Any) -> _Value:
        return (atom.val, False) if isinstance(atom, core.Literal) else values[atom]

    for variable, value in zip(jaxpr.constvars, consts, strict=True):
        values[variable] = (value, False)
    for variable, value in zip(jaxpr.invars, args, strict=True):
        values[variable] = value
    for equation in jaxpr.eqns:
        results = _apply(equation, [read(a) for a in equation.invars], size)
        for variable, value in zip(equation.outvars, results, strict=True):
            values[variable] = value
    return [read(a) for a in jaxpr.outvars]


def _bind(equation: Any, operands: Sequence[Any], **changed: Any) -> list[Any]:
    functions, params = bind_params(equation.primitive, {**equation.params, **changed})
    result = equation.primitive.bind(*functions, *operands, **params)
    return list(result) if equation.primitive.multiple_results else [result]


def _apply(equation: Any, operands: list[_Value], size: int) -> list[_Value]:
    name, params = equation.primitive.name, equation.params
    plain = [x for x, _ in operands]
    if name in _CALLS:
        inner = params[_CALLS[name]]
        closed = isinstance(inner, core.ClosedJaxpr)
        consts = inner.consts if closed else ()
        return _evaluate(inner.jaxpr if closed else inner, consts, operands, size)
    if not any(flag for _, flag in operands):
        return [(x, False) for x in _bind(equation, plain)]
    if name in _ELEMENTWISE:
        return _lane(_bind(equation, _aligned(operands, size)))
    if name in _REDUCTIONS:
        return _lane(_bind(equation, plain))
    if name == "broadcast_in_dim" and len(operands) == 1:
        shape = params["shape"]
        dims = (*params["broadcast_dimensions"], len(shape))
        return _lane(
            _bind(equation, plain, shape=(*shape, size), broadcast_dimensions=dims, sharding=None)
        )
    if name == "reshape" and len(operands) == 1 and params["dimensions"] is None:
        return _lane([plain[0].reshape(*params["new_sizes"], size)])
    if name == "squeeze":
        return _lane([lax.squeeze(plain[0], params["dimensions"])])
    if name == "transpose":
        permutation = (*params["permutation"], len(params["permutation"]))
        return _lane([lax.transpose(plain[0], permutation)])
    if name == "concatenate":
        spread = [x if flag else _spread(x, size) for x, flag in operands]
        return _lane([lax.concatenate(spread, params["dimension"])])
    axes = tuple(-1 if flag else None for _, flag in operands)
    results = jax.vmap(
        lambda *single: _bind(equation, single), in_axes=axes, out_axes=-1, axis_size=size
    )(*plain)
    return _lane(results)


def _lane(results: Sequence[Any]) -> list[_Value]:
    return [(x, True) for x in results]


def _aligned(operands: Sequence[_Value], size: int) -> list[Any]:
    """Operands of an elementwise operation with one rank.

    Scalars among arrays (as `select_n` and `clamp` allow) become arrays where they are batched.
    """
    shapes = [np.shape(x)[:-1] if flag else np.shape(x) for x, flag in operands]
    widest = max(shapes, key=len)
    result = []
    for (x, flag), shape in zip(operands, shapes, strict=True):
        if len(shape) < len(widest):
            y = x if flag else _spread(x, size)
            result.append(lax.broadcast_in_dim(y, (*widest, size), (len(widest),)))
        else:
            result.append(x if flag else _spread(x, size))
    return result
