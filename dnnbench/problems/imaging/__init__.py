"""Inverse problems of images: an operator, noise, and the picture behind them."""
