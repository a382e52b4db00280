"""The command line: one file a verb, thin; nothing here imports JAX."""
