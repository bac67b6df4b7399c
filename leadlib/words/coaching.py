"""The changing words of the case on coaching: what the pack records, and what a later look was at."""

from __future__ import annotations

from typing import Any

from leadlib.blocks import Prose
from leadlib.numbers import listing, plural, school_year, show
from leadlib.results import passes_missing


@passes_missing
def setting(study: Any) -> Prose:
    """Read what kind of study the pack allows: a coaching program that came in waves, or an experiment in its place.

    Parameters
    ----------
    study
        What `measures.coaching.study` gives.
    """
    return Prose(_program(study) if study.program is not None else _EXPERIMENT, "lead")


def _program(study: Any) -> tuple[str, ...]:
    made = study.program
    begun = [f"{plural(int(n), 'school')} in {school_year(int(y))}" for y, n in made.started.items()]
    cost = study.cost_per_pupil_usd
    price = f" It costs {show(cost, 'usd')} per pupil a year." if cost is not None else ""
    never = plural(made.never_n, "school")
    return (
        f"{made.description}{price}",
        f"By the end of {school_year(study.year)} it had begun in {listing(begun)}; {never} had not begun. Schools came"
        f" to it so: {made.assignment}.",
    )


_EXPERIMENT = (
    "This pack records no coaching. It holds something rarer: a real experiment. Within each school chance drew which"
    " pupils and teachers went to a small class and which to a regular one.",
    "So read the case as another district's file that lies on the same table. Where the story says coaching, the"
    " exhibits show what an answer looks like when chance, and nobody's judgment, decides who gets something. Exhibits"
    " that need coaching records say that they are left out.",
)
