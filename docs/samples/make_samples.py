#!/usr/bin/env python3
"""Makes the sample workbooks of this directory: input as a clerk of a liaison station keeps it.

Needs openpyxl (pip install openpyxl==3.1.5). Run it in this directory; the same version gives the same bytes each time.
All places, persons and numbers are invented: the pseudo province 99, and mobile numbers of the form 139-0000-xxxx.
"""

import csv
import datetime
import io
import random
import re
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter

random.seed(990121)

YEAR = 2026
FIXED = datetime.datetime(2026, 11, 2, 9, 0, 0)

STATIONS = {
    "shiqiao": {
        "name": "石桥站", "township": "枫渡镇", "code": "990121103201", "group": "枫渡镇第一代表小组",
        "villages": ["石桥村", "桐花村", "老屋场村", "枫渡社区"],
        "places": ["石拱桥", "桐花小学", "老粮站", "枫渡集贸市场", "村卫生室", "大沟渠"],
    },
    "liulin": {
        "name": "柳林站", "township": "枫渡镇", "code": "990121103202", "group": "枫渡镇第二代表小组",
        "villages": ["柳林村", "杨柳湾村", "大坪村"],
        "places": ["柳林水库", "杨柳湾码头", "大坪小学", "村委会广场", "老供销社", "灌溉渠"],
    },
    "yunling": {
        "name": "云岭站", "township": "青崖乡", "code": "990121204201", "group": "青崖乡第一代表小组",
        "villages": ["云岭村", "高坎村", "茶园坪村"],
        "places": ["云岭垭口", "高坎蓄水池", "茶叶加工厂", "村小教学点", "老林场", "盘山路弯道"],
    },
    "hewan": {
        "name": "河湾站", "township": "青崖乡", "code": "990121204202", "group": "青崖乡第二代表小组",
        "villages": ["河湾村", "沙洲村", "渡口村"],
        "places": ["河湾大堤", "沙洲提灌站", "渡口", "乡中心校", "老水闸", "冷链库房"],
    },
}

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
GIVEN = [
    "守田", "春梅", "长贵", "桂芳", "德福", "秀兰", "永旺", "玉珍", "满仓", "冬生", "小满", "立秋", "金凤", "水根", "山花", "石柱",
    "大有", "腊梅", "清明", "谷雨", "文贵", "喜来", "丰收", "银杏", "木生", "竹青", "远山", "采薇", "松年", "云开", "晓禾", "稻香",
    "望春", "惠民", "朝阳", "碧波", "新苗", "双喜", "田生", "素云",
]

