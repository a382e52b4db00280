"""PI-GNN in PyTorch, as published, to measure dnnbench's own against; needs torch, not dnnbench.

Usage: python scripts/reference/pi_gnn_torch.py GRAPH [--problem maxcut|mis] [--epochs N] ...

Written from the description in Schuetz, Brubaker & Katzgraber (arXiv 2107.01188, Eqs. 5-7) with the
choices of the authors' example: a trained N(0, 1) embedding [n, d], d = floor(sqrt(n)); GraphConv
d -> h = floor(d / 2), ReLU, dropout, GraphConv h -> 1, sigmoid; `both`-normalised adjacency; the
loss p^T Q p with a DENSE Q; Adam. A run ends after `patience` epochs in a row in which the loss
moved by at most `tolerance` or rose. The bits p >= 1/2 of every epoch are candidates; those of the
epoch with the lowest relaxed loss are the answer. `--score-every` values the bits of every k-th
epoch as well, which the published code does not do (and which is not free).

GRAPH is a text file: `n m`, then `u v [w]` a line, vertices from 1 (`dnnbench data export NAME -o
FILE` writes it). The last line of the output is one JSON object.

How neighbours are summed (`--aggregation`): `dgl` is the published way and needs DGL 1.1
(`pip install --no-deps dgl==1.1.3`); `csr` a sparse CSR product; `scatter` one index_add per edge
list. All three give the same numbers up to rounding.
"""

import argparse
import json
import math
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

Aggregate = Callable[[torch.Tensor], torch.Tensor]


def read_graph(path: Path) -> tuple[int, torch.Tensor, torch.Tensor]:
    """(n, edges [m, 2] from 0, weights [m] float32) of a rudy file."""
    rows = [line.split() for line in path.read_text("utf-8").splitlines() if line.strip()]
    n = int(rows[0][0])
    edges = torch.tensor([[int(r[0]) - 1, int(r[1]) - 1] for r in rows[1:]])
    weights = torch.tensor([float(r[2]) if len(r) > 2 else 1.0 for r in rows[1:]])
    return n, edges, weights


