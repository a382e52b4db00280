"""What a partial differential equation is to dnnbench; one subclass, in one file, is a problem.

An equation says what it is (residuals, conditions, domain), never how it is solved. Its formulas
are written with `xp`, the array module of whoever calls: `numpy`, `jax.numpy`, or the Taylor
arithmetic of the networks (`kernels.taylor`); so the file imports none of them. The reference
solution is another matter: it is made here, in NumPy, and stays sealed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from types import SimpleNamespace
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.equation import Equation, Evaluation
from dnnbench.problems.base import Judged, Posed, Sense, Verdict
from dnnbench.problems.pde.geometry import Domain, parse_counts

_MOST_POINTS = 1_000_000


class Reference(Protocol):
    """A solution that is known; see `pde.reference`."""

    @property
    def accuracy(self) -> float:
        """Bound on, or estimate of, its absolute error."""

    def evaluate(self, points: np.ndarray) -> NDArray[np.float64]:
        """Values [n] or [n, unknowns] at points [n, d]."""


@dataclass(frozen=True)
class Formula:
    """A solution that is a formula.

    Attributes:
        values: points [n, d] -> values [n] or [n, unknowns].
        accuracy: bound on its absolute error.
    """

    values: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    accuracy: float

    def evaluate(self, points: np.ndarray) -> NDArray[np.float64]:
        """The formula's values."""
        return self.values(points)


