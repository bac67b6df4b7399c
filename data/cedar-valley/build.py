"""The only way to this pack's tables: `python data/cedar-valley/build.py`."""

from __future__ import annotations

import sys
from pathlib import Path

from leadlib.simulate import SEED, write

SCHOOLS, YEARS = 60, 8

if __name__ == "__main__":
    for table in write(Path(__file__).parent, SCHOOLS, YEARS, seed=SEED).tables:
        print(f"cedar-valley/{table.path}: {table.rows:,} rows")
    sys.exit(0)
