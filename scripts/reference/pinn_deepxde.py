"""Physics-informed networks by DeepXDE, to measure dnnbench's own against; needs deepxde only.

Usage: DDE_BACKEND=pytorch|jax python scripts/reference/pinn_deepxde.py poisson|burgers [--double]

DeepXDE is used as a library, through its public interface and as its own examples do: geometry,
conditions, `Model.compile("adam")`, `Model.train`. The problems:

    poisson   -Laplace(u) = 2 pi^2 sin(pi x) sin(pi y) on (0, 1)^2, u = 0 on the boundary;
              1200 points inside, 120 on the boundary; tanh network [2, 50, 50, 50, 50, 1]
    burgers   u_t + u u_x = (0.01 / pi) u_xx on (-1, 1) x (0, 1), u(x, 0) = -sin(pi x),
              u(-1, t) = u(1, t) = 0;
              2540 points inside, 80 on the boundary, 160 at t = 0; tanh network [2, 20, 20, 20, 1]

Adam with the rate 1e-3 on the sum of mean squares. DeepXDE asks the equation of the points of the
conditions as well: 1320 and 2780 residuals.

Commands are JSON objects, one a line of the standard input; each is answered by one on the
standard output. "start" (build, compile, one iteration) comes first:

    {"do": "start"}                  -> wall and processor seconds
    {"do": "points", "path": P}      writes the points: residuals; conditions and values there
    {"do": "load", "path": P}        takes kernel_i and bias_i from P
    {"do": "check", "path": P}       writes loss and its gradients
    {"do": "train", "steps": n}      -> wall and processor seconds an iteration
    {"do": "predict", "path": P, "to": Q}   values at the array `points` of P
"""

import argparse
import json
import os
import sys
import time

import numpy as np

ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # DeepXDE reports on the standard output

import deepxde as dde  # noqa: E402
from deepxde.backend import backend_name  # noqa: E402

DRIFT = 0.01 / np.pi


def sine(x):
    """Sin in the back end's arrays."""
    return dde.backend.sin(x)


def poisson():
    """Geometry, equation and conditions of Poisson's equation, and the network's sizes."""
    square = dde.geometry.Rectangle([0, 0], [1, 1])

    def equation(x, y):
        xx, yy = (dde.grad.hessian(y, x, i=i, j=i) for i in (0, 1))
        if backend_name == "jax":
            xx, yy = xx[0], yy[0]
        source = 2 * np.pi**2 * sine(np.pi * x[:, 0:1]) * sine(np.pi * x[:, 1:2])
        return -xx - yy - source

    edge = dde.icbc.DirichletBC(square, lambda x: np.zeros((len(x), 1)), lambda _, on: on)
    data = dde.data.PDE(square, equation, [edge], num_domain=1200, num_boundary=120)
    return data, [2, 50, 50, 50, 50, 1]


def burgers():
    """The same for Burgers' equation."""
    line = dde.geometry.Interval(-1, 1)
    strip = dde.geometry.GeometryXTime(line, dde.geometry.TimeDomain(0, 1))

    def equation(x, y):
        if backend_name == "jax":
            u, (dx, _), (dt, _) = y[0], *(dde.grad.jacobian(y, x, i=0, j=j) for j in (0, 1))
            xx = dde.grad.hessian(y, x, i=0, j=0)[0]
        else:
            u = y
            dx, dt = (dde.grad.jacobian(y, x, i=0, j=j) for j in (0, 1))
            xx = dde.grad.hessian(y, x, i=0, j=0)
        return dt + u * dx - DRIFT * xx

    zero = dde.icbc.DirichletBC(strip, lambda x: np.zeros((len(x), 1)), lambda _, on: on)
    begin = dde.icbc.IC(strip, lambda x: -np.sin(np.pi * x[:, 0:1]), lambda _, on: on)
    counts = {"num_domain": 2540, "num_boundary": 80, "num_initial": 160}
    return dde.data.TimePDE(strip, equation, [zero, begin], **counts), [2, 20, 20, 20, 1]


PROBLEMS = {"poisson": poisson, "burgers": burgers}


