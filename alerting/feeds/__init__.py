"""Registry, fetching, archive and formats of feeds."""