PROBLEMS = [
    "{v}{g}组自来水水压不足，{p}以上的住户早晚高峰时段断水，已持续{n}天，希望尽快检修加压设备。",
    "{v}{g}组饮水管道老化破裂，{p}附近长期渗水，冬季容易结冰，影响出行和用水。",
    "{p}蓄水池多年未清洗，水质发黄，群众担心饮水安全，要求检测并公示结果。",
    "干旱以来{v}{g}组{n}户人畜饮水困难，需要每隔几天从山下拉水，盼望新打一口机井。",
    "{v}{g}组变压器容量小，春节和烤烟季节电压低，电饭锅、抽水泵带不动。",
    "{p}旁的电杆倾斜，线路离地面太低，大型农机通过时存在安全隐患。",
    "{v}主干道路灯有{n}盏不亮，老人晚上跳舞回家看不清路，希望更换。",
    "雷雨天{v}{g}组经常停电，每次恢复要半天以上，冷库里的货物受损。",
    "{v}至{p}的通组公路塌方约{n}米，只清理了一半，校车无法通行。",
    "{v}{g}组还有{n}米入户路没有硬化，下雨泥泞，老人就医要用担架抬出来。",
    "通往{p}的急弯处没有护栏和警示牌，今年已发生两起摩托车摔伤事故。",
    "村道被运石料的货车压坏，{p}一段坑洼严重，要求恢复并限制超载。",
    "{v}{g}组便民桥桥面开裂，洪水期被淹，学生上学要绕行{n}里路。",
    "{v}{g}组手机信号弱，{p}一带基本打不通电话，网课和快递都受影响。",
    "宽带报修后{n}天无人上门，{v}的电商网店发不了货，希望督促运营商。",
    "{v}{g}组有{n}户土坯房在暴雨后墙体开裂，请求鉴定并纳入危房改造。",
    "农村建房审批等了几个月没有答复，{v}{g}组多户反映不清楚要补什么材料。",
    "安置点下水道堵塞，{p}旁污水外溢，气味难闻，居民意见大。",
    "村卫生室的药品不全，降压药经常缺货，{v}的慢性病老人要到县城去买。",
    "{v}卫生室只有一名村医，外出培训时无人坐诊，希望安排轮班。",
    "医保异地报销材料退回两次，{v}{g}组群众说不清哪里不合格，希望一次性告知。",
    "{v}到县城的班车由每天四趟减为两趟，赶集日挤不上车。",
    "{p}公交候车亭被拆后没有重建，学生和老人雨天无处躲雨。",
    "农忙时货车占道停放，{p}路段堵车近{n}分钟，急救车过不去。",
    "养殖场污水直排沟渠，{v}{g}组稻田减产，要求环保部门到现场查看。",
    "垃圾清运由每天一次改为三天一次，{p}垃圾池满溢，蚊蝇多。",
    "{p}上游有人夜间倾倒建筑垃圾，河道变窄，担心汛期漫堤。",
    "{v}焚烧秸秆和塑料的现象没有人管，傍晚烟味重，幼儿咳嗽。",
    "砂石加工点噪声扰民，{v}{g}组夜里十点后仍在作业。",
    "{v}{g}组柑橘滞销，约{n}吨还在树上，希望帮助联系收购商。",
    "茶叶收购价比去年低三成，{v}种植户反映合作社没有按合同价收购。",
    "{v}{g}组农田灌溉渠多处垮塌，{n}亩水田不能按时插秧。",
    "松材线虫病蔓延，{v}{g}组山林枯死松树约{n}棵无人清理。",
    "野猪毁坏玉米地{n}亩，{v}群众不知道如何申请补偿。",
    "化肥涨价，{v}种粮户问今年的农资补贴什么时候发放。",
    "土地流转费拖欠半年，{v}{g}组{n}户没有拿到第二季度租金。",
    "{v}婚丧酒席攀比，一年随礼上万元，希望村里的红白理事会真正管起来。",
    "{v}活动室被杂物占用，{p}旁的健身器材锈蚀断裂，容易伤人。",
    "村里的留守老人多，{v}幸福食堂建成后一直没有开伙，老人盼着早日用上。",
    "{p}校门口没有减速带，上下学时段大货车车速快，家长担心。",
    "{v}教学点的厕所还是旱厕，离教室远，雨天孩子容易滑倒。",
    "幼儿园校车只到{p}，{v}{g}组的孩子要步行近{n}分钟。",
    "高龄补贴两个月没有到账，{v}{g}组几位老人反映银行卡没有问题。",
    "村务公开栏半年没有更新，{v}群众想了解集体收入的使用情况。",
    "{v}{g}组与邻组的山林界线不清，多年争执，希望乡里组织现场勘界。",
    "征地补偿款的青苗部分漏登{n}户，{v}群众要求重新核对。",
    "工地拖欠工钱，{v}{g}组{n}人在外务工去年的尾款没有结清。",
    "流浪犬多，{p}一带已有孩子被追咬，希望统一收治。",
    "{v}消防水池干涸，防火期内林区边上没有备用水源。",
    "快递点撤到乡里，{v}群众取一件快递来回要一个多小时。",
]
SUGGESTIONS = [
    "建议在{p}设置便民停车点，赶集日由志愿者疏导交通。",
    "建议把{v}{g}组的闲置校舍改造成老年活动中心，安排专人管理。",
    "建议开通{v}到产业园的早晚通勤班车，方便群众就近务工。",
    "建议在{p}修建小型冷库，延长柑橘和蔬菜的销售期。",
    "建议每季度在联络站公开一次问题办理进展，让群众看得到结果。",
    "建议请农技人员到{v}{g}组现场讲授茶园病虫害防治，每年不少于两次。",
    "建议将{v}的传统庙会与农产品展销结合，带动乡村旅游。",
    "建议在{p}安装太阳能路灯{n}盏，由村集体出资、群众投劳。",
    "建议为{v}的独居老人安装一键呼叫设备，由村医和网格员轮流响应。",
    "建议推广垃圾分类积分兑换，先在{v}{g}组试点。",
    "建议把村规民约中的酒席标准写具体，由红白理事会监督。",
    "建议暑假在{v}办托管班，请返乡大学生辅导留守儿童。",
    "建议{p}的河道设立固定巡查员，汛期每天通报水位。",
    "建议合作社统一注册商标，解决{v}土特产有产量没牌子的问题。",
    "建议代表接待日增加一次晚间场，方便白天务工的群众反映问题。",
    "建议清理{p}两侧的废弃广告牌，恢复路口视线。",
    "建议给{v}{g}组的通组路补种行道树，防止雨季边坡滑落。",
    "建议村图书室周末开放，增加种植养殖类的图书。",
]
NOTES = ["", "", "", "", "", "", "", "已电话回访", "请代表继续跟踪", "材料存档", "多人联名反映", "与村委会核实过"]
CHANNELS = [
    ("来访", 40), ("来电", 18), ("电话", 8), ("接待日", 12), ("走访", 8), ("入户走访", 3), ("来信", 5), ("微信群", 4), ("扫码", 3),
    ("群众代表", 2), ("网上平台", 1),
]
TRIAGE = [("立为问题", 46), ("当场答复", 34), ("转信访", 5), ("转12345", 5), ("不属本地", 3), ("重复", 4)]


