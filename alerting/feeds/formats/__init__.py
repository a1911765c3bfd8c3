"""One module a format: bytes in, raw notices and rejects out."""
