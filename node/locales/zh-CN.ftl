# The words of the pages in Chinese. en.ftl says the same with the same keys and values; a test compares them.
# Order in a sentence: what happened, to which thing, what to do. Digits stand apart from Chinese by a space.

## Everywhere

emblem = 联
colon = ：
optional = 可不填
skip = 跳到正文
printed = 本页截至 { $made }；没有写日期的时刻，都是这一天的。
other-language = English
type-large = 大字
type-normal = 普通字
theme = 明暗
theme-system = 随系统
theme-light = 浅
theme-dark = 深
contrast-more = 高对比
foot = 页面设置
sign-out = 退出
as-of = 数据截至 { $time }
export = 下载表格
bundle = 证据包
bundle-case = 连同引用的
bundle-quarter = { $year } 年第 { $quarter } 季度
bundle-year = 年份
bundle-when = 季度
bundle-deputy-what = 一名代表一年里签过的记录，和写到这名代表的记录。
bundle-station-what = 一个站一个季度的全部记录；没有来访人的个人信息。
deputy = 代表
bundle-download = 下载证据包

## Days: no-break spaces keep one on a line

date-day = { $month } 月 { $day } 日
date-full = { $year } 年 { $month } 月 { $day } 日
date-weekday = { $month } 月 { $day } 日 { $weekday ->
        [1] 星期一
        [2] 星期二
        [3] 星期三
        [4] 星期四
        [5] 星期五
        [6] 星期六
        *[7] 星期日
    }

## Rail

rail = 主导航
rail-today = 今天
rail-ledgers = 台账
rail-visits = 来信来访
rail-activities = 代表活动
rail-deputies = 代表花名册
rail-trust = 核对
rail-appointments = 任命
rail-network = 联络网

## Sync

sync-level = 已同步
sync-syncing = 正在同步
sync-offline = 离线
sync-waiting = 没有网络。照常填写，连上后自动送出 { $count } 条。
strip-offline = 没有网络。照常填写，连上后自动送出。
strip-alarms = 有 { $count } 个告警要人看。
strip-alarms-look = 去看

## Entrance

login-title = 登录
login-why = 口令打开您在本机的密钥，您登记的每一条都由它签名。
login-name = 登录名
login-passphrase = 口令
login-do = 打开密钥
login-invited = 有邀请码
join-title = 加入{ $org }
join-lead = 用邀请码任命您的账号。密钥在本机生成，用您自己的口令锁住。
join-code-why = 发出邀请的单位给的，只能用一次
join-busy = 正有人加入，请稍候再按一次。
login-lost = 忘了口令，找本站管理员重新任命一把密钥。以前签的仍然有效。

## Errors

error-status = 状态 { $status }
error-home = 回到今天
error-case = 在日志里找

## Deadlines

due-late = 超期 { $count } 天
due-today = 今天到期
due-soon = 剩 { $count } 天
due-ok = 还有 { $count } 天
due-done = 已办

## Proof marks

trust-waiting = 待见证
trust-witnessed = 已见证
trust-by-link = 经链接
trust-pending = 待补齐
trust-contested = 待追认
trust-ineffective = 未生效
trust-refused = 不采信
trust-erased = 已擦除

## Fields for reading

fact-missing = 待补
fact-none = 未填
fact-split = 两处不同
facts = 概况

## Lists

pager = 翻页
pager-range = 第 { $first }—{ $last } 件，共 { $count } 件
pager-previous = 上一页
pager-next = 下一页
filter-words = 找内容
filter-name = 找姓名
filter-do = 查找
filter-clear = 看全部

## Columns

col-time = 时间
col-day = 日期
col-station = 联络站
col-channel = 渠道
col-persons = 人数
col-gist = 反映内容
col-receiver = 接待代表
col-triage = 分流
col-proof = 凭证
col-visits = 件
col-people = 人
col-open = 待分流
col-orgs = 单位
col-present = 到 / 应到
col-seal = 封签
col-name = 姓名
col-level = 层级
col-group = 小组
col-occupation = 类别
col-post = 单位职务
col-activities = 本年活动
col-key = 密钥
col-happened = 发生
col-happened-hint = 当事人所说
col-recorded = 记录
col-recorded-hint = 签名时的钟
col-witnessed = 见证
col-witnessed-hint = 上级收到
col-witness = 见证节点
col-witness-time = 见证时间
col-index = 位置
col-space = 内容
col-owner = 谁的
col-origin = 日志号
col-audience = 谁能看
col-size = 条数
col-receipt = 最近回执
col-lag = 待见证
col-org = 单位
col-contact = 连接
col-behind = 待收
col-version = 版本
col-silent = 多久
col-heard = 最后消息
col-held = 本机存有
col-signed = 它已签名
col-newest = 最新一条
col-node = 节点

## Home

home-title-quiet = 今天还没有登记
home-title-done = 今天登记了 { $count } 件，都已分流
home-title-open = 先办 { $count } 件没办完的
home-received = 今天来了 { $visits } 批 { $persons } 人
home-next = 接下来
home-late = { $count } 件超期
home-next-none = 没有等您办的
home-next-none-how = 没分流的、没告知的来访会列在这里。
home-today = 今天登记的
home-ledger = 来信来访登记簿
said-visits = 来信来访有更新

## Register a visit

visit-register = 登记来访
visit-goes = 送到县里，个人信息除外
visit-gist = 反映内容
visit-gist-hint = 不写姓名、电话、住址
visit-channel = 怎么来的
visit-persons = 人数
visit-nature = 性质
visit-received-at = 时间
visit-receiver = 接待代表
visit-triage = 分流
visit-told = 告知日期
visit-person = 来访人
visit-stays-township = 只留在{ $place }
visit-stays-station = 只留在{ $place }
visit-name = 姓名
visit-phone = 联系电话
visit-address = 住址
visit-sensitive = 健康、困难情况
visit-health = 健康
visit-hardship = 困难
visit-do = 登记

