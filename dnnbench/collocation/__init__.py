"""Shared by methods that make residuals small at points: where, and with which weights."""
