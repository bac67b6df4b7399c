"""Sentences from results: the cover, the findings, the questions, the method, and what each figure says."""

from leadlib.words import captions
from leadlib.words.report import cover, findings, method, questions, record

__all__ = ["captions", "cover", "findings", "method", "questions", "record"]
