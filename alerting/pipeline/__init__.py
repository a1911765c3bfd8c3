"""Use cases, one module a step; the only place where the parts meet."""
