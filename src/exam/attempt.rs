//! Taking an exam: beginning, answering, handing in, and what is shown afterwards.

mod assigned;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use self::assigned::{asked_anew, is_assigned};
pub use self::assigned::{mine, waiting};
use super::model::ExamState;
use super::paper::{self, Item, Pool};
use super::store::{self, Exam};
use super::writer::{ExamWork, NewAnswer, NewAttempt};
use crate::learning::Learner;
use crate::question::model::Draft;
use crate::question::rules::{Given, grade};
use crate::server::db::{Db, DbResult, Rows, Tx, insert_many, internal, q};
use crate::server::{AppState, crypto, time};
use crate::shared::AppError;

/// An attempt as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Attempt {
    pub id: String,
    pub exam_id: String,
    pub learner: String,
    pub paper: String,
    pub started_at: i64,
    pub due_at: Option<i64>,
    pub submitted_at: Option<i64>,
    pub timed_out: bool,
    pub unmarked: i64,
    pub score: Option<f64>,
    pub points: f64,
    pub passed: Option<bool>,
}

const ATTEMPT: &str = "SELECT id, exam_id, learner, paper, started_at, due_at, submitted_at, timed_out, unmarked, score, \
    points, passed FROM exam_attempt";

impl Attempt {
    /// Its questions in their order.
    pub fn items(&self) -> Result<Vec<Item>, AppError> {
        serde_json::from_str(&self.paper).map_err(internal)
    }

    /// Per cent of the points, once all is marked.
    pub fn percent(&self) -> Option<f64> {
        self.score.map(|score| score * 100.0 / self.points.max(1.0))
    }
}

/// One answer of an attempt.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Answer {
    pub position: i64,
    pub given: String,
    pub saved_at: i64,
    pub share: Option<f64>,
    pub comment: String,
}

/// What papers are drawn from, by exam and the moment of its last change. Only saves reading it anew: the attempts
/// themselves stand in the database.
static POOLS: LazyLock<RwLock<ByVersion<Vec<Pool>>>> = LazyLock::new(RwLock::default);
/// Versions of questions, which never change.
static DRAFTS: LazyLock<RwLock<ByVersion<Draft>>> = LazyLock::new(RwLock::default);
/// By id and version.
type ByVersion<T> = HashMap<(String, i64), Arc<T>>;
/// The most that either keeps before it begins anew.
const KEPT: usize = 20_000;

async fn pools(db: &Db, exam: &Exam) -> Result<Arc<Vec<Pool>>, AppError> {
    let key = (exam.id.clone(), exam.updated_at);
    if let Some(pools) = POOLS.read().ok().and_then(|kept| kept.get(&key).cloned()) {
        return Ok(pools);
    }
    let pools = Arc::new(store::pools(db, &exam.id).await?);
    if let Ok(mut kept) = POOLS.write() {
        if kept.len() >= 100 {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&pools));
    }
    Ok(pools)
}

/// The questions of a paper, read at once where they were not read before.
pub async fn drafts(db: &Db, items: &[Item]) -> Result<Vec<Arc<Draft>>, AppError> {
    let key = |item: &Item| (item.question_id.clone(), item.version);
    let mut found: ByVersion<Draft> = match DRAFTS.read() {
        Ok(kept) => items
            .iter()
            .filter_map(|item| kept.get_key_value(&key(item)))
            .map(|(k, v)| (k.clone(), Arc::clone(v)))
            .collect(),
        Err(_) => HashMap::new(),
    };
    let missing: Vec<&Item> = items
        .iter()
        .filter(|item| !found.contains_key(&key(item)))
        .collect();
    if !missing.is_empty() {
        // A join stays on the index of both engines; a chain of ORs does not.
        let mut query = q("SELECT v.question_id, v.version, v.draft FROM (VALUES ");
        for (i, item) in missing.into_iter().enumerate() {
            query.push_with(if i == 0 { "(?" } else { ", (?" }, [&item.question_id]);
            query.push_with(", ?)", [item.version]);
        }
        query.push(
            ") w JOIN question_version v ON v.question_id = w.column1 AND v.version = w.column2",
        );
        let rows: Vec<(String, i64, String)> = query.all(db).await?;
        let mut read = HashMap::new();
        for (id, version, json) in rows {
            let draft: Draft = serde_json::from_str(&json).map_err(internal)?;
            read.insert((id, version), Arc::new(draft));
        }
        if let Ok(mut kept) = DRAFTS.write() {
            if kept.len() + read.len() > KEPT {
                kept.clear();
            }
            kept.extend(read.iter().map(|(k, v)| (k.clone(), Arc::clone(v))));
        }
        found.extend(read);
    }
    items
        .iter()
        .map(|item| found.get(&key(item)).cloned().ok_or(AppError::NotFound))
        .collect()
}

