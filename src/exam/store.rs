//! SQL of exams as trainers put them together.

mod steps;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use self::steps::{copy, end, publish};
use super::model::{ExamInput, ExamRow, ExamState, ExamView, PartRow, REVIEWS};
use super::paper::Pool;
use super::parts::pool_filter;
use crate::audience::{self, Audience, Of};
use crate::question::store as questions;
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Exec, Query, containing, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};

/// Condition that the person `s` is of the audience of exam `e`, and works here.
pub static ASSIGNED: LazyLock<String> = LazyLock::new(|| Of::Exam.assigned("e"));

/// An exam as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Exam {
    pub id: String,
    pub title: String,
    pub intro: String,
    pub minutes: i64,
    pub opens_at: Option<i64>,
    pub closes_at: Option<i64>,
    pub attempts: i64,
    pub pass_percent: i64,
    pub shuffle_questions: bool,
    pub shuffle_options: bool,
    pub review: String,
    pub makeup_of: Option<String>,
    pub updated_at: i64,
    pub published_at: Option<i64>,
    pub ended_at: Option<i64>,
}

const EXAM: &str = "SELECT e.id, e.title, e.intro, e.minutes, e.opens_at, e.closes_at, e.attempts, e.pass_percent, \
    e.shuffle_questions, e.shuffle_options, e.review, e.makeup_of, e.updated_at, e.published_at, e.ended_at FROM exam e";

impl Exam {
    /// Where it stands at a moment.
    pub fn state(&self, now: i64) -> ExamState {
        if self.published_at.is_none() {
            ExamState::Draft
        } else if self.ended_at.is_some() || self.closes_at.is_some_and(|at| at <= now) {
            ExamState::Closed
        } else if self.opens_at.is_some_and(|at| at > now) {
            ExamState::Ahead
        } else {
            ExamState::Open
        }
    }
}

/// The exam of an id.
pub async fn exam<'a>(on: impl Into<Exec<'a>>, id: &str) -> Result<Exam, AppError> {
    Ok(q(format!("{EXAM} WHERE e.id = $1"))
        .bind(id)
        .one(on)
        .await?)
}

/// Exams that somebody in `query`'s conditions has to do with, as they are stored.
pub async fn exams(db: &Db, condition: impl FnOnce(&mut Query)) -> DbResult<Vec<Exam>> {
    let mut query = q(EXAM);
    query.push(" WHERE ");
    condition(&mut query);
    query.all(db).await
}

/// How many are assigned, took it, and passed, by exam; within the asker's scope.
async fn counts(
    db: &Db,
    actor: &Actor,
    ids: &[String],
) -> DbResult<HashMap<String, (i64, i64, i64, i64)>> {
    let mut query = q(
        "SELECT e.id, COUNT(*), COUNT(CASE WHEN t.taken > 0 THEN 1 END), COUNT(CASE WHEN t.passed > 0 THEN 1 END), \
         (SELECT CAST(COALESCE(SUM(u.unmarked), 0) AS BIGINT) FROM exam_attempt u WHERE u.exam_id = e.id AND u.submitted_at IS NOT NULL) \
         FROM exam e JOIN staff s ON ",
    );
    query.push(&ASSIGNED);
    query.push(
        " LEFT JOIN (SELECT exam_id, learner, COUNT(*) AS taken, COUNT(CASE WHEN passed THEN 1 END) AS passed \
         FROM exam_attempt WHERE submitted_at IS NOT NULL AND exam_id IN (''",
    );
    for id in ids {
        query.push_with(", ?", [id]);
    }
    query.push(
        ") GROUP BY exam_id, learner) t ON t.exam_id = e.id AND t.learner = 'staff:' || s.id WHERE ",
    );
    actor.scope(&mut query, "s.id");
    query.push(" AND e.id IN (''");
    for id in ids {
        query.push_with(", ?", [id]);
    }
    query.push(") GROUP BY e.id");
    let rows: Vec<(String, i64, i64, i64, i64)> = query.all(db).await?;
    Ok(rows
        .into_iter()
        .map(|(id, assigned, taken, passed, unmarked)| (id, (assigned, taken, passed, unmarked)))
        .collect())
}

fn row(state: &AppState, exam: &Exam, counts: Option<&(i64, i64, i64, i64)>, now: i64) -> ExamRow {
    let (assigned, taken, passed, unmarked) = counts.copied().unwrap_or_default();
    ExamRow {
        id: exam.id.clone(),
        title: exam.title.clone(),
        state: exam.state(now),
        opens: exam.opens_at.map(|at| state.zone.minute(at)),
        closes: exam.closes_at.map(|at| state.zone.minute(at)),
        assigned,
        taken,
        passed,
        unmarked,
    }
}

