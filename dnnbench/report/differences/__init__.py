"""Two sets of records held against each other: better, worse, equivalent or undecided."""
