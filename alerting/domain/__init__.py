"""What the product speaks of: frozen dataclasses and pure rules, standard library only."""
