//! Writing what players report, many to a transaction.

use std::collections::HashMap;

use super::access::Rules;
use super::rules::{Account, Playing, Spans, credit};
use super::{cards, completion};
use crate::server::db::{Db, DbResult, Tx, q};
use crate::server::queue::{Queue, Work};

/// The queue of players.
pub type Watcher = Queue<Watch>;

/// What players report.
#[derive(Debug, Clone)]
pub enum Watch {
    /// Play begins.
    Begin(Begin),
    /// What was played since.
    Beat(Beat),
    /// A question within the lesson was answered.
    Answer(Answer),
    /// A page was read, as a browser without JavaScript says: it was open for this long.
    Read(Read),
}

/// Play begins.
#[derive(Debug, Clone)]
pub struct Begin {
    pub session: String,
    pub learner: String,
    pub lesson_id: String,
    pub version: i64,
    pub course_id: String,
    /// Epoch milliseconds.
    pub at: i64,
}

/// What was played.
#[derive(Debug, Clone)]
pub struct Beat {
    pub session: String,
    pub learner: String,
    /// All that the player has not seen acknowledged.
    pub claimed: Vec<(i64, i64)>,
    pub position_ms: i64,
    pub rules: Rules,
    pub at: i64,
}

/// An answer to a question within a lesson.
#[derive(Debug, Clone)]
pub struct Answer {
    pub learner: String,
    pub stop_id: String,
    pub question: (String, i64),
    /// JSON.
    pub given: String,
    pub correct: Option<bool>,
    pub rules: Rules,
    pub at: i64,
}

/// A page that was open long enough.
#[derive(Debug, Clone)]
pub struct Read {
    pub learner: String,
    pub rules: Rules,
    pub at: i64,
}

/// How a lesson stands afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// False where the playing is not known, or is another learner's.
    pub known: bool,
    pub spans: Vec<(i64, i64)>,
    pub complete: bool,
}

impl Work for Watch {
    type Done = Standing;

    fn key(&self) -> &str {
        match self {
            Watch::Begin(w) => &w.learner,
            Watch::Beat(w) => &w.learner,
            Watch::Answer(w) => &w.learner,
            Watch::Read(w) => &w.learner,
        }
    }

    async fn carry_out(&self, tx: &mut Tx) -> DbResult<Standing> {
        match self {
            Watch::Begin(work) => begin(tx, work).await,
            Watch::Beat(work) => beat(tx, work).await,
            Watch::Answer(work) => answer(tx, work).await,
            Watch::Read(work) => read(tx, work).await,
        }
    }
}

/// Notes when play began, and that the lesson was begun.
async fn begin(tx: &mut Tx, w: &Begin) -> DbResult<Standing> {
    q("INSERT INTO watch_session (id, learner, lesson_id, version, began_at, credited_ms) VALUES ($1, $2, $3, $4, $5, 0) \
       ON CONFLICT DO NOTHING")
        .bind(&w.session)
        .bind(&w.learner)
        .bind(&w.lesson_id)
        .bind(w.version)
        .bind(w.at)
        .exec(&mut *tx)
        .await?;
    q("INSERT INTO watch_account (learner, settled_at, budget_ms) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING")
        .bind(&w.learner)
        .bind(w.at)
        .exec(&mut *tx)
        .await?;
    open(tx, &w.learner, &w.lesson_id, w.version, &w.course_id, w.at).await?;
    Ok(Standing {
        known: true,
        ..Standing::default()
    })
}

/// The row of a lesson's progress, made when it is not there.
async fn open(
    tx: &mut Tx,
    learner: &str,
    lesson: &str,
    version: i64,
    course: &str,
    at: i64,
) -> DbResult<()> {
    q("INSERT INTO lesson_progress (learner, lesson_id, version, course_id, spans, watched_ms, position_ms, started_at, last_at) \
       VALUES ($1, $2, $3, $4, '[]', 0, 0, $5, $5) ON CONFLICT DO NOTHING")
    .bind(learner)
    .bind(lesson)
    .bind(version)
    .bind(course)
    .bind(at)
    .exec(tx)
    .await?;
    Ok(())
}

/// What a heartbeat meets: its session, the learner's account and the progress so far.
#[derive(sqlx::FromRow)]
struct Stored {
    version: i64,
    began_at: i64,
    credited_ms: i64,
    settled_at: i64,
    budget_ms: i64,
    spans: String,
    completed_at: Option<i64>,
}

