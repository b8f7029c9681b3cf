//! Errors of use cases in Chinese, for clerks: what happened, to which thing, what to do.

use lianzhan_protocol::record::ledger::{Field, ledgers};
use lianzhan_protocol::record::{
    ContestReason, Erasure, ErasureError, ErasureFault, Ineffective, RefusalReason,
};
use lianzhan_protocol::trust::{FoundingError, Level, StatementFault};

use crate::keystore::{KeyFileError, PASSPHRASE_MIN};
use crate::services::access::{NO_PERSONS, SAY_WHAT_FOR};
use crate::services::office::OfficeError;
use crate::services::select::{RECORDS_MAX, SelectError};
use crate::services::{ServiceError, StoreError};

/// The error in Chinese. What only an operator can mend keeps its English cause behind a Chinese sentence.
pub fn zh(error: &ServiceError) -> String {
    match error {
        error if error.is_full() => "没有保存：磁盘已满。请清出空间，再保存一次；此前保存的都在。".into(),
        ServiceError::Store(StoreError::Unmarked(_)) => {
            "已保存，但磁盘已满或不能写入，暂时还看不到。请清出空间，不要再登记一次。".into()
        }
        ServiceError::Store(StoreError::Newer { have, known }) => {
            format!("数据库是更新的版本写的（格式 {have}，本程序只到 {known}），没有改动它。请更新程序。")
        }
        ServiceError::Store(StoreError::Upgrade { have, known, reason }) => format!(
            "数据库没有从格式 {have} 升到 {known}：{reason}。原文件没有改动，可用原来的程序继续，并请告诉提供程序的人。"
        ),
        ServiceError::Field { field, words } => {
            let label = field_of(field).map_or(field.as_str(), |field| field.zh.as_str());
            format!("{label}：{}", field_words(words))
        }
        ServiceError::Refused(reason) => format!("没有保存：{}", refusal(reason)),
        ServiceError::Pending(_) => "没有保存：任命或前面的内容还没有到本机。联网后再试。".into(),
        ServiceError::Moved => "没有保存：这条记录刚有改动，请看过再办。".into(),
        ServiceError::Ineffective(reason) => format!("没有保存：{}", ineffective(reason)),
        ServiceError::NoNode(dir) => {
            format!(
                "{} 里没有节点。请用 lianzhan found 或 lianzhan join 建立。",
                dir.display()
            )
        }
        ServiceError::NoDatabase(path) => format!(
            "找不到 {}：这个节点的数据库不在这里。请放回原处，或另选一个目录用 lianzhan restore 从备份恢复。",
            path.display()
        ),
        ServiceError::NodeExists(dir) => format!("{} 里已有节点。请用 --dir 另选目录。", dir.display()),
        ServiceError::OtherFiles(dir) => {
            format!("{} 里有别的文件。请用 --dir 另选空目录或新目录。", dir.display())
        }
        ServiceError::Contested(reason) => format!("没有保存：{}", contest(reason)),
        ServiceError::Office(error) => office(error),
        ServiceError::WouldNotStand(fault) => format!("这项声明不会成立：{}", statement(fault)),
        ServiceError::Succession(FoundingError::TooFew { signed, threshold }) => {
            format!("签名的创立人不够：有 {signed} 位，须有 {threshold} 位。")
        }
        ServiceError::Succession(error) => format!("这份继任声明还不能公布：{error}"),
        ServiceError::Key(KeyFileError::Passphrase(path)) => format!("口令打不开 {}。", path.display()),
        ServiceError::Key(KeyFileError::Exists(path)) => {
            format!("{} 已经存在，不会覆盖。", path.display())
        }
        ServiceError::Key(KeyFileError::Format(path)) => format!(
            "{} 不是密钥文件，或已损坏。请从备份放回这个文件，或用 lianzhan restore 恢复整个节点。",
            path.display()
        ),
        ServiceError::Key(KeyFileError::Disk { path, error }) => {
            format!("{} 不能读写：{error}。请检查文件与权限。", path.display())
        }
        ServiceError::Key(KeyFileError::Weak) => {
            format!("口令少于 {PASSPHRASE_MIN} 个字符，请换长一些的。")
        }
        ServiceError::Carry(error) => error.zh(),
        ServiceError::Attachment(error) => error.zh(),
        ServiceError::Setting(error) => error.zh(),
        ServiceError::Definition(error) => error.zh(),
        ServiceError::Joint(error) => error.zh(),
        ServiceError::Config(error) => error.zh(),
        ServiceError::Fields(faults) => {
            let each = faults
                .iter()
                .map(|fault| format!("{}：{}", fault.label_zh, fault.zh));
            format!(
                "有 {} 处要改。{}",
                faults.len(),
                each.collect::<Vec<_>>().join("；")
            )
        }
        ServiceError::Invitation(error) => error.zh(),
        ServiceError::DivisionCode(code) => {
            format!("“{code}”不是区划代码，区划代码为 2、4、6、9 或 12 位数字。")
        }
        ServiceError::CodeOfLevel { code, level } => {
            let digits = match level {
                Level::National => "不限",
                Level::Province => "省级为 2 位，可补零",
                Level::City => "市级为 4 位，可补零",
                Level::County => "县级为 6 位，可补零",
                Level::Township | Level::Street => "乡镇、街道为 9 位，可补零",
                Level::Station => "联络站为 12 位，服务整个乡镇或县的可为 9 位或 6 位",
            };
            format!("区划代码 {code} 与层级不符：{digits}。")
        }
        ServiceError::Select(error) => select(error),
        ServiceError::SignIn => "登录名或口令不对。".into(),
        ServiceError::UnknownRecord(_) => "本机没有这条记录。".into(),
        ServiceError::Erased(_) => "这条记录已擦除。".into(),
        ServiceError::Held(_) => {
            "这条记录里有像个人信息的内容，核对放行之后才能导出，见“个人信息”里的待核对。".into()
        }
        ServiceError::Locked { until, .. } => {
            format!("当事人附册已锁定：保存期已满，但依法到 {until} 才能擦除，在此之前只保存、不使用。")
        }
        ServiceError::NothingToErase(_) => "本机没有可擦除的内容。当事人附册请在持有它的节点上擦除。".into(),
        ServiceError::Erasure(error) => erasure(error),
        ServiceError::MayNotErase(fault) => format!("这次擦除不会生效：{}", erasure_fault(fault)),
        ServiceError::Incomplete(_) => "这条记录有内容尚未同步到本机，请在下次同步后再试。".into(),
        ServiceError::NotARecordId(_) => "这不是记录编号（32 位十六进制）。".into(),
        ServiceError::UnknownLedger(id) => format!("没有这本台账：{id}。"),
        ServiceError::UnknownView { name, known } => format!("没有这个视图：{name}。可选：{known}。"),
        ServiceError::Import(error) => error.message_zh(),
        ServiceError::Busy(_) => "这个节点正在运行。".into(),
        ServiceError::Store(error) if error.is_damaged() => format!(
            "本机的数据库已损坏：{error}。请保留这个目录，另选一个目录用 lianzhan restore 从备份恢复。"
        ),
        ServiceError::Disk { path, error } if error.kind() == std::io::ErrorKind::PermissionDenied => {
            format!(
                "没有权限读写 {}。请由运行节点的用户来做（例如 sudo -u lianzhan），或改目录的权限。",
                path.display()
            )
        }
        ServiceError::Disk { path, error } if error.kind() == std::io::ErrorKind::NotADirectory => {
            format!(
                "{} 不能用：路径中有一段不是目录。请用 --dir 另选目录。",
                path.display()
            )
        }
        ServiceError::Store(_) | ServiceError::Disk { .. } | ServiceError::Damaged(_) => {
            format!("没有保存：本机的存储出了问题，填的内容还在。请告诉管理员：{error}")
        }
        other => format!("没有完成：{other}"),
    }
}

