"""Charts draw what the results hold, name it, and are the same bytes each time."""

import io

import numpy as np
import pytest
import samples
from PIL import Image

from leadlib import charts
from leadlib.charts import dots, lines, style
from leadlib.results import Missing

FIGURES = {
    "trend": lambda: charts.trend(samples.trend()),
    "profile": lambda: charts.profile(samples.serves()),
    "comparison": lambda: charts.comparison(samples.gap()),
    "funnel": lambda: charts.funnel(samples.change()),
    "progress": lambda: charts.progress(samples.aim()),
    "resources": lambda: charts.resources(samples.resources()),
    "standing": lambda: charts.standing(samples.steady(), samples.PEERS),
}


@pytest.fixture
def canvases(monkeypatch):
    seen = []

    def keep(canvas, **named):
        seen.append(canvas)
        return style.finished(canvas, **named)

    monkeypatch.setattr(dots, "finished", keep)
    monkeypatch.setattr(lines, "finished", keep)
    return seen


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_is_the_same_bytes_twice_and_has_title_and_alt_text(name):
    one, two = FIGURES[name](), FIGURES[name]()
    assert one.png == two.png and one.png.startswith(b"\x89PNG")
    assert one.title and len(one.alt) > 40 and one.drawn
    assert one.id.endswith("-figure")


@pytest.mark.parametrize("name", FIGURES)
def test_the_picture_holds_no_date_program_or_path(name):
    picture = Image.open(io.BytesIO(FIGURES[name]().png))
    assert set(picture.info) <= {"dpi"}
    assert picture.width > 900


@pytest.mark.parametrize(
    "draw",
    [
        charts.trend,
        charts.profile,
        charts.comparison,
        charts.funnel,
        charts.progress,
        charts.resources,
        lambda m: charts.standing(samples.steady(), m),
    ],
)
def test_a_missing_result_draws_nothing_and_is_handed_on(draw):
    assert draw(Missing("Section", "no data")) == Missing("Section", "no data", told=True)


def test_a_year_without_a_value_leaves_a_gap_in_the_line(canvases):
    charts.trend(samples.trend((700.0, 720.0, 730.0), (1995, 1996, 1998)))
    school = next(line for line in canvases[0].axes[0].lines if line.get_marker() == "o")
    assert list(school.get_xdata()) == [1995, 1996, 1997, 1998]
    assert np.isnan(school.get_ydata()[2]) and school.get_ydata()[3] == 730.0


def test_a_trend_names_its_lines_at_their_end_and_its_years_in_full(canvases):
    charts.trend(samples.trend())
    ax = canvases[0].axes[0]
    assert {t.get_text() for t in ax.texts} == {"This school", "Similar schools"}
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1998–99", "1999–00"]


def test_many_years_leave_room_between_their_names(canvases):
    charts.trend(samples.trend(tuple(range(700, 708)), tuple(range(2016, 2024))))
    names = [t.get_text() for t in canvases[0].axes[0].get_xticklabels()]
    assert names == ["2016–17", "2018–19", "2020–21", "2022–23"]


def test_a_trend_around_zero_says_what_zero_is(canvases):
    charts.trend(samples.trend((-5.0, 4.0), relative=True))
    assert "average of all schools" in [t.get_text() for t in canvases[0].axes[0].texts]


def test_the_profile_draws_shares_only_and_all_on_one_scale(canvases):
    figure = charts.profile(samples.serves())
    ax = canvases[0].axes[0]
    assert len(ax.get_yticks()) == 2 and ax.get_xlim() == (-1.0, 101.0)
    assert "Enrolment" not in figure.drawn["measure"]


def test_a_share_that_is_protected_is_drawn_as_its_bound_only(canvases):
    figure = charts.profile(samples.serves())
    assert "under 7.2%" in figure.alt and "this school 5.0%" not in figure.alt


def test_a_comparison_draws_one_interval_a_group_that_has_a_value(canvases):
    charts.comparison(samples.gap())
    ax = canvases[0].axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Same district", "Similar schools"]
    assert [t.get_text() for t in ax.texts] == ["+62", "+49"]


def test_the_funnel_marks_this_school_and_leaves_out_schools_without_a_size(canvases):
    charts.funnel(samples.change())
    all_schools, here = (c for c in canvases[0].axes[0].collections if len(c.get_offsets()) and c.get_sizes().size)
    assert len(all_schools.get_offsets()) == 3
    assert here.get_offsets().tolist() == [[100.0, 14.0]]


def test_the_standing_shows_only_similar_schools_and_names_only_this_one(canvases):
    charts.standing(samples.steady(), samples.PEERS)
    ax = canvases[0].axes[0]
    assert [(t.get_position()[1], t.get_text()) for t in ax.get_yticklabels()] == [(2, "This school")]
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
    assert sorted(len(line.get_ydata()) for line in hollow) == [1, 2]


def test_marks_of_one_kind_are_one_line_with_gaps_and_each_stands_at_its_measure(canvases):
    charts.profile(samples.serves())
    marks = {line.get_marker(): line for line in canvases[0].axes[0].lines}
    assert marks["o"].get_xydata().tolist() == [[29.0, 1.0], [5.0, 0.0]]
    assert np.isnan(marks["None"].get_xdata()).tolist() == [False, False, True] * 2
    assert marks["None"].get_ydata().tolist() == [1.0] * 3 + [0.0] * 3


def test_a_picture_shows_what_savefig_would_show():
    with style.drawing(1.5) as (canvas, axes):
        axes[0, 0].plot([0, 1], [3, 1], color=style.SCHOOL)
        axes[0, 0].set_title("A long title that the layout makes room for")
        figure = style.finished(canvas, id="a", title="a", alt="a", drawn={})
        whole = io.BytesIO()
        canvas.savefig(whole, format="png", dpi=style.DOTS_PER_INCH)
    ours, theirs = (np.asarray(Image.open(f).convert("RGB"), int) for f in (io.BytesIO(figure.png), whole))
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 64 and np.abs(ours - theirs).mean() < 1


def test_resources_leave_out_what_has_nothing_to_compare_with(canvases):
    charts.resources(samples.resources())
    assert [ax.get_title(loc="left") for ax in canvases[0].axes] == [
        "Fully credentialed teachers (instructional)",
        "Spending per pupil (administrative)",
    ]


def test_labels_that_would_overlap_are_moved_apart_in_order():
    assert style.apart([10.0, 10.5], 4.0) == pytest.approx([8.25, 12.25])
    assert style.apart([12.0, 10.0], 4.0) == pytest.approx([13.0, 9.0])
    assert style.apart([1.0, 9.0], 2.0) == [1.0, 9.0]


def test_no_pyplot_state_is_left_behind():
    import matplotlib.pyplot as plt

    FIGURES["trend"]()
    assert plt.get_fignums() == []
