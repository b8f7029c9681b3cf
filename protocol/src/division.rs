//! Administrative divisions (行政区划, `domain.md` 1.4): what the digits of a code say, and tables of codes with names, parents,
//! validity and successors. A record keeps the code that was valid on its day; views go on to what came after it. No table
//! comes with the program.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::ledger::is_date;

/// How far down a code goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// 省级, 2 digits.
    Province,
    /// 地级, 4 digits.
    Prefecture,
    /// 县级, 6 digits.
    County,
    /// 乡级, 9 digits.
    Township,
    /// 村级, 12 digits.
    Village,
}

impl Tier {
    const ALL: [Tier; 5] = [
        Tier::Province,
        Tier::Prefecture,
        Tier::County,
        Tier::Township,
        Tier::Village,
    ];

    /// Digits of a code of this tier.
    pub fn digits(self) -> usize {
        match self {
            Tier::Province => 2,
            Tier::Prefecture => 4,
            Tier::County => 6,
            Tier::Township => 9,
            Tier::Village => 12,
        }
    }
}

/// A code in its shortest form: `422801000000` is `422801`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(String);

impl Code {
    /// Reads a code of 2, 4, 6, 9 or 12 digits; zeros pad upward.
    pub fn parse(text: &str) -> Option<Self> {
        let is_code = text.bytes().all(|b| b.is_ascii_digit())
            && Tier::ALL.iter().any(|tier| tier.digits() == text.len());
        let mut code = is_code.then_some(text)?;
        let mut tiers = Tier::ALL.iter().rev().map(|tier| tier.digits()).peekable();
        while let Some(digits) = tiers.next() {
            let Some(&shorter) = tiers.peek() else { break };
            if code.len() == digits && code[shorter..].bytes().all(|b| b == b'0') {
                code = &code[..shorter];
            }
        }
        (code != "00").then(|| Code(code.to_owned()))
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `area`, or a part of it, by its digits.
    pub fn lies_in(&self, area: &Code) -> bool {
        self.0.starts_with(&area.0)
    }

    /// How it may be written: in its shortest form, or with the zeros of the tiers below.
    pub fn forms(&self) -> impl Iterator<Item = String> {
        let longer = Tier::ALL
            .into_iter()
            .map(Tier::digits)
            .filter(|digits| *digits >= self.0.len());
        longer.map(|digits| format!("{:0<digits$}", self.0))
    }

    /// How far down it goes.
    pub fn tier(&self) -> Tier {
        let of = Tier::ALL.into_iter().find(|tier| tier.digits() == self.0.len());
        // A code is made with the digits of a tier.
        of.unwrap_or(Tier::Village)
    }

    /// The code above by its digits, which is only a check of the parent that a table states.
    fn prefix(&self) -> Option<&str> {
        let digits = self.0.len();
        let above = Tier::ALL
            .into_iter()
            .map(Tier::digits)
            .rfind(|above| *above < digits)?;
        Some(&self.0[..above])
    }

    /// Whether `parent` may stand above it: its prefix, or a province, where counties are run by it directly (90) and in
    /// municipalities, which have no prefectures.
    fn may_be_below(&self, parent: &Code) -> bool {
        let direct = ["11", "12", "31", "50"].contains(&&self.0[..2]) || self.0.get(2..4) == Some("90");
        self.prefix() == Some(parent.as_str())
            || direct && self.tier() == Tier::County && parent.as_str() == &self.0[..2]
    }

    /// Whether its last part lies in the ranges of GB/T 2260, GB/T 10114 and the statistical codes of villages.
    fn is_in_range(&self) -> bool {
        let part = |from: usize| self.0[from..].parse::<u16>().unwrap_or(0);
        match self.tier() {
            Tier::Province => (11..=82).contains(&part(0)) || part(0) == 99,
            Tier::Prefecture => matches!(part(2), 1..=70 | 90),
            // 71 to 79 are development zones of statistics files.
            Tier::County => matches!(part(4), 1..=70 | 80..=99),
            Tier::Township => (1..=599).contains(&part(6)),
            Tier::Village => (1..=599).contains(&part(9)),
        }
    }
}

/// A division, as long as it has one name and one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// Its code.
    pub code: Code,
    /// Its name.
    pub name: String,
    /// The division above; none at the top of the table.
    pub parent: Option<Code>,
    /// The first day on which it was so, `YYYY-MM-DD`; empty if that is not known.
    pub valid_from: String,
    /// The last day.
    pub valid_to: Option<String>,
    /// What it became, where that has other codes.
    pub successors: Vec<Code>,
}

impl Division {
    fn is_on(&self, day: &str) -> bool {
        self.valid_from.as_str() <= day && self.valid_to.as_deref().is_none_or(|to| day <= to)
    }
}

