"""Instances: formats, conversion, generators, the registry of public data, loading."""
