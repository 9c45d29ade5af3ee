//! Carrying out jobs, one at a time.
//!
//! A job is taken by a conditional update and held by a lease that is renewed while it runs, so that several servers
//! on one Postgres share the work. What a server that died was checking is checked once more, in case it was not the
//! file that killed it; what it was applying was rolled back with its transaction, and says so. A server that is told to
//! stop puts its job back, to be taken up by the next.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::{Owner, provide_context};
use leptos::reactive::computed::ScopedFuture;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::jobs::{JOB, Job, Kept};
use super::model::{Kind, Report};
use super::progress::{self, Place, Run, Watch};
use super::run::{self, Findings};
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Tx, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, files, time};
use crate::shared::{AppError, Role};
use crate::ui::locale::Locale;

/// How long a server that says nothing is believed to be alive, in milliseconds.
const LEASE: i64 = 30_000;
/// How often it says so.
const BEAT: Duration = Duration::from_secs(2);
/// How many reasons a report shows.
const SHOWN_FAULTS: usize = 500;
/// Suggestions of flow that are kept for the page.
const SHOWN_SUGGESTIONS: usize = 200;

static WAKE: Notify = Notify::const_new();

/// Says that there is something to do.
pub(super) fn wake() {
    WAKE.notify_one();
}

/// Carries out jobs for as long as the server runs.
pub async fn run(state: AppState) {
    // Only one server uses a SQLite file: what stands as running there died with the one before.
    let mut alone = state.db.engine() == "sqlite";
    while !state.ending.begun() {
        let done = async {
            recover(&state, alone).await?;
            drain(&state).await
        };
        match done.await {
            Ok(_) => alone = false,
            Err(error) => tracing::error!(%error, "the import worker failed"),
        }
        tokio::select! {
            () = WAKE.notified() => {}
            _ = state.ending.within(BEAT) => {}
        }
    }
}

/// Carries out all jobs that wait, unless the server stops; gives how many there were.
pub async fn drain(state: &AppState) -> Result<usize, AppError> {
    let mut done = 0;
    while !state.ending.begun()
        && let Some(job) = claim(state).await?
    {
        // In a task of its own, so that a panic over a broken file ends the job and not the worker; in a set, so that
        // it ends with the worker.
        let mut tasks = JoinSet::new();
        tasks.spawn(carry_out(state.clone(), job.clone()));
        if let Some(Err(error)) = tasks.join_next().await {
            let error = internal(error);
            end_badly(state, &job, &Run::default(), &error).await?;
        }
        done += 1;
    }
    Ok(done)
}

/// Takes the job that waits longest.
async fn claim(state: &AppState) -> DbResult<Option<Job>> {
    loop {
        let next: Option<(String,)> =
            q("SELECT id FROM import_job WHERE status = 'queued' ORDER BY created_at, id LIMIT 1")
                .optional(&state.db)
                .await?;
        let Some((id,)) = next else {
            return Ok(None);
        };
        let now = time::now();
        let taken = q(
            "UPDATE import_job SET status = CASE task WHEN 'apply' THEN 'applying' ELSE 'checking' END, started_at = $1, \
             lease_until = $2, rows_done = 0 WHERE id = $3 AND status = 'queued'",
        )
        .bind(now)
        .bind(now + LEASE)
        .bind(&id)
        .exec(&state.db)
        .await?;
        if taken == 1 {
            return q(format!("{JOB} id = $1"))
                .bind(&id)
                .optional(&state.db)
                .await;
        }
    }
}

/// Gives up on what servers that died had begun; with `all`, on everything that this process does not run.
pub async fn recover(state: &AppState, all: bool) -> Result<(), AppError> {
    let until = if all { i64::MAX } else { time::now() };
    let lost: Vec<(String, i64)> = q("SELECT id, started_at FROM import_job \
         WHERE status IN ('checking', 'applying') AND started_at IS NOT NULL AND lease_until < $1")
    .bind(until)
    .all(&state.db)
    .await?;
    let say = |key: &str| serde_json::to_string(&AppError::Conflict(key.into())).map_err(internal);
    let again = say("import.check_again_interrupted")?;
    let said = say("import.interrupted")?;
    for (id, started_at) in lost {
        if progress::of(&id).is_some() {
            continue;
        }
        // The error, which whoever asks for a check takes away, stays while it is checked the second time: a file that
        // kills the server must not do so for ever.
        q(
            "UPDATE import_job SET status = CASE WHEN error IS NULL THEN 'queued' ELSE 'failed' END, error = $1, \
             finished_at = CASE WHEN error IS NULL THEN finished_at ELSE $2 END, \
             started_at = CASE WHEN error IS NULL THEN NULL ELSE started_at END \
             WHERE id = $3 AND status = 'checking' AND started_at = $4",
        )
        .bind(&again)
        .bind(time::now())
        .bind(&id)
        .bind(started_at)
        .exec(&state.db)
        .await?;
        q(
            "UPDATE import_job SET status = 'failed', error = $1, finished_at = $2 \
           WHERE id = $3 AND status = 'applying' AND started_at = $4",
        )
        .bind(&said)
        .bind(time::now())
        .bind(&id)
        .bind(started_at)
        .exec(&state.db)
        .await?;
    }
    Ok(())
}

