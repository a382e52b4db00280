"""Tiny methods that bend the engine in every direction the families need."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Ctx, Data, Info, Phase, Score
from dnnbench.engine.gradient import GradientMethod
from dnnbench.engine.plan import Plan
from dnnbench.optimizers.from_optax import adam
from dnnbench.optimizers.gauss_newton import GaussNewton
from dnnbench.optimizers.lbfgs import LBFGS


def plan(**changes: Any) -> Plan:
    """A small CPU plan."""
    values: dict[str, Any] = {
        "platform": "cpu",
        "dtype": "float32",
        "kernel": "none",
        "lanes": 4,
        "micro_batch": 4,
        "score_every": 5,
    }
    return Plan(**(values | changes))


def data(problem: Any, method: Any = ()) -> Data:
    return Data(jax.tree.map(np.asarray, problem), jax.tree.map(np.asarray, method))


@dataclass(frozen=True)
class DenseQuadratic:
    """x^T Q x over bits, dense."""

    def prepare(self, public: Any) -> Any:
        return jnp.asarray(public, jnp.float32)

    def energy(self, x: jax.Array, q: jax.Array) -> jax.Array:
        return x @ q @ x

    def round_score(self, x: Any, merit: Any, q: Any, key: Any) -> tuple[jax.Array, Score]:
        z = (x > 0.5).astype(q.dtype)
        return z.astype(jnp.uint8), Score(jnp.zeros(()), z @ q @ z)


@dataclass(frozen=True)
class Continuous:
    """z = x, cost = the method's own merit, as for images and PDEs."""

    def prepare(self, public: Any) -> Any:
        return public

    def energy(self, x: Any, d: Any) -> Any:
        raise NotImplementedError

    def round_score(self, x: Any, merit: Any, d: Any, key: Any) -> tuple[jax.Array, Score]:
        return x, Score(jnp.zeros((), merit.dtype), merit)


@dataclass(frozen=True)
class Relaxation(GradientMethod):
    """Logits on a dense quadratic; state [n], lanes last."""

    energy: Any = DenseQuadratic()
    steps: int = 40
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate",)

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (Phase("descend", self.steps, adam()),)

    def start(self, ctx: Ctx) -> Any:
        return jax.random.normal(ctx.key, ctx.problem.shape[:1]), ()

    def loss(self, params: Any, aux: Any, ctx: Ctx) -> Any:
        return self.energy.energy(jax.nn.sigmoid(params), ctx.problem), aux

    def readout(self, s: Any, ctx: Ctx) -> jax.Array:
        return jax.nn.sigmoid(s.params)


class _ConvNet(nn.Module):
    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        x = nn.Conv(8, (3, 3))(x)
        x = nn.BatchNorm(use_running_average=False)(x)
        return nn.Conv(1, (3, 3))(nn.relu(x))


@dataclass(frozen=True)
class ConvPrior(GradientMethod):
    """A two-layer convolutional network with batch norm fits an image; running averages in aux."""

    energy: Any = Continuous()
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate",)

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (Phase("fit", None, adam()),)

    def start(self, ctx: Ctx) -> Any:
        variables = _ConvNet().init(ctx.key, ctx.data.method)
        return variables["params"], (variables["batch_stats"], jnp.zeros_like(ctx.problem))

    def loss(self, params: Any, aux: Any, ctx: Ctx) -> Any:
        variables = {"params": params, "batch_stats": aux[0]}
        y, new = _ConvNet().apply(variables, ctx.data.method, mutable=["batch_stats"])
        return jnp.mean((y - ctx.problem) ** 2), (new["batch_stats"], y)

    def readout(self, s: Any, ctx: Ctx) -> jax.Array:
        return s.aux[1]


@dataclass(frozen=True)
class Pinn(GradientMethod):
    """u'' = -pi^2 sin(pi x), u(0) = u(1) = 0; points resampled in Adam's phase, then L-BFGS."""

    energy: Any = Continuous()
    adam_steps: int = 150
    lbfgs_steps: int = 40
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate",)

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("adam", self.adam_steps, adam(), outer_every=20),
            Phase("lbfgs", self.lbfgs_steps, LBFGS()),
        )

    def start(self, ctx: Ctx) -> Any:
        keys = jax.random.split(ctx.key, 3)
        params = {
            "w": jax.random.normal(keys[0], (16,)) * 3,
            "b": jax.random.normal(keys[1], (16,)),
            "v": jnp.zeros((16,)),
        }
        return params, jax.random.uniform(keys[2], (24,))

    def outer(self, s: Any, phase: Phase, ctx: Ctx) -> Any:
        return s._replace(aux=jax.random.uniform(ctx.key, s.aux.shape))

    @staticmethod
    def u(params: Any, x: jax.Array) -> jax.Array:
        return x * (1 - x) * jnp.tanh(params["w"] * x + params["b"]) @ params["v"]

    def residuals(self, params: Any, aux: Any, ctx: Ctx) -> jax.Array:
        second = jax.vmap(jax.grad(jax.grad(lambda x: self.u(params, x))))(aux)
        return second + jnp.pi**2 * jnp.sin(jnp.pi * aux)

    def readout(self, s: Any, ctx: Ctx) -> jax.Array:
        return jax.vmap(lambda x: self.u(s.params, x))(ctx.problem)


