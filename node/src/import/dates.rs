//! Dates as clerks write them. No clock: the year of a date without one is an argument.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use super::sheet::CellValue;
use super::words::fold;

/// Day serials that are taken for dates when a cell lost its date format: 1954 to 2119.
const SERIALS: std::ops::RangeInclusive<i64> = 20_000..=80_000;
/// No ledger of a liaison station is older.
const YEAR_MIN: i16 = 1949;

/// The date, and the time if one stands there, of a cell.
pub fn read(cell: &CellValue, default_year: i16) -> Option<DateTime> {
    match cell {
        CellValue::Date(at) => Some(*at),
        CellValue::Int(serial) if SERIALS.contains(serial) => {
            // Day 0 of both families of spreadsheets, for days after February 1900.
            let zero = Date::new(1899, 12, 30).ok()?;
            zero.checked_add(serial.days()).ok().map(Date::into)
        }
        CellValue::Int(digits) => parse(&digits.to_string(), default_year),
        CellValue::Text(text) => parse(text, default_year),
        _ => None,
    }
    .filter(|at| (YEAR_MIN..=default_year.saturating_add(1)).contains(&at.year()))
}

/// A cell with one date or two, as in `3月5日至6日`.
pub(super) fn read_range(cell: &CellValue, default_year: i16) -> Option<(DateTime, Option<DateTime>)> {
    if let Some(at) = read(cell, default_year) {
        return Some((at, None));
    }
    let CellValue::Text(text) = cell else { return None };
    let folded = fold(text);
    ["至", "到", "~", "—", "–", "-"].iter().find_map(|mark| {
        let (first, last) = folded.split_once(mark)?;
        let first = parse(first, default_year)?;
        let last =
            parse(last.trim_start_matches(['—', '-']), first.year()).or_else(|| day_of(first, last))?;
        (first <= last).then_some((first, Some(last)))
    })
}

/// The year that a title names, if it names one and no other.
pub(super) fn year_in(text: &str) -> Option<i16> {
    let folded = fold(text);
    let mut years = folded.match_indices('年').filter_map(|(at, _)| {
        let digits = folded.get(at.checked_sub(4)?..at)?;
        digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| digits.parse().ok())
            .flatten()
    });
    let year = years.next().filter(|year| (YEAR_MIN..2200).contains(year))?;
    years.all(|other| other == year).then_some(year)
}

/// A date at the start of which the month is that of `first`, as the `6日` of `3月5日-6日`.
fn day_of(first: DateTime, text: &str) -> Option<DateTime> {
    let day = text.trim_end_matches(['日', '号']).parse().ok()?;
    Date::new(first.year(), first.month(), day).ok().map(Date::into)
}

fn parse(text: &str, default_year: i16) -> Option<DateTime> {
    // Spaces part a date from a time, so they are kept as one sign while the rest is folded.
    let spaced: String = text
        .trim()
        .chars()
        .map(|c| if c.is_whitespace() { '_' } else { c })
        .collect();
    let folded = without_weekday(&fold(&spaced))
        .replace('t', "_")
        .replace("+08:00", "");
    let folded = ["年", "月"]
        .iter()
        .fold(folded, |text, mark| text.replace(&format!("{mark}_"), mark));
    let (date, time) = split_time(folded.trim_matches('_'))?;
    let date = parse_date(date, default_year)?;
    match time {
        None => Some(date.into()),
        Some(time) => parse_time(time).map(|(hour, minute)| date.at(hour, minute, 0, 0)),
    }
}

fn without_weekday(text: &str) -> String {
    let mut out = text.to_owned();
    for day in ["一", "二", "三", "四", "五", "六", "日", "天"] {
        for week in ["星期", "礼拜", "周"] {
            let word = format!("{week}{day}");
            out = out.replace(&format!("({word})"), "").replace(&word, "");
        }
    }
    out
}

/// Cuts before a time of day; none is fine.
fn split_time(text: &str) -> Option<(&str, Option<&str>)> {
    const HALVES: [&str; 8] = ["上午", "下午", "早上", "晚上", "中午", "晚", "am", "pm"];
    if let Some(at) = HALVES.iter().filter_map(|half| text.find(half)).min() {
        return Some((text[..at].trim_matches('_'), Some(&text[at..])));
    }
    match text.find([':', '时', '点']) {
        None => Some((text, None)),
        Some(mark) => {
            let hour = text[..mark].rfind(|c: char| !c.is_ascii_digit())?;
            let start = hour + text[hour..].chars().next()?.len_utf8();
            Some((text[..start].trim_matches('_'), Some(&text[start..])))
        }
    }
}

