"""Normalise, link and view: from raw notices to procedures."""