def weighted(pairs):
    return random.choices([word for word, _ in pairs], [weight for _, weight in pairs])[0]


def person(taken=None):
    while True:
        name = random.choice(SURNAMES) + random.choice(GIVEN)
        if taken is None:
            return name
        if name not in taken:
            taken.add(name)
            return name


def mobile():
    return 13900000000 + random.randrange(1, 9999)


def save(book, path):
    """Saves a workbook so that the bytes depend on nothing but its content: no clock in the archive, none in its core
    properties."""
    book.properties.created = FIXED
    book.properties.creator = "枫渡镇人大办"
    buffer = io.BytesIO()
    book.save(buffer)
    stamp = FIXED.strftime("%Y-%m-%dT%H:%M:%SZ")
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(HERE / path, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            data = source.read(item.filename)
            if item.filename == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp.encode(), data)
            entry = zipfile.ZipInfo(item.filename, FIXED.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            target.writestr(entry, data)


THIN = Side(style="thin", color="999999")
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)


def head(sheet, title, note, header, widths):
    last = get_column_letter(len(header))
    sheet.append([title])
    sheet.merge_cells(f"A1:{last}1")
    sheet["A1"].font = Font(name="方正小标宋简体", size=18)
    sheet["A1"].alignment = Alignment(horizontal="center", vertical="center")
    sheet.row_dimensions[1].height = 36
    sheet.append([note])
    sheet.merge_cells(f"A2:{last}2")
    sheet["A2"].font = Font(name="楷体", size=10)
    sheet.append(header)
    for cell in sheet[3]:
        cell.font = Font(name="黑体", size=11)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.border = BOX
    for index, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = "A4"


def fullwidth(text):
    return "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in text)


def text_date(day, form):
    return [
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.month}月{day.day}日",
        fullwidth(f"{day.year}年{day.month}月{day.day}日"),
        f"{day.year}-{day.month:02}-{day.day:02}",
        f"{day.year}{day.month:02}{day.day:02}",
    ][form]


