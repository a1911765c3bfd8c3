"""The engine: which profiles does a notice concern, and why."""
