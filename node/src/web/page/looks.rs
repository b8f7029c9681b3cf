//! How a person looks at pages: what they chose, kept in cookies, or else as their system is set.

/// What a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looks {
    /// Light, dark or as the system.
    pub theme: Theme,
    /// Large type.
    pub large: bool,
    /// More contrast, whatever the system says; without it as the system.
    pub contrast: bool,
}

impl Looks {
    /// Reads what the cookies `theme`, `type` and `contrast` say.
    pub fn read<'a>(cookie: impl Fn(&str) -> Option<&'a str>) -> Looks {
        Looks {
            theme: Theme::from_cookie(cookie("theme")),
            large: cookie("type") == Some("large"),
            contrast: cookie("contrast") == Some("more"),
        }
    }
}

/// Light, dark or as the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    fn from_cookie(value: Option<&str>) -> Theme {
        match value {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        }
    }

    pub(super) fn is(self, name: &str) -> bool {
        self.attribute().unwrap_or("system") == name
    }

    /// What a browser paints with before it has read any style.
    pub(super) fn scheme(self) -> &'static str {
        self.attribute().unwrap_or("light dark")
    }

    /// The attribute of the page, which the system's choice leaves away.
    pub fn attribute(self) -> Option<&'static str> {
        match self {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        }
    }
}
