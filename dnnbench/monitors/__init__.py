"""Passive measurements and stopping rules."""