## Ledger of letters and visits

visits-title-none = 没有符合的登记
visits-title-empty = 还没有登记
visits-title-done = { $count } 件，都已分流
visits-title-open = { $count } 件，{ $open } 件没有分流
visits-rows = 登记
visits-none = 没有符合的
visits-none-how = 少填一个条件再找。
visits-empty = 还没有登记
visits-empty-how = 有人来时，填“反映内容”就可以登记。
totals = 各站
totals-all = 合计

## Record

turn = 现在的情况
turn-state = 现在
turn-you = 您现在可以
turn-do = 签名并记下
conflicts = 两处不同
conflicts-how = 请选一个，另一个仍可查到。
conflicts-do = 选定
conflicts-other = 另写一个值
conflicts-title = { $count } 条记录里，有人写得不一样
conflicts-title-none = 没有写得不一样的栏目
conflicts-what = 几个人同时改了同一栏，写的不一样。两个值都留着，由能写这本台账的人选定；没选的在经过里仍可查到。
conflicts-none = 没有要选定的。
conflicts-none-how = 几个人同时改了同一栏而写得不一样，会列在这里。
conflicts-link = { $count } 条记录里有人写得不一样
confirm-head = 确认
confirmed = 已确认
confirmed-not = 未确认
confirmed-changed = 确认后有改动
confirm-what = 确认以上全部内容属实：由{ $who }写，截至 { $until }。
confirm-event-what = 确认这一条属实，连同已有的更正。
confirm-do = 确认
confirm-done = 已签名确认。
confirm-once = 已经确认过。
confirm-own = 你写过其中的内容，须由另一人确认。
confirm-waiting = 有的内容还没有到本机，到齐后才能确认。
confirm-all = 确认全部内容
correct-do = 更正
correct-done = 已更正。原文保留。
correct-how = 原文保留并划去，更正写在旁边，各级都看得到。
correct-reason = 更正原因
correct-when = 应为何时
correct-when-wrong = 请写成日期，或日期和时间。
correct-text = 应为何文
correct-take-back = 整条收回：没有这回事
correct-nothing = 整条收回
sign-in-back = { $who }（签到已收回）
correct-by = { $who } 更正
event-open = 更正或确认
event-look = 查看更正与确认
line-was = 原为
line-now = 改为
line-void = 已更正，原文：
private-personal = 来访人
private-sensitive = 健康、困难情况
private-audience = 只留在{ $who }，不再往上送
private-elsewhere = 这里不存。要看，问{ $who }。
private-erased = 已擦除，{ $how }。登记本身保留。
timeline = 经过
timeline-until = 截止
timeline-awaited = 尚未发生
entered-late = 晚记 { $count } 天
after-seal = 印后
said-record = 这条记录有更新

## Erasing

erase = 擦除个人信息
erase-title = 擦除
erase-back = 返回记录
erase-why = 为什么擦除
erase-nothing-yet = 此处只看后果，还没有签名
erase-extent = 擦除什么
erase-personal = 来访人等个人信息，登记本身保留
erase-whole = 整条记录，连同个人信息
erase-ground = 理由
erase-ground-missing = 请选一个理由。
erase-ground-retention = 保存期已满
erase-ground-request = 本人请求
erase-ground-consent = 本人撤回同意
erase-ground-misplaced = 误录了个人信息
erase-ground-unlawful = 不应收集
erase-on = 决定日期
erase-on-future = 决定日期不能晚于今天。
erase-note = 备注
erase-note-hint = 擦除后仍会留下，不要写姓名、号码
erase-preview = 看看后果
erase-leave = 不擦除了
erase-does = 擦除之后
erase-nothing = 这里没有可擦除的内容。
erase-the-record = 记录
erase-says = { $what }：{ $changes } 次填写、{ $attachments } 个附件不再可读；由{ $holders }各自擦除并签名回执。
erase-stays = 曾有这条登记、谁在何时签名、谁擦除的，仍可证明。
erase-backups = 此前另存的密钥备份，请自行销毁。
erase-sign = 签名擦除
erase-final = 擦除不可收回。上级见证之后生效。
erase-passphrase = 您的口令
erase-do = 签名并擦除
erase-done = 已签名。上级见证之后，各处开始擦除。
erase-not-yours = 擦除由联络员、站长、人大秘书、主席或代表工委办理。
erased-waits = 擦除已签名，等待见证。
erased-words = { $since } 起，{ $who } 因“{ $ground }”于 { $on } 决定；{ $of } 处持有者中 { $done } 处已擦除
record-title-erased = 已擦除的记录

## Proof

proof = 凭证
proof-close = 收起凭证
proof-say-witnessed = 这一条由{ $who }以“{ $role }”身份签名，内容没有改动过，上级节点已见证。
proof-say-waiting = 这一条由{ $who }以“{ $role }”身份签名，内容没有改动过。上级节点还没有见证。
proof-say-by-link = 这一条经一次性链接办理，由本节点签名，经手的是{ $who }（{ $role }）。
proof-say-pending = { $who }以“{ $role }”身份签名，但它所依据的还没有到本机，暂不算数。
proof-say-contested = { $who }以“{ $role }”身份签名，但签名的密钥后来作废。请同职务的人追认，或由本人重签。
proof-say-ineffective = { $who }以“{ $role }”身份签名，内容没有改动过，但没有生效。
proof-say-refused = 不采信{ $who }（{ $role }）签的这一条。
proof-say-erased = { $who }以“{ $role }”身份签名，内容已依规擦除，位置和签名保留。
proof-checked = 核对了什么
check-signature = 签名与内容相符
check-signature-not = 签名与内容不符
check-appointment = 签名时任命有效，一直连到创始声明
check-appointment-not = 签名时没有相应的任命
check-log = 在日志里，前后连续，没有被改写
check-log-not = 日志有两个分支，以先见证的为准
check-witness = 规定的上级已见证
check-witness-not = 规定的上级还没有见证
check-dependencies = 所依据的都在本机
check-dependencies-not = 所依据的还没有到齐
proof-chain = 谁任命的
proof-founding = 创始声明，任命链到此为止
proof-appointed = { $by }任命，{ $period }
proof-log = 在哪里
proof-place = { $owner }日志第 { $index } 条，核对到 { $size } 条
proof-witnesses = 谁见证了
proof-no-witness = 还没有节点见证。连上后自动送去。
proof-required = 规定的上级
proof-awaited = 还没有
proof-voluntary = 未到，不影响效力
proof-fingerprint = 指纹
proof-key = 签名密钥
proof-as-of = 结论截至 { $time } 的上级检查点。
proof-stale = 已经旧了，连上后更新。

