"""Independent sets, cliques and vertex covers: sets of vertices no two of which conflict."""
