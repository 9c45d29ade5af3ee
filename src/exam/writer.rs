//! The group-commit queue of exams: attempts that begin and answers as they are given are written many to a
//! transaction, and each is answered only after its commit. Thousands begin in the same second.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::server::db::{Db, DbResult, Tx, q};

/// The most that one transaction takes.
const BATCH: usize = 500;

/// An attempt that begins.
#[derive(Debug, Clone)]
pub struct NewAttempt {
    pub id: String,
    pub exam_id: String,
    pub learner: String,
    pub number: i64,
    /// JSON.
    pub paper: String,
    pub started_at: i64,
    pub due_at: Option<i64>,
    pub points: f64,
}

/// An answer as it is given.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    pub attempt_id: String,
    pub learner: String,
    pub position: i64,
    /// JSON.
    pub given: String,
    pub at: i64,
    /// Share of the points; none where a person marks.
    pub share: Option<f64>,
}

#[derive(Debug, Clone)]
enum Work {
    Begin(NewAttempt),
    Answer(NewAnswer),
}

type Job = (Work, oneshot::Sender<Option<bool>>);

/// How much later than its end an answer may arrive, in milliseconds: it was given in time and the line was slow.
pub const GRACE: i64 = 10_000;

/// The way into the queue.
#[derive(Clone)]
pub struct ExamWriter(mpsc::Sender<Job>);

impl ExamWriter {
    /// Starts the writer, which ends when the last way into it is dropped.
    pub fn start(db: Db) -> ExamWriter {
        let (sender, receiver) = mpsc::channel(20_000);
        tokio::spawn(write(db, receiver));
        ExamWriter(sender)
    }

    /// Begins an attempt; false where one is under way already, or has that number. `None` if it could not be stored.
    pub async fn begin(&self, attempt: NewAttempt) -> Option<bool> {
        self.run(Work::Begin(attempt)).await
    }

    /// Keeps an answer; false where the attempt is over. `None` if it could not be stored.
    pub async fn answer(&self, answer: NewAnswer) -> Option<bool> {
        self.run(Work::Answer(answer)).await
    }

    async fn run(&self, work: Work) -> Option<bool> {
        let (sender, receiver) = oneshot::channel();
        self.0.send((work, sender)).await.ok()?;
        receiver.await.ok()?
    }
}

async fn write(db: Db, mut queue: mpsc::Receiver<Job>) {
    let mut batch: Vec<Job> = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let works: Vec<&Work> = batch.iter().map(|(work, _)| work).collect();
        let stored = commit(&db, &works).await;
        match stored {
            Ok(stored) => {
                for ((_, answer), done) in batch.drain(..).zip(stored) {
                    let _ = answer.send(Some(done));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a batch of answers failed; each is tried alone");
                for (work, answer) in batch.drain(..) {
                    let _ = answer.send(alone(&db, &work).await);
                }
            }
        }
    }
}

/// One bad piece must not take the others of its batch with it.
async fn alone(db: &Db, work: &Work) -> Option<bool> {
    for pause in [0, 50, 500] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        match commit(db, &[work]).await {
            Ok(stored) => return stored.into_iter().next(),
            Err(error) => tracing::error!(%error, "an attempt or answer was not stored"),
        }
    }
    None
}

async fn commit(db: &Db, works: &[&Work]) -> DbResult<Vec<bool>> {
    let mut tx = db.begin().await?;
    let mut stored = Vec::with_capacity(works.len());
    for work in works {
        stored.push(match work {
            Work::Begin(attempt) => begin(&mut tx, attempt).await?,
            Work::Answer(answer) => keep(&mut tx, answer).await?,
        });
    }
    tx.commit().await?;
    Ok(stored)
}

async fn begin(tx: &mut Tx, a: &NewAttempt) -> DbResult<bool> {
    let new = q(
        "INSERT INTO exam_attempt (id, exam_id, learner, number, paper, started_at, due_at, timed_out, unmarked, points) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1 = 0, 0, $8) ON CONFLICT DO NOTHING",
    )
    .bind(&a.id)
    .bind(&a.exam_id)
    .bind(&a.learner)
    .bind(a.number)
    .bind(&a.paper)
    .bind(a.started_at)
    .bind(a.due_at)
    .bind(a.points)
    .exec(tx)
    .await?;
    Ok(new == 1)
}

/// The server's clock decides; of two answers the later one counts, whichever arrives last.
async fn keep(tx: &mut Tx, a: &NewAnswer) -> DbResult<bool> {
    // Changes nothing, but holds the row: handing in waits for this answer, or this answer sees that it was handed in.
    let stands = q(
        "UPDATE exam_attempt SET timed_out = timed_out WHERE id = $1 AND learner = $2 AND submitted_at IS NULL \
         AND (due_at IS NULL OR due_at + $3 >= $4)",
    )
    .bind(&a.attempt_id)
    .bind(&a.learner)
    .bind(GRACE)
    .bind(a.at)
    .exec(&mut *tx)
    .await?;
    if stands == 0 {
        return Ok(false);
    }
    q("INSERT INTO exam_answer (attempt_id, position, given, saved_at, share, comment) VALUES ($1, $2, $3, $4, $5, '') \
       ON CONFLICT (attempt_id, position) DO UPDATE SET given = EXCLUDED.given, saved_at = EXCLUDED.saved_at, \
       share = EXCLUDED.share WHERE exam_answer.saved_at <= EXCLUDED.saved_at")
    .bind(&a.attempt_id)
    .bind(a.position)
    .bind(&a.given)
    .bind(a.at)
    .bind(a.share)
    .exec(tx)
    .await?;
    Ok(true)
}