## Activities

activity = 活动
joint-activity = 联合活动
joint = 联合
activities-title-none = 没有符合的活动
activities-title-empty = 还没有活动
activities-title-done = { $count } 次活动，封签齐全
activities-title-unsealed = { $count } 次联合活动还等封签
activities-rows = 活动
activities-empty = 还没有活动
activities-empty-how = 发起一次，代表就可以签到、记录、封签。
activity-open = 发起活动
activity-open-do = 发起
activity-topic = 活动主题
activity-kind = 类型
activity-from = 开始
activity-to = 结束
activity-orgs = 联动单位
activity-orgs-hint = 各单位在自己的节点上记录
activity-participants = 参加代表
activity-participants-hint = 姓名之间用逗号
sign-in-wait = 您还没有签到
sign-in-do = 签到
line = 记一条
line-hint = 谁，看到或答应了什么，什么时候之前
line-do = 签名并记下
log = 现场记录
log-nodes = 来自 { $count } 个节点，新的在上
log-empty = 还没有记录
log-empty-how = 到场的代表和记录员，在上面写第一条。
said-log = 现场记录有更新
seals = 封签
seals-none = 封签在开始签到后列出
seals-full = 已封齐
seals-count = 需要 { $required } 枚，已有 { $given } 枚
seal-tail = 之印
seal-given = { $time } 封
seal-awaited = 待封
seal-awaited-of = 等待封签
seals-same = { $count } 枚印封的是同一份内容。
seals-after = 封签后补记的 { $count } 条列在印外，不影响印。
seals-differ = 这些印封的不是同一份内容。请看清现在的记录，再封一次。
seals-digest = 所封内容指纹
seal-covers = 您代表{ $level }封签，封住现在看到的 { $count } 条记录。
seal-do = 为{ $level }封签
said-seals = 封签有更新
participants = 参加代表
participants-count = 应到 { $expected } 人，实到 { $present } 人
signed-not = 未签到
signed-key = 密钥
signed-link = 链接
signed-token = 签到码
signed-paper = 纸签

## Deputies

deputies-title = { $count } 名代表
deputies-title-sites = { $count } 名代表，分在 { $sites } 个联络站
deputies-title-none = 没有符合的代表
deputies-title-empty = 花名册还是空的
deputies-rows = 花名册
deputies-empty = 花名册还是空的
deputies-empty-how = 代表工委登记席位后，代表就列在这里。
key-own = 本人密钥
key-none = 尚无

## What stands on top of the day

news = 任命提醒
news-look = 看任命
news-node-revoked = 本节点的任命已由{ $by }撤销：{ $reason }。此后写入的内容都待追认；请与{ $by }联系，重新任命本节点。
news-node-expired = 本节点的任命已于 { $day }到期。此后写入的内容不算数；请{ $by }续任。
news-node-contested = 任命本节点的机构密钥已撤销。请上级追认，在那以前写入的内容都待追认。
news-own-revoked = 您的任命已由{ $by }于 { $day }撤销：{ $reason }。以后签的都待追认；要继续任职，请{ $by }重新任命。
news-own-expired = 您的任命已于 { $day }到期。以前签的照旧，以后签的不算数；请{ $by }续任。
news-own-contested = 任命您的机构密钥已撤销。请上级追认，在那以前签的都待追认。
news-own-expiring = 您的任命到 { $day }为止，还有 { $count } 天。请{ $by }续任，不用您本人再做什么。
news-ending = { $count } 项任命 30 天内到期，最早的到 { $day }：{ $names }。请提前续任。
news-ending-more = { $count } 项任命 30 天内到期，最早的到 { $day }：{ $names }等。请提前续任。

## Appointments

appointments-title = { $count } 项任命有效
appointments-title-ending = { $count } 项任命 30 天内到期
appointments-title-found = 找到 { $count } 项任命
appointments-title-none = 没有符合的任命
appointments-rows = 任命
appointments-past = 以往的 { $count } 项
appointments-contested = 待追认 { $count } 件
appointments-empty = 这个单位现在没有任命
appointments-empty-how = 它可能还没有加入，或者任命还没有送到本机。
orgs = 单位
org-own = 本单位
org-people = { $count } 人
org-elsewhere = 本机不存
news-who = { $holder }（{ $post }）
revoke-records = 涉及的记录
revoke-statements = 待追认的声明
org-below = 下级 { $count } 个
org-alert = { $count } 项要看
office-find = 找姓名、单位或密钥
office-holder = 任职人
office-org = 单位
office-post = 职务
office-key = 密钥
office-until = 任期至
office-state = 状态
office-period = 任期
office-issuer = 任命单位
office-issued = 签发
office-login = 登录名
office-person = 人员编号
office-id = 任命编号
office-who = { $holder }，{ $post }
office-in-force = 有效
office-not-yet = 尚未开始
office-expiring = 即将到期
office-expired = 已到期
office-renewed = 已续任
office-revoked = 已撤销
office-contested = 待追认
office-note-renewed = 同一职务另有任期更长的任命，以它为准。
office-note-not-yet = { $day }起生效。
office-note-expiring = 到期以后签的不再算数，请提前续任。
office-note-expired = 到期以后签的不再算数，以前签的照旧。
office-note-contested = 任命它的机构密钥已撤销，由上级追认后照旧有效。
office-revocation = 撤销
office-others = 同一人的其他任命
purpose-authority = 机构授权
purpose-node = 节点
purpose-witness = 见证
chain-reads = 从下往上，一直到创始声明
appointment-hint = 续任和撤销由{ $org }的管理员或站长办理。
authority-passphrase = 机构口令
authority-once = 只为这一次打开机构密钥
authority-wrong = 机构口令不对。看看大小写和输入法，再试一次。
authority-not-yours = 续任、撤销和追认由本单位的系统管理员或站长办理。
renew-until = 续任至
renew-until-wrong = 请选任期的最后一天。
renew-do = 续任
renew-done = 已续任。同一把密钥，不用本人再做什么。

