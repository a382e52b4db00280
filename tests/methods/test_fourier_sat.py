"""FourierSAT beside a transcription in NumPy, its rules for weights, and XOR without conversion."""

import itertools
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.instances.formula import Formula, Kind, clauses
from dnnbench.methods.fourier_sat import EveryStep, FourierSAT
from dnnbench.problems.satisfiability.energy import FormulaEnergy
from dnnbench.problems.satisfiability.evaluate import violated
from tests.methods.dense import slope, walk
from tests.methods.test_methods_on_formulas import FORMULA, WEIGHTS, holds

ROUNDS, STEPS = (FourierSAT, 500, 10), (EveryStep, 10)
HP = {"tolerance": 1e-12, "keep": 0.9, "gain": 0.1}


def expansion(x, formula=FORMULA):
    """FE_c(x) of each constraint with -1 for true, row by row of its truth table; complex too."""
    values = []
    for c in range(formula.num_constraints):
        means = [x[v - 1] if v > 0 else -x[-v - 1] for v in formula.constraint(c)]
        tables = itertools.product([0, 1], repeat=len(means))
        rule = formula.kinds[c], formula.bounds[c]
        violated_rows = (bits for bits in tables if not holds(*rule, bits))
        # A literal of mean s is true, so -1, with the chance (1 - s) / 2.
        chances = (
            [(1 - s) / 2 if bit else (1 + s) / 2 for s, bit in zip(means, bits, strict=True)]
            for bits in violated_rows
        )
        values.append(sum(np.prod(each) for each in chances))
    return np.array(values)


def fourier(x, weights, formula=FORMULA):
    """F_w of x."""
    return weights @ expansion(x, formula)


def walked(made, hp, steps, formula=FORMULA):
    """The first steps in float64."""
    cls, *sizes = made
    with x64(True):
        method = cls(FormulaEnergy("ell", "float64"), *sizes)
        return method, walk(method, hp, steps, formula)


def in_order(array, data):
    """What stands in the energy's order of constraints, in that of the formula."""
    result = np.empty_like(np.asarray(array))
    result[np.asarray(data.order)] = array
    return result


def published_descent(x, formula, moves):
    """Accelerated projected gradient with backtracking, as jaxopt does it; x after each move."""
    weights = np.ones(formula.num_constraints)
    ahead, speed, size = x, 1.0, 1.0
    for _ in range(moves):
        gradient = slope(lambda y: fourier(y, weights, formula), ahead)
        here = fourier(ahead, weights, formula)
        for _ in range(15):
            moved = np.clip(ahead - size * gradient, -1, 1)
            d = moved - ahead
            if fourier(moved, weights, formula) - here <= d @ gradient + d @ d / (2 * size):
                break
            size /= 2
        faster = (1 + np.sqrt(1 + 4 * speed**2)) / 2
        ahead, x, speed = moved + (speed - 1) / faster * (moved - x), moved, faster
        size *= 2
        yield x


def test_moves_are_those_of_the_published_descent():
    formula = parity(10, 60, 5)
    _, moments = walked(ROUNDS, HP, 20, formula)
    moments = moments[: [bool(m.after.over) for m in moments].index(True) + 1]
    assert any(m.after.size < m.before.size for m in moments)  # backtracking was at work
    moves = [m for m in moments if m.after.moves > m.before.moves]
    path = published_descent(np.array(moments[0].before.x), formula, len(moves))
    for moment, x in zip(moves, path, strict=True):
        np.testing.assert_allclose(moment.after.x, x, atol=1e-9)


def test_constraints_begin_with_their_own_weights():
    _, moments = walked(ROUNDS, HP, 1)
    own = in_order(moments[0].before.weights, moments[0].ctx.problem)
    np.testing.assert_allclose(own, WEIGHTS / WEIGHTS.mean())


