"""The words that invented companies, people and conversations are put together from; nobody and nothing real.

Phone numbers lie in ranges that no operator has given out (mobile 10x in China) or that are kept for fiction (020 7946
0xxx and 07700 900xxx in the United Kingdom, 555-01xx in North America); mail and web lie under `example.com`.
"""

from __future__ import annotations

# ---- people ----------------------------------------------------------------------------------------------------------

SURNAMES = (
    "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾"
    "丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤"
    "尹黎易常武乔贺赖龚文"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰梅玲红建波辉凯婷雪琳宇浩然晨曦子涵雨欣嘉"
    "怡梓萱一诺思远博文俊熙心悦可馨景行知夏若溪书瑶清越云舒星河安然乐天承泽维祥"
)
FIRST_NAMES = (
    "Adam Alice Amir Anna Arthur Beth Brian Carla Cedric Chloe Clara Colin Dana Derek Diana Edith Elena Emil "
    "Erica Ethan Farah Felix Fiona Gareth Gemma Gina Glen Hannah Harvey Helen Hugo Imani Ines Isaac Ivy Jared "
    "Jasmine Joan Joel Karim Keira Kevin Laura Leon Lucy Marcus Maria Mina Nadia Neil Nora Oscar Paula Peter "
    "Quentin Rachel Ravi Rosa Ruben Sam Sara Simon Sonia Tara Theo Tina Tobias Uma Victor Wendy Yara Zoe"
)
LAST_NAMES = (
    "Abbott Adeyemi Aldridge Ashworth Bannister Barlow Beckett Blythe Bramwell Calloway Carver Chaudhry "
    "Colbourne Cotter Dalby Delgado Denholm Duffield Eastman Ellery Fairley Fenwick Garside Gilroy Goddard "
    "Greaves Hallam Harcourt Hewitt Hollis Ibbotson Iqbal Jardine Jessop Kavanagh Kendrick Kinsey Lambert "
    "Langley Lockwood Maddox Mallory Merton Nwosu Oakes Osborne Palmer Penrose Pickering Quayle Radcliffe "
    "Redfern Renshaw Sadler Selby Shand Sinclair Stanway Tandon Thackeray Tilbury Underhill Vance Varley "
    "Wakefield Wharton Whitlock Winslow Wyatt Yardley"
)

# ---- companies -------------------------------------------------------------------------------------------------------

BRAND_HEADS = "澜青恒瑞云星启博嘉远卓朗弘晟禾沐景泽铭柏麦岚溪澄昱桐蓝雁鹭松"
BRAND_TAILS = "川原石源舟岭桥峰林帆图信达诚创程宇睿康和格维拓森谷影岸锦阳舒"
INDUSTRIES = {
    "manufacturing": 7,
    "logistics": 4,
    "medical": 3,
    "energy": 3,
    "retail": 2,
    "construction": 2,
    "services": 2,
    "software": 1,
    "education": 1,
}
"""Who buys sensors, and how often."""
BRANCHES = {
    "manufacturing": ("精密制造", "机械", "自动化设备", "汽车零部件", "新材料", "电子"),
    "software": ("软件", "信息技术", "数据科技", "网络科技"),
    "retail": ("商贸", "连锁超市", "百货", "家居用品"),
    "medical": ("医疗器械", "生物科技", "医药", "诊断技术"),
    "education": ("教育科技", "职业培训"),
    "logistics": ("物流", "冷链物流", "仓储", "供应链管理"),
    "construction": ("建筑工程", "装饰工程", "建材"),
    "energy": ("新能源", "电力设备", "环保科技"),
    "services": ("物业管理", "检测技术", "人力资源", "餐饮管理"),
}
ENGLISH_HEADS = (
    "Ash Birch Bright Calder Clear Cold Dun Elm Fair Fern Glen Gold Hart Hazel High Iron Kings Lark Linden "
    "Marl Mill North Old Pine Quarry Raven Rowan Salt Silver Stone Thorn Wind Winter"
)
ENGLISH_TAILS = (
    "bank bridge brook bury combe croft dale fell gate grove haven holt hurst lake mere moor ridge shore stead "
    "vale water wick"
)
ENGLISH_BRANCHES = {
    "manufacturing": ("Precision", "Components", "Castings", "Polymers", "Instruments", "Controls"),
    "software": ("Software", "Data Systems", "Networks", "Digital"),
    "retail": ("Stores", "Homewares", "Grocers", "Outfitters"),
    "medical": ("Diagnostics", "Medical", "Biosciences", "Care"),
    "education": ("Learning", "Training"),
    "logistics": ("Logistics", "Cold Storage", "Freight", "Warehousing"),
    "construction": ("Builders", "Interiors", "Timber"),
    "energy": ("Energy", "Power Systems", "Renewables"),
    "services": ("Facilities", "Laboratories", "Catering", "Consulting"),
}
ENGLISH_FORMS = ("Ltd", "Ltd", "Group", "Inc", "LLC", "plc", "Partners")

