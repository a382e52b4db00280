"""Deep Image Prior in PyTorch, to measure dnnbench's own against; needs torch, not dnnbench.

Usage: python scripts/reference/dip_torch.py [--setting large|small] [--size 256] [--steps N] ...

Written from the description in Ulyanov, Vedaldi & Lempitsky (Deep Image Prior, CVPR 2018, arXiv
1711.10925, supplementary material): an hourglass whose scale s is

    skip   conv -> norm -> leak                       (absent where it has 0 channels)
    down   conv stride 2 -> norm -> leak -> conv -> norm -> leak
    up     concat(skip, upsampled deeper) -> norm -> conv -> norm -> leak
           -> conv 1x1 -> norm -> leak

then a 1x1 convolution and the sigmoid; reflection padding, biases everywhere, normalisation with
the statistics of the one image, LeakyReLU(0.2), bilinear upsampling. Mean squared error to the
image, Adam. The last line of the output is one JSON object.

`--init FILE.npz` takes parameters (names as in `state_dict`), `input` [h, w, c] and `target`;
`--check FILE.npz` writes the output [h, w, c], the loss and the gradients at these parameters.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

# down, up, skip channels a scale; channels of the input
SETTINGS = {
    "large": ([128] * 5, [128] * 5, [4] * 5, 32),
    "small": ([8, 16, 32, 64, 128], [8, 16, 32, 64, 128], [0, 0, 0, 4, 4], 3),
}


class Block(nn.Module):
    """Convolution, normalisation, LeakyReLU."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            inputs, outputs, size, stride, padding=size // 2, padding_mode="reflect"
        )
        self.norm = nn.BatchNorm2d(outputs)
        self.act = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[1, inputs, h, w] -> [1, outputs, h, w] over the stride."""
        return self.act(self.norm(self.conv(x)))


class Scale(nn.Module):
    """One scale with all that is deeper."""

    def __init__(self, inputs: int, down: list[int], up: list[int], skip: list[int]) -> None:
        super().__init__()
        self.skip = Block(inputs, skip[0], 1) if skip[0] else None
        self.down_0 = Block(inputs, down[0], 3, stride=2)
        self.down_1 = Block(down[0], down[0], 3)
        deepest = len(down) == 1
        self.deeper = None if deepest else Scale(down[0], down[1:], up[1:], skip[1:])
        self.grow = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        joined = skip[0] + (down[0] if deepest else up[1])
        self.norm = nn.BatchNorm2d(joined)
        self.up_0 = Block(joined, up[0], 3)
        self.up_1 = Block(up[0], up[0], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[1, inputs, h, w] -> [1, up, h, w]."""
        y = self.down_1(self.down_0(x))
        y = self.grow(y if self.deeper is None else self.deeper(y))
        y = y[:, :, : x.shape[2], : x.shape[3]]
        if self.skip is not None:
            y = torch.cat([self.skip(x), y], dim=1)
        return self.up_1(self.up_0(self.norm(y)))


class Network(nn.Module):
    """The hourglass and its output layer."""

    def __init__(self, setting: str, outputs: int) -> None:
        super().__init__()
        down, up, skip, inputs = SETTINGS[setting]
        self.scales = Scale(inputs, down, up, skip)
        self.output = nn.Conv2d(up[0], outputs, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[1, inputs, h, w] -> [1, outputs, h, w] in (0, 1)."""
        return torch.sigmoid(self.output(self.scales(x)))


def time_steps(
    step: Callable[[], None], device: str, steps: int
) -> tuple[list[float], list[float]]:
    """Seconds of each step, and the processor's seconds."""
    times, busy = [], []
    for _ in range(steps):
        begin, used = time.perf_counter(), time.process_time()
        step()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
        busy.append(time.process_time() - used)
    return times, busy


def to_torch(array: np.ndarray) -> torch.Tensor:
    """[h, w, c] -> [1, c, h, w]."""
    return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))[None]


def run(args: argparse.Namespace) -> dict:
    """Check or time; the facts that are printed."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    inputs = SETTINGS[args.setting][3]
    x = 0.1 * torch.rand(1, inputs, args.size, args.size)
    target = torch.rand(1, args.outputs, args.size, args.size)
    network = Network(args.setting, args.outputs)
    if args.init is not None:
        with np.load(args.init, allow_pickle=False) as arrays:
            x, target = to_torch(arrays["input"]), to_torch(arrays["target"])
            with torch.no_grad():
                for name, parameter in network.named_parameters():
                    parameter.copy_(torch.from_numpy(arrays[name]))
    network, x, target = network.to(args.device), x.to(args.device), target.to(args.device)
    if args.channels_last:
        network, x = (
            network.to(memory_format=torch.channels_last),
            x.contiguous(memory_format=torch.channels_last),
        )
    optimizer = torch.optim.Adam(network.parameters(), lr=args.learning_rate)
    parameters = sum(p.numel() for p in network.parameters())
    if args.check is not None:
        if args.double:
            network, x, target = network.double(), x.double(), target.double()
        y = network(x)
        loss = nn.functional.mse_loss(y, target)
        loss.backward()
        found = {n: p.grad.cpu().numpy() for n, p in network.named_parameters()}
        output = y.detach()[0].permute(1, 2, 0).cpu().numpy()
        np.savez(args.check, output=output, loss=loss.item(), **found)
        return {"parameters": parameters, "loss": loss.item()}

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.mse_loss(network(x), target).backward()
        optimizer.step()

    times, busy = time_steps(step, args.device, args.steps + 1)
    return {
        "setting": args.setting,
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
    add("--setting", choices=sorted(SETTINGS), default="large")
    add("--size", type=int, default=256, help="height and width")
    add("--outputs", type=int, default=1, help="channels of the image")
    add("--steps", type=int, default=5)
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=len(os.sched_getaffinity(0)))
    add("--device", default="cpu")
    add("--channels-last", action="store_true", help="torch's channels-last memory format")
    add("--learning-rate", type=float, default=0.01)
    add("--init", type=Path, help=".npz with parameters, input and target")
    add("--double", action="store_true", help="check in float64")
    add("--check", type=Path, help="write output and gradients instead of timing")
    print(json.dumps(run(parser.parse_args())))


if __name__ == "__main__":
    main()