## Revocation

revoke-look = 撤销这项任命……
revoke-title = 撤销：{ $who }
revoke-why = 为什么撤销
revoke-nothing-yet = 这一步只看影响，不签名
revoke-ground = 依据
revoke-soft = 离任，或换了密钥：此前已见证的照旧有效
revoke-hard = 密钥失窃或丢失：失窃以后签的都待追认
revoke-since = 失窃或丢失的时间
revoke-since-hint = 不知道就空着，那样全部待追认
revoke-since-soft = 离任不用填时间。密钥失窃或丢失的，请在上面选那一项。
revoke-since-wrong = 请选日期和时间。
revoke-reason = 理由
revoke-reason-hint = 公开，各单位都看得到；不写个人隐私
revoke-reason-missing = 写上理由，别人才知道为什么。
revoke-reason-long = 理由太长。请缩到 130 字以内。
revoke-keep = 它任命的怎么办
revoke-keep-auto = 按依据：离任的全部照旧，失窃或丢失的全部待追认
revoke-keep-all = 全部照旧
revoke-keep-none = 全部待追认
revoke-keep-only = 只有下面选中的照旧
revoke-kept = 逐项选
revoke-kept-hint = 选了“只有下面选中的照旧”才算
revoke-kept-wrong = 有一项任命的编号读不出来。请重新选一次。
revoke-preview = 先看影响
revoke-leave = 不撤销
revoke-does = 会有什么影响
revoke-does-later = 填好依据和理由，按“先看影响”，这里列出哪些照旧、哪些待追认。
revoke-says-good = { $count } 条此前已见证，照旧有效。
revoke-says-none = 没有内容因此待追认，已签的 { $count } 条照旧有效。
revoke-says-waiting = { $entries } 条待追认，连同个人信息部分，涉及 { $records } 件记录。追认之前不算数，内容都还在。
revoke-says-statements = 它签发的声明 { $kept } 项照旧，{ $waiting } 项待追认。
revoke-says-witness = 它此后的见证不再作数；此前的照旧。没有内容因此待追认。
revoke-says-node = 这个节点此后写的都待追认，直到另有任命。
revoke-says-person = 此人不能再用这项任命登录和签名。
revoke-entries = { $count } 条
revoke-more = 另有 { $count } 件
revoke-sign = 签名撤销
revoke-final = 撤销不能收回。要再任职，须重新任命。
revoke-do = 签名撤销
revoke-done = 已撤销。待追认的列在这里：
revoked-by = 撤销单位
revoked-at = 撤销时间
revoked-soft = 离任或换密钥
revoked-hard = 密钥失窃或丢失
revoked-hard-since = 密钥自 { $time }起失窃或丢失
statement-other = 声明 { $id }
statement-org = 登记单位：{ $org }
statement-policy = 见证的规定
revoked-statement = 撤销声明
appointment-anew = 要再任职，由管理员用 lianzhan appoint 重新任命。

## Adoption

contested = 待追认
contested-title-none = 没有待追认的内容
contested-title-entries = { $count } 条内容待追认
contested-title-statements = { $count } 项声明待追认
contested-title-both = { $entries } 条内容、{ $statements } 项声明待追认
contested-what = 签名的任命后来撤销，又没有及时见证的，先不算数。看过属实的，由现任同职者或机构追认，就在原来的位置重新计入。
contested-none = 没有待追认的内容
contested-none-how = 撤销任命以后，没有及时见证的内容会列在这里。
contested-statements = 任命等声明
contested-records = 记录里的内容
contested-look = 看任命
contested-issued = { $org }签发
contested-authority = { $by }撤销了签发它的机构密钥。
contested-sealed = 个人信息部分
contested-own = 您同职务
contested-untitled = 记录 { $id }
contested-choose-all = 本页全选
contested-choose-none = 全不选
contested-more = 另有 { $count } 件，追认这些以后再列。
contested-choose = 选好要追认的，下一步先看清楚再签名。
contested-hint = 追认由现任同职者、系统管理员或站长办理。
adopt-preview = 看选中的
adopt-look = 追认……
adopt-title = 追认 { $count } 项
adopt-does = 追认以后
adopt-counts = 下面的内容在原来的位置重新计入，追认人对它们负责。
adopt-resting = 只因依据它们而待追认的 { $count } 项任命，随之恢复。
adopt-by-post = 以本人职务追认
adopt-by-post-how = 您现任{ $post }，用您已打开的密钥签名，记在这些记录里。
adopt-by-org = 以{ $org }名义追认
adopt-by-org-how = 用机构密钥签名，各单位都看得到。
adopt-do = 签名追认
adopt-do-org = 以机构名义签名
adopt-nobody = 选中的不能一起由您追认：有的不是您的职务，有的不属本单位及下级。请回去分开选。
adopt-leave = 回去重选
adopt-done = 已追认 { $count } 项。

