"""Answers of several years as one frame, with what was noticed on the way."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from leadlib.errors import InputError, Problem
from leadlib.fetch.client import UnreachedError
from leadlib.fetch.codes import Columns, repeated
from leadlib.fetch.endpoints import Endpoint, Query, catalogue
from leadlib.fetch.paging import AGAIN, Source
from leadlib.fetch.selection import Selection
from leadlib.fetch.years import parse_years, runs
from leadlib.numbers import listing, plural


@dataclass(frozen=True)
class Answer:
    """The rows of an endpoint for a selection.

    `frame` has a row as the endpoint's key says, the portal's field names, ids as text, and beside each field
    `<field>__why`. `new` names fields that the portal has and leadlib does not know; `notes` say what was set aside.
    """

    endpoint: Endpoint
    by: str
    frame: pd.DataFrame
    new: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """The portal's own list of its endpoints."""

    address: str = "api-endpoints/"
    name: str = "api-endpoints"

    def __str__(self) -> str:
        """What an error calls it."""
        return "the portal's list of endpoints"


def offered(source: Source, notes: list[str]) -> dict[str, tuple[int, ...]]:
    """Give the years on offer for each address, as the portal's own list has them.

    Where the list cannot be had, or a line of it cannot be read, that is noted, and what leadlib knows holds.
    """
    found: dict[str, tuple[int, ...]] = {}
    try:
        for page in source.pages(Listing()):
            for row in page:
                address = html.unescape(str(row.get("endpoint_url", ""))).rstrip("/")
                try:
                    found[address] = parse_years(str(row.get("years_available", "")))
                except InputError:
                    continue
    except UnreachedError:
        raise
    except InputError as error:
        notes.append(f"Years on offer are those known on {catalogue().checked}: {error.problems[0]}.")
        return {}
    return found


def years_of(endpoint: Endpoint, by: str, lists: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Give the years on offer: as the portal lists them, or else as leadlib knows them."""
    return lists.get(endpoint.template(by).rstrip("/"), endpoint.years)


def ask(
    source: Source,
    endpoint: Endpoint,
    years: Sequence[int],
    selection: Selection,
    *,
    by: str = "",
    grades: Sequence[str] = ("99",),
    fields: Iterable[str] | None = None,
) -> Answer:
    """Ask for an endpoint's rows of some years, as one typed frame.

    One row is what the endpoint's key says. A value that is missing is NaN (or None for text), with its reason in
    `<field>__why`: reported, not_reported, not_applicable, suppressed. -1 is such a code for most fields and
    pre-kindergarten for grades. Rows without an id are set aside and counted.

    Parameters
    ----------
    source : Source
        The portal, the cache, or both.
    endpoint : Endpoint
        Which rows.
    years : sequence of int
        Falls of the school years.
    selection : Selection
        Which states or districts.
    by : str
        How the portal shall split the rows, such as `race-sex`.
    grades : sequence of str
        For endpoints that ask for a grade: `99` is all grades together.
    fields : iterable of str, optional
        The fields to keep; all that are known if left out.

    Raises
    ------
    InputError
        Everything that is wrong with the answers: pages, counts, fields, values, rows that come twice or belong to
        another state, district or year.
    """
    columns = Columns(tuple(endpoint.fields if fields is None else fields))
    problems: list[Problem] = []
    queries = _queries(endpoint, years, selection, by, grades)
    for query in queries:
        try:
            for page in source.pages(query):
                columns.add(page, query)
        except UnreachedError:
            raise
        except InputError as error:
            problems += error.problems
    problems += columns.problems
    if problems:
        raise InputError(problems)
    frame = columns.frame(endpoint.key)
    notes = [f"{endpoint.name}: the portal has no rows for {q}." for q in columns.empty]
    frame, lost = _with_ids(frame, endpoint)
    if lost:
        notes.append(f"{endpoint.name}: {plural(lost, 'row')} without an id set aside.")
    strays = _strays(frame, endpoint, years, selection)
    twice = repeated(frame, endpoint.key) if len(frame) else frame
    if len(twice):
        strays.append(_twice(twice, endpoint))
        for query in queries:
            source.forget(query)
    if strays:
        raise InputError(strays)
    return Answer(endpoint, by, frame, tuple(sorted(columns.new)), tuple(notes))


def _queries(
    endpoint: Endpoint, years: Sequence[int], selection: Selection, by: str, grades: Sequence[str]
) -> list[Query]:
    asked = tuple(grades) if endpoint.grade else ("99",)
    return [Query(endpoint, y, g, by, f) for y in years for g in asked for f in selection.filters()]


def _with_ids(frame: pd.DataFrame, endpoint: Endpoint) -> tuple[pd.DataFrame, int]:
    """Set rows aside that name no school or district."""
    ids = [c for c in ("ncessch", "leaid", "crdc_id") if c in frame.columns and (c in endpoint.key or c == "ncessch")]
    whole = frame[ids].notna().all(axis=1) if ids else pd.Series(True, index=frame.index)
    return (frame if whole.all() else frame[whole].reset_index(drop=True)), int((~whole).sum())


def _strays(frame: pd.DataFrame, endpoint: Endpoint, years: Sequence[int], selection: Selection) -> list[Problem]:
    """Find rows that were not asked for: then the portal has not heeded the selection."""
    asked: dict[str, list[str]] = {"leaid": list(selection.districts)} if selection.districts else {}
    if not asked:
        asked = {"fips": list(selection.states)}
    problems = []
    for name, allowed in asked.items():
        if name in frame.columns and len(frame):
            other = frame.loc[frame[name].notna() & ~frame[name].isin(allowed), name]
            if len(other):
                shown = listing(sorted(other.unique().tolist())[:5])
                what = f"{plural(len(other), 'row')} of {name} {shown} came, which were not asked for"
                problems.append(Problem(endpoint.name, what, "the portal does not heed the selection; tell it"))
    if "year" in frame.columns and len(frame):
        other = frame.loc[~frame["year"].isin(list(years)), "year"]
        if len(other):
            shown = runs(other.dropna().astype(int).tolist()) or "no year"
            problems.append(Problem(endpoint.name, f"{plural(len(other), 'row')} of {shown} came", AGAIN))
    return problems


def _twice(twice: pd.DataFrame, endpoint: Endpoint) -> Problem:
    first = ", ".join(f"{c} {_plain(v)}" for c, v in twice.iloc[0].items() if pd.notna(v))
    what = f"{plural(len(twice), 'row')} came twice, the first with {first}; as many others may be missing"
    return Problem(endpoint.name, what, AGAIN)


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value
