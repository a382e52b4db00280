"""Partial differential equations on simple domains."""