def visit_days(count):
    """Days of one year in order; a reception day has several visits."""
    days, day = [], datetime.date(YEAR, 1, 5)
    step = 296 / count
    at = 0.0
    while len(days) < count:
        here = day + datetime.timedelta(days=int(at))
        busy = random.choices([1, 2, 3, 4], [60, 22, 12, 6])[0]
        days += [here] * busy
        at += step * busy
    return days[:count]


def visits(key, count, receivers):
    """The good rows of one book, as a clerk would fill them in, before they take the form of a sheet."""
    station = STATIONS[key]
    rows, seen = [], set()
    for day in visit_days(count):
        nature = random.choices(["反映问题", "提出建议意见"], [76, 24])[0]
        while True:
            gist = random.choice(PROBLEMS if nature == "反映问题" else SUGGESTIONS).format(
                v=random.choice(station["villages"]), g=random.choice("一二三四五六七八"),
                p=random.choice(station["places"]), n=random.randrange(3, 60))
            if gist not in seen:
                seen.add(gist)
                break
        channel = weighted(CHANNELS)
        triage = weighted(TRIAGE) if nature == "反映问题" else random.choice(["立为问题", "当场答复", "当场答复"])
        if any(word in gist for word in ("工钱", "租金", "合同价", "勘界")) and random.random() < 0.5:
            triage = "涉法涉诉告知"
        told = ""
        if triage == "当场答复":
            told = day
        elif random.random() < 0.8:
            told = day + datetime.timedelta(days=random.randrange(1, 15))
        anonymous = random.random() < 0.05
        names = random.sample(receivers, random.choices([1, 2], [75, 25])[0])
        rows.append({
            "day": day, "channel": channel,
            "name": random.choice(["匿名", ""]) if anonymous else person(),
            "phone": "" if anonymous or random.random() < 0.08 else mobile(),
            "address": "" if anonymous else random.choice(station["villages"]) + random.choice("一二三四五六七八") + "组",
            "persons": random.choices(["", 1, 2, 3, 5, 12], [20, 55, 12, 7, 4, 2])[0],
            "nature": nature, "gist": gist, "receivers": "、".join(names), "triage": triage, "told": told,
            "note": random.choice(NOTES),
        })
    return rows


def put(sheet, row):
    sheet.append(row)
    for cell in sheet[sheet.max_row]:
        cell.border = BOX
        if isinstance(cell.value, (datetime.date, datetime.datetime)):
            cell.number_format = "yyyy/m/d"
        if isinstance(cell.value, str) and len(cell.value) > 20:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def total_persons(rows):
    return sum(row["persons"] or 1 for row in rows)


def book_shiqiao(rows):
    """Real date cells, a date merged over the visits of one day, phones as numbers, blank rows, a total."""
    book = Workbook()
    sheet = book.active
    sheet.title = "2026年登记簿"
    head(sheet, "枫渡镇石桥人大代表联络站来信来访登记簿（2026 年）",
         "说明：接待当日登记，内容不写身份证号；每周五汇总。登记人：石桥站联络员",
         ["序号", "来访时间", "方式", "来访人", "联系电话", "住址", "人数", "性质", "反映内容", "接待代表", "分流/处理情况", "告知日期", "备注"],
         [6, 12, 9, 10, 14, 18, 6, 13, 60, 14, 14, 12, 14])
    index = 0
    while index < len(rows):
        same = [row for row in rows[index:index + 6] if row["day"] == rows[index]["day"]]
        merge = len(same) > 1 and random.random() < 0.7
        first = None
        for offset, row in enumerate(same):
            day = datetime.datetime.combine(row["day"], datetime.time())
            told = row["told"] and datetime.datetime.combine(row["told"], datetime.time())
            put(sheet, [index + offset + 1, None if merge and offset else day, row["channel"], row["name"] or None,
                        row["phone"] or None, row["address"] or None, row["persons"] or None, row["nature"], row["gist"],
                        row["receivers"], row["triage"], told or None, row["note"] or None])
            # Not counted before: a blank row leaves no trace in max_row.
            first = first or sheet.max_row
        if merge:
            sheet.merge_cells(f"B{first}:B{first + len(same) - 1}")
        index += len(same)
        # A page of the paper book holds about thirty lines; the clerk leaves one blank.
        if index % 30 < len(same):
            sheet.append([])
    sheet.append([])
    put(sheet, ["合计", None, None, f"{len(rows)}件", None, None, total_persons(rows)])
    sheet.merge_cells(f"A{sheet.max_row}:C{sheet.max_row}")
    book.create_sheet("Sheet2")
    save(book, "visits-shiqiao.xlsx")


