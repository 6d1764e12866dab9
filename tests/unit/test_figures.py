import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Level
from schedules.figures import Caption, Figures, Line, caption_of, from_json, shares, to_json

COUNT = st.integers(0, 10_000)
LINES = st.lists(st.builds(Line, COUNT, st.text(), st.text(), st.floats(0, 1e5)), max_size=3).map(
    tuple
)
FIGURES = st.builds(
    Figures,
    created=COUNT,
    asks=COUNT,
    by_level=st.dictionaries(st.sampled_from([str(level) for level in Level]), COUNT),
    by_category=st.dictionaries(st.text(), COUNT),
    settled_at=st.dictionaries(st.sampled_from([str(level) for level in Level]), COUNT),
    slowest=LINES,
    oldest=LINES,
)


@given(FIGURES, FIGURES, st.builds(Caption, st.text(), st.text()))
def test_json_gives_back_what_it_was_given(now, before, caption):
    text = to_json(now, before, caption)
    assert from_json(text) == (now, before)
    assert caption_of(text) == caption


def test_the_caption_may_be_left_out():
    assert caption_of(to_json(Figures(), Figures())) == Caption()


def test_a_chart_of_another_version_is_still_read():
    line = {"number": 7, "grid": "一网格", "text": "路灯坏了", "hours": 3.5, "colour": "red"}
    text = json.dumps({"now": {"created": 2, "new": 1, "oldest": [line]}, "before": {}})
    now, before = from_json(text)
    assert now == Figures(created=2, oldest=(Line(7, "一网格", "路灯坏了", 3.5),))
    assert before == Figures()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"now": {}}',
        '{"now": 1, "before": 2}',
        '{"now": {"oldest": [{}]}, "before": {}}',
        '{"now": {"oldest": [7]}, "before": {}}',
    ],
)
def test_what_is_not_a_chart_is_a_value_error(text):
    with pytest.raises(ValueError):  # noqa: PT011 - json's own sentence or ours
        from_json(text)


def test_shares_add_up_from_the_bottom():
    settled = {"microgrid": 5, "branch": 2, "village": 1, "township": 1, "city": 1}
    assert shares(settled) == (0.5, 0.8, 0.9)


def test_shares_of_nothing_are_none():
    assert shares({}) is None
    assert shares({"city": 0}) is None


def test_levels_and_their_names_are_the_same_key():
    assert shares({Level.BRANCH: 1, Level.CITY: 1}) == (0.0, 0.5, 0.5)


@given(st.dictionaries(st.sampled_from([str(level) for level in Level]), COUNT))
def test_shares_never_shrink_on_the_way_up(settled):
    found = shares(settled)
    if found is not None:
        assert 0 <= found[0] <= found[1] <= found[2] <= 1


def test_an_open_backlog_alone_is_quiet():
    assert Figures(open_now=3, by_level={"branch": 3}).quiet
    assert not Figures(asks=1).quiet
    assert not Figures(overdue=1).quiet
