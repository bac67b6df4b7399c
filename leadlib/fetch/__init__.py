"""Public data from the Education Data Portal of the Urban Institute: asked for, kept, checked, made into a pack."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leadlib.fetch.answers import Answer, ask
from leadlib.fetch.cache import Cache, default_folder
from leadlib.fetch.client import Client, PortalError, UnreachedError
from leadlib.fetch.endpoints import Endpoint, catalogue, endpoint
from leadlib.fetch.pack import PLANS, Order, fetch_pack, order
from leadlib.fetch.paging import Source
from leadlib.fetch.selection import Selection, selection
from leadlib.fetch.years import parse_years, runs

ENVIRONMENT = "LEADLIB_PORTAL"

__all__ = [
    "PLANS",
    "Answer",
    "Cache",
    "Client",
    "Endpoint",
    "Order",
    "PortalError",
    "Selection",
    "Source",
    "UnreachedError",
    "ask",
    "catalogue",
    "endpoint",
    "fetch_pack",
    "order",
    "parse_years",
    "portal",
    "runs",
    "selection",
]


def portal(
    base: str | None = None,
    cache: str | os.PathLike[str] | None = None,
    *,
    offline: bool = False,
    refresh: bool = False,
    watch: Callable[..., Any] | None = None,
    **client: Any,
) -> Source:
    """Give the portal as a source of answers, with a cache.

    Parameters
    ----------
    base : str, optional
        The portal's address; else LEADLIB_PORTAL, else the public one.
    cache : path, optional
        Where pages are kept; else LEADLIB_CACHE, else the user's own folder for such things.
    offline, refresh : bool
        Whether only kept pages may be used; whether kept pages are asked for again.
    watch : callable, optional
        Told of each page: what is asked for, pages that have come, pages in all.
    **client
        Anything else that `Client` takes, such as `seed` or `attempts`.
    """
    address = base or os.environ.get(ENVIRONMENT, "").strip() or catalogue().host
    folder = Path(cache) if cache is not None else default_folder()
    return Source(Client(address, **client), Cache(folder), offline, refresh, watch)
