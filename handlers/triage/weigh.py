"""How urgent and how big a matter is. Pure; the triage contract's rules 4 and 5."""

from __future__ import annotations

import re

from bot.models import Urgency

EMERGENCIES = frozenset({
    "燃气泄漏", "电线掉落", "电梯困人", "起火", "打架", "走失", "溺水", "急病", "水灾",
})  # fmt: skip
_PAST = re.compile(
    r"昨天|前天|上[周个]|去年|以前|差点|过了|之前|已经好|演练|预防|防止|避免|隐患|会不会|容易|怕|如果|万一|模型|游戏|电影|热搜|吃瓜|剧里|新闻|网上|视频里"
)
_DAILY = re.compile(r"每天|经常|天天|总是|老是|补偿|赔偿|问题|手续|请求|政策|怎么处罚|何时")
_OXYGEN = re.compile(r"吸氧|呼吸机|透析")
_URGENT = re.compile(
    r"井盖|窨井|(?:要|快要?)(?:倒|塌|掉)|掉下来|砸下来|漏得|水漫|漫出|漫到|爆管|喷水|污水横流|反水|返水|马上|急|明天就"
    r"|今天之内|整栋.{0,6}(?:没|停)|全(?:小区|栋|楼|部)?.{0,4}(?:停[水电]|没[水电])|停[水电]|没[水电]了|没电|没水|冇[水电]"
    r"|冇得[水电]|断[水电]|漏电|煤气|老人.{0,10}(?:摔|滑)|绊倒|容易摔|危险"
)
_BIG = frozenset({
    "expropriation", "medical-dispute", "wage-arrears", "public-transport", "land-forest",
})  # fmt: skip
_FIRMS = re.compile(
    r"公司|企业|工厂|厂|集团|开发商|医院|银行|学区|公交|地铁|政府|局|拆迁|征收|几百|上百|全市|黑社会|垄断"
)
_MANY = re.compile(
    r"整栋|全栋|整个|全小区|小区|大家|居民|业主|我们楼|好多户|家家|几栋|所有|全楼|村民|片区|附近|公共"
)


def urgency(topic: str, text: str) -> Urgency:
    """Return how urgent a problem is. Figures of speech and the past don't raise it."""
    if _OXYGEN.search(text):
        return Urgency.EMERGENCY
    if topic in EMERGENCIES and not _PAST.search(text) and not _DAILY.search(text):
        return Urgency.EMERGENCY
    return Urgency.URGENT if _URGENT.search(text) else Urgency.NORMAL


def size(kind: str, category: str, level: Urgency, text: str) -> str:
    """Return whose size of matter it is: micro, small-dispute, small-problem or big."""
    if level is Urgency.EMERGENCY or category in _BIG:
        return "big"
    if kind == "dispute":
        firm = _FIRMS.search(text) and category not in {"neighbour", "marriage-family"}
        return "big" if firm else "small-problem" if _MANY.search(text) else "small-dispute"
    if _FIRMS.search(text):
        return "big"
    return "small-problem" if _MANY.search(text) else "micro"
