"""The picture that goes with a digest: one PNG, read on a phone.

Drawn by hand on a blank page measured in pixels, since an axis with ticks reads badly there.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Literal

from schedules.digests import compare, percent, top_categories
from schedules.figures import Caption, Figures, caption_of, from_json, shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties

_WIDTH = 900
_DPI = 100
_MARGIN = 56
_LABEL = 306
"""Width of the column of names; the bars begin after it."""
_VALUE = 192
"""Width kept free for the number after the longest bar."""
_FONT = "Noto Sans CJK"
_CATEGORIES = 6

_INK, _SOFT, _PALE, _TRACK = "#1f2933", "#7b8794", "#c3ccd6", "#edf0f3"
_BLUE, _ORANGE, _RED = "#2f6fb3", "#d9822b", "#c0392b"
_GREENS = ("#2e8b57", "#57a773", "#8cc6a0")
_SHARES = (
    ("微事不出格", "微网格里解决"),
    ("小事不出村", "村、社区里解决"),
    ("大事不出镇", "乡镇、街道里解决"),
)


_Side = Literal["left", "right"]


class _Page:
    """A white page with a pen that moves down; lengths are in pixels from the top left."""

    def __init__(self, axes: Axes, font: FontProperties) -> None:
        self._axes = axes
        self._font = font
        self.y = 0.0

    def text(
        self, x: float, words: str, size: float, colour: str = _INK, align: _Side = "left"
    ) -> None:
        """Words whose middle is at the pen's height, and its start or end at ``x``."""
        font = self._font.copy()
        font.set_size(size * 72 / _DPI)
        shown = _drawable(words, font)
        self._axes.text(
            x, self.y, shown, color=colour, font=font, ha=align, va="center", parse_math=False
        )

    def bar(self, x: float, width: float, height: float, colour: str) -> None:
        """A bar from ``x`` to the right, centred on the pen's height."""
        from matplotlib.patches import Rectangle  # noqa: PLC0415 - heavy, see _render

        left_top = (x, self.y - height / 2)
        self._axes.add_patch(Rectangle(left_top, width, height, color=colour, lw=0))


def draw(chart_json: str, category_name: Callable[[str], str]) -> bytes:
    """A PNG of the figures in ``chart_json`` (see ``schedules.figures.to_json``).

    900 pixels wide, at most 1300 high. ``category_name`` turns a code into words. ValueError if the
    text isn't a chart's. Takes a second the first time, a tenth of one after: call it in a thread.
    """
    now, before = from_json(chart_json)
    caption = caption_of(chart_json)
    names = [(category_name(code), count) for code, count in top_categories(now, _CATEGORIES)]

    def paint(page: _Page) -> None:
        _heading(page, caption, now)
        _flow(page, now, before, caption.before or "之前")
        if names:
            _matters(page, names)
        _solved(page, now)
        page.y += 40

    return _render(paint, _height(paint))


def _height(paint: Callable[[_Page], None]) -> int:
    """How far down the pen gets: the same steps, on paper that keeps nothing."""
    page = _Blank()
    paint(page)
    return int(page.y)


class _Blank(_Page):
    def __init__(self) -> None:
        self.y = 0.0

    def text(
        self, x: float, words: str, size: float, colour: str = _INK, align: _Side = "left"
    ) -> None:
        pass

    def bar(self, x: float, width: float, height: float, colour: str) -> None:
        pass


def _render(paint: Callable[[_Page], None], height: int) -> bytes:
    # matplotlib takes most of a second to import, and a bot that draws nothing never needs it;
    # its pyplot keeps figures in global state, so the canvas is made by hand.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(_WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, _WIDTH)
    axes.set_ylim(height, 0)
    paint(_Page(axes, _chinese()))
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return out.getvalue()


@cache
def _chinese() -> FontProperties:
    """The font shipped with the program; of its faces the one with China's own glyph forms."""
    from matplotlib import font_manager  # noqa: PLC0415
    from noto_cjk_sans_otc import FONT_PATH  # noqa: PLC0415

    font_manager.fontManager.addfont(str(FONT_PATH))
    # Before 3.11, matplotlib reads only a collection's first face, the Japanese one.
    known = set(font_manager.fontManager.get_font_names())
    face = next(name for name in (f"{_FONT} SC", f"{_FONT} JP") if name in known)
    return font_manager.FontProperties(family=face)