PLACES = (
    ("北京市", "北京市", "海淀区", "100080"),
    ("北京市", "北京市", "大兴区", "102600"),
    ("天津市", "天津市", "滨海新区", "300450"),
    ("河北省", "石家庄市", "长安区", "050011"),
    ("河北省", "唐山市", "路北区", "063000"),
    ("山西省", "太原市", "小店区", "030031"),
    ("山东省", "济南市", "历下区", "250014"),
    ("山东省", "青岛市", "黄岛区", "266500"),
    ("辽宁省", "大连市", "甘井子区", "116033"),
    ("河南省", "郑州市", "金水区", "450003"),
    ("上海市", "上海市", "浦东新区", "200120"),
    ("上海市", "上海市", "嘉定区", "201800"),
    ("江苏省", "南京市", "江宁区", "211100"),
    ("江苏省", "苏州市", "吴江区", "215200"),
    ("江苏省", "无锡市", "新吴区", "214028"),
    ("江苏省", "常州市", "武进区", "213161"),
    ("浙江省", "杭州市", "余杭区", "311100"),
    ("浙江省", "宁波市", "北仑区", "315800"),
    ("浙江省", "嘉兴市", "南湖区", "314000"),
    ("安徽省", "合肥市", "蜀山区", "230031"),
)
"""Province, city, district, postal code: the first ten in the north, the others in the east."""

ENGLISH_PLACES = (
    ("United Kingdom", "Greater London", "London", "EC1A"),
    ("United Kingdom", "Greater Manchester", "Manchester", "M1"),
    ("United Kingdom", "West Yorkshire", "Leeds", "LS1"),
    ("United Kingdom", "West Midlands", "Birmingham", "B1"),
    ("United Kingdom", "Scotland", "Glasgow", "G1"),
    ("United States", "Illinois", "Chicago", "60601"),
    ("United States", "Washington", "Seattle", "98101"),
    ("United States", "Massachusetts", "Boston", "02108"),
    ("United States", "Texas", "Austin", "78701"),
    ("United States", "Colorado", "Denver", "80202"),
    ("United States", "New York", "New York", "10001"),
    ("United States", "Georgia", "Atlanta", "30303"),
    ("United States", "Oregon", "Portland", "97204"),
    ("United States", "Arizona", "Phoenix", "85004"),
    ("United States", "Minnesota", "Minneapolis", "55401"),
)
AREA_CODES = {
    "Chicago": "312",
    "Seattle": "206",
    "Boston": "617",
    "Austin": "512",
    "Denver": "303",
    "New York": "212",
    "Atlanta": "404",
    "Portland": "503",
    "Phoenix": "602",
    "Minneapolis": "612",
}
STREETS = ("青禾", "云台", "望江", "松涛", "星湖", "锦绣", "长宁", "创新", "科苑", "文澜", "学府", "滨河")
ENGLISH_STREETS = ("Mill Lane", "Station Road", "Harbour Street", "Foundry Way", "Orchard Road", "Canal Street")

TITLES = (
    ("总经理", "Managing Director", "总经办", "Management", "decision_maker"),
    ("采购经理", "Purchasing Manager", "采购部", "Purchasing", "buyer"),
    ("生产主管", "Production Manager", "生产部", "Production", "user"),
    ("设备工程师", "Maintenance Engineer", "设备部", "Maintenance", "user"),
    ("信息化经理", "IT Manager", "信息部", "IT", "influencer"),
    ("质量经理", "Quality Manager", "质量部", "Quality", "champion"),
    ("财务总监", "Finance Director", "财务部", "Finance", "decision_maker"),
    ("仓储经理", "Warehouse Manager", "仓储部", "Warehouse", "champion"),
    ("能源管理员", "Energy Officer", "动力部", "Utilities", "influencer"),
)
"""Title and department in both languages, and the part that such a person plays in a decision."""