/// Carries out one job and writes down how it ended.
async fn carry_out(state: AppState, job: Job) {
    let (_place, running) = Place::take(&job.id);
    let result = tokio::select! {
        result = work(&state, &job, &running) => Some(result),
        never = beat(&state, &job, &running) => match never {},
        // What it did so far is rolled back where it stands.
        () = state.ending.wait() => None,
    };
    let written = match result {
        Some(Ok(())) => Ok(()),
        Some(Err(error)) => end_badly(&state, &job, &running, &error).await,
        None => put_back(&state, &job, &running).await,
    };
    if let Err(error) = written {
        tracing::error!(%error, job = job.id, "cannot write how an import ended");
    }
}

/// Renews the lease, and says how far the job is to whom another server answers.
async fn beat(state: &AppState, job: &Job, running: &Run) -> Infallible {
    // While SQLite's one writer applies, nobody else writes; there is no other server either.
    let writes = state.db.engine() != "sqlite" || job.task == "check";
    loop {
        tokio::time::sleep(BEAT).await;
        if !writes {
            continue;
        }
        let (done, total) = running.rows();
        let renewed = q(
            "UPDATE import_job SET lease_until = $1, rows_done = $2, rows_total = $3 \
             WHERE id = $4 AND started_at = $5 AND status IN ('checking', 'applying')",
        )
        .bind(time::now() + LEASE)
        .bind(done)
        .bind(total)
        .bind(&job.id)
        .bind(job.started_at)
        .exec(&state.db)
        .await;
        if let Err(error) = renewed {
            tracing::warn!(%error, job = job.id, "cannot renew the lease of an import");
        }
    }
}

async fn work(state: &AppState, job: &Job, running: &Arc<Run>) -> Result<(), AppError> {
    let actor = starter(state, job).await?;
    // Reasons are written in the language of whoever asked.
    let owner = Owner::new();
    let task = owner.with(|| {
        provide_context(Locale::parse(&actor.locale));
        ScopedFuture::new_untracked(task(state, job, &actor, running))
    });
    task.await
}

/// Whoever asked for the job, if they still may.
async fn starter(state: &AppState, job: &Job) -> Result<Actor, AppError> {
    let found: Option<(String, String, String, String, String)> =
        q("SELECT name, role, unit_id, locale, theme FROM staff WHERE id = $1 AND left_at IS NULL")
            .bind(&job.staff_id)
            .optional(&state.db)
            .await?;
    let (name, role, unit_id, locale, theme) = found.ok_or(AppError::Forbidden)?;
    let actor = Actor {
        id: job.staff_id.clone(),
        name,
        role: Role::parse(&role).ok_or(AppError::Forbidden)?,
        unit_id,
        locale,
        theme,
        session_id: String::new(),
        address: "local".into(),
    };
    actor.check(job.kind().permission())?;
    Ok(actor)
}

async fn task(
    state: &AppState,
    job: &Job,
    actor: &Actor,
    running: &Arc<Run>,
) -> Result<(), AppError> {
    let (kind, existing) = (job.kind(), job.existing());
    let watch = Watch::job(&job.id, running);
    watch.step(&state.db, 0).await?;
    let bytes = match files::get_sealed(state, &job.file_id).await {
        Err(AppError::NotFound) => return Err(AppError::Conflict("import.file_gone".into())),
        other => other?,
    };
    let mut table = run::read(kind, bytes).await?;
    table.sha256.clone_from(&job.file_id);
    table.file_name.clone_from(&job.file_name);
    running.begin(table.rows.len());
    if job.task == "check" {
        let findings = run::check(state, actor, kind, existing, &table, &watch).await?;
        watch.step(&state.db, table.rows.len()).await?;
        let mut tx = state.db.begin().await?;
        end_well(state, &mut tx, job, "checked", findings).await?;
        tx.commit().await?;
        return Ok(());
    }
    let mut tx = state.db.begin().await?;
    let mut findings = run::apply(
        state,
        &mut tx,
        actor,
        kind,
        existing,
        &table,
        job.skip_invalid,
        &watch,
    )
    .await?;
    if !job.skip_invalid && !findings.report.invalid.is_empty() {
        // The file was fine when it was checked: what it refers to has changed since. The new reasons are kept.
        drop(tx);
        let mut tx = state.db.begin().await?;
        keep(state, &mut tx, job, findings).await?;
        tx.commit().await?;
        return Err(AppError::Conflict("import.has_invalid".into()));
    }
    let told = findings.told(kind, &job.file_id);
    end_well(state, &mut tx, job, "done", findings).await?;
    // After the job's row, as in cancelling: so the two cannot wait for each other.
    run::record(state, &mut tx, actor, told).await?;
    tx.commit().await?;
    if kind == Kind::Hcps {
        // Whom the preview called similar is to be found among the duplicates. One search at a time; the next finds all.
        let state = state.clone();
        tokio::spawn(async move {
            if let Err(error) = crate::duplicate::finder::run(&state).await {
                tracing::info!(%error, "no search for duplicates after the import");
            }
        });
    }
    Ok(())
}

