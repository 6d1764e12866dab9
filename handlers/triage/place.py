"""Where: the parts of an address in the text's own words. Pure.

Triage contract, rule 6: half-width, Chinese numerals as digits; 3-2-501 is 3栋, 2单元, 501; floors
and landmarks have no field. Of several places the first said counts.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.models import Place
from handlers.triage.place_names import find_estate, find_road
from handlers.triage.place_numbers import number, room_of

_CHINESE = "零〇一二三四五六七八九十百两幺"
_N = rf"(?:\d{{1,4}}|[{_CHINESE}]{{1,5}})"
_ROOM_NUMERAL = "零〇一二三四五六七八九十百幺"
_ROOM = rf"(?:\d{{3,4}}|[{_ROOM_NUMERAL}]{{3,4}}|[{_CHINESE}]0[{_CHINESE}]|\d0幺|\d{{1,2}}0幺)"
_DASH = r"\s?[-—–/.、杠]\s?"
_ENDS = rf"(?![\d{_CHINESE}]|{_DASH}\d)"

_ANYTHING = re.compile(
    rf"[栋幢座楼元组路街巷道区园苑庭府城村院舍寓庄郡湾居厦邸轩阁#室房户]|\d{{3}}|[{_CHINESE}]{{3}}|[动洞懂冻撞冬][\d{_CHINESE}的]|[{_CHINESE}\u4e00-\u9fa5][祖足][\d{_CHINESE}的]|[\d{_CHINESE}][祖租族足]|\d好"
    rf"|[\d{_CHINESE}]{_DASH}[\d{_CHINESE}]|住|家(?:[是在]|[\d{_CHINESE}])"
)
_DASHED = re.compile(
    rf"(?<![\d{_CHINESE}.:-])(?P<building>[A-Za-z]?\d{{1,3}}|[{_CHINESE}]{{1,3}}){_DASH}"
    rf"(?P<unit>\d{{1,2}}|[{_CHINESE}]{{1,2}}){_DASH}(?P<room>{_ROOM}){_ENDS}"
)
_PAIRED = re.compile(
    rf"(?<![\d{_CHINESE}.:年月-])(?P<building>[A-Za-z]?\d{{1,2}}){_DASH.replace('.', '').replace('、', '')}"
    rf"(?P<room>\d{{3,4}}){_ENDS}(?!\s?(?:年|月|日|元|块|米|度|人|个|户|万|斤|分|路|号线|°|%|小时|ml|kg))"
)
_OH = rf"(?:[一二三四五六七八九]|十[一二三四五六七八九]?)[零〇0][{_ROOM_NUMERAL}]"
"""A room as it is spoken: 六零二, 十二零三."""
_SLIP = rf"[动洞懂冻撞冬](?=\s?(?:{_N}\s?[单丹但]|\d{{3,4}}(?!\d)|{_OH}|楼[下上道顶]|的?电梯|门口|的?(?:人|住户|业主|阿姨|邻居|灯)|后头|后面|每次|[,。]|$))"
_BUILDING = re.compile(
    rf"(?P<name>(?<!\d)[A-Za-z]?-?\d{{1,4}}|[{_CHINESE}]{{1,4}}|(?<![A-Za-z])[A-Za-z]|[东西南北](?=[栋幢]))\s?"
    rf"(?P<word>号楼(?![市盘价])|号栋|栋|幢|座|#楼?|{_SLIP})"
)
_BARRED = re.compile(
    rf"(?<![{_CHINESE}\d杠])(?P<building>[{_CHINESE}]{{1,2}})[杠-](?P<room>{_OH})(?![{_CHINESE}\d杠-])"
)
_MANY = re.compile(
    r"(?:共|一共|总共|建了?|盖了?|拆了?|多少|几|每|整|哪|买了?|卖了?|[这那另同某]|好)$"
)
_THINGS = re.compile(
    r"(?:楼(?:都|全|一起|房|$|[,。])|房|别墅|民房|危房|老房|建筑|大楼|高楼|违建|新楼|桥|山|塔|城市?|庙|车|大巴|客车|商务|雕|充电|机组|公园|学校|水库|坟|学)"
)
_STANDS = re.compile(r"[楼门]|的?(?:电梯|楼道|住户|业主|灯|水|电)")
_UNIT = re.compile(
    rf"(?P<name>{_N}|[A-Za-z]|[东西中左右南北甲乙丙丁])\s?(?:单元|[丹但担]元|单[园员圆源]|单(?=\s?[\d{_CHINESE}]{{3}}))"
)
_SPOKEN_ROOM = re.compile(
    rf"(?<![{_CHINESE}\d点第年.])(?P<room>{_OH})(?![{_CHINESE}\d年月日元块米人个万斤路°%班天次分秒点]|教室|包厢|号线|室?友)"
)
_LESSON = re.compile(
    r"单元(?:的)?(?:测|考|试|卷|课|作文|作业|复习|听写|默写|单词|生词|练习|知识|没背|背|整理|语文|数学|英语|教学|错题)"
)
_SCHOOL = re.compile(
    r"语文|数学|英语|课文|单词|作业|试卷|考试|测验|听写|默写|背诵|教材|上册|下册|老师"
)
_ROOM_AFTER = re.compile(
    rf"[\s,的/.(-]{{0,2}}(?:(?:第?{_N}[楼层])[\s,的]?)?(?P<room>{_ROOM}|[{_CHINESE}]百[{_CHINESE}]{{1,3}})"
    r"(?![\d.年月日元块米人个户万斤路°%]|多|小时|分钟|平)"
)
_ROOM_LATER = re.compile(
    rf"[^\d{_CHINESE},。;:]{{1,8}}(?P<room>{_ROOM})(?=室|房|号|住户|家|的|漏|没|停|断|[,。\s]|$|门|阳台|厨房|厕所|卫生间)(?!号线|号文)"
)
_UNIT_AND_ROOM = re.compile(
    rf"[\s,的-]{{0,2}}(?P<unit>\d{{1,2}}|[{_CHINESE}])(?:{_DASH}|\s)(?P<room>{_ROOM}){_ENDS}"
)
_HOME = re.compile(
    rf"(?:住在?|家是|家在|我家|我们家|楼上|楼下|隔壁|对门|对面|敲了?|业主|[住租]户|户主|我是|房号|房间号?|门牌号?|[楼层户]|我们?)(?:那[家户个]|的)?[是:]?(?:{_N}[楼层])?\s?(?P<room>{_ROOM})"
    r"(?![\d.年月日元块米人个万斤路°%号]|多|小时|分钟|平|医院|胶|天(?!天)|次|厂|国道)"
)
_ROOM_NAMED = re.compile(
    rf"(?<![\d.共约有了-])(?P<room>{_ROOM})\s?(?:室|房(?![价贷租款产]|子)|号房|[\u4e00-\u9fa5](?:姐|哥|嫂|叔|姨|伯|爷|奶|总|老师|先生|女士|阿姨|娭毑|嗲)|那[家户]|这[家户]|屋里|住户|业主|户(?!口)|家(?![具长庭乡校])|(?:\s|的|阳台|厨房|厕所|卫生间|窗户?|门口)?(?:又|还|也|在|就|往下|一直|天天)?(?:漏|滴水|没[水电气]|停[水电气]|跳闸|渗水))"
)
_GROUP = re.compile(
    rf"(?<![分各每做练第了跳测成哪音阵柜\d])(?<!(?<!本)人)第?(?P<name>{_N})(?:村民|居民)?(?:小)?(?:组|[祖租族](?=的|[那这里老有没]|[,。\s]|[\d{_CHINESE}]+号)|足(?=[\d{_CHINESE}]+号|[那这]边|的鱼|的[路水桥]))(?P<house>[\s的]?(?:{_N})(?:号|好(?=[,。\s]|$)))?"
)
_NOT_GROUP = re.compile(
    r"(?:数据|人员?|队|同学|选手|照片|动作|比赛|对|号码|单词|赢|先|跑|得|出|上场|输|词|图|题|试验|实验|织|合|团|装|建|成|胜|分|名单|一起训|训练|投票|打|vs)"
)
_TEAMS = re.compile(
    r"分组|预赛|决赛|国足|拔河|学生|同学|大学|书法|合唱|舞蹈|[篮足排]球|比赛|对阵|讨论|培训|考试|班上|分到(?![\d一二三四五六七八九十]+[栋号])|分[成四五六两三]"
)
"""What is said where groups are teams."""
_NAMED_GROUP = re.compile(
    rf"((?:(?!组)[\u4e00-\u9fa5]){{1,7}})(?:组|祖(?=的|[\d{_CHINESE}]+号))(?:[\s的]?({_N})号)?(?![织合装建成员委稿别图词长群]|团(?!年)|赢|输)"
)
_GROUP_LEAD = re.compile(
    r".*(?:村|社区|镇|乡|街道|我们|咱们|你们|他们|我是|住在?|家在|在|是|到|去|从|的|和|跟|与|请|问|报|就|了|给|那|这|整个|全|说|昨晚|昨天|今天|今早|上午|下午|晚上|早上|听讲|听说|恭喜|[她他你我]们|刚才|现在|最近|靠近|通往|往|来)"
)
_NO_GROUP_NAME = re.compile(
    r"工作|小|班|专|党|剧|重|分|机|词|项目|维修|督导|清洁|年级|教研|巡|调解|调查|检查|第|一|二|两|三|几|每|各|哪|领导|筹备|评审|专家|互助|志愿|应急|施工|模块|乐|舞蹈|比赛|抢修|联合|执法|女子|男子|老年|青年|儿童|成年|名|兴趣|学习|宣传|攻坚|突击|保障|后勤|安保|会务|包装"
)


_ROOM_SAID = re.compile(
    r"(?<![\d.-])(?P<room>\d{3,4})(?:的?(?:和|跟|还是|同)\d{3,4}(?=的|[哪谁两都吵打闹啰啦?,。]|$)|(?=又在|半夜|昨晚|天天|每天|老是))"
    r"|(?:我在|你们|又是|讲的是|问题是)\s?(?P<home>\d{3,4})(?=的(?!人)|[,。?]|昨|今|在[拖敲装吵打]|是不是|$)(?!的?(?:块|元|路))"
)
_ROOM_FIRST = re.compile(
    r"(?:^|这里|[没不冇])\s?(?P<room>\d{3,4})(?:\s?(?:报|何解|求助|讲|说|是我|断|停|缺|漏)|[,。]谁|\s(?=[断停漏没冇缺求]))"
)
_TICKETED = re.compile(
    r"(?:取件码|取货码|车位号?|排号|验证码)(?:是|:)?\s?[A-Z]?\d|座位|前台|酒店|宾馆|包厢|教室|家长会"
)
"""Other things that have numbers like homes."""


_OH_SLIP = re.compile(
    r"(?<=[一二三四五六七八九十])[领林灵铃](?=[一二三四五六七八九](?![一二三四五六七八九十路街巷村里组期]))"
)
"""零 as the ear writes it: 五领一; 三林一路 is a road."""


def find_place(text: str, local: Collection[str] = ()) -> Place:
    """Return the parts found in a half-width text; local words are names of places."""
    text = _OH_SLIP.sub("零", text)
    if not local and not _ANYTHING.search(text):
        return NOWHERE
    building, unit, room = ("", "", "") if _TICKETED.search(text) else _home(text)
    found = Place(
        find_estate(text, local), building, unit, room, find_road(text, local), _group(text, local)
    )
    return NOWHERE if found == NOWHERE else found


NOWHERE = Place()
"""The one place that is returned where a text names none."""


def _home(text: str) -> tuple[str, str, str]:
    """Return building, unit and room."""
    dashed = _DASHED.search(text)
    if dashed and (room := room_of(dashed["room"])) and not _date(dashed):
        return f"{_digits(dashed['building'])}栋", f"{number(dashed['unit'])}单元", room
    at, building = _building(text)
    if building:
        unit, room = _inside(text[at:], True)
        return building, unit, room or _room_alone(text[at:])
    spoken = _BARRED.search(text)
    if spoken and (room := room_of(spoken["room"])):
        return f"{number(spoken['building'])}栋", "", room
    paired = _PAIRED.search(text)
    if paired and (room := room_of(paired["room"])):
        return f"{paired['building']}栋", "", room
    unit, room = _inside(text, False)
    return "", unit, room or _room_alone(text)


def _date(found: re.Match[str]) -> bool:
    return bool(re.fullmatch(r"20[1-3]\d", found["room"])) and number(found["building"]) <= "12"


def _digits(name: str) -> str:
    letter = name[0] if name[0].isascii() and name[0].isalpha() else ""
    return letter + number(name[len(letter) :].lstrip("-"))


def _building(text: str) -> tuple[int, str]:
    """Return where the first building's name ends, and the name."""
    for found in _BUILDING.finditer(text):
        name, word = found["name"], found["word"]
        before, after = text[: found.start()], text[found.end() :]
        more = bool(_UNIT.match(after) or _ROOM_AFTER.match(after) or _UNIT_AND_ROOM.match(after))
        if not more and name in {"一", "1"} and re.match(r"[楼比接]", after):
            continue  # 一栋楼, 一栋比一栋
        if not more and (_MANY.search(before) or _THINGS.match(after) or name in {"两", "十几"}):
            continue
        seat = name[0] in _CHINESE or (name.isdigit() and not _STANDS.match(after))
        if word == "座" and not more and (seat or before.endswith(("排", "票", "厢"))):
            continue
        if word == "号楼" and after[:1] in {"下", "上"} and re.search(r"[路街巷道]$", before):
            continue  # 才常路120号楼下
        if word[0] == "#" and before[-1:].isdigit():
            continue
        word = (
            "幢"
            if word == "撞"
            else "栋"
            if word in "动洞懂冻冬"
            else "#"
            if word == "#楼"
            else word
        )
        return found.end(), f"{_digits(name)}{word}"
    return 0, ""


