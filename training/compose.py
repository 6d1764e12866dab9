"""Sentences put together from written parts: one fault, said as a problem and as none.

The same thing and fault stand in both kinds, so that a model learns from the frame, not the topic.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from training.data import written

_PLACE = (
    "", "", "", "3栋", "5栋2单元", "7栋", "我们这栋", "我们单元", "小区", "门口", "组上", "后面", "二单元",
    "我们这边", "咯里", "12栋一楼", "东头", "桥头", "村部那里", "菜场边上", "学校旁边", "村口", "幼儿园门口",
    "我家", "我屋里", "我家里", "我们家", "我这边", "我家楼下", "我停在楼下的", "我刚看到", "我娘屋里",
    "停车场旁边", "后门", "河边", "六组", "我屋门口", "老街", "广场边", "1号楼", "A座", "负一楼",
)  # fmt: skip
_LEAD = (
    "", "", "", "", "", "", "", "网格长,", "群主,", "书记,", "哪个管一下,", "问一下,", "哎,", "唉,", "邻居们,", "各位,",
    "跟大家说一下,", "今天", "又是", "昨晚开始", "从早上起", "这几天", "不是我说,", "请问", "麻烦反映一下,",
    "强烈要求处理,", "反映一下,", "我要投诉,", "搞么子鬼,", "真的是,", "天哪,", "@网格长 ", "@物业 ", "刚刚发现", "不晓得怎么回事,",
)  # fmt: skip
_TAIL = (
    "", "", "", "", "", "", "", ",没人管", ",哪个来看看咯", ",麻烦来修一下", ",怎么办", ",快点来人", ",急", ",好久了", "好几天了",
    ",有冇人管咯", ",找谁啊", ",打电话也没人来", ",气死我了", ",真的服了", ",帮忙反映一下", "!!!", "😡", ",物业也不管", "吗?有人管没",
    ",能不能处理一下", ",求处理", ",这日子怎么过", ",拜托了", ",太危险了", ",什么时候能好", "咯", "哒", ",何解没人搞", ",到底管不管",
    ",一个多月了", ",投诉几次都没用", ",老人小孩怎么办", "啊啊啊", ",造孽", ",谁来管管", ",有没有人看一下", ",真要命", ",讲了好多次",
)  # fmt: skip
_NOT = (
    "{m}的事昨天解决了", "上回{m},后来修好了", "还记得去年{m}不", "以前{m},现在好了", "谢谢网格长,{t}搞好了", "{t}修好了,谢谢",
    "{t}好了,谢谢师傅", "{t}弄好了,辛苦了", "要是{m}怎么办", "万一{m}就麻烦了", "幸好没有{m}", "还以为{m},搞错了", "我娘家那边{m}",
    "听说隔壁镇{m}", "看抖音有个地方{m}", "新闻里讲{m}", "我同事他们小区{m}", "长沙那边{m},我们这里还好", "电视剧里{m},笑死",
    "专业维修{t},随叫随到,电话微信同号", "出售{t},九成新,要的私聊", "{t}大促销,扫码有优惠", "通知:因{t}检修,明天上午请大家提前做好准备",
    "温馨提示:如遇{m},请及时联系我们", "关于{t}整治的通知,请各位居民配合", "请大家爱护{t},共同维护环境", "{m}的问题已上报,请大家耐心等待",
    "您反映的{m}问题已收悉,我们已安排人员处理", "{m}的,打12345就行", "你们{m}找物业就行了", "{m}是他家的事,我们不管",
    "{t}哪里有卖的", "换{t}要多少钱", "谁家有{t}借用一下", "哪个牌子的{t}好", "{t}几点开门", "我做梦梦见{m}", "小时候{m}是常事",
    "师傅来了,{t}马上就好", "{t}今天装好了,真不错", "我们这里{t}还可以", "要等{t}好了再说", "讲座:{m}怎么防范,周六上午九点",
    "他老家{m},回去处理了", "朋友圈里说{m},假的吧", "那年{m},真是难忘", "{m}?哈哈哪有这种事", "段子:{m}",
)  # fmt: skip
_DOUBT = (
    "是不是{m}", "好像{m}", "感觉{m},不确定", "{t}归哪个管", "{t}的事找哪个问", "有人说{m},真的吗", "{t}什么时候弄", "{t}的事怎么样了",
    "你们觉得{t}怎么样,我觉得有点不对", "{t}是不是有问题",
)  # fmt: skip


_BARE = 0.2
"""How many problems are said with nothing around them."""


@dataclass(frozen=True, slots=True)
class Matter:
    """A thing with a fault, and the category it belongs to; the fault may name the thing itself."""

    category: str
    thing: str
    fault: str


def matters() -> list[Matter]:
    """Return every thing with every fault of the written table."""
    made = []
    for line in written("matters"):
        category, things, faults = (part.strip() for part in line.split("|"))
        made += [
            Matter(category, thing.strip("-"), fault)
            for thing in things.split()
            for fault in faults.split()
        ]
    return made


def composed(kind: str, count: int, seed: int = 11) -> list[tuple[str, str]]:
    """Return so many sentences of a kind (problem, not, doubtful), each with its category.

    Every category gives as many. The same seed gives the same sentences.
    """
    chance = random.Random(f"{kind}{seed}")
    by: dict[str, list[Matter]] = {}
    for matter in matters():
        by.setdefault(matter.category, []).append(matter)
    names = sorted(by)
    frames = {"not": _NOT, "doubtful": _DOUBT}
    made: dict[str, str] = {}
    for number in range(count):
        matter = chance.choice(by[names[number % len(names)]])
        if kind != "problem" and not matter.thing:
            continue
        said = chance.choice(_PLACE) * (chance.random() < 0.5) + matter.thing + matter.fault
        if kind == "problem":
            bare = chance.random() < _BARE
            text = said if bare else chance.choice(_LEAD) + said + chance.choice(_TAIL)
        else:
            text = chance.choice(frames[kind]).format(m=said, t=matter.thing)
        made[text] = matter.category
    return list(made.items())