class Worker:
    """One problem under one back end."""

    def __init__(self, name):
        self.data, self.sizes = PROBLEMS[name]()
        self.model = None

    def start(self, _):
        """Network, compilation and the first iteration."""
        begin, used = time.perf_counter(), time.process_time()
        network = dde.nn.FNN(self.sizes, "tanh", "Glorot uniform")
        self.model = dde.Model(self.data, network)
        self.model.compile("adam", lr=1e-3)
        self.model.train(iterations=1, verbose=0)
        wall, busy = time.perf_counter() - begin, time.process_time() - used
        return {"wall": wall, "processor": busy, "deepxde": dde.__version__}

    def train(self, command):
        """Seconds an iteration; the loss is evaluated twice besides, before and after."""
        begin, used = time.perf_counter(), time.process_time()
        steps = command["steps"]
        self.model.train(iterations=steps, display_every=10**9, verbose=0)
        wall, busy = time.perf_counter() - begin, time.process_time() - used
        return {"wall": wall / steps, "processor": busy / steps}

    def points(self, command):
        """Residual points, points of the conditions with their values."""
        beg, values = 0, []
        for condition, count in zip(self.data.bcs, self.data.num_bcs, strict=True):
            at = self.data.train_x[beg : beg + count]
            is_initial = isinstance(condition, dde.icbc.IC)
            values.append(-np.sin(np.pi * at[:, :1]) if is_initial else 0 * at[:, :1])
            beg += count
        counts = np.asarray(self.data.num_bcs)
        edge = {"edge": self.data.train_x_bc, "values": np.concatenate(values), "counts": counts}
        np.savez(command["path"], inside=self.data.train_x_all, **edge)
        return {"counts": counts.tolist(), "inside": len(self.data.train_x_all)}

    def load(self, command):
        """Takes parameters and begins Adam anew."""
        with np.load(command["path"], allow_pickle=False) as stored:
            pairs = [
                (stored[f"kernel_{i}"], stored[f"bias_{i}"]) for i in range(len(self.sizes) - 1)
            ]
        if backend_name == "pytorch":
            import torch

            with torch.no_grad():
                for layer, (kernel, bias) in zip(self.model.net.linears, pairs, strict=True):
                    layer.weight.copy_(torch.from_numpy(kernel.T))
                    layer.bias.copy_(torch.from_numpy(bias))
            self.model.compile("adam", lr=1e-3)
        else:
            import jax.numpy as jnp

            layers = {
                f"denses_{i}": {"kernel": jnp.asarray(kernel), "bias": jnp.asarray(bias)}
                for i, (kernel, bias) in enumerate(pairs)
            }
            self.model.params = [{"params": layers}, []]
            self.model.opt_state = self.model.opt.init(self.model.params)
        return {}

    def check(self, command):
        """Loss and gradients at the present parameters."""
        x, y = self.data.train_x, self.data.train_y
        if backend_name == "pytorch":
            loss = self.model.outputs_losses_train(x, y, None)[1].sum()
            self.model.net.zero_grad()
            loss.backward()
            found = [(p.weight.grad.numpy().T, p.bias.grad.numpy()) for p in self.model.net.linears]
            loss = loss.item()
        else:
            import jax

            def total(params):
                return self.model.outputs_losses_train(params, x, y)[1].sum()

            loss, gradient = jax.value_and_grad(total)(self.model.params)
            layers = gradient[0]["params"]
            found = [
                (
                    np.asarray(layers[f"denses_{i}"]["kernel"]),
                    np.asarray(layers[f"denses_{i}"]["bias"]),
                )
                for i in range(len(layers))
            ]
        arrays = {
            f"{name}_{i}": a
            for i, p in enumerate(found)
            for name, a in zip(("kernel", "bias"), p, strict=True)
        }
        np.savez(command["path"], loss=float(loss), **arrays)
        return {"loss": float(loss)}

    def predict(self, command):
        """Values of the network."""
        with np.load(command["path"], allow_pickle=False) as stored:
            values = self.model.predict(stored["points"])
        np.savez(command["to"], values=values)
        return {}


def main():
    """Answer commands until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problem", choices=PROBLEMS)
    parser.add_argument("--double", action="store_true", help="float64 (PyTorch only)")
    args = parser.parse_args()
    if args.double:
        dde.config.set_default_float("float64")
    dde.config.set_random_seed(0)
    if backend_name == "pytorch":
        import torch

        torch.set_num_threads(1)
    worker = Worker(args.problem)
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(worker, command["do"])(command)
        print(json.dumps(answer), file=ANSWERS, flush=True)


if __name__ == "__main__":
    main()
