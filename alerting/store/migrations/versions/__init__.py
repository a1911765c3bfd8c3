"""One module a step; each works on a database with data in it."""
