"""Checks of answers: whether one agrees with the key; if not, what may have gone wrong. The answer is never told."""

from __future__ import annotations

import math
import re
from typing import Any

from leadlib.errors import refuse
from leadlib.lessons.feedback import Feedback
from leadlib.lessons.keys import Choice, Number, Text, key
from leadlib.lessons.slips import general
from leadlib.numbers import listing, phrase, plural
from leadlib.results import Missing

AGREES = "Your answer agrees with the evidence of this school."
LOOK = "Look again at the exhibits above this exercise: which row is asked for, which column, and in which unit?"
READ = "Read the exhibits above this exercise once more, and ask what would have to be true for each choice."
GOOD_TEXT = "It has the parts that were asked for. Whether it is clear, somebody else can tell you: read it aloud."
NO_FIGURE = "this school has no figure that it could be worked out from."
NUMBER, WORD = re.compile(r"\d[\d,]*\.?\d*|\.\d+"), re.compile(r"[\w'’-]+")
UNANSWERED = ("", "...", "…")


def check(name: str, answer: Any, *given: Any) -> Feedback:
    """Say whether an answer agrees with this school's evidence; if not, where to look again. The answer is never told.

    Parameters
    ----------
    name
        The exercise, such as "01.3": case, dot, number.
    answer
        What the learner gives: a number, a letter in quotation marks, or a sentence. None is not answered yet.
    given
        The results that the answer is worked out from. Where one of them is `Missing`, the exercise is left out.

    Raises
    ------
    InputError
        There is no such exercise.
    """
    found = _worked_out(name, given)
    if isinstance(found, Missing):
        return left_out(found.reason)
    if isinstance(found, Number):
        return _number(found, answer)
    return _choice(found, answer) if isinstance(found, Choice) else _text(found, answer)


def solution(name: str, *given: Any) -> Feedback:
    """Tell an instructor the answer to an exercise for the school at hand, and what each wrong one is answered with.

    Takes what `check` takes, less the learner's answer. Copies with solutions hold a cell with it below each exercise.
    """
    found = _worked_out(name, given)
    if isinstance(found, Missing):
        return left_out(found.reason)
    title = f"Exercise {name}"
    if isinstance(found, Number):
        right = f"{phrase(found.value, found.unit)}; answers up to {found.tolerance:.4g} off agree."
        slips = [f"{phrase(value, found.unit)}: {hint}" for hint, value in found.slips.items()]
        return Feedback("done", (right, *slips), title, bullets=True)
    if isinstance(found, Choice):
        hints = [f"{letter}: {hint}" for letter, hint in sorted(found.hints.items())]
        return Feedback("done", (f"{listing(list(found.rights), 'or')} is right.", *hints), title, bullets=True)
    asked = [f"It should have this: {what}" for what in found.needs]
    asked += [f"It should not: {why}" for why in found.avoid]
    return Feedback("done", (f"{found.least} to {found.most} words of the learner's own.", *asked), title, bullets=True)


def left_out(reason: str) -> Feedback:
    """Say why an exercise cannot be set for this school."""
    return Feedback("left out", (f"This exercise is left out: {reason}",), lines=0)


def _worked_out(name: str, given: tuple[Any, ...]) -> Number | Choice | Text | Missing:
    """Give what the key says for these results; it is asked for each school, answered or not."""
    function = key(name)
    absent = next((g for g in given if isinstance(g, Missing)), None)
    found = absent or function(*given)
    if not isinstance(found, Number | Choice | Text | Missing):
        raise refuse(f"exercise {name}", f"its key gives {type(found).__name__}", "give a Number, a Choice or a Text")
    if isinstance(found, Number) and not found.known:
        return Missing("This exercise", NO_FIGURE)
    return found


def again(*sentences: str) -> Feedback:
    """Ask for another try."""
    return Feedback("again", sentences)


# -- numbers -----------------------------------------------------------------------------------------------------------


def _number(asked: Number, answer: Any) -> Feedback:
    if _unanswered(answer):
        return Feedback("open", ("Put your number in place of None and run the cell again.",))
    value, trouble = as_number(answer)
    if trouble:
        return again(trouble)
    if asked.agrees(value):
        return Feedback("done", (AGREES,))
    for sentence in (*_own_slips(asked, value), *general(asked, value), asked.look):
        if sentence and not gives_away(sentence, asked):
            return again(sentence)
    return again(LOOK)


