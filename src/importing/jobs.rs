//! Jobs: asking for an import, looking at it, applying it, cancelling it. The [`worker`](super::worker) carries out.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::model::{Existing, JobRow, JobView, Kind, Progress, Report};
use super::{progress, worker};
use crate::server::audit::{self, Event, Who};
use crate::server::db::{Query, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, files, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Permission, Saved};

/// What a check keeps: the report, and each refused row with all its reasons.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    pub report: Report,
    pub refused: Vec<(i64, String)>,
}

/// A row of `import_job`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Job {
    pub id: String,
    pub kind: String,
    pub mode: String,
    pub file_id: String,
    pub file_name: String,
    pub status: String,
    pub task: String,
    pub skip_invalid: bool,
    pub rows_total: i64,
    pub rows_done: i64,
    pub error: Option<String>,
    pub staff_id: String,
    pub staff_name: String,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
}

/// What a [`Job`] is made of; a condition must follow.
pub const JOB: &str = "SELECT id, kind, mode, file_id, file_name, status, task, skip_invalid, rows_total, rows_done, error, \
    staff_id, staff_name, created_at, started_at, finished_at FROM import_job WHERE ";

impl Job {
    /// What it imports.
    pub fn kind(&self) -> Kind {
        Kind::parse(&self.kind).unwrap_or(Kind::Hcps)
    }

    /// What happens to records on file.
    pub fn existing(&self) -> Existing {
        Existing::parse(&self.mode).unwrap_or_default()
    }

    fn progress(&self) -> Progress {
        let (rows_done, rows_total) = progress::of(&self.id)
            .map_or((self.rows_done, self.rows_total), |running| running.rows());
        Progress {
            status: self.status.clone(),
            rows_done,
            rows_total,
        }
    }

    fn row(&self, state: &AppState) -> JobRow {
        JobRow {
            id: self.id.clone(),
            kind: self.kind(),
            existing: self.existing(),
            file_name: self.file_name.clone(),
            progress: self.progress(),
            by: self.staff_name.clone(),
            at: state.zone.minute(self.created_at),
        }
    }
}

/// Keeps only jobs that the actor may see: their own; an administrator sees all.
fn scope(actor: &Actor, query: &mut Query) {
    if actor.role.may(Permission::Import) {
        query.push("1 = 1");
    } else {
        query.push_with("staff_id = ?", [&actor.id]);
    }
}

/// One job within scope.
pub async fn find(state: &AppState, actor: &Actor, id: &str) -> Result<Job, AppError> {
    let mut query = q(JOB);
    scope(actor, &mut query);
    query.push_with(" AND id = ?", [id]);
    let job: Job = query.one(&state.db).await?;
    actor.check(job.kind().permission())?;
    Ok(job)
}

