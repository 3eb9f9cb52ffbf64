//! Settings as they were written, each with the place it came from.

use super::ConfigError;
use super::settings::{OTHER_VARIABLES, SETTINGS, Setting, nearest};
use crate::domain::finding::Message;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the command line says. Absent flags leave the choice to the environment and the file.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config FILE`.
    pub config: Option<PathBuf>,
    /// Settings given as flags: `(name of the setting, value)`.
    pub settings: Vec<(&'static str, String)>,
    /// The data folder where nothing says otherwise (`serve --demo` has its own).
    pub default_data: Option<&'static str>,
    /// `--json`.
    pub json: bool,
}

#[derive(Debug, Clone)]
struct Written {
    value: String,
    /// `--listen`, `MUSUBI_SERVER_LISTEN`, `musubi.toml`: for messages.
    origin: String,
}

/// All settings as text.
#[derive(Debug, Clone, Default)]
pub struct Raw {
    values: BTreeMap<&'static str, Written>,
    /// LC_ALL, else LC_MESSAGES, else LANG.
    pub(super) locale: String,
    pub(super) json: bool,
}

impl Raw {
    pub fn gather(flags: &Flags, environment: &[(String, String)]) -> Result<Self, ConfigError> {
        let variable = |name: &str| {
            environment.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value)
        };
        let mut raw = Raw { json: flags.json, ..Raw::default() };
        raw.locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(variable).cloned().unwrap_or_default();
        let mut findings = Vec::new();
        for setting in SETTINGS {
            raw.set(setting, setting.default, "built in");
        }
        if let (Some(folder), Some(setting)) = (flags.default_data, Setting::find("data")) {
            raw.set(setting, folder, "built in");
        }
        let file = flags.config.clone().or_else(|| variable("MUSUBI_CONFIG").map(PathBuf::from));
        if let Some(file) = file {
            raw.read_file(&file, &mut findings);
        }
        raw.read_environment(environment, &mut findings);
        for (name, value) in &flags.settings {
            if let Some(setting) = Setting::find(name) {
                raw.set(setting, value, "the command line");
            }
        }
        if findings.is_empty() { Ok(raw) } else { Err(ConfigError(findings)) }
    }

    fn set(&mut self, setting: &Setting, value: &str, origin: &str) {
        self.values.insert(setting.name, Written { value: value.trim().to_owned(), origin: origin.to_owned() });
    }

    fn read_file(&mut self, file: &Path, findings: &mut Vec<Message>) {
        let name = file.display().to_string();
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => {
                findings.push(Message::new(
                    format!("設定ファイル {name} を読めません（{error}）。--config の指定を確かめてください。"),
                    format!("The settings file {name} cannot be read ({error}). Please check --config."),
                ));
                return;
            }
        };
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                findings.push(Message::new(
                    format!("設定ファイル {name} は TOML として読めません: {error}"),
                    format!("The settings file {name} is not TOML: {error}"),
                ));
                return;
            }
        };
        self.read_table("", &table, &name, findings);
    }

    fn read_table(&mut self, section: &str, table: &toml::Table, file: &str, findings: &mut Vec<Message>) {
        for (key, value) in table {
            let name = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
            let is_section = SETTINGS.iter().any(|setting| setting.name.starts_with(&format!("{name}.")));
            if let (toml::Value::Table(inner), true) = (value, is_section) {
                self.read_table(&name, inner, file, findings);
                continue;
            }
            let Some(setting) = Setting::find(&name) else {
                findings.push(unknown(&name, file, nearest(&name, SETTINGS.iter().map(|setting| setting.name))));
                continue;
            };
            let text = match value {
                toml::Value::String(text) => text.clone(),
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                _ => {
                    findings.push(Message::new(
                        format!("{file} の {name} は文字列か整数で書いてください。"),
                        format!("{name} in {file} must be a text or a whole number."),
                    ));
                    continue;
                }
            };
            self.set(setting, &text, file);
        }
    }

    fn read_environment(&mut self, environment: &[(String, String)], findings: &mut Vec<Message>) {
        let known: Vec<(String, &Setting)> = SETTINGS.iter().map(|setting| (setting.variable(), setting)).collect();
        let mut database_url = None;
        for (name, value) in environment {
            if name == "DATABASE_URL" && !value.is_empty() {
                database_url = Some(value);
                continue;
            }
            if !name.starts_with("MUSUBI_") || OTHER_VARIABLES.contains(&name.as_str()) {
                continue;
            }
            match known.iter().find(|(variable, _)| variable == name) {
                Some((_, setting)) => self.set(setting, value, name),
                None => {
                    let near = nearest(name, known.iter().map(|(variable, _)| variable.as_str()));
                    findings.push(unknown(name, "the environment", near));
                }
            }
        }
        // Our own variable is the more exact one of the two.
        let ours = environment.iter().any(|(name, _)| name == "MUSUBI_DATABASE_URL");
        if let (Some(url), false, Some(setting)) = (database_url, ours, Setting::find("database.url")) {
            self.set(setting, url, "DATABASE_URL");
        }
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |written| written.value.as_str())
    }

    /// A whole number from `low` to `high`; anything else is a finding.
    pub(super) fn number(&self, name: &str, low: u64, high: u64, findings: &mut Vec<Message>) -> u64 {
        match self.text(name).replace('_', "").parse::<u64>() {
            Ok(number) if (low..=high).contains(&number) => number,
            _ => {
                findings.push(self.refused(
                    name,
                    &format!("{low}〜{high} の整数で書いてください。"),
                    &format!("write a whole number from {low} to {high}."),
                ));
                low
            }
        }
    }

    /// `true` or `false`; anything else is a finding.
    pub(super) fn flag(&self, name: &str, findings: &mut Vec<Message>) -> bool {
        match self.text(name) {
            "true" => true,
            "false" => false,
            _ => {
                findings.push(self.refused(name, "true か false です。", "it is true or false."));
                false
            }
        }
    }

    /// Like [`Raw::number`]; empty means that it is decided at run time.
    pub(super) fn optional_number(&self, name: &str, low: u64, high: u64, findings: &mut Vec<Message>) -> Option<u64> {
        if self.text(name).is_empty() {
            return None;
        }
        Some(self.number(name, low, high, findings))
    }

    /// A finding on a value: where it was written, what was found, what to do.
    pub(super) fn refused(&self, name: &str, ja: &str, en: &str) -> Message {
        let origin = self.values.get(name).map_or("", |written| written.origin.as_str());
        let found: String = self.text(name).chars().take(60).collect();
        Message::new(
            format!("設定 {name}（{origin}）の値「{found}」は使えません: {ja}"),
            format!("The setting {name} ({origin}) cannot be \"{found}\": {en}"),
        )
    }
}

fn unknown(name: &str, place: &str, near: Option<&str>) -> Message {
    let shown: String = name.chars().take(80).collect();
    let (ja, en) = match near {
        Some(near) => (format!("「{near}」のことですか。"), format!("Did you mean \"{near}\"?")),
        None => {
            ("`musubi serve --help` に一覧があります。".into(), "See `musubi serve --help` for all settings.".into())
        }
    };
    Message::new(
        format!("設定「{shown}」（{place}）はありません。{ja}"),
        format!("There is no setting \"{shown}\" ({place}). {en}"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Speech};
    use super::*;
    use crate::store::Target;

    fn load(
        file: Option<&str>,
        environment: &[(&str, &str)],
        flags: &[(&'static str, &str)],
    ) -> Result<Config, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = file.map(|text| {
            let path = folder.path().join("musubi.toml");
            std::fs::write(&path, text).expect("a written file");
            path
        });
        let flags = Flags {
            config,
            settings: flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            ..Flags::default()
        };
        let environment: Vec<(String, String)> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::load(&flags, &environment).map_err(|ConfigError(findings)| {
            findings.iter().map(|message| message.en.clone()).collect::<Vec<_>>().join("\n")
        })
    }

    #[test]
    fn flags_beat_the_environment_which_beats_the_file() {
        let file = "data = \"from-file\"\n[server]\nlisten = \"127.0.0.1:1\"\n[database]\nconnections = 3\n";
        let config = load(
            Some(file),
            &[("MUSUBI_SERVER_LISTEN", "127.0.0.1:2"), ("MUSUBI_DATABASE_CONNECTIONS", "4"), ("LANG", "ja_JP.UTF-8")],
            &[("server.listen", "127.0.0.1:3")],
        )
        .expect("good settings");
        assert_eq!(config.server.listen.port(), 3);
        assert_eq!(config.database.connections, 4);
        assert_eq!(config.data, PathBuf::from("from-file"));
        assert_eq!(config.database.target, Target::Sqlite("from-file/musubi.db".into()));
        assert_eq!(config.index.folder, PathBuf::from("from-file/index"));
        assert_eq!(config.output.language, Speech::Japanese);
    }

    #[test]
    fn the_address_of_the_database_comes_from_either_variable() {
        let target =
            |environment: &[(&str, &str)]| load(None, environment, &[]).expect("good settings").database.target;
        assert_eq!(target(&[("DATABASE_URL", "postgres://a/b")]), Target::Postgresql("postgres://a/b".into()));
        assert_eq!(
            target(&[("DATABASE_URL", "postgres://a/b"), ("MUSUBI_DATABASE_URL", "sqlite:/tmp/x.db")]),
            Target::Sqlite("/tmp/x.db".into())
        );
        assert!(load(None, &[("DATABASE_URL", "mysql://a/b")], &[]).is_err());
    }

    #[test]
    fn unknown_names_are_refused_with_the_nearest_known_one() {
        let error = load(Some("[server]\nlistn = \"127.0.0.1:1\"\n[serverr]\na = 1\n"), &[], &[]).unwrap_err();
        assert!(error.contains("server.listn") && error.contains("server.listen"), "{error}");
        assert!(error.contains("serverr"), "{error}");
        let error = load(None, &[("MUSUBI_DATABASE_CONECTIONS", "1")], &[]).unwrap_err();
        assert!(error.contains("Did you mean \"MUSUBI_DATABASE_CONNECTIONS\""), "{error}");
        assert!(load(None, &[("MUSUBI_SHARED", "x"), ("OTHER", "y")], &[]).is_ok());
    }

    #[test]
    fn who_gets_in_is_set_and_secrets_are_never_shown() {
        use crate::auth::OperatorRule;
        let config = load(None, &[], &[]).expect("good settings");
        assert_eq!(config.auth.operator, OperatorRule::WhileNoAccount);
        assert!(config.auth.trusted_proxies.is_empty());
        let variables = [
            ("MUSUBI_SERVER_OPERATOR_ON_LOOPBACK", "never"),
            ("MUSUBI_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("MUSUBI_AUTH_KEYS", "hidden-words"),
            ("MUSUBI_MAIL_SMTP", "smtps://user:hidden-words@localhost"),
            ("MUSUBI_MAIL_FROM", "musubi@example.jp"),
        ];
        let config = load(None, &variables, &[]).expect("good settings");
        assert_eq!(config.auth.operator, OperatorRule::Never);
        assert_eq!(config.auth.trusted_proxies.len(), 2);
        assert!(!format!("{config:?}").contains("hidden-words"));
        for bad in [
            ("MUSUBI_SERVER_OPERATOR_ON_LOOPBACK", "yes"),
            ("MUSUBI_SERVER_TRUSTED_PROXIES", "10.0.0.0/99"),
            ("MUSUBI_AUTH_SECOND_FACTOR_FOR_ADMINISTRATORS", "perhaps"),
            ("MUSUBI_SERVER_PUBLIC_URL", "javascript:1"),
            ("MUSUBI_SERVER_ALLOWED_ORIGINS", "*"),
            ("MUSUBI_SERVER_ALLOWED_ORIGINS", "https://app.example.jp/page"),
        ] {
            assert!(load(None, &[bad], &[]).is_err(), "{bad:?}");
        }
        let error = load(None, &[("MUSUBI_MAIL_SMTP", "smtps://user:hidden-words@localhost")], &[]).unwrap_err();
        assert!(error.contains("mail.from") && !error.contains("hidden-words"), "{error}");
    }

    #[test]
    fn values_out_of_range_are_refused_all_at_once() {
        let file = "[database]\nconnections = 0\n[server]\nlisten = \"nowhere\"\n[limits]\nbody_bytes = [1]\n";
        let error = load(Some(file), &[], &[]).unwrap_err();
        assert!(error.contains("body_bytes"), "{error}");
        let error = load(Some("[database]\nconnections = 0\n[server]\nlisten = \"nowhere\"\n"), &[], &[]).unwrap_err();
        assert!(error.contains("database.connections") && error.contains("server.listen"), "{error}");
        assert!(load(Some("not toml"), &[], &[]).is_err());
        assert!(load(None, &[("MUSUBI_CONFIG", "/nonexistent/musubi.toml")], &[]).is_err());
    }
}
