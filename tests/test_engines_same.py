"""However a notebook is run, its outputs are the same bytes, and one school leaves nothing to the next."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import batch_samples as samples
import nbformat
import pytest
import torture

from leadlib.engines.forks import Refused, Server, can_fork
from leadlib.engines.one import Outcome, Task
from leadlib.engines.pool import Worker

FORK = pytest.param("fork", marks=pytest.mark.skipif(not can_fork(), reason="this system cannot fork"))
OURS = [FORK, "warm"]
Run = Callable[..., tuple[Outcome, bytes]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a notebook with one of the engines; give the outcome and the bytes of the notebook that is kept."""
    monkeypatch.delenv("MPLBACKEND", raising=False)
    monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)  # ipykernel catches no file descriptors in its sight
    worker, count = Worker(tmp_path / "scratch"), iter(range(99))

    def run(engine: str, notebook: Path, parameters: dict[str, Any] | None = None) -> tuple[Outcome, bytes]:
        folder = tmp_path / f"out-{next(count)}"
        outcome = worker.run(Task(str(notebook), parameters or {}, "s", "S", str(folder), [], engine=engine))
        kept = [p.read_bytes() for kind in ("notebooks", "failed") for p in (folder / kind).glob("*.ipynb")]
        return outcome, kept[0]

    yield run
    worker.close()


def cells(path: Path, sources: Sequence[str], parameters: str | None = None) -> Path:
    return samples.notebook(path / "n.ipynb", sources, parameters=parameters)


def printed(kept: bytes) -> list[str]:
    book = nbformat.reads(kept.decode(), as_version=4)
    return ["".join(o.get("text", "") for o in c.outputs) for c in book.cells if c.cell_type == "code"]


@pytest.mark.parametrize("engine", OURS)
def test_every_kind_of_output_is_the_same_bytes_as_from_a_kernel_of_its_own(
    engine: str, run: Run, tmp_path: Path
) -> None:
    notebook = cells(tmp_path, torture.CELLS)
    (ours, kept), (plain, expected) = run(engine, notebook), run("plain", notebook)
    assert kept == expected and b"ZeroDivisionError" in kept and b"image/png" in kept
    assert (ours.cause, ours.cell) == (plain.cause, plain.cell) == ("ZeroDivisionError", len(torture.CELLS))


def test_a_process_that_is_used_again_gives_the_same_bytes_again(run: Run, tmp_path: Path) -> None:
    notebook = cells(tmp_path, torture.CELLS[:-1])
    assert len({run("warm", notebook)[1] for _ in range(3)}) == 1
    same = cells(tmp_path, ["import os; print(os.getpid())"])
    assert len({run("warm", same)[1] for _ in range(2)}) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("notebook", "pack", "school_id", "year"),
    [
        ("reports/school-report.ipynb", "california-2000", "28662666027007", 1999),
        ("reports/school-report.ipynb", "cedar-valley", "990000100004", 2021),
        ("cases/01-a-principals-week.ipynb", "cedar-valley", "990000100004", 2021),
        ("cases/19-from-data-to-action-plan.ipynb", "cedar-valley", "990000100004", 2021),
    ],
)
def test_reports_and_cases_are_the_same_bytes(
    notebook: str, pack: str, school_id: str, year: int, run: Run, root: Path
) -> None:
    given = {"pack": pack, "school_id": school_id, "year": year}
    engines = ["plain", "warm", "warm", *(["fork"] if can_fork() else [])]
    kept = [run(engine, root / "notebooks" / notebook, given) for engine in engines]
    assert [outcome.status for outcome, _ in kept] == ["done"] * len(engines)
    assert len({content for _, content in kept}) == 1


NUMBERS = """import numpy as np, pandas as pd, matplotlib.pyplot as plt, threading, os
rng = np.random.default_rng(5); x = rng.normal(size=(400, 40)); y = x @ rng.normal(size=40)
print(np.linalg.lstsq(x, y)[0].tobytes().hex()[:64], (x @ x.T).sum())
print(np.linalg.svd(x, compute_uv=False)[:3])
held = []
threads = [threading.Thread(target=lambda: held.append(float((x.T @ x).sum()))) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]; print(set(held))
np.random.seed(3); print(np.random.rand(), pd.Series([1, 2, 3]).sample(2, random_state=1).tolist())
print(os.environ["OMP_NUM_THREADS"])"""
FONTS = """fig, ax = plt.subplots(); ax.set_title("Ä $x^2$", family="DejaVu Serif"); ax.plot([1, 2]); plt.show()
fig, ax = plt.subplots(); ax.set_xlabel("b", weight="bold", family="monospace"); plt.show()"""