/// One page of exams, the latest changed first; `text` is part of the title. Who does not write them sees no drafts.
pub async fn list(
    state: &AppState,
    actor: &Actor,
    text: &str,
    page: i64,
) -> DbResult<Page<ExamRow>> {
    let drafts = actor.role.may(crate::shared::Permission::WriteExams);
    let narrow = |query: &mut Query| {
        query.push(if drafts {
            "1 = 1"
        } else {
            "e.published_at IS NOT NULL"
        });
        if !text.trim().is_empty() {
            query.push_with(" AND e.title LIKE ? ESCAPE '!'", [containing(text.trim())]);
        }
    };
    let mut count = q("SELECT COUNT(*) FROM exam e WHERE ");
    narrow(&mut count);
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let found = exams(&state.db, |query| {
        narrow(query);
        query.push_with(
            " ORDER BY e.updated_at DESC, e.id DESC LIMIT ? OFFSET ?",
            [PAGE_SIZE, offset(page)],
        );
    })
    .await?;
    let ids: Vec<String> = found.iter().map(|e| e.id.clone()).collect();
    let counts = counts(&state.db, actor, &ids).await?;
    let now = time::now();
    Ok(Page {
        rows: found
            .iter()
            .map(|exam| row(state, exam, counts.get(&exam.id), now))
            .collect(),
        total,
        page,
    })
}

/// An exam on its page.
pub async fn view(state: &AppState, actor: &Actor, id: &str) -> Result<ExamView, AppError> {
    let db = &state.db;
    let exam = exam(db, id).await?;
    let drafts = actor.role.may(crate::shared::Permission::WriteExams);
    if exam.published_at.is_none() && !drafts {
        return Err(AppError::NotFound);
    }
    let counts = counts(db, actor, std::slice::from_ref(&exam.id)).await?;
    let mut parts: Vec<PartRow> = q(
        "SELECT p.id, p.question_id, COALESCE(SUBSTR(x.stem, 1, 120), '') AS stem, p.category, p.kind, p.tag, \
         p.difficulty, p.draws, p.points FROM exam_part p LEFT JOIN question x ON x.id = p.question_id \
         WHERE p.exam_id = $1 ORDER BY p.position, p.id",
    )
    .bind(id)
    .all(db)
    .await?;
    let candidates: Vec<(String, String)> =
        q("SELECT id, candidates FROM exam_part WHERE exam_id = $1 AND candidates IS NOT NULL")
            .bind(id)
            .all(db)
            .await?;
    let (mut count, mut points) = (0, 0);
    for part in &mut parts {
        part.available = match part.question_id {
            Some(_) => 1,
            // A published paper is drawn from what there was.
            None if exam.published_at.is_some() => candidates
                .iter()
                .find(|(of, _)| *of == part.id)
                .and_then(|(_, json)| serde_json::from_str::<Vec<(String, i64)>>(json).ok())
                .map_or(0, |c| c.len() as i64),
            None => questions::available(db, &pool_filter(part)).await?,
        };
        let draws = part.draws.min(part.available);
        count += draws;
        points += draws * part.points;
    }
    let (audience, words) = audience::read(db, Of::Exam, id).await?;
    let named = |rows: Vec<(String, String)>| rows;
    let makeup_of: Option<(String, String)> = match &exam.makeup_of {
        Some(of) => {
            q("SELECT id, title FROM exam WHERE id = $1")
                .bind(of)
                .optional(db)
                .await?
        }
        None => None,
    };
    let makeups = named(
        q("SELECT id, title FROM exam WHERE makeup_of = $1 ORDER BY created_at LIMIT 20")
            .bind(id)
            .all(db)
            .await?,
    );
    // Who does not write exams may have to take this one.
    let audience = if drafts {
        audience
    } else {
        Audience::default()
    };
    if !drafts {
        parts.clear();
    }
    let moment = |at: Option<i64>| at.map(|at| state.zone.local(at)).unwrap_or_default();
    Ok(ExamView {
        row: row(state, &exam, counts.get(id), time::now()),
        input: ExamInput {
            title: exam.title.clone(),
            intro: exam.intro.clone(),
            minutes: exam.minutes,
            opens: moment(exam.opens_at),
            closes: moment(exam.closes_at),
            attempts: exam.attempts,
            pass_percent: exam.pass_percent,
            shuffle_questions: exam.shuffle_questions,
            shuffle_options: exam.shuffle_options,
            review: exam.review.clone(),
            audience,
        },
        audience: words,
        parts,
        questions: count,
        points,
        makeup_of,
        makeups,
        updated_at: exam.updated_at,
    })
}