/// A page of jobs, the latest first.
pub async fn list(state: &AppState, actor: &Actor, page: i64) -> Result<Page<JobRow>, AppError> {
    let mut count = q("SELECT COUNT(*) FROM import_job WHERE ");
    scope(actor, &mut count);
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let mut query = q(JOB);
    scope(actor, &mut query);
    query.push_with(
        " ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let jobs: Vec<Job> = query.all(&state.db).await?;
    Ok(Page {
        rows: jobs.iter().map(|job| job.row(state)).collect(),
        total,
        page,
    })
}

/// One job with its report.
pub async fn view(state: &AppState, actor: &Actor, id: &str) -> Result<JobView, AppError> {
    let job = find(state, actor, id).await?;
    let row = job.row(state);
    let report = if row.progress.unfinished() {
        None
    } else {
        kept(state, id).await?.map(|kept| kept.report)
    };
    Ok(JobView {
        row,
        applying: job.task == "apply",
        report,
        error: job.error.and_then(|e| serde_json::from_str(&e).ok()),
        finished_at: job.finished_at.map(|at| state.zone.minute(at)),
    })
}

/// How far a job has come.
pub async fn progress(state: &AppState, actor: &Actor, id: &str) -> Result<Progress, AppError> {
    Ok(find(state, actor, id).await?.progress())
}

/// What the last check or import of a job kept.
pub async fn kept(state: &AppState, id: &str) -> Result<Option<Kept>, AppError> {
    let (cipher,): (Option<String>,) = q("SELECT report_cipher FROM import_job WHERE id = $1")
        .bind(id)
        .one(&state.db)
        .await?;
    let Some(cipher) = cipher else {
        return Ok(None);
    };
    let json = state
        .keys
        .open(&cipher)
        .ok_or_else(|| internal(format!("the report of import {id} does not open")))?;
    serde_json::from_str(&json).map(Some).map_err(internal)
}

/// Keeps a file and makes a job that checks it; gives the job's id. The same file sent again while its job is under
/// way, as by a double tap, leads to that job.
pub async fn upload(
    state: &AppState,
    actor: &Actor,
    kind: Kind,
    existing: Existing,
    file_name: &str,
    bytes: &[u8],
) -> Result<String, AppError> {
    actor.check(kind.permission())?;
    let file_id = files::put_sealed(state, bytes).await?;
    let now = time::now();
    let mut tx = state.db.begin().await?;
    // One upload of a person at a time.
    q("UPDATE staff SET updated_at = updated_at WHERE id = $1")
        .bind(&actor.id)
        .exec(&mut tx)
        .await?;
    let same: Option<(String,)> = q("SELECT id FROM import_job WHERE staff_id = $1 AND file_id = $2 AND kind = $3 \
         AND mode = $4 AND status IN ('queued', 'checking', 'applying') AND created_at > $5 LIMIT 1")
    .bind(&actor.id)
    .bind(&file_id)
    .bind(kind.code())
    .bind(existing.code())
    .bind(now - time::MINUTE)
    .optional(&mut tx)
    .await?;
    if let Some((id,)) = same {
        return Ok(id);
    }
    let id = crypto::new_id();
    let shown: String = file_name.chars().take(120).collect();
    q(
        "INSERT INTO import_job (id, kind, mode, file_id, file_name, file_bytes, status, task, staff_id, staff_name, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, 'queued', 'check', $7, $8, $9)",
    )
    .bind(&id)
    .bind(kind.code())
    .bind(existing.code())
    .bind(&file_id)
    .bind(shown)
    .bind(bytes.len() as i64)
    .bind(&actor.id)
    .bind(&actor.name)
    .bind(now)
    .exec(&mut tx)
    .await?;
    let event = Event::new("import_job.upload", "import_job", &id)
        .detail(json!({ "kind": kind.code(), "mode": existing.code(), "bytes": bytes.len() }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    worker::wake();
    Ok(id)
}

/// Checks a file once more, perhaps in another mode.
pub async fn recheck(
    state: &AppState,
    actor: &Actor,
    id: &str,
    existing: Existing,
) -> Result<Saved, AppError> {
    let job = find(state, actor, id).await?;
    let mut tx = state.db.begin().await?;
    let queued = q(
        "UPDATE import_job SET status = 'queued', task = 'check', mode = $1, report_cipher = NULL, error = NULL, \
         cancel_at = NULL, finished_at = NULL, rows_done = 0, skip_invalid = FALSE \
         WHERE id = $2 AND status IN ('checked', 'failed', 'cancelled')",
    )
    .bind(existing.code())
    .bind(id)
    .exec(&mut tx)
    .await?;
    if queued == 0 {
        let again =
            job.task == "check" && job.progress().unfinished() && job.existing() == existing;
        return if again {
            Ok(Saved::stay("notice.import_checking"))
        } else {
            Err(AppError::Conflict("import.under_way".into()))
        };
    }
    let event =
        Event::new("import_job.check", "import_job", id).detail(json!({ "mode": existing.code() }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    worker::wake();
    Ok(Saved::stay("notice.import_checking"))
}

/// Asks for the import of a file that was checked. However often it is asked for, it is imported once.
pub async fn apply(
    state: &AppState,
    actor: &Actor,
    id: &str,
    skip_invalid: bool,
) -> Result<Saved, AppError> {
    let job = find(state, actor, id).await?;
    let asked = Saved::stay("notice.import_applying");
    if job.task == "apply" && (job.progress().unfinished() || job.status == "done") {
        return Ok(asked);
    }
    let skip_invalid = skip_invalid || job.kind().keeps_aside();
    let kept = kept(state, id)
        .await?
        .ok_or_else(|| AppError::Conflict("import.not_checked".into()))?;
    if kept.report.invalid > 0 && !skip_invalid {
        return Err(AppError::Conflict("import.has_invalid".into()));
    }
    let mut tx = state.db.begin().await?;
    let queued = q(
        "UPDATE import_job SET status = 'queued', task = 'apply', skip_invalid = $1, error = NULL, cancel_at = NULL, \
         finished_at = NULL, rows_done = 0 \
         WHERE id = $2 AND status IN ('checked', 'failed', 'cancelled') AND report_cipher IS NOT NULL",
    )
    .bind(skip_invalid)
    .bind(id)
    .exec(&mut tx)
    .await?;
    if queued == 0 {
        // Somebody else was a moment earlier.
        drop(tx);
        let now = find(state, actor, id).await?;
        return if now.task == "apply" {
            Ok(asked)
        } else {
            Err(AppError::Conflict("import.under_way".into()))
        };
    }
    let event = Event::new("import_job.apply", "import_job", id)
        .detail(json!({ "skip_invalid": skip_invalid }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    worker::wake();
    Ok(asked)
}

/// Stops a job. What waits, or waits for a decision, is cancelled at once; what runs is asked to stop and undoes what
/// it did.
pub async fn cancel(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    find(state, actor, id).await?;
    let running = progress::of(id);
    // SQLite's one writer may be the import itself: it is told in memory, and writes who cancelled it.
    if let Some(running) = &running
        && state.db.engine() == "sqlite"
    {
        running.stop(Some(Who::from(actor)));
        return Ok(Saved::stay("notice.import_cancelling"));
    }
    let now = time::now();
    let mut tx = state.db.begin().await?;
    let waited = q(
        "UPDATE import_job SET status = 'cancelled', cancel_at = $1, finished_at = $1 WHERE id = $2 \
         AND status IN ('queued', 'checked', 'failed')",
    )
    .bind(now)
    .bind(id)
    .exec(&mut tx)
    .await?;
    let ran = q(
        "UPDATE import_job SET cancel_at = $1 WHERE id = $2 AND status IN ('checking', 'applying')",
    )
    .bind(now)
    .bind(id)
    .exec(&mut tx)
    .await?;
    if waited + ran == 0 {
        return Err(AppError::Conflict("import.not_running".into()));
    }
    let event = Event::new("import_job.cancel", "import_job", id);
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    if let Some(running) = running {
        running.stop(None);
    }
    Ok(Saved::stay(if ran > 0 {
        "notice.import_cancelling"
    } else {
        "notice.import_cancelled"
    }))
}

/// Removes files of imports that ended 30 days ago, and jobs after 180 days.
pub async fn sweep(state: &AppState) -> Result<(), AppError> {
    let now = time::now();
    let ended = "status NOT IN ('queued', 'checking', 'applying')";
    // A file that a younger or unfinished job needs as well stays, and so do originals of flow. `file_bytes` becomes 0 where the file is gone.
    let old: Vec<(String,)> = q(format!(
        "SELECT DISTINCT j.file_id FROM import_job j WHERE j.{ended} AND j.created_at < $1 AND j.file_bytes > 0 \
         AND NOT EXISTS (SELECT 1 FROM import_job o WHERE o.file_id = j.file_id \
         AND (o.created_at >= $1 OR o.status IN ('queued', 'checking', 'applying') \
         )) AND NOT EXISTS (SELECT 1 FROM flow_file f WHERE f.sha256 = j.file_id) LIMIT 1000"
    ))
    .bind(now - 30 * time::DAY)
    .all(&state.db)
    .await?;
    for (file,) in old {
        files::remove_sealed(state, &file).await?;
        q("UPDATE import_job SET file_bytes = 0 WHERE file_id = $1 AND created_at < $2")
            .bind(&file)
            .bind(now - 30 * time::DAY)
            .exec(&state.db)
            .await?;
    }
    q(format!(
        "DELETE FROM import_job WHERE {ended} AND created_at < $1"
    ))
    .bind(now - 180 * time::DAY)
    .exec(&state.db)
    .await?;
    Ok(())
}