## Network

network-title-level = 已连 { $count } 个节点，全部见证
network-title-all = { $count } 个节点都有消息，全部见证
network-title-behind = { $count } 条还没有见证
network-title-alone = 没有连上任何节点
network-title-alarms = { $count } 个告警要人看
network-title-silent = { $count } 个节点没有消息，最久 { $span }
network-title-never = { $count } 个节点从未有消息
comma-clause = ，
alarms = 告警
said-alarms = 告警有更新
logs = 日志
logs-count = { $logs } 本，共 { $entries } 条
logs-empty = 本机还没有日志
logs-empty-how = 第一次登记，或连上第一个节点后就有。
log-own = 本机
receipt-none = 还没有
lag = { $count } 条
lag-none = 齐
silent = 没有消息的节点
silent-how = 超过三天没有连上，也没有新的条目和回执
silent-more = 另有 { $count } 个，全部列出
network-tree = 各单位
network-filter = 显示哪些
network-all = 全部
network-only = 只看要处理的 { $count } 个
network-quiet = 没有要处理的
network-quiet-how = 各节点都有消息，没有告警。
network-others = 其他单位的节点
branch-below = 下辖 { $count } 个节点
branch-silent = { $count } 个没有消息
branch-attention = { $count } 个要处理
branch-rest = 其余 { $count } 个节点
peers-count = 共 { $count } 个节点，连上 { $connected } 个
peer-connected = 已连
contact-own = 本节点
contact-told = 经{ $org }连上
contact-away = 离线 { $span }
contact-silent = 没有消息 { $span }
contact-never = 从未有消息
contact-unknown = 未告知
heard-never = 从未
span-moment = 不到 1 分钟
span-minutes = { $count } 分钟
span-hours = { $count } 小时
span-days = { $count } 天
newest-at = 最新 { $time }
node-none = 还没有节点
node-no-logs = 没有日志
node-behind = 差 { $count } 条
version-unknown = 未告知
versions = 软件版本
versions-nodes = { $count } 个节点
attention-fork = 一本日志有两个分支，请看告警。
attention-halted = 一本日志已停用，请看告警。
attention-rollback = 丢失过已签名的内容，已另起一本日志。
attention-refused = 发来了正常节点不会发的内容：{ $words }
attention-witness = 见证已停止，须更换见证密钥。
attention-revoked = 节点密钥已因失窃或丢失撤销，还没有新节点：{ $words }
attention-ending = { $post }的任命还有 { $days } 天到期。
attention-disk = 磁盘快满了，只剩 { $free }。请清出空间。
ending-authority = 机构密钥
ending-node = 节点
ending-witness = 见证密钥
told-by = 由谁告知
node = 本节点
node-facts = 这个节点
node-key = 密钥指纹
node-founding = 创始声明
node-disk = 磁盘
disk-room = 还剩 { $free }，共 { $total }
node-compare = 和上级当面核对这两行，一字不差，就不会接错网。

## Forks and gaps

forks = 日志分叉与缺口
forks-title = { $count } 本日志有两个分支
forks-title-gaps = 从旧副本恢复，缺 { $count } 条
forks-title-both = { $count } 本日志有两个分支，另缺 { $missing } 条
forks-title-none = 日志都前后一致，没有缺口
forks-rows = 有两个分支的日志
forks-none = 没有
forks-none-how = 同一个节点签过两份对不上的检查点时，证据会列在这里。
fork-log = 日志
fork-common = 共同部分
fork-found = 发现
fork-entries = { $count } 条
fork-puts = { $count } 项内容
fork-state-open = 另一支未到
fork-state-left = { $count } 条待重签
fork-state-done = 已处理
fork-title = { $log }有两个分支
fork-witness-log = 见证日志
fork-unknown-space = 本机不存的日志
fork-happened = 怎么回事
fork-says-signed = 同一把节点密钥签了两份对不上的检查点：前 { $count } 条相同，以后不同。常见的原因是整个硬盘或虚拟机被复制，两处都在写。
fork-says-not-held = 本机不存这本日志，只存证据。
fork-says-open = 另一支还没有到本机。到齐以前，照现在这一支继续。
fork-says-only-witnessed = 上级只见证过其中一支，以它为准。
fork-says-first-witnessed = 上级先见证的一支为准。
fork-says-smaller-leaf = 两支都没有先后可分的见证，以分叉处叶哈希较小的一支为准。
fork-says-alike = 各节点按同一条规则判断，结论都一样；另一支留作证据，不再计入。
fork-stands = 算数的一支
fork-other = 另一支
fork-signed = 签过的检查点
fork-witnessed = 上级首次见证
fork-unwitnessed = 没有
fork-not-known = 本机不知道
fork-root = 根
fork-left = 落在另一支上的
fork-left-what = 这些内容不计入，原文都在。由原签名人重新签名，就在现在这一支上重新写下。
fork-left-none = 没有待重签的
fork-left-none-how = 另一支上的内容都已重签，或者另一支还没有到本机。
fork-anew = 重新签名
fork-anew-by = 由{ $who }重签
fork-anew-done = 已重新签名，记下了。
fork-proof = 下载证据
fork-proof-what = 证据是两份签名的检查点和它们的默克尔路径，任何人不靠本机都能核验（docs/spec，03）。
fork-node-key = 节点密钥
restored = 从旧副本恢复的节点
restored-what = 这些节点的数据库曾退回旧副本，或被整个复制。旧日志不再写，以后写在新日志里；旧日志里别处也没有的，是声明过的缺口。
restored-none = 没有
restored-none-how = 节点从备份恢复以后，旧日志和缺口会列在这里。
restored-unknown = 不知道的节点
restored-signed = 签过
restored-held = 本机有
restored-missing = 缺口
restored-since = 重开于
restored-not-yet = 还没有再写
restored-lacks = 缺 { $count } 条
restored-whole = 齐