/// Whether anybody is still at an exam.
pub async fn under_way(db: &Db, exam_id: &str) -> DbResult<bool> {
    let open = q(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM exam_attempt WHERE exam_id = $1 AND submitted_at IS NULL \
         AND (due_at IS NULL OR due_at > $2) LIMIT 1) c",
    )
    .bind(exam_id)
    .bind(time::now())
    .count(db)
    .await?;
    Ok(open > 0)
}

/// An earlier attempt: id, number, when it is over, when it was handed in, when it began.
type Earlier = (String, i64, Option<i64>, Option<i64>, i64);

/// Begins an attempt, or gives the one that is under way: its id.
pub async fn begin(state: &AppState, learner: &Learner, exam_id: &str) -> Result<String, AppError> {
    let db = &state.db;
    let me = learner.key();
    let exam = store::exam(db, exam_id).await?;
    let assigned = is_assigned(db, learner, exam_id).await?
        || crate::learning::access::asks_for(state, learner, exam_id).await?;
    for _ in 0..3 {
        let earlier: Vec<Earlier> = q(
            "SELECT id, number, due_at, submitted_at, started_at FROM exam_attempt WHERE exam_id = $1 AND learner = $2 \
             ORDER BY number DESC LIMIT 100",
        )
        .bind(exam_id)
        .bind(&me)
        .all(db)
        .await?;
        let now = time::now();
        if let Some((id, _, due_at, _, _)) = earlier
            .iter()
            .find(|(_, _, _, submitted, _)| submitted.is_none())
        {
            if due_at.is_none_or(|due| due > now) {
                return Ok(id.clone());
            }
            submit(state, id, true).await?;
        }
        if !assigned || exam.published_at.is_none() {
            return Err(AppError::NotFound);
        }
        match exam.state(now) {
            ExamState::Open => {}
            ExamState::Ahead => return Err(AppError::Conflict("error.exam_ahead".into())),
            _ => return Err(AppError::Conflict("error.exam_closed".into())),
        }
        // At most 99 are allowed where they are counted.
        let since = asked_anew(db)
            .await?
            .into_iter()
            .find(|(id, _)| id == exam_id)
            .map_or(0, |(_, at)| at);
        let used = earlier.iter().filter(|e| e.4 >= since).count() as i64;
        if exam.attempts > 0 && used >= exam.attempts {
            return Err(AppError::Conflict("error.exam_used_up".into()));
        }
        let pools = pools(db, &exam).await?;
        let id = crypto::new_id();
        let seed = u64::from_str_radix(&crypto::sha256_hex(id.as_bytes())[..16], 16).unwrap_or(1);
        let items = paper::draw(&pools, exam.shuffle_questions, exam.shuffle_options, seed);
        let limit = (exam.minutes > 0).then(|| now + exam.minutes * time::MINUTE);
        // The window's end is everybody's end.
        let due_at = match (limit, exam.closes_at) {
            (Some(limit), Some(closes)) => Some(limit.min(closes)),
            (limit, closes) => limit.or(closes),
        };
        let attempt = NewAttempt {
            id: id.clone(),
            exam_id: exam_id.to_owned(),
            learner: me.clone(),
            number: earlier.first().map_or(0, |e| e.1) + 1,
            points: items.iter().map(|i| i.points as f64).sum(),
            paper: serde_json::to_string(&items).map_err(internal)?,
            started_at: now,
            due_at,
        };
        match state.exams.run(ExamWork::Begin(attempt)).await {
            Some(true) => return Ok(id),
            // Another window was a moment faster: its attempt is the one.
            Some(false) => {}
            None => return Err(internal("an attempt was not stored")),
        }
    }
    Err(AppError::Conflict("error.changed_meanwhile".into()))
}

/// One's own attempt; one whose time is over is handed in first.
pub async fn own(state: &AppState, me: &str, id: &str) -> Result<Attempt, AppError> {
    let mut attempt = of(&state.db, me, id).await?;
    let over = attempt.due_at.is_some_and(|due| due <= time::now());
    if attempt.submitted_at.is_none() && over {
        submit(state, id, true).await?;
        attempt = self::attempt(&state.db, id).await?;
    }
    Ok(attempt)
}

