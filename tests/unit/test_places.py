"""Places in chat sentences, written for this test."""

from __future__ import annotations

import pytest

from bot.models import Place
from handlers.commands import normal
from handlers.triage.place import find_place

PLACES: list[tuple[str, Place]] = [
    ("3栋2单元灯坏了", Place(building="3栋", unit="2单元")),
    ("三栋二单元五零一漏水", Place(building="3栋", unit="2单元", room="501")),
    ("3-2-501漏水", Place(building="3栋", unit="2单元", room="501")),
    ("我是12栋1单元1203的", Place(building="12栋", unit="1单元", room="1203")),
    ("三幢", Place(building="3幢")),
    ("五领一有人在家吗", Place(room="501")),
    ("三林一路18号漏水", Place(road="三林一路18号")),
    ("三林一期停水", Place()),
    ("在二林五组", Place(group="5组")),
    ("501和601哪个在装修", Place(room="501")),
    ("又是1402的洗衣机", Place(room="1402")),
    ("三族这边塌方了", Place(group="3组")),
    ("本人16组老周", Place(group="16组")),
    ("五号楼电梯停了", Place(building="5号楼")),
    ("第九栋楼下", Place(building="9栋")),
    ("6#2单元", Place(building="6#", unit="2单元")),
    ("B座电梯坏了", Place(building="B座")),
    ("A3栋后面", Place(building="A3栋")),
    ("C区7栋", Place(building="7栋")),
    ("东单元没水", Place(unit="东单元")),
    ("西单元301", Place(unit="西单元", room="301")),
    ("三动二单元没电", Place(building="3栋", unit="2单元")),
    ("5洞3丹元的灯", Place(building="5栋", unit="3单元")),
    ("四杠二杠五零一", Place(building="4栋", unit="2单元", room="501")),
    ("2-301没水", Place(building="2栋", room="301")),
    ("我住502，水管爆了", Place(room="502")),
    ("楼上602天天吵", Place(room="602")),
    ("502室漏水", Place(room="502")),
    ("我家1104，没电", Place(room="1104")),
    ("八栋一单元八零幺", Place(building="8栋", unit="1单元", room="801")),
    ("二十一栋", Place(building="21栋")),
    ("十二栋三单元", Place(building="12栋", unit="3单元")),
    ("3栋2单元5楼501", Place(building="3栋", unit="2单元", room="501")),
    ("3栋501的", Place(building="3栋", room="501")),
    ("3栋2-501", Place(building="3栋", unit="2单元", room="501")),
    ("7栋和8栋中间", Place(building="7栋")),
    ("5号楼3单元顶楼漏雨", Place(building="5号楼", unit="3单元")),
    ("6栋301、302都停了", Place(building="6栋", room="301")),
    ("4/2/303", Place(building="4栋", unit="2单元", room="303")),
    ("1.2.304没水", Place(building="1栋", unit="2单元", room="304")),
    ("石坝组12号门口", Place(group="石坝组12号")),
    ("六组二十三号停电", Place(group="6组23号")),
    ("双江村五组水渠", Place(group="5组")),
    ("我是龙塘组的，没水", Place(group="龙塘组")),
    ("十三组路灯不亮", Place(group="13组")),
    ("樟树组往里走", Place(group="樟树组")),
    ("新屋组3号", Place(group="新屋组3号")),
    ("三组的水塘", Place(group="3组")),
    ("人民西路88号", Place(road="人民西路88号")),
    ("五一路堵车", Place(road="五一路")),
    ("白沙路三巷5号", Place(road="白沙路3巷5号")),
    ("在解放路和建设街交叉口", Place(road="解放路")),
    ("环城东路的井盖", Place(road="环城东路")),
    ("浏阳大道施工", Place(road="浏阳大道")),
    ("才常路上有个坑", Place(road="才常路")),
    ("车站路口红绿灯", Place(road="车站路")),
    ("金沙北路路灯不亮", Place(road="金沙北路")),
    ("书香花园三期5栋", Place(estate="书香花园", building="5栋")),
    ("我们翠湖雅苑停水了", Place(estate="翠湖雅苑")),
    ("碧桂小区3栋", Place(estate="碧桂小区", building="3栋")),
    ("阳光新城A2栋1201", Place(estate="阳光新城", building="A2栋", room="1201")),
    ("锦绣华庭门口", Place(estate="锦绣华庭")),
    ("水岸名邸地下车库", Place(estate="水岸名邸")),
    ("御江府6栋", Place(estate="御江府", building="6栋")),
    ("纺织厂宿舍2栋", Place(estate="纺织厂宿舍", building="2栋")),
    ("我住在金色家园9栋2单元1802室", Place(estate="金色家园", building="9栋", unit="2单元", room="1802")),
    ("请问幸福公寓几点来水", Place(estate="幸福公寓")),
    ("2栋到5栋的路", Place(building="2栋")),
    ("3号楼2单元401房", Place(building="3号楼", unit="2单元", room="401")),
    ("3栋楼道灯", Place(building="3栋")),
    ("3栋楼下垃圾", Place(building="3栋")),
    ("9幢601室", Place(building="9幢", room="601")),
    ("我们5栋2单元的门禁", Place(building="5栋", unit="2单元")),
    ("11栋b座", Place(building="11栋")),
    ("A座1502", Place(building="A座", room="1502")),
    ("1单元的电梯", Place(unit="1单元")),
    ("三单元四楼", Place(unit="3单元")),
    ("五栋二单元三零二对门", Place(building="5栋", unit="2单元", room="302")),
    ("住三栋的张嫂", Place(building="3栋")),
    ("4栋3单元1楼王娭毑", Place(building="4栋", unit="3单元")),
    ("3 栋 2 单元", Place(building="3栋", unit="2单元")),
    ("3栋、4栋都停水", Place(building="3栋")),
    ("幸福路12号3栋", Place(road="幸福路12号", building="3栋")),
    ("复兴路小学门口", Place(road="复兴路")),
    ("石坝垅小区", Place(estate="石坝垅小区")),
    ("小区8栋", Place(building="8栋")),
    ("3栋1单元和2单元", Place(building="3栋", unit="1单元")),
    ("二单元一楼", Place(unit="2单元")),
    ("8栋2单元门口", Place(building="8栋", unit="2单元")),
    ("1-1-1102没电", Place(building="1栋", unit="1单元", room="1102")),
    ("十栋十单元", Place(building="10栋", unit="10单元")),
    ("一百零二栋", Place(building="102栋")),
    ("5栋楼顶", Place(building="5栋")),
    ("12#楼", Place(building="12#")),
    ("枣子组到水库那段路", Place(group="枣子组")),
    ("油铺组塌方了", Place(group="油铺组")),
    ("下屋组的路", Place(group="下屋组")),
    ("南街12号", Place(road="南街12号")),
    ("北正路", Place(road="北正路")),
    ("圭斋路与劳动路交界", Place(road="圭斋路")),
    ("3栋的东单元301漏水", Place(building="3栋", unit="东单元", room="301")),
    ("5栋2单元的502又在搞装修", Place(building="5栋", unit="2单元", room="502")),
    ("302没水", Place(room="302")),
    ("502阳台漏水到我家", Place(room="502")),
    ("我们1203停电了", Place(room="1203")),
    ("6楼602的吵死人", Place(room="602")),
    ("7栋二单元右边那户501", Place(building="7栋", unit="2单元", room="501")),
    ("住户反映：3栋1单元，房号402", Place(building="3栋", unit="1单元", room="402")),
    ("四〇二漏水", Place(room="402")),
    ("房间号1102", Place(room="1102")),
    ("3单元602王姐", Place(unit="3单元", room="602")),
    ("3栋1单元 1501", Place(building="3栋", unit="1单元", room="1501")),
    ("2栋三零一", Place(building="2栋", room="301")),
    ("12-1-2203", Place(building="12栋", unit="1单元", room="2203")),
    ("李家湾组8号", Place(group="李家湾组8号")),
    ("枫树组停电", Place(group="枫树组")),
    ("我们对门组没水", Place(group="对门组")),
    ("石桥村七组15号", Place(group="7组15号")),
    ("西湖路和将军路交叉口", Place(road="西湖路")),
    ("复兴巷里没灯", Place(road="复兴巷")),
    ("太平街28号", Place(road="太平街28号")),
    ("道吾路堵车", Place(road="道吾路")),
    ("新屋岭巷12号", Place(road="新屋岭巷12号")),
    ("天马路店门口", Place(road="天马路")),
    ("劳动中路128号湘水湾", Place(road="劳动中路128号")),
    ("锦程大道", Place(road="锦程大道")),
    ("人民路与解放路", Place(road="人民路")),
    ("礼花路98号金碧花园", Place(road="礼花路98号", estate="金碧花园")),
    ("环城路口红绿灯", Place(road="环城路")),
    ("3栋2单501", Place(building="3栋", unit="2单元", room="501")),
    ("三栋二单元五0一", Place(building="3栋", unit="2单元", room="501")),
    ("3栋2单元(501)", Place(building="3栋", unit="2单元", room="501")),
    ("3栋2单元/501", Place(building="3栋", unit="2单元", room="501")),
    ("人民路一百二十八号", Place(road="人民路128号")),
    ("甲单元", Place(unit="甲单元")),
    ("3栋2 501", Place(building="3栋", unit="2单元", room="501")),
    ("我是6栋的住户 602 没水", Place(building="6栋", room="602")),
    ("302 没电了", Place(room="302")),
    ("三栋 五零二 没电", Place(building="3栋", room="502")),
    ("8栋 2单元 中间那户 502 一直漏", Place(building="8栋", unit="2单元", room="502")),
    ("7栋 停电 300块钱的电费白交", Place(building="7栋")),
    ("502房间漏水", Place(room="502")),
    ("楼上那户602 在装修", Place(room="602")),
    ("302王姐家没水", Place(room="302")),
    ("业主1102 说没电", Place(room="1102")),
]  # fmt: skip

