"""Published numbers are worked out again, and a number that is not the same is told, not passed over."""

import math

import pytest
from click.testing import CliRunner

from leadlib import verify
from leadlib.cli import cli
from leadlib.errors import InputError
from leadlib.verify import Number
from leadlib.verify.told import plain

LEAST = 60


@pytest.fixture(scope="module")
def found():
    return verify.verify()


def test_every_published_number_is_reproduced(found):
    wrong = found[found["status"] == "differs"]
    assert wrong[["area", "what", "printed", "ours"]].to_dict("records") == []


def test_many_numbers_run_without_any_file_of_the_users(found):
    assert (found["status"] == "same").sum() >= LEAST
    assert set(found.loc[found["status"] == "same", "area"]) == set(verify.AREAS)


def test_every_number_names_its_source_and_a_wider_tolerance_its_reason():
    for area, number in verify.numbers():
        assert number.what and number.source, area
        assert math.isfinite(float(number.printed.replace("−", "-"))), number
        digits = Number("", "", number.printed, lambda: 0.0).tolerance()
        assert number.within is None or number.within <= digits * 1.001 or number.why, number


def test_no_number_is_listed_twice():
    keys = [(a, n.what, n.source, n.printed) for a, n in verify.numbers()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("printed", "within"), [("0.55", 0.005), ("12", 0.5), ("-3.250", 0.0005), ("1.5e-3", 5e-5), ("1e4", 5000)]
)
def test_the_tolerance_is_half_of_the_last_printed_digit(printed, within):
    assert Number("", "", printed, lambda: 0.0).tolerance() == pytest.approx(within)


@pytest.fixture
def planted(monkeypatch):
    """Put two numbers in place of all: one right, one wrong in the last digit, and one that needs a file."""
    three = [
        ("power", Number("right", "a book", "0.12", lambda: 0.1249)),
        ("power", Number("wrong", "a book", "0.12", lambda: 0.1251)),
        ("power", Number("own file", "a book", "3.0", lambda path: float(path.read_text()), needs="mine.txt")),
    ]
    monkeypatch.setattr(verify, "numbers", lambda areas=(): three)


def test_a_number_that_differs_is_told_and_ends_with_exit_code_1(planted):
    done = CliRunner().invoke(cli, ["verify", "power"])
    assert done.exit_code == 1
    assert "! wrong" in done.output and "1 the same, 1 not" in done.output and "need mine.txt" in done.output


def test_a_file_of_the_users_is_used_where_it_is_there(planted, tmp_path):
    (tmp_path / "mine.txt").write_text("3.01", encoding="utf-8")
    assert verify.verify(data=tmp_path)["status"].tolist() == ["same", "differs", "same"]
    assert verify.verify()["status"].tolist() == ["same", "differs", "not run"]


def test_the_command_prints_what_source_printed_ours_and_difference(tmp_path):
    done = CliRunner().invoke(cli, ["verify", "power", "--csv", str(tmp_path / "v.csv")])
    assert done.exit_code == 0, done.output
    assert "POWER" in done.output and "0.6290064177" in done.output and "PowerUpR" in done.output
    head = (tmp_path / "v.csv").read_text(encoding="utf-8").splitlines()[0]
    assert head == ",".join(verify.COLUMNS)


def test_an_area_or_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="did you mean 'power'"):
        verify.verify(["powr"])
    with pytest.raises(InputError, match="is not a folder"):
        verify.verify(data=tmp_path / "none")
    assert CliRunner().invoke(cli, ["verify", "powr"]).exit_code == 2


def test_the_terminal_table_keeps_every_row(found):
    assert all(str(what).split()[0] in plain(found) for what in found["what"])
