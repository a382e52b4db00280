"""Configuration: the shipped Hydra groups, their validation, and what they resolve to.

Nothing here imports JAX; nothing above `config` sees a DictConfig.
"""
