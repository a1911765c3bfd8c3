"""The demo's data: what three member authorities publish, and the firms that are told of it."""
