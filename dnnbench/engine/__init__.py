"""The loop that runs every dataless method: lanes, plans, budgets, traces.

Import the modules directly; this package imports nothing, so that `engine.plan` and
`engine.budget` can be used where JAX must not be loaded.
"""