async fn beat(tx: &mut Tx, w: &Beat) -> DbResult<Standing> {
    // Changes nothing, but holds the row: of two servers one waits for the other.
    q("UPDATE watch_account SET budget_ms = budget_ms WHERE learner = $1")
        .bind(&w.learner)
        .exec(&mut *tx)
        .await?;
    let found: Option<Stored> = q(
        "SELECT s.version, s.began_at, s.credited_ms, a.settled_at, a.budget_ms, p.spans, p.completed_at \
         FROM watch_session s JOIN watch_account a ON a.learner = s.learner \
         JOIN lesson_progress p ON p.learner = s.learner AND p.lesson_id = s.lesson_id AND p.version = s.version \
         WHERE s.id = $1 AND s.learner = $2 AND s.lesson_id = $3",
    )
    .bind(&w.session)
    .bind(&w.learner)
    .bind(&w.rules.lesson_id)
    .optional(&mut *tx)
    .await?;
    let Some(stored) = found else {
        return Ok(Standing::default());
    };
    let mut seen = read_spans(&stored.spans);
    let mut account = Account {
        settled_at: stored.settled_at,
        budget_ms: stored.budget_ms,
    };
    let mut playing = Playing {
        began_at: stored.began_at,
        credited_ms: stored.credited_ms,
    };
    let rules = &w.rules;
    // Who saw it all may look at it as they like.
    let no_skip = rules.no_skip && stored.completed_at.is_none();
    let new = credit(
        &mut account,
        &mut playing,
        &mut seen,
        &w.claimed,
        rules.duration_ms,
        no_skip,
        w.at,
    );
    q("UPDATE watch_account SET settled_at = $1, budget_ms = $2 WHERE learner = $3")
        .bind(account.settled_at)
        .bind(account.budget_ms)
        .bind(&w.learner)
        .exec(&mut *tx)
        .await?;
    if new > 0 {
        q("UPDATE watch_session SET credited_ms = $1 WHERE id = $2")
            .bind(playing.credited_ms)
            .bind(&w.session)
            .exec(&mut *tx)
            .await?;
    }
    q(
        "UPDATE lesson_progress SET spans = $1, watched_ms = $2, position_ms = $3, last_at = $4 \
       WHERE learner = $5 AND lesson_id = $6 AND version = $7",
    )
    .bind(serde_json::to_string(seen.parts()).unwrap_or_else(|_| "[]".into()))
    .bind(seen.total())
    .bind(w.position_ms.clamp(0, rules.duration_ms))
    .bind(w.at)
    .bind(&w.learner)
    .bind(&rules.lesson_id)
    .bind(stored.version)
    .exec(&mut *tx)
    .await?;
    let complete = stored.completed_at.is_some()
        || settle(tx, &w.learner, rules, stored.version, w.at).await?;
    Ok(Standing {
        known: true,
        spans: seen.parts().to_vec(),
        complete,
    })
}

/// Intervals out of their JSON.
pub fn read_spans(json: &str) -> Spans {
    Spans::of(serde_json::from_str::<Vec<(i64, i64)>>(json).unwrap_or_default())
}

/// Completes a lesson of which enough was seen and all questions are answered, and with the last of them the course;
/// gives whether the lesson is complete.
async fn settle(
    tx: &mut Tx,
    learner: &str,
    rules: &Rules,
    version: i64,
    at: i64,
) -> DbResult<bool> {
    let (watched, done): (i64, Option<i64>) = q(
        "SELECT watched_ms, completed_at FROM lesson_progress WHERE learner = $1 AND lesson_id = $2 AND version = $3",
    )
    .bind(learner)
    .bind(&rules.lesson_id)
    .bind(version)
    .one(&mut *tx)
    .await?;
    if done.is_some() {
        return Ok(true);
    }
    if watched < rules.needed_ms.max(1) {
        return Ok(false);
    }
    if !rules.stops.is_empty() {
        // Answers to questions that a correction took out do not stand for those that it put in.
        let mut answered = q(
            "SELECT COUNT(*) FROM lesson_answer WHERE learner = $1 AND lesson_id = $2 AND version = $3",
        )
        .bind(learner)
        .bind(&rules.lesson_id)
        .bind(version);
        answered.push(" AND stop_id IN (''");
        for stop in &rules.stops {
            answered.push_with(", ?", [stop]);
        }
        answered.push(")");
        let answered = answered.count(&mut *tx).await?;
        if (answered as usize) < rules.stops.len() {
            return Ok(false);
        }
    }
    q("UPDATE lesson_progress SET completed_at = $1 WHERE learner = $2 AND lesson_id = $3 AND version = $4")
        .bind(at)
        .bind(learner)
        .bind(&rules.lesson_id)
        .bind(version)
        .exec(&mut *tx)
        .await?;
    if version == rules.version {
        completion::check(tx, learner, &rules.course_id, version, &rules.lessons, at).await?;
    }
    Ok(true)
}

