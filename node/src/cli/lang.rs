//! The language in which a command speaks.

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

impl Lang {
    /// What the environment says, as other programs read it. Chinese where it says nothing.
    pub(super) fn of_environment() -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty());
        Self::of_locale(set.as_deref())
    }

    fn of_locale(locale: Option<&str>) -> Self {
        match locale {
            None => Lang::Zh,
            Some(locale) if locale.starts_with("zh") => Lang::Zh,
            Some(_) => Lang::En,
        }
    }

    /// The one of two texts that is in this language.
    pub(super) fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// An error in both languages.
#[derive(Debug, thiserror::Error)]
#[error("{en}")]
pub(super) struct Said {
    /// In Chinese, where it is known.
    pub(super) zh: Option<String>,
    /// In English.
    pub(super) en: String,
}

/// An error that a command itself states: what happened and what to do.
pub(super) fn said(zh: impl Into<String>, en: impl Into<String>) -> Said {
    Said {
        zh: Some(zh.into()),
        en: en.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_choose_the_language() {
        assert_eq!(Lang::of_locale(Some("zh_CN.UTF-8")), Lang::Zh);
        assert_eq!(Lang::of_locale(Some("C.UTF-8")), Lang::En);
        assert_eq!(Lang::of_locale(Some("en_GB")), Lang::En);
        assert_eq!(Lang::of_locale(None), Lang::Zh);
    }
}
