"""Pages that people and machines ask for."""
