"""Reports: statistics and tables, made from records alone; JAX is never imported here."""
