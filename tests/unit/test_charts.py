import struct
import subprocess
import sys
import warnings
from dataclasses import replace
from io import BytesIO

import pytest
from matplotlib.image import imread

from bot.charts import _chinese, draw
from schedules.figures import Caption, Figures, to_json

NAMES = {"lighting": "路灯照明", "wage-arrears": "拖欠农民工工资纠纷"}
NOW = Figures(
    created=12,
    claimed=10,
    resolved=9,
    closed=8,
    overdue=2,
    open_now=23,
    by_category={"lighting": 4, "wage-arrears": 3, "noise": 2},
    settled_at={"microgrid": 6, "branch": 1, "township": 1},
)
BEFORE = Figures(created=10, claimed=11, resolved=9, closed=5)
CAPTION = Caption("百宜社区 日报 9月25日（周五）", "前一天")


def name(code: str) -> str:
    return NAMES.get(code, code)


def picture(now: Figures, before: Figures = BEFORE, caption: Caption = CAPTION) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning
        return draw(to_json(now, before, caption), name)


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def pixels(png: bytes) -> bytes:
    return bytes(imread(BytesIO(png)).tobytes())


def test_it_is_a_picture_for_a_phone():
    width, height = size(picture(NOW))
    assert width == 900
    assert 900 < height <= 1300


def test_the_most_that_can_be_shown_is_still_short_enough():
    many = replace(NOW, by_category={f"matter-{i}": i + 1 for i in range(40)})
    assert size(picture(many))[1] <= 1300


def test_nothing_at_all_is_a_picture_too():
    assert size(draw(to_json(Figures(), Figures()), name))[1] > 400


def test_the_same_figures_give_the_same_bytes():
    assert picture(NOW) == picture(NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"created": 13},
        {"closed": 7},
        {"overdue": 0},
        {"open_now": 22},
        {"by_category": {"lighting": 5, "wage-arrears": 3, "noise": 2}},
        {"settled_at": {"microgrid": 5, "branch": 2, "township": 1}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_other_figures_give_another_picture(changed):
    assert pixels(picture(replace(NOW, **changed))) != pixels(picture(NOW))


def test_the_period_before_is_seen():
    assert pixels(picture(NOW, replace(BEFORE, created=2))) != pixels(picture(NOW))


def test_what_the_font_lacks_is_left_out_and_dollars_are_no_formula():
    odd = Caption("石坝垅😀\n$一$网格\x00 日报", "前一天")
    plain = Caption("石坝垅 $一$网格 日报", "前一天")
    assert picture(NOW, caption=odd) == picture(NOW, caption=plain)


def test_a_text_that_is_no_chart_is_a_value_error():
    with pytest.raises(ValueError, match="图表"):
        draw("{}", name)


def test_matplotlib_is_not_loaded_before_a_chart_is_drawn():
    code = "import sys, bot.charts; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_glyphs_are_chinas_own():
    assert _chinese().get_family() == ["Noto Sans CJK SC"]
