//! QR codes: text as a square of dark and light modules, for a terminal and for a page. Scanners of hand-held readers type
//! what they see, so a code that stands on paper need not be copied by hand.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// Modules around a code that stay light.
const QUIET: usize = 4;

/// A square of modules, its quiet zone among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    side: usize,
    dark: Vec<bool>,
}

impl Qr {
    /// The code of a text; none where it is too long for one. What it carries is checked by whoever reads it, so the
    /// weakest correction is enough, and leaves the modules largest.
    pub fn of(text: &str) -> Option<Qr> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        let (inner, side) = (code.width(), code.width() + 2 * QUIET);
        let mut dark = vec![false; side * side];
        for (n, color) in code.to_colors().into_iter().enumerate() {
            let at = (n / inner + QUIET) * side + n % inner + QUIET;
            if let Some(module) = dark.get_mut(at) {
                *module = color == Color::Dark;
            }
        }
        Some(Qr { side, dark })
    }

    /// Modules in a row.
    pub fn side(&self) -> usize {
        self.side
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.side && self.dark.get(y * self.side + x).copied().unwrap_or(false)
    }

    /// For a terminal: two rows to a line, black on white whatever the terminal's colours are.
    pub fn half_blocks(&self) -> String {
        let mut text = String::new();
        for y in (0..self.side).step_by(2) {
            text.push_str("\u{1b}[30;47m");
            for x in 0..self.side {
                text.push(match (self.is_dark(x, y), self.is_dark(x, y + 1)) {
                    (false, false) => ' ',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (true, true) => '█',
                });
            }
            text.push_str("\u{1b}[0m\n");
        }
        text
    }

    /// The dark modules as the path of an SVG whose view box is as many units wide as there are modules.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for y in 0..self.side {
            let mut x = 0;
            while x < self.side {
                let run = (x..self.side).take_while(|x| self.is_dark(*x, y)).count();
                if run > 0 {
                    // Writing to a string cannot fail.
                    let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
                }
                x += run.max(1);
            }
        }
        path
    }

    /// A whole SVG file, so many millimetres wide.
    pub fn svg(&self, width_mm: u32) -> String {
        let (side, path) = (self.side, self.path());
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width_mm}mm\" height=\"{width_mm}mm\" viewBox=\"0 0 {side} {side}\" \
             shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_drawings_show_the_same_modules_with_a_quiet_zone() {
        let qr = Qr::of("lianzhan-join-2.abc").unwrap();
        let blocks = qr.half_blocks();
        let lines: Vec<&str> = blocks.lines().collect();
        assert_eq!(lines.len(), qr.side().div_ceil(2));
        let dark = qr.dark.iter().filter(|dark| **dark).count();
        let halves: usize = blocks
            .chars()
            .map(|c| match c {
                '█' => 2,
                '▀' | '▄' => 1,
                _ => 0,
            })
            .sum();
        assert_eq!(halves, dark);
        let runs = qr.path();
        let drawn: usize = runs
            .split('M')
            .filter_map(|run| run.split_once('h')?.1.split_once('v')?.0.parse::<usize>().ok())
            .sum();
        assert_eq!(drawn, dark);
        assert!((0..qr.side()).all(|n| !qr.is_dark(n, 0) && !qr.is_dark(3, n)));
        assert!(Qr::of(&"x".repeat(4000)).is_none(), "no code holds that much");
    }
}
