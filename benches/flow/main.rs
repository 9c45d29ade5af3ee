//! How long reports of flow take over millions of lines, and how many lines an import reads, matches and writes a second.
//!
//! `script/bench flow` runs it: the small demo, and lines made by SQL over all its hospitals and 36 months. The
//! application stands in this process: requests go through its router with a real session.

#[path = "../common.rs"]
mod common;
#[path = "../pages.rs"]
mod pages;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use common::Outcome;
use mailuo::cli::Scale;
use mailuo::flow::model::ReportFilter;
use mailuo::flow::rules::{month_of, shift_month};
use mailuo::identity::store;
use mailuo::importing::Mode;
use mailuo::server::db::q;
use mailuo::server::guard::Actor;
use mailuo::server::{AppState, router};
use mailuo::shared::Role;
use pages::{account, get, percentile, person};

const FOLDER: &str = "target/bench";
const SEED: u64 = 1;
/// Months with lines, the current one included.
const MONTHS: i64 = 36;
/// Reps who look after the hospitals.
const PEOPLE: i64 = 1_000;
/// How often each page is asked.
const TIMES: usize = 60;
/// Rows of the file that is imported.
const ROWS: usize = 100_000;

struct Options {
    engines: Vec<&'static str>,
    lines: i64,
}

fn options() -> Outcome<Options> {
    let mut options = Options {
        engines: vec!["sqlite", "postgres"],
        lines: 5_000_000,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--engine" => match arguments.next().as_deref() {
                Some("sqlite") => options.engines = vec!["sqlite"],
                Some("postgres") => options.engines = vec!["postgres"],
                Some("both") => {}
                other => return Err(format!("no engine {other:?}").into()),
            },
            "--lines" => options.lines = arguments.next().unwrap_or_default().parse()?,
            other => return Err(format!("no option {other}").into()),
        }
    }
    Ok(options)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let options = options()?;
    let cores = std::thread::available_parallelism()?;
    let mut report = format!(
        "{} lines over {MONTHS} months, {cores} cores, {TIMES} requests each\n\n\
         | engine | role | page | p50 ms | p95 ms | max ms | its queries alone, p50 ms | ratio |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        options.lines
    );
    let mut rates = String::new();
    for engine in options.engines {
        let state = open(engine, options.lines).await?;
        for role in [Role::Admin, Role::Manager] {
            let (actor, cookie) = person(&state, role).await?;
            for (name, filter) in reports(&state) {
                let row = measure(&state, engine, &actor, &cookie, name, &filter).await?;
                eprint!("{row}");
                report.push_str(&row);
            }
        }
        let row = import(&state, engine).await?;
        eprint!("{row}");
        rates.push_str(&row);
        state.db.close().await;
    }
    report.push('\n');
    report.push_str(&rates);
    let path = Path::new(FOLDER).join("flow.md");
    std::fs::write(&path, &report)?;
    println!("{report}\nwritten to {}", path.display());
    Ok(())
}

/// Opens the engine's database, made first where it is not there or not whole.
async fn open(engine: &str, lines: i64) -> Outcome<AppState> {
    let dir = Path::new(FOLDER).join(format!("flow-{engine}"));
    let name = "mailuo_bench_flow";
    let state = common::state(engine, &dir, name, false).await?;
    let made: Option<(String,)> = q("SELECT value FROM setting WHERE name = 'bench'")
        .optional(&state.db)
        .await?;
    let account = store::credentials(&state, &mailuo::demo::account(Role::Rep)).await;
    if made.is_some_and(|(n,)| n == lines.to_string()) && matches!(account, Ok(Some(_))) {
        return Ok(state);
    }
    state.db.close().await;
    println!("{engine}: making the demo and {lines} lines");
    let state = common::state(engine, &dir, name, true).await?;
    mailuo::demo::load(&state, Scale::Small, SEED).await?;
    fill(&state, lines).await?;
    q("INSERT INTO setting (name, value) VALUES ('bench', $1)")
        .bind(lines.to_string())
        .exec(&state.db)
        .await?;
    q("ANALYZE").exec(&state.db).await?;
    Ok(state)
}

