//! How long which data is kept, as data (`domain.md` 6.5). The defaults stand in one table; whoever asks what is due hands
//! over the rules by which.

use jiff::Span;
use jiff::civil::Date;
use serde::Serialize;

/// Which data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    /// Contact data of who came: until the matter is archived, and some time.
    Contact,
    /// What came by a QR page and nobody took in.
    QrDraft,
    /// Photos that nobody has checked.
    UncheckedPhoto,
    /// What is known of an assisted household: until the assistance ends, and some time.
    Household,
    /// Ballots and slips of evaluations on paper.
    PaperSlip,
    /// Suggestions, replies, minutes, decisions.
    Decision,
    /// Details of shifts, visits and attendance: until the term ends, and some time.
    Detail,
    /// Who opened personal parts.
    AccessLog,
}

impl Data {
    /// Its identifier.
    pub fn as_str(self) -> &'static str {
        match self {
            Data::Contact => "contact",
            Data::QrDraft => "qr_draft",
            Data::UncheckedPhoto => "unchecked_photo",
            Data::Household => "household",
            Data::PaperSlip => "paper_slip",
            Data::Decision => "decision",
            Data::Detail => "detail",
            Data::AccessLog => "access_log",
        }
    }

    /// How it goes when its time is over.
    pub fn then(self) -> Then {
        match self {
            Data::Contact | Data::Household => Then::Erase,
            Data::AccessLog => Then::GivenUp,
            Data::PaperSlip => Then::Paper,
            Data::QrDraft | Data::UncheckedPhoto | Data::Decision | Data::Detail => Then::NotYet,
        }
    }
}

/// How data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// It is listed here when it is due, and a person signs its erasure.
    Erase,
    /// The node gives it up by itself.
    GivenUp,
    /// It is on paper and destroyed by hand.
    Paper,
    /// What it is reckoned from is not in this program yet: nothing is listed.
    NotYet,
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Keep {
    /// Years.
    pub years: i16,
    /// Months beside them.
    pub months: i16,
    /// Days beside them.
    pub days: i16,
}

impl Keep {
    const fn years(years: i16) -> Self {
        Keep {
            years,
            months: 0,
            days: 0,
        }
    }

    const fn months(months: i16) -> Self {
        Keep {
            years: 0,
            months,
            days: 0,
        }
    }

    const fn days(days: i16) -> Self {
        Keep {
            years: 0,
            months: 0,
            days,
        }
    }

    fn span(self) -> Span {
        Span::new().years(self.years).months(self.months).days(self.days)
    }

    /// The day on which it is due that ended on a day.
    pub fn after(self, ended: Date) -> Option<Date> {
        ended.checked_add(self.span()).ok()
    }

    /// The last day on which what is due today may have ended.
    pub fn before(self, today: Date) -> Option<Date> {
        today.checked_sub(self.span()).ok()
    }
}

/// A rule: this data is kept so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Which data.
    pub data: Data,
    /// How long after what it waits for.
    pub keep: Keep,
}

/// Where the law forbids an erasure for some time: then what is due is locked, and nothing is done with it but keeping it
/// (PIPL art. 47).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// Its identifier.
    pub id: String,
    /// Of records of this ledger.
    pub ledger: String,
    /// Where this field
    pub field: String,
    /// has one of these values.
    pub is: Vec<String>,
    /// How long after the record's end.
    pub keep: Keep,
}

/// All rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rules {
    /// What is kept how long.
    pub rules: Vec<Rule>,
    /// What may not be erased before.
    pub locks: Vec<Lock>,
}

/// The defaults, of which all but the first and the fourth are ours (`domain.md` 6.5).
const DEFAULTS: [Rule; 8] = [
    rule(Data::Contact, Keep::years(1)),
    rule(Data::QrDraft, Keep::days(30)),
    rule(Data::UncheckedPhoto, Keep::days(90)),
    rule(Data::Household, Keep::years(1)),
    rule(Data::PaperSlip, Keep::months(6)),
    rule(Data::Decision, Keep::years(30)),
    rule(Data::Detail, Keep::years(5)),
    rule(Data::AccessLog, Keep::years(3)),
];

const fn rule(data: Data, keep: Keep) -> Rule {
    Rule { data, keep }
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            rules: DEFAULTS.to_vec(),
            // Petitions and matters of courts: three years, in which a claim may be brought (Civil Code art. 188).
            locks: vec![Lock {
                id: "claim".into(),
                ledger: crate::services::visit::LEDGER.into(),
                field: "triage".into(),
                is: vec!["petition".into(), "judicial".into()],
                keep: Keep::years(3),
            }],
        }
    }
}

impl Rules {
    /// How long some data is kept.
    pub fn keep(&self, data: Data) -> Option<Keep> {
        self.rules
            .iter()
            .find(|rule| rule.data == data)
            .map(|rule| rule.keep)
    }

    /// How long accesses are kept, in milliseconds; a year has 366 days.
    pub fn access_logs_ms(&self) -> i64 {
        const DAY_MS: i64 = 86_400_000;
        let keep = self.keep(Data::AccessLog).unwrap_or(Keep::years(3));
        let days = i64::from(keep.years) * 366 + i64::from(keep.months) * 31 + i64::from(keep.days);
        days * DAY_MS
    }
}
