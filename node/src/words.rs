//! Errors of use cases in Chinese, for clerks: what happened, to which thing, what to do.

use lianzhan_protocol::record::ledger::{Field, ledgers};
use lianzhan_protocol::record::{ContestReason, Ineffective, RefusalReason};

use crate::services::ServiceError;
use crate::services::visit::PersonalData;

/// The error in Chinese. What only an operator can mend keeps its English cause behind a Chinese sentence.
pub fn zh(error: &ServiceError) -> String {
    match error {
        ServiceError::Field { field, words } => {
            let label = field_of(field).map_or(field.as_str(), |field| field.zh.as_str());
            format!("{label}：{}", field_words(words))
        }
        ServiceError::Refused(reason) => format!("没有保存：{}", refusal(reason)),
        ServiceError::Pending(_) => "没有保存：任命或前面的内容还没有到本机。联网后再试。".into(),
        ServiceError::Ineffective(reason) => format!("没有保存：{}", ineffective(reason)),
        ServiceError::NoNode(dir) => {
            format!(
                "{} 里没有节点。请用 lianzhan found 或 lianzhan join 建立。",
                dir.display()
            )
        }
        ServiceError::NodeExists(dir) => format!("{} 里已有节点。请用 --dir 另选目录。", dir.display()),
        ServiceError::SignIn => "登录名或口令不对。".into(),
        ServiceError::UnknownRecord(_) => "本机没有这条记录。".into(),
        ServiceError::NotARecordId(_) => "这不是记录编号（32 位十六进制）。".into(),
        ServiceError::UnknownLedger(id) => format!("没有这本台账：{id}。"),
        ServiceError::UnknownView { name, known } => format!("没有这个视图：{name}。可选：{known}。"),
        ServiceError::Import(error) => error.message_zh(),
        ServiceError::Busy(_) => "这个节点正在运行。".into(),
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
    if words == PersonalData::Mobile.words() {
        "这里有一个手机号。请移到“联系电话”：反映内容会送到县里，电话只留在本镇。".into()
    } else if words == PersonalData::Identity.words() {
        "这里有一个身份证号。请删去：反映内容会送到县里。".into()
    } else if words == "this field must be filled" {
        "这一项必须填写。".into()
    } else {
        words.to_owned()
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
        RefusalReason::RoleForEvent(_) => "您的职责不签这件事。",
        RefusalReason::EventOfOtherLedger(_) => "这本台账没有这件事。",
        RefusalReason::Field(_) => "有一项不合台账的定义。",
        RefusalReason::Audience => "这本台账不放在这个范围。",
        RefusalReason::Unrooted => "这次修改不属于这条记录：编号是为另一次首改定的。",
        RefusalReason::OtherLedger => "这条记录属于另一本台账。",
        RefusalReason::TooMany => "同一节点对这条记录的修改次数太多。",
    }
}

/// Why a change waits for an adoption, in Chinese.
pub fn contest(reason: &ContestReason) -> &'static str {
    match reason {
        ContestReason::Revoked(_) => "签名人的任命已撤销，而这次修改在那之前没有见证。",
        ContestReason::NodeRevoked(_) => "写入节点的任命已撤销，而这次修改在那之前没有见证。",
        ContestReason::Authority(_) => "任命出自一把已撤销的机构密钥。",
    }
}

/// Why an event has no effect, in Chinese.
pub fn ineffective(reason: &Ineffective) -> &'static str {
    match reason {
        Ineffective::Once => "已经做过一次。",
        Ineffective::OtherDeputy => "签到的是另一位代表的名字。",
        Ineffective::NotThisSeat => "签名人没有这一级的代表资格。",
        Ineffective::NotForThisOrg => "签名人不能替这一级或这个机构封签。",
        Ineffective::UnknownHead => "封签所指的内容，签名人当时没有看到。",
        Ineffective::OtherDigest => "封签的摘要与内容不符。",
    }
}
