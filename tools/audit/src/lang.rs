//! In which language sentences are said.

use clap::ValueEnum;

/// The language of sentences.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

impl Lang {
    /// The language asked for, else that of the environment; Chinese where it asks for nothing.
    pub(crate) fn settle(asked: Option<Self>) -> Self {
        asked.unwrap_or_else(|| {
            let asked = ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
            match asked.as_deref() {
                Some(value) if value.starts_with("en") => Lang::En,
                _ => Lang::Zh,
            }
        })
    }

    /// One of the two.
    pub(crate) fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}
