"""Sparse products and the choice among them: the lowest layer; imports nothing here."""
