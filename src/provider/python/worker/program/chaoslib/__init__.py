"""Stands in for the engine's package where it is not installed: what extensions import of it, and no more."""

__version__ = "0"
