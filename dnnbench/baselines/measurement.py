"""The measurement itself as an answer: the floor that every restoration must be seen against."""

from dataclasses import dataclass

import numpy as np

from dnnbench.baselines.base import Search
from dnnbench.baselines.one_call import OneCall
from dnnbench.instances.measurement import Measurement
from dnnbench.problems.imaging.exact import plain


@dataclass(frozen=True)
class AsMeasured(OneCall):
    """Nothing is solved: repeated pixels, the mean where nothing was seen."""

    def restored(self, public: Measurement, search: Search) -> np.ndarray:
        """The measurement as a picture."""
        return plain(public)
