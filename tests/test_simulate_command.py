"""`leadlib simulate` writes a pack that can be read at once, and tells what is wrong with what was typed."""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd
from click.testing import CliRunner

from leadlib.cli.simulation import register
from leadlib.tables.packs import load


def run(*words: str) -> tuple[int, str]:
    @click.group()
    def group() -> None:
        pass

    register(group)
    done = CliRunner().invoke(group, ["simulate", *words])
    return done.exit_code, done.output


def test_the_command_writes_a_pack_and_its_answer_sheet(tmp_path: Path) -> None:
    folder, answers = tmp_path / "my-district", tmp_path / "answers.csv"
    code, said = run(str(folder), "--schools", "3", "--years", "2", "--seed", "9", "--truth", str(answers))
    assert code == 0
    assert "seed 9" in said
    assert len(load(f"{folder}/schools")) == 3
    assert "coaching_achievement" in set(pd.read_csv(answers)["parameter"])


def test_a_district_without_schools_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    code, said = run(str(tmp_path / "none"), "--schools", "0", "--years", "99")
    assert code == 2
    assert "simulate, schools" in said and "simulate, years" in said
    assert not (tmp_path / "none").exists()


def test_an_answer_sheet_that_cannot_be_written_is_told_without_a_traceback(tmp_path: Path) -> None:
    code, said = run(str(tmp_path / "d"), "--schools", "1", "--years", "1", "--truth", str(tmp_path / "no" / "a.csv"))
    assert code == 2
    assert "cannot be written" in said