def dense_q(problem: str, n: int, edges: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Q [n, n], upper triangular: MaxCut, or MIS with penalty 2 an edge."""
    q = torch.zeros((n, n))
    u, v = edges[:, 0], edges[:, 1]
    if problem == "mis":
        q[u, v] = 2.0
        q.fill_diagonal_(-1.0)
        return q
    q[u, v] = 2 * weights
    diagonal = torch.zeros(n).index_add_(0, u, weights).index_add_(0, v, weights)
    return q - torch.diag(diagonal)


def aggregation(kind: str, n: int, edges: torch.Tensor, device: str) -> Aggregate:
    """X -> D^-1/2 A D^-1/2 X for [n, k] on the unweighted graph, without self-loops."""
    sources = torch.cat([edges[:, 0], edges[:, 1]]).to(device)
    targets = torch.cat([edges[:, 1], edges[:, 0]]).to(device)
    degrees = torch.bincount(targets, minlength=n).clamp(min=1).float()
    scale = degrees.rsqrt()
    values = scale[sources] * scale[targets]
    if kind == "csr":
        shape = (n, n)
        coo = torch.sparse_coo_tensor(torch.stack([targets, sources]), values, shape)
        matrix = coo.coalesce().to_sparse_csr()
        return lambda x: matrix @ x
    column = values[:, None]
    return lambda x: torch.zeros_like(x).index_add_(0, targets, x[sources] * column)


class GraphConv(nn.Module):
    """A_norm X W + b; the narrower side is aggregated, as in DGL."""

    def __init__(self, inputs: int, outputs: int, aggregate: Aggregate) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(inputs, outputs)))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.aggregate = aggregate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[n, inputs] -> [n, outputs]."""
        if self.weight.shape[0] > self.weight.shape[1]:
            return self.aggregate(x @ self.weight) + self.bias
        return self.aggregate(x) @ self.weight + self.bias


class Network(nn.Module):
    """Embedding, two graph convolutions, sigmoid."""

    def __init__(
        self, n: int, d: int, h: int, dropout: float, convolution: type | Callable
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n, d)
        self.first, self.second = convolution(d, h), convolution(h, 1)
        self.dropout = dropout

    def forward(self) -> torch.Tensor:
        """Probabilities [n]."""
        x = torch.relu(self.first(self.embedding.weight))
        x = nn.functional.dropout(x, self.dropout, self.training)
        return torch.sigmoid(self.second(x))[:, 0]

    def load(self, path: Path) -> None:
        """Take initial parameters from an .npz: embedding, weight1, bias1, weight2, bias2."""
        with np.load(path, allow_pickle=False) as arrays, torch.no_grad():
            targets = {
                "embedding": self.embedding.weight,
                "weight1": self.first.weight,
                "bias1": self.first.bias,
                "weight2": self.second.weight,
                "bias2": self.second.bias,
            }
            for name, parameter in targets.items():
                parameter.copy_(torch.from_numpy(arrays[name]).reshape(parameter.shape))


def build(args: argparse.Namespace, n: int, edges: torch.Tensor) -> Network:
    """The network on the chosen aggregation."""
    d = args.embedding or math.isqrt(n)
    h = args.hidden or d // 2
    if args.aggregation != "dgl":
        aggregate = aggregation(args.aggregation, n, edges, args.device)
        return Network(n, d, h, args.dropout, lambda i, o: GraphConv(i, o, aggregate))
    os.environ.setdefault("DGLBACKEND", "pytorch")
    import dgl
    from dgl.nn.pytorch import GraphConv as DglConv

    both = torch.cat([edges, edges.flip(1)])
    graph = dgl.graph((both[:, 0], both[:, 1]), num_nodes=n).to(args.device)

    class Convolution(DglConv):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(graph, x)

    return Network(n, d, h, args.dropout, Convolution)


def train(args: argparse.Namespace) -> dict:
    """One run; the facts that are printed."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    n, edges, weights = read_graph(args.graph)
    q = dense_q(args.problem, n, edges, weights).to(args.device)
    network = build(args, n, edges).to(args.device)
    if args.init is not None:
        network.load(args.init)
    optimizer = torch.optim.Adam(network.parameters(), lr=args.learning_rate)

    def value(bits: torch.Tensor) -> float:
        """The cut, or the size of the set minus its violated edges."""
        z = bits.cpu()
        a, b = z[edges[:, 0]], z[edges[:, 1]]
        if args.problem == "mis":
            return float(z.sum() - (a & b).sum())
        return float(weights[(a != b)].double().sum())

    chunk = max(args.epochs // args.chunks, 1)
    best_loss, best_bits = math.inf, torch.zeros(n, dtype=torch.int64)
    best_scored, previous, count, losses, times = -math.inf, 1.0, 0, [], []
    begin = mark = time.perf_counter()
    epoch = 0
    while epoch < args.epochs and time.perf_counter() - begin < args.seconds:
        p = network()
        column = p[:, None]
        loss = (column.T @ q @ column).squeeze()
        number = loss.item()
        bits = (p.detach() >= 0.5) * 1
        if number < best_loss:
            best_loss, best_bits = number, bits
        if args.score_every and epoch % args.score_every == 0:
            best_scored = max(best_scored, value(bits))
        stalled = abs(number - previous) <= args.tolerance or number > previous
        count = count + 1 if stalled else 0
        previous = number
        if args.losses and epoch < args.losses:
            losses.append(number)
        if count >= args.patience:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        epoch += 1
        if epoch % chunk == 0:
            now = time.perf_counter()
            times.append((now - mark) / chunk * 1e3)
            mark = now
    seconds = time.perf_counter() - begin
    steady = times[1:] or times or [seconds / max(epoch, 1) * 1e3]  # the first chunk warms up
    return {
        "problem": args.problem,
        "aggregation": args.aggregation,
        "n": n,
        "m": len(edges),
        "threads": args.threads,
        "seed": args.seed,
        "learning_rate": args.learning_rate,
        "epochs": epoch,
        "seconds": round(seconds, 3),
        "ms_per_epoch": statistics.median(steady),
        "ms_min": min(steady),
        "ms_max": max(steady),
        "stopped": count >= args.patience,
        "loss": best_loss,
        "cut" if args.problem == "maxcut" else "size": value(best_bits),
        "last": value(bits),
        **({"best_scored": best_scored} if args.score_every else {}),
        **({"losses": losses} if args.losses else {}),
        "torch": torch.__version__,
    }


def main() -> None:
    """Parse the command line, train, print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("graph", type=Path)
    add("--problem", choices=["maxcut", "mis"], default="maxcut")
    add("--aggregation", choices=["scatter", "csr", "dgl"], default="csr")
    add("--epochs", type=int, default=100_000, help="most epochs")
    add("--seconds", type=float, default=math.inf, help="most seconds")
    add("--chunks", type=int, default=10, help="chunks the time per epoch is taken over")
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=len(os.sched_getaffinity(0)))
    add("--device", default="cpu")
    add("--learning-rate", type=float, default=1e-4)
    add("--tolerance", type=float, default=1e-4)
    add("--patience", type=int, default=100)
    add("--embedding", type=int, help="width d (default: floor(sqrt(n)))")
    add("--hidden", type=int, help="width h (default: floor(d / 2))")
    add("--dropout", type=float, default=0.0)
    add("--init", type=Path, help=".npz with the first parameters")
    add("--losses", type=int, default=0, help="print the losses of this many first epochs")
    add("--score-every", type=int, default=0, help="value the bits of every k-th epoch too")
    print(json.dumps(train(parser.parse_args())))


if __name__ == "__main__":
    main()
