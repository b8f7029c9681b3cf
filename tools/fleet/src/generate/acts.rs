//! What people do to records that are there: activities go on, and some records are changed, confirmed, corrected.

use jiff::civil::Date;
use lianzhan_node::services::activity;
use lianzhan_node::services::confirm::{ConfirmOffer, ConfirmationDraft, CorrectionDraft};
use lianzhan_node::services::ledger::Amendment;
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::Value;

use super::words::Words;
use super::write::{Fresh, Writing};

/// Of so many records one is changed later, one confirmed by another person, one corrected.
const CHANGED: usize = 12;
const CONFIRMED: usize = 10;
const CORRECTED: usize = 24;

impl Writing<'_> {
    /// Goes on with what was written this week.
    pub(super) fn go_on(&mut self, at: usize, day: Date) -> anyhow::Result<()> {
        for fresh in std::mem::take(&mut self.fresh) {
            if fresh.ledger == activity::LEDGER && self.dice.once_in(2) {
                self.hold(at, &fresh, day)?;
            }
            if self.dice.once_in(CHANGED) {
                self.change(at, &fresh, day)?;
            }
            if self.dice.once_in(CORRECTED) {
                self.correct(at, &fresh.record, day)?;
            }
            if self.dice.once_in(CONFIRMED) {
                self.confirm(at, &fresh.record)?;
            }
        }
        Ok(())
    }

    fn did(&mut self, what: &'static str) {
        *self.acts.entry(what).or_default() += 1;
    }

    fn said(&mut self, at: usize, act: &str, day: Date) -> String {
        let words = Words::known();
        let category = words.category(&mut self.dice);
        let about = self.about(at, day, category);
        words.of_act(act, &about, &mut self.dice)
    }

    /// Somebody adds to a note.
    fn change(&mut self, at: usize, fresh: &Fresh, day: Date) -> anyhow::Result<()> {
        let node = self.sites[at].node.clone();
        let detail = node.record_detail(&fresh.record)?;
        let ledger = node.form_of(&detail.ledger, &detail.space)?;
        if ledger.field("note").is_none() {
            return Ok(());
        }
        let seen = detail.state.heads.to_vec();
        let (mut main, _) = node.values_of(&detail, &seen);
        let note = self.said(at, "amendment", day);
        main.insert("note".into(), Value::Text(note));
        let amendment = Amendment {
            seen,
            main,
            ..Amendment::default()
        };
        let author = self.author(at, fresh.who);
        self.wait(node.amend(&author, &detail, amendment, None))?;
        self.did("changed");
        Ok(())
    }

    /// Somebody who did not write it stands for it.
    fn confirm(&mut self, at: usize, record: &RecordId) -> anyhow::Result<()> {
        let node = self.sites[at].node.clone();
        let detail = node.record_detail(record)?;
        let authors = self.sites[at].people.iter().map(|person| &person.author);
        let may = |author: &&_| matches!(node.confirm_offer(author, &detail), ConfirmOffer::Open(_));
        let Some(author) = authors.into_iter().find(may).cloned() else {
            return Ok(());
        };
        self.wait(node.confirm(&author, record, ConfirmationDraft::default()))?;
        self.did("confirmed");
        Ok(())
    }

    /// When something happened was written down wrongly.
    fn correct(&mut self, at: usize, record: &RecordId, day: Date) -> anyhow::Result<()> {
        let node = self.sites[at].node.clone();
        let detail = node.record_detail(record)?;
        let found = self.sites[at].people.iter().find_map(|person| {
            let mut events = detail.state.events.iter();
            let event = events.find(|event| node.may_correct(&person.author, &detail, event))?;
            Some((person.author.clone(), event.id))
        });
        let Some((author, event)) = found else {
            return Ok(());
        };
        let draft = CorrectionDraft {
            event: event.to_string(),
            reason: self.said(at, "correction", day),
            happened: Some(day.yesterday()?.to_string()),
            ..CorrectionDraft::default()
        };
        self.wait(node.correct(&author, record, draft))?;
        self.did("corrected");
        Ok(())
    }

    /// Deputies of several levels sign in, lines are written, and it is sealed.
    fn hold(&mut self, at: usize, fresh: &Fresh, day: Date) -> anyhow::Result<()> {
        let node = self.sites[at].node.clone();
        let detail = node.record_detail(&fresh.record)?;
        let events = lianzhan_protocol::record::EventKind::SignIn;
        let people: Vec<_> = self.sites[at]
            .people
            .iter()
            .map(|person| person.author.clone())
            .collect();
        for author in people
            .iter()
            .filter(|author| node.may_sign(author, events, &detail.space))
        {
            let directory = node.directory();
            if directory
                .appointment(&author.appointment)
                .is_ok_and(|post| post.seat.is_some())
            {
                self.wait(node.sign_in_at(author, &fresh.record))?;
                self.did("signed in");
            }
        }
        let line = lianzhan_protocol::record::EventKind::LogLine;
        let writers: Vec<_> = people
            .iter()
            .filter(|author| node.may_sign(author, line, &detail.space))
            .collect();
        if writers.is_empty() {
            return Ok(());
        }
        for _ in 0..1 + self.dice.below(3) {
            let author = *self.dice.pick(&writers);
            let words = self.said(at, "line", day);
            self.wait(node.write_line(author, &fresh.record, &words))?;
            self.did("lines written");
        }
        let seal = lianzhan_protocol::record::EventKind::Seal;
        if let Some(author) = people
            .iter()
            .find(|author| node.may_sign(author, seal, &detail.space))
        {
            self.wait(node.seal(author, &fresh.record))?;
            self.did("sealed");
        }
        Ok(())
    }
}
