//! The words of the pages in two languages. Owns the choice of language, the catalogues in `node/locales` and how
//! counts and dates are written; knows no page and no record.

use std::sync::LazyLock;

use fluent::concurrent::FluentBundle;
use fluent::{FluentArgs, FluentResource, FluentValue};

const ZH: &str = include_str!("../../locales/zh-CN.ftl");
const EN: &str = include_str!("../../locales/en.ftl");

type Bundle = FluentBundle<FluentResource>;

static ZH_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle("zh-CN", ZH));
static EN_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle("en", EN));

/// A language that the pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Chinese, the language of the ledgers and the default.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Every language there is.
    pub const ALL: [Lang; 2] = [Lang::Zh, Lang::En];

    /// Reads the value of the cookie `lang`; anything else is Chinese.
    pub fn from_cookie(value: Option<&str>) -> Lang {
        match value {
            Some("en") => Lang::En,
            _ => Lang::Zh,
        }
    }

    /// The value of the cookie `lang`.
    pub fn code(self) -> &'static str {
        match self {
            Lang::Zh => "zh",
            Lang::En => "en",
        }
    }

    /// The value of the attribute `lang`.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::Zh => "zh-CN",
            Lang::En => "en",
        }
    }

    /// The language to switch to.
    pub fn other(self) -> Lang {
        match self {
            Lang::Zh => Lang::En,
            Lang::En => Lang::Zh,
        }
    }

    fn bundle(self) -> &'static Bundle {
        match self {
            Lang::Zh => &ZH_BUNDLE,
            Lang::En => &EN_BUNDLE,
        }
    }
}

/// What can stand in a sentence. Numbers are written with their thousands apart and choose the plural.
pub trait Arg {
    /// The value as the catalogue takes it.
    fn value(&self) -> FluentValue<'_>;
}

impl Arg for str {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(self)
    }
}

impl Arg for String {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(self.as_str())
    }
}

impl<T: Arg + ?Sized> Arg for &T {
    fn value(&self) -> FluentValue<'_> {
        (**self).value()
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Arg for $number {
            fn value(&self) -> FluentValue<'_> {
                FluentValue::from(*self)
            }
        }
    )*};
}
numbers!(u8 u16 u32 u64 usize i8 i16 i32 i64);

/// The handle by which a page says anything: cheap to copy, one per page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Text {
    /// The language it speaks.
    pub lang: Lang,
}

impl Text {
    /// The words of one language.
    pub fn new(lang: Lang) -> Text {
        Text { lang }
    }

    /// The text of a key. A key that is not there is shown as `⟦key⟧`, so that it is seen and nothing breaks.
    pub fn t(&self, key: &str) -> String {
        self.write(key, None)
    }

    /// A text with one value in it.
    pub fn t1(&self, key: &str, name: &str, value: impl Arg) -> String {
        let mut args = FluentArgs::new();
        args.set(name.to_owned(), value.value());
        self.write(key, Some(&args))
    }

    /// A text with two values in it.
    pub fn t2(&self, key: &str, name: &str, value: impl Arg, name2: &str, value2: impl Arg) -> String {
        let mut args = FluentArgs::new();
        args.set(name.to_owned(), value.value());
        args.set(name2.to_owned(), value2.value());
        self.write(key, Some(&args))
    }

    /// A text with any number of values in it.
    pub fn with(&self, key: &str, values: &[(&str, &dyn Arg)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set((*name).to_owned(), value.value());
        }
        self.write(key, Some(&args))
    }

    /// A text about a count, which it takes as `$count`.
    pub fn n(&self, key: &str, count: impl Arg) -> String {
        self.t1(key, "count", count)
    }

    /// A bare figure, thousands apart.
    pub fn figure(&self, count: impl std::fmt::Display) -> String {
        grouped(&count.to_string())
    }

    /// A day of the year, for example 4 月 16 日.
    pub fn day(&self, month: i8, day: i8) -> String {
        self.t2("date-day", "month", month, "day", day)
    }

    /// A day with its year. The year is no count, so its thousands stay together.
    pub fn date(&self, year: i16, month: i8, day: i8) -> String {
        self.with(
            "date-full",
            &[("year", &year.to_string()), ("month", &month), ("day", &day)],
        )
    }

    /// A day and its weekday, Monday being 1.
    pub fn day_and_weekday(&self, month: i8, day: i8, weekday: i8) -> String {
        self.with(
            "date-weekday",
            &[("month", &month), ("day", &day), ("weekday", &weekday)],
        )
    }

    fn write(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let bundle = self.lang.bundle();
        let pattern = bundle.get_message(key).and_then(|message| message.value());
        let Some(pattern) = pattern else {
            return format!("⟦{key}⟧");
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, args, &mut errors).into_owned();
        if errors.is_empty() {
            text
        } else {
            format!("⟦{key}⟧")
        }
    }
}

fn bundle(tag: &str, source: &str) -> Bundle {
    let mut bundle = FluentBundle::new_concurrent(vec![tag.parse().unwrap_or_default()]);
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => Some(grouped(&number.as_string())),
        _ => None,
    }));
    // A damaged line loses its own key only; the tests refuse a catalogue that has one.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
    bundle.add_resource_overriding(resource);
    bundle
}