def _drawable(words: str, font: FontProperties) -> str:
    """Without what the font can't draw (an emoji in a group's name), which would be empty boxes."""
    from matplotlib.font_manager import findfont, get_font  # noqa: PLC0415 - heavy, see _render

    face = get_font(findfont(font))
    return "".join(char for char in " ".join(words.split()) if face.get_char_index(ord(char)))


def _fitting(words: str, size: float, room: float) -> float:
    """``size``, or the smaller one at which the words fit into ``room``."""
    ems = sum(1.0 if ord(char) > 0x2E7F else 0.6 for char in words)
    return min(size, room / max(ems, 1))


def _heading(page: _Page, caption: Caption, now: Figures) -> None:
    page.y += 16
    if caption.title:
        page.y += 48
        size = _fitting(caption.title, 38, _WIDTH - 2 * _MARGIN)
        page.text(_MARGIN, caption.title, size)
    page.y += 56
    page.text(_MARGIN, f"手上还有 {now.open_now} 单", 28, _SOFT)
    late = _RED if now.overdue else _SOFT
    page.text(_MARGIN + 300, f"超时 {now.overdue} 单", 28, late)
    page.y += 20


def _flow(page: _Page, now: Figures, before: Figures, past: str) -> None:
    _section(page, "来了多少，办了多少")
    right = _WIDTH - _MARGIN
    page.text(right, f"浅色是{past}", 24, _SOFT, align="right")
    rows = [
        ("新诉求", now.created, before.created),
        ("接单", now.claimed, before.claimed),
        ("办结", now.resolved, before.resolved),
        ("了结", now.closed, before.closed),
    ]
    most = max(max(count, past_count) for _, count, past_count in rows)
    for name, count, past_count in rows:
        page.y += 62
        _pair(page, name, (count, past_count), most)


def _pair(page: _Page, name: str, counts: tuple[int, int], most: int) -> None:
    count, past = counts
    page.text(_MARGIN, name, 28)
    middle = page.y
    page.y = middle - 8
    page.bar(_LABEL, _length(count, most), 26, _BLUE)
    page.y = middle + 13
    page.bar(_LABEL, _length(past, most), 12, _PALE)
    page.y = middle
    end = _LABEL + max(_length(count, most), _length(past, most)) + 16
    page.text(end, f"{count} {compare(count, past)}", 26)


def _matters(page: _Page, names: list[tuple[str, int]]) -> None:
    _section(page, "新来的主要是什么")
    most = max(count for _, count in names)
    for name, count in names:
        page.y += 50
        page.text(_MARGIN, name, _fitting(name, 26, _LABEL - _MARGIN - 16))
        page.bar(_LABEL, _length(count, most), 28, _ORANGE)
        page.text(_LABEL + _length(count, most) + 16, str(count), 26)


def _solved(page: _Page, now: Figures) -> None:
    _section(page, "在哪一级解决的")
    found = shares(now.settled_at)
    if found is None:
        page.y += 56
        page.text(_MARGIN, "这段时间还没有了结的单", 26, _SOFT)
        page.y += 10
        return
    for (slogan, where), share, colour in zip(_SHARES, found, _GREENS, strict=True):
        page.y += 76
        _share(page, slogan, where, share, colour)
    page.y += 24


def _share(page: _Page, slogan: str, where: str, share: float, colour: str) -> None:
    room = _WIDTH - _MARGIN - _VALUE - _LABEL
    page.y -= 12
    page.text(_MARGIN, slogan, 28)
    page.y += 32
    page.text(_MARGIN, where, 20, _SOFT)
    page.y -= 20
    page.bar(_LABEL, room, 32, _TRACK)
    page.bar(_LABEL, room * share, 32, colour)
    page.text(_WIDTH - _MARGIN, percent(share), 34, align="right")


def _section(page: _Page, title: str) -> None:
    page.y += 46
    page.bar(_MARGIN, _WIDTH - 2 * _MARGIN, 2, _TRACK)
    page.y += 40
    page.text(_MARGIN, title, 28, _SOFT)


def _length(count: int, most: int) -> float:
    """A bar's length: the longest fills the room, and one is still seen beside a thousand."""
    if not count:
        return 0
    return max(4.0, (_WIDTH - _MARGIN - _VALUE - _LABEL) * count / most)