NOWHERE = """
    金星村民小组 / 车停在马路边 / 走在路上 / 半路没灯 / 路灯坏了 / 我们小区的路 / 这条路好烂 / 十字路口 / 要修公路 / 水泥路烂了 / 村里的机耕路塌了 / 小区花园里有蛇 /
    一栋楼都停电了 / 整栋没电 / 建了三栋楼 / 总共5栋楼 / 花了300元 / 下午3-5点 / 3-500元 / 2026-11-24停水 / 电话0731-83612345 / 13800001111 / 坐6路车 / 302路公交改道 / 一座桥塌了 /
    两座山 / 7座商务车 / 第三单元测试考得差 / 英语第二单元单词没背 / 孩子数学5单元作业 / 分三组比赛 / 第一组先上场 / 一组数据 / 工作组来了 / 维修组在路上 / 老年组跳舞 / 比分3-2 /
    2:1赢了 / 室温28度 / 502胶水 / 301医院 / 3月5号 / 5号开会 / 三楼漏水 / 顶楼 / 负一楼车库 / 2楼和3楼之间 / 五百多块钱 / 一千二百人 / 身份证4301 / 楼上楼下都吵 / 20-30人 / 2号院 /
    建设银行门口 / 在农贸市场旁边 / 万达广场 / 老供销社门口 / 老小区没电梯 / 隔壁小区停电 / 大屋场那边 / 第三组得了第一名 / 三组选手 / 关口街道办 / 20号楼市新政 / 排到12座 /
    5排12座 / 他开7座车 / 人行道太窄 / 做了3组深蹲
"""
"""Numbers and words that are no addresses."""


@pytest.mark.parametrize(("text", "place"), PLACES)
def test_a_place_in_the_texts_own_words(text: str, place: Place) -> None:
    assert find_place(normal(text)) == place


@pytest.mark.parametrize("text", [part.strip() for part in NOWHERE.replace("\n", " ").split(" / ")])
def test_what_is_no_place(text: str) -> None:
    assert find_place(normal(text)) == Place()


LOCAL = ("浏阳河畔", "老供销社", "五里牌路", "枫香组")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("浏阳河畔3栋没水", Place(estate="浏阳河畔", building="3栋")),
        ("老供销社门口堵了", Place(estate="老供销社")),
        ("从五里牌路18号过来", Place(road="五里牌路18号")),
        ("住在枫香组", Place(group="枫香组")),
        ("晚饭吃了没", Place()),
    ],
)
def test_local_words_are_places(text: str, place: Place) -> None:
    assert find_place(text, LOCAL) == place
