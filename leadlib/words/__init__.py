"""Sentences from results: the cover, the findings, the questions, the method, and what each figure says."""

from leadlib.words import actions, captions, cases, coaching, evaluation
from leadlib.words.report import cover, findings, method, questions, record

__all__ = [
    "actions",
    "captions",
    "cases",
    "coaching",
    "cover",
    "evaluation",
    "findings",
    "method",
    "questions",
    "record",
]
