"""`python -m dnnbench`."""

from dnnbench.cli.main import main

main()
