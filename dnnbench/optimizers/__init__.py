"""What optax lacks, and adapters to the engine."""
