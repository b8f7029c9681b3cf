//! Settings: what differs from place to place, as signed and versioned data. A setting is one of a closed list with a type,
//! bounds and a default ([`SETTINGS`]); what an org states of it is a record of the ledger `setting` in its notice space,
//! which all orgs below hold, and a copy for the orgs above.
//!
//! [`Settings::at`] says what applies to an org on a date: the latest value that is valid from that date or before, of the
//! nearest org that states any, or of the highest where nobody below may differ. The date is that of the event, so that a
//! value of tomorrow never changes what was due yesterday. Knows no clock, no log and no screen.

mod calendar;
mod day;
mod resolve;
mod rows;
mod scheme;
mod setting;
mod table;
mod value;

pub use calendar::{Calendar, OnRestDay, YearDays, YearFault};
pub use day::{Day, Weekday};
pub use resolve::{Applies, LEDGER, Settings, Stated, may_state};
pub use rows::{Cell, Column, Rows};
pub use scheme::Scheme;
pub use setting::{Group, Reach, Setting};
pub use table::{SETTINGS, setting};
pub use value::{Kind, Named, Period, PeriodUnit, SettingValue, TEXT_MAX, ValueFault, Weekly};

#[cfg(test)]
mod tests;