/// Gives the hospitals that nobody has to [`PEOPLE`] reps, most of whom stand in the demo manager's unit.
async fn people(state: &AppState) -> Outcome<()> {
    let mut tx = state.db.begin().await?;
    q("INSERT INTO staff (id, unit_id, name, role, phone_cipher, phone_index, phone_masked, created_at, updated_at) \
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
       SELECT 'rep' || n.i, CASE WHEN n.i % 10 < 6 THEN m.unit_id ELSE r.id END, '代表' || n.i, 'rep', '', 'rep' || n.i, '', 1, 1 \
       FROM n CROSS JOIN (SELECT MIN(x.unit_id) AS unit_id FROM unit_manager x WHERE x.staff_id = $2) m \
       CROSS JOIN (SELECT MIN(o.id) AS id FROM org_unit o WHERE o.parent_id IS NULL) r")
        .bind(PEOPLE)
        .bind(account(state, Role::Manager).await?)
        .exec(&mut tx)
        .await?;
    q("INSERT INTO terminal_assignment (id, terminal_id, staff_id, starts_on, created_by, created_at) \
       SELECT 'bench' || t.id, t.id, 'rep' || (1 + t.place % $1), '2020-01-01', 'bench', 1 \
       FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY code) AS place FROM terminal WHERE kind = '医院') t \
       WHERE NOT EXISTS (SELECT 1 FROM terminal_assignment a WHERE a.terminal_id = t.id)")
        .bind(PEOPLE)
        .exec(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Writes lines for every hospital, product and month, as many as are wanted in all.
async fn fill(state: &AppState, lines: i64) -> Outcome<()> {
    let from = Instant::now();
    people(state).await?;
    mailuo::demo::bulk::room(state, true).await?;
    mailuo::demo::bulk::lines(state, lines, MONTHS).await?;
    mailuo::demo::bulk::room(state, false).await?;
    let n = q("SELECT COUNT(*) FROM flow_line").count(&state.db).await?;
    let sums = q("SELECT COUNT(*) FROM flow_sum").count(&state.db).await?;
    println!(
        "{n} lines, {sums} sums: {:.0} s",
        from.elapsed().as_secs_f64()
    );
    Ok(())
}

/// The reports that are asked for.
fn reports(state: &AppState) -> Vec<(&'static str, ReportFilter)> {
    let last = shift_month(month_of(&state.zone.today()), -1);
    let year = shift_month(&last, -11);
    let filter = |by: &str, from: &str| ReportFilter {
        by: by.into(),
        from: from.into(),
        to: last.clone(),
        ..ReportFilter::default()
    };
    vec![
        ("by terminal, a month", filter("terminal", &last)),
        ("by product, a month", filter("product", &last)),
        ("by region, a month", filter("region", &last)),
        ("by rep, a month", filter("rep", &last)),
        ("by terminal, twelve months", filter("terminal", &year)),
        ("by product, twelve months", filter("product", &year)),
        ("by month, twelve months", filter("month", &year)),
    ]
}

/// A row of the table: a report as somebody.
async fn measure(
    state: &AppState,
    engine: &str,
    actor: &Actor,
    cookie: &str,
    name: &str,
    filter: &ReportFilter,
) -> Outcome<String> {
    let router = router::router(state.clone());
    let path = format!(
        "/flow/report?by={}&from={}&to={}",
        filter.by, filter.from, filter.to
    );
    let mut taken = Vec::with_capacity(TIMES);
    for n in 0..TIMES + 3 {
        let from = Instant::now();
        get(&router, &path, cookie).await?;
        if n >= 3 {
            taken.push(from.elapsed());
        }
    }
    let mut bare = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let from = Instant::now();
        mailuo::flow::reports::report(state, actor, filter.clone(), 1).await?;
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

/// Imports a new file: how long the check and the import take, and how many rows a second that is.
async fn import(state: &AppState, engine: &str) -> Outcome<String> {
    let places: Vec<(String,)> = q("SELECT name FROM terminal WHERE kind = '医院' ORDER BY code")
        .all(&state.db)
        .await?;
    let (stamp, day) = (mailuo::server::time::now(), state.zone.today());
    let mut file = String::from(
        "单据号,商业公司,终端名称,产品编码,通用名称,规格,批号,数量,单位,单价,销售日期\n",
    );
    for n in 0..ROWS {
        let name = &places[n % places.len()].0;
        // One in ten is spelled otherwise.
        let name = if n % 10 == 0 {
            name.replace('市', "")
        } else {
            name.clone()
        };
        let _ = writeln!(
            file,
            "I{stamp}{n},华东医药配送有限公司,\"{name}\",YZ-001,硝苯地平控释片,30mg*7片,B{n},{},盒,28.6,{day}",
            n % 90 + 1
        );
    }
    let actor = Actor::system();
    let bytes = file.into_bytes();
    let mut out = String::new();
    for (what, mode) in [("check", Mode::Preview), ("import", Mode::All)] {
        let from = Instant::now();
        let found =
            mailuo::flow::import::from_file(state, &actor, "bench.csv", bytes.clone(), mode)
                .await?;
        let seconds = from.elapsed().as_secs_f64();
        let _ = writeln!(
            out,
            "{engine}: {what} of {ROWS} rows ({} matched, {} suggested, {} unknown): {seconds:.1} s, {:.0} rows a second\n",
            found.matched,
            found.suggested,
            found.unknown,
            ROWS as f64 / seconds
        );
    }
    Ok(out)
}
