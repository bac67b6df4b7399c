"""Coaching of teachers: how much there is of it, whom it reaches, and what is needed to ask whether it worked."""

from leadlib.measures.coaching_dose import FULL_DOSE_MIN, dose, focus, reach
from leadlib.measures.coaching_feedback import feedback
from leadlib.measures.coaching_prior import Prior, beside, prior, published
from leadlib.measures.coaching_study import Study, latest, panel, pupils, starts, study, teachers

__all__ = [
    "FULL_DOSE_MIN",
    "Prior",
    "Study",
    "beside",
    "dose",
    "feedback",
    "focus",
    "latest",
    "panel",
    "prior",
    "published",
    "pupils",
    "reach",
    "starts",
    "study",
    "teachers",
]
