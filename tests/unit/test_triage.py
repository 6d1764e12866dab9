"""Understanding, in the voice of a household group. The sentences were written for this test."""

from __future__ import annotations

import json
import time

import jieba
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Place, Understanding, Urgency
from bot.triage_lines import understand_lines
from handlers.categories import categories, find_category
from handlers.triage import Triage
from handlers.triage.cutting import cutter
from handlers.triage.lexicon import lexicon
from handlers.triage.place import find_place
from handlers.triage.place_numbers import number

TRIAGE = Triage()

PROBLEMS = [
    ("3栋2单元的路灯坏了", "lighting"), ("楼道灯坏了一个星期了", "lighting"),
    ("咋又冇得电咯", "utilities"), ("5栋停水了", "utilities"), ("我家水管爆了", "utilities"),
    ("下水道堵了，粪水都漫出来了", "drainage"), ("垃圾桶满了三天没人收", "rubbish"),
    ("楼下烧烤摊吵到凌晨两点，孩子没法睡", "noise"), ("4栋电梯又坏了", "elevator"),
    ("消防通道又被车堵了", "fire-safety"), ("有人把电动车推进楼道充电", "fire-safety"),
    ("井盖没了，太危险", "roads"), ("顶楼那家在搞违建", "illegal-building"),
    ("我停在楼下的电动车被偷了", "public-security"), ("谁家的狗不牵绳，吓到我孩子了", "animals"),
    ("老板拖欠我们三个月工资", "wage-arrears"), ("物业费涨价不打招呼，太欺负人了", "property-management"),
    ("我家网断了，两天没人来修", "telecom"), ("停车位被外来车占了，没人管", "parking"),
    ("老人一个人在家没人照顾怎么办", "welfare"), ("幼儿园乱收费", "education"),
    ("楼上天天半夜拖凳子，吵架都吵了几回", "neighbour"), ("拆迁款拖了两年还没给", "expropriation"),
    ("建议在小区门口装个减速带", "suggestion"),
]  # fmt: skip

NO_PROBLEM = [
    "晚饭吃了没", "哈哈哈笑死我了", "谢谢大家", "周末一起去爬山吧", "新年快乐，阖家幸福", "收到", "好的",
    "出售二手冰箱，九成新，要的私聊", "开业大酬宾，全场特价，扫码领红包", "今晚有球赛吗",
    "各位居民请注意，明天上午8点到12点停水检修，请提前储水", "这套房子满五唯一，首付三成，随时看房",
    "孩子作业好多", "你那个手机在哪买的", "这菜真好吃", "晚安", "1", "", "👍👍", "……", "？",
    "我家孩子考上大学了", "明天要下雨，记得收衣服", "谁有多的葱，借两根", "路上小心",
]  # fmt: skip


@pytest.mark.parametrize(("text", "category"), PROBLEMS)
def test_a_problem_is_a_ticket_of_its_category(text: str, category: str) -> None:
    found = TRIAGE.understand(text)
    assert (found.decision, found.category) == ("ticket", category), found
    assert found.why


@pytest.mark.parametrize("text", NO_PROBLEM)
def test_what_is_none_disturbs_nobody(text: str) -> None:
    assert TRIAGE.understand(text).decision == "ignore"


@pytest.mark.parametrize("role", ["leader", "deputy", "officer"])
def test_staff_speaking_to_residents_open_nothing(role: str) -> None:
    assert TRIAGE.understand("3栋2单元的路灯坏了", role=role).decision == "ignore"


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("起火了！5栋3楼冒烟", "起火"), ("闻到好大的煤气味", "燃气泄漏"), ("电梯里有人被困住了", "电梯困人"),
        ("快来人，我爸摔倒了起不来", "急病"), ("有个小孩走丢了，穿红衣服", "走失"), ("楼下有人打架动刀了", "打架"),
        ("有人掉河里了", "溺水"), ("停电了，我妈在家吸氧", "急病"),
    ],
)  # fmt: skip
def test_danger_to_life_is_an_emergency(text: str, topic: str) -> None:
    found = TRIAGE.understand(text)
    assert (found.decision, found.urgency, found.size) == ("ticket", Urgency.EMERGENCY, "big")
    assert found.topic == topic


@pytest.mark.parametrize(
    "text",
    ["昨天差点摔倒", "火灾演练什么时候搞", "我要气爆炸了", "楼道堆杂物，有火灾隐患", "以前打架的那家搬走了"],
)  # fmt: skip
def test_figures_of_speech_and_the_past_raise_nothing(text: str) -> None:
    assert TRIAGE.understand(text).urgency is not Urgency.EMERGENCY


