//! Commands of operators: backup, restore, doctor.

use std::path::Path;
use std::process::ExitCode;

use crate::server::AppState;
use crate::server::backup::{self, Manifest};
use crate::server::config::Config;

fn told(manifest: &Manifest) -> String {
    let chain = manifest.audited.map_or_else(String::new, |n| {
        format!(", {n} rows of the audit log, the chain is whole")
    });
    format!(
        "{} database of {} bytes{chain}; {} files of {} bytes",
        manifest.engine, manifest.bytes, manifest.files, manifest.file_bytes
    )
}

/// Makes a backup and says what it holds.
pub async fn backup(state: &AppState, folder: &Path, with_key: bool) -> Result<ExitCode, String> {
    let manifest = backup::backup(state, folder, with_key).await?;
    println!("{}", told(&manifest));
    if !manifest.key {
        println!("without the key: keep a copy of it apart from this folder");
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts a backup back and says what was found.
pub async fn restore(config: &Config, folder: &Path) -> Result<ExitCode, String> {
    let (manifest, audited) = backup::restore(config, folder).await?;
    println!("restored: {}", told(&manifest));
    match audited {
        Some(n) => println!("{n} rows of the audit log, the chain is whole"),
        None => println!("put the key into the data directory before you start the server"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks one thing after the other, says how each stands, and how to mend what is wrong.
pub async fn doctor(config: &Config) -> ExitCode {
    let mut ill = false;
    let mut check = |name: &str, outcome: Result<String, String>| match outcome {
        Ok(note) => println!("ok    {name}: {note}"),
        Err(note) => {
            ill = true;
            println!("FAIL  {name}: {note}");
        }
    };
    let dir = &config.files.data_dir;
    check("configuration", Ok(format!("{:?}", config.server)));
    let probe = dir.join(".doctor");
    let writable = crate::server::crypto::private_folder(dir)
        .and_then(|()| std::fs::write(&probe, b"x"))
        .and_then(|()| std::fs::remove_file(&probe));
    check(
        "data directory",
        writable.map(|()| dir.display().to_string()).map_err(|e| {
            format!(
                "{}: {e}; give the server's user the right to write there",
                dir.display()
            )
        }),
    );
    check(
        "listening",
        if config.server.addr.ip().is_loopback() || config.server.trusted_proxy {
            Ok(config.server.addr.to_string())
        } else {
            Err("off loopback a proxy that ends TLS must stand in front; then set [server] trusted_proxy = true".into())
        },
    );
    check(
        "key",
        crate::server::crypto::Keys::load(dir)
            .map(|_| "readable; keep a copy apart from the database".into()),
    );
    check(
        "time zone",
        crate::server::time::Zone::named(&config.server.time_zone).map(|z| z.today()),
    );
    match crate::server::db::Db::open(&config.database.url, dir, 2).await {
        Ok(db) => {
            check("database", Ok(db.engine().into()));
            check(
                "migrations",
                match db.migration_gap().await {
                    (0, 0) => Ok("up to date".into()),
                    (_, newer) if newer > 0 => Err(
                        "the database was last used by a newer version; install that one".into(),
                    ),
                    (pending, _) => Err(format!(
                        "{pending} to run; `mailuo migrate` or `mailuo serve` runs them"
                    )),
                },
            );
        }
        Err(error) => check("database", Err(error)),
    }
    if ill {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    }
}
