//! Backup and restore: the database as it stands at one moment, the files, and what tells that they are whole.
//!
//! SQLite is copied by `VACUUM INTO`, Postgres by `pg_dump` and `pg_restore`, which must be installed. Both run beside
//! the server. Files are named by their hashes and never change, so copying them after the database leaves none out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::process::Command;

use super::config::Config;
use super::crypto::{self, Keys, private_folder};
use super::db::{Db, q};
use super::{AppState, audit, time};

/// Names within a backup.
const SQLITE: &str = "mailuo.db";
const POSTGRES: &str = "mailuo.dump";
const MANIFEST: &str = "manifest.json";
const FILES: &str = "files";
const KEY: &str = "key";

/// What a backup says of itself. Written last: a folder without it holds no whole backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the program that made it.
    pub version: String,
    /// sqlite or postgres.
    pub engine: String,
    /// Epoch milliseconds.
    pub at: i64,
    /// SHA-256 of the database's file, and its length in bytes.
    pub sha256: String,
    pub bytes: u64,
    /// Files beside the database, and their bytes.
    pub files: u64,
    pub file_bytes: u64,
    /// Events of the audit chain that the copy holds; the chain was whole. Nothing where the copy cannot be opened by
    /// itself (Postgres).
    pub audited: Option<i64>,
    /// Whether the key lies in the folder too.
    pub key: bool,
}

/// Makes a backup in `folder`, which is new, empty, or holds an earlier one; files that lie there already stay.
///
/// With `key` the key goes along: whoever has such a folder can read what is sealed. An error says what to do.
pub async fn backup(state: &AppState, folder: &Path, key: bool) -> Result<Manifest, String> {
    let manifest = folder.join(MANIFEST);
    make_folder(folder)?;
    if !manifest.exists() && !is_empty(folder)? {
        return Err(format!(
            "{} holds something that is no backup; name a new or empty folder",
            folder.display()
        ));
    }
    let name = match &state.db {
        Db::Sqlite { .. } => SQLITE,
        Db::Postgres(_) => POSTGRES,
    };
    let fresh = folder.join(format!("{name}.new"));
    remove(&fresh)?;
    let audited = match &state.db {
        Db::Sqlite { .. } => {
            let said = |e: sqlx::Error| format!("the database could not be copied: {e}");
            let config = &state.config;
            // A connection of its own: those that read may write nothing, and the one that writes is not to wait.
            let mut own = SqliteConnectOptions::new()
                .filename(sqlite_file(&config.database.url, &config.files.data_dir))
                .busy_timeout(Duration::from_secs(180))
                .connect()
                .await
                .map_err(said)?;
            // One statement reads one state of the database, whoever writes meanwhile.
            sqlx::query("VACUUM INTO ?")
                .bind(fresh.display().to_string())
                .execute(&mut own)
                .await
                .map_err(said)?;
            own.close().await.map_err(said)?;
            Some(check_sqlite(&fresh, &state.keys).await?)
        }
        Db::Postgres(_) => {
            let mut dump = postgres_tool("pg_dump", &state.config.database.url)?;
            dump.args(["--format=custom", "--no-owner", "--file"])
                .arg(&fresh);
            run(dump).await?;
            // Its table of contents stands at the end of what could be written.
            let mut list = Command::new(tool("pg_restore")?);
            list.arg("--list").arg(&fresh);
            run(list).await?;
            None
        }
    };
    // From here on the folder is no whole backup until the manifest stands again.
    remove(&manifest)?;
    let target = folder.join(name);
    rename(&fresh, &target)?;
    let data = &state.config.files.data_dir;
    let (files, file_bytes) = copy_files(&data.join(FILES), &folder.join(FILES))?;
    let kept = key && data.join(KEY).exists();
    if kept {
        let bytes = read(&data.join(KEY))?;
        remove(&folder.join(KEY))?;
        crypto::write_private(&folder.join(KEY), &bytes).map_err(|e| format!("the key: {e}"))?;
    }
    let (sha256, bytes) = digest(&target)?;
    let made = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine: state.db.engine().to_owned(),
        at: time::now(),
        sha256,
        bytes,
        files,
        file_bytes,
        audited,
        key: kept,
    };
    let json = serde_json::to_vec_pretty(&made).map_err(|e| e.to_string())?;
    std::fs::write(&manifest, json).map_err(|e| format!("{}: {e}", manifest.display()))?;
    Ok(made)
}

