//! What is under way, on standard error: a line that renews itself where people look on, else one line now and then.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use crate::lang::Lang;
use crate::out::say;

pub(super) struct Progress {
    lang: Lang,
    terminal: bool,
    last: Instant,
    shown: bool,
}

/// How often it is told where nobody looks on.
const SELDOM: Duration = Duration::from_secs(10);
const OFTEN: Duration = Duration::from_millis(200);

impl Progress {
    pub(super) fn new(lang: Lang) -> Self {
        Progress {
            lang,
            terminal: std::io::stderr().is_terminal(),
            last: Instant::now(),
            shown: false,
        }
    }

    pub(super) fn entries(&mut self, done: u64) {
        // The clock is asked seldom: it costs as much as hashing an entry.
        if done.is_multiple_of(64) {
            let words = self.lang.pick(
                format!("正在核对条目 {done}"),
                format!("checking entries: {done}"),
            );
            self.tell(&words);
        }
    }

    pub(super) fn records(&mut self, done: u64) {
        let words = self.lang.pick(
            format!("正在核对记录 {done}"),
            format!("checking records: {done}"),
        );
        self.tell(&words);
    }

    fn tell(&mut self, words: &str) {
        let pause = if self.terminal { OFTEN } else { SELDOM };
        if self.last.elapsed() < pause {
            return;
        }
        self.last = Instant::now();
        self.shown = true;
        say(&if self.terminal {
            format!("\r{words}")
        } else {
            format!("{words}\n")
        });
    }

    pub(super) fn end(&mut self) {
        if self.terminal && self.shown {
            say("\n");
        }
    }
}
