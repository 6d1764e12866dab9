"""How urgent and how big a matter is. Pure; the triage contract's rules 4 and 5."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.models import Urgency

EMERGENCIES = frozenset({
    "燃气泄漏", "电线掉落", "电梯困人", "起火", "打架", "家暴", "走失", "溺水", "轻生", "急病", "水灾",
})  # fmt: skip
"""Topics of the lexicon that an emergency may have; handlers.triage.danger names them."""
_URGENT = re.compile(
    r"(?:井盖|窨井|盖板|篦子|阴井).{0,10}(?:没|冇|丢|缺|掉|坏|翘|松|塌|不见|敞|开着|破|偷|断|裂|响)|(?:没|冇)(?:了|有|得)?(?:井盖|盖子|盖板)|(?:要|快要?|随时|眼看).{0,3}(?:倒|塌|掉|断|砸|垮)|(?:掉|砸|坠|吹|剥落)下来|悬(?:着|在)|摇摇欲坠|松动|歪(?:了|着|在).{0,6}(?:怕|危|要)"
    r"|漏得|漏电|水漫|漫(?:出|到|过|进)|爆管|水管(?:爆|破|裂)|管子(?:爆|破|裂)|爆(?:了|裂|哒)|喷(?:水|出)|污水(?:横流|往外|倒灌)|[反返]水|倒灌|冒(?:粪|污水|水)|进水|泡(?:了|坏|在)|往下(?:漏|滴|淌|流)|滴到|流到.{0,4}(?:家|床|路)|越(?:来越)?(?:漏|裂|流).{0,4}(?:大|厉害|宽)|裂(?:缝|开).{0,6}(?:越|大|宽)"
    r"|急(?!诊|忙|死我|着)|急需|等不[得及]|(?:明天|后天|今天|今晚|明早|明日|大后天|这两天|周[一二三四五六日末]).{0,8}(?:截止|到期|最后|报名|开学|考试|手术|要用|必须|就要|前|上学|交|办|断|停)|(?:截止|到期|最后一天|过期)|(?:只剩|还有)(?:一|两|三|1|2|3)天"
    r"|[停没断冇无缺][水电]|[没冇](?:得|有|了)?[水电](?:了|用|喝|洗|啊|咯|呢|!|,|。|$)|水停|电停|跳闸|没来[水电]|厕所(?:堵|不能|没|坏|满)|(?:没|冇)(?:有)?厕所|马桶堵|下水(?:道)?堵.{0,6}(?:用不|不能|漫|满)|(?:整栋|全栋|整个单元|全小区|一栋楼|整层).{0,6}(?:没|停|黑|断|堵)"
    r"|煤气|燃气(?!费)|老人.{0,10}(?:摔|滑|困)|绊(?:倒|了|到)|容易(?:摔|滑|出事)|摔(?:了|倒|跤)|滑倒|踩空|划(?:伤|破)|扎(?:脚|到)|电线.{0,8}(?:掉|垂|裸|断|露|挂|矮|低)|裸露|露在外|钢筋.{0,4}(?:露|戳)|玻璃.{0,4}(?:碎|渣|裂)|护栏.{0,6}(?:断|缺|没|倒|坏)|栏杆.{0,6}(?:断|缺|没|倒|松|坏)|围墙.{0,5}(?:歪|裂|斜|倒)|马蜂|蜂窝|毒蛇|有蛇|恶狗|咬(?:人|了|到|伤)"
    r"|(?:路|坡|坑).{0,5}(?:塌|陷)|大坑|深坑|塌陷|塌了|断(?:了|在)路|倒(?:在|了).{0,5}路|树.{0,3}倒|挡(?:住|了)(?:路|道|整)|危险|隐患大|出事|高空抛物|往下(?:扔|丢)|飞线|(?:楼道|电梯|过道|通道).{0,5}充电|消防(?:通道|车).{0,6}(?:堵|占|进不)|堵(?:住|死|了)?.{0,3}消防|红绿灯.{0,4}(?:坏|不亮|灭)|路面?结冰|电梯.{0,8}(?:坠|抖|晃|掉)"
)
SIZES = ("micro", "small-dispute", "small-problem", "big")
_SURE, _AGAINST = 0.2, -0.4
"""The model's margin from which on a matter is urgent, and down to which the words above make it
one: chosen on left-out posts."""
_HARDLY = 0.5
"""How much surer than the next a dispute must be to be called micro."""


def urgency(text: str, margin: float) -> Urgency:
    """Return how urgent a problem is that is no emergency; ``margin`` is how far the model finds it
    on the urgent side. Figures of speech don't raise it."""
    urgent = margin > _SURE or (margin > _AGAINST and _URGENT.search(text))
    return Urgency.URGENT if urgent else Urgency.NORMAL


def size(kind: str, level: Urgency, scores: Mapping[str, float]) -> str:
    """Return whose size of matter it is, one of ``SIZES``; ``scores`` are the model's. Every
    emergency is big, and only a dispute is a small dispute."""
    if level is Urgency.EMERGENCY:
        return "big"
    fits = dict(scores)
    if kind == "dispute":
        fits["micro"] -= _HARDLY
    else:
        fits.pop("small-dispute")
    return max(fits, key=fits.__getitem__)
