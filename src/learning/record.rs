//! What somebody has to learn, and what they have learned (学习考试记录).

use super::assignment::{Deadline, due};
use super::model::{LearningDesk, MyCourse, Record, RecordRow};
use super::{Learner, access, cards};
use crate::course::store::{self, ASSIGNED};
use crate::server::AppState;
use crate::server::db::{Db, DbResult, Query, q};
use crate::server::guard::Actor;
use crate::server::time::Zone;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Permission};

/// The courses that are meant for a learner: required ones that are not completed first, by their due day.
pub async fn courses(state: &AppState, learner: &Learner) -> Result<Vec<MyCourse>, AppError> {
    let db = &state.db;
    let me = learner.key();
    let found = match learner {
        Learner::Staff(actor) => {
            store::courses(db, |query| {
                query.push("c.published_at IS NOT NULL AND c.archived_at IS NULL AND EXISTS (SELECT 1 FROM staff s WHERE ");
                query.push(&ASSIGNED);
                query.push_with(" AND s.id = ?) ORDER BY c.published_at DESC, c.id LIMIT 500", [&actor.id]);
            })
            .await?
        }
        Learner::Hcp(hcp) => {
            let today = state.zone.today();
            store::courses(db, |query| {
                access::for_hcp(query, hcp, &today);
                query.push(" ORDER BY c.published_at DESC, c.id LIMIT 500");
            })
            .await?
        }
    };
    let (since, joined) = match learner {
        Learner::Staff(actor) => {
            let since: Vec<(String, i64)> =
                q("SELECT course_id, since FROM course_assignment WHERE staff_id = $1")
                    .bind(&actor.id)
                    .all(db)
                    .await?;
            let (joined,): (i64,) = q("SELECT created_at FROM staff WHERE id = $1")
                .bind(&actor.id)
                .one(db)
                .await?;
            (since, joined)
        }
        Learner::Hcp(_) => (Vec::new(), 0),
    };
    let completed: Vec<(String, i64, i64)> =
        q("SELECT course_id, version, completed_at FROM course_completion WHERE learner = $1")
            .bind(&me)
            .all(db)
            .await?;
    let done: Vec<(String, String, i64)> = q(
        "SELECT course_id, lesson_id, version FROM lesson_progress WHERE learner = $1 AND completed_at IS NOT NULL",
    )
    .bind(&me)
    .all(db)
    .await?;
    let today = state.zone.today();
    let mut out = Vec::new();
    for course in found {
        let contents = access::edition(db, &course.id, course.edition).await?;
        let is_done = |lesson: &str| {
            done.iter()
                .any(|(c, l, v)| *c == course.id && l == lesson && *v == course.version)
        };
        let finished = completed
            .iter()
            .find(|(id, version, _)| *id == course.id && *version == course.version)
            .map(|(_, _, at)| state.zone.minute(*at));
        let since = since
            .iter()
            .find(|(id, _)| *id == course.id)
            .map(|(_, at)| *at);
        let due = match learner {
            Learner::Staff(_) if course.required => {
                due(&state.zone, &(&course).into(), since, joined)
            }
            _ => None,
        };
        out.push(MyCourse {
            lessons: contents.lessons().count() as i64,
            done: contents.lessons().filter(|l| is_done(&l.id)).count() as i64,
            next: contents
                .lessons()
                .find(|l| !is_done(&l.id))
                .map(|l| l.id.clone()),
            overdue: finished.is_none() && due.as_ref().is_some_and(|due| *due < today),
            due: due.filter(|_| finished.is_none()),
            completed: finished,
            required: course.required && matches!(learner, Learner::Staff(_)),
            cover: course.cover.is_some(),
            id: course.id,
            title: course.title,
            summary: course.summary,
            category: course.category,
        });
    }
    out.sort_by_key(|c| {
        (
            c.completed.is_some(),
            !c.required,
            c.due.clone().unwrap_or_else(|| "9999".into()),
        )
    });
    Ok(out)
}

/// What a member of staff has to learn.
pub async fn mine(state: &AppState, actor: &Actor) -> Result<LearningDesk, AppError> {
    let learner = Learner::from(actor);
    Ok(LearningDesk {
        courses: courses(state, &learner).await?,
        cards: cards::due(&learner.key(), &state.zone.today())
            .count(&state.db)
            .await?,
    })
}

/// A required course as it stands for somebody.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Required {
    pub id: String,
    #[sqlx(flatten)]
    pub deadline: Deadline,
    since: Option<i64>,
    joined: i64,
    /// Whether it is set to them and not completed.
    pub open: bool,
}

impl Required {
    /// Whether it is open and its day is past.
    pub fn is_overdue(&self, zone: &Zone) -> bool {
        self.open
            && due(zone, &self.deadline, self.since, self.joined)
                .is_some_and(|due| due < zone.today())
    }
}

/// The required courses that somebody has still to complete; for those who read results, all required ones.
pub async fn required(db: &Db, actor: &Actor) -> DbResult<Vec<Required>> {
    let open = format!("d.learner IS NULL AND {}", *ASSIGNED);
    let mut query = q(format!(
        "SELECT c.id, c.due_kind, c.due_days, c.due_on, c.version, c.version_at, g.since, s.created_at AS joined, \
         CASE WHEN {open} THEN TRUE ELSE FALSE END AS open FROM course c JOIN staff s ON s.id = $1 \
         LEFT JOIN course_completion d ON d.course_id = c.id AND d.version = c.version AND d.learner = 'staff:' || s.id \
         LEFT JOIN course_assignment g ON g.course_id = c.id AND g.staff_id = s.id \
         WHERE c.required AND c.published_at IS NOT NULL AND c.archived_at IS NULL"
    ))
    .bind(&actor.id);
    if !actor.role.may(Permission::ReadResults) {
        query.push(" AND ").push(&open);
    }
    query.push(" ORDER BY c.id LIMIT 500");
    query.all(db).await
}

