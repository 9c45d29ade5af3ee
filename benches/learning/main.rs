//! How exams, the question bank and players hold at the size of the largest reference company.
//!
//! `script/bench learning` runs it. The application stands in this process: requests go through its router with a real
//! session each, so that session, guard, SQL and rendering are measured, and the network is not. Nothing here is a
//! timed test: what must hold is counted, what is fast is told.

#[path = "../common.rs"]
mod common;
mod load;

use std::fmt::Write as _;
use std::path::Path;

use common::Outcome;
use load::Bench;

/// Where the databases and the table go.
const FOLDER: &str = "target/bench";

struct Options {
    engines: Vec<&'static str>,
    people: usize,
    questions: usize,
}

impl Options {
    /// `[--engine sqlite|postgres|both] [--people N] [--questions N]`; cargo adds `--bench`.
    fn parse(mut arguments: impl Iterator<Item = String>) -> Outcome<Options> {
        let mut options = Options {
            engines: vec!["sqlite", "postgres"],
            people: 5_000,
            questions: 250_000,
        };
        while let Some(argument) = arguments.next() {
            let mut next = || arguments.next().unwrap_or_default();
            match argument.as_str() {
                "--bench" => {}
                "--engine" => {
                    options.engines = match next().as_str() {
                        "sqlite" => vec!["sqlite"],
                        "postgres" => vec!["postgres"],
                        "both" => vec!["sqlite", "postgres"],
                        other => return Err(format!("no engine {other:?}").into()),
                    };
                }
                "--people" => options.people = next().parse()?,
                "--questions" => options.questions = next().parse()?,
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
    let mut report = format!(
        "{} people, {} questions, {cores} cores\n",
        options.people, options.questions
    );
    for &engine in &options.engines {
        let bench = Bench::open(engine, options.people, options.questions).await?;
        let table = bench.run().await?;
        let _ = write!(report, "{table}");
        println!("{table}");
        bench.close().await;
    }
    let path = Path::new(FOLDER).join("learning.md");
    std::fs::write(&path, report)?;
    println!("written to {}", path.display());
    Ok(())
}
