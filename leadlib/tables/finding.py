"""Where data packs are: the folders that are searched, and the one that a name or a path stands for."""

from __future__ import annotations

import os
from pathlib import Path

from leadlib.errors import nearest, refuse
from leadlib.numbers import listing
from leadlib.tables.dictionary import FILE

ENVIRONMENT = "LEADLIB_DATA"


def roots() -> list[Path]:
    """Give the folders that are searched for packs: those in LEADLIB_DATA, then `data` beside the library."""
    own = [Path(p) for p in os.environ.get(ENVIRONMENT, "").split(os.pathsep) if p.strip()]
    found: dict[Path, None] = {}
    for root in [*own, Path(__file__).parents[2] / "data"]:
        found.setdefault(root.resolve())
    return list(found)


def folders() -> list[Path]:
    """Give the folder of every pack in them."""
    inside = [p for root in roots() if root.is_dir() for p in sorted(root.iterdir())]
    return [p for p in inside if (p / FILE).is_file()]


def named(what: object) -> str:
    """Give a pack or table as text with forward slashes; anything that is neither text nor a path is refused."""
    if not isinstance(what, (str, os.PathLike)):
        raise refuse(f"pack {what!r}", "is not text", "give a name such as california-2000, or the path of a folder")
    return str(os.fspath(what)).strip().replace(os.sep, "/").rstrip("/")


def find(pack: str | os.PathLike[str]) -> Path:
    """Give the folder of a pack, named or given as a path.

    Raises
    ------
    InputError
        If there is no such pack (with the nearest names), or two of the same name.
    """
    name, known = named(pack), folders()
    matches = [p for p in known if p.name == name]
    if len(matches) > 1:
        both = listing([str(p.parent) for p in matches])
        raise refuse(f"pack {name}", f"stands in {both}", "give the path of one of them")
    if matches:
        return matches[0]
    try:
        if name and (Path(name) / FILE).is_file():
            return Path(name).resolve()
    except OSError:  # a name too long for a path is no path
        pass
    fix = nearest(name, [p.name for p in known])
    if "/" in name:
        raise refuse(f"pack {name}", f"is not a folder with a {FILE}", f"give such a folder, or {fix}")
    raise refuse(f"pack {name!r}", "there is no such pack", fix)
