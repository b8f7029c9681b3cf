use proptest::prelude::*;

use super::*;

fn kinds(text: &str) -> Vec<(Kind, &str)> {
    let found = scan(text, &[]);
    found
        .into_iter()
        .map(|it| (it.kind, &text[it.start..it.end]))
        .collect()
}

fn is_clean(text: &str) {
    assert_eq!(kinds(text), [], "{text}");
}

#[test]
fn mobile_numbers_are_found_however_they_are_told() {
    for written in [
        "13900000016",
        "139 0000 0016",
        "139-0000-0016",
        "139－0000－0016",
        "139.0000.0016",
        "139 00000016",
        "1390000 0016",
        "1390 0000 016",
        "139 000 00016",
        "139 00 00 00 16",
        "１３９００００００１６",
        "１３９　００００　００１６",
        "139\u{200b}00000016",
        "8613900000016",
        "008613900000016",
    ] {
        for text in [
            format!("请打{written}找老陈"),
            format!("tel:{written}。"),
            format!("+86 {written}"),
            format!("电话：{written}，2026-04-16 约好"),
            format!("13900000016是我，{written}是他"),
        ] {
            let found = kinds(&text);
            assert_eq!(found.last(), Some(&(Kind::Mobile, written)), "{text}");
        }
    }
    assert_eq!(kinds("微信wx13900000016"), [(Kind::Mobile, "13900000016")]);
}

#[test]
fn what_only_looks_like_a_number_of_a_person_is_left_alone() {
    for text in [
        "2026-04-16 路灯 11 盏，约 50 米",
        "2026年4月16日 09:30 至 2026-04-17 18:00",
        "20260416093000",
        "2026.04.16",
        "15 2026-04-16 8",
        "站点 990121103201",
        "130102001001",
        "130102001-2026-16-07",
        "990121103201-2026-16-07",
        "第 1998-2026-100 号",
        "1390000001.6",
        "资金13900000016元",
        "共 15,900,000,016 元",
        "15900000016万元",
        "¥13900000016",
        "13900000016.50",
        "热线 12345，邮编 445000，电话 0718-8222222",
        "统一社会信用代码 11422801011234567A",
        "统一社会信用代码 91420100MA4KX0000X",
        "编号 0196b2c3d4e513900000016a6b7c8d9e0f",
        "139000000160",
        "1139000000160",
        "10000000000",
        "110105194912310021",
        "110105194913310028",
        "4100000000000000",
        "",
    ] {
        is_clean(text);
    }
}

#[test]
fn identity_numbers_have_a_division_a_day_of_birth_and_a_fitting_last_character() {
    for written in [
        "11010519491231002X",
        "11010519491231002x",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105 19491231 002X",
        "110105 1949 1231 002X",
        "110105-19491231-002X",
        "440524188001010014",
    ] {
        let text = format!("身份证{written}。");
        match written {
            // Born in 1880: a number for the tables, of nobody alive.
            "440524188001010014" => is_clean(&text),
            _ => assert_eq!(kinds(&text), [(Kind::Identity, written)]),
        }
    }
    // The check fits, the day is none; the check fits, the division is none.
    for wrong in [identity("11010519490231002"), identity("10010519491231002")] {
        is_clean(&wrong);
    }
}

/// The number with the check character that belongs to 17 digits.
fn identity(first: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = first
        .bytes()
        .zip(WEIGHTS)
        .map(|(d, w)| u32::from(d - b'0') * w)
        .sum();
    format!(
        "{first}{}",
        ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][(sum % 11) as usize]
    )
}

/// The number with the last digit that makes Luhn's sum fit.
fn card(first: &str) -> String {
    let digit = (0..10u32).find(|last| {
        let text = format!("{first}{last}");
        let sum: u32 = text
            .bytes()
            .rev()
            .enumerate()
            .map(|(n, b)| {
                let twice = u32::from(b - b'0') * if n % 2 == 1 { 2 } else { 1 };
                twice / 10 + twice % 10
            })
            .sum();
        sum.is_multiple_of(10)
    });
    format!("{first}{}", digit.unwrap())
}