def _inside(text: str, built: bool) -> tuple[str, str]:
    """Return the unit, and the room within it or within the building before this text."""
    pair = _UNIT_AND_ROOM.match(text)
    if pair and (room := room_of(pair["room"])):
        return f"{number(pair['unit'])}单元", room
    found = _UNIT.search(text)
    nearest = _BUILDING.search(text)
    if found and nearest and nearest.start() < found.start():
        found = None  # another building's
    if (
        found
        and _SCHOOL.search(text)
        and (text[: found.start()].endswith("第") or _LESSON.search(text))
    ):
        found = None
    if found and _LESSON.match(text[found.end() - 2 :]):
        found = None
    unit = f"{number(found['name'])}单元" if found else ""
    if not found and not built:
        return "", ""
    inside = text[found.end() :] if found else text
    after = _ROOM_AFTER.match(inside) or _ROOM_LATER.match(inside)
    return unit, room_of(after["room"]) if after else ""


def _room_alone(text: str) -> str:
    for pattern in (_HOME, _ROOM_NAMED, _ROOM_SAID, _ROOM_FIRST, _SPOKEN_ROOM):
        found = pattern.search(text)
        if found and (room := room_of(next(filter(None, found.groups())))):
            return room
    return ""


def _group(text: str, local: Collection[str]) -> str:
    if not any(word in text for word in "组祖租族足"):
        return ""
    if _TEAMS.search(text):
        return ""
    plain = _GROUP.search(text)
    if plain and not _NOT_GROUP.match(text[plain.end() :]) and plain["name"] != "两":
        return f"{number(plain['name'])}组{_house(plain['house'])}"
    for found in _NAMED_GROUP.finditer(text):
        known = next((w for w in local if f"{found[1]}组".endswith(w)), "")
        name = known[:-1] or _GROUP_LEAD.sub("", found[1])
        likely = 2 <= len(name) <= (4 if found[2] else 3) and not _NO_GROUP_NAME.search(name)
        if known or likely:
            return f"{name}组{_house(found[2])}"
    return ""


def _house(name: str | None) -> str:
    digits = name.strip(" 的号好") if name else ""
    return f"{number(digits)}号" if digits else ""
