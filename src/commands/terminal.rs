//! Printing for people and for programs. A closed pipe (`musubi export … | head`) is not an error.

use crate::config::Speech;
use crate::domain::finding::Message;
use serde::Serialize;
use std::io::Write;

/// Where a command prints: in which language, or as JSON.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    pub speech: Speech,
    pub json: bool,
}

#[derive(Serialize)]
struct Problem<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    code: &'a str,
    message: &'a Message,
}

impl Terminal {
    pub fn new(speech: Speech, json: bool) -> Self {
        Self { speech, json }
    }

    /// A line of a result, for people only.
    pub fn line(&self, ja: &str, en: &str) {
        if !self.json {
            self.print(self.speech.pick(ja, en));
        }
    }

    /// A line as it is.
    pub fn print(&self, text: &str) {
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// The result as one JSON object, for programs only.
    pub fn result(&self, value: &impl Serialize) {
        if self.json {
            match serde_json::to_string(value) {
                Ok(text) => self.print(&text),
                Err(error) => tracing::error!(%error, "a result could not be written as JSON"),
            }
        }
    }

    /// Something worth knowing beside the result, to standard error; for people only.
    pub fn warn(&self, ja: &str, en: &str) {
        if !self.json {
            let _ = writeln!(std::io::stderr().lock(), "{}", self.speech.pick(ja, en));
        }
    }

    /// What went wrong and what to do, to standard error.
    pub fn error(&self, code: &str, message: &Message) {
        let text = if self.json {
            serde_json::to_string(&Problem { error: Inner { code, message } }).unwrap_or_default()
        } else {
            format!("musubi: {}", self.speech.of(message))
        };
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }
}

/// A counter for long work, on a terminal only.
pub fn counter(terminal: &Terminal) -> indicatif::ProgressBar {
    if terminal.json || !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        return indicatif::ProgressBar::hidden();
    }
    indicatif::ProgressBar::new_spinner()
}