fn field_of(id: &str) -> Option<&'static Field> {
    let id = id.split('/').next().unwrap_or(id);
    ledgers().iter().find_map(|ledger| ledger.field(id))
}

/// What is wrong with a field, in Chinese, without the field's name.
pub fn field_words(words: &str) -> String {
    if words == SAY_WHAT_FOR {
        "请用一行（最多 100 字）写明用途。".into()
    } else if words == NO_PERSONS {
        "用途在记录擦除之后仍会留下，不得写姓名和号码。".into()
    } else if words == crate::services::confirm::MOBILE {
        "这里有一个手机号。请删去：这段文字会送到镇以上。".into()
    } else if words == crate::services::confirm::PERSONAL {
        "这里像有个人的号码或姓名。请删去：这段文字会送到镇以上。".into()
    } else if words == crate::services::confirm::SAME {
        "没有改动。请写明应为何时、应为何文，或整条收回。".into()
    } else if words == crate::services::confirm::WHEN {
        "请写成日期，或带 +08:00 的时刻。".into()
    } else if words == crate::services::recorded::EARLY {
        "这个日期还没有到。".into()
    } else if words == crate::services::recorded::SEVERAL {
        "有几个人同名，请选明是哪一位。".into()
    } else if words == crate::services::recorded::NO_SUCH {
        "没有这个人。".into()
    } else if words == crate::services::recorded::LEVEL {
        "请选明代表席位的层级。".into()
    } else if words == crate::services::recorded::OTHER_LEVEL {
        "这位代表的席位不是这一级。".into()
    } else if words == "this field must be filled" {
        "这一项必须填写。".into()
    } else {
        crate::services::import::not_one_zh(words).unwrap_or_else(|| words.to_owned())
    }
}