def test_a_round_ends_with_new_weights():
    """The unsatisfiable 1 and -1: whichever is violated gains, and the point goes on."""
    formula = clauses(2, [(1,), (-1,), (1, 2)])
    _, moments = walked((FourierSAT, 500, 2), {**HP, "tolerance": 1e-3}, 60, formula)
    ends = [m for m in moments if m.before.over]
    assert len(ends) > 1
    for number, moment in enumerate(ends, 1):
        before = in_order(moment.before.weights, moment.ctx.problem)
        after = in_order(moment.after.weights, moment.ctx.problem)
        bits = (np.asarray(moment.before.x) < 0).astype(np.uint8)
        u = violated(bits, formula)
        assert u.sum() == 1
        np.testing.assert_allclose(after, 0.9 * before + 0.1 * u)
        np.testing.assert_array_equal(moment.after.x, moment.before.x)
        assert moment.after.rounds == number
        assert bool(moment.info.done) == (number >= 2)


def test_a_solution_stays():
    """Whole, even the last variable, which no constraint moves."""
    formula = clauses(4, [(1, 2), (-2, 3), (-1, -3)])
    _, moments = walked(ROUNDS, HP, 80, formula)
    ended = next(i for i, m in enumerate(moments) if m.before.over)
    x = np.asarray(moments[ended].after.x)
    assert set(np.abs(x)) == {1.0}
    assert not violated((x < 0).astype(np.uint8), formula).any()
    for moment in moments[ended + 1 :]:
        np.testing.assert_array_equal(moment.after.x, x)
        np.testing.assert_array_equal(moment.after.weights, moments[ended].after.weights)


def test_every_step_equals_a_transcription():
    hp = {"learning_rate": 0.6, "growth": 0.3, "decay": 0.05}
    _, moments = walked(STEPS, hp, 10)
    x = np.array(moments[0].before.x)
    own = WEIGHTS / WEIGHTS.mean()
    w, clipped = own, False
    for moment in moments:
        broken = expansion(x)
        moved = x - 0.6 * slope(lambda y, w=w: fourier(y, w), x)
        w = w + 0.3 * own * broken - 0.05 * (w - own)
        x = np.clip(moved, -1, 1)
        clipped |= bool((x != moved).any())
        np.testing.assert_allclose(moment.after.x, x, atol=1e-12)
        np.testing.assert_allclose(in_order(moment.after.weights, moment.ctx.problem), w)
    assert clipped


def test_weights_of_what_holds_return_to_their_own():
    hp = {"learning_rate": 0.5, "growth": 0.0, "decay": 0.5}
    method, moments = walked(STEPS, hp, 1)
    with x64(True):
        state = moments[0].before._replace(weights=3 * moments[0].before.weights)
        after, _ = method.step(state, method.phases[0], moments[0].ctx)
    np.testing.assert_allclose(after.weights, 2 * np.asarray(moments[0].before.weights))


@pytest.mark.parametrize("made", [ROUNDS, STEPS], ids=["rounds", "steps"])
def test_rounding_is_exact(made):
    """What the score says of a readout is what its bits violate."""
    hp = {**HP, "learning_rate": 0.6, "growth": 0.3, "decay": 0.05}
    method, moments = walked(made, hp, 6)
    for moment in moments:
        with x64(True):
            x = method.readout(moment.after, moment.ctx)
            z, score = method.energy.round_score(x, jnp.inf, moment.ctx.problem, moment.ctx.key)
        np.testing.assert_array_equal(z, np.asarray(moment.after.x) < 0)
        assert float(score.cost) == WEIGHTS @ violated(np.asarray(z), FORMULA)


def parity(n, m, seed):
    """XORs of three literals that a hidden assignment satisfies, as they are."""
    rng = np.random.default_rng(seed)
    hidden = rng.integers(0, 2, n)
    rows = []
    for _ in range(m):
        variables = rng.choice(n, 3, replace=False)
        signs = rng.choice([-1, 1], 3)
        if (hidden[variables] ^ (signs < 0)).sum() % 2 == 0:
            signs[0] *= -1
        rows.append(signs * (variables + 1))
    made = clauses(n, [tuple(int(v) for v in row) for row in rows])
    return replace(made, kinds=np.full(m, Kind.XOR, np.uint8))


def test_parities_are_solved_as_they_are():
    formula: Formula = parity(60, 20, 1)
    _, moments = walked(ROUNDS, HP, 300, formula)
    assert len(moments[0].before.weights) == 20  # one term an XOR, not four clauses
    bits = (np.asarray(moments[-1].after.x) < 0).astype(np.uint8)
    assert not violated(bits, formula).any()
