"""Public notices, matched to the trades of small craft firms and told once, in time."""

__version__ = "0.1.0"
