//! What rendering pages with Leptos costs: the reading page and a rep's first page, each beside a hand-written axum
//! handler that sends the same statements and writes a page of the same content with `write!`.
//!
//! `script/bench ssr` runs it. This process only looks on: it starts a server on core 0 and a load generator on core 1,
//! both this same program. The server has one worker and serves the application on one port and the hand-written handlers
//! on another, out of one pool of connections; the load generator asks both in turn, round by round, so that a ratio is of
//! one run. Before that the server sees to it that the pairs are pairs: as many statements, and about as much text.

#[path = "../common.rs"]
mod common;
mod hand;
mod load;
#[path = "../pages.rs"]
mod pages;
mod server;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::Outcome;
use serde::{Deserialize, Serialize};

/// Where the databases and the table go.
const FOLDER: &str = "target/bench";

/// What the server tells of itself, and the load generator is told.
#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    engine: String,
    /// Addresses of the application and of the hand-written handlers.
    application: String,
    by_hand: String,
    pages: Vec<Pair>,
}

/// A page that both serve at the same path.
#[derive(Debug, Serialize, Deserialize)]
struct Pair {
    name: String,
    path: String,
    cookie: String,
    /// Statements of a request, the same on both sides.
    statements: u64,
    /// Bytes of the application's page and of the other.
    bytes: (usize, usize),
}

fn main() -> Outcome<()> {
    let mut engines = vec!["sqlite"];
    let (mut rounds, mut seconds) = (6_usize, 5_u64);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or_else(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            "--bench" => {}
            "--engine" => match value()?.as_str() {
                "sqlite" => engines = vec!["sqlite"],
                "postgres" => engines = vec!["postgres"],
                "both" => engines = vec!["sqlite", "postgres"],
                other => return Err(format!("no engine {other}").into()),
            },
            "--rounds" => rounds = value()?.parse()?,
            "--seconds" => seconds = value()?.parse()?,
            // What this program calls itself with.
            "--serve" => {
                let engine = value()?;
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .enable_all()
                    .build()?;
                return runtime.block_on(server::serve(&engine));
            }
            "--load" => {
                let plan: Plan = serde_json::from_str(&value()?)?;
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                return runtime.block_on(load::ask(&plan, rounds, seconds));
            }
            other => return Err(format!("no option {other}").into()),
        }
    }
    // Fewer tell nothing of how much they differ.
    if rounds < 5 || seconds < 1 {
        return Err("at least 5 rounds of 1 second".into());
    }
    if std::thread::available_parallelism()?.get() < 2 {
        return Err("server and load generator need a core each".into());
    }
    let mut report = format!(
        "`demo` (5,000 HCPs), server on core 0, load on core 1 with {} connections; {rounds} rounds of {seconds} s each, in \
         turn, after a warm-up\n\n\
         | engine | page | statements | Leptos: per second | p99 ms | by hand: per second | p99 ms | per second, ratio | of the rounds | p99, ratio | KB, Leptos and by hand |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        load::CONNECTIONS,
    );
    for engine in engines {
        let (mut server, plan) = start(engine)?;
        let rows = measure(&plan, rounds, seconds);
        let _ = server.kill();
        server.wait()?;
        report.push_str(&rows?);
    }
    let path = Path::new(FOLDER).join("ssr.md");
    std::fs::write(&path, &report)?;
    println!("{report}\nwritten to {}", path.display());
    Ok(())
}

/// This program on a core of its own.
fn pinned(core: &str, arguments: &[&str]) -> Outcome<Command> {
    let mut command = Command::new("taskset");
    command
        .args(["--cpu-list", core])
        .arg(std::env::current_exe()?)
        .args(arguments)
        .stdout(Stdio::piped());
    Ok(command)
}

/// Starts the server, and gives what it tells of itself once it serves.
fn start(engine: &str) -> Outcome<(Child, Plan)> {
    let mut server = pinned("0", &["--serve", engine])?.spawn()?;
    let told = server.stdout.take().ok_or("the server has an output")?;
    for line in BufReader::new(told).lines() {
        let line = line?;
        if line.starts_with('{') {
            return Ok((server, serde_json::from_str(&line)?));
        }
        // The demo's steps.
        eprintln!("{line}");
    }
    let status = server.wait()?;
    Err(format!("the server ended: {status}").into())
}

/// Lets the load generator do its rounds; rows of the table.
fn measure(plan: &Plan, rounds: usize, seconds: u64) -> Outcome<String> {
    let (plan, rounds, seconds) = (
        serde_json::to_string(plan)?,
        rounds.to_string(),
        seconds.to_string(),
    );
    let arguments = [
        "--rounds",
        rounds.as_str(),
        "--seconds",
        seconds.as_str(),
        "--load",
        plan.as_str(),
    ];
    let mut load = pinned("1", &arguments)?.spawn()?;
    let mut rows = String::new();
    if let Some(mut told) = load.stdout.take() {
        told.read_to_string(&mut rows)?;
    }
    let status = load.wait()?;
    if status.success() {
        Ok(rows)
    } else {
        Err(format!("the load generator ended: {status}").into())
    }
}
