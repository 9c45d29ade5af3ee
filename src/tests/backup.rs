//! Backup beside a server that writes, and restoring into an empty place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leptos::config::LeptosOptions;
use mailuo::server::audit::{self, Event};
use mailuo::server::backup::{backup, restore, there_is_one};
use mailuo::server::config::Config;
use mailuo::server::db::{Db, q};
use mailuo::server::{AppState, files};
use mailuo::shared::Role;

use crate::support::{TestApp, fresh_dir, fresh_postgres};

/// Rows of every table.
async fn counts(db: &Db) -> BTreeMap<String, i64> {
    let sql = match db {
        Db::Sqlite { .. } => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        }
        Db::Postgres(_) => "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = 'public'",
    };
    let tables: Vec<(String,)> = q(sql).all(db).await.expect("answers");
    let mut out = BTreeMap::new();
    for (table,) in tables {
        let n = q(format!("SELECT COUNT(*) FROM {table}")).count(db).await;
        out.insert(table, n.expect("counts"));
    }
    out
}

/// A configuration of an empty place for the same engine.
async fn elsewhere(app: &TestApp) -> Config {
    let mut config = Config::default();
    config.files.data_dir = fresh_dir();
    if matches!(app.state.db, Db::Postgres(_)) {
        config.database.url = fresh_postgres().await;
    }
    config
}

async fn opened(config: Config) -> AppState {
    let options = LeptosOptions::builder().output_name("mailuo").build();
    AppState::open(config, options).await.expect("opens")
}

#[test]
fn a_mistyped_data_directory_is_no_company() {
    let mut config = Config::default();
    config.files.data_dir = fresh_dir().join("mistyped");
    let said = there_is_one(&config).expect_err("is refused");
    assert!(
        said.contains("mistyped") && said.contains("--data-dir"),
        "{said}"
    );
    assert!(!config.files.data_dir.exists());
}

#[cfg(unix)]
#[test]
fn others_on_the_machine_do_not_look_into_what_is_made() {
    use std::os::unix::fs::PermissionsExt;
    let folder = fresh_dir().join("above").join("below");
    mailuo::server::crypto::private_folder(&folder).expect("is made");
    for made in [&folder, &folder.join("..")] {
        let mode = std::fs::metadata(made).expect("is there").permissions();
        assert_eq!(mode.mode() & 0o777, 0o700);
    }
}

/// Rewrites a byte in the middle of the database's file.
fn spoil(folder: &Path) -> PathBuf {
    let file = ["mailuo.db", "mailuo.dump"]
        .map(|name| folder.join(name))
        .into_iter()
        .find(|path| path.exists())
        .expect("is there");
    let mut bytes = std::fs::read(&file).expect("is read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&file, bytes).expect("is written");
    file
}

on_both!(a_backup_is_restored_as_it_was, |app| {
    let rep = app.id_of(Role::Rep).await;
    let hcp = app.hcp("备份人", "13911110001", Some(&rep)).await;
    let photo = files::put(&app.state, b"a file".to_vec())
        .await
        .expect("is kept");
    let sealed = files::put_sealed(&app.state, b"a secret")
        .await
        .expect("is kept");
    let before = counts(&app.state.db).await;
    let folder = fresh_dir();

    let made = backup(&app.state, &folder, true).await.expect("is made");
    assert_eq!((made.files, made.key), (2, true));
    assert_eq!(made.engine, app.state.db.engine());

    // A later one takes the place of the earlier, and the files that are there stay.
    app.hcp("后来人", "13911110002", Some(&rep)).await;
    let after = counts(&app.state.db).await;
    let again = backup(&app.state, &folder, true).await.expect("is made");
    assert_eq!(again.files, 2);
    assert!(after["hcp"] > before["hcp"]);

    let config = elsewhere(&app).await;
    let (manifest, audited) = restore(&config, &folder).await.expect("is restored");
    assert_eq!(manifest, again);
    assert!(audited.is_some());
    let restored = opened(config.clone()).await;
    assert_eq!(counts(&restored.db).await, after);
    let kept = files::get(&restored, &photo).await.expect("is there");
    assert_eq!(kept, b"a file");
    let opened_again = files::get_sealed(&restored, &sealed).await.expect("opens");
    assert_eq!(opened_again, b"a secret");
    let (cipher,): (String,) = q("SELECT phone_cipher FROM hcp WHERE id = $1")
        .bind(&hcp)
        .one(&restored.db)
        .await
        .expect("is there");
    assert_eq!(restored.keys.open(&cipher).as_deref(), Some("13911110001"));
    restored.db.close().await;

    // Not over what is there, not of another engine, not what was changed, not what is unfinished.
    let full = restore(&config, &folder).await.expect_err("is refused");
    assert!(
        full.contains("move it away") || full.contains("not empty"),
        "{full}"
    );
    let mut other = elsewhere(&app).await;
    other.database.url = match &app.state.db {
        Db::Sqlite { .. } => "postgres://nobody@127.0.0.1:1/none".to_owned(),
        Db::Postgres(_) => String::new(),
    };
    let wrong = restore(&other, &folder).await.expect_err("is refused");
    assert!(wrong.contains("the backup is of"), "{wrong}");
    spoil(&folder);
    let config = elsewhere(&app).await;
    let spoilt = restore(&config, &folder).await.expect_err("is refused");
    assert!(spoilt.contains("hash differs"), "{spoilt}");
    std::fs::remove_file(folder.join("manifest.json")).expect("is removed");
    let unfinished = restore(&config, &folder).await.expect_err("is refused");
    assert!(unfinished.contains("manifest.json"), "{unfinished}");
    // And a folder of something else is not written into.
    let taken = backup(&app.state, &folder, false)
        .await
        .expect_err("is refused");
    assert!(taken.contains("no backup"), "{taken}");
});

on_both!(a_backup_beside_writers_holds_one_moment, |app| {
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (state, stop) = (app.state.clone(), stop.clone());
        let actor = app.actor(Role::Admin).await;
        tokio::spawn(async move {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                // Two rows that stand together or not at all.
                let mut tx = state.db.begin().await.expect("begins");
                for half in ["a", "b"] {
                    q("INSERT INTO setting (name, value) VALUES ($1, $2)")
                        .bind(format!("pair {n} {half}"))
                        .bind("x")
                        .exec(&mut tx)
                        .await
                        .expect("is written");
                }
                let event = Event::new("product.save", "product", "x");
                audit::record(&state.keys, &mut tx, &actor, event)
                    .await
                    .expect("is told");
                tx.commit().await.expect("commits");
                n += 1;
            }
            n
        })
    };
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let folder = fresh_dir();
    backup(&app.state, &folder, true).await.expect("is made");
    stop.store(true, Ordering::Relaxed);
    let written: i64 = writer.await.expect("ends");

    let config = elsewhere(&app).await;
    restore(&config, &folder)
        .await
        .expect("is restored, its chain whole");
    let restored = opened(config).await;
    let halves = |half: &str| {
        let sql = format!("SELECT COUNT(*) FROM setting WHERE name LIKE 'pair % {half}'");
        let db = restored.db.clone();
        async move { q(sql).count(&db).await.expect("counts") }
    };
    let (a, b) = (halves("a").await, halves("b").await);
    assert_eq!(a, b, "of {written} pairs");
    assert!(a > 0 && a <= written, "{a} of {written}");
    restored.db.close().await;
});