def book_liulin(rows):
    """Dates as text in every form that clerks use, other headings, phones as text with spaces and dashes."""
    book = Workbook()
    sheet = book.active
    sheet.title = "来访"
    head(sheet, "枫渡镇柳林人大代表联络站群众来信来访登记簿（2026 年）", "备注：日期按实际接待日填写；电话请勿外传。",
         ["编号", "日 期", "来访方式", "来访人姓名", "手机号码", "家庭住址", "来访人数（人）", "事项性质", "反映的主要内容", "接待人", "处理情况", "答复日期", "备注"],
         [6, 16, 9, 10, 15, 18, 8, 13, 60, 14, 20, 14, 14])
    channel_words = {"来访": "上门", "来电": "电话", "走访": "入户", "接待日": "代表接待日"}
    triage_words = {"立为问题": "立项", "当场答复": "当场答复，已讲明政策", "转12345": "转12345热线"}
    month = rows[0]["day"].month
    for number, row in enumerate(rows, 1):
        if row["day"].month != month:
            mine = [r for r in rows[:number - 1] if r["day"].month == month]
            put(sheet, ["小计", f"{month}月", None, None, None, None, total_persons(mine)])
            month = row["day"].month
        digits = str(row["phone"])
        phone = random.choice([digits, f"{digits[:3]} {digits[3:7]} {digits[7:]}", f"{digits[:3]}-{digits[3:7]}-{digits[7:]}"])
        channel = channel_words.get(row["channel"], row["channel"]) if random.random() < 0.4 else row["channel"]
        triage = triage_words.get(row["triage"], row["triage"]) if random.random() < 0.4 else row["triage"]
        told = text_date(row["told"], random.randrange(7)) if row["told"] else random.choice(["", "/", "—"])
        put(sheet, [number, text_date(row["day"], random.randrange(7)), channel, row["name"] or "匿名", phone if digits else "无",
                    row["address"] or None, row["persons"] or None,
                    {"提出建议意见": "建议"}.get(row["nature"], "问题") if random.random() < 0.4 else row["nature"],
                    row["gist"], row["receivers"], triage, told or None, row["note"] or None])
    put(sheet, ["合 计", None, None, None, None, None, total_persons(rows), None, f"共登记{len(rows)}件"])
    save(book, "visits-liulin.xlsx")


def book_yunling(rows):
    """Dates without a year (the title has it), full-width digits, stray spaces, headings repeated on each page."""
    book = Workbook()
    sheet = book.active
    sheet.title = "云岭站"
    header = ["序号", "接待时间", "反映方式", "来信来访人", "联系方式", "地址", "人次", "性质", "反映事项", "接待代表", "分流情况", "告知日期"]
    head(sheet, "青崖乡云岭人大代表联络站来信来访登记簿（２０２６年）", "填表说明：同一事项重复反映的，注明“重复”。", header,
         [6, 16, 9, 10, 15, 18, 8, 13, 60, 14, 14, 14])
    for number, row in enumerate(rows, 1):
        day = text_date(row["day"], random.choice([3, 3, 3, 1, 4]))
        if random.random() < 0.2:
            day = f"{row['day'].year}-{row['day'].month:02}-{row['day'].day:02} {random.choice(['09:30', '14:05', '16:40'])}"
        if random.random() < 0.15:
            day = f" {day}　"
        persons = row["persons"]
        if persons and random.random() < 0.3:
            persons = random.choice([fullwidth(str(persons)), f"{persons}人", f" {persons} "])
        told = datetime.datetime.combine(row["told"], datetime.time()) if row["told"] else None
        gist = row["gist"]
        if random.random() < 0.1:
            gist = f"　　{gist} "
        put(sheet, [number, day, f"{row['channel']} " if random.random() < 0.1 else row["channel"], row["name"] or None,
                    row["phone"] or None, row["address"] or None, persons or None, row["nature"], gist, row["receivers"],
                    row["triage"], told])
        if number % 36 == 0:
            put(sheet, header)
        if number % 25 == 0:
            put(sheet, [None] * len(header))
            sheet.append(["  "])
    put(sheet, [None, "合计", None, None, None, None, total_persons(rows)])
    save(book, "visits-yunling.xlsx")


