"""How long each design takes and what it needs, beside what its users would call instead: `make bench`."""