@dataclass(frozen=True)
class Pde(Judged):
    """Base class of the equations.

    Subclasses give the class variables, `domain`, `residuals`, `boundary` and `reference`;
    `constrained` where the conditions can be built into an ansatz, and `ritz` where the solution
    minimises an integral. In all of them `p` has the parameters as attributes (`p.nu`), `at` the
    coordinates (`at.x`), and `f` the unknowns, each with `value`, first derivatives (`f.u.x`)
    and those named in `derivatives` (`f.u.xx`, `f.u.laplacian`).

    Class variables:
        name: of the problem.
        coordinates: names of the columns of points; time comes last and is called `t`.
        unknowns: names of the columns of solutions.
        derivatives: those of second order that `residuals` uses: two coordinates (`xx`, `xy`), or
            `laplacian`, the sum over all coordinates but time.
        parameters: settings of the problem that are the equation's coefficients.
        periodic: coordinates in which everything is periodic; their ends need no condition.
        free: parts of the boundary without a condition.
        up_to_constant: unknowns determined up to a constant (a pressure); it is taken out before
            solutions are compared.
        grid: points of the evaluation grid along each coordinate, `256x101`, if the setting
            `grid` is null.
    """

    name: ClassVar[str]
    coordinates: ClassVar[tuple[str, ...]]
    unknowns: ClassVar[tuple[str, ...]] = ("u",)
    derivatives: ClassVar[tuple[str, ...]] = ()
    parameters: ClassVar[tuple[str, ...]] = ()
    periodic: ClassVar[tuple[str, ...]] = ()
    free: ClassVar[tuple[str, ...]] = ()
    up_to_constant: ClassVar[tuple[str, ...]] = ()
    grid: ClassVar[str]

    metric: ClassVar[str] = "relative_l2"
    sense: ClassVar[Sense] = "min"
    family: ClassVar[str] = "pde"
    posed_family: ClassVar[str] = "evaluation"

    # What an equation says ----------------------------------------------------------------------

    def domain(self, p: SimpleNamespace) -> Domain:
        """Where it holds."""
        raise NotImplementedError

    def residuals(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """What must vanish inside the domain, [n] each, by name."""
        raise NotImplementedError

    def boundary(self, part: str, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """Given values of unknowns on a part of the boundary: [n] or a number, by unknown."""
        raise NotImplementedError

    def reference(self, p: SimpleNamespace) -> Reference:
        """The solution that answers are compared with."""
        raise NotImplementedError

    def constrained(self, net: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """Unknowns, by name, that fulfil all conditions whatever the functions `net.u` are."""
        raise NotImplementedError

    def ritz(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> Any:
        """A density [n], of values and first derivatives, whose integral the solution minimises.

        Among functions with the given boundary values.
        """
        raise NotImplementedError

    def offers(self, name: str) -> bool:
        """Whether this equation has its own `constrained` or `ritz`."""
        return getattr(type(self), name) is not getattr(Pde, name)

    # The exact side of a problem ----------------------------------------------------------------

    def values_of(self, settings: Mapping[str, Any]) -> SimpleNamespace:
        """The parameters among the settings of a problem, or of a posed instance."""
        return SimpleNamespace(**{name: float(settings[name]) for name in self.parameters})

    def pose(
        self, sealed: Equation, settings: Mapping[str, Any], load: Callable[[str], Any]
    ) -> Posed:
        """The evaluation points, and the reference solution there, float64 [n, unknowns].

        Raises:
            UserError: the instance is another equation, or the grid does not fit.
        """
        if sealed.name != self.name:
            raise UserError(f"{self.name} is the equation/{self.name}, not equation/{sealed.name}")
        given = tuple((name, float(settings[name])) for name in self.parameters)
        grid = settings["grid"] or self.grid
        points, values = _posed(self, given, grid)
        return Posed(Evaluation(points, dict(given)), values)

    def energy_settings(self, public: Evaluation) -> dict[str, Any]:
        """What the differentiable side is told: the equation and its coefficients."""
        return {"pde": self, "parameters": tuple(sorted(public.parameters.items()))}

    def evaluation_points(self, p: SimpleNamespace, grid: str) -> NDArray[np.float64]:
        """The points [n, d] at which a solution is asked for; a regular grid."""
        domain = self.domain(p)
        counts = parse_counts(grid, domain.dimensions)
        if np.prod(counts, dtype=float) > _MOST_POINTS:
            raise UserError(f"problem.grid: '{grid}' has more than {_MOST_POINTS:,} points")
        return domain.grid(counts)

    def tiny(self) -> dict[str, Equation]:
        """The equation itself."""
        return {"itself": Equation(self.name)}

    def plain(self, public: Evaluation) -> NDArray[np.float64]:
        """The answer that takes no solver: zero."""
        return np.zeros((len(public.points), len(self.unknowns)))

    def random(self, public: Evaluation, rng: np.random.Generator) -> NDArray[np.float64]:
        """Standard normal values."""
        return rng.standard_normal((len(public.points), len(self.unknowns)))

    def verify(self, z: np.ndarray, public: Evaluation, sealed: Any) -> Verdict:
        """Errors of an answer [n, unknowns] against the reference at the evaluation points.

        Without the reference nothing is known of an answer, and the objective is NaN.

        Raises:
            ValueError: `z` has another shape, or values that are not finite.
        """
        shape = (len(public.points), len(self.unknowns))
        if z.shape != shape:
            raise ValueError(f"expected values of shape {list(shape)}, got {list(z.shape)}")
        if z.dtype.kind != "f" or not np.isfinite(z).all():
            raise ValueError("expected finite floating point values")
        if sealed is None:
            return Verdict(float("nan"))
        errors, reference = self._compared(z, sealed)
        named = {
            "relative_l2": _relative(errors, reference),
            "max_error": float(np.abs(errors).max()),
        }
        if len(self.unknowns) > 1:
            for i, unknown_ in enumerate(self.unknowns):
                named[f"relative_l2_{unknown_}"] = _relative(errors[:, i], reference[:, i])
        named["reference_accuracy"] = float(
            self.reference(self.values_of(public.parameters)).accuracy
        )
        return Verdict(named["relative_l2"], metrics=named)

    def objective(self, z: np.ndarray, public: Evaluation, sealed: Any) -> float:
        """The relative L2 error alone, for traces; see `verify`."""
        return _relative(*self._compared(z, sealed))

    def _compared(
        self, z: np.ndarray, sealed: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Errors and reference, both without what is not determined."""
        errors, reference = z.astype(np.float64) - sealed, sealed.copy()
        for name in self.up_to_constant:
            i = self.unknowns.index(name)
            errors[:, i] -= errors[:, i].mean()
            reference[:, i] -= reference[:, i].mean()
        return errors, reference

    def write_solution(self, z: np.ndarray) -> bytes:
        """The values as a NumPy file, [n, unknowns] in the order of the evaluation points."""
        content = BytesIO()
        np.save(content, z, allow_pickle=False)
        return content.getvalue()


def _relative(errors: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """Norm of the errors over that of the reference."""
    return float(np.linalg.norm(errors) / np.linalg.norm(reference))


@lru_cache(maxsize=16)
def _posed(
    pde: Pde, given: tuple[tuple[str, float], ...], grid: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Evaluation points and reference values; a sweep asks for the same ones many times."""
    p = SimpleNamespace(**dict(given))
    points = pde.evaluation_points(p, grid)
    values = np.asarray(pde.reference(p).evaluate(points), np.float64)
    values = values.reshape(len(points), len(pde.unknowns))
    points.setflags(write=False)
    values.setflags(write=False)
    return points, values
