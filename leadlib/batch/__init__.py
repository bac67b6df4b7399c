"""One notebook, many schools: check what is asked, run what has changed, write whole pages and a manifest.

Nothing heavy is imported here: what a batch is doing can be asked without it.
"""

from leadlib.batch.lock import Locked
from leadlib.batch.plan import Plan, Request, every_notebook, plan
from leadlib.batch.planfile import read_plan_file
from leadlib.batch.run import Summary, run

__all__ = ["Locked", "Plan", "Request", "Summary", "every_notebook", "plan", "read_plan_file", "run"]
