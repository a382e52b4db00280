"""What needs both running and reporting."""
