"""The few places where supported JAX versions differ."""

import importlib
from contextlib import AbstractContextManager
from typing import Any, cast

import jax


def x64(enabled: bool) -> AbstractContextManager[Any]:
    """A context in which 64-bit types are available (or not); never set globally."""
    if hasattr(jax, "enable_x64"):
        return cast(AbstractContextManager[Any], jax.enable_x64(enabled))
    older = vars(importlib.import_module("jax.experimental"))["enable_x64"]
    return cast(AbstractContextManager[Any], older(enabled))


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception from a compiled program says that memory ran out."""
    text = str(error)
    return isinstance(error, MemoryError) or (
        isinstance(error, jax.errors.JaxRuntimeError)
        and ("RESOURCE_EXHAUSTED" in text or "out of memory" in text.lower())
    )


def bind_params(primitive: Any, params: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """(functions, parameters) with which an equation of a jaxpr binds its primitive again."""
    bound = primitive.get_bind_params(params)
    if isinstance(bound, dict):  # JAX 0.10 and later pass functions among the parameters
        return (), bound
    functions, rest = bound
    return tuple(functions), rest
