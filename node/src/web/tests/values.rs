//! What the style sheets hold: colours stand in `tokens.css` alone, one can read what is set in them (WCAG 2.2), and nothing
//! is asked of other sites.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The columns of a colour: light, dark, both with more contrast, paper.
const COLUMNS: [&str; 5] = ["l", "d", "lm", "dm", "p"];

/// What text must have against its ground, and what signs and borders of fields must, in each column.
const TEXT: [f64; 5] = [4.5, 4.5, 7.0, 7.0, 4.5];
const SIGN: [f64; 5] = [3.0, 3.0, 4.5, 4.5, 3.0];

/// A style sheet is one idea; past this it hides a second one.
const LINES_MAX: usize = 400;

type Colour = [u8; 3];

#[test]
fn what_is_read_stands_out_from_its_ground_in_every_theme() {
    let colours = colours();
    let mut low = Vec::new();
    let mut check = |ink: &str, ground: &str, needed: [f64; 5]| {
        for (column, needed) in needed.into_iter().enumerate() {
            let has = contrast(colours[ink][column], colours[ground][column]);
            if has < needed {
                low.push(format!(
                    "{ink} on {ground} in column {}: {has:.2}, not {needed}",
                    COLUMNS[column]
                ));
            }
        }
    };
    for ink in [
        "ink", "ink-2", "ink-3", "accent", "late", "soon", "good", "split", "mute",
    ] {
        for ground in ["paper", "well", "rail"] {
            check(ink, ground, TEXT);
        }
    }
    for ground in ["accent", "late", "soon", "good", "split", "mute"].map(|tone| format!("{tone}-soft")) {
        for ink in ["ink", "ink-2", "accent", ground.trim_end_matches("-soft")] {
            check(ink, &ground, TEXT);
        }
    }
    for (ink, ground) in [
        ("ink-3", "accent-soft"),
        ("on-accent", "accent"),
        ("on-accent", "accent-press"),
        ("on-late", "late-fill"),
        ("on-mast", "mast"),
        ("on-mast-2", "mast"),
        ("on-emblem", "emblem"),
        ("seal", "paper"),
        ("seal", "well"),
    ] {
        check(ink, ground, TEXT);
    }
    for sign in ["line-2", "focus", "accent", "c1", "c2", "c-mark"] {
        for ground in ["paper", "well"] {
            check(sign, ground, SIGN);
        }
    }
    for sign in ["accent", "focus"] {
        check(sign, "rail", SIGN);
    }
    assert!(low.is_empty(), "{low:#?}");
}

#[test]
fn colours_stand_among_the_values_alone_and_no_value_is_missing_or_idle() {
    let tokens = read(&assets().join("tokens.css"));
    let defined = names(&tokens, "--", ':');
    let mut used = names(&tokens, "var(--", ')');
    for path in parts() {
        let part = read(&path);
        let own = names(&part, "--", ':');
        for name in names(&part, "var(--", ')') {
            assert!(
                defined.contains(&name) || own.contains(&name) || name == "face",
                "{} uses --{name}, which tokens.css does not have",
                path.display()
            );
            used.insert(name);
        }
        let foreign = ["rgb(", "hsl(", "oklch(", "url(", "@import", "@font-face", "http"];
        let strange = foreign.iter().find(|word| part.contains(*word));
        assert!(strange.is_none(), "{} holds {strange:?}", path.display());
        let hex = part.match_indices('#').find(|(at, _)| {
            let digits = part[at + 1..].chars().take_while(char::is_ascii_alphanumeric);
            let digits: String = digits.collect();
            [3, 6, 8].contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit())
        });
        assert!(hex.is_none(), "{} holds a colour: {hex:?}", path.display());
        let lines = part.lines().count();
        assert!(lines <= LINES_MAX, "{}: {lines} lines", path.display());
    }
    let idle: Vec<_> = defined.difference(&used).collect();
    assert!(idle.is_empty(), "nothing uses {idle:?}");
}

#[test]
fn every_part_is_in_the_sheet_that_is_served() {
    for path in parts() {
        let part = read(&path);
        assert!(
            super::super::assets::PARTS.contains(part.as_str()),
            "{} is served by nobody",
            path.display()
        );
    }
}

/// The colours of `tokens.css`: each with a value for each column.
fn colours() -> BTreeMap<String, [Colour; 5]> {
    let tokens = read(&assets().join("tokens.css"));
    let rows = tokens.lines().filter_map(|line| {
        let (name, values) = line.trim().strip_prefix("--")?.split_once(':')?;
        let row = values.contains("var(--l, #");
        row.then(|| {
            (
                name.to_owned(),
                COLUMNS.map(|column| colour(name, values, column)),
            )
        })
    });
    let rows: BTreeMap<_, _> = rows.collect();
    assert!(rows.len() > 30, "{rows:?}");
    rows
}

fn colour(name: &str, values: &str, column: &str) -> Colour {
    let start = format!("var(--{column}, #");
    let at = values
        .find(&start)
        .unwrap_or_else(|| panic!("--{name} has no {column}"))
        + start.len();
    let channel = |n: usize| u8::from_str_radix(&values[at + 2 * n..at + 2 * n + 2], 16).unwrap();
    [channel(0), channel(1), channel(2)]
}

/// The ratio of WCAG 2.2.
fn contrast(one: Colour, other: Colour) -> f64 {
    let light = |colour: Colour| {
        let [red, green, blue] = colour.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (light(one), light(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The names between a beginning and an end, such as `var(--` and `)`.
fn names(sheet: &str, begins: &str, ends: char) -> BTreeSet<String> {
    let found = sheet.match_indices(begins).filter_map(|(at, _)| {
        let rest = &sheet[at + begins.len()..];
        let name: String = rest
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect();
        let after = rest[name.len()..].chars().next();
        let whole = after == Some(ends) || (ends == ')' && after == Some(','));
        (whole && !name.is_empty()).then_some(name)
    });
    found.collect()
}

fn parts() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(assets().join("css")).unwrap();
    let parts: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    assert!(parts.len() > 10);
    parts
}

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
