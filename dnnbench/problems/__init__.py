"""Problems: a folder a family, with a differentiable and an exact side."""
