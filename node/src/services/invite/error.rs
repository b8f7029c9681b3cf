//! Why an invitation, or a join, is refused.

use minicbor::{Decode, Encode};

/// An invitation that leads nowhere, with what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// What was pasted is no code, or not the whole of one.
    #[error("this is not a whole invitation code; copy it again")]
    NoCode,
    /// Where a node is said to be reached is no such place.
    #[error("{0:?} is no address of a node; write it as /ip4/192.0.2.1/tcp/7611")]
    NoAddress(String),
    /// Its time is over.
    #[error("it expired on {0}; ask for a new one")]
    Expired(String),
    /// Whoever invited took it back.
    #[error("it was withdrawn on {0}; ask who invited you")]
    Withdrawn(String),
    /// Somebody joined with it.
    #[error(
        "it was used already, on {0}, and is good once; if that was not you, tell who invited you at once"
    )]
    Used(String),
    /// A later invitation of the same org took its place.
    #[error("a newer invitation took its place on {0}; use that one")]
    Replaced(String),
    /// The org is not one that the asked node may invite.
    #[error(
        "the org that it names is not directly below {0}, whose node was asked; ask who invited you for another"
    )]
    OtherOrg(String),
    /// Whoever invites named an org that is none of theirs.
    #[error(
        "{text:?} is neither {own} nor an org directly below it; `lianzhan status` shows those that are, and a new one needs \
         --level, --name, --name-en and --code"
    )]
    NotOurs {
        /// How it was named.
        text: String,
        /// The org of the node that invites.
        own: String,
    },
    /// The division code of an org that is to be stated lies in another division than the org above it.
    #[error("the division code {code} does not lie in that of {own}: it must begin with {area}")]
    CodeElsewhere {
        /// The code.
        code: String,
        /// The org above.
        own: String,
        /// The digits of that one's code.
        area: String,
    },
    /// No open invitation for the org.
    #[error("there is no open invitation for this org; ask for a new one")]
    Unknown,
    /// Whoever invites named an org, or a person, for whom none is open.
    #[error(
        "no invitation is open for {0:?}; `lianzhan invite list` shows those that are, and what each is named by"
    )]
    NotOpen(String),
    /// The secret is not the one of the open invitation.
    #[error("the code is not the one of this invitation; copy the whole of it once more")]
    WrongCode,
    /// What the parent keeps of it cannot be read.
    #[error("what the node that invited keeps of it is damaged; ask for a new one")]
    Damaged,
    /// What the invitation asks for was not brought: it is for a person, and none was named, or for none.
    #[error(
        "the invitation is for another joining: use the whole code, and state the person's name where it asks for one"
    )]
    NoPerson,
    /// The org has its node.
    #[error(
        "{0} has its node already; to appoint somebody there name it with --org and the role with --role, if its machine is \
         lost use --again, and for another org give another name"
    )]
    HasNode(String),
    /// The person joins at the org's own node.
    #[error("the code appoints a person of {0}: use it at the node of that org")]
    AtItsNode(String),
    /// The parent refused for another reason.
    #[error("the node that invited refused: {0}")]
    Refused(String),
    /// The parent's answer does not hold.
    #[error("the answer of the node that invited does not hold: {0}; nothing was set up")]
    Answer(String),
    /// The parent was not reached, or another node answers there.
    #[error(
        "the node that invited was not reached at {addresses} ({reason}); it must be running, and this machine must reach \
         it. The code is still good: try again"
    )]
    Unreachable {
        /// Where it was looked for.
        addresses: String,
        /// What happened.
        reason: String,
    },
    /// A join that was begun here before, with another passphrase.
    #[error(
        "joining with this code began here before, and its key is locked with another passphrase. Type that one; or, if it \
         is lost, ask for a new code"
    )]
    OtherPassphrase,
}

/// A refusal as the parent sends it: which, and the day or name in it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Cause {
    /// Which one.
    #[n(1)]
    kind: u32,
    /// The day or the name that its words name.
    #[n(2)]
    about: Option<String>,
}