/// Keeps the first answer to a question within a lesson (domain: accuracy counts first answers).
async fn answer(tx: &mut Tx, w: &Answer) -> DbResult<Standing> {
    let rules = &w.rules;
    open(
        tx,
        &w.learner,
        &rules.lesson_id,
        rules.version,
        &rules.course_id,
        w.at,
    )
    .await?;
    let new = q(
        "INSERT INTO lesson_answer (learner, lesson_id, version, stop_id, given, correct, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(&w.learner)
    .bind(&rules.lesson_id)
    .bind(rules.version)
    .bind(&w.stop_id)
    .bind(&w.given)
    .bind(w.correct.unwrap_or(false))
    .bind(w.at)
    .exec(&mut *tx)
    .await?;
    if new == 1
        && let Some(correct) = w.correct
    {
        let (question, version) = &w.question;
        q("INSERT INTO first_answer (learner, question_id, version, correct, at) VALUES ($1, $2, $3, $4, $5) \
           ON CONFLICT DO NOTHING")
        .bind(&w.learner)
        .bind(question)
        .bind(*version)
        .bind(correct)
        .bind(w.at)
        .exec(&mut *tx)
        .await?;
        if !correct {
            cards::add(tx, &w.learner, std::slice::from_ref(&w.question)).await?;
        }
    }
    let complete = settle(tx, &w.learner, rules, rules.version, w.at).await?;
    Ok(Standing {
        known: true,
        complete,
        ..Standing::default()
    })
}

async fn read(tx: &mut Tx, w: &Read) -> DbResult<Standing> {
    let rules = &w.rules;
    open(
        tx,
        &w.learner,
        &rules.lesson_id,
        rules.version,
        &rules.course_id,
        w.at,
    )
    .await?;
    q(
        "UPDATE lesson_progress SET spans = $1, watched_ms = $2, last_at = $3 \
       WHERE learner = $4 AND lesson_id = $5 AND version = $6 AND completed_at IS NULL",
    )
    .bind(format!("[[0,{}]]", rules.duration_ms))
    .bind(rules.duration_ms)
    .bind(w.at)
    .bind(&w.learner)
    .bind(&rules.lesson_id)
    .bind(rules.version)
    .exec(&mut *tx)
    .await?;
    let complete = settle(tx, &w.learner, rules, rules.version, w.at).await?;
    Ok(Standing {
        known: true,
        complete,
        ..Standing::default()
    })
}

/// How a learner stands with a lesson.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct Progress {
    pub lesson_id: String,
    pub spans: String,
    pub watched_ms: i64,
    pub position_ms: i64,
    pub completed_at: Option<i64>,
}

/// How a learner stands with the lessons of a course, by lesson.
pub async fn progress(
    db: &Db,
    learner: &str,
    course: &str,
    version: i64,
) -> DbResult<HashMap<String, Progress>> {
    let rows: Vec<Progress> = q(
        "SELECT lesson_id, spans, watched_ms, position_ms, completed_at FROM lesson_progress \
         WHERE learner = $1 AND course_id = $2 AND version = $3",
    )
    .bind(learner)
    .bind(course)
    .bind(version)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|p| (p.lesson_id.clone(), p)).collect())
}

/// The answers of a learner to the questions within a lesson: stop, what was given as JSON, whether it was right.
pub async fn answers(
    db: &Db,
    learner: &str,
    lesson: &str,
    version: i64,
) -> DbResult<Vec<(String, String, bool)>> {
    q("SELECT stop_id, given, COALESCE(correct, FALSE) FROM lesson_answer WHERE learner = $1 AND lesson_id = $2 AND version = $3")
        .bind(learner)
        .bind(lesson)
        .bind(version)
        .all(db)
        .await
}
