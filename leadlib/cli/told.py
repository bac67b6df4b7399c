"""How every command meets bad input: the message, no call stack, exit code 2 (3 where another batch is writing)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from leadlib.errors import InputError

BAD_INPUT = 2


@contextmanager
def told() -> Iterator[None]:
    """Turn bad input into its message on the error stream and an exit code."""
    try:
        yield
    except InputError as error:
        click.echo(f"leadlib: {error}", err=True)
        raise SystemExit(getattr(error, "exit_code", BAD_INPUT)) from None
