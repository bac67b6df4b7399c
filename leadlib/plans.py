"""The pre-analysis lock: question, outcome, design and thresholds frozen to a file before outcomes are read."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.errors import InputError, Problem, refuse
from leadlib.numbers import listing
from leadlib.tables.packs import package, seen

FORMAT = 1
_FROZEN_HERE: set[Path] = set()
NOT_OUTCOMES = ("schools", "school_years", "programs", "program_starts", "measures")
"""Tables that a plan may be made from: they say what there is, not how it went."""
LABELS = {
    "question": "Question",
    "outcome": "Outcome",
    "design": "Design",
    "pack": "Data pack",
    "program": "Program",
    "comparison": "Compared with",
    "covariates": "Adjusted for",
    "subgroups": "Subgroups",
    "thresholds": "Thresholds",
    "level": "Confidence level",
    "excluded": "Left out",
    "date": "Date given",
}


@dataclass(frozen=True, repr=False)
class Plan(Block):
    """A frozen plan; `digest` names it, `changed` lists what this session asked for and the plan says otherwise.

    `tables` holds the fingerprints of the pack's tables; `seen_before` lists those that could have told about outcomes
    and had been read in the session before the freezing. `new` says whether this session froze it, `file` where it
    stands (empty: nowhere).
    """

    question: str
    outcome: tuple[str, ...]
    design: str
    pack: str = ""
    program: str = ""
    comparison: str = ""
    covariates: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    level: float = 0.95
    excluded: str = ""
    date: str = ""
    tables: Mapping[str, str] = field(default_factory=dict)
    seen_before: tuple[str, ...] = ()
    digest: str = ""
    file: str = ""
    new: bool = True
    changed: tuple[tuple[str, str, str], ...] = ()

    @property
    def blind(self) -> bool:
        """Whether the plan stands in a file from an earlier session that had read no outcomes before."""
        return bool(self.file) and not self.new and not self.seen_before

    def standing(self) -> str:
        """Say in a sentence what the plan is worth: whether it was frozen, and before outcomes were read."""
        name = f"The plan's fingerprint is {self.digest[:12]}."
        if not self.file:
            return f"This plan was not frozen to a file: read what follows as exploration. {name}"
        if self.seen_before:
            return (
                f"The plan was frozen after {listing(list(self.seen_before))} had been read in the same session: what"
                f" follows may have been chosen with the outcomes in view. {name}"
            )
        if self.new:
            return (
                "The plan was frozen in this very run, before outcomes were read in it. What was looked at earlier, no"
                f" file can tell. {name}"
            )
        return f"The plan was frozen in an earlier session that had read no outcomes. {name}"

    def block(self) -> Block:
        """Give the plan as a table, and what it is worth."""
        rows = [(LABELS[k], _shown(v)) for k, v in _content(self).items() if k in LABELS and v not in ("", (), {}, [])]
        columns = (Column("what", "What was fixed", "left"), Column("plan", "In the plan", "left"))
        return Stack((Table("plan", "The plan", columns, tuple(rows)), Prose((self.standing(),))))

    def data(self) -> dict[str, Any]:
        """Give the plan as plain data."""
        return self.block().data()

    def html(self) -> str:
        """Give the plan as HTML."""
        return self.block().html()

    def plain(self) -> str:
        """Give the plan as text."""
        return self.block().plain()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.block()._repr_mimebundle_()

    def departures(self, *estimates: Any, threshold: float | None = None) -> Block:
        """See where the analysis left the plan, found by comparing the plan with what was run.

        Parameters
        ----------
        estimates : Estimate
            Every estimate that is reported. One that is missing (a refusal) may be among them.
        threshold : float, optional
            The threshold that a decision really used, held against `thresholds["decision"]`.

        Returns
        -------
        Block
            A list of sentences; where there is no departure it says so.
        """
        found = [f"{LABELS[k]}: the plan says {then}; this session asked for {now}." for k, then, now in self.changed]
        run = [dict(e.asked) for e in estimates if hasattr(e, "asked")]
        found += _unplanned(self, run)
        planned = self.thresholds.get("decision")
        if threshold is not None and planned is not None and not math.isclose(planned, threshold):
            found.append(f"Threshold of the decision: the plan says {planned:g}; {threshold:g} was used.")
        told = found or ["None: what was run is what was planned."]
        return Prose((self.standing(), *told), "note", title="Departures from the plan", bullets=True)


def plan(
    file: str | os.PathLike[str] | None = None,
    *,
    question: str,
    outcome: str | Sequence[str],
    design: str,
    pack: str = "",
    program: str = "",
    comparison: str = "",
    covariates: Sequence[str] = (),
    subgroups: Sequence[str] = (),
    thresholds: Mapping[str, float] | None = None,
    level: float = 0.95,
    excluded: str = "",
    date: str = "",
) -> Plan:
    """Freeze what you will look at before you look: the file cannot be changed later without it showing.

    The first call writes the file. Every later call reads it: the frozen plan stands, and whatever this call asks
    for otherwise becomes a departure that the report lists by itself.

    Parameters
    ----------
    file : path, optional
        Where the plan stands (JSON); of a folder, the file named like the program in it. Without one the plan is shown
        but not frozen, and the report says so.
    question, outcome, design : str
        What you want to know; the outcome or outcomes that will be reported, by the names of their columns or measures;
        the design that will answer it.
    pack, program, comparison, covariates, subgroups, thresholds, level, excluded : optional
        The data, whom is compared, what is adjusted for, the subgroups that will be looked at and no others, the
        reader's thresholds (`{"decision": 0.05}`), the confidence level, and what is left out beforehand.
    date : str, optional
        As you want it shown. The clock is not asked, so that the same plan has the same fingerprint.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        Nothing to freeze; a file that is not a plan; a file that was changed after it was frozen; a folder that is not
        there or may not be written to.

    Notes
    -----
    The fingerprint is the SHA-256 of the plan's content (JSON, sorted keys). It proves that the file is unchanged, not
    when it was written: send the fingerprint to somebody, or commit the file, on the day you freeze it. The file also
    holds the fingerprints of the pack's tables and which of its outcome tables had been read in the session before.
    """
    asked = Plan(
        question=question.strip(),
        outcome=(outcome,) if isinstance(outcome, str) else tuple(outcome),
        design=design.strip(),
        pack=str(pack),
        program=program,
        comparison=comparison,
        covariates=tuple(covariates),
        subgroups=tuple(subgroups),
        thresholds={str(k): float(v) for k, v in (thresholds or {}).items()},
        level=float(level),
        excluded=excluded,
        date=date,
    )
    _refuse_empty(asked)
    path = _place(file, program)
    if path is not None and path.exists():
        return _compared(_read(path), asked)
    told = _telling(asked.pack)
    made = replace(asked, seen_before=told, tables=_fingerprints(asked.pack), file="" if path is None else path.name)
    made = replace(made, digest=_digest(made))
    if path is not None:
        _write(path, made)
    return made


def _place(file: str | os.PathLike[str] | None, program: str) -> Path | None:
    if file is None or str(file) == "":
        return None
    return Path(file) / f"{program or 'plan'}.json" if Path(file).is_dir() else Path(file)


def _refuse_empty(asked: Plan) -> None:
    empty = [k for k in ("question", "outcome", "design") if not getattr(asked, k) or getattr(asked, k) == ("",)]
    problems = [Problem(f"plan, {k}", "is empty", "say it before you look") for k in empty]
    if not 0.5 <= asked.level < 1:
        problems.append(Problem("plan, level", f"{asked.level} is not a confidence level", "give one such as 0.95"))
    if problems:
        raise InputError(problems)


def _telling(pack: str) -> tuple[str, ...]:
    """Give the tables of the pack read so far that could have told about outcomes."""
    if not pack:
        return tuple(t for t in seen() if t.rpartition("/")[2] not in NOT_OUTCOMES)
    name = Path(pack).name
    return tuple(t for t in seen() if t.rpartition("/")[0] == name and t.rpartition("/")[2] not in NOT_OUTCOMES)


def _fingerprints(pack: str) -> dict[str, str]:
    return {t.name: t.hash or "" for t in package(pack).tables} if pack else {}


def _content(made: Plan) -> dict[str, Any]:
    """Give what is frozen, in the order a reader wants it."""
    keys = (*LABELS, "tables", "seen_before")
    return {k: getattr(made, k) for k in keys}


def _canonical(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1)


def _digest(made: Plan) -> str:
    return hashlib.sha256(_canonical(_content(made)).encode("utf-8")).hexdigest()


def _write(path: Path, made: Plan) -> None:
    text = _canonical({"leadlib_plan": FORMAT, "sha256": made.digest, **_content(made)}) + "\n"
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, path)
        _FROZEN_HERE.add(path.resolve())
    except OSError as error:
        raise refuse(
            f"plan, file {path}", f"cannot be written: {error.strerror}", "name a folder that is there"
        ) from None


def _read(path: Path) -> Plan:
    mend = "restore the file as it was frozen, or give another file name and say why there is a second plan"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw.pop("leadlib_plan") != FORMAT:
            raise ValueError
        digest = raw.pop("sha256")
        kept: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}
        found = Plan(**kept, digest=str(digest), file=path.name)
    except OSError as error:
        raise refuse(f"plan, file {path}", f"cannot be read: {error.strerror}", "check the path") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise refuse(f"plan, file {path}", "is not a frozen plan", mend) from None
    if _digest(found) != found.digest:
        raise refuse(f"plan, file {path}", "was changed after it was frozen: its fingerprint does not fit", mend)
    return replace(found, new=path.resolve() in _FROZEN_HERE)


def _compared(frozen: Plan, asked: Plan) -> Plan:
    """Give the frozen plan with what this session asks for otherwise."""
    pairs = [(k, getattr(frozen, k), getattr(asked, k)) for k in LABELS if k != "date"]
    changed = tuple((k, _shown(then) or "none", _shown(now) or "none") for k, then, now in pairs if then != now)
    now = _fingerprints(frozen.pack) if frozen.pack == asked.pack else {}
    other = [t for t in frozen.tables if t in now and now[t] != frozen.tables[t]]
    if other:
        changed = (*changed, ("pack", "the tables as they were", f"other contents in {listing(sorted(other))}"))
    return replace(frozen, changed=changed)


def _unplanned(frozen: Plan, run: list[dict[str, Any]]) -> list[str]:
    found = []
    for asked in run:
        outcome, design = str(asked.get("outcome", "")), str(asked.get("design", ""))
        if outcome not in frozen.outcome:
            found.append(f"Outcome {outcome}: reported, not planned.")
        if design != frozen.design:
            found.append(f"Design {design}: reported for {outcome}; the plan says {frozen.design}.")
        else:
            found += _settings(frozen, asked)
        subgroup = asked.get("by")
        if subgroup and str(subgroup) not in frozen.subgroups:
            found.append(f"Subgroups by {subgroup}: reported, not planned.")
    reported = {str(asked.get("outcome", "")) for asked in run if str(asked.get("design", "")) == frozen.design}
    found += [f"Outcome {o}: planned with this design, not reported." for o in frozen.outcome if o not in reported]
    return list(dict.fromkeys(found))


def _settings(frozen: Plan, asked: Mapping[str, Any]) -> list[str]:
    """Give departures in how the planned design was run."""
    found = []
    used = tuple(sorted(map(str, asked.get("covariates") or ())))
    if "covariates" in asked and used != tuple(sorted(frozen.covariates)):
        found.append(
            f"Adjusted for: the plan says {_shown(frozen.covariates) or 'nothing'}; {_shown(used) or 'nothing'} was."
        )
    if "level" in asked and not math.isclose(float(asked["level"]), frozen.level):
        found.append(f"Confidence level: the plan says {frozen.level:g}; {float(asked['level']):g} was used.")
    return found


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {v:g}" for k, v in sorted(value.items()))
    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
