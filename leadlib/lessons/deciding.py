"""A decision that is kept: what a learner would do, said before part B shows what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leadlib.errors import nearest
from leadlib.lessons.feedback import Feedback

UNDECIDED = "Part B is more use to those who have decided. Write your decision and your reason, and run the cell again."
NOT_JUDGED = (
    "Nobody judges this. A good decision can end badly, and a bad one well; what you can learn from is the reason. "
    "Read it again when you have seen part B."
)
LEAST_WORDS = 5
LINES = 5


def commit(decision: Any, reason: Any = "", options: Sequence[str] = ()) -> Feedback:
    """Keep what a learner decides before part B, and why. It is shown, and it is not judged.

    Name what it gives (`decided = ll.lessons.commit(...)`, then `decided`) to show it once more after part B.

    Parameters
    ----------
    decision
        One of `options`, in any case; or the learner's own words where there are none. Empty is not decided yet.
    reason
        A sentence on what the decision rests on.
    options
        What there is to choose from, as the case names it.
    """
    chosen, why = _text(decision), _text(reason)
    if not chosen:
        return Feedback("open", (UNDECIDED,), "Not decided yet", lines=LINES, room="Your decision, and why")
    known = {" ".join(str(o).split()).casefold(): str(o) for o in options}
    if known and chosen.casefold() not in known:
        return Feedback("again", (f"{chosen!r} is not on the table: {nearest(chosen, known.values())}",), lines=LINES)
    shown = known.get(chosen.casefold(), chosen)
    if len(why.split()) < LEAST_WORDS:
        ask = f"You decided: {shown}."
        return Feedback("again", (ask, "Now say why, in a sentence: which exhibit does it rest on?"), "One thing more")
    return Feedback("done", (f"You decided: {shown}.", f"Your reason: {_stopped(why)}", NOT_JUDGED), "Decided")


def _text(given: Any) -> str:
    text = " ".join(str(given).split()) if given is not None and given is not ... else ""
    return "" if text in ("...", "…") else text


def _stopped(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
