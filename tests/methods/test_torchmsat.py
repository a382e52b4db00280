"""torchMSAT beside a transcription in NumPy: the loss, Adam, and the choice of clauses."""

import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.errors import UserError
from dnnbench.methods.torchmsat import TorchMSAT
from dnnbench.problems.satisfiability.energy import FormulaEnergy
from dnnbench.problems.satisfiability.evaluate import violated
from tests.methods.dense import Adam, context, slope, walk
from tests.methods.test_methods_on_formulas import FORMULA, WEIGHTS

HP = {"learning_rate": 0.05}


def signs():
    """W, dense, row by row of the formula."""
    matrix = np.zeros((FORMULA.num_constraints, FORMULA.num_variables))
    for c in range(FORMULA.num_constraints):
        for v in FORMULA.constraint(c):
            matrix[c, abs(v) - 1] = np.sign(v)
    return matrix


def mean_square(x, shares):
    return shares @ (signs() @ np.tanh(x)) ** 2 / shares.sum()


def test_steps_equal_a_transcription():
    with x64(True):
        moments = walk(TorchMSAT(FormulaEnergy("ell", "float64"), 10, 10, 5), HP, 6, FORMULA)
    x, adam = np.array(moments[0].before.params), Adam(0.05)
    assert ((x >= 0) & (x < 1)).all()
    for moment in moments:
        np.testing.assert_allclose(moment.info.merit, mean_square(x, WEIGHTS))
        x = adam.step(x, slope(lambda y: mean_square(y, WEIGHTS), x))
        np.testing.assert_allclose(moment.after.params, x, atol=1e-9)


@pytest.mark.parametrize("bits", [(1, 0, 0, 0, 0, 1, 1), (0, 1, 0, 0, 0, 0, 1)])
def test_later_only_violated_clauses_take_part(bits):
    with x64(True):
        method = TorchMSAT(FormulaEnergy("ell", "float64"), 10, 10, 5)
        ctx = context(method, HP, 10, FORMULA)
        x = 0.3 * (2 * jnp.asarray(bits, jnp.float64) - 1)
        state = method.init(ctx)._replace(params=x)
        early = method.outer(state, method.phases[0], ctx._replace(t=jnp.int32(9)))
        late = method.outer(state, method.phases[0], ctx)
        loss = method.loss(late.params, late.aux, ctx)[0]
        readout = method.readout(late, ctx)
    shares = WEIGHTS * violated(np.array(bits, np.uint8), FORMULA)
    assert 0 < (shares > 0).sum() < len(shares)
    assert (np.asarray(early.aux) > 0).all()
    np.testing.assert_allclose(float(loss), mean_square(np.asarray(x), shares))
    np.testing.assert_array_equal(np.asarray(readout) > 0.5, np.array(bits) == 1)


def test_nothing_violated_is_no_loss():
    with x64(True):
        method = TorchMSAT(FormulaEnergy("ell", "float64"), 10, 10, 5)
        ctx = context(method, HP, 10, FORMULA)
        params, shares = method.start(ctx)
        assert float(method.loss(params, 0 * shares, ctx)[0]) == 0


def test_masks_begin_at_a_choice():
    with pytest.raises(UserError, match="multiple of mask_every"):
        TorchMSAT(FormulaEnergy("ell", "float32"), 7, 10, 5)
