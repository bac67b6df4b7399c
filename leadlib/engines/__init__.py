"""Engines: what runs one notebook, in processes that are watched, and says truly how it ended."""

ENGINES = ("auto", "fork", "warm", "plain")
"""The ways of running a school that a user can ask for."""

SHELL, PLAIN = "leadlib", "leadlib-plain"
"""The names that papermill knows its engines by: a kernel in this very process, and one in a process of its own."""
