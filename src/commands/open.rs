//! Opening the database of a command: migrated, locked where it must be, and never created by a command that reads.

use super::Failure;
use crate::auth::secrets;
use crate::config::Config;
use crate::domain::Clock;
use crate::domain::finding::Message;
use crate::store::{Database, Target, migrate};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// What a command does with the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access<'a> {
    /// Reads. Works beside a running service; nothing is created or migrated.
    Read,
    /// Writes. Refuses while another process holds an SQLite folder; `instead` says what to do then.
    Write { instead: &'a Message },
    /// Serves: holds the data folder for as long as it runs, on either database (the index lies there).
    Serve,
}

/// A database, and the lock on its folder for as long as this value lives.
#[derive(Debug)]
pub struct OpenDatabase {
    pub database: Database,
    /// Present for writing commands on SQLite, and for `serve`.
    pub lock: Option<FolderLock>,
}

/// An exclusive lock on a data folder; let go when dropped, also when the process dies.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// `None`: another process holds it.
    pub fn take(folder: &Path) -> Result<Option<Self>, Failure> {
        let path = folder.join("musubi.lock");
        let cannot = |error: std::io::Error| {
            Failure::cannot_run(
                format!(
                    "{} を開けません（{error}）。--data の指定とフォルダーの権限を確かめてください。",
                    path.display()
                ),
                format!("{} cannot be opened ({error}). Check --data and the folder's permissions.", path.display()),
            )
        };
        let fresh = !folder.exists();
        std::fs::create_dir_all(folder).map_err(cannot)?;
        if fresh {
            // Addresses, password hashes and what is private are in it.
            secrets::restrict(folder).map_err(cannot)?;
        }
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }
}

/// Opens the database as `access` needs it.
pub fn open_database(config: &Config, access: Access<'_>) -> Result<OpenDatabase, Failure> {
    let lock = match access {
        Access::Read => {
            refuse_missing_file(&config.database.target)?;
            None
        }
        Access::Write { instead } => lock_for_writing(config, instead)?,
        Access::Serve => {
            let folder = lock_folder(config).unwrap_or_else(|| config.data.clone());
            let instead = Message::new(
                "別の --data を使うか、動いている方を止めてください。",
                "Use another --data, or stop the other one.",
            );
            Some(FolderLock::take(&folder)?.ok_or_else(|| held(&folder, &instead))?)
        }
    };
    let database = Database::open(config.database.clone(), Clock::system())?;
    match access {
        Access::Read => {
            if migrate::is_pending(&database)? {
                return Err(Failure::cannot_run(
                    format!(
                        "{} はまだ準備されていません。先に `musubi migrate` か `musubi serve` を実行してください。",
                        config.database.target.name()
                    ),
                    format!(
                        "{} is not up to date. Run `musubi migrate` or `musubi serve` first.",
                        config.database.target.name()
                    ),
                ));
            }
        }
        Access::Write { .. } | Access::Serve => {
            migrate::run(&database)?;
        }
    }
    Ok(OpenDatabase { database, lock })
}

/// The lock a writing command needs: on the folder of an SQLite file; none on PostgreSQL.
pub(super) fn lock_for_writing(config: &Config, instead: &Message) -> Result<Option<FolderLock>, Failure> {
    match lock_folder(config) {
        Some(folder) => FolderLock::take(&folder)?.ok_or_else(|| held(&folder, instead)).map(Some),
        None => Ok(None),
    }
}

/// The folder that holds the SQLite file; none on PostgreSQL.
fn lock_folder(config: &Config) -> Option<PathBuf> {
    match &config.database.target {
        Target::Postgresql(_) => None,
        Target::Sqlite(path) => match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => Some(folder.to_owned()),
            _ => Some(PathBuf::from(".")),
        },
    }
}

fn held(folder: &Path, instead: &Message) -> Failure {
    let folder = folder.display();
    Failure::cannot_run(
        format!("{folder} はほかの musubi（serve など）が使用中のため、書き込めません。{}", instead.ja),
        format!("{folder} is in use by another musubi (serve, say), so nothing can be written. {}", instead.en),
    )
}

/// Opening an SQLite file that is not there would create it.
fn refuse_missing_file(target: &Target) -> Result<(), Failure> {
    match target {
        Target::Sqlite(path) if !path.exists() => Err(Failure::cannot_run(
            format!(
                "{} がありません。--data の指定を確かめるか、先に `musubi serve` か `musubi migrate` を実行してください。",
                path.display()
            ),
            format!("There is no {}. Check --data, or run `musubi serve` or `musubi migrate` first.", path.display()),
        )),
        Target::Sqlite(_) | Target::Postgresql(_) => Ok(()),
    }
}
