"""File names from hostile data: plain, short, and never a way out of a folder."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlib.batch import naming

HOSTILE = [
    "../x",
    "..",
    ".",
    "a:b|c?",
    "x\ny",
    "y" * 300,
    "con",
    "NUL",
    "com1.txt",
    "a/b\\c",
    "http://host/x",
    "",
    " ",
    "-",
    "\u202ename",
    "学校",
    "trailing.",
    "\0",
    "~",
    "$HOME",
    "%TEMP%",
    "{school}",
    "\ud800",
]
SAFE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


def test_a_slug_is_the_name_and_the_id() -> None:
    assert naming.slug("Peña's High School", "010000500770") == "pena-s-high-school-010000500770"


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("school_id", HOSTILE)
def test_a_hostile_name_or_id_makes_a_plain_file_name(name: str, school_id: str) -> None:
    assert_plain(naming.slug(name, school_id))


@given(st.text(), st.text(min_size=1))
def test_any_name_and_id_make_a_plain_file_name(name: str, school_id: str) -> None:
    assert_plain(naming.slug(name, school_id))


def assert_plain(slug: str) -> None:
    assert SAFE.fullmatch(slug) and len(slug) <= naming.LONGEST
    assert slug not in naming.RESERVED
    assert PurePosixPath(slug).name == slug == PureWindowsPath(slug).name


def test_ids_too_long_to_be_kept_still_differ() -> None:
    assert naming.slug("A", "y" * 300) != naming.slug("A", "y" * 299 + "z")


def test_colliding_slugs_are_named_with_their_schools() -> None:
    slugs = [(i, naming.slug("Oak", i)) for i in ("a:b", "a?b", "ab", "A B")]
    (problem,) = naming.collisions(slugs)
    assert "'a:b', 'a?b', 'A B' would all be written to 'oak-a-b'" in str(problem)


def test_slugs_that_differ_do_not_collide() -> None:
    assert naming.collisions([("1", "oak-1"), ("2", "oak-2")]) == []


@pytest.mark.parametrize("name", ["napa-valley", "a", "A_1", "2000"])
def test_a_plain_batch_name_is_taken(name: str) -> None:
    assert naming.check_batch_name(name) == []


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "con", "NUL", "a.", "a b", "-a", "x" * 81, "a\n", "école", "a:b"]
)
def test_a_batch_name_that_is_no_folder_everywhere_is_refused_with_one_that_is(name: str) -> None:
    (problem,) = naming.check_batch_name(name)
    better = re.search(r"such as '(.+)'", problem.fix)
    assert better and naming.check_batch_name(better.group(1)) == []
