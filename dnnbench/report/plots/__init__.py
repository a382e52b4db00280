"""Figures of records, by matplotlib; pure functions from records to figures."""