/// Why a change does not count, in Chinese.
pub fn refusal(reason: &RefusalReason) -> &'static str {
    match reason {
        RefusalReason::AppointmentDoesNotStand => "任命不成立。",
        RefusalReason::OtherKey => "任命属于另一把密钥。",
        RefusalReason::NotAPerson => "这不是个人的任命。",
        RefusalReason::OutOfTime => "当时不在任命的期限内。",
        RefusalReason::ForeignOrg => "您所在的机构不持有这份台账。",
        RefusalReason::ForeignNode => "写入的节点不持有这份台账。",
        RefusalReason::RoleForLedger => "您的职责不写这本台账。",
        RefusalReason::OrgForEvent(_) => "他人所为，只能由这份台账所属的单位代录。",
        RefusalReason::RoleForEvent(_) => "您的职责不签这件事。",
        RefusalReason::EventOfOtherLedger(_) => "这本台账没有这件事。",
        RefusalReason::Field(_) => "有一项不合台账的定义。",
        RefusalReason::Audience => "这本台账不放在这个范围。",
        RefusalReason::Unrooted => "这次修改不属于这条记录：编号是为另一次首改定的。",
        RefusalReason::OtherLedger => "这条记录属于另一本台账。",
        RefusalReason::TooMany => "同一节点对这条记录的修改次数太多。",
    }
}

/// What is wrong with an erasure, in Chinese.
fn erasure(error: &ErasureError) -> String {
    match error {
        ErasureError::Date => "请写明决定的日期，如 2026-03-31。".into(),
        ErasureError::Note => format!("备注为一行，最多 {} 字。", Erasure::NOTE_MAX),
        ErasureError::NoteNumber => {
            format!(
                "备注里不能有 {} 位以上的数字：内容擦除之后备注仍会留下。",
                Erasure::DIGITS_MAX
            )
        }
        ErasureError::Codec(_) | ErasureError::Signature(_) => format!("{error}。"),
    }
}

/// Why an erasure has no effect, in Chinese.
pub fn erasure_fault(fault: &ErasureFault) -> &'static str {
    match fault {
        ErasureFault::Unwitnessed => "尚未见证。",
        ErasureFault::Node | ErasureFault::Appointment(_) => "任命还没有到本机。",
        ErasureFault::Space => "所在的范围还没有到本机。",
        ErasureFault::OtherSpace => "它写在另一个范围的日志里。",
        ErasureFault::ForeignNode => "写入的节点不持有这个范围。",
        ErasureFault::AppointmentDoesNotStand => "签名人的任命不成立。",
        ErasureFault::OtherKey => "任命属于另一把密钥。",
        ErasureFault::NotAPerson => "这不是个人的任命。",
        ErasureFault::OutOfTime => "当时不在任命的期限内。",
        ErasureFault::NotItsOwner => "签名人所在的机构既不是所有者，也不是其上级。",
        ErasureFault::Role => "签名人的职责不能擦除记录。",
    }
}

/// Why a change waits for an adoption, in Chinese.
pub fn contest(reason: &ContestReason) -> &'static str {
    match reason {
        ContestReason::Revoked(_) => "签名人的任命已撤销，而这次修改在那之前没有见证。",
        ContestReason::NodeRevoked(_) => "写入节点的任命已撤销，而这次修改在那之前没有见证。",
        ContestReason::Authority(_) => "任命出自一把已撤销的机构密钥。",
        ContestReason::Closed(_) => "机构变更后这个空间已关闭，而这次修改在那之前没有见证。",
    }
}