@pytest.mark.parametrize("seed", ["0", "1", "4321"])
def test_threads_sums_fonts_and_chance_are_those_of_a_new_process_under_any_hash_seed(
    seed: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", seed)
    notebook = cells(tmp_path, [NUMBERS, FONTS, "print(sorted({'a', 'b', 'c'}), hash('a'))"])
    kept = {run(engine, notebook)[1] for engine in ("plain", *(["fork"] if can_fork() else []), "warm", "warm")}
    assert len(kept) == 1


@pytest.mark.parametrize("engine", OURS)
def test_each_school_has_chance_of_its_own(engine: str, run: Run, tmp_path: Path) -> None:
    notebook = cells(
        tmp_path, ["import random, numpy, uuid; print(random.random(), numpy.random.rand(), uuid.uuid4())"]
    )
    first, second = (printed(run(engine, notebook)[1])[0].split() for _ in range(2))
    assert [a for a, b in zip(first, second, strict=True) if a == b] == []


LEAVE = """import pandas as pd, numpy as np, matplotlib as mpl, os, sys, warnings, logging, signal, own
left = 1; pd.set_option("display.max_rows", 3); np.set_printoptions(precision=1); mpl.rcParams["lines.linewidth"] = 9
os.environ["LEFT"] = "1"; sys.path.insert(0, "/left"); warnings.simplefilter("ignore"); os.chdir("/")
logging.basicConfig(level=10); np.seterr(all="raise"); own.mark = 1; signal.signal(signal.SIGTERM, signal.SIG_IGN)"""
LOOK = """import pandas as pd, numpy as np, matplotlib as mpl, os, sys, warnings, logging, signal, own
print("left" in globals(), pd.get_option("display.max_rows"), np.get_printoptions()["precision"], np.geterr()["over"])
print(mpl.rcParams["lines.linewidth"], "LEFT" in os.environ, "/left" in sys.path, len(warnings.filters) > 1)
print(os.path.basename(os.getcwd()), logging.root.level, hasattr(own, "mark"), signal.getsignal(signal.SIGTERM))"""


@pytest.mark.parametrize("engine", OURS)
def test_one_school_leaves_nothing_to_the_next(engine: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("", encoding="utf-8")
    look = cells(tmp_path, [LOOK])
    before = printed(run(engine, look)[1])
    assert run(engine, cells(tmp_path, [LEAVE]))[0].status == "done"
    assert printed(run(engine, cells(tmp_path, [LOOK]))[1]) == before


PIDS = "import os; open('pid', 'a').write(f'{os.getpid()} ')"


def pids(tmp_path: Path) -> list[str]:
    return (tmp_path / "pid").read_text(encoding="utf-8").split()


@pytest.mark.parametrize(
    ("change", "used_again"),
    [
        ("x = 1", True),
        ("import pandas; pandas.read_csv = None", True),  # a name that was there is not looked at: the page says so
        ("import pandas; pandas.own = 1", False),
        ("import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()", False),
    ],
)
def test_a_process_that_is_no_longer_as_it_was_is_replaced(
    change: str, used_again: bool, run: Run, tmp_path: Path
) -> None:
    notebook = cells(tmp_path, [PIDS, change])
    assert [run("warm", notebook)[0].attempts for _ in range(2)] == [1, 1]
    first, second = pids(tmp_path)
    assert (first == second) == used_again


def test_a_failed_school_ends_its_process(run: Run, tmp_path: Path) -> None:
    notebook = cells(tmp_path, [PIDS, "1 / 0"])
    assert [run("warm", notebook)[0].cause for _ in range(2)] == ["ZeroDivisionError"] * 2
    assert len(set(pids(tmp_path))) == 2


@pytest.mark.parametrize("engine", OURS)
def test_what_was_read_beforehand_counts_for_no_look_at_the_data(engine: str, run: Run, tmp_path: Path) -> None:
    samples.pack(tmp_path / "tiny")
    look = "from leadlib.tables.packs import _frame, load, seen\nprint(seen(), _frame.cache_info().currsize > 0)\n"
    notebook = cells(tmp_path, [look, "load('./tiny/schools'); print(seen())"], samples.PARAMETERS)
    for _ in range(2):
        outcome, kept = run(engine, notebook, {"pack": "./tiny", "school_id": "001"})
        assert outcome.status == "done" and printed(kept)[-2:] == ["() True\n", "('tiny/schools',)\n"]


@pytest.mark.skipif(sys.platform != "linux", reason="schools are forked by themselves on Linux alone")
def test_where_nothing_can_be_forked_the_school_is_run_all_the_same(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Refused("2 threads")

    monkeypatch.setattr(Server, "ask", refuse)
    outcome, _ = run("auto", cells(tmp_path, ["1"]))
    assert outcome.status == "done" and outcome.attempts == 1
