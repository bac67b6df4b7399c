"""Engines: what runs one notebook, in processes that are watched, and says truly how it ended."""