/// An attempt as it stands, to whom it belongs; nobody else finds it.
pub async fn of(db: &Db, me: &str, id: &str) -> Result<Attempt, AppError> {
    let attempt = attempt(db, id).await?;
    if attempt.learner != me {
        return Err(AppError::NotFound);
    }
    Ok(attempt)
}

/// The attempt of an id.
pub async fn attempt(db: &Db, id: &str) -> Result<Attempt, AppError> {
    Ok(q(format!("{ATTEMPT} WHERE id = $1"))
        .bind(id)
        .one(db)
        .await?)
}

/// The answers of an attempt by their place.
pub async fn answers(db: &Db, id: &str) -> DbResult<HashMap<i64, Answer>> {
    let rows: Vec<Answer> = q(
        "SELECT position, given, saved_at, share, comment FROM exam_answer WHERE attempt_id = $1",
    )
    .bind(id)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|a| (a.position, a)).collect())
}

/// Keeps an answer as it is given. `Conflict` once the attempt is over.
pub async fn answer(
    state: &AppState,
    attempt: &Attempt,
    position: i64,
    given: &Given,
) -> Result<(), AppError> {
    let items = attempt.items()?;
    let item = usize::try_from(position)
        .ok()
        .and_then(|i| items.get(i))
        .ok_or(AppError::NotFound)?;
    let draft = drafts(&state.db, std::slice::from_ref(item)).await?;
    let body = &draft[0].body;
    let answer = NewAnswer {
        attempt_id: attempt.id.clone(),
        learner: attempt.learner.clone(),
        position,
        given: serde_json::to_string(given).map_err(internal)?,
        at: time::now(),
        // Nothing typed is worth nothing, and no work for whoever marks.
        share: if given.is_empty() {
            Some(0.0)
        } else {
            grade(body, given)
        },
    };
    match state.exams.run(ExamWork::Answer(answer)).await {
        Some(true) => Ok(()),
        Some(false) => Err(AppError::Conflict("error.attempt_over".into())),
        None => Err(internal("an answer was not stored")),
    }
}

/// Hands an attempt in, once: what is there counts.
pub async fn submit(state: &AppState, id: &str, timed_out: bool) -> Result<(), AppError> {
    // Read before the transaction, which must not wait for a second connection.
    let items = attempt(&state.db, id).await?.items()?;
    let drafts = drafts(&state.db, &items).await?;
    let mut tx = state.db.begin().await?;
    // Holds the row: an answer on its way is in before, or refused.
    let now = time::now();
    let ended = q(
        "UPDATE exam_attempt SET submitted_at = CASE WHEN due_at IS NOT NULL AND due_at < $1 THEN due_at ELSE $1 END, \
         timed_out = $2 WHERE id = $3 AND submitted_at IS NULL",
    )
    .bind(now)
    .bind(timed_out)
    .bind(id)
    .exec(&mut tx)
    .await?;
    if ended == 0 {
        return Ok(());
    }
    let attempt: Attempt = q(format!("{ATTEMPT} WHERE id = $1"))
        .bind(id)
        .one(&mut tx)
        .await?;
    settle(&mut tx, &attempt).await?;
    first_answers(&mut tx, &attempt, &items, &drafts).await?;
    tx.commit().await?;
    Ok(())
}

/// Sums an attempt up: its score once nothing waits for a person.
pub async fn settle(tx: &mut Tx, attempt: &Attempt) -> Result<(), AppError> {
    let (pass_percent,): (i64,) = q("SELECT pass_percent FROM exam WHERE id = $1")
        .bind(&attempt.exam_id)
        .one(&mut *tx)
        .await?;
    let rows: Vec<(i64, Option<f64>)> =
        q("SELECT position, share FROM exam_answer WHERE attempt_id = $1")
            .bind(&attempt.id)
            .all(&mut *tx)
            .await?;
    let items = attempt.items()?;
    let points = |position: i64| {
        items
            .get(position as usize)
            .map_or(0.0, |i| i.points as f64)
    };
    let unmarked = rows.iter().filter(|(_, share)| share.is_none()).count() as i64;
    let sum: f64 = rows
        .iter()
        .map(|(position, share)| share.unwrap_or(0.0) * points(*position))
        .sum();
    // To a hundredth of a point, so that three thirds are a whole.
    let score = (unmarked == 0).then(|| (sum * 100.0).round() / 100.0);
    let passed = score.map(|s| s * 100.0 + 1e-6 >= pass_percent as f64 * attempt.points);
    let mut query = q("UPDATE exam_attempt SET unmarked = $1, score = $2, passed = ")
        .bind(unmarked)
        .bind(score);
    query.push(match passed {
        Some(true) => "1 = 1",
        Some(false) => "1 = 0",
        None => "NULL",
    });
    query.push_with(" WHERE id = ?", [&attempt.id]);
    query.exec(&mut *tx).await?;
    if passed == Some(true) {
        crate::learning::completion::after_exam(tx, &attempt.learner, &attempt.exam_id).await?;
    }
    Ok(())
}

