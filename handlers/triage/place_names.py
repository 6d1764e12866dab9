"""Names in addresses: estates and roads, cut out of the words around them. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from handlers.triage.place_numbers import number

_HAN = "\u4e00-\u9fa5"
_N = r"(?:\d{1,4}|[零〇一二三四五六七八九十百两幺]{1,6})"

_LEAD = re.compile(
    r"(?:在|到|从|去|往|沿|是|住|的|我们?|咱们?|你们|他们|过|了|(?<=[栋路号组苑园])和|与|跟|靠近|靠|经|条|那|这|就|请|问|市|县|镇|乡|街道|社区|居委会|有|对面|附近|旁边|走|位于|投诉|本人系|地址"
    r"|举报|反映|反应|建议|请求|希望|关于|整个|全|个|昨[天晚]|今[天早晚]|明[天早]|刚才|现在|上午|下午|晚上|早上|最近|为什么|怎么|把|给|对|让|被|及|还有|以及|或|:|投|报|说"
    r"|大家|各位|邻居|您好|你好|师傅|老板|麻烦|解决|每天|天天|经常|老是|一直|又|还|凭|拐|路(?=.)|街(?=.)|巷(?=.)|号(?=.)|栋|幢|楼|回家|门口|里面|外面|小区(?=.))"
)
_LAST_HAN = re.compile(rf"[{_HAN}A-Za-z0-9·]+\Z")
_WAY = re.compile(
    rf"(?P<word>大道|路|街|巷)(?P<lane>{_N}巷)?"
    rf"(?P<house>[\s的第上里]?(?:门牌)?{_N}(?:-\d{{1,3}})?号(?![楼栋院线]))?"
)
_ROAD_GOES_ON = re.compile(r"[灯由费况障政标子人线程径基桩途演数]|道|坊|舞|区|拍|景|头|办|警|霸|虎")
_NO_ROAD = re.compile(
    r"(?<![天司白金五])马$|机耕$|[公铁道线电网水走修半小大土泥出门退绝字油子村消盲条断头老新烂主辅速架支岔户让带探问顺同沿迷拦开铺思套丝末弯近远什哪每好坏破黑赶堵封短长宽窄前后旁全这那回学班]$|(?<![五八七])一$|^.?山$"
    r"|水泥|柏油|石子|沥青|砂石|步行|商业|美食|小吃|单元|楼|十字|高速|高架|内环|外环|门口|消防|过道|通$|[的栋个条边了里米组]$|[组米里]$|[的栋个条边了]"
)
_UNNAMED = re.compile(r"[的栋个条边了里米组铁公道网]$|单元|楼")
"""What is no road's name even before a number."""
_ENDINGS = (
    "小区|小曲(?=[\\d一二三四五六七八九十])|花园|家园|公寓|新村|佳苑|雅苑|嘉苑|花苑|名苑|新苑|苑|新城|华城|名城|豪庭|华庭|雅庭|名庭|名邸|华府|御府|学府|公馆|山庄|安置区|家属院|家属区"
    "|宿舍|别墅|嘉园|佳园|雅园|丽园|名园|桂园|景园|馨园|怡园|绿园|名都|名居|雅居|大厦|豪园|福园|和园"
)
_ESTATE = re.compile(_ENDINGS)
_BEFORE_BUILDING = re.compile(
    r"[府城湾郡居庭里园苑都邸轩阁岸岛谷院墅广场国际公馆]"
    r"(?=[一二三四五六七八九十\d]期(?!间|待|末|中)|(?:[东西南北ABCD]区)?\s?(?:\d{1,3}|[一二三四五六七八九十]{1,3})(?:栋|幢|号楼|#))"
)
_NO_ESTATE = re.compile(
    r"^(?:小区|这|那|个|整|隔壁|别|其他|哪|一|老旧?|旧|新|高档|每|同|附近|周边|全|本|该|封闭|智慧|文明|示范|开放|自己|人家|小|后|空中|屋顶|中心|中央|学生|老年|单身|青年|员工|职工"
    r"|学校|男生|女生|集体|大|多|几|两|三|四|五|老|安置|回迁|拆迁|商品房|住宅|居民|各|某|外面|里面|城市|街心|口袋|社会主义|农村|美丽|物业|无物业|开发|住|工业|物流|科技|产业|家属|农民|工地|租|买|厂里?|好|烂|什么|哪里|动物|幼儿|校|公)*$"
)
_LANDMARK = re.compile(r"学校|中学|小学|幼儿园|医院|超市|市场|银行|公园|商场|酒店|政府|大学|学院")


def _before(text: str, end: int, longest: int) -> str:
    """Return the name that ends there: the words before it, without those that lead to it."""
    found = _LAST_HAN.search(text, max(0, end - longest), end)
    if not found:
        return ""
    start = found.start()
    for lead in _LEAD.finditer(text, start, end):
        start = lead.end()
    return text[start:end]


def find_road(text: str, local: Collection[str] = ()) -> str:
    """Return the first road named, with its lane and house number."""
    for found in _WAY.finditer(text):
        start, end = found.start(), found.end()
        name = _known(text[:start] + found["word"], local)[:-1] or _before(text, start, 9)
        numbered = found["lane"] or found["house"]
        if name not in {"东", "南", "西", "北"} or not numbered:
            if (
                not 2 <= len(name) <= 5
                or re.search(r"\d", name)
                or (_UNNAMED if numbered else _NO_ROAD).search(name)
            ):
                continue
            if not numbered and _ROAD_GOES_ON.match(text, end):
                continue
        house = (found["house"] or "").lstrip(" 的第上里门牌")
        return name + found["word"] + _numbered(found["lane"] or "") + _numbered(house)
    return ""


def _known(text: str, local: Collection[str]) -> str:
    return next((word for word in local if text.endswith(word)), "")


def _numbered(part: str) -> str:
    return number(part[:-1]) + part[-1] if part and not part[0].isdigit() else part


def find_estate(text: str, local: Collection[str] = ()) -> str:
    """Return the first estate named, with its ending, without phase or zone."""
    for word in sorted((w for w in local if w in text), key=text.find):
        if word[-1] not in "路街巷道组":
            return word
    for found in _ESTATE.finditer(text):
        name, ending = _before(text, found.start(), 10), found[0]
        if len(name) + len(ending) < 3 or _NO_ESTATE.match(name) or _LANDMARK.search(name):
            continue
        if ending == "大厦" and not re.match(r"\d|[东西南北ABCD][座栋]", text[found.end() :]):
            continue
        return name + ("小区" if ending == "小曲" else ending)
    built = _BEFORE_BUILDING.search(text)
    if built:
        name = _before(text, built.start(), 9)
        if len(name) >= 2 and not _NO_ESTATE.match(name) and not _LANDMARK.search(name):
            return name + built[0]
    return ""
