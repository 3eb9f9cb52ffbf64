//! The command line: each command in its own file. They wire the rooms together and have no logic of their own.

pub mod archive;
pub mod arguments;
pub mod bench;
pub mod check;
pub mod create_admin;
pub mod evaluate;
pub mod export;
pub mod fit;
pub mod import;
pub mod migrate;
pub mod open;
pub mod places;
pub mod reindex;
pub mod serve;
pub mod terminal;
pub mod version;

pub use open::{Access, OpenDatabase, open_database};

use crate::config::{Config, ConfigError, Flags, Speech};
use crate::domain::finding::Message;
use crate::error::Error;
use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;
use terminal::Terminal;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything was done: exit code 0.
    Done,
    /// It ran to its end, but rows were refused or checks failed: exit code 1.
    Partly,
}

/// Why a command did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Asked for in a way that cannot be: exit code 2.
    WrongUse(Message),
    /// Something in the way: exit code 3.
    CannotRun(Message),
}

impl Failure {
    pub fn wrong_use(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Failure::WrongUse(Message::new(ja, en))
    }

    pub fn cannot_run(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Failure::CannotRun(Message::new(ja, en))
    }

    pub fn message(&self) -> &Message {
        match self {
            Failure::WrongUse(message) | Failure::CannotRun(message) => message,
        }
    }

    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::WrongUse(_) => 2,
            Failure::CannotRun(_) => 3,
        }
    }
}

impl From<Error> for Failure {
    /// The person at the machine may know the inner detail.
    fn from(error: Error) -> Self {
        match error {
            Error::Internal(detail) => {
                Failure::cannot_run(format!("実行できませんでした: {detail}"), format!("It could not run: {detail}"))
            }
            other => Failure::CannotRun(other.message()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::cannot_run(
            format!("読み書きできませんでした: {error}"),
            format!("Reading or writing did not work: {error}"),
        )
    }
}

/// The whole program: reads the arguments and the settings, runs the command, prints what went wrong.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not errors; clap knows which is which. A closed pipe is nobody's concern.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let environment: Vec<(String, String)> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    let flags = arguments.flags();
    let config = match Config::load(&flags, &environment) {
        Ok(config) => config,
        Err(ConfigError(findings)) => {
            let speech = speech_before_settings(&flags, &environment);
            for message in &findings {
                Terminal::new(speech, flags.json).error("settings", message);
            }
            return ExitCode::from(2);
        }
    };
    start_log(&config);
    let terminal = Terminal::new(config.output.language, config.output.json);
    match run(arguments.command, &config, &terminal) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Partly) => ExitCode::from(1),
        Err(failure) => {
            let code = if failure.exit_code() == 2 { "wrong-use" } else { "cannot-run" };
            terminal.error(code, failure.message());
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(command: Command, config: &Config, terminal: &Terminal) -> Result<Ending, Failure> {
    match command {
        Command::Serve(arguments) => serve::run(config, &arguments, terminal),
        Command::Import(arguments) => import::run(config, &arguments, terminal),
        Command::Export(arguments) => export::run(config, &arguments, terminal),
        Command::Restore(arguments) => archive::restore(config, &arguments, terminal),
        Command::Backup(arguments) => archive::backup(config, &arguments, terminal),
        Command::Evaluate(arguments) => evaluate::run(&arguments, terminal),
        Command::Fit(arguments) => fit::run(config, &arguments, terminal),
        Command::BenchCorpus(arguments) => bench::corpus(&arguments, terminal),
        Command::Bench(arguments) => bench::run(&arguments, terminal),
        Command::Reindex => reindex::run(config, terminal),
        Command::Migrate => migrate::run(config, terminal),
        Command::Check => check::run(config, terminal),
        Command::CreateAdmin(arguments) => create_admin::run(config, &arguments, terminal),
        Command::Version => version::run(terminal),
    }
}

/// The language while the settings themselves are at fault.
fn speech_before_settings(flags: &Flags, environment: &[(String, String)]) -> Speech {
    let flag = flags.settings.iter().find(|(name, _)| *name == "lang").map(|(_, value)| value.as_str());
    let variable = |name: &str| {
        environment.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    };
    let words = ["MUSUBI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"];
    Speech::of_locale(flag.or_else(|| words.into_iter().find_map(variable)).unwrap_or(""))
}

fn start_log(config: &Config) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&config.output.log).unwrap_or_else(|_| EnvFilter::new("info"));
    // A second start in one process (a test) keeps the first one.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init();
}