/// Notes which questions were answered for the first time, and whether rightly (domain: accuracy).
async fn first_answers(
    tx: &mut Tx,
    attempt: &Attempt,
    items: &[Item],
    drafts: &[Arc<Draft>],
) -> Result<(), AppError> {
    let given: Vec<(i64, Option<f64>, i64)> =
        q("SELECT position, share, saved_at FROM exam_answer WHERE attempt_id = $1")
            .bind(&attempt.id)
            .all(&mut *tx)
            .await?;
    let wrong: Vec<(String, i64)> = given
        .iter()
        .filter(|(_, share, _)| share.is_some_and(|s| s < 1.0))
        .filter_map(|(position, _, _)| items.get(*position as usize))
        .map(|item| (item.question_id.clone(), item.version))
        .collect();
    crate::learning::cards::add(tx, &attempt.learner, &wrong).await?;
    let rows: Rows = given
        .into_iter()
        .filter_map(|(position, share, at)| {
            let place = position as usize;
            let (item, draft) = (items.get(place)?, drafts.get(place)?);
            let by_hand = draft.body.kind() == crate::question::model::Kind::Short;
            (!by_hand).then(|| {
                vec![
                    (&attempt.learner).into(),
                    (&item.question_id).into(),
                    item.version.into(),
                    share.is_some_and(|s| s >= 1.0).into(),
                    at.into(),
                ]
            })
        })
        .collect();
    insert_many(
        tx,
        "INSERT INTO first_answer (learner, question_id, version, correct, at)",
        rows,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    Ok(())
}

/// Hands in all attempts whose time is over; gives how many.
pub async fn expire(state: &AppState) -> Result<usize, AppError> {
    let over: Vec<(String,)> = q(
        "SELECT id FROM exam_attempt WHERE submitted_at IS NULL AND due_at < $1 ORDER BY due_at LIMIT 1000",
    )
    .bind(time::now() - super::writer::GRACE)
    .all(&state.db)
    .await?;
    let mut done = 0;
    for (id,) in &over {
        // One that fails must not keep the others waiting.
        match submit(state, id, true).await {
            Ok(()) => done += 1,
            Err(error) => tracing::error!(%error, attempt = id, "an attempt was not handed in"),
        }
    }
    Ok(done)
}

/// Notes that the screen was left or come back to.
pub async fn event(state: &AppState, attempt: &Attempt, kind: &str) -> Result<(), AppError> {
    if attempt.submitted_at.is_some() || !matches!(kind, "left" | "back") {
        return Ok(());
    }
    // A broken script must not fill the table.
    let many = q("SELECT COUNT(*) FROM exam_event WHERE attempt_id = $1")
        .bind(&attempt.id)
        .count(&state.db)
        .await?;
    if many < 500 {
        q("INSERT INTO exam_event (id, attempt_id, at, kind) VALUES ($1, $2, $3, $4)")
            .bind(crypto::new_id())
            .bind(&attempt.id)
            .bind(time::now())
            .bind(kind)
            .exec(&state.db)
            .await?;
    }
    Ok(())
}

/// Whether somebody may look at the paper of an attempt now, and whether only at what was wrong. `under_way` says that
/// somebody else is still at the exam.
pub fn may_review(exam: &Exam, now: i64, under_way: bool) -> (bool, bool) {
    match exam.review.as_str() {
        "all" => (true, false),
        "wrong" => (true, true),
        "closed" => (exam.state(now) == ExamState::Closed && !under_way, false),
        _ => (false, false),
    }
}