@pytest.mark.parametrize(
    "text", ["停电了", "3栋没电", "又冇电了", "跳闸了吧", "我们这栋全黑了", "家里没电了"]
)
def test_one_matter_has_one_topic(text: str) -> None:
    assert TRIAGE.understand(text).topic == "停电"


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ("我家也是", "same"), ("+1", "same"), ("我也不同意，凭什么", "same"), ("我家也少了一根", "same"),
        ("是的，我昨天差点摔一跤", "same"), ("我们这栋也一样", "same"), ("是的，臭得很", "same"),
        ("在3栋2单元", "more"), ("7栋3单元501", "more"), ("还有楼上也是", "more"), ("就在菜鸟驿站旁边", "more"),
        ("电话13800000000", "more"), ("我也想去看电影", ""), ("是的，首付三成就行", ""), ("哈哈我也是", ""),
        ("吃饭了没", ""),
    ],
)  # fmt: skip
def test_what_goes_on_and_what_agrees(text: str, follows: str) -> None:
    assert TRIAGE.understand(text).follows == follows


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("三栋二单元的灯坏了", Place(building="3栋", unit="2单元")),
        ("3-2-501漏水", Place(building="3栋", unit="2单元", room="501")),
        ("3号楼电梯坏了", Place(building="3号楼")), ("5幢门口", Place(building="5幢")),
        ("6#楼下", Place(building="6#")), ("B8栋附近", Place(building="B8栋")),
        ("7栋3单元501", Place(building="7栋", unit="3单元", room="501")),
        ("二组的水渠塌了", Place(group="2组")), ("石坝组12号", Place(group="石坝组12号")),
        ("石坝垅小区3栋", Place(estate="石坝垅小区", building="3栋")),
        ("3栋的路灯坏了", Place(building="3栋")), ("单元门口那条路烂了", Place()),
        ("人民路12号门口", Place(road="人民路12号")), ("车站路口红绿灯坏了", Place(road="车站路")),
        ("走到半路没路灯", Place()), ("花了300元", Place()), ("十二栋", Place(building="12栋")),
    ],
)  # fmt: skip
def test_where(text: str, place: Place) -> None:
    assert find_place(text) == place


@pytest.mark.parametrize(
    ("text", "digits"), [("十", "10"), ("二十一", "21"), ("一百零二", "102"), ("两", "2")]
)
def test_numerals(text: str, digits: str) -> None:
    assert number(text) == digits


def test_the_tables_name_only_categories_that_exist() -> None:
    known = categories()
    topics = {*lexicon().strong.values(), *lexicon().weak.values()}
    assert {t.category for t in topics} <= set(known)
    assert len(known) == 44


@pytest.mark.parametrize(
    ("words", "code"),
    [("路灯", "lighting"), ("lighting", "lighting"), ("物业纠纷", "property-management"), ("天", ""), ("", "")],
)  # fmt: skip
def test_a_category_by_what_people_call_it(words: str, code: str) -> None:
    found = find_category(words)
    assert (found.code if found else "") == code


def test_local_words_are_kept_whole() -> None:
    assert "老供销社" in Triage(["老供销社"])._cutter.words("老供销社门口")


@given(
    st.one_of(st.text(max_size=40), st.text("路灯坏了停水三栋不要很好吵人ab1，。 ", max_size=40))
)
def test_text_is_cut_as_jieba_cuts_it(text: str) -> None:
    ours, theirs = cutter(()), jieba.Tokenizer()
    theirs.FREQ, theirs.total, theirs.initialized = ours.FREQ, ours.total, True
    assert ours.words(text) == theirs.lcut(text, HMM=False)


def fields_of(found: Understanding) -> None:
    assert found.decision in {"ticket", "ask", "ignore", "command"}
    assert 0 <= found.score <= 1
    assert found.category in categories()
    assert found.kind in {"dispute", "service", "suggestion"}
    assert found.size in {"micro", "small-dispute", "small-problem", "big"}


@given(st.text(max_size=500), st.booleans(), st.sampled_from(["leader", "reporter", "neighbour"]))
@settings(max_examples=300, deadline=None)
def test_any_text_is_understood_without_fault(text: str, mentioned: bool, role: str) -> None:
    fields_of(TRIAGE.understand(text, mentioned=mentioned, role=role, quoted=mentioned))


@pytest.mark.parametrize(
    "text", ["7" * 65536, "灯" * 65536, "我也" * 30000, "(" * 65536, "一" * 65536, "@a " * 20000]
)
def test_a_flood_is_understood_in_bounded_time(text: str) -> None:
    began = time.process_time()
    fields_of(TRIAGE.understand(text, role="leader"))
    assert time.process_time() - began < 2  # a bound against the catastrophic, not a benchmark


def test_lines_in_lines_out() -> None:
    asked = ['{"text": "接单 1001", "role": "leader", "id": 7}', "{", '{"text": 3}', "null",
             '{"text": "x", "role": "king"}', json.dumps({"text": "7" * 65536})]  # fmt: skip
    answers = [json.loads(line) for line in understand_lines(asked, TRIAGE)]
    assert answers[0]["id"] == 7
    assert answers[0]["command"] == {"name": "claim", "args": {"ticket": "1001"}}
    assert ["error" in a for a in answers] == [False, True, True, True, True, False]
    contract = {"decision", "score", "kind", "category", "domain", "urgency", "size", "place", "phones",
                "command", "why"}  # fmt: skip
    assert set(answers[5]) == contract
    assert set(answers[5]["place"]) == {"estate", "building", "unit", "room", "road", "group"}