/// Ends a job within the transaction that did its work, unless it was cancelled or taken away meanwhile.
async fn end_well(
    state: &AppState,
    tx: &mut Tx,
    job: &Job,
    status: &str,
    findings: Findings,
) -> Result<(), AppError> {
    let rows = findings.report.rows;
    keep(state, tx, job, findings).await?;
    let ended = q("UPDATE import_job SET status = $1, finished_at = $2, lease_until = NULL, error = NULL, rows_total = $3, \
         rows_done = $3 WHERE id = $4 AND started_at = $5 AND status IN ('checking', 'applying') AND cancel_at IS NULL")
    .bind(status)
    .bind(time::now())
    .bind(rows)
    .bind(&job.id)
    .bind(job.started_at)
    .exec(&mut *tx)
    .await?;
    if ended == 1 { Ok(()) } else { Err(cancelled()) }
}

fn cancelled() -> AppError {
    AppError::Conflict("import.was_cancelled".into())
}

/// Ends a job that did not come to its end. Nothing of what it did is left.
async fn end_badly(
    state: &AppState,
    job: &Job,
    running: &Run,
    error: &AppError,
) -> Result<(), AppError> {
    let (status, said) = if *error == cancelled() {
        ("cancelled", None)
    } else {
        let said = serde_json::to_string(error).map_err(internal)?;
        ("failed", Some(said))
    };
    let mut tx = state.db.begin().await?;
    q(
        "UPDATE import_job SET status = $1, error = $2, finished_at = $3, lease_until = NULL \
       WHERE id = $4 AND started_at = $5 AND status IN ('checking', 'applying')",
    )
    .bind(status)
    .bind(said)
    .bind(time::now())
    .bind(&job.id)
    .bind(job.started_at)
    .exec(&mut tx)
    .await?;
    if let Some(by) = running.stopped_by() {
        let event = Event::new("import_job.cancel", "import_job", &job.id);
        audit::record(&state.keys, &mut tx, by, event).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Puts a job back among those that wait. If its commit was under way after all, it has ended and stays so: the
/// statement waits for that transaction.
async fn put_back(state: &AppState, job: &Job, running: &Run) -> Result<(), AppError> {
    if running.stopped_by().is_some() {
        return end_badly(state, job, running, &cancelled()).await;
    }
    q(
        "UPDATE import_job SET status = 'queued', started_at = NULL, lease_until = NULL, rows_done = 0 \
       WHERE id = $1 AND started_at = $2 AND status IN ('checking', 'applying')",
    )
    .bind(&job.id)
    .bind(job.started_at)
    .exec(&state.db)
    .await?;
    Ok(())
}

/// Keeps what was found, sealed: it names people.
async fn keep(
    state: &AppState,
    tx: &mut Tx,
    job: &Job,
    findings: Findings,
) -> Result<(), AppError> {
    let json = serde_json::to_string(&kept(findings)).map_err(internal)?;
    q("UPDATE import_job SET report_cipher = $1 WHERE id = $2 AND started_at = $3")
        .bind(state.keys.seal(&json))
        .bind(&job.id)
        .bind(job.started_at)
        .exec(tx)
        .await?;
    Ok(())
}

/// The report, and each refused row once with all its reasons. The reasons come sorted by row.
fn kept(findings: Findings) -> Kept {
    let found = findings.report;
    let mut refused: Vec<(i64, String)> = Vec::new();
    for fault in &found.invalid {
        match refused.last_mut() {
            Some((row, reasons)) if *row == fault.row => {
                reasons.push('；');
                reasons.push_str(&fault.reason);
            }
            _ => refused.push((fault.row, fault.reason.clone())),
        }
    }
    let mut faults = found.invalid;
    faults.truncate(SHOWN_FAULTS);
    let flow = found.flow.map(|mut flow| {
        flow.suggestions.truncate(SHOWN_SUGGESTIONS);
        // They stand beside it.
        flow.invalid.clear();
        flow
    });
    Kept {
        report: Report {
            rows: found.rows,
            created: found.created,
            updated: found.updated,
            unchanged: found.unchanged,
            skipped: found.skipped,
            invalid: refused.len() as i64,
            faults,
            changes: findings.changes,
            new_rows: findings.new_rows,
            similar: findings.similar,
            similar_rows: findings.similar_rows,
            flow,
        },
        refused,
    }
}
