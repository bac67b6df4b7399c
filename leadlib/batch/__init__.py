"""One notebook, many schools: check what is asked, run it for each school, write whole pages and a manifest."""

from leadlib.batch.plan import Plan, Request, every_notebook, plan
from leadlib.batch.planfile import read_plan_file
from leadlib.batch.run import Summary, run

__all__ = ["Plan", "Request", "Summary", "every_notebook", "plan", "read_plan_file", "run"]