/// Puts a comma between the thousands of a whole number.
fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{sign}{digits}");
    }
    let mut out = String::from(sign);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};

    use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};

    use super::*;

    #[test]
    fn numbers_are_written_with_their_thousands_apart() {
        assert_eq!(grouped("0"), "0");
        assert_eq!(grouped("999"), "999");
        assert_eq!(grouped("1286"), "1,286");
        assert_eq!(grouped("-902553"), "-902,553");
        assert_eq!(grouped("1.5"), "1.5");
        assert_eq!(Text::new(Lang::En).figure(48_107), "48,107");
    }

    #[test]
    fn a_year_keeps_its_thousands_together() {
        assert!(Text::new(Lang::Zh).date(2026, 4, 16).starts_with("2026\u{a0}"));
    }

    #[test]
    fn a_missing_key_is_seen() {
        assert_eq!(Text::default().t("no-such-key"), "⟦no-such-key⟧");
        assert_eq!(
            Text::default().t("sync-waiting"),
            "⟦sync-waiting⟧",
            "a value that was not given is seen as well"
        );
    }

    #[test]
    fn both_languages_say_the_same_things_with_the_same_values() {
        let zh = catalogue(ZH);
        let en = catalogue(EN);
        assert_eq!(
            zh.keys().collect::<Vec<_>>(),
            en.keys().collect::<Vec<_>>(),
            "the keys differ"
        );
        for (key, values) in &zh {
            assert_eq!(values, &en[key], "the values of {key} differ");
        }
    }

    #[test]
    fn every_key_that_a_page_uses_exists() {
        let known = catalogue(ZH);
        let mut used = BTreeSet::new();
        for (path, source) in sources() {
            for name in keys(&source) {
                assert!(
                    known.contains_key(&name),
                    "{} uses {name}, which is in no catalogue",
                    path.display()
                );
                used.insert(name);
            }
        }
        let idle: Vec<_> = known.keys().filter(|key| !used.contains(*key)).collect();
        assert!(idle.is_empty(), "nothing uses {idle:?}");
    }

    #[test]
    fn no_page_holds_words_of_its_own() {
        for (path, source) in sources() {
            let han = source
                .chars()
                .find(|c| ('\u{3000}'..='\u{9fff}').contains(c) || ('\u{ff00}'..='\u{ffef}').contains(c));
            let html = path.extension().is_some_and(|end| end == "html");
            assert!(
                !html || han.is_none(),
                "{} holds {han:?}: put it into node/locales",
                path.display()
            );
        }
    }

    #[test]
    fn no_page_holds_style_or_script_of_its_own() {
        for (path, source) in sources() {
            let inline = ["style=", "<style", "onclick", "onchange", "javascript:"]
                .iter()
                .find(|word| source.contains(*word));
            let html = path.extension().is_some_and(|end| end == "html");
            assert!(
                !html || inline.is_none(),
                "{} holds {inline:?}, which the content security policy refuses",
                path.display()
            );
        }
    }

    /// Templates, and the Rust files beside this one, where keys stand as well.
    fn sources() -> Vec<(PathBuf, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        let mut folders = vec![root.join("templates"), root.join("src/web")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().is_some_and(|name| name != "i18n.rs") {
                    let source = std::fs::read_to_string(&path).unwrap();
                    found.push((path, source));
                }
            }
        }
        let own = include_str!("i18n.rs")
            .split("#[cfg(test)]")
            .next()
            .unwrap()
            .to_owned();
        found.push((PathBuf::from("i18n.rs"), own));
        assert!(found.len() > 10);
        found
    }

    /// Every literal key: what a text call begins with, and what `key!` marks.
    fn keys(source: &str) -> Vec<String> {
        let calls = [".t(", ".n(", ".t1(", ".t2(", ".with(", "key!("];
        let after = |call: &'static str| {
            source
                .match_indices(call)
                .map(|(at, _)| source[at + call.len()..].trim_start())
        };
        let rests = calls.into_iter().flat_map(after);
        rests
            .filter_map(|rest| rest.strip_prefix('"')?.split('"').next())
            .map(String::from)
            .collect()
    }

    fn catalogue(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let resource = fluent_syntax::parser::parse(source).expect("every line of a catalogue is sound");
        let mut messages = BTreeMap::new();
        for entry in &resource.body {
            if let Entry::Message(message) = entry {
                let mut values = BTreeSet::new();
                pattern(message.value.as_ref().expect("a message has a text"), &mut values);
                let twice = messages.insert(message.id.name.to_owned(), values);
                assert!(twice.is_none(), "{} stands twice", message.id.name);
            }
        }
        messages
    }

    fn pattern(pattern: &Pattern<&str>, values: &mut BTreeSet<String>) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression: found } = element {
                expression(found, values);
            }
        }
    }

    fn expression(found: &Expression<&str>, values: &mut BTreeSet<String>) {
        match found {
            Expression::Inline(found) => inline(found, values),
            Expression::Select { selector, variants } => {
                inline(selector, values);
                for variant in variants {
                    pattern(&variant.value, values);
                }
            }
        }
    }

    fn inline(found: &InlineExpression<&str>, values: &mut BTreeSet<String>) {
        match found {
            InlineExpression::VariableReference { id } => {
                values.insert(id.name.to_owned());
            }
            InlineExpression::FunctionReference {
                arguments: CallArguments { positional, .. },
                ..
            } => {
                positional.iter().for_each(|argument| inline(argument, values));
            }
            InlineExpression::Placeable { expression: found } => expression(found, values),
            _ => {}
        }
    }
}