/// Why a statement would not stand, in Chinese.
fn statement(fault: &StatementFault) -> String {
    let words = match fault {
        StatementFault::Issuer(inner) => return format!("所依据的任命不成立：{}", statement(inner)),
        StatementFault::IssuerUnknown(_)
        | StatementFault::OrgUnknown(_)
        | StatementFault::TargetUnknown(_) => "所依据的内容还没有到本机，联网后再试。",
        StatementFault::NotAuthority(_) => "签发的密钥不代表该机构。",
        StatementFault::OutOfReach(_) => "对象既不是本机构，也不是直接下级。",
        StatementFault::Role => "其中有本机构无权授予的职责。",
        StatementFault::Depth => "授予的层级超过本机构所能授予的。",
        StatementFault::Validity => "期限超出本机构自己的授权期限。",
        StatementFault::Possession => "被任命的密钥没有为自己签名。",
        StatementFault::OtherFederation => "出自另一个网络。",
        StatementFault::Seat => "代表须有层级，且由那一级或更高一级任命。",
        StatementFault::Purpose => "这把密钥先前已用于别的用途。",
        StatementFault::Contested(_) => "本机构原来的授权已撤销，请先取得上级批准的新密钥。",
        StatementFault::Content(_) | StatementFault::Succession(_) => return format!("{fault}。"),
    };
    words.to_owned()
}

/// What the store noted of a log, in Chinese. What is not known here stays as it was noted.
pub fn noted(words: &str) -> String {
    let numbers: Vec<&str> = words
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    match (words, numbers.as_slice()) {
        ("a peer holds another branch of this log that this node signed", _) => {
            "另一个节点存有本节点签过的另一支。".into()
        }
        ("the high-water file is missing, so this copy may be an old one", _) => {
            "不知道签到了哪里（high-water 文件不见了），这份数据库可能是旧副本。".into()
        }
        (words, [held, signed]) if words.starts_with("this database ends at") => {
            format!("数据库只到 {held} 条，而已签到 {signed} 条：这是旧副本。")
        }
        (words, _) if words.starts_with("this log says two things") => {
            "它的节点签过两份对不上的检查点。".into()
        }
        _ => words.to_owned(),
    }
}

/// Why no records can be selected, in Chinese.
fn select(error: &SelectError) -> String {
    match error {
        SelectError::Nothing => "这里没有符合的记录。".into(),
        SelectError::TooMany(count) => {
            format!("共有 {count} 条记录，一个证据包最多放 {RECORDS_MAX} 条。请分开下载。")
        }
        SelectError::Quarter(text) => format!("“{text}”不是季度，请写成 2026Q1 这样。"),
        SelectError::Year(year) => format!("“{year}”不是年份。"),
        SelectError::NoOrg(text) => format!("本机不认识代码为 {text} 的单位，请核对区划代码。"),
        SelectError::SeveralOrgs { text, orgs } => {
            let each: Vec<_> = orgs.iter().map(|(name, id)| format!("{name}（{id}）")).collect();
            format!("“{text}”不止一个单位：{}。请写单位的编号。", each.join("、"))
        }
    }
}