/// A code under which a division may stand in records, and on which of their days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The code.
    pub code: Code,
    /// From which day on, if not always.
    pub since: Option<String>,
    /// Until which day, if not for ever.
    pub until: Option<String>,
}

/// What is remarkable about a division of a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    /// Its last part is in no range of the standards; development zones have such codes in statistics.
    #[error("the code is outside the ranges of the standards")]
    Range,
    /// No name.
    #[error("it has no name")]
    Name,
    /// A day that is none, or an end before the beginning.
    #[error("its days are no days, or in the wrong order")]
    Days,
    /// A parent that the digits contradict.
    #[error("its digits do not lie below those of {0}")]
    Digits(String),
    /// A parent that is not in the table.
    #[error("the table has no {0}, which it names as its parent")]
    Parent(String),
    /// A successor that is not in the table.
    #[error("the table has no {0}, which it names as its successor")]
    Successor(String),
    /// It comes after itself.
    #[error("its successors lead back to it")]
    Circle,
    /// Two divisions of one code at one time.
    #[error("the code stands twice for the same days")]
    Twice,
}

impl Remark {
    /// Whether the division is left out for it; else it is told and kept.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Remark::Range | Remark::Digits(_))
    }

    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Remark::Range => "代码不在国家标准的范围内".into(),
            Remark::Name => "没有名称".into(),
            Remark::Days => "日期有误，或止期早于起期".into(),
            Remark::Digits(parent) => format!("代码与上级 {parent} 对不上"),
            Remark::Parent(parent) => format!("表中没有上级 {parent}"),
            Remark::Successor(code) => format!("表中没有变更后的代码 {code}"),
            Remark::Circle => "变更后的代码绕回自身".into(),
            Remark::Twice => "同一代码在同一时间出现两次".into(),
        }
    }
}

/// A table of divisions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Divisions {
    /// By code, each in the order of its days.
    by_code: BTreeMap<Code, Vec<Division>>,
}

impl Divisions {
    /// Divisions reached from one by successors, at most.
    const REACH: usize = 256;

    /// A table of what has no fault, and what is remarkable, by the place in the list.
    pub fn new(list: Vec<Division>) -> (Self, Vec<(usize, Remark)>) {
        let mut remarks = Vec::new();
        let known: BTreeSet<Code> = list.iter().map(|division| division.code.clone()).collect();
        let leads: BTreeMap<Code, Vec<Code>> = list
            .iter()
            .map(|division| (division.code.clone(), division.successors.clone()))
            .collect();
        let mut table = Divisions::default();
        for (place, division) in list.into_iter().enumerate() {
            let mut found = remarks_on(&division, &known, &leads);
            let same = table.by_code.entry(division.code.clone()).or_default();
            let end = |one: &Division| one.valid_to.clone().unwrap_or_else(|| "9999".into());
            if same
                .iter()
                .any(|other| other.valid_from <= end(&division) && division.valid_from <= end(other))
            {
                found.push(Remark::Twice);
            }
            if !found.iter().any(Remark::is_fault) {
                same.push(division);
                same.sort_by(|a, b| a.valid_from.cmp(&b.valid_from));
            }
            remarks.extend(found.into_iter().map(|remark| (place, remark)));
        }
        table.by_code.retain(|_, divisions| !divisions.is_empty());
        (table, remarks)
    }

    /// How many codes it has.
    pub fn len(&self) -> usize {
        self.by_code.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.by_code.is_empty()
    }

    /// Every division, by code and days.
    pub fn all(&self) -> impl Iterator<Item = &Division> {
        self.by_code.values().flatten()
    }

    /// What a code was on a day, `YYYY-MM-DD`.
    pub fn on(&self, code: &Code, day: &str) -> Option<&Division> {
        self.by_code
            .get(code)?
            .iter()
            .find(|division| division.is_on(day))
    }

    /// What the division that a code was on a day has become by a later one: itself, or what came after it.
    pub fn by(&self, code: &Code, day: &str, later: &str) -> Vec<&Division> {
        let Some(first) = self.on(code, day) else {
            return Vec::new();
        };
        let (mut found, mut seen, mut next) = (Vec::new(), BTreeSet::new(), vec![first]);
        while let Some(division) = next.pop() {
            if !seen.insert((&division.code, &division.valid_from)) || seen.len() > Self::REACH {
                continue;
            }
            if division.is_on(later) {
                found.push(division);
            } else {
                next.extend(self.next(division));
            }
        }
        found.sort_by(|a, b| a.code.cmp(&b.code));
        found.dedup();
        found
    }