#[derive(sqlx::FromRow)]
struct Entry {
    kind: String,
    id: String,
    title: String,
    version: i64,
    at: i64,
    score: Option<f64>,
    points: Option<f64>,
    passed: Option<bool>,
    done: i64,
}

/// Whether it is a course that is not complete.
fn under_way(entry: &Entry) -> bool {
    entry.kind == "course" && entry.done >= 0
}

/// Completed courses, courses under way, and attempts that were handed in.
fn entries(query: &mut Query, learner: &str) {
    query.push_with(
        " FROM (SELECT 'course' AS kind, c.id, c.title, d.version, d.completed_at AS at, CAST(NULL AS DOUBLE PRECISION) AS score, \
         CAST(NULL AS DOUBLE PRECISION) AS points, CAST(NULL AS BOOLEAN) AS passed, -1 AS done FROM course_completion d JOIN course c ON c.id = d.course_id WHERE d.learner = ? \
         UNION ALL SELECT 'course', c.id, c.title, p.version, MAX(p.last_at), CAST(NULL AS DOUBLE PRECISION), \
         CAST(NULL AS DOUBLE PRECISION), CAST(NULL AS BOOLEAN), COUNT(p.completed_at) \
         FROM lesson_progress p JOIN course c ON c.id = p.course_id WHERE p.learner = ? AND NOT EXISTS \
         (SELECT 1 FROM course_completion d WHERE d.course_id = p.course_id AND d.version = p.version \
         AND d.learner = p.learner) GROUP BY c.id, c.title, p.version \
         UNION ALL SELECT 'exam', e.id, e.title, t.number, t.submitted_at, t.score, t.points, t.passed, -1 \
         FROM exam_attempt t JOIN exam e ON e.id = t.exam_id WHERE t.learner = ? AND t.submitted_at IS NOT NULL) r",
        [learner, learner, learner],
    );
}

/// One page of a person's record, or with `None` all of it. Somebody outside scope is `NotFound`.
pub async fn record(
    state: &AppState,
    actor: &Actor,
    person: &str,
    page: Option<i64>,
) -> Result<Record, AppError> {
    let db = &state.db;
    let id = if person.is_empty() { &actor.id } else { person };
    let mut who = q(
        "SELECT s.name, u.name, COALESCE(s.employee_no, '') FROM staff s JOIN org_unit u ON u.id = s.unit_id WHERE ",
    );
    who.push_with("s.id = ?", [id]);
    if id != actor.id {
        // Somebody else's record is not there for who reads no results.
        if !actor.role.may(Permission::ReadResults) {
            return Err(AppError::NotFound);
        }
        who.push(" AND ");
        actor.scope(&mut who, "s.id");
    }
    let (name, unit, employee_no): (String, String, String) = who.one(db).await?;
    let learner = format!("staff:{id}");
    let mut count = q("SELECT COUNT(*)");
    entries(&mut count, &learner);
    let total = count.count(db).await?;
    let page = page.map(|page| within(page, total));
    // Postgres takes the type of a column from its first SELECT.
    let mut list = q(
        "SELECT r.kind, r.id, r.title, r.version, r.at, CAST(r.score AS DOUBLE PRECISION) AS score, \
         CAST(r.points AS DOUBLE PRECISION) AS points, r.passed, CAST(r.done AS BIGINT) AS done",
    );
    entries(&mut list, &learner);
    list.push(" ORDER BY r.at DESC, r.kind, r.id");
    if let Some(page) = page {
        list.push_with(" LIMIT ? OFFSET ?", [PAGE_SIZE, offset(page)]);
    }
    let found: Vec<Entry> = list.all(db).await?;
    let mut last =
        q("SELECT course_id, version, MAX(edition) FROM course_edition WHERE course_id IN (''");
    for entry in found.iter().filter(|entry| under_way(entry)) {
        last.push_with(", ?", [&entry.id]);
    }
    last.push(") GROUP BY course_id, version");
    let last: Vec<(String, i64, i64)> = last.all(db).await?;
    let mut rows = Vec::new();
    for entry in found {
        // Of the version that was begun, as it stood last.
        let edition = last
            .iter()
            .find(|(id, version, _)| *id == entry.id && *version == entry.version)
            .map(|(_, _, edition)| *edition);
        let lessons = match edition {
            Some(edition) if under_way(&entry) => {
                let contents = access::edition(db, &entry.id, edition).await?;
                Some((entry.done, contents.lessons().count() as i64))
            }
            _ => None,
        };
        rows.push(RecordRow {
            percent: entry
                .score
                .map(|score| score * 100.0 / entry.points.unwrap_or(1.0).max(1.0)),
            passed: entry.passed,
            lessons,
            at: state.zone.minute(entry.at),
            kind: entry.kind,
            id: entry.id,
            title: entry.title,
            version: entry.version,
        });
    }
    let one = async |sql: &str| -> DbResult<i64> { q(sql).bind(&learner).count(db).await };
    Ok(Record {
        completed: one("SELECT COUNT(DISTINCT course_id) FROM course_completion WHERE learner = $1").await?,
        passed: one(
            "SELECT COUNT(*) FROM (SELECT DISTINCT exam_id FROM exam_attempt WHERE learner = $1 AND passed) t",
        )
        .await?,
        correct: one("SELECT COUNT(*) FROM first_answer WHERE learner = $1 AND correct").await?,
        answers: one("SELECT COUNT(*) FROM first_answer WHERE learner = $1").await?,
        rows: Page { rows, total, page: page.unwrap_or(1) },
        staff_id: id.to_owned(),
        name,
        unit,
        employee_no,
    })
}