TAGS = ("VIP", "重点跟进", "老客户", "展会线索", "转介绍", "年框协议", "试点客户", "渠道", "价格敏感", "二次开发")
ENGLISH_TAGS = (
    "VIP",
    "key account",
    "pilot",
    "trade fair",
    "referral",
    "framework agreement",
    "reseller",
    "renewal due",
)

# ---- what is sold ----------------------------------------------------------------------------------------------------

PRODUCTS = (
    ("T-100", "T-100 温湿度传感器", "T", "goods", "个", "温度 -20–60 °C，湿度 0–100 %，IP54", 680, 290),
    ("T-200", "T-200 高温探头", "T", "goods", "个", "温度 0–600 °C，不锈钢护套", 1_280, 560),
    ("V-100", "V-100 振动传感器", "V", "goods", "个", "三轴，0.5 Hz–10 kHz，IP67", 2_350, 1_020),
    ("V-200", "V-200 无线振动终端", "V", "goods", "个", "电池供电三年，Sub-GHz", 3_980, 1_760),
    ("P-100", "P-100 压力变送器", "P", "goods", "个", "0–1.6 MPa，精度 0.25 %", 1_150, 470),
    ("E-100", "E-100 智能电表", "E", "goods", "台", "三相，谐波至 31 次", 1_860, 800),
    ("E-300", "E-300 能耗采集柜", "E", "goods", "套", "64 路，含安装支架", 26_800, 14_500),
    ("G-100", "G-100 边缘网关", "G", "goods", "台", "4G/以太网，8 路串口", 4_600, 2_100),
    ("G-500", "G-500 工业网关", "G", "goods", "台", "双网冗余，-40–75 °C", 9_800, 4_700),
    ("C-10", "C-10 冷链记录仪", "C", "goods", "个", "-40–85 °C，蓝牙导出", 420, 165),
    ("S-BASE", "监测平台 基础版（年）", "S", "software", "年", "100 个测点", 18_000, None),
    ("S-PRO", "监测平台 专业版（年）", "S", "software", "年", "1,000 个测点，含报警", 58_000, None),
    ("S-SITE", "监测平台 私有部署", "S", "software", "套", "不限测点，本地服务器", 260_000, None),
    ("S-API", "数据接口许可（年）", "S", "software", "年", "与 ERP、MES 对接", 12_000, None),
    ("W-INST", "现场安装", "W", "service", "人天", "含调试，不含差旅", 1_600, 850),
    ("W-TRAIN", "操作培训", "W", "service", "天", "最多 15 人", 4_000, 1_500),
    ("W-CARE", "年度维保", "W", "service", "年", "8×5 响应，备件九折", 22_000, 9_000),
    ("W-CARE24", "全天候维保", "W", "service", "年", "7×24 响应，四小时到场", 68_000, 31_000),
)
"""Code, name, series, category, unit, specification, price and cost in the base currency."""

COMPETITORS = (
    ("hengce", "恒测仪表", "Hengce"),
    ("northsense", "北感科技", "Northsense"),
    ("valemetric", "Valemetric", "Valemetric"),
)

PROJECTS = (
    (
        "车间温湿度监测",
        "workshop monitoring",
        "new",
        ("T-100", "G-100", "S-BASE", "W-INST"),
        ("manufacturing", "medical", "logistics"),
    ),
    ("设备振动预警", "vibration alarms", "new", ("V-100", "V-200", "G-500", "S-PRO"), ("manufacturing", "energy")),
    ("能耗管理试点", "energy pilot", "new", ("E-100", "E-300", "S-BASE"), ()),
    (
        "冷库记录仪采购",
        "cold room loggers",
        "new",
        ("C-10", "T-100", "S-BASE"),
        ("logistics", "retail", "medical", "services"),
    ),
    ("私有化监测平台", "on-premises platform", "new", ("S-SITE", "G-500", "W-TRAIN"), ()),
    (
        "空压站改造",
        "compressor station",
        "new",
        ("P-100", "E-100", "G-100", "W-INST"),
        ("manufacturing", "energy", "medical"),
    ),
    ("窑炉测温", "furnace temperatures", "new", ("T-200", "G-500", "S-PRO"), ("manufacturing", "construction")),
    ("二期扩容", "second phase", "expansion", ("V-200", "G-500", "S-PRO", "W-INST"), ()),
    ("新厂区推广", "roll-out to the new site", "expansion", ("T-100", "E-300", "S-PRO"), ()),
    ("ERP 数据对接", "ERP integration", "expansion", ("S-API", "W-TRAIN"), ()),
    ("年度维保续约", "annual care renewal", "renewal", ("W-CARE",), ()),
    ("平台续费", "platform renewal", "renewal", ("S-PRO", "W-CARE24"), ()),
)
"""What a deal is about, in both languages; its kind; the products that go into it; the industries, or all."""

