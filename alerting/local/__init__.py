"""The laptop: servers from packages, and the demo."""
