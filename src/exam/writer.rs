//! Attempts that begin, and answers as they are given.

use crate::server::db::{DbResult, Tx, q};
use crate::server::queue::{Queue, Work};

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

/// What is written in groups: thousands begin in the same second.
#[derive(Debug, Clone)]
pub enum ExamWork {
    Begin(NewAttempt),
    Answer(NewAnswer),
}

/// How much later than its end an answer may arrive, in milliseconds: it was given in time and the line was slow.
pub const GRACE: i64 = 10_000;

/// The queue of exams.
pub type ExamWriter = Queue<ExamWork>;

impl Work for ExamWork {
    /// False where an attempt is under way already or has that number, and where the attempt of an answer is over.
    type Done = bool;

    fn key(&self) -> &str {
        match self {
            ExamWork::Begin(attempt) => &attempt.learner,
            ExamWork::Answer(answer) => &answer.learner,
        }
    }

    async fn carry_out(&self, tx: &mut Tx) -> DbResult<bool> {
        match self {
            ExamWork::Begin(attempt) => begin(tx, attempt).await,
            ExamWork::Answer(answer) => keep(tx, answer).await,
        }
    }
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
