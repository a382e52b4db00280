"""Measures of benchmarking: pure functions on plain numbers and traces, which know no records.

In all of them None stands for a failure: a trial that left no answer, or never reached its target.
A failure stays in the denominator; each function says how.
"""
