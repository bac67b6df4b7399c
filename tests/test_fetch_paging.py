"""All pages: counted, kept, resumed, and refused when they are not the whole."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from portal_server import Portal, Row, client, directory, only_this_machine, running, says, send, status

from leadlib.errors import InputError
from leadlib.fetch import Cache, PortalError, Source, UnreachedError, endpoint
from leadlib.fetch.endpoints import Query

PATH = "schools/ccd/directory/2018/"
QUERY = Query(endpoint("school-directory"), 2018, filters={"fips": ("6",)})


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    only_this_machine(monkeypatch)
    with running() as made:
        made.rows[PATH] = directory(2018, [f"06000010{k:04d}" for k in range(25)])
        made.page_size = 10
        yield made


def source(portal: Portal, folder: Path, **more: Any) -> Source:
    attempts = more.pop("attempts", 2)
    return Source(client(portal, attempts=attempts), Cache(folder), **more)


def rows(made: Source, query: Query = QUERY) -> list[Row]:
    return [row for page in made.pages(query) for row in page]


def test_pages_are_followed_until_next_is_null(portal: Portal, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    made = source(portal, tmp_path, watch=lambda what, done, of: seen.append((done, of)))
    assert rows(made) == portal.rows[PATH]
    assert seen == [(1, 3), (2, 3), (3, 3)] and portal.count() == 3


def test_25_001_rows_at_10_000_a_page_are_three_pages(portal: Portal, tmp_path: Path) -> None:
    portal.rows[PATH] = [{"ncessch": str(k), "fips": 6} for k in range(25_001)]
    portal.page_size = 10_000
    made = source(portal, tmp_path)
    assert len(rows(made)) == 25_001
    assert [p["rows"] for p in made.manifests[0]["pages"]] == [10_000, 10_000, 5_001]


def test_what_is_kept_is_not_asked_for_again(portal: Portal, tmp_path: Path) -> None:
    first = rows(source(portal, tmp_path))
    assert rows(source(portal, tmp_path)) == first == rows(source(portal, tmp_path, offline=True))
    assert portal.count() == 3
    assert rows(source(portal, tmp_path, refresh=True)) == first and portal.count() == 6


def test_the_record_names_address_time_count_and_the_hash_of_every_page(portal: Portal, tmp_path: Path) -> None:
    rows(source(portal, tmp_path))
    record = json.loads(next((tmp_path / "queries").iterdir()).read_text(encoding="utf-8"))
    assert (record["count"], record["rows"], len(record["pages"])) == (25, 25, 3)
    assert record["url"] == f"{portal.base}/{PATH}?fips=6"
    assert record["fetched"] == ["2020-09-13T12:26:40Z"] * 2
    for page in record["pages"]:
        assert (tmp_path / "pages" / page["sha256"][:2] / f"{page['sha256']}.json.gz").is_file()


def test_an_interrupted_run_fetches_only_what_is_missing(portal: Portal, tmp_path: Path) -> None:
    portal.fault(status(504), words="page=3", times=2)
    with pytest.raises(UnreachedError, match="school-directory 2018, page 3 of 3"):
        rows(source(portal, tmp_path))
    portal.requests.clear()
    assert len(rows(source(portal, tmp_path))) == 25
    assert [r.rpartition("page=")[2] for r in portal.requests] == ["3"]


def test_a_run_that_is_left_midway_keeps_its_pages(portal: Portal, tmp_path: Path) -> None:
    next(source(portal, tmp_path).pages(QUERY))
    assert len(rows(source(portal, tmp_path))) == 25 and portal.count() == 3


CHANGED = gzip.compress(b'{"count": 25, "next": null, "results": []}', mtime=0)  # named the same in every worker


@pytest.mark.parametrize("damage", [b"", b"not a zip", CHANGED])
def test_a_damaged_page_is_fetched_again_and_refused_offline(damage: bytes, portal: Portal, tmp_path: Path) -> None:
    rows(source(portal, tmp_path))
    entry = Cache(tmp_path).entry(f"{portal.base}/{PATH}?fips=6&page=2")
    assert entry is not None
    (tmp_path / "pages" / entry.sha256[:2] / f"{entry.sha256}.json.gz").write_bytes(damage)
    with pytest.raises(PortalError, match=r"page 2 of 3: is not in the cache, or is damaged there -> .*without --off"):
        rows(source(portal, tmp_path, offline=True))
    assert len(rows(source(portal, tmp_path))) == 25 and portal.count() == 4


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1}'])
def test_a_damaged_address_file_counts_as_absent(text: str, portal: Portal, tmp_path: Path) -> None:
    rows(source(portal, tmp_path))
    for path in (tmp_path / "addresses").iterdir():
        path.write_text(text, encoding="utf-8")
    assert len(rows(source(portal, tmp_path))) == 25 and portal.count() == 6


def test_offline_asks_nothing(portal: Portal, tmp_path: Path) -> None:
    with pytest.raises(PortalError, match="is not in the cache"):
        rows(source(portal, tmp_path, offline=True))
    assert portal.count() == 0


def test_too_few_rows_are_refused_with_what_is_missing(portal: Portal, tmp_path: Path) -> None:
    portal.change(lambda page: page | {"next": None}, words="page=2")
    said = "school-directory 2018: the portal counts 25 rows and gave 20 on 2 pages: 5 rows are missing"
    with pytest.raises(PortalError, match=said) as error:
        rows(source(portal, tmp_path))
    assert "(page 3 did not follow)" in str(error.value)
    portal.changes.clear()
    assert len(rows(source(portal, tmp_path))) == 25  # what was wrong is not kept


def test_too_many_rows_are_refused(portal: Portal, tmp_path: Path) -> None:
    portal.change(lambda page: page | {"count": 12})
    with pytest.raises(PortalError, match="gives 20 rows on 2 pages; the portal counts 12, so 8 are too many"):
        rows(source(portal, tmp_path))


def test_a_count_that_changes_on_the_way_is_refused(portal: Portal, tmp_path: Path) -> None:
    portal.change(lambda page: page | {"count": 26}, words="page=3")
    with pytest.raises(PortalError, match="page 3 of 3: the portal counts 26 rows and counted 25 before"):
        rows(source(portal, tmp_path))


def test_pages_may_change_their_size(portal: Portal, tmp_path: Path) -> None:
    portal.sizes = [10, 3]
    seen: list[int] = []
    made = source(portal, tmp_path, watch=lambda what, done, of: seen.append(of))
    assert rows(made) == portal.rows[PATH]
    assert seen == [3, 6, 4, 4]


@pytest.mark.parametrize(
    ("following", "said"),
    [
        ("https://elsewhere.example/api/v1/x?page=2", "next: leads to another host: https://elsewhere.example"),
        ("/api/v1/schools/ccd/directory/2017/?page=2", "next: leads to another answer"),
        (7, "next is '7', not an address"),
    ],
)
def test_a_next_that_leads_elsewhere_is_refused(following: Any, said: str, portal: Portal, tmp_path: Path) -> None:
    portal.change(lambda page: page | {"next": following})
    with pytest.raises(PortalError, match=said):
        rows(source(portal, tmp_path))
    assert portal.count() == 1


def test_pages_that_lead_in_a_circle_end(portal: Portal, tmp_path: Path) -> None:
    portal.change(lambda page: page | {"next": f"{portal.base}/{PATH}?fips=6"}, words="page=2")
    with pytest.raises(PortalError, match="lead in a circle"):
        rows(source(portal, tmp_path))


def test_an_empty_page_before_the_end_is_refused(portal: Portal, tmp_path: Path) -> None:
    portal.change(lambda page: page | {"results": []}, words="page=2")
    with pytest.raises(PortalError, match="page 2 of 3: has no rows, though more pages follow it"):
        rows(source(portal, tmp_path))


def test_no_rows_at_all_is_an_answer(portal: Portal, tmp_path: Path) -> None:
    portal.rows[PATH] = []
    assert rows(source(portal, tmp_path)) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", "is not an object with count, next and results"),
        (b'{"detail": "moved"}', "has no count, next, results; it has detail"),
        (b'{"count": "25", "next": null, "results": []}', "count is '25', not a number of rows"),
        (b'{"count": -1, "next": null, "results": []}', "count is '-1'"),
        (b'{"count": true, "next": null, "results": []}', "count is 'True'"),
        (b'{"count": 1, "next": null, "results": [1]}', "results is not a list of rows"),
    ],
)
def test_a_page_of_another_form_is_refused(body: bytes, said: str, portal: Portal, tmp_path: Path) -> None:
    portal.fault(says(body))
    with pytest.raises(PortalError, match=said):
        rows(source(portal, tmp_path))
    assert portal.count() == 1


def test_two_that_fetch_the_same_at_once_do_not_spoil_it(portal: Portal, tmp_path: Path) -> None:
    together, found = threading.Barrier(4), []

    def meet(handler: Any, body: bytes) -> None:
        together.wait(10)
        send(handler, 200, body)

    portal.fault(meet, times=12)
    runs = [threading.Thread(target=lambda: found.append(rows(source(portal, tmp_path)))) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(20)
    assert found == [portal.rows[PATH]] * 4
    assert rows(source(portal, tmp_path, offline=True)) == portal.rows[PATH]
    assert not list(tmp_path.rglob(".part-*"))


def test_a_cache_that_cannot_be_written_is_told(portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=r"the cache cannot be written: .*LEADLIB_CACHE"):
        rows(source(portal, tmp_path / "file"))


def test_forgetting_an_answer_forgets_all_its_pages(portal: Portal, tmp_path: Path) -> None:
    made = source(portal, tmp_path)
    rows(made)
    made.forget(QUERY)
    assert len(rows(source(portal, tmp_path))) == 25 and portal.count() == 6
