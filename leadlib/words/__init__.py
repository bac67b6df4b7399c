"""Sentences from results: the cover, the findings, the questions, the method, and what each figure says."""

from leadlib.words import captions, cases, evaluation
from leadlib.words.report import cover, findings, method, questions, record

__all__ = ["captions", "cases", "cover", "evaluation", "findings", "method", "questions", "record"]
