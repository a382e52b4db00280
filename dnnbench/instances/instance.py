"""An instance: one concrete, immutable input with its provenance."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Instance:
    """One concrete input.

    Attributes:
        name: registry name (`gset/G14`), generator call, or path as the user gave it.
        family: kind of data: `graph`, `qubo`, `ising`, `cnf`, `image`, `pde`, `program`.
        public: what a solver may see (for graphs a `Graph`).
        sealed: what only verification may see (clean image, planted answer), or None.
        sha256: hex digest that identifies the content (of the pixels of a picture, of the raw
            file bytes where there is a file, else of a canonical serialisation); part of every
            trial's id.
        source: where it came from, in words: `generated`, `data folder`, `cache`, `file`, `memory`.
    """

    name: str
    family: str
    public: Any
    sealed: Any
    sha256: str
    source: str
