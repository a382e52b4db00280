"""Classical solvers: one file a family, all behind `base.Baseline`."""
