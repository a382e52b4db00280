"""Satisfiability: formulas of clauses, parities and counts, all of which should hold."""
