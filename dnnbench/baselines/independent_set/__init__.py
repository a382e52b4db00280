"""Baselines for independent sets, and so for cliques and vertex covers (`conflicts`)."""