#[test]
fn bank_cards_are_of_a_known_issuer_and_luhn_fits() {
    for first in [
        "621700000000000000",
        "622848000000000000",
        "955880000000000000",
        "622202000000000",
        "411111111111111",
        "510510510510510",
    ] {
        let whole = card(first);
        let text = format!("卡号{whole}，");
        assert_eq!(kinds(&text), [(Kind::BankCard, whole.as_str())]);
        let fours: Vec<&str> = (0..whole.len())
            .step_by(4)
            .map(|n| &whole[n..whole.len().min(n + 4)])
            .collect();
        let fours = fours.join(" ");
        let text = format!("卡号 {fours}。");
        assert_eq!(kinds(&text), [(Kind::BankCard, fours.as_str())]);
        // Another last digit fits no longer.
        let last = whole.as_bytes()[whole.len() - 1];
        let wrong = format!("{first}{}", (last - b'0' + 1) % 10);
        is_clean(&wrong);
    }
    is_clean("620102001001202616");
    is_clean(&card("777700000000000"));
}

#[test]
fn plates_of_vehicles_are_found_and_words_with_a_province_are_not() {
    for plate in [
        "京A12345",
        "鄂Q·A1234",
        "鄂Q 12B34",
        "鄂q·a1234",
        "粤 B12345",
        "粤BD12345",
        "沪AF12345",
        "沪AFA1234",
        "京A12345D",
        "苏A1234学",
        "鄂Ｑ１２３４５",
    ] {
        assert_eq!(kinds(&format!("车牌{plate}的车挡路")), [(Kind::Plate, plate)]);
    }
    for text in [
        "新A4纸一包",
        "更新 A12345 号通知",
        "云A区",
        "川C座12层",
        "京AI2345",
        "京A123456789",
        "津B12",
        "晋升A",
        "贵方",
    ] {
        is_clean(text);
    }
}

#[test]
fn names_of_the_roster_are_found_and_public_ones_are_not() {
    let mut names = Names::of([
        "陈桂香",
        "李明",
        "匿名",
        "王",
        "赵大海",
        "阿依古丽·买买提",
        "Zhang Wei",
        "Li",
    ]);
    for public in ["赵大海", "李明华"] {
        names.add_public(public);
    }
    let found = |text: &'static str| -> Vec<&'static str> {
        let found = scan(text, &[&names]);
        assert!(found.iter().all(|it| it.kind == Kind::Name));
        found.into_iter().map(|it| &text[it.start..it.end]).collect()
    };
    assert_eq!(found("陈桂香反映路灯不亮，李明也在场"), ["陈桂香", "李明"]);
    assert_eq!(found("代表李明华、赵大海接待"), [""; 0], "they hold an office");
    assert_eq!(found("李明和李明华"), ["李明"]);
    assert_eq!(found("来访人匿名，姓王"), [""; 0]);
    assert_eq!(found("阿依古丽·买买提来访"), ["阿依古丽·买买提"]);
    assert_eq!(found("zhang wei called; Zhang Weiwei did not"), ["zhang wei"]);
    assert_eq!(
        found("the list of Li"),
        [""; 0],
        "too short to be told from words"
    );
    let also = Names::of(["周立"]);
    assert_eq!(scan("周立和李明", &[&names, &also]).len(), 2);
    assert_eq!(
        scan("赵大海", &[&Names::of(["赵大海"]), &names]),
        [],
        "the list of a form, too"
    );
}

#[test]
fn a_name_is_looked_for_as_long_as_somebody_carries_it() {
    let mut names = Names::of(["陈桂香", "陈桂香"]);
    let is_found = |names: &Names| !scan("陈桂香来过", &[names]).is_empty();
    names.remove("陈桂香");
    assert!(is_found(&names) && !names.is_empty());
    names.add_public("陈桂香");
    assert!(!is_found(&names));
    names.remove_public("陈桂香");
    assert!(is_found(&names));
    names.remove("陈桂香");
    names.remove("陈桂香");
    assert!(!is_found(&names) && names.is_empty());
    names.remove("没有这个人");
}

#[test]
fn findings_stand_in_order_and_do_not_overlap() {
    let text = "陈桂香 13900000016 身份证11010519491231002X 车牌鄂Q12345";
    let names = Names::of(["陈桂香"]);
    let found: Vec<Kind> = scan(text, &[&names]).iter().map(|it| it.kind).collect();
    assert_eq!(found, [Kind::Name, Kind::Mobile, Kind::Identity, Kind::Plate]);
}

#[test]
fn a_digest_is_of_one_text_at_one_place() {
    let one = digest("f:gist", "13900000016");
    assert_eq!(one, digest("f:gist", "13900000016"));
    assert_ne!(one, digest("f:note", "13900000016"));
    assert_ne!(one, digest("f:gist", "13900000017"));
    assert_ne!(digest("f:a", "b"), digest("f:", "ab"));
}

