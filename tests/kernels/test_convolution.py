import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.signal

from dnnbench.errors import UserError
from dnnbench.kernels.convolution import convolve, fold_reflect, pad_reflect
from dnnbench.kernels.convolution_forms import FORMS, Forms, choose_forms

SIZES = {"reflect": [(6, 9), (7, 8)], "zero": [(7, 4)]}
LAYERS = [(k, s) for k in (1, 3, 5) for s in (1, 2)]
CASES = [
    (form, k, s) for form in FORMS for k, s in LAYERS if form != "winograd" or (k, s) == (3, 1)
]


def arrays(h, w, k, c_in=3, c_out=4):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((h, w, c_in)).astype(np.float32)
    return x, rng.standard_normal((k, k, c_in, c_out)).astype(np.float32)


def expected(x, kernel, stride, padding):
    """By scipy, channel by channel in float64."""
    r = kernel.shape[0] // 2
    mode = "reflect" if padding == "reflect" else "constant"
    wide = np.pad(x.astype(np.float64), ((r, r), (r, r), (0, 0)), mode=mode)
    y = np.zeros((*x.shape[:2], kernel.shape[3]))
    for i in range(kernel.shape[2]):
        for o in range(kernel.shape[3]):
            tap = kernel[:, :, i, o].astype(np.float64)
            y[:, :, o] += scipy.signal.correlate2d(wide[:, :, i], tap, mode="valid")
    return y[::stride, ::stride]


def by_xla(x, kernel, stride, padding):
    r = kernel.shape[0] // 2
    mode = "reflect" if padding == "reflect" else "constant"
    wide = jnp.pad(x, ((r, r), (r, r), (0, 0)), mode=mode)
    layout = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(
        wide[None], kernel, (stride, stride), "VALID", dimension_numbers=layout
    )[0]


@pytest.mark.parametrize(
    ("form", "k", "stride", "padding"),
    [(*c, "reflect") for c in CASES] + [(*c, "zero") for c in CASES if c[1] == 3],
)
def test_every_form_and_its_gradients(form, k, stride, padding):
    for h, w in SIZES[padding]:
        x, kernel = arrays(h, w, k)
        want = expected(x, kernel, stride, padding)
        dy = np.random.default_rng(1).standard_normal(want.shape).astype(np.float32)

        def ours(x, kernel):
            return convolve(x, kernel, stride, padding, Forms(form, form, form))

        @jax.jit
        def both(x, kernel, dy):
            y, back = jax.vjp(ours, x, kernel)
            _, reference = jax.vjp(lambda x, q: by_xla(x, q, stride, padding), x, kernel)
            return y, back(dy), reference(dy)

        y, got, reference = both(x, kernel, dy)
        np.testing.assert_allclose(y, want, rtol=1e-5, atol=2e-5)
        for a, b in zip(got, reference, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("form", FORMS)
def test_lanes_and_loops_change_nothing(form):
    x, kernel = arrays(6, 7, 3)
    xs, kernels = jnp.stack([x, 2 * x]), jnp.stack([kernel, kernel + 1])

    def gradients(x, kernel):
        def value(x, kernel):
            return jnp.sum(convolve(x, kernel, chosen=Forms(form, form, form)) ** 2)

        return jax.grad(value, (0, 1))(x, kernel)

    looped = jax.jit(lambda a, b: jax.lax.map(lambda p: gradients(*p), (a, b)))(xs, kernels)
    batched = jax.jit(jax.vmap(gradients))(xs, kernels)
    for one, many in zip(looped, batched, strict=True):
        np.testing.assert_allclose(one, many, rtol=2e-5, atol=2e-3)


def test_the_rule_differentiates_twice_in_reverse():
    x, kernel = arrays(5, 6, 3)

    def slope(x, kernel):
        return jnp.sum(jax.grad(lambda x: jnp.sum(convolve(x, kernel) ** 3))(x) ** 2)

    def by_reference(x, kernel):
        inner = jax.grad(lambda x: jnp.sum(by_xla(x, kernel, 1, "reflect") ** 3))
        return jnp.sum(inner(x) ** 2)

    got, want = (jax.jit(jax.grad(f, 1))(x, kernel) for f in (slope, by_reference))
    np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-4 * np.abs(want).max())


@pytest.mark.parametrize("radius", [1, 2])
def test_folding_transposes_padding(radius):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 4, 2)).astype(np.float32)
    wide = np.asarray(pad_reflect(x, radius))
    pad = ((radius, radius), (radius, radius), (0, 0))
    np.testing.assert_array_equal(wide, np.pad(x, pad, mode="reflect"))
    g = rng.standard_normal(wide.shape).astype(np.float32)
    np.testing.assert_allclose(np.sum(wide * g), np.sum(x * fold_reflect(g, radius)), rtol=1e-4)


def test_the_rule():
    assert choose_forms("gpu", 128, 128, 3, 1, "float32") is None
    assert choose_forms("cpu", 128, 128, 3, 1, "float32") == Forms(*["winograd"] * 3)
    assert choose_forms("cpu", 128, 128, 3, 1, "bfloat16") == Forms(*["direct"] * 3)
    assert choose_forms("cpu", 8, 128, 3, 2, "float32") == Forms("direct", "direct", "rows")
    assert choose_forms("cpu", 8, 8, 1, 1, "float32") == Forms(*["rows"] * 3)


def test_what_does_not_fit_is_refused():
    x, kernel = arrays(4, 1, 3)
    with pytest.raises(ValueError, match="4 x 1 pixels is too small"):
        convolve(x, kernel)
    assert convolve(x, kernel, padding="zero").shape == (4, 1, 4)
    with pytest.raises(UserError, match="reflect"):
        convolve(x, kernel, padding="reflct")
    with pytest.raises(ValueError, match="channels"):
        convolve(x[:, :, :2], kernel)
    with pytest.raises(ValueError, match="odd size"):
        convolve(x, kernel[:2, :2])
    with pytest.raises(TypeError, match="bfloat16"):
        convolve(x, jnp.asarray(kernel, jnp.bfloat16))