fn parse_date(text: &str, default_year: i16) -> Option<Date> {
    let text = text.trim_end_matches(['日', '号', '.', '。']);
    let numbers: Vec<&str> = text.split(['年', '月', '/', '.', '-', '_']).collect();
    // Also an empty part, as in `2026年4月`, is no date.
    if numbers
        .iter()
        .any(|part| part.is_empty() || part.len() > 8 || !part.bytes().all(|b| b.is_ascii_digit()))
    {
        return None;
    }
    let number = |at: usize| numbers[at].parse::<i16>().ok();
    match numbers.len() {
        1 if text.len() == 8 => Date::new(
            text[..4].parse().ok()?,
            text[4..6].parse().ok()?,
            text[6..].parse().ok()?,
        )
        .ok(),
        2 if numbers.iter().all(|part| part.len() <= 2) => Date::new(
            default_year,
            number(0)?.try_into().ok()?,
            number(1)?.try_into().ok()?,
        )
        .ok(),
        3 if numbers[1].len() <= 2 && numbers[2].len() <= 2 => {
            let year = match numbers[0].len() {
                4 => number(0)?,
                // `26.4.3`: the century is not in doubt near the year of the book.
                2 => Some(2000 + number(0)?)
                    .filter(|year| (default_year - 5..=default_year + 1).contains(year))?,
                _ => return None,
            };
            Date::new(year, number(1)?.try_into().ok()?, number(2)?.try_into().ok()?).ok()
        }
        _ => None,
    }
}

/// Hour and minute. A half day without an hour is no time: midnight, as where only the day is known.
fn parse_time(text: &str) -> Option<(i8, i8)> {
    let later = ["下午", "晚", "pm"].iter().any(|half| text.contains(half));
    let digits: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { c } else { ' ' })
        .collect();
    let numbers: Vec<i8> = digits
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let (hour, minute) = match numbers[..] {
        [] => (0, 0),
        [hour] => (hour, if text.contains('半') { 30 } else { 0 }),
        [hour, minute] | [hour, minute, _] => (hour, minute),
        _ => return None,
    };
    let hour = if later && (1..12).contains(&hour) {
        hour + 12
    } else {
        hour
    };
    ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some((hour, minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        read(&CellValue::Text(text.into()), 2026).map(|at| at.to_string())
    }

    #[test]
    fn a_date_in_every_form_that_clerks_use() {
        for form in [
            "2026/4/3",
            "2026年4月3日",
            "2026.4.3",
            "4月3日",
            "２０２６年４月３日",
            "2026-04-03",
            "20260403",
            " 2026年 4月 3日　",
            "2026.04.03.",
            "4/3",
            "4月3号",
            "26.4.3",
            "2026年4月3日（周五）",
            "2026年4月3日 星期五",
            "2026年4月3日上午",
        ] {
            assert_eq!(text(form).as_deref(), Some("2026-04-03T00:00:00"), "{form}");
        }
    }

    #[test]
    fn a_time_behind_the_date() {
        for (form, time) in [
            ("2026-04-03 09:30", "09:30:00"),
            ("2026-04-03T09:30:00+08:00", "09:30:00"),
            ("2026/4/3 9:30:15", "09:30:00"),
            ("4月3日下午3点半", "15:30:00"),
            ("4月3日 14时05分", "14:05:00"),
            ("4月3日晚上8:00", "20:00:00"),
        ] {
            assert_eq!(text(form), Some(format!("2026-04-03T{time}")), "{form}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for form in [
            "",
            "2026年2月30日",
            "2026/13/1",
            "4月",
            "2026年4月",
            "明天",
            "2026-04-03 25:00",
            "3026/4/3",
            "1/2/3/4",
            "2026",
            "4.3.2026",
            "约4月3日",
            "99.4.3",
            "0/0",
            "2026/4/3x",
        ] {
            assert_eq!(text(form), None, "{form}");
        }
    }

    #[test]
    fn numbers_that_were_dates() {
        assert_eq!(
            read(&CellValue::Int(46115), 2026)
                .map(|at| at.to_string())
                .as_deref(),
            Some("2026-04-03T00:00:00")
        );
        assert_eq!(
            read(&CellValue::Int(20260403), 2026)
                .map(|at| at.to_string())
                .as_deref(),
            Some("2026-04-03T00:00:00")
        );
        assert_eq!(read(&CellValue::Int(12), 2026), None);
        assert_eq!(read(&CellValue::Dec(4.3), 2026), None);
    }

    #[test]
    fn two_days_in_one_cell() {
        for form in [
            "2026年3月5日-6日",
            "3月5日至3月6日",
            "3月5日—6日",
            "2026/3/5-2026/3/6",
            "3月5日~6日",
            "2026-03-05至2026-03-06",
        ] {
            let range = read_range(&CellValue::Text(form.into()), 2026)
                .map(|(from, to)| (from.to_string(), to.map(|to| to.to_string())));
            assert_eq!(
                range,
                Some(("2026-03-05T00:00:00".into(), Some("2026-03-06T00:00:00".into()))),
                "{form}"
            );
        }
        assert_eq!(read_range(&CellValue::Text("3月6日至3月5日".into()), 2026), None);
    }

    #[test]
    fn the_year_of_a_title() {
        assert_eq!(year_in("来信来访登记簿（2026 年）"), Some(2026));
        assert_eq!(year_in("登记簿（２０２６年）"), Some(2026));
        assert_eq!(year_in("2025年至2026年登记簿"), None);
        assert_eq!(year_in("今年登记簿"), None);
    }
}
