//! The sheet that the page is written on: every text that comes from outside goes through [`Paper::text`], the only way
//! to put something on it that is not our own markup.

use super::super::standing::Standing;

/// A page while it is written.
#[derive(Default)]
pub(super) struct Paper(String);

impl Paper {
    /// Our own markup: a literal of this program, so nothing from outside can be passed by mistake.
    pub(super) fn tag(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// A text from anywhere, escaped; what steers a terminal or turns the direction of reading is made visible.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' => self.0.push('\n'),
                c if steers(c) => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        self
    }

    /// A number.
    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.text(&number.to_string())
    }

    /// Chinese, and the English under it in small print.
    pub(super) fn both(&mut self, zh: &str, en: &str) -> &mut Self {
        self.text(zh);
        if zh != en && !en.is_empty() {
            self.tag("<span lang=\"en\" class=\"en\">")
                .text(en)
                .tag("</span>");
        }
        self
    }

    /// A hash or an id, in groups of four that break a line only between them.
    pub(super) fn print(&mut self, hex: &str) -> &mut Self {
        self.tag("<span class=\"mono\">");
        for (n, c) in hex.chars().enumerate() {
            if n > 0 && n % 4 == 0 {
                self.tag("<wbr>");
            }
            self.text(c.encode_utf8(&mut [0; 4]));
        }
        self.tag("</span>")
    }

    /// The mark of a standing: its sign and its word in both languages. Sign, border and word say the same, so a grey print
    /// loses nothing.
    pub(super) fn mark(&mut self, standing: Standing) -> &mut Self {
        self.tag(match standing {
            Standing::Proved => "<span class=\"mark proved\"><i aria-hidden=\"true\">✓</i>",
            Standing::Pending => "<span class=\"mark pending\"><i aria-hidden=\"true\">…</i>",
            Standing::Contested => "<span class=\"mark contested\"><i aria-hidden=\"true\">◐</i>",
            Standing::Refused => "<span class=\"mark refused\"><i aria-hidden=\"true\">✗</i>",
        });
        self.text(standing.zh())
            .tag("<span lang=\"en\" class=\"en\">")
            .text(standing.en())
            .tag("</span></span>")
    }

    /// A section's title.
    pub(super) fn section(&mut self, zh: &'static str, en: &'static str) -> &mut Self {
        self.tag("<h3>").text(zh);
        self.tag("<span lang=\"en\" class=\"en\">")
            .text(en)
            .tag("</span></h3>\n")
    }

    /// The head of a table.
    pub(super) fn head(&mut self, columns: &[(&'static str, &'static str)]) -> &mut Self {
        self.tag("<thead><tr>");
        for (zh, en) in columns {
            self.tag("<th scope=\"col\">").both(zh, en).tag("</th>");
        }
        self.tag("</tr></thead>\n")
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let mut paper = Paper::default();
        paper.text("<script>\"a\" & 'b'</script>\u{202e}\u{1b}[2J\n");
        assert_eq!(
            paper.finish(),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;\u{fffd}\u{fffd}[2J\n"
        );
    }
}
