//! How far a running job has come, and whether somebody wants it to stop.
//!
//! Both stand in memory: while SQLite's one writer applies an import, nobody else can write how far it is or that it
//! shall stop. On Postgres, where another server may run the job, the row of the job says the same a little later.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::server::audit::Who;
use crate::server::db::{Exec, q};
use crate::shared::AppError;

static RUNNING: Mutex<BTreeMap<String, Arc<Run>>> = Mutex::new(BTreeMap::new());

fn running() -> MutexGuard<'static, BTreeMap<String, Arc<Run>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A job that this process runs.
#[derive(Debug, Default)]
pub struct Run {
    done: AtomicI64,
    total: AtomicI64,
    stop: AtomicBool,
    /// Who stopped it, where that could not be written at once.
    stopped_by: Mutex<Option<Who>>,
}

impl Run {
    /// Rows done, and rows in all.
    pub fn rows(&self) -> (i64, i64) {
        (
            self.done.load(Ordering::Relaxed),
            self.total.load(Ordering::Relaxed),
        )
    }

    /// Notes how many rows there are.
    pub fn begin(&self, total: usize) {
        self.total.store(total as i64, Ordering::Relaxed);
    }

    /// Asks it to stop; `by` is whom the worker shall name in the audit log, if the asker could not.
    pub fn stop(&self, by: Option<Who>) {
        if let Some(by) = by {
            *self
                .stopped_by
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(by);
        }
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whom to name for stopping it.
    pub fn stopped_by(&self) -> Option<Who> {
        self.stopped_by
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The job of an id, if this process runs it.
pub fn of(id: &str) -> Option<Arc<Run>> {
    running().get(id).cloned()
}

/// A job's place among the running ones, which it leaves however it ends.
#[derive(Debug)]
pub struct Place(String);

impl Place {
    /// Enters a job.
    pub fn take(id: &str) -> (Place, Arc<Run>) {
        let run = Arc::new(Run::default());
        running().insert(id.to_owned(), run.clone());
        (Place(id.to_owned()), run)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        running().remove(&self.0);
    }
}

/// What an importer tells its progress and asks whether to go on.
pub struct Watch(Option<Watched>);

struct Watched {
    id: String,
    run: Arc<Run>,
}

impl Watch {
    /// An import that nobody watches.
    pub fn nobody() -> Watch {
        Watch(None)
    }

    /// The job of an id.
    pub(super) fn job(id: &str, run: &Arc<Run>) -> Watch {
        Watch(Some(Watched {
            id: id.to_owned(),
            run: run.clone(),
        }))
    }

    /// Notes that so many rows are done; `Conflict` if the job was cancelled. `on` is the transaction of whoever has one
    /// open, who must not wait for a second connection, and else the database.
    pub async fn step<'a>(&self, on: impl Into<Exec<'a>>, done: usize) -> Result<(), AppError> {
        let Some(Watched { id, run }) = &self.0 else {
            return Ok(());
        };
        run.done.store(done as i64, Ordering::Relaxed);
        if !run.stop.load(Ordering::Relaxed) {
            // Another server may have been asked; Postgres shows in a transaction what was committed meanwhile.
            let asked =
                q("SELECT COUNT(*) FROM import_job WHERE id = $1 AND cancel_at IS NOT NULL")
                    .bind(id)
                    .count(on)
                    .await?;
            if asked == 0 {
                return Ok(());
            }
            run.stop(None);
        }
        Err(AppError::Conflict("import.was_cancelled".into()))
    }
}
