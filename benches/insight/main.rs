//! How long dashboards, reports and the rows behind their numbers take over a large company's data.
//!
//! `script/bench insight` runs it over the data of `mailuo demo --scale large`. The application stands in this process:
//! requests go through its router with a real session; beside each page stand its queries alone.

#[path = "../common.rs"]
mod common;
#[path = "../pages.rs"]
mod pages;

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use common::Outcome;
use mailuo::insight::model::{BoardFilter, ReportFilter, Slice, address};
use mailuo::insight::{board, report, rows};
use mailuo::server::db::q;
use mailuo::server::guard::Actor;
use mailuo::server::{AppState, router};
use mailuo::shared::Role;
use pages::{get, percentile, person};

/// Where the databases and the table go.
const FOLDER: &str = "target/bench";
/// How often each page is asked.
const TIMES: usize = 30;
/// What takes longer than this in all needs no more tries to say so.
const ENOUGH: Duration = Duration::from_secs(6);

/// A page and its queries.
enum Asked {
    Board(BoardFilter),
    Report(ReportFilter),
    Rows(&'static str),
}

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
    let mut table = format!(
        "`demo --scale large`, {cores} cores, {TIMES} requests each, or for {} s\n\n\
         | engine | role | page | p50 ms | p95 ms | max ms | its queries alone, p50 ms | ratio |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        ENOUGH.as_secs()
    );
    for engine in engines {
        let state = pages::large(engine, Path::new(FOLDER)).await?;
        let filters = filters(&state).await?;
        for role in [
            Role::Manager,
            Role::Marketer,
            Role::Trainer,
            Role::Compliance,
            Role::Admin,
        ] {
            let (actor, cookie) = person(&state, role).await?;
            for (name, path, asked) in asked(role, &filters) {
                let row = measure(&state, engine, &actor, &cookie, &name, &path, &asked).await?;
                eprint!("{row}");
                table.push_str(&row);
            }
        }
        state.db.close().await;
    }
    let path = Path::new(FOLDER).join("insight.md");
    std::fs::write(&path, &table)?;
    println!("{table}\nwritten to {}", path.display());
    Ok(())
}

/// What boards are narrowed to: the province and the specialty with the most HCPs, and the product with the most content.
async fn filters(state: &AppState) -> Outcome<Vec<(&'static str, Slice)>> {
    let most = async |sql: &'static str| -> Outcome<String> {
        let (value,): (String,) = q(sql).one(&state.db).await?;
        Ok(value)
    };
    let province =
        most("SELECT province FROM hcp GROUP BY province ORDER BY COUNT(*) DESC LIMIT 1").await?;
    let specialty = most(
        "SELECT COALESCE(NULLIF(specialty, ''), department) AS s FROM hcp GROUP BY s ORDER BY COUNT(*) DESC LIMIT 1",
    )
    .await?;
    let product = most(
        "SELECT product_id FROM product_article GROUP BY product_id ORDER BY COUNT(*) DESC, product_id LIMIT 1",
    )
    .await?;
    let all = Slice::default;
    Ok(vec![
        ("a province", Slice { province, ..all() }),
        ("a specialty", Slice { specialty, ..all() }),
        ("a product", Slice { product, ..all() }),
    ])
}

/// What a role is asked for: name, address, its queries.
fn asked(role: Role, filters: &[(&'static str, Slice)]) -> Vec<(String, String, Asked)> {
    let mut out = vec![(
        "board, 30 days".to_owned(),
        "/insight".to_owned(),
        Asked::Board(BoardFilter::default()),
    )];
    let year = BoardFilter {
        span: "year".into(),
        ..BoardFilter::default()
    };
    out.push((
        "board, this year".into(),
        "/insight?span=year".into(),
        Asked::Board(year),
    ));
    for (name, slice) in filters {
        let narrowed = BoardFilter {
            slice: slice.clone(),
            ..BoardFilter::default()
        };
        out.push((
            format!("board, {name}"),
            address("/insight", &[], slice),
            Asked::Board(narrowed),
        ));
    }
    let reports: &[&str] = match role {
        Role::Manager => &["rep", "article", "hcp"],
        Role::Marketer => &["article", "rep"],
        Role::Trainer => &["course"],
        Role::Compliance => &[],
        _ => &["rep", "article", "course", "hcp"],
    };
    for by in reports {
        let filter = ReportFilter {
            by: (*by).into(),
            ..ReportFilter::default()
        };
        out.push((
            format!("report by {by}"),
            format!("/insight/report?by={by}"),
            Asked::Report(filter),
        ));
    }
    let rows: &[&str] = match role {
        Role::Manager | Role::Marketer | Role::Admin => &["pv", "uv", "hcps"],
        Role::Trainer => &["missing"],
        _ => &["visits"],
    };
    for measure in rows {
        out.push((
            format!("rows of {measure}"),
            format!("/insight/rows?measure={measure}"),
            Asked::Rows(measure),
        ));
    }
    out
}

/// A row of the table.
async fn measure(
    state: &AppState,
    engine: &str,
    actor: &Actor,
    cookie: &str,
    name: &str,
    path: &str,
    asked: &Asked,
) -> Outcome<String> {
    let router = router::router(state.clone());
    let mut taken = Vec::with_capacity(TIMES);
    // Uncounted.
    for _ in 0..2 {
        let from = Instant::now();
        get(&router, path, cookie).await?;
        if from.elapsed() > ENOUGH / 4 {
            break;
        }
    }
    while taken.len() < TIMES && taken.iter().sum::<Duration>() < ENOUGH {
        let from = Instant::now();
        get(&router, path, cookie).await?;
        taken.push(from.elapsed());
    }
    let mut bare = Vec::with_capacity(TIMES);
    for _ in 0..taken.len() {
        let from = Instant::now();
        match asked {
            Asked::Board(filter) => drop(board::board(state, actor, filter.clone()).await?),
            Asked::Report(filter) => drop(report::report(state, actor, filter.clone(), 1).await?),
            Asked::Rows(measure) => {
                drop(rows::page(state, actor, measure, Slice::default(), 1).await?);
            }
        }
        bare.push(from.elapsed());
    }
    let (p50, alone) = (percentile(&mut taken, 50), percentile(&mut bare, 50));
    let mut row = format!("| {engine} | {} | {name} |", actor.role.code());
    for percent in [50, 95, 100] {
        let _ = write!(row, " {:.1} |", percentile(&mut taken, percent));
    }
    let _ = writeln!(row, " {alone:.1} | {:.2} |", p50 / alone);
    Ok(row)
}
