"""Errors name the place, the fault and the way out, and tell all of them at once."""

import subprocess
import sys

from leadlib.errors import InputError, Problem, nearest, refuse


def test_one_problem_is_one_line_with_place_fault_and_cure():
    assert str(refuse("--pack", "no pack 'califronia'", "did you mean 'california-2000'?")) == (
        "--pack: no pack 'califronia' -> did you mean 'california-2000'?"
    )


def test_all_problems_are_told_at_once_and_counted():
    error = InputError([Problem("a.csv row 2", "x"), Problem("a.csv row 9", "y", "mend it")])
    assert str(error).splitlines() == ["2 problems found", "  1. a.csv row 2: x", "  2. a.csv row 9: y -> mend it"]


def test_nearest_names_the_closest_and_lists_all_when_nothing_is_close():
    assert nearest("yaer", ["year", "pack"]) == "did you mean 'year'?"
    assert nearest("zzz", ["year", "pack"]) == "use one of: year, pack"
    assert nearest("zzz", [str(k) for k in range(20)], most=2) == "use one of: 0, 1, and 18 more"
    assert nearest("napa", ["Mapa", "Napa Valley Unified", "New Haven"]) == "did you mean 'Napa Valley Unified'?"
    assert nearest("CITY", ["Yuba City", "Daly City East", "Elm"]) == "did you mean 'Yuba City' or 'Daly City East'?"
    assert nearest("zzz", []) == "there is none to choose from"


def test_a_notebook_shows_the_message_without_our_call_stack():
    assert refuse("year", "none")._render_traceback_() == ["InputError: year: none"]


def test_importing_leadlib_loads_no_heavy_library():
    code = "import sys, leadlib; print(sorted({'pandas','numpy','matplotlib','statsmodels'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