@dataclass(frozen=True)
class Fit(GradientMethod):
    """Exponential fit by Gauss-Newton in float64."""

    energy: Any = Continuous()
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate",)

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (Phase("fit", 12, GaussNewton(1e-12)),)

    def start(self, ctx: Ctx) -> Any:
        return jnp.array([1.0, -0.5]) + 0.1 * jax.random.normal(ctx.key, (2,)), ()

    def residuals(self, params: Any, aux: Any, ctx: Ctx) -> jax.Array:
        x, y = ctx.problem
        return params[0] * jnp.exp(params[1] * x) - y

    def readout(self, s: Any, ctx: Ctx) -> jax.Array:
        return s.params


class Spins(NamedTuple):
    z: jax.Array


@dataclass(frozen=True)
class Metropolis:
    """A discrete sampler; one lane is an ensemble [n, 6] of chains."""

    energy: Any = DenseQuadratic()
    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("temperature",)
    ensemble_axis: ClassVar[int] = 1

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (Phase("sample", 200),)

    def prepare(self, public: Any) -> Any:
        return (), {}

    def init(self, ctx: Ctx) -> Spins:
        shape = (ctx.problem.shape[0], 6)
        return Spins(jax.random.bernoulli(ctx.key, 0.5, shape).astype(jnp.float32))

    def step(self, s: Spins, phase: Phase, ctx: Ctx) -> Any:
        pick, accept = jax.random.split(ctx.key)
        n, chains = s.z.shape
        flip = jax.nn.one_hot(jax.random.randint(pick, (chains,), 0, n), n, axis=0)
        new = jnp.abs(s.z - flip)

        def cost(z: jax.Array) -> jax.Array:
            return jnp.einsum("ic,ij,jc->c", z, ctx.problem, z)

        odds = jnp.exp((cost(s.z) - cost(new)) / ctx.hp["temperature"])
        z = jnp.where(jax.random.uniform(accept, (chains,)) < odds, new, s.z)
        merit = cost(z).min()
        return Spins(z), Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def enter(self, s: Any, phase: Any, ctx: Any) -> Any:
        return s

    def outer(self, s: Any, phase: Any, ctx: Any) -> Any:
        return s

    def readout(self, s: Spins, ctx: Ctx) -> jax.Array:
        return s.z


class Program(NamedTuple):
    """min c.x, A x <= b, 0 <= x <= 1."""

    a: Any
    b: Any
    c: Any


@dataclass(frozen=True)
class LinearScore:
    def prepare(self, public: Any) -> Any:
        return public

    def energy(self, x: Any, d: Any) -> Any:
        return d.c @ x

    def round_score(self, x: Any, merit: Any, d: Any, key: Any) -> tuple[jax.Array, Score]:
        over = jnp.maximum(d.a @ x - d.b, 0).max()
        return x, Score(jnp.where(over > 1e-4, over, 0.0), d.c @ x)


@dataclass(frozen=True)
class Pdhg:
    """Primal-dual hybrid gradient on a box LP; each lane has a program of its own."""

    energy: Any = LinearScore()
    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("tau",)
    ensemble_axis: ClassVar[None] = None

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (Phase("iterate", None),)

    def prepare(self, public: Any) -> Any:
        return (), {}

    def init(self, ctx: Ctx) -> Any:
        return jnp.zeros_like(ctx.problem.c), jnp.zeros_like(ctx.problem.b)

    def step(self, s: Any, phase: Phase, ctx: Ctx) -> Any:
        x, y = s
        lp, tau = ctx.problem, ctx.hp["tau"]
        new = jnp.clip(x - tau * (lp.c + y @ lp.a), 0, 1)
        dual = jnp.maximum(y + tau * (lp.a @ (2 * new - x) - lp.b), 0)
        merit = lp.c @ new
        return (new, dual), Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def enter(self, s: Any, phase: Any, ctx: Any) -> Any:
        return s

    def outer(self, s: Any, phase: Any, ctx: Any) -> Any:
        return s

    def readout(self, s: Any, ctx: Ctx) -> jax.Array:
        return s[0]


def random_quadratic(n: int, seed: int) -> np.ndarray:
    """Symmetric integer matrix with a negative diagonal."""
    rng = np.random.default_rng(seed)
    q = np.triu(rng.integers(-3, 4, (n, n)), 1).astype(np.float32)
    return q + q.T - np.diag(rng.integers(0, 6, n)).astype(np.float32)


def brute_force(q: np.ndarray) -> float:
    """Minimum of x^T Q x over all bits."""
    n = len(q)
    bits = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.float64)
    return float(np.einsum("ki,ij,kj->k", bits, q, bits).min())