def _unanswered(answer: Any) -> bool:
    return answer is None or answer is ... or (isinstance(answer, str) and answer.strip() in UNANSWERED)


def as_number(answer: Any) -> tuple[float, str]:
    """Give an answer as a number, or NaN and what its writer should do."""
    if isinstance(answer, str):
        return math.nan, _about_text(answer)
    if isinstance(answer, bool):
        return math.nan, "Give a number, not True or False."
    if isinstance(answer, tuple | list | set | dict):
        return math.nan, (
            "Give one number. A comma makes two numbers of one: leave out the comma between thousands, and write a "
            "point before decimals."
        )
    if isinstance(answer, complex) or bool(getattr(answer, "ndim", None)) or hasattr(answer, "columns"):
        return math.nan, "Give one number alone, not a column or a table of them."
    try:
        value = float(answer)
    except (TypeError, ValueError):
        return math.nan, "Give one number, written in digits."
    return (value, "") if math.isfinite(value) else (math.nan, "Give a number that has a size.")


def _about_text(answer: str) -> str:
    text = answer.strip()
    if "%" in text or "percent" in text.casefold():
        return "Write the number alone, without quotation marks and without the percent sign."
    if "$" in text or "dollar" in text.casefold():
        return "Write the number alone, without quotation marks and without the dollar sign."
    if NUMBER.fullmatch(text.lstrip("+-\N{MINUS SIGN} ")):
        return "Write the number without quotation marks, and without a comma between thousands."
    if any(letter.isdigit() for letter in text):
        return "Write the number alone, without quotation marks and without words or signs around it."
    return "Write the number in digits, without quotation marks."


def _own_slips(asked: Number, value: float) -> list[str]:
    """Give the hints whose wrong value this is, nearest first."""
    off = [(abs(wrong - value), hint) for hint, wrong in asked.slips.items() if wrong is not None]
    return [hint for far, hint in sorted(off, key=lambda pair: pair[0]) if far <= asked.tolerance * (1 + 1e-9)]


def gives_away(sentence: str, asked: Number) -> bool:
    """Whether a sentence names a number that would pass for the answer, if only by chance."""
    named = [float(n.replace(",", "")) for n in NUMBER.findall(sentence)]
    return any(asked.agrees(n) or asked.agrees(-n) for n in named)


# -- choices and sentences ---------------------------------------------------------------------------------------------


def _choice(asked: Choice, answer: Any) -> Feedback:
    letters = listing([f'"{letter}"' for letter in asked.letters], "or")
    if _unanswered(answer):
        return Feedback("open", (f"Put {letters} in place of None and run the cell again.",))
    if not isinstance(answer, str):
        return again(f"Write the letter of your choice in quotation marks: {letters}.")
    letter = answer.strip().strip("().:").strip().casefold()
    if letter not in asked.letters:
        return again(f"There is no such choice. Write the letter alone, in quotation marks: {letters}.")
    if letter in asked.rights:
        return Feedback("done", (AGREES,))
    return again({k.casefold(): hint for k, hint in asked.hints.items()}.get(letter, READ))


def _text(asked: Text, answer: Any) -> Feedback:
    if _unanswered(answer):
        return Feedback("open", ("Write your sentence between the quotation marks and run the cell again.",), lines=3)
    if not isinstance(answer, str):
        return again("Write a sentence in quotation marks.")
    words, lacking = len(WORD.findall(answer)), []
    if words < asked.least:
        lacking.append(f"It has {plural(words, 'word')}; say it in {asked.least} or more, so that a reader can follow.")
    if words > asked.most:
        lacking.append(f"It has {words} words; nobody will repeat more than {asked.most}.")
    lacking += [what for what, patterns in asked.needs.items() if not _holds(answer, patterns)]
    lacking += [why for why, patterns in asked.avoid.items() if _holds(answer, patterns)]
    if not lacking:
        return Feedback("done", (GOOD_TEXT,), "That is a full answer")
    return Feedback("again", tuple(lacking), bullets=len(lacking) > 1)


def _holds(answer: str, patterns: tuple[str, ...]) -> bool:
    return any(re.search(pattern, answer, flags=re.IGNORECASE) for pattern in patterns)
