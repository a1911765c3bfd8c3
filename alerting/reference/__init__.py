"""CPV, NUTS and départements, trades: data files and their readers."""