/// What is found of names that are Han letters alone, said the long way: at each place the longest that stands there.
fn found_the_long_way<'t>(text: &'t str, subjects: &[String], public: &[String]) -> Vec<&'t str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let all = subjects.iter().chain(public);
        let there = all.filter(|name| rest.starts_with(name.as_str()));
        let name = there.max_by_key(|name| name.len());
        let len = name.map_or(first.len_utf8(), |name| name.len());
        if name.is_some_and(|name| !public.contains(name)) {
            found.push(&rest[..len]);
        }
        rest = &rest[len..];
    }
    found
}

proptest! {
    #[test]
    fn of_names_the_longest_is_meant_and_who_holds_an_office_may_be_named(
        text in "[赵钱孙李]{0,24}", subjects in proptest::collection::vec("[赵钱孙李]{2,5}", 0..12),
        public in proptest::collection::vec("[赵钱孙李]{2,5}", 0..3), gone in proptest::collection::vec("[赵钱孙李]{2,5}", 0..4),
    ) {
        let mut names = Names::of(subjects.iter().chain(&gone).map(String::as_str));
        public.iter().for_each(|name| names.add_public(name));
        gone.iter().for_each(|name| names.remove(name));
        let found = scan(&text, &[&names]);
        let found: Vec<&str> = found.into_iter().map(|it| &text[it.start..it.end]).collect();
        prop_assert_eq!(found, found_the_long_way(&text, &subjects, &public));
    }

    #[test]
    fn a_mobile_number_is_found_in_any_words(
        before in "[一-龥，。：]{0,8}", number in "1[3-9][0-9]{9}", after in "([一-龥，。]{1,8})?",
    ) {
        prop_assume!(!after.starts_with(['元', '万', '亿']));
        let text = format!("{before}{number}{after}");
        prop_assert!(scan(&text, &[]).iter().any(|it| text[it.start..it.end] == number), "{}", text);
    }

    #[test]
    fn every_sound_identity_number_is_found(
        county in "(11|42|44|65)(0[1-9]|[1-8][0-9])[0-9]{2}", year in 1900..2030u16, month in 1..=12u8, day in 1..=28u8,
        serial in 0..1000u16,
    ) {
        let number = identity(&format!("{county}{year}{month:02}{day:02}{serial:03}"));
        let text = format!("证件{number}。");
        prop_assert_eq!(kinds(&text), [(Kind::Identity, number.as_str())]);
    }

    #[test]
    fn dates_times_codes_numbers_of_records_and_amounts_are_not_found(
        year in 1990..2040u16, month in 1..=12u8, day in 1..=28u8, hour in 0..24u8, minute in 0..60u8,
        county in "(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])(0[1-9]|[1-8][0-9])[0-9]{2}",
        street in 1..=399u16, village in 1..=399u16, week in 1..=53u8, n in 1..=99u8, amount in 0..100_000_000u64,
    ) {
        let code = format!("{county}{street:03}{village:03}");
        for text in [
            format!("{year}-{month:02}-{day:02}"),
            format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}"),
            format!("{year}{month:02}{day:02}{hour:02}{minute:02}00"),
            format!("{year}年{month}月{day}日{hour}时{minute}分"),
            format!("{n} {year}-{month:02}-{day:02} {week}"),
            code.clone(),
            code[..9].to_owned(),
            format!("{code}-{year}-{week:02}-{n:02}"),
            format!("{code}{year}{week:02}{n:02}"),
            format!("{county}-{year}-{n}"),
            format!("第{year}-{n}号"),
            format!("{amount}.{n:02}元"),
            format!("{amount}元"),
            format!("{amount} 元，{n} 户"),
        ] {
            // Of the numbers that a program would make without dashes, few have by chance a sum that fits.
            let chance = text.len() == 18 && text.bytes().all(|b| b.is_ascii_digit());
            let found = scan(&text, &[]);
            prop_assert!(found.is_empty() || chance && found[0].kind == Kind::Identity, "{}: {:?}", text, found);
        }
    }

    #[test]
    fn any_text_is_looked_through_and_findings_are_parts_of_it(text in "\\PC{0,60}") {
        let names = Names::of(["陈桂香", "ab cd"]);
        let found = scan(&text, &[&names]);
        for pair in found.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start);
        }
        for it in found {
            prop_assert!(it.start < it.end && text.get(it.start..it.end).is_some());
        }
    }
}
