//! `musubi serve`: the service, until it is told to stop.

use super::arguments::ServeArguments;
use super::terminal::Terminal;
use super::{Access, Ending, Failure, open_database};
use crate::auth::{password, secrets};
use crate::config::Config;
use crate::demo::sign_ins::{Secrets, SignIn};
use crate::error::Error;
use crate::feed::Pace;
use crate::store::Database;
use crate::{Limits, demo};
use musubi_index::Settings;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Instant;

/// Says of a data folder that what is in it is invented.
const DEMO_MARK: &str = "this-is-demo-data";

pub fn run(config: &Config, arguments: &ServeArguments, terminal: &Terminal) -> Result<Ending, Failure> {
    let started = Instant::now();
    warn_of_open_address(config, terminal);
    if arguments.demo {
        mark_as_demo(&config.data)?;
    }
    let opened = open_database(config, Access::Serve)?;
    if secrets::is_open_to_others(&config.data) {
        let folder = config.data.display();
        terminal.line(
            &format!("{folder} はこのマシンのほかの利用者にも開いています。非公開の情報が入るので、chmod 700 などで閉じてください。"),
            &format!("{folder} is open to others on this machine, and holds what is private: close it (chmod 700)."),
        );
    }
    let sign_ins = if arguments.demo { demo_sign_ins(config, &opened.database)? } else { None };
    let listener = TcpListener::bind(config.server.listen).map_err(|error| {
        Failure::cannot_run(
            format!(
                "{} で待ち受けできません（{error}）。--listen で別の番地を指定してください。",
                config.server.listen
            ),
            format!("Cannot listen on {} ({error}). Choose another address with --listen.", config.server.listen),
        )
    })?;
    let address = listener.local_addr()?;
    let settings = Settings { writer_memory: config.index.writer_memory, ..Settings::default() };
    let pace = Pace { rows: config.index.commit_rows as i64, between: config.index.commit_interval };
    let app = crate::build(
        opened.database.clone(),
        &config.index.folder,
        settings,
        pace,
        limits(config),
        config.auth.clone(),
    )?;
    let milliseconds = started.elapsed().as_millis();
    terminal.line(
        &format!("musubi は http://{address} で待ち受けています（API の説明: http://{address}/docs/ 、起動 {milliseconds} ms）。Ctrl+C で終わります。"),
        &format!("musubi listens on http://{address} (API: http://{address}/docs/, started in {milliseconds} ms). Ctrl+C ends it."),
    );
    let mut result = serde_json::json!({ "listening": format!("http://{address}") });
    if arguments.demo {
        print_sign_ins(sign_ins.as_deref(), &address.to_string(), terminal);
        result["sign_ins"] = serde_json::json!(sign_ins);
    }
    terminal.result(&result);
    let (feed, watch) = (app.feed.clone(), app.watch.clone());
    let metrics = metrics_listener(config, terminal);
    let ended = actix_web::rt::System::new().block_on(async move {
        if let Some(listener) = metrics {
            actix_web::rt::spawn(crate::metrics_server(app.clone(), listener)?);
        }
        crate::server(app, listener)?.await.map_err(Error::internal)
    });
    watch.stop();
    feed.stop();
    ended?;
    Ok(Ending::Done)
}

/// The service goes on without its numbers when their address is taken.
fn metrics_listener(config: &Config, terminal: &Terminal) -> Option<TcpListener> {
    let address = config.server.metrics_listen?;
    match TcpListener::bind(address) {
        Ok(listener) => Some(listener),
        Err(error) => {
            terminal.line(
                &format!("{address} が使えないため（{error}）、/metrics は提供しません。"),
                &format!("{address} is not free ({error}), so there is no /metrics."),
            );
            None
        }
    }
}

