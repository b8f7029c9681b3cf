//! Why a change does not count and why an event has no effect, in Chinese; `Display` of the reasons gives the English.

use crate::record::{ContestReason, Ineffective, PendingReason, RefusalReason};

pub(super) fn pending_zh(reason: &PendingReason) -> &'static str {
    match reason {
        PendingReason::Appointment(_) => "包内没有成立的任命",
        PendingReason::Dependency(_) => "缺少在先的更改",
        PendingReason::Definition(_) => "本程序没有其台账定义",
        PendingReason::Node => "缺少写入节点的任命",
        PendingReason::Space => "尚不知其空间",
    }
}

pub(super) fn contested_zh(reason: &ContestReason) -> &'static str {
    match reason {
        ContestReason::Revoked(_) => "作者的任命在此内容被见证之前已撤销",
        ContestReason::NodeRevoked(_) => "写入节点的任命在此内容被见证之前已撤销",
        ContestReason::Authority(_) => "任命出自已被撤销的机构密钥",
        ContestReason::Closed(_) => "机构变更后空间已关闭，而此内容在那之前没有见证",
    }
}

pub(super) fn refused_zh(reason: &RefusalReason) -> String {
    match reason {
        RefusalReason::AppointmentDoesNotStand => "任命不成立".into(),
        RefusalReason::OtherKey => "任命属于另一密钥".into(),
        RefusalReason::NotAPerson => "该任命不是个人任命".into(),
        RefusalReason::OutOfTime => "当时任命不在有效期内".into(),
        RefusalReason::ForeignOrg => "作者单位不持有该空间".into(),
        RefusalReason::ForeignNode => "写入节点的单位不持有该空间".into(),
        RefusalReason::RoleForLedger => "没有填写该台账的职务".into(),
        RefusalReason::OrgForEvent(_) => "他人所为，只能由该台账所属的单位代录".into(),
        RefusalReason::RoleForEvent(_) => "没有签署该事项的职务".into(),
        RefusalReason::EventOfOtherLedger(_) => "该台账没有这种事项".into(),
        RefusalReason::Field(key) => format!("字段 {key} 不符合台账定义"),
        RefusalReason::Audience => "该台账的记录不在这种空间".into(),
        RefusalReason::Unrooted => "不属于该记录：记录编号是为另一首次更改而定的".into(),
        RefusalReason::OtherLedger => "该记录属于另一台账".into(),
        RefusalReason::TooMany => "其日志中该记录的更改过多".into(),
    }
}

pub(super) fn ineffective_zh(reason: &Ineffective) -> &'static str {
    match reason {
        Ineffective::Once => "此前已有同样的事项",
        Ineffective::OtherDeputy => "签署人不是所写的代表",
        Ineffective::NotThisSeat => "签署人没有所写层级的代表资格",
        Ineffective::NotForThisOrg => "签署人不能为该单位或层级封签",
        Ineffective::UnknownHead => "所列更改不在签署人已见之中",
        Ineffective::OtherDigest => "摘要与所列更改不符",
        Ineffective::UnknownEvent => "所指事项不在签署人已见之中",
        Ineffective::OtherKind => "这样的事项不能如此更正或确认",
        Ineffective::OtherPost => "签署人不是原记录人的岗位",
        Ineffective::OwnAct => "自己所为，须用自己的密钥签名，不能由自己代录",
        Ineffective::OwnWriting => "不能确认自己所写的内容",
    }
}
