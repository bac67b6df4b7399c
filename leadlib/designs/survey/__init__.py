"""Leadership surveys: do items go together, do people of one school agree, may a school's mean be shown.

Use it by its name: `ll.designs.survey.quality(...)`, `.alpha`, `.omega`, `.icc`, `.r_wg`, `.spearman_brown`.
"""

from leadlib.designs.survey.advice import Quality, quality, rules
from leadlib.designs.survey.agreement import Agreement, r_wg
from leadlib.designs.survey.grouping import Grouping, icc, respondents_for, spearman_brown
from leadlib.designs.survey.reliability import Reliability, alpha, omega
from leadlib.designs.survey.views import Views, climate, leadership

__all__ = [
    "Agreement",
    "Grouping",
    "Quality",
    "Reliability",
    "Views",
    "alpha",
    "climate",
    "icc",
    "leadership",
    "omega",
    "quality",
    "r_wg",
    "respondents_for",
    "rules",
    "spearman_brown",
]
