"""Tables: data packs with their dictionary, checked when they are loaded."""

from leadlib.tables.describe import describe
from leadlib.tables.dictionary import Field
from leadlib.tables.packs import load, pack_files, packs, select
from leadlib.tables.school import School, school
from leadlib.tables.write import write_pack

__all__ = ["Field", "School", "describe", "load", "pack_files", "packs", "school", "select", "write_pack"]
