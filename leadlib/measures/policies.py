"""Policies: which school began in which wave, where this school stands, and how far results moved around the starts."""

from leadlib.measures.policies_change import changes, headline, remaining
from leadlib.measures.policies_grant import GRANT, LEAST_RAISED, MOST_RAISED
from leadlib.measures.policies_rollout import alike, rollout
from leadlib.measures.policies_starts import (
    WITHOUT,
    Wave,
    afterwards,
    aim,
    another,
    doses,
    enough,
    known_by,
    panel,
    policy,
    waves,
    whom,
)

__all__ = [
    "GRANT",
    "LEAST_RAISED",
    "MOST_RAISED",
    "WITHOUT",
    "Wave",
    "afterwards",
    "aim",
    "alike",
    "another",
    "changes",
    "doses",
    "enough",
    "headline",
    "known_by",
    "panel",
    "policy",
    "remaining",
    "rollout",
    "waves",
    "whom",
]
