"""One trial: load, solve in a child process, verify, record. The parent's side imports no JAX."""
