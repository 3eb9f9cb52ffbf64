//! Every setting there is: its name in the file, its variable, its default and what it means. The settings that
//! are read, the ones that are refused as unknown, and the text of `serve --help` all come from this one table.

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// `section.key` in the TOML file; the flag or variable is made of it.
    pub name: &'static str,
    /// What counts when nobody says anything; empty: decided at run time, see `about`.
    pub default: &'static str,
    /// What it means, with its unit.
    pub about: &'static str,
}

const fn setting(name: &'static str, default: &'static str, about: &'static str) -> Setting {
    Setting { name, default, about }
}

/// All settings, in the order in which help shows them.
pub const SETTINGS: &[Setting] = &[
    setting("data", "./data", "data folder: database file, index, lock (./data-demo with serve --demo)"),
    setting("lang", "", "language of messages, ja or en (otherwise from LC_ALL, LC_MESSAGES, LANG)"),
    setting("log", "info", "what is logged: error, warn, info, debug, or per part: musubi=debug"),
    setting("database.url", "", "postgres://… or sqlite:FILE (otherwise DATA/musubi.db); also DATABASE_URL"),
    setting("database.connections", "8", "reading connections; on PostgreSQL, all connections"),
    setting("database.patience_seconds", "10", "how long to wait for a connection or a turn to write"),
    setting("database.statement_timeout_seconds", "30", "how long one statement may run on PostgreSQL"),
    setting("database.writers_waiting", "256", "writers that may wait in line on SQLite"),
    setting("server.listen", "127.0.0.1:8080", "address and port"),
    setting("server.metrics_listen", "127.0.0.1:9464", "address and port of /metrics; off: none"),
    setting("server.workers", "", "threads that answer requests (otherwise one for each core)"),
    setting("server.shutdown_seconds", "8", "time that accepted requests have to finish after a stop signal"),
    setting("server.public_url", "", "where people reach the service, for links in letters: https://…"),
    setting("server.trusted_proxies", "", "whose X-Forwarded-For is believed: addresses or ranges, by commas"),
    setting("server.allowed_origins", "", "origins whose pages may ask (CORS), by commas: https://app.example.jp"),
    setting(
        "server.operator_on_loopback",
        "until-accounts",
        "who asks without credentials on 127.0.0.1 is the operator: until-accounts, always, never",
    ),
    setting("auth.keys", "", "content of a key file, for several nodes (otherwise DATA/keys, made at first start)"),
    setting("auth.issuer", "musubi", "issuer in access tokens"),
    setting("auth.second_factor_for_administrators", "false", "true: administrators need a second factor"),
    setting("mail.smtp", "", "smtps://user:password@host (otherwise letters go to DATA/mail as .eml files)"),
    setting("mail.from", "", "sender of letters; needed with mail.smtp"),
    setting("index.folder", "", "folder of the search index (otherwise DATA/index)"),
    setting("index.writer_memory_mebibytes", "128", "memory of the index writer"),
    setting("index.commit_rows", "1000", "the index commits after this many rows …"),
    setting("index.commit_milliseconds", "200", "… or after this time, whichever is first"),
    setting("limits.body_bytes", "65536", "largest request body"),
    setting("limits.searches_at_once", "", "searches and matches that may run at once (otherwise twice the cores)"),
    setting("limits.texts_memory_mebibytes", "64", "memory for texts that were shown lately; 0: none"),
];

/// Variables that begin like ours and are not settings: where the tests find shared data.
pub const OTHER_VARIABLES: &[&str] = &["MUSUBI_CONFIG", "MUSUBI_SHARED", "MUSUBI_TEST_AMOUNT"];

impl Setting {
    /// `MUSUBI_SERVER_LISTEN` for `server.listen`.
    pub fn variable(&self) -> String {
        format!("MUSUBI_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }

    pub fn find(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }
}

/// The text that `serve --help` ends with.
pub fn help() -> String {
    let mut text = String::from(
        "Settings, from weakest to strongest: built in, the TOML file of --config (or MUSUBI_CONFIG),\n\
         the environment, the flags. Unknown names are refused.\n\n",
    );
    for setting in SETTINGS {
        let default = if setting.default.is_empty() { String::new() } else { format!(" [{}]", setting.default) };
        text.push_str(&format!("  {} / {}{default}\n      {}\n", setting.name, setting.variable(), setting.about));
    }
    text.push_str(
        "\nExample file:\n\n  data = \"/var/lib/musubi\"\n  [server]\n  listen = \"127.0.0.1:8080\"\n  [database]\n  connections = 16\n",
    );
    text
}

/// The known name that `word` was probably meant to be, if one is close.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().take(100).collect();
    known
        .into_iter()
        .map(|name| {
            let letters: Vec<char> = name.to_lowercase().chars().collect();
            (distance(&word, &letters), letters.len().abs_diff(word.len()), name)
        })
        .min()
        .filter(|(distance, _, name)| *distance <= 1 + name.chars().count() / 3)
        .map(|(_, _, name)| name)
}

/// Levenshtein distance.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, from) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, to) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_guessed_and_nonsense_is_not() {
        let names = || SETTINGS.iter().map(|setting| setting.name);
        assert_eq!(nearest("server.listn", names()), Some("server.listen"));
        assert_eq!(nearest("database.conections", names()), Some("database.connections"));
        assert_eq!(nearest("zzzzzzzzzzzzzzzz", names()), None);
        assert_eq!(nearest("", names()), None);
    }

    #[test]
    fn every_setting_is_in_the_help() {
        let help = help();
        assert!(SETTINGS.iter().all(|setting| help.contains(setting.name) && help.contains(&setting.variable())));
    }
}
