//! Settings: raw in, checked out. From weakest to strongest: what is built in, the file, the environment, the flags.
//!
//! One small struct for each concern; each reads its own part of the raw settings and nothing else does.

mod raw;
pub mod settings;

pub use raw::{Flags, Raw};

use crate::auth::keys::KeySource;
use crate::auth::mail::Transport;
use crate::auth::network::Network;
use crate::auth::{AuthSettings, OperatorRule};
use crate::domain::finding::Message;
use crate::store::{DatabaseSettings, Target};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const MEBIBYTE: usize = 1 << 20;

/// Everything a command may want to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data folder: the SQLite file, the index and the lock lie in it.
    pub data: PathBuf,
    pub database: DatabaseSettings,
    pub server: ServerConfig,
    pub index: IndexConfig,
    pub limits: LimitsConfig,
    /// Who gets in, and the letters that tell them.
    pub auth: AuthSettings,
    pub output: OutputConfig,
}

/// How the service listens and stops.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    pub listen: SocketAddr,
    /// Where /metrics answers; `None`: nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Threads that answer requests; `None`: one for each core.
    pub workers: Option<usize>,
    /// How long accepted requests may take to finish after a stop signal.
    pub shutdown: Duration,
}

/// How the search index is kept.
#[derive(Debug, Clone)]
pub struct IndexConfig {
    pub folder: PathBuf,
    /// Memory of the index writer, bytes.
    pub writer_memory: usize,
    /// A commit comes after this many rows …
    pub commit_rows: usize,
    /// … or after this time, whichever is first.
    pub commit_interval: Duration,
}

/// What one caller may ask for at most.
#[derive(Debug, Clone)]
pub struct LimitsConfig {
    /// Largest request body, bytes.
    pub body_bytes: usize,
    /// Searches and matches that may run at the same time; `None`: twice the cores.
    pub searches_at_once: Option<usize>,
    /// Memory for texts that were shown lately, bytes.
    pub texts_memory: usize,
}

/// How results are printed.
#[derive(Debug, Clone)]
pub struct OutputConfig {
    pub language: Speech,
    /// Results as JSON for programs.
    pub json: bool,
    /// What is logged, in the words of `tracing` (`info`, `musubi=debug` …).
    pub log: String,
}

/// The language of messages to the person at the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    Japanese,
    English,
}

impl Speech {
    /// Of a message in both languages, the one to print.
    pub fn of(self, message: &Message) -> &str {
        match self {
            Speech::Japanese => &message.ja,
            Speech::English => &message.en,
        }
    }

    /// One of two texts.
    pub fn pick<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        match self {
            Speech::Japanese => ja,
            Speech::English => en,
        }
    }

    /// Japanese where the locale says so, else English.
    pub fn of_locale(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("ja") { Speech::Japanese } else { Speech::English }
    }
}

/// Why the settings cannot be used: all findings at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub Vec<Message>);

impl Config {
    /// Gathers and checks the settings. `environment` is a list so that tests bring their own.
    pub fn load(flags: &Flags, environment: &[(String, String)]) -> Result<Self, ConfigError> {
        let raw = Raw::gather(flags, environment)?;
        Self::check(&raw)
    }

    fn check(raw: &Raw) -> Result<Self, ConfigError> {
        let mut findings = Vec::new();
        let data = PathBuf::from(raw.text("data"));
        let config = Config {
            database: database(raw, &data, &mut findings),
            server: ServerConfig::check(raw, &mut findings),
            index: IndexConfig::check(raw, &data, &mut findings),
            limits: LimitsConfig::check(raw, &mut findings),
            auth: auth(raw, &data, &mut findings),
            output: OutputConfig::check(raw, &mut findings),
            data,
        };
        if findings.is_empty() { Ok(config) } else { Err(ConfigError(findings)) }
    }
}

fn database(raw: &Raw, data: &std::path::Path, findings: &mut Vec<Message>) -> DatabaseSettings {
    let target = match raw.text("database.url") {
        "" => Target::Sqlite(data.join("musubi.db")),
        url => Target::parse(url),
    };
    if let Target::Sqlite(path) = &target {
        // `mysql://…` would become a file of that name.
        if path.to_string_lossy().contains("://") {
            findings.push(Message::new(
                "database.url は postgres://… か sqlite:ファイル名 で指定してください。",
                "database.url is postgres://… or sqlite:FILE.",
            ));
        }
    }
    DatabaseSettings {
        target,
        connections: raw.number("database.connections", 1, 1_000, findings) as u32,
        patience: Duration::from_secs(raw.number("database.patience_seconds", 1, 3_600, findings)),
        statement_timeout: Duration::from_secs(raw.number("database.statement_timeout_seconds", 1, 3_600, findings)),
        writers_waiting: raw.number("database.writers_waiting", 1, 100_000, findings) as usize,
    }
}