/// Why a post does not serve, in Chinese.
fn office(error: &OfficeError) -> String {
    match error {
        OfficeError::NotHere => "这把密钥的任命还没有到本机；批准后下次同步时到达。".into(),
        OfficeError::Revoked { by, at, words } => format!(
            "这项任命已由{by}于 {at} 撤销：{words}。密钥仍在本机，但不再签名；如需继续任职，请{by}重新任命。"
        ),
        OfficeError::Ended(at) => format!("这项任命已于 {at} 到期，请申请续任。"),
        OfficeError::OtherPost(post) => format!("此人现在没有“{post}”这个职务。"),
        OfficeError::Unknown(text) => format!("本机没有任命“{text}”。可用 lianzhan appointments 查看。"),
        OfficeError::Several(text) => format!("“{text}”不止一项任命，请写任命的编号。"),
        OfficeError::UnknownOrg(text) => format!("本机不认识机构“{text}”：请写区划代码或机构编号。"),
        OfficeError::NotBelow(name) => {
            format!("{name}不在本机构之下；请到变更前后的共同上级办理。")
        }
        OfficeError::OrgEnded(words) => format!("该机构已经撤销：{words}。"),
        OfficeError::OutOfReach { issuer } => format!("只有{issuer}或其上级能办，请到那里办理。"),
        OfficeError::OtherOrg(name) => format!("那里的任命由{name}作出，请到那里办理。"),
        OfficeError::Already(words) => format!("这项任命已经撤销：{words}。"),
        OfficeError::Earlier(at) => format!("这项任命本来就到 {at} 为止，请写更晚的日期。"),
        OfficeError::Beyond(at) => {
            format!("本机构自己的授权到 {at} 为止。请先由上级续任本机构，或写更早的日期。")
        }
        OfficeError::NoPerson(text) => format!("本机不认识“{text}”：请写人员编号或本机的登录名。"),
        OfficeError::AuthorityEnded(at) => format!("本机构自己的授权已于 {at} 到期，请由上级续任。"),
        OfficeError::NoFounders { root } => {
            format!("只有最上级{root}有创立人；本机构的密钥由上级更换（lianzhan authority ask）。")
        }
        OfficeError::Taken(login) => {
            format!("登录名“{login}”在本机已有人用，请换一个。同一人兼任，请用 --person 说明。")
        }
        OfficeError::NoChild(text) => format!("本机构没有直接下级“{text}”：请写区划代码或机构编号。"),
        OfficeError::NoRequest => "这不是机构密钥的请求码。请完整复制 lianzhan authority ask 打印的内容。".into(),
        OfficeError::OtherFederation => "这个请求码出自另一个网络。".into(),
        OfficeError::RootKey => "最上级的授权由创立人重新指定，见 lianzhan succession。".into(),
        OfficeError::OpenRequest => {
            "本机已有一个未批准的机构密钥请求，口令与当时设定的不同。如要重新开始，请移走 authority.next.age。".into()
        }
        OfficeError::Unconfirmed { org } => format!(
            "{org}现用的密钥没有为这个请求签名。请用可靠的方式问清是谁在请求，核对指纹，再用 --lost（丢失）或 --stolen（失窃）批准。"
        ),
        OfficeError::OtherConfirmed => "为这个请求签名的密钥现在不代表该机构，请重新生成请求码。".into(),
        OfficeError::RetiredWitness => "本节点的见证密钥已停用，请先运行 lianzhan witness renew。".into(),
        OfficeError::UnknownChange(id) => format!("本机没有更改 {id}。待追认的内容见 lianzhan adopt --list。"),
        OfficeError::NotContested => "没有需要追认的内容。".into(),
        OfficeError::KeyTakenBack { by, at, words } => format!(
            "{by}已于 {at} 收回这把密钥（{words}），在同一机构再任命它也不起作用。请换一把密钥：本机人员用 lianzhan renew 登录名 --new-key，下级机构用 lianzhan invite --again。"
        ),
        OfficeError::OwnRevoked { by, at, words } => format!(
            "本机构的密钥已由{by}于 {at} 撤销（{words}），现在签发的不会成立。请用 lianzhan authority ask 生成新密钥，由{by}批准。"
        ),
        OfficeError::NewPassphrase(at) => {
            format!("口令打不开本机构的密钥。密钥已于 {at} 更换，请用更换时设定的新口令。")
        }
        OfficeError::NoFounder => "这把密钥不属于现任创立人；继任由现任创立人签名。".into(),
        OfficeError::NotSamePost => "只有现任同一职务的人，或上级机构，才能追认。".into(),
    }
}

/// Why an event has no effect, in Chinese.
pub fn ineffective(reason: &Ineffective) -> &'static str {
    match reason {
        Ineffective::Once => "已经做过一次。",
        Ineffective::OtherDeputy => "签到的是另一位代表的名字。",
        Ineffective::NotThisSeat => "签名人没有这一级的代表资格。",
        Ineffective::NotForThisOrg => "签名人不能替这一级或这个机构封签。",
        Ineffective::UnknownHead => "所指的内容，签名人当时没有看到。",
        Ineffective::OtherDigest => "摘要与内容不符。",
        Ineffective::UnknownEvent => "所指的那一条不在这里，或没有生效。",
        Ineffective::OtherKind => "这样的一条不能这样更正或确认。",
        Ineffective::OtherPost => "更正由原记录人本人，或本单位同岗位的人来做。",
        Ineffective::OwnAct => "自己做的事，用自己的密钥签名，不能代录。",
        Ineffective::OwnWriting => "自己写过的内容，不能由自己确认。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_store_notes_is_told_in_chinese() {
        for (noted_words, part) in [
            (
                "this database ends at 7 entries, but 12 were signed: it is an old copy",
                "只到 7 条，而已签到 12 条",
            ),
            (
                "a peer holds another branch of this log that this node signed",
                "另一支",
            ),
            (
                "the high-water file is missing, so this copy may be an old one",
                "旧副本",
            ),
            ("something new", "something new"),
        ] {
            assert!(noted(noted_words).contains(part), "{noted_words}");
        }
    }
}
