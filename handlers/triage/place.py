"""Where: the parts of an address in the text's own words. Pure.

Triage contract, rule 6: half-width, Chinese numerals as digits; 3-2-501 is 3栋, 2单元, 501; floors
and landmarks have no field.
"""

from __future__ import annotations

import re

from bot.models import Place

_N = r"[0-9]{1,4}|[一二三四五六七八九十百两]{1,4}"
_DASHED = re.compile(r"(?<![\d-])(\d{1,3})[-—－](\d{1,2})[-—－](\d{3,4})(?![\d-])")
_BUILDING = re.compile(rf"([A-Za-z]?(?:{_N})|[A-Z])\s*(栋|幢|座|号楼|#楼?)")
_UNIT = re.compile(rf"({_N})\s*单元")
_ROOM = re.compile(r"(?<![\d.])(\d{3,4})\s*(室|房|号房)?(?![\d年月日元块路万个名多户米人号斤%.])")
_PLAIN_GROUP = re.compile(rf"({_N})组")
_NAMED_GROUP = re.compile(rf"([\u4e00-\u9fa5]{{2,3}}组)\s*({_N})号")
_ROAD = re.compile(
    r"([\u4e00-\u9fa5]{2,4}?(?:大道|(?<!道)路(?![灯面口边上过由费牌况障政中])|街(?![道上坊])|巷(?![子口]))|[\u4e00-\u9fa5]{2,4}?路(?=口))(?:(\d{1,4})号)?"
)
_NOT_ROAD = re.compile(
    r"^(?:这|那|条|修|道|公|马|铁|水|线|网|电|走|半|一|在|到|从|过|出|上|下|前|后|哪|高速|小|整|了|有|没)|单元|楼[下上道]|门口|[的栋个条边]"
)
_ESTATE = re.compile(
    r"([\u4e00-\u9fa5A-Za-z0-9]{2,8}?(?:小区|花园|家园|公寓|新村|佳苑|苑|新城|广场|华庭|豪庭|名城|宿舍|安置区|山庄))"
)
_LEAD = re.compile(
    r"^(?:我们|我家|我|家在|家住|咱们|在|是|住|的|请问|投诉|举报|反映|反应|请求|建议|位于|这个|那个|整个|有|对|到|从|就|请|解决|关于|希望)+"
)
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2}


def number(text: str) -> str:
    """Return a Chinese or Arabic numeral as digits: 三 is 3, 二十一 is 21."""
    if not text or text[0].isascii():
        return text
    total, digit = 0, 0
    for char in text:
        if char == "百":
            total, digit = total + (digit or 1) * 100, 0
        elif char == "十":
            total, digit = total + (digit or 1) * 10, 0
        else:
            digit = _DIGITS.get(char, 0)
    return str(total + digit)


def find_place(text: str) -> Place:
    """Return the parts found in a half-width text."""
    dashed = _DASHED.search(text)
    if dashed:
        building, unit, room = f"{dashed[1]}栋", f"{dashed[2]}单元", dashed[3]
    else:
        building, unit = _building(text), _unit(text)
        room = _room(text) if building or unit else ""
    return Place(_estate(text), building, unit, room, _road(text), _group(text))


def _building(text: str) -> str:
    found = _BUILDING.search(text)
    if not found:
        return ""
    name, word = found[1], found[2]
    letter = name[0] if name[0].isascii() and name[0].isalpha() else ""
    return f"{letter}{number(name[len(letter) :])}{'#' if word.startswith('#') else word}"


def _unit(text: str) -> str:
    found = _UNIT.search(text)
    return f"{number(found[1])}单元" if found else ""


def _room(text: str) -> str:
    found = _ROOM.search(text)
    return found[1] if found else ""


def _group(text: str) -> str:
    named = _NAMED_GROUP.search(text)
    if named:
        return f"{_LEAD.sub('', named[1])}{number(named[2])}号"
    plain = _PLAIN_GROUP.search(text)
    return f"{number(plain[1])}组" if plain else ""


def _road(text: str) -> str:
    for found in _ROAD.finditer(text):
        name = _LEAD.sub("", found[1])
        if len(name) >= 3 and not _NOT_ROAD.search(name):
            return name + (f"{found[2]}号" if found[2] else "")
    return ""


def _estate(text: str) -> str:
    found = _ESTATE.search(text)
    name = _LEAD.sub("", found[1]) if found else ""
    return name if len(name) >= 4 or (len(name) == 3 and name[-1] == "苑") else ""
