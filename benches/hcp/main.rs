//! How long the library's pages take on a large company's HCPs, beside the time of their bare queries.
//!
//! `script/bench hcp` runs it. The application stands in this process: requests go through its router with a real
//! session, so that session, guard, SQL and rendering are measured, and the network is not.

mod app;
mod cases;
#[path = "../common.rs"]
mod common;
mod measure;

use std::path::Path;

use app::Bench;

/// Where the databases and the table go.
const FOLDER: &str = "target/bench";
const SEED: u64 = 1;

use common::Outcome;

struct Options {
    engines: Vec<&'static str>,
    hcps: usize,
}

impl Options {
    /// `[--engine sqlite|postgres|both] [--hcps N]`; cargo adds `--bench`.
    fn parse(mut arguments: impl Iterator<Item = String>) -> Outcome<Options> {
        let mut options = Options {
            engines: vec!["sqlite", "postgres"],
            hcps: 100_000,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => {}
                "--engine" => {
                    options.engines = match arguments.next().as_deref() {
                        Some("sqlite") => vec!["sqlite"],
                        Some("postgres") => vec!["postgres"],
                        Some("both") => vec!["sqlite", "postgres"],
                        other => return Err(format!("no engine {other:?}").into()),
                    };
                }
                "--hcps" => options.hcps = arguments.next().unwrap_or_default().parse()?,
                other => return Err(format!("no option {other}").into()),
            }
        }
        Ok(options)
    }
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    let cores = std::thread::available_parallelism()?;
    let mut report = format!("{} HCPs, {cores} cores\n", options.hcps);
    for &engine in &options.engines {
        let bench = Bench::open(engine, options.hcps).await?;
        let table = bench.run().await?;
        println!("{table}");
        report.push_str(&table);
        bench.state.db.close().await;
    }
    let path = Path::new(FOLDER).join("hcp.md");
    std::fs::write(&path, report)?;
    println!("written to {}", path.display());
    Ok(())
}