# ---- what is said ----------------------------------------------------------------------------------------------------

FIRST_WORDS = (
    ("call", "首次电话", "介绍了公司和主要产品，{person}说目前靠人工抄表，愿意看一份方案。"),
    ("call", "了解需求", "{person}反映夏季温度波动大，希望报警能直接推到手机上。"),
    ("wechat", "加微信", "发了产品手册和两个同行案例，{person}说会转给设备部。"),
    ("email", "发送资料", "已发送选型表与报价区间，请{person}填写测点数量。"),
    ("visit", "首次拜访", "参观了生产线，共 {count} 个点位适合安装传感器，配电间空间不足，需用壁挂式网关。"),
    ("call", "电话未接通", "总机转接无人应答，改天上午再打。"),
    ("meeting", "线上交流", "演示了监测平台的看板与报警，{person}最关心历史数据能保存多久。"),
    ("note", "背景了解", "年产值较去年增长，正在申报智能工厂，预算在下半年下达。"),
)
ENGLISH_FIRST_WORDS = (
    (
        "call",
        "First call",
        "Introduced ourselves. {person} reads the meters by hand today and would look at a proposal.",
    ),
    ("call", "Needs", "{person} has temperature swings in summer and wants alarms on the phone."),
    ("email", "Brochure sent", "Sent the brochure with two references; asked {person} for the number of points."),
    (
        "visit",
        "Site visit",
        "Walked the line: {count} points are suitable, the switch room needs a wall-mounted gateway.",
    ),
    ("call", "No answer", "The switchboard put me through but nobody picked up. Will try again in the morning."),
    ("meeting", "Online demo", "Showed dashboards and alarms. {person} asked how long history is kept."),
    ("note", "Background", "A second site opens next year; the budget is released in autumn."),
)
DEAL_WORDS = (
    ("call", "确认需求", "与{person}核对了点位清单，共 {count} 个，要求月底前给出方案。"),
    ("meeting", "方案讨论", "讲解了方案与布线图，{person}建议先做一条线的试点，效果好再推广。"),
    ("email", "发送报价", "按 {count} 个测点报价，含安装与一年平台费，有效期三十天。"),
    ("call", "报价跟进", "{person}认为单价可以接受，但希望付款分三期，需要和财务确认。"),
    ("visit", "现场勘测", "复核了信号强度，角落两个点位要加中继，已写入方案。"),
    ("wechat", "补充资料", "发去检测报告和资质文件，{person}说招标文件下周出。"),
    ("meeting", "商务谈判", "对方要求质保延长到两年，我们提出以维保合同替代，{person}表示可以考虑。"),
    ("call", "内部审批", "{person}说流程已到总经理处，预计一周内有结果。"),
    ("email", "合同修改", "法务退回两处：违约金比例与验收条款，已按对方意见修改后回传。"),
    ("call", "来电咨询", "{person}来电问交货期，答复现货部分三天发出，网关两周。"),
    ("note", "竞争情况", "对方同时在看另外一家，价格略低，但没有本地服务人员。"),
    ("visit", "试点验收", "试点运行两周，误报为零，{person}同意出具试用报告。"),
)
ENGLISH_DEAL_WORDS = (
    (
        "call",
        "Needs confirmed",
        "Went through the list of points with {person}: {count} of them, proposal due by month end.",
    ),
    ("meeting", "Proposal", "Presented wiring and layout. {person} would rather start with one line and extend later."),
    ("email", "Quote sent", "Quoted {count} points with installation and one year of platform, valid for thirty days."),
    (
        "call",
        "Quote follow-up",
        "{person} accepts the unit price but asks for payment in three parts; finance to decide.",
    ),
    ("visit", "Survey", "Checked the radio signal: two corners need a repeater, added to the proposal."),
    ("email", "More documents", "Sent test reports and certificates. {person} expects the tender next week."),
    (
        "meeting",
        "Negotiation",
        "They want a two-year warranty; we offered a care contract instead, {person} will consider it.",
    ),
    ("call", "Approval", "{person} says the request is with the managing director, an answer within a week."),
    (
        "email",
        "Contract changes",
        "Legal returned two clauses, penalties and acceptance; changed as asked and sent back.",
    ),
    ("call", "Question", "{person} called about delivery: three days from stock, gateways in two weeks."),
    ("note", "Competition", "Another supplier is slightly cheaper but has nobody nearby for service."),
    ("visit", "Pilot accepted", "Two weeks without a false alarm. {person} will sign the report."),
)
CARE_WORDS = (
    ("call", "回访", "设备运行正常，{person}问能否增加短信报警。"),
    ("visit", "例行巡检", "更换了 {count} 块电池，清理了网关日志，客户签字确认。"),
    ("wechat", "节日问候", "问候{person}，顺便了解到明年有扩产计划。"),
    ("call", "维保提醒", "提醒维保两个月后到期，{person}说会列入预算。"),
    ("note", "人事变动", "采购负责人换人，{person}会带我们认识新同事。"),
)
ENGLISH_CARE_WORDS = (
    ("call", "Check-in", "Everything runs. {person} asks whether alarms could come as text messages."),
    ("visit", "Inspection", "Replaced {count} batteries, cleared the gateway's log, signed off by the customer."),
    ("email", "Care contract", "Reminded {person} that the care contract ends in two months; it goes into the budget."),
    ("note", "New colleague", "Purchasing has a new head; {person} will introduce us."),
)
NEXT_STEPS = (
    "发送正式报价",
    "预约现场勘测",
    "确认付款条件",
    "约总经理见面",
    "提交投标文件",
    "跟进合同审批",
    "安排产品演示",
    "确认测点清单",
)
ENGLISH_NEXT_STEPS = (
    "Send the quote",
    "Book the survey",
    "Agree on payment terms",
    "Meet the managing director",
    "Hand in the tender",
    "Chase the contract",
    "Arrange a demo",
    "Confirm the list of points",
)
TASK_WORDS = (
    ("call", "电话跟进{person}"),
    ("call", "确认交期和付款方式"),
    ("visit", "上门拜访{person}"),
    ("meeting", "方案评审会"),
    ("todo", "准备报价单"),
    ("todo", "寄送样品"),
    ("todo", "整理技术参数"),
)
ENGLISH_TASK_WORDS = (
    ("call", "Call {person}"),
    ("call", "Confirm delivery and terms of payment"),
    ("visit", "Visit {person}"),
    ("meeting", "Review of the proposal"),
    ("todo", "Prepare the quote"),
    ("todo", "Send samples"),
    ("todo", "Collect the technical data"),
)

LOST_NOTES = {
    "price": ("客户选择了报价更低的供应商。", "They took the lower offer."),
    "competitor": ("集团统一采购，已与另一家签框架协议。", "Their group signed a framework agreement elsewhere."),
    "no_budget": ("今年预算已冻结，明年再议。", "The budget is frozen; to be raised again next year."),
    "no_decision": ("内部意见不一，项目搁置。", "No agreement inside, the project rests."),
    "timing": ("厂房搬迁推迟，项目顺延。", "The move of the plant is delayed, and so is this."),
    "features": ("需要防爆型号，我们暂时没有。", "They need an explosion-proof model, which we do not make."),
    "no_response": ("多次联系无回复。", "No answer after several attempts."),
}
DESCRIPTIONS = (
    "主要生产基地两处，设备约 {count} 台，多数超过五年。",
    "老板重视数字化，已有 MES，缺少底层数据采集。",
    "由合作伙伴介绍，采购流程较长，需要三方比价。",
)
ENGLISH_DESCRIPTIONS = (
    "Two main sites with about {count} machines, most of them older than five years.",
    "Runs an MES already but lacks data from the machines themselves.",
    "Introduced by a partner; purchasing asks for three offers.",
)
