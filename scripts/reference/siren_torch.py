"""SIREN in PyTorch, to measure dnnbench's own against; needs torch, not dnnbench.

Usage: python scripts/reference/siren_torch.py [--size 64] [--steps N] ...

Written from Sitzmann et al. (arXiv 2006.09661, Section 3.2): sin(30 (W x + b)), one layer
2 -> 256, three 256 -> 256, a linear output; weights uniform in +-1/n_in in the first layer and
+-sqrt(6/n_in)/30 after it; mean squared error to an image, Adam at 1e-4. The options and files are
those of `dip_torch.py`. The last line of the output is one JSON object.
"""

import argparse
import json
import math
import os
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn


class Network(nn.Module):
    """Sine layers and a linear output."""

    def __init__(self, outputs: int, width: int = 256, hidden: int = 3) -> None:
        super().__init__()
        sizes = [2] + [width] * (hidden + 1)
        self.layers = [f"layer_{i}" for i in range(hidden + 1)]
        for i, name in enumerate(self.layers):
            self.add_module(name, nn.Linear(sizes[i], sizes[i + 1]))
        self.output = nn.Linear(width, outputs)
        inner = math.sqrt(6 / width) / 30
        with torch.no_grad():
            for name in [*self.layers, "output"]:
                bound = 1 / 2 if name == "layer_0" else inner
                getattr(self, name).weight.uniform_(-bound, bound)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[n, 2] -> [n, outputs]."""
        for name in self.layers:
            x = torch.sin(30 * getattr(self, name)(x))
        return self.output(x)


def run(args: argparse.Namespace) -> dict:
    """Check or time; the facts that are printed."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    line = torch.linspace(-1, 1, args.size)
    x = torch.stack(torch.meshgrid(line, line, indexing="ij"), dim=-1).reshape(-1, 2)
    target = torch.rand(args.size**2, args.outputs)
    network = Network(args.outputs)
    if args.init is not None:
        with np.load(args.init, allow_pickle=False) as arrays, torch.no_grad():
            x = torch.from_numpy(arrays["input"]).reshape(-1, 2)
            target = torch.from_numpy(arrays["target"]).reshape(-1, args.outputs)
            for name, parameter in network.named_parameters():
                parameter.copy_(torch.from_numpy(arrays[name]))
    network, x, target = network.to(args.device), x.to(args.device), target.to(args.device)
    optimizer = torch.optim.Adam(network.parameters(), lr=args.learning_rate)
    parameters = sum(p.numel() for p in network.parameters())
    if args.check is not None:
        if args.double:
            network, x, target = network.double(), x.double(), target.double()
        y = network(x)
        loss = nn.functional.mse_loss(y, target)
        loss.backward()
        found = {n: p.grad.cpu().numpy() for n, p in network.named_parameters()}
        output = y.detach().reshape(args.size, args.size, -1).cpu().numpy()
        np.savez(args.check, output=output, loss=loss.item(), **found)
        return {"parameters": parameters, "loss": loss.item()}
    times, busy = [], []
    for _ in range(args.steps + 1):
        begin, used = time.perf_counter(), time.process_time()
        optimizer.zero_grad()
        nn.functional.mse_loss(network(x), target).backward()
        optimizer.step()
        if args.device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
        busy.append(time.process_time() - used)
    return {
        "size": args.size,
        "parameters": parameters,
        "seconds": statistics.median(times[1:]),
        "cpu_seconds": statistics.median(busy[1:]),
        "threads": args.threads,
        "torch": torch.__version__,
    }


def main() -> None:
    """Parse the command line, run, print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--size", type=int, default=64, help="height and width")
    add("--outputs", type=int, default=1, help="channels of the image")
    add("--steps", type=int, default=10)
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=len(os.sched_getaffinity(0)))
    add("--device", default="cpu")
    add("--learning-rate", type=float, default=1e-4)
    add("--init", type=Path, help=".npz with parameters, input and target")
    add("--double", action="store_true", help="check in float64")
    add("--check", type=Path, help="write output and gradients instead of timing")
    print(json.dumps(run(parser.parse_args())))


if __name__ == "__main__":
    main()