fn limits(config: &Config) -> Limits {
    let usual = Limits::default();
    Limits {
        body_bytes: config.limits.body_bytes,
        searches_at_once: config.limits.searches_at_once.unwrap_or(usual.searches_at_once),
        workers: config.server.workers.unwrap_or(usual.workers),
        shutdown: config.server.shutdown,
        texts_memory: config.limits.texts_memory,
    }
}

/// Other machines may reach the service: passwords then travel in the open, unless TLS stands in front.
fn warn_of_open_address(config: &Config, terminal: &Terminal) {
    if config.server.listen.ip().is_loopback() {
        return;
    }
    terminal.line(
        "ほかの端末から接続できる番地で待ち受けます。TLS を終端するリバースプロキシを前に置いてください（server.trusted_proxies も設定）。",
        "Other machines can reach this address. Put a reverse proxy with TLS in front (and set server.trusted_proxies).",
    );
}

/// The file of the demo folder with one sign-in for each role.
const DEMO_SIGN_INS: &str = "demo-sign-ins.json";

/// Fills the demo, and makes one sign-in for each role.
fn demo_sign_ins(config: &Config, database: &Database) -> Result<Option<Vec<SignIn>>, Failure> {
    if !demo::is_free(database)? {
        return Err(Failure::wrong_use(
            "データベースにデモ用でないデータがあります。--demo には空のデータベースを指定してください。",
            "The database holds data that is not demo data. Give --demo an empty one.",
        ));
    }
    demo::load(database)?;
    let cost = config.auth.password_cost;
    let made = Secrets {
        password: &|| Ok(secrets::encode(&secrets::random::<12>()?)),
        hash: &|password| password::hash_now(password, cost),
        write: &secrets::write_private,
    };
    let sign_ins = demo::sign_ins::ready(database, &config.data.join(DEMO_SIGN_INS), &made)?;
    // After the accounts, so that those concerned are told.
    demo::arrange(database)?;
    Ok(sign_ins)
}

fn print_sign_ins(sign_ins: Option<&[SignIn]>, address: &str, terminal: &Terminal) {
    let Some(sign_ins) = sign_ins else {
        terminal.line(
            &format!("デモのパスワードのファイル（{DEMO_SIGN_INS}）がありません。作り直すにはデモのフォルダーを削除してください。"),
            &format!("The file with the demo's passwords ({DEMO_SIGN_INS}) is gone. Delete the demo folder to start over."),
        );
        return;
    };
    terminal.line(
        "\nデモ用のサインイン（架空のデータだけが入っています）:",
        "\nSign-ins of the demo (everything in it is invented):",
    );
    for SignIn { role, email, password } in sign_ins {
        let row = format!("  {role:<14} {email:<28} {password}");
        terminal.line(&row, &row);
    }
    if let Some(SignIn { email, password, .. }) = sign_ins.iter().find(|sign_in| sign_in.role == "coordinator") {
        let ask = format!(
            "  curl -s http://{address}/api/v1/auth/sign-in -H 'content-type: application/json' \\\n    -d '{{\"email\":\"{email}\",\"password\":\"{password}\"}}'\n"
        );
        terminal.line(&format!("\nサインインの例:\n{ask}"), &format!("\nFor example:\n{ask}"));
    }
}

/// Demo data goes into a folder of its own, never beside real data.
fn mark_as_demo(folder: &Path) -> Result<(), Failure> {
    let mark = folder.join(DEMO_MARK);
    if mark.exists() {
        return Ok(());
    }
    let used = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if used {
        return Err(Failure::wrong_use(
            format!(
                "{} にはデモ用でないデータがあります。--demo には空のフォルダーを指定してください。",
                folder.display()
            ),
            format!("{} holds data that is not demo data. Give --demo an empty folder.", folder.display()),
        ));
    }
    if !folder.exists() {
        fs::create_dir_all(folder)?;
        secrets::restrict(folder)?;
    }
    fs::write(mark, "Everything in this folder is invented.\nこのフォルダーのデータはすべて架空のものです。\n")?;
    Ok(())
}