    /// Under which codes the division that a code is on a day may stand in records, the code itself first: those that
    /// became it and nothing else, each for the days on which it could mean that. Of one that was split among several that
    /// still differ there is none. Also a code that the table does not know stands for itself.
    pub fn written_as(&self, code: &Code, day: &str) -> Vec<Written> {
        let always = |code: &Code| Written {
            code: code.clone(),
            since: None,
            until: None,
        };
        let same = self.by_code.get(code).map_or(&[][..], Vec::as_slice);
        let Some(meant) = same.iter().find(|one| one.is_on(day)).or(same.last()) else {
            return vec![always(code)];
        };
        let found = self.became(meant);
        let mut all = Vec::new();
        for (code, divisions) in &self.by_code {
            let is_found = |one: &&Division| found.contains(&(&one.code, one.valid_from.as_str()));
            if divisions.iter().all(|one| is_found(&one)) {
                all.push(always(code));
                continue;
            }
            // The code was given anew: it means what is asked for on its own days alone, but also before and after the
            // days that the table knows.
            for (place, one) in divisions.iter().enumerate().filter(|(_, one)| is_found(one)) {
                all.push(Written {
                    code: code.clone(),
                    since: (place > 0).then(|| one.valid_from.clone()),
                    until: one.valid_to.clone().filter(|_| place + 1 < divisions.len()),
                });
            }
        }
        all.sort_by_key(|written| written.code != *code);
        all
    }

    /// A division, and those that became it alone, at once or through others: by code and first day.
    fn became<'a>(&'a self, meant: &'a Division) -> BTreeSet<(&'a Code, &'a str)> {
        let name = |one: &'a Division| (&one.code, one.valid_from.as_str());
        let mut found = BTreeSet::from([name(meant)]);
        loop {
            let more = self.all().filter(|one| {
                let next = self.next(one);
                !found.contains(&name(one))
                    && !next.is_empty()
                    && next.into_iter().all(|next| found.contains(&name(next)))
            });
            let more: Vec<_> = more.map(name).collect();
            if more.is_empty() || found.len() > Self::REACH {
                return found;
            }
            found.extend(more);
        }
    }

    /// What came right after a division; nothing while it lasts.
    fn next(&self, division: &Division) -> Vec<&Division> {
        let later = |one: &&Division| one.valid_to.is_none() || one.valid_to > division.valid_to;
        let after = |code: &Code| self.by_code.get(code)?.iter().find(later);
        match (&division.valid_to, division.successors.is_empty()) {
            (None, _) => Vec::new(),
            (_, false) => division.successors.iter().filter_map(after).collect(),
            // Renamed, or moved to another parent, under its old code.
            (Some(to), true) => {
                let same = self.by_code.get(&division.code).into_iter().flatten();
                same.filter(|one| one.valid_from > *to).take(1).collect()
            }
        }
    }

    /// The divisions above a code on a day, from the next one up.
    pub fn above(&self, code: &Code, day: &str) -> Vec<&Division> {
        let mut above: Vec<&Division> = Vec::new();
        let mut next = self.on(code, day).and_then(|division| division.parent.as_ref());
        while let Some(division) = next.and_then(|code| self.on(code, day)) {
            // A table may state parents in a circle.
            if above.len() > Tier::ALL.len() {
                break;
            }
            above.push(division);
            next = division.parent.as_ref();
        }
        above
    }

    /// The name of a code on a day with the names above it, from the top.
    pub fn full_name(&self, code: &Code, day: &str) -> Option<String> {
        let own = self.on(code, day)?;
        let above = self.above(code, day);
        let names = above.iter().rev().map(|division| division.name.as_str());
        Some(names.chain([own.name.as_str()]).collect())
    }
}

fn remarks_on(division: &Division, known: &BTreeSet<Code>, leads: &BTreeMap<Code, Vec<Code>>) -> Vec<Remark> {
    let mut found = Vec::new();
    if !division.code.is_in_range() {
        found.push(Remark::Range);
    }
    if division.name.trim().is_empty() {
        found.push(Remark::Name);
    }
    let is_day = |day: &str| day.is_empty() || is_date(day);
    let to = division.valid_to.as_deref();
    if !is_day(&division.valid_from) || to.is_some_and(|to| !is_date(to) || to < division.valid_from.as_str())
    {
        found.push(Remark::Days);
    }
    if let Some(parent) = &division.parent {
        if !known.contains(parent) {
            found.push(Remark::Parent(parent.as_str().to_owned()));
        } else if !division.code.may_be_below(parent) {
            found.push(Remark::Digits(parent.as_str().to_owned()));
        }
    }
    let missing = division.successors.iter().filter(|code| !known.contains(code));
    found.extend(missing.map(|code| Remark::Successor(code.as_str().to_owned())));
    if leads_back(&division.code, leads) {
        found.push(Remark::Circle);
    }
    found
}

fn leads_back(code: &Code, leads: &BTreeMap<Code, Vec<Code>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&Code> = leads.get(code).into_iter().flatten().collect();
    while let Some(one) = next.pop() {
        if one == code {
            return true;
        }
        if seen.insert(one) {
            next.extend(leads.get(one).into_iter().flatten());
        }
    }
    false
}

#[cfg(test)]
mod tests;
