"""Write environment.yml, so that conda users get the very versions of requirements.lock: `make environment`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKED = ("lab", "dev")
"""The extras that `make lock` pins; `parquet` is large and only for those who have such files."""

HEAD = """\
# Written by `make environment` from pyproject.toml and requirements.lock; change those.
#
#     conda env create -f environment.yml
#     conda activate leadlib
name: {name}
channels:
  - conda-forge
dependencies:
  - python={python}
  - pip
  - pip:
"""

# A pin as uv writes it: `numpy==2.4.6 ; python_full_version < '3.12' \`
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ \\]+)(?: ; (?P<marker>[^\\]+?))? *\\?$", re.M)


def plain_name(requirement: str) -> str:
    """Give a requirement's name as the lock file writes it: `types_PyYAML>=6` is `types-pyyaml`."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", name.group() if name else requirement).lower()


def asked(project: dict) -> list[str]:
    """Give every name that pyproject.toml asks for, with the extras that everyone gets."""
    groups = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in LOCKED)]
    return sorted({plain_name(requirement) for group in groups for requirement in group})


def pins(lock: str) -> list[tuple[str, str]]:
    """Give each pin of the lock file as (name, what to install), in the file's order."""
    found = []
    for pin in PIN.finditer(lock):
        marker = f" ; {pin['marker']}" if pin["marker"] else ""
        found.append((pin["name"], f"{pin['name']}=={pin['version']}{marker}"))
    return found


def environment(pyproject: str, lock: str) -> str:
    """Give the text of environment.yml: what is asked for, then what that needs, then leadlib itself."""
    project = tomllib.loads(pyproject)["project"]
    direct, locked = asked(project), pins(lock)
    if absent := [name for name in direct if name not in dict(locked)]:
        raise SystemExit(f"requirements.lock has no {', '.join(absent)}: run `make lock`")
    lines = [HEAD.format(name=project["name"], python=project["requires-python"].removeprefix(">="))]
    lines += ["      # asked for in pyproject.toml\n", *(_item(text) for name, text in locked if name in direct)]
    lines += ["      # needed by those\n", *(_item(text) for name, text in locked if name not in direct)]
    return "".join([*lines, "      # this checkout\n", _item("-e .")])


def _item(text: str) -> str:
    return f'      - "{text}"\n'


def main() -> None:
    """Write the file beside pyproject.toml."""
    sources = [(ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "requirements.lock")]
    (ROOT / "environment.yml").write_text(environment(*sources), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