## What handlers say

comma = 、
period = { $from }—{ $to }
yes = 是
no = 否
value-empty = （空）
filter-all = 全部
level-national = 全国
level-province = 省
level-city = 市
level-county = 县
level-township = 镇
level-street = 街道
level-station = 站
role-deputy = { $level }代表
role-in = { $org }{ $role }
role-authority = 任命权
role-founding = { $keys } 把根密钥之 { $threshold }
audience-local = 本单位
audience-township = 站、镇
audience-county = 站、镇、县
audience-city = 一直到市
audience-summary = 一直到顶
audience-notice = 本单位和下级
audience-joint = 联动单位
audience-directory = 全网
space-directory = 任命与单位
space-joint = 联合活动
space-of = { $owner }的{ $space }

login-wrong = 登录名或口令不对。看看大小写和输入法，再试一次。
login-wait = 试的次数太多。等 { $seconds } 秒再试。

fault-nowhere = 没有这一页
fault-nowhere-todo = 地址可能写错了。从目录进去找。
fault-foreign = 没有收下：这张表不是从现在的页面送出的
fault-foreign-todo = 可能这一页开得太久，或者换了人登录。回到上一页，刷新后再填一次。
fault-unread = 没有收下：送来的内容读不出来
fault-unread-todo = 内容可能太长。回到上一页，删短一些再送。
fault-record = 这里没有这条记录
fault-record-todo = 可能还没有送到本机。连上上级后再看，或者问登记它的联络站。
fault-appointment = 这里没有这项任命
fault-appointment-todo = 可能还没有送到本机，或编号写得不全。请从“任命”里找。
fault-refused = 没有完成
fault-refused-todo = 回到上一页，照上面说的改，再试一次。
fault-full = 没有保存：磁盘已满
fault-full-todo = 请清出空间，再回到上一页保存一次，填的内容还在。此前保存的都在。
fault-halted = 没有保存：这本日志停写了
fault-halted-todo = 它和别处的不一致，要管理员先核对。别的照常办。
fault-inside = 没有完成：本机出了问题
fault-inside-todo = 回到上一页，填的内容还在。请把下面的编号告诉管理员。

form-wrong = 没有登记：有 { $count } 处要改，填的内容还在。
visit-persons-wrong = 填 1 到 9999 的整数。
visit-received-future = 这个时间还没有到。请填来访的时间。
visit-received-wrong = 请选日期和时间。
visit-told-wrong = 请选日期。
visit-done = 已登记，{ $number }。
visit-look = 看这一条
visit-not-yours = 登记来访由联络员、民情联络员和代表办理。
triage-none = 还没分流
todo-triage = 还没分流
todo-tell = { $triage }，还没告知来访人
todo-tell-petition = 转信访的，十五日内告知来访人

record-title-new = 还没分流
record-title-open = { $triage }，还要告知来访人
record-title-done = { $triage }，已告知来访人
record-received = { $who }接待，{ $count } 人
record-persons = { $count } 人
record-hint = 分流和告知由{ $org }的联络员或代表签名。
awaited-triage = 等分流
awaited-tell = 等告知来访人
awaited-told = 已告知来访人
event-register = 登记
event-sign-in = 签到
event-log-line = 记一条
event-seal = 封签
event-adopt = 追认
event-correct = 更正
event-confirm = 确认
change-first = 录入
change-field = 改“{ $field }”
change-fields = 改了 { $count } 项
change-who = { $who }，{ $role }
change-done = 已签名，记下了。

pending-appointment = 作者的任命还没有到本机。
pending-dependency = 前面的一条还没有到本机。
pending-definition = 台账的定义还没有到本机。
pending-node = 写入节点的任命还没有到本机。
pending-space = 所在的空间本机还不知道。
proof-as-of-none = 还没有收到上级的检查点。

seal-none-needed = 不用封签
seals-unequal = 封的不同
seals-awaited = 待封 { $count } 枚
activity-form-wrong = 没有发起：有 { $count } 处要改，填的内容还在。
activity-topic-wrong = 写上主题，别人才找得到。
activity-topic-person = 这里有手机号或身份证号。主题会公开，请删去。
activity-to-wrong = 结束早于开始。请改。
sign-in-done = 已签到。
seal-done = 已封签。
seal-moved = 没有封：刚才有了新内容。请看过再封。
participants-awaited = 待到

alarm-fork = 一本日志前后对不上
alarm-fork-todo = 各节点照同一支继续，别的照常。请看是谁的、哪些要重签。
alarm-look = 看证据
alarm-new-epoch = 本节点的一本日志不再写
alarm-new-epoch-todo = 以后写在新日志里，别的照常。请看为什么、还缺哪些。
alarm-halted = 一本日志停写了
alarm-halted-todo = 它在本机的数据坏了。请管理员运行 lianzhan check。
alarm-document = 一条记录的文档做不出来
alarm-document-todo = 记录和页面照常。请把记录号告诉管理员。
alarm-peer = 一个节点送来的内容不对
alarm-peer-todo = 没有收下。请对方的管理员检查。
alarm-witness = 本节点已停止见证：数据库是旧的副本
alarm-witness-todo = 请管理员运行 lianzhan witness renew。
alarm-other = 有情况要人看
alarm-other-todo = 请告诉管理员。
log-halted = 已停写

## Checking a bundle on one's own device