/// Saves an exam from its form: a new draft without `id`, else a change since `seen`.
pub async fn save(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: Option<(&str, i64)>,
    input: &ExamInput,
) -> Result<Saved, AppError> {
    let mut checks = Checks::default();
    checks
        .text(&input.title, "title", 80)
        .ensure(
            input.intro.chars().count() <= 2_000,
            "intro",
            "field.too_long",
        )
        .ensure(
            (0..=600).contains(&input.minutes),
            "minutes",
            "field.exam_minutes",
        )
        .ensure(
            (0..=99).contains(&input.attempts),
            "attempts",
            "field.exam_attempts",
        )
        .ensure(
            (1..=100).contains(&input.pass_percent),
            "pass_percent",
            "field.exam_pass",
        )
        .ensure(
            REVIEWS.contains(&input.review.as_str()),
            "review",
            "field.required",
        );
    let moment = |text: &str, field: &str, checks: &mut Checks| -> Option<i64> {
        if text.is_empty() {
            return None;
        }
        let at = state.zone.moment(text);
        checks.ensure(at.is_some(), field, "field.moment");
        at
    };
    let opens = moment(&input.opens, "opens", &mut checks);
    let closes = moment(&input.closes, "closes", &mut checks);
    if let (Some(opens), Some(closes)) = (opens, closes) {
        checks.ensure(opens < closes, "closes", "field.closes_before_opens");
    }
    let found = audience::rows(&state.db, &input.audience).await;
    if let Ok(rows) = &found {
        checks.ensure(!rows.is_empty(), "audience", "field.exam_audience");
    }
    checks.done()?;
    let rules = found?;
    let now = time::now();
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let exam_id = match id {
        None => {
            let id = crypto::new_id();
            q("INSERT INTO exam (id, title, intro, minutes, opens_at, closes_at, attempts, pass_percent, \
               shuffle_questions, shuffle_options, review, created_by, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)")
            .bind(&id)
            .bind(&input.title)
            .bind(&input.intro)
            .bind(input.minutes)
            .bind(opens)
            .bind(closes)
            .bind(input.attempts)
            .bind(input.pass_percent)
            .bind(input.shuffle_questions)
            .bind(input.shuffle_options)
            .bind(&input.review)
            .bind(&actor.id)
            .bind(now)
            .exec(&mut tx)
            .await?;
            audit::record(
                &state.keys,
                &mut tx,
                actor,
                Event::new("exam.create", "exam", &id),
            )
            .await?;
            id
        }
        Some((id, seen)) => {
            let changed = q(
                "UPDATE exam SET title = $1, intro = $2, minutes = $3, opens_at = $4, closes_at = $5, attempts = $6, \
                 pass_percent = $7, shuffle_questions = $8, shuffle_options = $9, review = $10, updated_at = $11 \
                 WHERE id = $12 AND updated_at = $13",
            )
            .bind(&input.title)
            .bind(&input.intro)
            .bind(input.minutes)
            .bind(opens)
            .bind(closes)
            .bind(input.attempts)
            .bind(input.pass_percent)
            .bind(input.shuffle_questions)
            .bind(input.shuffle_options)
            .bind(&input.review)
            .bind(now.max(seen + 1))
            .bind(id)
            .bind(seen)
            .exec(&mut tx)
            .await?;
            if changed == 0 {
                exam(&mut tx, id).await?;
                return Err(AppError::Conflict("error.changed_meanwhile".into()));
            }
            audit::record(
                &state.keys,
                &mut tx,
                actor,
                Event::new("exam.update", "exam", id),
            )
            .await?;
            id.to_owned()
        }
    };
    audience::write(&mut tx, Of::Exam, &exam_id, rules).await?;
    let saved = Saved::go("notice.exam_saved", format!("/exams/{exam_id}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// The pools of a published exam.
pub async fn pools(db: &Db, id: &str) -> Result<Vec<Pool>, AppError> {
    let rows: Vec<(Option<String>, i64, i64)> = q(
        "SELECT candidates, draws, points FROM exam_part WHERE exam_id = $1 ORDER BY position, id",
    )
    .bind(id)
    .all(db)
    .await?;
    rows.into_iter()
        .map(|(candidates, draws, points)| {
            Ok(Pool {
                candidates: serde_json::from_str(candidates.as_deref().unwrap_or("[]"))
                    .map_err(internal)?,
                draws: draws as usize,
                points,
            })
        })
        .collect()
}

/// Drafts to which a question can be added: ids and titles.
pub async fn drafts(db: &Db) -> DbResult<Vec<(String, String)>> {
    q("SELECT id, title FROM exam WHERE published_at IS NULL ORDER BY updated_at DESC, id LIMIT 50")
        .all(db)
        .await
}