/// Puts a backup into the data directory and the database that `config` names, neither of which may hold one; gives the
/// manifest and, where the key is there, how many events of the audit chain were found whole.
pub async fn restore(config: &Config, folder: &Path) -> Result<(Manifest, Option<i64>), String> {
    let path = folder.join(MANIFEST);
    let text = std::fs::read(&path).map_err(|e| {
        format!(
            "{}: {e}; this is no folder that `mailuo backup` has finished",
            path.display()
        )
    })?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    let url = config.database.url.as_str();
    let (name, wanted) = if url.starts_with("postgres") {
        (POSTGRES, "postgres")
    } else {
        (SQLITE, "sqlite")
    };
    if manifest.engine != wanted {
        return Err(format!(
            "the backup is of {}, and the configuration names {wanted}",
            manifest.engine
        ));
    }
    let source = folder.join(name);
    if digest(&source)?.0 != manifest.sha256 {
        return Err(format!(
            "{} is not what was backed up: its hash differs from the manifest's",
            source.display()
        ));
    }
    let data = &config.files.data_dir;
    make_folder(data)?;
    let key = data.join(KEY);
    if manifest.key && !key.exists() && std::env::var_os("MAILUO_KEY").is_none() {
        let bytes = read(&folder.join(KEY))?;
        crypto::write_private(&key, &bytes).map_err(|e| format!("the key: {e}"))?;
    }
    if wanted == "sqlite" {
        let target = sqlite_file(url, data);
        for ending in ["", "-wal", "-shm"] {
            let there = PathBuf::from(format!("{}{ending}", target.display()));
            if there.exists() {
                return Err(format!("{} is there; move it away first", there.display()));
            }
        }
        let fresh = PathBuf::from(format!("{}.new", target.display()));
        std::fs::copy(&source, &fresh).map_err(|e| format!("{}: {e}", fresh.display()))?;
        rename(&fresh, &target)?;
    } else {
        let db = Db::open(url, data, 2).await?;
        let tables =
            q("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'")
                .count(&db)
                .await
                .map_err(|e| e.to_string())?;
        db.close().await;
        if tables > 0 {
            return Err(
                "the Postgres database is not empty; make a new one and name it in database.url"
                    .to_owned(),
            );
        }
        let mut restore = postgres_tool("pg_restore", url)?;
        restore
            .args(["--no-owner", "--exit-on-error", "--single-transaction"])
            .arg(&source);
        run(restore).await?;
    }
    copy_files(&folder.join(FILES), &data.join(FILES))?;
    let has_key = key.exists() || std::env::var_os("MAILUO_KEY").is_some();
    let audited = if has_key {
        let keys = Keys::load(data)?;
        let db = Db::open(url, data, 2).await?;
        let whole = whole_chain(&db, &keys).await;
        db.close().await;
        Some(whole?)
    } else {
        None
    };
    Ok((manifest, audited))
}

/// Where SQLite keeps the database.
fn sqlite_file(url: &str, data: &Path) -> PathBuf {
    match url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))
    {
        Some(path) => PathBuf::from(path),
        None => data.join(SQLITE),
    }
}

/// Says so where SQLite would make a new database: a folder that was mistyped is not a company without data.
pub fn there_is_one(config: &Config) -> Result<(), String> {
    let url = &config.database.url;
    if url.starts_with("postgres") {
        return Ok(());
    }
    let file = sqlite_file(url, &config.files.data_dir);
    if file.exists() {
        return Ok(());
    }
    Err(format!(
        "there is no database at {}; name the server's data directory with --data-dir",
        file.display()
    ))
}

/// Checks a copy: whole in itself, no reference into nothing, the audit chain whole; gives the chain's length.
async fn check_sqlite(file: &Path, keys: &Keys) -> Result<i64, String> {
    let db = Db::open(&format!("sqlite://{}", file.display()), file, 1).await?;
    let checked = async {
        for pragma in ["integrity_check", "foreign_key_check"] {
            let Db::Sqlite { read, .. } = &db else {
                continue;
            };
            let rows = sqlx::query(AssertSqlSafe(format!("PRAGMA {pragma}")))
                .fetch_all(read)
                .await
                .map_err(|e| e.to_string())?;
            let said: Option<String> = rows.first().and_then(|row| sqlx::Row::try_get(row, 0).ok());
            if rows.len() > 1 || said.as_deref().is_some_and(|text| text != "ok") {
                return Err(format!(
                    "the copy fails {pragma}: {}",
                    said.unwrap_or_default()
                ));
            }
        }
        whole_chain(&db, keys).await
    };
    let outcome = checked.await;
    db.close().await;
    for ending in ["-wal", "-shm"] {
        remove(&PathBuf::from(format!("{}{ending}", file.display())))?;
    }
    outcome
}

/// The length of the audit chain, or the fault in it.
async fn whole_chain(db: &Db, keys: &Keys) -> Result<i64, String> {
    let verdict = audit::verify(db, keys).await.map_err(|e| e.to_string())?;
    match verdict.fault {
        None => Ok(verdict.rows),
        Some(fault) => Err(format!("the audit chain is broken: {fault}")),
    }
}

