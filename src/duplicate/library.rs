//! The search of the whole library for duplicates: every night, and when a steward asks for it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::finder::{KNOWN, Known, Pair, distinct, one_of, write};
use super::rules::{self, Prepared, Probe};
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Exec, q};
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::{AppError, Saved};

/// HCPs read at a time.
const PAGE: i64 = 2_000;
/// Pairs written in one transaction.
const BATCH: usize = 500;
/// A group up to this size is compared each with each; in a larger one each with those that follow next.
const WHOLE: usize = 500;
const REACH: usize = 100;
/// The search under this name in `job_run`.
const JOB: &str = "duplicates";
/// When the nightly search was done, which one started by hand does not replace.
const NIGHTLY: &str = "duplicates.nightly";
/// A search that never ended and was silent for so long died with its server.
const SILENT: i64 = 10 * time::MINUTE;

/// With the pinyin by which they are read in order.
#[derive(sqlx::FromRow)]
struct Ordered {
    reading: String,
    #[sqlx(flatten)]
    known: Known,
}

/// Collects pairs and writes them in short transactions.
struct Sink<'a> {
    db: &'a Db,
    at: i64,
    pairs: Vec<Pair>,
}

impl Sink<'_> {
    /// Writes what has gathered if it is enough for a transaction.
    async fn drain(&mut self, all: bool) -> DbResult<()> {
        while self.pairs.len() >= BATCH || (all && !self.pairs.is_empty()) {
            let mut batch: Vec<Pair> = self.pairs.drain(..self.pairs.len().min(BATCH)).collect();
            // In one order always, so that two writers do not wait for each other.
            batch.sort_by(|x, y| (&x.a, &x.b).cmp(&(&y.a, &y.b)));
            batch.dedup_by(|x, y| x.a == y.a && x.b == y.b);
            let mut tx = self.db.begin().await?;
            write(&mut tx, self.at, batch).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// An HCP with what is compared.
struct Member {
    id: String,
    prepared: Prepared,
}

impl From<Known> for Member {
    fn from(known: Known) -> Self {
        Member {
            id: known.id,
            prepared: known.probe.into(),
        }
    }
}

impl Member {
    fn probe(&self) -> &Probe {
        &self.prepared.probe
    }
}

/// Looks through all HCPs and brings the pairs up to date. Memory holds a page and a group of namesakes at a time;
/// what is written goes in short transactions, so that nobody waits. Gives a note of how many pairs are open and new.
async fn search(state: &AppState) -> DbResult<String> {
    let db = &state.db;
    let at = time::now();
    let mut sink = Sink {
        db,
        at,
        pairs: Vec::new(),
    };
    namesakes(&mut sink).await?;
    colleagues(&mut sink).await?;
    sink.drain(true).await?;
    drop_outdated(db).await?;
    let open = q("SELECT COUNT(*) FROM hcp_duplicate WHERE status = 'open'")
        .count(db)
        .await?;
    let new = q("SELECT COUNT(*) FROM hcp_duplicate WHERE status = 'open' AND found_at = $1")
        .bind(at)
        .count(db)
        .await?;
    Ok(format!("{open} open, {new} new"))
}

/// HCPs of one name.
async fn namesakes(sink: &mut Sink<'_>) -> DbResult<()> {
    let mut after = (String::new(), String::new());
    let mut group: Vec<Member> = Vec::new();
    loop {
        let mut query = q(KNOWN);
        query.push_with(" AND (h.name, h.id) > (?, ?)", [&after.0, &after.1]);
        query.push_with(" ORDER BY h.name, h.id LIMIT ?", [PAGE]);
        let page: Vec<Known> = query.all(sink.db).await?;
        let Some(end) = page.last() else {
            break;
        };
        alive(sink.db).await?;
        after = (end.probe.name.clone(), end.id.clone());
        for known in page {
            if group
                .first()
                .is_some_and(|member| member.probe().name != known.probe.name)
            {
                compare_namesakes(&group, &mut sink.pairs);
                sink.drain(false).await?;
                group.clear();
            }
            group.push(known.into());
        }
    }
    compare_namesakes(&group, &mut sink.pairs);
    sink.drain(false).await
}

/// Compares those who share a hospital or a city; those whose city is unknown with all.
fn compare_namesakes(group: &[Member], out: &mut Vec<Pair>) {
    if group.len() < 2 {
        return;
    }
    let mut buckets: BTreeMap<(bool, &str), Vec<usize>> = BTreeMap::new();
    let mut anywhere = Vec::new();
    for (i, member) in group.iter().enumerate() {
        let probe = member.probe();
        if let Some(terminal) = &probe.terminal_id {
            buckets
                .entry((true, terminal.as_str()))
                .or_default()
                .push(i);
        }
        if probe.city.is_empty() {
            anywhere.push(i);
        } else {
            buckets
                .entry((false, probe.city.as_str()))
                .or_default()
                .push(i);
        }
    }
    let mut seen = HashSet::new();
    for bucket in buckets.values_mut() {
        // In a bucket too large for each with each, neighbours are those of one hospital's name.
        bucket.sort_by(|x, y| group[*x].probe().hospital.cmp(&group[*y].probe().hospital));
        let reach = reach(bucket.len());
        for (n, i) in bucket.iter().enumerate() {
            for j in bucket.iter().skip(n + 1).take(reach) {
                compare(group, *i, *j, &mut seen, out);
            }
        }
    }
    for i in anywhere.iter().take(WHOLE) {
        for j in (0..group.len()).take(WHOLE) {
            compare(group, *i, j, &mut seen, out);
        }
    }
}

fn reach(size: usize) -> usize {
    if size > WHOLE { REACH } else { size }
}

fn compare(
    group: &[Member],
    i: usize,
    j: usize,
    seen: &mut HashSet<(usize, usize)>,
    out: &mut Vec<Pair>,
) {
    if i == j || !seen.insert((i.min(j), i.max(j))) {
        return;
    }
    let (one, other) = (&group[i], &group[j]);
    if let Some((score, reasons)) = rules::judge(&one.prepared, &other.prepared) {
        out.push(Pair::new(&one.id, &other.id, score, &reasons));
    }
}

/// HCPs of one department of one hospital, whose names may be near each other.
async fn colleagues(sink: &mut Sink<'_>) -> DbResult<()> {
    let mut after = [String::new(), String::new(), String::new(), String::new()];
    let mut group: Vec<Member> = Vec::new();
    loop {
        // The index by hospital and department has the pinyin as its third column, so the order costs nothing.
        let mut query = q(KNOWN.replacen("SELECT h.id,", "SELECT h.pinyin AS reading, h.id,", 1));
        query.push(" AND h.terminal_id IS NOT NULL AND h.department <> ''");
        query.push_with(
            " AND (h.terminal_id, h.department, h.pinyin, h.id) > (?, ?, ?, ?)",
            &after,
        );
        query.push_with(
            " ORDER BY h.terminal_id, h.department, h.pinyin, h.id LIMIT ?",
            [PAGE],
        );
        let page: Vec<Ordered> = query.all(sink.db).await?;
        let Some(end) = page.last() else {
            break;
        };
        alive(sink.db).await?;
        after = [
            end.known.probe.terminal_id.clone().unwrap_or_default(),
            end.known.probe.department.clone(),
            end.reading.clone(),
            end.known.id.clone(),
        ];
        for Ordered { known, .. } in page {
            if group.first().is_some_and(|member| {
                member.probe().terminal_id != known.probe.terminal_id
                    || member.probe().department != known.probe.department
            }) {
                compare_colleagues(&group, &mut sink.pairs);
                sink.drain(false).await?;
                group.clear();
            }
            group.push(known.into());
        }
    }
    compare_colleagues(&group, &mut sink.pairs);
    sink.drain(false).await
}

/// Compares those whose surnames sound alike and whose names are equally long.
fn compare_colleagues(group: &[Member], out: &mut Vec<Pair>) {
    if group.len() < 2 {
        return;
    }
    let mut buckets: BTreeMap<(String, usize), Vec<usize>> = BTreeMap::new();
    for (i, member) in group.iter().enumerate() {
        buckets
            .entry(member.prepared.near_key())
            .or_default()
            .push(i);
    }
    let mut seen = HashSet::new();
    for bucket in buckets.values() {
        let reach = reach(bucket.len());
        for (n, i) in bucket.iter().enumerate() {
            for j in bucket.iter().skip(n + 1).take(reach) {
                // Namesakes were compared already.
                if group[*i].probe().name != group[*j].probe().name {
                    compare(group, *i, *j, &mut seen, out);
                }
            }
        }
    }
}

/// Removes open pairs that no longer hold: somebody was renamed, moved to another hospital, or is gone.
async fn drop_outdated(db: &Db) -> DbResult<()> {
    let mut after = String::new();
    loop {
        let pairs: Vec<(String, String, String)> = q(
            "SELECT id, a_id, b_id FROM hcp_duplicate WHERE status = 'open' AND id > $1 ORDER BY id LIMIT 200",
        )
        .bind(&after)
        .all(db)
        .await?;
        let Some((last, _, _)) = pairs.last() else {
            return Ok(());
        };
        alive(db).await?;
        after.clone_from(last);
        let ids = distinct(pairs.iter().flat_map(|(_, a, b)| [a.as_str(), b.as_str()]));
        let mut query = q(KNOWN);
        query.push(" AND ");
        one_of(&mut query, "h.id", &ids);
        let known: HashMap<String, Prepared> = query
            .all::<Known>(db)
            .await?
            .into_iter()
            .map(|known| (known.id, known.probe.into()))
            .collect();
        let holds = |a: &str, b: &str| match (known.get(a), known.get(b)) {
            (Some(a), Some(b)) => rules::judge(a, b).is_some(),
            _ => false,
        };
        let outdated: Vec<&str> = pairs
            .iter()
            .filter(|(_, a, b)| !holds(a, b))
            .map(|(id, _, _)| id.as_str())
            .collect();
        if !outdated.is_empty() {
            let mut query = q("DELETE FROM hcp_duplicate WHERE status = 'open' AND ");
            one_of(&mut query, "id", &outdated);
            query.exec(db).await?;
        }
    }
}

// one search at a time -------------------------------------------------------------------------------------------

/// Takes the search for itself; false where another runs.
async fn claim<'a>(on: impl Into<Exec<'a>>) -> DbResult<bool> {
    let now = time::now();
    let mine = q(
        "INSERT INTO job_run (name, started_at) VALUES ($1, $2) ON CONFLICT (name) \
         DO UPDATE SET started_at = excluded.started_at, finished_at = NULL \
         WHERE job_run.finished_at IS NOT NULL OR job_run.started_at < $3",
    )
    .bind(JOB)
    .bind(now)
    .bind(now - SILENT)
    .exec(on)
    .await?;
    Ok(mine == 1)
}

/// Says at every page that the search lives: its `started_at` moves on, so that no other begins, however long it takes.
async fn alive(db: &Db) -> DbResult<()> {
    q("UPDATE job_run SET started_at = $1 WHERE name = $2 AND finished_at IS NULL")
        .bind(time::now())
        .bind(JOB)
        .exec(db)
        .await?;
    Ok(())
}

/// Searches and notes the end; the search was claimed before.
async fn claimed(state: &AppState) -> Result<String, AppError> {
    let mut found = search(state).await;
    // On Postgres a merge at the same moment can make one of the two give way.
    for pause in [200, 2_000] {
        if found.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(pause)).await;
        found = search(state).await;
    }
    let note = found
        .as_ref()
        .map_or_else(ToString::to_string, Clone::clone);
    q("UPDATE job_run SET finished_at = $1, note = $2 WHERE name = $3")
        .bind(time::now())
        .bind(note)
        .bind(JOB)
        .exec(&state.db)
        .await?;
    Ok(found?)
}

