use super::*;

fn code(text: &str) -> Code {
    Code::parse(text).expect(text)
}

fn division(of: &str, name: &str, parent: &str, days: (&str, &str), successors: &[&str]) -> Division {
    Division {
        code: code(of),
        name: name.into(),
        parent: Code::parse(parent),
        valid_from: days.0.into(),
        valid_to: (!days.1.is_empty()).then(|| days.1.into()),
        successors: successors.iter().map(|text| code(text)).collect(),
    }
}

/// Chengchuan became a district, and two of its towns were merged.
fn table() -> (Divisions, Vec<(usize, Remark)>) {
    Divisions::new(vec![
        division("99", "试省", "", ("", ""), &[]),
        division("9901", "澜州市", "99", ("", ""), &[]),
        division("990121", "澄川县", "9901", ("", "2025-06-30"), &["990104"]),
        division("990104", "澄川区", "9901", ("2025-07-01", ""), &[]),
        division(
            "990121103",
            "枫渡镇",
            "990121",
            ("", "2025-06-30"),
            &["990104101"],
        ),
        division(
            "990121104",
            "柳林镇",
            "990121",
            ("", "2020-12-31"),
            &["990121103"],
        ),
        division("990104101", "枫渡镇", "990104", ("2025-07-01", "2026-02-28"), &[]),
        division("990104101", "枫渡街道镇", "990104", ("2026-03-01", ""), &[]),
    ])
}