verify-title = 核验证据包
verify-here = 在浏览器里核验
verify-lead = 就在您自己的设备上核验，文件不上传。程序到齐以后，本页不再发出任何请求。
verify-bundle = 证据包
verify-bundle-how = 把 .tar 文件拖到这里，或者：
verify-choose = 选择证据包
verify-loading = 正在取核验程序……
verify-ready = 可以核验了。从现在起本页不再联网。
verify-busy = 正在核验……
verify-good = 证据包成立。
verify-bad = 不采信这个证据包。
verify-bad-say = 有一处不符，它就什么也证明不了。
verify-long = 文件超过 { $bytes } 字节，不是证据包。
verify-unread = 读不了这个文件。再选一次。
verify-broken = 核验程序没有取到，或者这个浏览器运行不了它。重新打开本页，或改用命令行工具 lianzhan-audit。
verify-stopped = 核验中断，没有结论。可能内存不够，改用命令行工具 lianzhan-audit。
verify-no-founding = 这不是创始声明，仍用原来的一份。
verify-noscript = 本页要运行脚本才能核验。也可以用命令行工具：
verify-unbuilt = 本节点在构建时没有带上浏览器核验程序。
verify-unbuilt-build = 要带上它：运行下面的脚本，再重新构建节点：
verify-unbuilt-tool = 现在就可以用命令行工具核验，结论一样：
verify-trust = 信任的起点
verify-trust-why = 任命链都到一份创始声明为止。信哪一份由您决定：请把编号与您从别处得知的比对，一字不差才算数。文件名通常是 founding.cose。
verify-source = 来源
verify-own = 本节点给的
verify-other = 您自己选的
verify-root = 创始单位
verify-id = 编号
verify-founding = 改用您自己保存的一份
verify-own-again = 用回本节点的
verify-keep = 下载本节点的创始声明
verify-file = 文件
verify-at = 核验时间
verify-print = 打印
verify-thing = 不符之处
verify-reason = 原因
verify-horizon = 截至何时
verify-log = 日志
verify-shown = 出示至（条）
verify-seen = 规定的上级见证
verify-upto = 前 % 条
verify-proved = 证明了什么，不能证明什么
verify-content = 内容
verify-who = 谁写的
verify-when = 何时（作者时钟）
verify-witnessed = 谁见证
verify-verdict = 结论
verify-chain = 任命：%
verify-unwitnessed = 尚无见证
verify-no-author = 未出示任命的作者
verify-counts = 有效
verify-provisional = 暂计有效
verify-pending = 待定
verify-contested = 存疑
verify-refused = 不计
verify-other-verdict = 见说明

marks = 对不上的时间
marks-rows = 改动
marks-what = 标记不是结论。请看填写人的时钟；天数从首次见证时间算起。
marks-none = 时间都对得上。
marks-ledger = 台账
marks-doubt = 哪里对不上
marks-ahead = 填写时间晚于见证时间
marks-behind = 填写一天后，日志被见证时还没有它

## The first page of a fresh machine

start-name = 联站
start-title = 加入联站网络
start-title-joining = 正在加入
start-title-sync = { $org }正在同步
start-title-person = { $org }已在用，请设第一个账号
start-lead = 本机还没有节点。请粘贴上级给的邀请码，再给本机构的密钥设一个口令。
start-lead-begun = 上次加入没有完成。请输入当时设的口令，从中断处继续。
start-lead-joining = 请不要关机。本页自己更新。
start-step-keys = 生成密钥
start-step-appointed = 上级任命
start-step-written = 写入本机
start-step-sync = 同步
start-step-service = 在用
start-code = 邀请码
start-code-why = 以 lianzhan-join-1. 开头，完整粘贴
start-passphrase = 本机构密钥的口令
start-passphrase-why = 至少 { $min } 个字符。任命人员、邀请下级时要用，请记牢
start-passphrase-begun = 上次设的那个
start-again = 再输入一次
start-join = 加入
start-go-on = 继续加入
start-found = 要建立一个网络的最上级，在终端运行
start-short = 口令少于 { $min } 个字符，请换长一些的。
start-differ = 两次输入的口令不同，请重新输入。
start-no-peer = 正在连接上级
start-nobody = 还没有人能登录
start-received = 已收 { $done } / { $all } 条
start-person = 账号
start-person-why = 任命为{ $roles }。其他人以后再任命。
start-person-too = 这个邀请码还任命一名人员，请在下面填写，再加入。
start-person-name = 姓名
start-login-why = 小写字母、数字
start-own = 本人的口令
start-own-why = 至少 { $min } 个字符，只有本人知道
start-authority = 本机构密钥的口令
start-person-do = 任命
start-person-now = 不等同步，先设第一个账号

## Inviting the node of an org below

invite-look = 邀请加入
invite-title = 邀请加入
invite-title-open = { $count } 份邀请还没有用
invite-who = 邀请谁
invite-org = 哪个单位
invite-org-new = 新的单位
invite-new = 新的单位
invite-new-why = 已有的单位不用填
invite-person = 任命的人员
invite-person-why = 可不选；权限以本单位能任命的为限
invite-role = 职务
invite-role-none = 不任命人员
invite-seat = 代表层级
invite-seat-none = 不是代表
invite-seat-missing = 代表要选层级。
invite-name-why = 可不填，由本人填写
invite-level = 层级
invite-code = 区划代码
invite-name-zh = 中文名称
invite-name-en = 英文名称
invite-days = 有效期
invite-day = { $count } 天
invite-addresses = 本节点的地址
invite-addresses-why = 新节点从那里连过来，一行一个
invite-addresses-missing = 请写新节点能连到的地址，如 /ip4/192.0.2.1/tcp/7611。
invite-missing = 这一项必须填写。
invite-do = 生成邀请码
invite-why = 邀请码只能用一次；加入时本节点须在运行。拿到邀请码的人可以代表那个机构加入，请当面或用可靠的方式交给。
invite-open = 未使用的邀请
invite-none = 没有未使用的邀请。
invite-none-how = 填写单位或人员，生成邀请码，交给要加入的人。
invite-made = 发出
invite-until = 有效至
invite-expired = 已过期
invite-withdraw = 撤回
invite-withdraw-whose = 撤回对{ $org }的邀请
invite-withdrawn = 已撤回对{ $org }的邀请，那个邀请码不能再用。
slip-title = { $org }的邀请码
slip-lead = 到 { $until } 有效，只能用一次。离开登录后不能再显示，请现在复制或打印。
slip-print = 打印
slip-one = 在新机器上启动联站，用那台机器的浏览器打开 http://127.0.0.1:7610/
slip-two = 粘贴邀请码，或用扫码枪扫入，再设定口令。
slip-three = 页面显示“在用”，就加入好了。用过以后请销毁这张纸。
slip-person-one = 在该单位节点的登录页点“有邀请码”。
slip-person-two = 粘贴邀请码，或用扫码枪扫入，再填写登录名、设定口令。
slip-person-three = 随即可以登录。用过以后请销毁这张纸。
slip-qr = 二维码
slip-qr-what = 邀请码的二维码，内容与文字相同
slip-qr-how = 内容与文字相同。打印时宽 70 毫米，扫码枪可直接录入。
slip-qr-long = 邀请码太长，画不成二维码，请用文字。