/// Searches the whole library now. `Conflict` while another search runs.
pub async fn run(state: &AppState) -> Result<String, AppError> {
    if !claim(&state.db).await? {
        return Err(AppError::Conflict("error.search_runs".into()));
    }
    claimed(state).await
}

/// [`run`] once a night, however often it is called: within 20 hours of the last nightly search it does nothing, nor
/// while another runs. One that failed is tried again at the next call. Gives the note for the log of jobs.
pub async fn nightly(state: &AppState) -> Result<String, AppError> {
    let began = time::now();
    let recent = q("SELECT COUNT(*) FROM job_run WHERE name = $1 AND started_at > $2")
        .bind(NIGHTLY)
        .bind(began - 20 * time::HOUR)
        .count(&state.db)
        .await?;
    if recent > 0 || !claim(&state.db).await? {
        return Ok(String::new());
    }
    let note = claimed(state).await?;
    q(
        "INSERT INTO job_run (name, started_at, finished_at, note) VALUES ($1, $2, $3, $4) ON CONFLICT (name) \
         DO UPDATE SET started_at = excluded.started_at, finished_at = excluded.finished_at, note = excluded.note",
    )
    .bind(NIGHTLY)
    .bind(began)
    .bind(time::now())
    .bind(&note)
    .exec(&state.db)
    .await?;
    Ok(note)
}

/// Starts a search in the background. `Conflict` while another runs.
pub async fn start(state: &AppState, actor: &Actor) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    if !claim(&mut tx).await? {
        return Err(AppError::Conflict("error.search_runs".into()));
    }
    let event = Event::new("duplicate.search", "job", JOB);
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    let state = state.clone();
    tokio::spawn(async move {
        if let Err(error) = claimed(&state).await {
            tracing::error!(%error, "the search for duplicates failed");
        }
    });
    Ok(Saved::stay("notice.search_started"))
}

/// When the last search ended, and whether one runs now.
pub async fn last_run(db: &Db) -> DbResult<(Option<i64>, bool)> {
    let run: Option<(i64, Option<i64>)> =
        q("SELECT started_at, finished_at FROM job_run WHERE name = $1")
            .bind(JOB)
            .optional(db)
            .await?;
    Ok(run.map_or((None, false), |(started, finished)| {
        let running = finished.is_none() && started > time::now() - SILENT;
        (finished, running)
    }))
}