fn auth(raw: &Raw, data: &std::path::Path, findings: &mut Vec<Message>) -> AuthSettings {
    let mut settings = AuthSettings::in_folder(data);
    if !raw.text("auth.keys").is_empty() {
        settings.keys = KeySource::Text(raw.text("auth.keys").to_owned());
    }
    settings.issuer = raw.text("auth.issuer").to_owned();
    settings.second_factor_for_administrators = raw.flag("auth.second_factor_for_administrators", findings);
    settings.operator = match raw.text("server.operator_on_loopback") {
        "until-accounts" => OperatorRule::WhileNoAccount,
        "always" => OperatorRule::Always,
        "never" => OperatorRule::Never,
        _ => {
            findings.push(raw.refused(
                "server.operator_on_loopback",
                "until-accounts、always、never のどれかです。",
                "it is until-accounts, always or never.",
            ));
            OperatorRule::Never
        }
    };
    for text in raw.text("server.trusted_proxies").split(',').filter(|text| !text.trim().is_empty()) {
        match Network::parse(text) {
            Some(network) => settings.trusted_proxies.push(network),
            None => findings.push(raw.refused(
                "server.trusted_proxies",
                "アドレスか範囲を 10.0.0.0/8 のように、コンマで区切って書いてください。",
                "write addresses or ranges like 10.0.0.0/8, separated by commas.",
            )),
        }
    }
    for origin in raw.text("server.allowed_origins").split(',').map(str::trim).filter(|text| !text.is_empty()) {
        match is_origin(origin) {
            true => settings.allowed_origins.push(origin.to_owned()),
            false => findings.push(raw.refused(
                "server.allowed_origins",
                "https://app.example.jp のように、経路（/…）を付けず、コンマで区切って書いてください。",
                "write origins like https://app.example.jp, without a path, separated by commas.",
            )),
        }
    }
    let url = raw.text("server.public_url");
    if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://") {
        findings.push(raw.refused("server.public_url", "https://… の形で書いてください。", "write https://…"));
    }
    settings.mail.public_url = Some(url.to_owned()).filter(|url| !url.is_empty());
    let smtp = raw.text("mail.smtp");
    if !smtp.is_empty() {
        settings.mail.transport = Transport::Smtp(smtp.to_owned());
        if raw.text("mail.from").is_empty() {
            findings.push(Message::new(
                "SMTP で送るには mail.from（差出人）が必要です。",
                "Sending by SMTP needs mail.from, the sender.",
            ));
        }
    }
    if !raw.text("mail.from").is_empty() {
        settings.mail.from = raw.text("mail.from").to_owned();
    }
    settings
}

/// Scheme, host and port as a browser sends them; never `*`, never `null`.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(plain))
}

impl ServerConfig {
    fn check(raw: &Raw, findings: &mut Vec<Message>) -> Self {
        let mut address = |name: &str| {
            raw.text(name).parse().unwrap_or_else(|_| {
                findings.push(raw.refused(
                    name,
                    "アドレスとポートを 127.0.0.1:8080 のように書いてください。",
                    "write an address and a port, like 127.0.0.1:8080.",
                ));
                SocketAddr::from(([127, 0, 0, 1], 8080))
            })
        };
        let metrics_off = raw.text("server.metrics_listen") == "off";
        Self {
            listen: address("server.listen"),
            metrics_listen: (!metrics_off).then(|| address("server.metrics_listen")),
            workers: raw.optional_number("server.workers", 1, 1_024, findings).map(|number| number as usize),
            shutdown: Duration::from_secs(raw.number("server.shutdown_seconds", 0, 600, findings)),
        }
    }
}

impl IndexConfig {
    fn check(raw: &Raw, data: &std::path::Path, findings: &mut Vec<Message>) -> Self {
        let folder = match raw.text("index.folder") {
            "" => data.join("index"),
            folder => PathBuf::from(folder),
        };
        Self {
            folder,
            writer_memory: raw.number("index.writer_memory_mebibytes", 15, 4_000, findings) as usize * MEBIBYTE,
            commit_rows: raw.number("index.commit_rows", 1, 1_000_000, findings) as usize,
            commit_interval: Duration::from_millis(raw.number("index.commit_milliseconds", 1, 60_000, findings)),
        }
    }
}

impl LimitsConfig {
    fn check(raw: &Raw, findings: &mut Vec<Message>) -> Self {
        Self {
            body_bytes: raw.number("limits.body_bytes", 1_024, 16 << 20, findings) as usize,
            searches_at_once: raw
                .optional_number("limits.searches_at_once", 1, 10_000, findings)
                .map(|number| number as usize),
            texts_memory: raw.number("limits.texts_memory_mebibytes", 0, 16_000, findings) as usize * MEBIBYTE,
        }
    }
}

impl OutputConfig {
    fn check(raw: &Raw, findings: &mut Vec<Message>) -> Self {
        let language = match raw.text("lang") {
            "ja" => Speech::Japanese,
            "en" => Speech::English,
            "" => Speech::of_locale(&raw.locale),
            _ => {
                findings.push(raw.refused("lang", "ja か en です。", "it is ja or en."));
                Speech::English
            }
        };
        Self { language, json: raw.json, log: raw.text("log").to_owned() }
    }
}
