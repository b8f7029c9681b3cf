//! The closed list of roles (`domain.md` 1.6). A role says what its holder may sign; a key's purpose says what kind of
//! holder it is.

/// Declares the roles once: identifier, number in signed bytes, Chinese, English.
macro_rules! roles {
    ($($name:ident = $code:literal, $id:literal, $zh:literal, $en:literal;)*) => {
        /// What a person is appointed to do. The numbers stand in signed bytes and never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Role {
            $(#[doc = concat!("`", $id, "` ", $zh)] $name = $code,)*
        }
        impl Role {
            /// Every role, in the order of its number.
            pub const ALL: &[Role] = &[$(Role::$name),*];
            /// The identifier used in definitions, SQL and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Role::$name => $id),* }
            }
            /// The name on Chinese screens.
            pub fn zh(self) -> &'static str {
                match self { $(Role::$name => $zh),* }
            }
            /// The name on English screens.
            pub fn en(self) -> &'static str {
                match self { $(Role::$name => $en),* }
            }
            /// The role with this identifier.
            pub fn parse(id: &str) -> Option<Self> {
                match id { $($id => Some(Role::$name),)* _ => None }
            }
            /// The role with this number.
            pub fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Role::$name),)* _ => None }
            }
        }
    };
}

roles! {
    StationLiaison = 1, "station_liaison", "联络员", "station liaison";
    OpinionLiaison = 2, "opinion_liaison", "民情联络员", "opinion liaison";
    DutySupervisor = 3, "duty_supervisor", "履职监督员", "duty supervisor";
    PolicyAdviser = 4, "policy_adviser", "政情咨询员", "policy adviser";
    Publicist = 5, "publicist", "人大宣传员", "publicist";
    ReformResearcher = 6, "reform_researcher", "改革创新研究员", "reform researcher";
    Deputy = 7, "deputy", "代表", "deputy";
    GroupLeader = 8, "group_leader", "代表小组组长", "group leader";
    StationHead = 9, "station_head", "站长", "station head";
    Secretary = 10, "secretary", "人大秘书", "secretary";
    PresidiumChair = 11, "presidium_chair", "人大主席", "presidium chair";
    PresidiumViceChair = 12, "presidium_vice_chair", "人大副主席", "presidium vice-chair";
    StreetChair = 13, "street_chair", "街道工委主任", "street chair";
    DeputiesOffice = 14, "deputies_office", "代表工委", "deputies' office";
    DirectorsMeeting = 15, "directors_meeting", "主任会议", "directors' meeting";
    StandingCommitteeMember = 16, "standing_committee_member", "常委会组成人员", "standing committee member";
    CongressSecretariat = 17, "congress_secretariat", "大会秘书处", "congress secretariat";
    Assigner = 18, "assigner", "交办机构", "assigner";
    SupervisionLead = 19, "supervision_lead", "领衔督办领导", "supervision lead";
    SupervisionGroupMember = 20, "supervision_group_member", "督办组成员", "supervision group member";
    Organiser = 21, "organiser", "组织者", "organiser";
    Teller = 22, "teller", "监计票人", "teller";
    Publisher = 23, "publisher", "公开发布人", "publisher";
    DeptOfficer = 24, "dept_officer", "承办人", "department officer";
    DeptHead = 25, "dept_head", "承办单位负责人", "department head";
    JointBodyOfficer = 26, "joint_body_officer", "联动机关工作人员", "joint body officer";
    Administrator = 27, "administrator", "系统管理员", "administrator";
    Auditor = 28, "auditor", "核查人", "auditor";
}

impl<C> minicbor::Encode<C> for Role {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u8(*self as u8)?;
        Ok(())
    }
}
impl<'b, C> minicbor::Decode<'b, C> for Role {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let code = d.u8()?;
        Role::from_code(code).ok_or_else(|| minicbor::decode::Error::message(format!("unknown role {code}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_identifier_name_one_role() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
            assert_eq!(Role::from_code(*role as u8), Some(*role));
        }
    }
}