impl InviteError {
    /// Whether the code is good for nobody any more.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            InviteError::Used(_)
                | InviteError::Withdrawn(_)
                | InviteError::Replaced(_)
                | InviteError::Expired(_)
        )
    }

    /// What the parent tells the joining node.
    pub fn cause(&self) -> Option<Cause> {
        let (kind, about) = match self {
            InviteError::Expired(at) => (1, Some(at)),
            InviteError::Withdrawn(at) => (2, Some(at)),
            InviteError::Used(at) => (3, Some(at)),
            InviteError::Replaced(at) => (4, Some(at)),
            InviteError::OtherOrg(name) => (5, Some(name)),
            InviteError::Unknown => (6, None),
            InviteError::WrongCode => (7, None),
            InviteError::Damaged => (8, None),
            InviteError::NoPerson => (9, None),
            _ => return None,
        };
        Some(Cause {
            kind,
            about: about.cloned(),
        })
    }

    /// What the parent said. A cause that this program does not know stays in the parent's words.
    pub fn of(words: String, cause: Option<Cause>) -> Self {
        let Some(Cause { kind, about }) = cause else {
            return InviteError::Refused(words);
        };
        let about = about.unwrap_or_default();
        match kind {
            1 => InviteError::Expired(about),
            2 => InviteError::Withdrawn(about),
            3 => InviteError::Used(about),
            4 => InviteError::Replaced(about),
            5 => InviteError::OtherOrg(about),
            6 => InviteError::Unknown,
            7 => InviteError::WrongCode,
            8 => InviteError::Damaged,
            9 => InviteError::NoPerson,
            _ => InviteError::Refused(words),
        }
    }

    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            InviteError::NoCode => "这不是完整的邀请码，请重新复制。".into(),
            InviteError::NoAddress(text) => {
                format!(
                    "“{}”不是节点的地址，应写成 /ip4/192.0.2.1/tcp/7611。",
                    text.escape_debug()
                )
            }
            InviteError::Expired(at) => format!("邀请码已于 {at} 过期，请向邀请方另要一个。"),
            InviteError::Withdrawn(at) => format!("这个邀请已于 {at} 撤回，请向邀请方询问。"),
            InviteError::Used(at) => {
                format!("邀请码已于 {at} 用过，只能用一次。如果不是您用的，请立即告诉邀请方。")
            }
            InviteError::Replaced(at) => format!("{at} 另发了新的邀请码，请用新的。"),
            InviteError::OtherOrg(name) => {
                format!("邀请码里的机构不是{name}的直接下级，请向邀请方另要一个。")
            }
            InviteError::NotOurs { text, own } => format!(
                "“{text}”不是{own}，也不是它的直接下级。已有的下级见 lianzhan status；要新建单位的，请用 --level、--name、--name-en 和 \
                 --code。"
            ),
            InviteError::CodeElsewhere { code, own, area } => {
                format!("区划代码 {code} 不在{own}之内，应以 {area} 开头。")
            }
            InviteError::Unknown => "那里没有给本机构的邀请，请向邀请方另要一个。".into(),
            InviteError::NotOpen(text) => {
                format!("没有给“{text}”的未使用的邀请。未使用的邀请和各自的代码见 lianzhan invite list。")
            }
            InviteError::WrongCode => "邀请码不对，请重新完整复制。".into(),
            InviteError::Damaged => "邀请方保存的邀请已损坏，请另要一个。".into(),
            InviteError::NoPerson => {
                "这个邀请用于另一种加入。请使用完整的邀请码；要任命人员的，请填写姓名。".into()
            }
            InviteError::HasNode(name) => {
                format!(
                    "{name} 已有节点。要任命那里的人员，请用 --org 和 --role；主机丢失的，请用 --again；\
                     另建单位的，请另起名称。"
                )
            }
            InviteError::AtItsNode(name) => {
                format!("这个邀请码用来任命{name}的人员，请在该单位的节点上使用。")
            }
            InviteError::Refused(words) => format!("邀请方的节点没有同意：{words}"),
            InviteError::Answer(words) => format!("邀请方节点的答复不成立，没有建立任何内容：{words}"),
            InviteError::Unreachable { addresses, reason } => format!(
                "连不上邀请方的节点 {addresses}（{reason}）。它须在运行，本机须能连到它。邀请码仍有效，请再试。"
            ),
            InviteError::OtherPassphrase => {
                "用这个邀请码加入时，本机先前已设过口令，请输入那个口令；忘记了就向邀请方另要一个邀请码。"
                    .into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_comes_out_as_it_went_in() {
        let day = || "2026-11-27".to_owned();
        for error in [
            InviteError::Expired(day()),
            InviteError::Withdrawn(day()),
            InviteError::Used(day()),
            InviteError::Replaced(day()),
            InviteError::OtherOrg("枫渡镇".into()),
            InviteError::Unknown,
            InviteError::WrongCode,
            InviteError::Damaged,
            InviteError::NoPerson,
        ] {
            assert_eq!(InviteError::of(error.to_string(), error.cause()), error);
        }
        let strange = Some(Cause {
            kind: 99,
            about: None,
        });
        let told = InviteError::of("not today".into(), strange);
        assert_eq!(told, InviteError::Refused("not today".into()));
    }
}