/// A program of Postgres: in PATH, or the newest as Debian lays it.
fn tool(name: &str) -> Result<PathBuf, String> {
    let in_path = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|program| program.is_file())
    });
    let debian = || {
        let folders = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        folders
            .flatten()
            .filter_map(|folder| {
                let version: u32 = folder.file_name().to_str()?.parse().ok()?;
                let program = folder.path().join("bin").join(name);
                program.is_file().then_some((version, program))
            })
            .max()
            .map(|(_, program)| program)
    };
    // Debian's own wrapper in PATH chooses by clusters on this machine; the newest program reads every older server.
    debian()
        .or(in_path)
        .ok_or_else(|| format!("{name} is not installed; it comes with the client of Postgres"))
}

/// A program of Postgres that reaches the database of a URL, whose password does not stand among its arguments.
fn postgres_tool(name: &str, url: &str) -> Result<Command, String> {
    let mut command = Command::new(tool(name)?);
    let (bare, password) = without_password(url);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command.arg("--dbname").arg(bare);
    Ok(command)
}

/// A URL without its password, and the password as it reads decoded.
fn without_password(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else {
        return (url.to_owned(), None);
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let Some(at) = rest[..end].rfind('@') else {
        return (url.to_owned(), None);
    };
    let (who, place) = (&rest[..at], &rest[at + 1..]);
    match who.split_once(':') {
        Some((user, password)) => {
            let plain = percent_encoding::percent_decode_str(password)
                .decode_utf8_lossy()
                .into_owned();
            (format!("{scheme}://{user}@{place}"), Some(plain))
        }
        None => (url.to_owned(), None),
    }
}

/// Runs a program to its end; what it complained of is the error.
async fn run(mut command: Command) -> Result<(), String> {
    let name = command
        .as_std()
        .get_program()
        .to_string_lossy()
        .into_owned();
    let done = command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .output()
        .await
        .map_err(|e| format!("{name}: {e}"))?;
    if done.status.success() {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&done.stderr);
        Err(format!("{name}: {}", said.trim()))
    }
}

/// Copies what is not there yet, folder by folder; gives how many files the source holds, and their bytes. Uploads under
/// way are left out.
fn copy_files(from: &Path, to: &Path) -> Result<(u64, u64), String> {
    if !from.exists() {
        return Ok((0, 0));
    }
    make_folder(to)?;
    let said = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    let (mut files, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(from).map_err(|e| said(from, e))? {
        let entry = entry.map_err(|e| said(from, e))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(|e| said(&source, e))?;
        if kind.is_dir() {
            if entry.file_name() == "uploads" {
                continue;
            }
            let (n, b) = copy_files(&source, &target)?;
            (files, bytes) = (files + n, bytes + b);
            continue;
        }
        let length = entry.metadata().map_err(|e| said(&source, e))?.len();
        if std::fs::metadata(&target).map(|m| m.len()).ok() != Some(length) {
            let fresh = PathBuf::from(format!("{}.new", target.display()));
            std::fs::copy(&source, &fresh).map_err(|e| said(&source, e))?;
            rename(&fresh, &target)?;
        }
        (files, bytes) = (files + 1, bytes + length);
    }
    Ok((files, bytes))
}

/// SHA-256 of a file and its length.
fn digest(path: &Path) -> Result<(String, u64), String> {
    use sha2::{Digest, Sha256};
    let said = |e: std::io::Error| format!("{}: {e}", path.display());
    let mut file = std::fs::File::open(path).map_err(said)?;
    let mut hash = Sha256::new();
    let bytes = std::io::copy(&mut file, &mut hash).map_err(said)?;
    Ok((data_encoding::HEXLOWER.encode(&hash.finalize()), bytes))
}

fn make_folder(path: &Path) -> Result<(), String> {
    private_folder(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn is_empty(path: &Path) -> Result<bool, String> {
    let mut entries = std::fs::read_dir(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(entries.next().is_none())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn rename(from: &Path, to: &Path) -> Result<(), String> {
    std::fs::rename(from, to).map_err(|e| format!("{}: {e}", to.display()))
}

/// Removes a file; harmless if there is none.
fn remove(path: &Path) -> Result<(), String> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {e}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_stands_in_no_argument() {
        let of =
            without_password("postgres://mailuo:p%40ss@db.example:5432/mailuo?sslmode=require");
        assert_eq!(
            of,
            (
                "postgres://mailuo@db.example:5432/mailuo?sslmode=require".to_owned(),
                Some("p@ss".to_owned())
            )
        );
        let plain = "postgres://postgres@127.0.0.1:5432/mailuo";
        assert_eq!(without_password(plain), (plain.to_owned(), None));
    }
}