def book_hewan(rows):
    """An export of an office suite: GB18030, quoted texts with commas and line breaks, rows of unequal length."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["青崖乡河湾人大代表联络站来信来访登记簿（2026年）"])
    writer.writerow(["说明：由 WPS 表格另存为 CSV"])
    writer.writerow(["序号", "登记日期", "渠道", "姓名", "电话", "住址", "人数", "性质", "反映内容", "接待代表", "分流", "告知日期", "备注"])
    for number, row in enumerate(rows, 1):
        address = row["address"]
        if address and number % 20 == 0:
            # A place-name character outside GBK, which GB18030 alone can carry.
            address = address.replace("组", "组𬒔口")
        gist = row["gist"]
        if number % 17 == 0:
            gist = gist.replace("，", "，\n", 1)
        cells = [number, text_date(row["day"], random.choice([0, 0, 0, 1, 2])), row["channel"], row["name"], row["phone"], address,
                 row["persons"], row["nature"], gist, row["receivers"], row["triage"],
                 text_date(row["told"], 0) if row["told"] else "", row["note"]]
        while cells[-1] == "":
            cells.pop()
        writer.writerow(cells)
        if number % 40 == 0:
            writer.writerow([""] * 13)
    writer.writerow(["合计", "", "", "", "", "", total_persons(rows)])
    with open(HERE / "visits-hewan.csv", "wb") as file:
        file.write(out.getvalue().encode("gb18030"))


def book_broken():
    """Six good and five broken rows, for tests and for a first look at what the program says about errors."""
    book = Workbook()
    sheet = book.active
    sheet.title = "登记簿"
    head(sheet, "枫渡镇石桥人大代表联络站来信来访登记簿（2026 年）", "说明：本表有意留下五处错误。",
         ["序号", "来访时间", "方式", "来访人", "联系电话", "住址", "人数", "性质", "反映内容", "接待代表", "分流/处理情况", "告知日期"],
         [6, 12, 9, 10, 14, 18, 6, 13, 60, 14, 14, 12])
    day = datetime.datetime(2026, 4, 3)
    gist = "石桥村三组路灯有{}盏不亮，希望更换。"
    good = lambda number: [number, day, "来访", "田小满", 13900000011, "石桥村三组", 1, "反映问题", gist.format(number), "苏远山", "立为问题", day]
    for number in range(1, 12):
        row = good(number)
        if number == 2:
            row[1] = None
        elif number == 4:
            row[1] = "2026年2月30日"
        elif number == 6:
            row[2] = "飞鸽传书"
        elif number == 8:
            row[8] = "  "
        elif number == 10:
            row[6] = -3
        put(sheet, row)
    put(sheet, ["合计", None, None, None, None, None, 11])
    save(book, "broken-visits.xlsx")


# Seats, station; employers and posts are of no real place.
DEPUTY_PLAN = [
    ("全国", "shiqiao", "农民", "枫渡镇柑橘专业合作社", "理事长", "否"),
    ("省、县", "liulin", "专业技术", "澄川县农业技术推广站", "高级农艺师", "否"),
    ("省", "yunling", "非公", "青崖茶业公司", "总经理", "否"),
    ("市", "shiqiao", "专业技术", "澄川县人民医院", "主任医师", "否"),
    ("市", "liulin", "领导干部", "澄川县人大常委会", "副主任", "是"),
    ("市", "yunling", "农民", "高坎村种植大户", "村民", "否"),
    ("市、乡", "hewan", "农民", "河湾村", "村党支部书记", "否"),
    ("县", "shiqiao", "领导干部", "枫渡镇人民政府", "镇长", "是"),
    ("县", "shiqiao", "专业技术", "枫渡镇中心小学", "教师", "否"),
    ("县、镇", "liulin", "农民", "柳林村", "村委会主任", "否"),
    ("县", "liulin", "企业", "柳林建材厂", "厂长", "否"),
    ("县", "yunling", "领导干部", "青崖乡人大主席团", "主席", "是"),
    ("县", "yunling", "工人", "云岭茶叶加工厂", "车间班长", "否"),
    ("县", "hewan", "专业技术", "青崖乡卫生院", "院长", "否"),
    ("县", "hewan", "非公", "沙洲冷链物流部", "负责人", "否"),
    ("镇", "shiqiao", "农民", "桐花村", "村民小组长", "否"),
    ("镇", "shiqiao", "其他", "枫渡社区", "社区工作者", "否"),
    ("镇", "shiqiao", "农民", "老屋场村", "养殖户", "否"),
    ("镇", "liulin", "农民", "杨柳湾村", "村民", "否"),
    ("镇", "liulin", "农民", "大坪村", "家庭农场主", "否"),
    ("乡", "yunling", "农民", "茶园坪村", "茶农", "否"),
    ("乡", "yunling", "专业技术", "云岭村卫生室", "村医", "否"),
    ("乡", "hewan", "农民", "沙洲村", "村民", "否"),
    ("乡", "hewan", "农民", "渡口村", "渡工", "否"),
]
CONSTITUENCY = {"全国": "", "省": "澜州市", "市": "澄川县", "县": "第{}选区", "镇": "第{}选区", "乡": "第{}选区"}


def book_deputies():
    """The rosters of the four stations, a book each; gives the names of the deputies of each station."""
    taken, of_station, rows = set(), {key: [] for key in STATIONS}, {key: [] for key in STATIONS}
    for number, (levels, key, kind, employer, post, holder) in enumerate(DEPUTY_PLAN, 1):
        station = STATIONS[key]
        name = person(taken)
        of_station[key].append(name)
        constituency = CONSTITUENCY[levels.split("、")[0]].format(random.randrange(1, 20))
        rows[key].append([name, random.choice("男男女"), random.choice(["汉族", "汉", "土家族", "苗族", "汉族"]),
                          random.randrange(1962, 1994), random.choice(["大专", "本科", "高中", "研究生", "初中"]),
                          random.choice(["中共党员", "群众", "民盟盟员", "群众"]), employer, post, kind, holder, levels, constituency or None,
                          station["name"], station["group"], f"澄人代{number:04}", mobile(), f"0990-000{random.randrange(1000, 9999)}",
                          random.choice(["农业技术", "医疗卫生、养老", "法律调解", "教育", "企业经营、电商", ""]) or None, None])
    for key, deputies in rows.items():
        book = Workbook()
        sheet = book.active
        sheet.title = "代表花名册"
        head(sheet, f"{STATIONS[key]['name']}人大代表花名册（2026 年）", "说明：手机号码仅站、乡镇两级掌握，不对外公开。",
             ["序号", "姓名", "性别", "民族", "出生年份", "学历", "政治面貌", "工作单位", "职务", "代表类别", "是否职务代表", "代表层级",
              "选区/选举单位", "所在联络站", "代表小组", "代表证号", "手机号码", "公开联系方式", "专长", "备注"],
             [6, 10, 6, 8, 9, 8, 10, 24, 14, 11, 9, 10, 16, 12, 20, 16, 14, 20, 18, 12])
        for number, deputy in enumerate(deputies, 1):
            put(sheet, [number, *deputy])
        save(book, f"deputies-{key}.xlsx")
    return of_station


ACTIVITIES = [
    ("代表小组活动", "春耕备耕走访", "走访种植户，了解农资供应和灌溉情况，当场解答补贴政策。"),
    ("专题调研", "农村饮水安全调研", "实地查看蓄水池和管网，形成调研报告一份。"),
    ("视察", "通组公路养护视察", "查看塌方和护栏缺失点位，交养护单位限期整改。"),
    ("主题活动", "“聚民意、办实事”主题活动", "收集群众意见并分类登记，联络站逐件跟踪。"),
    ("联系选民", "代表进村入户", "走访独居老人和种植户，记录诉求。"),
    ("学习", "新修订代表法集中学习", "学习条文并讨论如何提出高质量建议。"),
    ("宣讲", "防汛和消防安全宣讲", "到院坝讲解避险路线，发放明白卡。"),
    ("执法检查", "水污染防治执法检查", "抽查养殖场排污口，发现的问题转环保部门。"),
    ("学习交流", "两乡镇联络站学习交流", "互看台账，交流接待日经验。"),
    ("列席", "列席乡镇人大主席团会议", "就民生实事项目发表意见。"),
]


def book_activities(name, township, stations, count, of_station):
    book = Workbook()
    sheet = book.active
    sheet.title = "活动记录"
    head(sheet, f"{township}人大代表活动记录簿（2026 年）", "说明：一行记一次活动；两天的活动写明起止日期。",
         ["序号", "活动时间", "天数", "活动类型", "活动主题", "活动地点", "组织者", "代表小组", "参加代表", "走访群众人数", "活动成效", "备注"],
         [6, 20, 6, 13, 26, 16, 14, 20, 30, 10, 50, 12])
    day = datetime.date(YEAR, 1, 20)
    for number in range(1, count + 1):
        key = random.choice(stations)
        station = STATIONS[key]
        kind, topic, outcome = ACTIVITIES[(number - 1) % len(ACTIVITIES)]
        names = of_station[key][:]
        random.shuffle(names)
        names = names[:random.randrange(2, len(names) + 1)]
        two = number % 4 == 0
        end = day + datetime.timedelta(days=1)
        if two and end.month == day.month and number % 8 == 0:
            when = f"{day.year}年{day.month}月{day.day}日-{end.day}日"
        elif two:
            when = f"{day.month}月{day.day}日至{end.month}月{end.day}日"
        elif number % 3 == 0:
            when = text_date(day, number % 7)
        else:
            when = datetime.datetime.combine(day, datetime.time())
        put(sheet, [number, when, 2 if two else random.choice([1, 0.5, None]), kind, topic, random.choice(station["places"]), names[0],
                    station["group"], random.choice(["、", "，", " "]).join(names),
                    random.randrange(5, 80) if kind in ("联系选民", "代表小组活动", "主题活动") else None, outcome, None])
        day += datetime.timedelta(days=random.randrange(14, 30))
        if day > datetime.date(YEAR, 10, 25):
            day = datetime.date(YEAR, 10, 26)
    put(sheet, ["合计", f"{count}次"])
    save(book, name)


def main():
    of_station = book_deputies()
    book_shiqiao(visits("shiqiao", 124, of_station["shiqiao"]))
    book_liulin(visits("liulin", 112, of_station["liulin"]))
    book_yunling(visits("yunling", 108, of_station["yunling"]))
    book_hewan(visits("hewan", 104, of_station["hewan"]))
    book_broken()
    book_activities("activities-fengdu.xlsx", "枫渡镇", ["shiqiao", "liulin"], 12, of_station)
    book_activities("activities-qingya.xlsx", "青崖乡", ["yunling", "hewan"], 8, of_station)


if __name__ == "__main__":
    main()