attachments = 附件
attachments-count = { $count } 个
attachments-none = 还没有附件。
attachment-photo = 照片
attachment-video = 视频
attachment-document = PDF 文件
attachment-file = 文件
attachment-alt = { $kind }，点开看原图
attachment-away = 还没有到本机
attachment-detach = 取下
attachment-detached = 已取下。以前的记录仍写明它曾附在这里。
attach-where = 放在哪里
attach-personal = 当事人附册：加密，只留在{ $who }
attach-shared = 随记录：{ $who }都能看到，不能含个人信息
attach-file = 选照片、视频或 PDF
attach-kinds = JPEG、PNG、WebP 20 MiB，PDF 50 MiB，MP4、MOV 200 MiB 以内
attach-hint = 照片里的拍摄地点、时间和机型会先去掉；画面里的旁人要自己检查。
attach-do = 上传并签名
attach-done = 已附上 { $count } 个附件。
visit-file = 来信、材料的照片或 PDF（加密）

## Any ledger

rail-all-ledgers = 全部台账
ledgers = 台账
ledgers-title = 本机有 { $count } 本台账，本单位的都完整
ledgers-title-open = 本机有 { $count } 本台账，{ $open } 件还要补齐
ledgers-own = 您能登记的
ledgers-own-hint = 按定义登记，保存时签名
ledgers-name = 台账
ledgers-records = 件数
ledgers-incomplete = 待补齐
ledgers-own-count = 本单位 { $count }
ledgers-lack = { $count } 件待补
ledgers-complete = 都完整
travels-local = 只留在登记的单位
travels-township = 到乡镇、街道为止
travels-county = 到县、区为止
travels-city = 到市、州为止
travels-summary = 逐级上报的统计
travels-notice = 下发到各站
travels-directory = 名录
travels-joint = 几个单位共用
ledger-title = { $name }，{ $count } 件
ledger-title-open = { $name }，{ $count } 件，{ $open } 件待补齐
ledger-title-many = { $name }，超过 10,000 件
ledger-title-empty = { $name }，还没有登记
ledger-empty = 还没有登记
ledger-empty-how = 按“登记”填第一件；打了一半也可以存草稿。
ledger-rows = 登记
ledger-all = 看全部栏目
ledger-few = 只看主要栏目
said-ledger = 台账有更新
sort = 排序
sort-newest = 新的在前
sort-oldest = 旧的在前
sort-changed = 最近改动的在前
sort-title = 按名称
sort-column = 按所点的栏目
filter-since = { $field }，从
filter-until = { $field }，到
filter-complete = 完整
filter-incomplete = 只看待补齐的
filter-more = 更多条件
row-lacks = 缺 { $count } 项
entry-title = 登记：{ $name }
entry-title-edit = 修改：{ $name }
entry-travels = 存放：{ $who }
entry-must = 要填的
entry-for-complete = 补齐后才算完整
entry-for-complete-hint = 可以先空着，以后再补
entry-rest = 其他
entry-complete = 完整要有
entry-nth = { $field } { $n }
entry-more = 再加一行“{ $field }”
entry-less = 删去第 { $n } 行
entry-blank = 不填
entry-choose = 请选择
entry-wrong = 没有保存：有 { $count } 处要改，填的内容还在。
entry-do = 登记
entry-do-edit = 签名并保存修改
entry-keep = 存草稿
entry-kept = 草稿已存，{ $time }
entry-place = 登记在哪里
entry-files-hint = 照片里的地点、时间、机型先去掉再保存。草稿里不存文件。
entry-done = 已登记。
entry-same = 没有改动，什么也没有写。
typing = 没写完的
typing-of = { $ledger }，{ $time } 存
typing-drop = 删去草稿
typing-dropped = 草稿已删去。
typing-kept = 草稿已存在本机，只有您登录后能打开。
typing-untitled = 没有标题
named-by = 哪里提到它
named-by-more = 另有 { $count } 处
record-edit = 修改
entry-member = 名称
entry-geo = 纬度, 经度，如 30.272111, 109.486099
entry-any = 填标题的几个字来找，或填记录编号
entry-row = 填这一行就要有

## 查找

search = 查找
search-title = 在所有台账里查找
search-title-none = 没有找到“{ $words }”
search-title-found = “{ $words }”，找到 { $count } 条
search-words = 要找的词
search-do = 查找
search-hint = 一个字、两个字、一句话都可以找；几个词之间空一格，都有的才列出。按相近程度排列，标题里有的在前。个人信息（姓名、电话、住址）不在查找范围内。
search-none-hint = 换一个说法，或者少写几个字。个人信息（姓名、电话、住址）不在查找范围内。
search-all = 全部
search-by-ledger = 按台账看
search-found = 找到的记录
