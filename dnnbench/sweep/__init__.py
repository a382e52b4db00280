"""Many trials: expand overrides, skip what is on record, launch, resume."""
