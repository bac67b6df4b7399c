"""Importing: foreign files to a data pack by a crosswalk, with every row accounted for."""

from leadlib.importing.crosswalk import read, ready
from leadlib.importing.plan import Crosswalk
from leadlib.importing.reconcile import Reconciliation
from leadlib.importing.run import ALLOW, import_folder

__all__ = ["ALLOW", "Crosswalk", "Reconciliation", "import_folder", "read", "ready"]
