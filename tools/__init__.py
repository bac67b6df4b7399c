"""What keeps the repository in order. Nothing in leadlib uses it."""
