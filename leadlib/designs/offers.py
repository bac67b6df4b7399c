"""Which designs a program's data allow, before any outcome is read, and why the others are not allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.errors import InputError, Problem, nearest
from leadlib.measures.programs import Program
from leadlib.numbers import listing, plural, school_year
from leadlib.results import passes_missing

LEAST_ARM = 4
"""Fewer schools on a side make an interval that cannot be trusted (see the simulations behind `compare` and `did`)."""
LEAST_WAVE = 2
LEAST_BEFORE_SERIES = 4
LEAST_BEFORE_SYNTHETIC = 5
LEAST_DONORS = 19
MOST_SYNTHETIC = 3
LEAST_MATCHED = 8
BEST, NONE = "best", "none"
EARLIER = "Earlier result"
"""The mean outcome of a school over the years before the first start."""
Adjust = Literal["nothing", "needs"]


@dataclass(frozen=True)
class Offer:
    """One design: whether the data allow it, why (not), and what has to hold for its estimate to be an effect."""

    design: str
    title: str
    allowed: bool
    why: str
    holds: str


@dataclass(frozen=True, repr=False)
class Menu(Block):
    """The designs on offer for a program, the strongest first; `chosen` is the one to be used."""

    program: Program
    offers: tuple[Offer, ...]
    chosen: str

    @property
    def allowed(self) -> tuple[str, ...]:
        """The designs that the data allow, the strongest first."""
        return tuple(o.design for o in self.offers if o.allowed)

    def offer(self, design: str) -> Offer:
        """Give one design's offer."""
        return next(o for o in self.offers if o.design == design)

    def covariates(self, adjust: Adjust = "nothing") -> tuple[str, ...]:
        """Name what the chosen design adjusts for, as the plan records it."""
        return covariates_of(self.program, self.chosen, adjust)

    def block(self) -> Block:
        """Give the table of designs, and which is used."""
        columns = (
            Column("design", "Design", "left"),
            Column("allowed", "Allowed", "left"),
            Column("why", "Why, and what has to hold", "left"),
        )
        cells = tuple((o.title, "yes" if o.allowed else "no", _reason(o)) for o in self.offers)
        mark = tuple(k for k, o in enumerate(self.offers) if o.design == self.chosen)
        table = Table("menu", "Designs, the strongest first", columns, cells, mark=mark)
        said = (
            f"Used here: {self.offer(self.chosen).title[:1].lower()}{self.offer(self.chosen).title[1:]}."
            if self.chosen != NONE
            else "No design is allowed: these data cannot say what the program did."
        )
        return Stack((table, Prose((said, "The choice rests on who began when, and on no outcome."))))

    def data(self) -> dict:
        """Give the table as plain data."""
        return self.block().data()

    def html(self) -> str:
        """Give the table as HTML."""
        return self.block().html()

    def plain(self) -> str:
        """Give the table as text."""
        return self.block().plain()


def _reason(offer: Offer) -> str:
    return f"{offer.why}. It has to hold that {offer.holds}." if offer.allowed else f"{offer.why}."


@dataclass(frozen=True)
class _Counts:
    """What the rules ask: schools with and without, waves, years before the first start and from the last start on."""

    treated: int
    never: int
    waves: tuple[tuple[int, int], ...]
    before: int
    after: int


@passes_missing
def menu(program: Program, *, design: str = BEST, score: str = "") -> Menu:
    """See which designs a program's data allow, and why the others are not allowed.

    Parameters
    ----------
    program : Program
        From `measures.programs.program`. Only who began when is looked at, and no outcome.
    design : str
        The design to be used; "best" takes the first that is allowed.
    score : str
        The measure or `table.column` on which a rule decided who was treated, for a regression discontinuity.

    Returns
    -------
    Menu

    Raises
    ------
    InputError
        A design that is not known or that the data do not allow, with the reason.
    """
    counts = _counted(program)
    offers = tuple(_offer(program, counts, score, *row) for row in _RULES)
    allowed = [o.design for o in offers if o.allowed]
    known = [o.design for o in offers]
    if design != BEST:
        if design not in known:
            raise InputError(Problem(f"design {design!r}", "is not on the menu", nearest(design, [BEST, *known])))
        if design not in allowed:
            why = next(o.why for o in offers if o.design == design)
            raise InputError(
                Problem(
                    f"design {design!r}",
                    f"is not allowed here: {why}",
                    f"choose from {listing(allowed, 'or') or 'none'}",
                )
            )
    return Menu(program, offers, design if design != BEST else (allowed[0] if allowed else NONE))


def covariates_of(program: Program, design: str, adjust: Adjust = "nothing") -> tuple[str, ...]:
    """Name what a design adjusts for: an earlier result where schools are compared once, needs where asked."""
    earlier = (EARLIER,) if design in ("compare", "matched") and _counted(program).before else ()
    needs = program.needs if adjust == "needs" or design == "matched" else ()
    return (*earlier, *(needs if design not in ("series", "synthetic", "rd") else ()))


def _counted(program: Program) -> _Counts:
    waves = tuple((int(y), int(n)) for y, n in program.started.items())
    first, last = waves[0][0], waves[-1][0]
    before = sum(y < first for y in program.years)
    after = sum(y >= last for y in program.years)
    return _Counts(sum(n for _, n in waves), program.never_n, waves, before, after)


