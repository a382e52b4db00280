"""The table of a paper: solvers down, instances across, described by one file."""