#[test]
fn zeros_pad_upward() {
    for (text, short, tier) in [
        ("422801000000", "422801", Tier::County),
        ("990100", "9901", Tier::Prefecture),
        ("990000000000", "99", Tier::Province),
        ("990121103", "990121103", Tier::Township),
        ("990121103000", "990121103", Tier::Township),
        ("990121103201", "990121103201", Tier::Village),
        // A town whose number ends in zeros is no county.
        ("990121100", "990121100", Tier::Township),
    ] {
        let code = code(text);
        assert_eq!((code.as_str(), code.tier()), (short, tier), "{text}");
    }
    for wrong in [
        "",
        "9",
        "990",
        "99012",
        "99012a",
        "00",
        "000000",
        "９９",
        "9901211030",
    ] {
        assert_eq!(Code::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn digits_say_what_lies_in_what() {
    for (inner, area, expected) in [
        ("990121103201", "990121103", true),
        ("990121103", "990121103000", true),
        ("990121", "990100", true),
        ("429004", "420000", true),
        ("880121103201", "990121103", false),
        ("990121102201", "990121103", false),
        ("990121", "990121103", false),
    ] {
        assert_eq!(code(inner).lies_in(&code(area)), expected, "{inner} in {area}");
    }
}

#[test]
fn a_table_says_what_a_code_was_and_what_it_has_become() {
    let (table, remarks) = table();
    assert_eq!(remarks, []);
    let by = |of: &str, day: &str, later: &str| {
        let found = table.by(&code(of), day, later);
        found
            .iter()
            .map(|one| format!("{} {}", one.code.as_str(), one.name))
            .collect::<Vec<_>>()
    };
    assert_eq!(by("990121104", "2020-01-01", "2020-06-01"), ["990121104 柳林镇"]);
    assert_eq!(by("990121104", "2020-01-01", "2024-01-01"), ["990121103 枫渡镇"]);
    assert_eq!(by("990121104", "2020-01-01", "2025-12-31"), ["990104101 枫渡镇"]);
    assert_eq!(
        by("990121104", "2020-01-01", "2026-03-01"),
        ["990104101 枫渡街道镇"]
    );
    assert_eq!(
        by("990121104", "2021-01-01", "2026-03-01"),
        [""; 0],
        "no such code on that day"
    );
    assert_eq!(
        by("990104101", "2025-08-01", "2026-04-01"),
        ["990104101 枫渡街道镇"],
        "renamed"
    );
    let name = |of: &str, day: &str| table.full_name(&code(of), day);
    assert_eq!(
        name("990121103", "2024-01-01").as_deref(),
        Some("试省澜州市澄川县枫渡镇")
    );
    assert_eq!(
        name("990104101", "2026-01-01").as_deref(),
        Some("试省澜州市澄川区枫渡镇")
    );
    assert_eq!(name("990104101", "2024-01-01"), None);
}

#[test]
fn a_division_stands_in_records_under_all_codes_that_became_it_alone() {
    let (table, _) = table();
    let written = |of: &str| {
        let written = table.written_as(&code(of), "2026-06-01").into_iter();
        let days = |day: Option<String>| day.unwrap_or_default();
        written
            .map(|one| format!("{} {} {}", one.code.as_str(), days(one.since), days(one.until)))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        written("990104101"),
        ["990104101  ", "990121103  ", "990121104  "]
    );
    assert_eq!(written("990121103"), ["990121103  ", "990121104  "]);
    assert_eq!(written("990104"), ["990104  ", "990121  "]);
    assert_eq!(written("990177"), ["990177  "], "in no table");
    // One that was split, and a code that was given anew.
    let (table, remarks) = Divisions::new(vec![
        division("99", "试省", "", ("", ""), &[]),
        division("990101", "甲区", "99", ("", "2019-12-31"), &["990102", "990103"]),
        division("990102", "乙区", "99", ("2020-01-01", ""), &[]),
        division("990103", "丙区", "99", ("2020-01-01", "2022-12-31"), &["990102"]),
        division("990103", "丁区", "99", ("2023-01-01", ""), &[]),
    ]);
    assert!(
        remarks.iter().all(|(_, remark)| !remark.is_fault()),
        "{remarks:?}"
    );
    let written = |of: &str| {
        let written = table.written_as(&code(of), "2026-06-01").into_iter();
        written
            .map(|one| (one.code.as_str().to_owned(), one.since, one.until))
            .collect::<Vec<_>>()
    };
    let day = |day: &str| Some(day.to_owned());
    assert_eq!(
        written("990102"),
        [
            ("990102".to_owned(), None, None),
            ("990101".to_owned(), None, None),
            ("990103".to_owned(), None, day("2022-12-31")),
        ],
        "both parts came together again"
    );
    assert_eq!(
        written("990103"),
        [("990103".to_owned(), day("2023-01-01"), None)]
    );
}

#[test]
fn a_code_is_written_with_or_without_its_zeros() {
    assert_eq!(
        code("990121").forms().collect::<Vec<_>>(),
        ["990121", "990121000", "990121000000"]
    );
}

#[test]
fn what_is_remarkable_is_told_and_what_is_wrong_left_out() {
    let day = ("", "");
    let (table, remarks) = Divisions::new(vec![
        division("99", "试省", "", day, &[]),
        division("9902", "旁州", "99", day, &[]),
        division("990171", "开发区", "99", day, &[]),
        division("990121", " ", "9902", day, &[]),
        division("990201", "甲区", "9903", ("2020-13-01", ""), &[]),
        division(
            "990202",
            "乙区",
            "9902",
            ("2020-02-01", "2020-01-01"),
            &["990299"],
        ),
        division("990203", "丙区", "9902", day, &["990204"]),
        division("990204", "丁区", "9902", day, &["990203"]),
        division("9902", "又一", "99", ("2020-01-01", ""), &[]),
    ]);
    let gone = |text: &str| text.to_owned();
    assert_eq!(
        remarks,
        [
            (2, Remark::Range),
            (2, Remark::Digits(gone("99"))),
            (3, Remark::Name),
            (3, Remark::Digits(gone("9902"))),
            (4, Remark::Days),
            (4, Remark::Parent(gone("9903"))),
            (5, Remark::Days),
            (5, Remark::Successor(gone("990299"))),
            (6, Remark::Circle),
            (7, Remark::Circle),
            (8, Remark::Twice),
        ]
    );
    assert_eq!(table.len(), 3);
    assert!(remarks.iter().all(|(_, remark)| !remark.zh().is_empty()));
}

#[test]
fn counties_of_municipalities_and_of_provinces_stand_below_them_directly() {
    let day = ("", "");
    let (_, remarks) = Divisions::new(vec![
        division("11", "市", "", day, &[]),
        division("110105", "区", "11", day, &[]),
        division("99", "省", "", day, &[]),
        division("999005", "直管市", "99", day, &[]),
    ]);
    assert_eq!(remarks, []);
}
