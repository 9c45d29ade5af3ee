//! How long the first page takes as a rep and as a manager of a large company, and how many statements it sends.
//!
//! `script/bench workbench` runs it over the data of `mailuo demo --scale large`. The application stands in this
//! process: requests go through its router with a real session, so that session, guard, SQL and rendering are measured,
//! and the network is not. A request that sends more than [`MOST`] statements ends the bench with an error.

#[path = "../common.rs"]
mod common;
#[path = "../pages.rs"]
mod pages;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use common::Outcome;
use mailuo::server::db::statements_sent;
use mailuo::server::{AppState, router};
use mailuo::shared::Role;
use pages::{get, percentile, person};

/// Where the databases and the table go.
const FOLDER: &str = "target/bench";
/// Statements that a request may send, the reading of its session included.
const MOST: u64 = 8;
/// How often each page is asked.
const TIMES: usize = 200;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut engines = vec!["sqlite", "postgres"];
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--engine" => match arguments.next().as_deref() {
                Some("sqlite") => engines = vec!["sqlite"],
                Some("postgres") => engines = vec!["postgres"],
                Some("both") => {}
                other => return Err(format!("no engine {other:?}").into()),
            },
            other => return Err(format!("no option {other}").into()),
        }
    }
    let cores = std::thread::available_parallelism()?;
    let mut report = format!(
        "`demo --scale large`, {cores} cores, {TIMES} requests each\n\n\
         | engine | role | page | p50 ms | p95 ms | max ms | statements a request | its data alone, p50 ms | ratio |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    );
    for engine in engines {
        let state = pages::large(engine, Path::new(FOLDER)).await?;
        for role in [Role::Rep, Role::Manager] {
            for (page, path) in [
                ("first page, HTML", "/"),
                ("its data, JSON", "/api/workbench/desk"),
            ] {
                let row = measure(&state, engine, role, page, path).await?;
                eprint!("{row}");
                report.push_str(&row);
            }
        }
        state.db.close().await;
    }
    let path = Path::new(FOLDER).join("workbench.md");
    std::fs::write(&path, &report)?;
    println!("{report}\nwritten to {}", path.display());
    Ok(())
}

/// A row of the table: a page as somebody of a role.
async fn measure(
    state: &AppState,
    engine: &str,
    role: Role,
    page: &str,
    path: &str,
) -> Outcome<String> {
    let router = router::router(state.clone());
    let (actor, cookie) = person(state, role).await?;
    for _ in 0..3 {
        get(&router, path, &cookie).await?;
    }
    let before = statements_sent();
    let mut taken = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let from = Instant::now();
        get(&router, path, &cookie).await?;
        taken.push(from.elapsed());
    }
    let sent = statements_sent() - before;
    if sent > MOST * TIMES as u64 {
        return Err(format!(
            "{path} as {}: {sent} statements of {TIMES} requests",
            role.code()
        )
        .into());
    }
    let mut bare = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let from = Instant::now();
        mailuo::workbench::store::desk(state, &actor).await?;
        bare.push(from.elapsed());
    }
    let (p50, alone) = (percentile(&mut taken, 50), percentile(&mut bare, 50));
    let mut row = format!("| {engine} | {} | {page} |", role.code());
    for percent in [50, 95, 100] {
        let _ = write!(row, " {:.1} |", percentile(&mut taken, percent));
    }
    let _ = writeln!(
        row,
        " {:.1} | {alone:.1} | {:.2} |",
        sent as f64 / TIMES as f64,
        p50 / alone,
    );
    Ok(row)
}
