//! Why a statement does not stand, and why an appointment does not serve.

use crate::id::{OrgId, StatementId};

/// Why a statement does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementFault {
    /// The issuer's appointment is not held here.
    #[error("the issuer's appointment {0} is not here yet")]
    IssuerUnknown(StatementId),
    /// The org that it is about is not known here.
    #[error("org {0} is not known here yet")]
    OrgUnknown(OrgId),
    /// The issuer key is no authority of the issuer org.
    #[error("the issuer is no authority of org {0}")]
    NotAuthority(OrgId),
    /// The issuer's own appointment does not stand.
    #[error("the issuer's appointment does not stand: {0}")]
    Issuer(Box<StatementFault>),
    /// About an org that is neither the issuer's nor directly below.
    #[error("org {0} is neither the issuer's own nor directly below it")]
    OutOfReach(OrgId),
    /// Gives a role that the issuer may not give.
    #[error("gives a role that the issuer may not give")]
    Role,
    /// Gives further appointing than the issuer may.
    #[error("gives more depth of appointing than the issuer may")]
    Depth,
    /// Longer than the issuer's own.
    #[error("is valid outside of the issuer's own validity")]
    Validity,
    /// Contradicts itself.
    #[error("{0}")]
    Content(&'static str),
    /// The appointed key did not sign for its appointment.
    #[error("the appointed key gave no valid proof of possession")]
    Possession,
    /// Made for another federation.
    #[error("was made for another federation")]
    OtherFederation,
    /// A seat above the issuer's level, a deputy without a seat, or a seat without a deputy.
    #[error(
        "a deputy has a seat, and one at or below the level of who appoints; only the root appoints above"
    )]
    Seat,
    /// The key has another purpose, by an appointment that was issued before.
    #[error("the key was appointed for another purpose before")]
    Purpose,
    /// A revocation of an appointment that is not held here.
    #[error("the appointment {0} that it revokes is not here yet")]
    TargetUnknown(StatementId),
    /// Issued under an authority that was revoked, and not among what goes on standing: it waits for an adoption.
    #[error("its authority was revoked by {0}, which does not keep it; an authority above may adopt it")]
    Contested(StatementId),
    /// A succession of founding keys that are not in office.
    #[error("{0}")]
    Succession(String),
}

impl StatementFault {
    /// Whether news may mend it: what it rests on is not here yet.
    pub fn is_pending(&self) -> bool {
        match self {
            StatementFault::IssuerUnknown(_)
            | StatementFault::OrgUnknown(_)
            | StatementFault::TargetUnknown(_) => true,
            StatementFault::Issuer(inner) => inner.is_pending(),
            _ => false,
        }
    }

    /// Whether an adoption may mend it: what it rests on was issued under a revoked authority.
    pub fn is_contested(&self) -> bool {
        self.contested_by().is_some()
    }

    /// The revocation or succession by which it, or what it rests on, waits for an adoption.
    pub fn contested_by(&self) -> Option<StatementId> {
        match self {
            StatementFault::Contested(by) => Some(*by),
            StatementFault::Issuer(inner) => inner.contested_by(),
            _ => None,
        }
    }
}

/// Why an appointment does not serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppointmentFault {
    /// Not held here.
    #[error("appointment {0} is not here yet")]
    Unknown(StatementId),
    /// Held, but it does not stand.
    #[error("appointment {0} does not stand: {1}")]
    DoesNotStand(StatementId, StatementFault),
}

impl AppointmentFault {
    /// Whether news may mend it.
    pub fn is_pending(&self) -> bool {
        match self {
            AppointmentFault::Unknown(_) => true,
            AppointmentFault::DoesNotStand(_, fault) => fault.is_pending(),
        }
    }
}