def _offer(
    program: Program, counts: _Counts, score: str, design: str, title: str, holds: str, rule: Callable[..., str]
) -> Offer:
    against = rule(program, counts, score)
    return Offer(design, title, not against.startswith("!"), against.removeprefix("!"), holds)


def _arms(counts: _Counts, least: int = LEAST_ARM) -> str:
    if counts.never < least:
        return f"!only {plural(counts.never, 'school')} never had the program; {least} are needed to compare with"
    if counts.treated < least:
        return f"!only {plural(counts.treated, 'school')} had the program; {least} are needed"
    if not counts.after:
        return "!no year after the start is in the data"
    return ""


def _one_start(counts: _Counts) -> str:
    if len(counts.waves) > 1:
        years = listing([school_year(y) for y, _ in counts.waves])
        return f"!schools began in different years ({years}); the staggered design is made for that"
    return ""


def _sides(counts: _Counts) -> str:
    return f"{plural(counts.treated, 'school')} with the program and {counts.never} without"


def _lottery(program: Program, counts: _Counts, score: str) -> str:
    if not program.lottery:
        return f"!schools were not drawn by lot ({program.assignment})"
    return _one_start(counts) or _arms(counts) or f"drawn by lot: {_sides(counts)}"


def _staggered(program: Program, counts: _Counts, score: str) -> str:
    if len(counts.waves) < 2:
        return "!all schools began in the same year; the plain difference in differences is made for that"
    small = [school_year(y) for y, n in counts.waves if n < LEAST_WAVE]
    if small:
        return f"!only one school began in {listing(small)}; each wave needs {LEAST_WAVE}"
    if not counts.before:
        return "!no year before the first start is in the data"
    return _arms(counts) or f"{len(counts.waves)} waves: {_sides(counts)}; {plural(counts.before, 'year')} before"


def _did(program: Program, counts: _Counts, score: str) -> str:
    if not counts.before:
        return "!no year before the start is in the data"
    return _one_start(counts) or _arms(counts) or f"{_sides(counts)}; {plural(counts.before, 'year')} before"


def _series(program: Program, counts: _Counts, score: str) -> str:
    if counts.before < LEAST_BEFORE_SERIES:
        return (
            f"!only {plural(counts.before, 'year')} before the start; a trend of its own for each group needs"
            f" {LEAST_BEFORE_SERIES}"
        )
    return _one_start(counts) or _arms(counts) or f"{plural(counts.before, 'year')} before; {_sides(counts)}"


def _matched(program: Program, counts: _Counts, score: str) -> str:
    if program.lottery:
        return "!schools were drawn by lot: there is nothing to match away"
    if not counts.before:
        return "!no year before the start is in the data to match on"
    return (
        _one_start(counts) or _arms(counts, LEAST_MATCHED) or f"{_sides(counts)} to match on need and earlier results"
    )


def _rd(program: Program, counts: _Counts, score: str) -> str:
    if not program.by_rule:
        return f"!no rule on a score decided who had the program ({program.assignment})"
    if not score:
        return "!the score that decided is not named: give the parameter for it"
    if counts.treated < 20:
        return f"!only {plural(counts.treated, 'school')} on the treated side; a jump at a cut needs many close to it"
    return f"decided by a rule on {score}"


def _synthetic(program: Program, counts: _Counts, score: str) -> str:
    if counts.treated > MOST_SYNTHETIC:
        return f"!{counts.treated} schools had the program: it is made for {MOST_SYNTHETIC} or fewer"
    if counts.before < LEAST_BEFORE_SYNTHETIC:
        return f"!only {plural(counts.before, 'year')} before the start; {LEAST_BEFORE_SYNTHETIC} are needed to fit on"
    if counts.never < LEAST_DONORS:
        return f"!only {plural(counts.never, 'school')} to build it from; {LEAST_DONORS} are needed for a 5% test"
    return _one_start(counts) or f"{_sides(counts)}; {plural(counts.before, 'year')} before"


def _never(program: Program, counts: _Counts, score: str) -> str:
    return "!all else that changed in the same years would count as the program; never offered"


_RULES: tuple[tuple[str, str, str, Callable[..., str]], ...] = (
    ("compare", "Comparison of schools drawn by lot", "the lottery was kept to, and few schools were lost", _lottery),
    ("rd", "Regression discontinuity", "nothing else changes at the cut, and nobody could place a school", _rd),
    (
        "staggered",
        "Difference in differences, staggered start",
        "without the program, each wave would have moved as the comparison schools did",
        _staggered,
    ),
    (
        "did",
        "Difference in differences",
        "without the program, both groups would have moved alike",
        _did,
    ),
    (
        "series",
        "Comparative interrupted series",
        "each group would have kept its own trend, but for what both share",
        _series,
    ),
    ("matched", "Matched comparison", "schools alike in what was matched on are alike in all that matters", _matched),
    ("synthetic", "Synthetic control", "the weighted schools would have gone on as the treated one", _synthetic),
    ("before-after", "Before and after, no comparison", "", _never),
)
