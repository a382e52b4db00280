"""Graphs made from arguments and a seed: the G-set and random families."""
