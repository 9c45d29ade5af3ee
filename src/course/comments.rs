//! Comments and questions below a lesson, and the lecturer's answers.

use std::collections::HashMap;

use super::model::CommentRow;
use super::store::{self, Course};
use crate::inbox;
use crate::learning::Learner;
use crate::server::db::{Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Permission, Saved};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    course_id: String,
    course: String,
    lesson_id: String,
    author: String,
    name: String,
    role: String,
    lecturer_id: Option<String>,
    text: String,
    answers: Option<String>,
    at: i64,
    settled_at: Option<i64>,
}

/// HCPs are not named to each other.
const ROW: &str = "SELECT m.id, m.course_id, c.title AS course, m.lesson_id, m.author, COALESCE(s.name, '') AS name, \
    COALESCE(s.role, '') AS role, c.lecturer_id, m.text, m.answers, m.at, m.settled_at FROM course_comment m \
    JOIN course c ON c.id = m.course_id LEFT JOIN staff s ON m.author = 'staff:' || s.id WHERE m.removed_at IS NULL";

fn row(state: &AppState, reader: &str, row: Row, lesson: String) -> CommentRow {
    let lecturer = row.lecturer_id.map(|id| format!("staff:{id}"));
    CommentRow {
        by_lecturer: lecturer.as_deref() == Some(&row.author)
            || matches!(row.role.as_str(), "trainer" | "admin"),
        own: row.author == reader,
        author: if row.name.is_empty() {
            tr!("course.an_hcp")
        } else {
            row.name
        },
        settled: row.settled_at.is_some(),
        at: state.zone.minute(row.at),
        id: row.id,
        course_id: row.course_id,
        course: row.course,
        lesson_id: row.lesson_id,
        lesson,
        text: row.text,
        answers: Vec::new(),
    }
}

async fn with_answers(
    state: &AppState,
    reader: &str,
    found: Vec<Row>,
    lesson: impl Fn(&Row) -> String,
) -> Result<Vec<CommentRow>, AppError> {
    let mut query = q(ROW);
    query.push(" AND m.answers IN (''");
    for comment in &found {
        query.push_with(", ?", [&comment.id]);
    }
    query.push(") ORDER BY m.at, m.id");
    let answers: Vec<Row> = query.all(&state.db).await?;
    let mut out: Vec<CommentRow> = found
        .into_iter()
        .map(|comment| {
            let lesson = lesson(&comment);
            row(state, reader, comment, lesson)
        })
        .collect();
    for answer in answers {
        let to = answer.answers.clone();
        if let Some(comment) = out.iter_mut().find(|c| Some(&c.id) == to.as_ref()) {
            comment
                .answers
                .push(row(state, reader, answer, String::new()));
        }
    }
    Ok(out)
}

/// The latest comments below a lesson, at most a page.
pub async fn of_lesson(
    state: &AppState,
    reader: &str,
    course: &str,
    lesson: &str,
) -> Result<Vec<CommentRow>, AppError> {
    let mut query = q(ROW);
    query.push_with(
        " AND m.answers IS NULL AND m.course_id = ? AND m.lesson_id = ?",
        [course, lesson],
    );
    query.push_with(" ORDER BY m.at DESC, m.id DESC LIMIT ?", [PAGE_SIZE]);
    let found = query.all(&state.db).await?;
    with_answers(state, reader, found, |_| String::new()).await
}

/// Whether somebody answers as the lecturer, or in their place.
pub fn may_answer(actor: &Actor, course: &Course) -> bool {
    actor.role.may(Permission::WriteCourses) || course.lecturer_id.as_deref() == Some(&actor.id)
}

/// Comments that wait for an answer of the actor: of the courses they teach, or of all for trainers.
fn open(query: &mut Query, actor: &Actor) {
    query.push(" AND m.answers IS NULL AND m.settled_at IS NULL");
    if !actor.role.may(Permission::WriteCourses) {
        query.push_with(" AND c.lecturer_id = ?", [&actor.id]);
    }
}

/// Counts the comments that wait for the actor.
pub fn waiting(actor: &Actor) -> Query {
    let mut query = q(
        "SELECT COUNT(*) FROM course_comment m JOIN course c ON c.id = m.course_id WHERE m.removed_at IS NULL",
    );
    open(&mut query, actor);
    query
}

/// One page of the comments that wait for the actor, the oldest first.
pub async fn queue(
    state: &AppState,
    actor: &Actor,
    page: i64,
) -> Result<Page<CommentRow>, AppError> {
    let total = waiting(actor).count(&state.db).await?;
    let page = within(page, total);
    let mut query = q(ROW);
    open(&mut query, actor);
    query.push_with(
        " ORDER BY m.at, m.id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let found: Vec<Row> = query.all(&state.db).await?;
    let courses = store::courses(&state.db, |query| {
        query.push("c.id IN (''");
        for comment in &found {
            query.push_with(", ?", [&comment.course_id]);
        }
        query.push(")");
    })
    .await?;
    let mut titles = HashMap::new();
    for course in &courses {
        for lesson in course.draft()?.lessons() {
            titles.insert(lesson.id.clone(), lesson.title.clone());
        }
    }
    let me = Learner::from(actor).key();
    let rows = with_answers(state, &me, found, |row| {
        titles.get(&row.lesson_id).cloned().unwrap_or_default()
    })
    .await?;
    Ok(Page { rows, total, page })
}

/// Writes below a lesson; the lecturer is told. A text sent twice within a minute is one.
pub async fn write(
    state: &AppState,
    learner: &Learner,
    course: &Course,
    lesson: &str,
    text: &str,
) -> Result<(), AppError> {
    let text = text.replace("\r\n", "\n");
    Checks::default().text(&text, "text", 1_000).done()?;
    let me = learner.key();
    let now = time::now();
    let mut tx = state.db.begin().await?;
    let twice = q(
        "SELECT COUNT(*) FROM course_comment WHERE course_id = $1 AND lesson_id = $2 AND author = $3 AND text = $4 AND at > $5",
    )
    .bind(&course.id)
    .bind(lesson)
    .bind(&me)
    .bind(text.trim())
    .bind(now - time::MINUTE)
    .count(&mut tx)
    .await?;
    if twice > 0 {
        return Ok(());
    }
    let today = q("SELECT COUNT(*) FROM course_comment WHERE author = $1 AND at > $2")
        .bind(&me)
        .bind(now - time::DAY)
        .count(&mut tx)
        .await?;
    if today >= 100 {
        return Err(AppError::TooMany(3600));
    }
    let id = crypto::new_id();
    q("INSERT INTO course_comment (id, course_id, lesson_id, author, text, at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(&id)
        .bind(&course.id)
        .bind(lesson)
        .bind(&me)
        .bind(text.trim())
        .bind(now)
        .exec(&mut tx)
        .await?;
    if let Some(lecturer) = course
        .lecturer_id
        .as_ref()
        .filter(|l| format!("staff:{l}") != me)
    {
        let message = inbox::Message {
            staff_id: lecturer,
            kind: "message.comment",
            args: &[("course", &course.title)],
            path: "/comments",
            about: &course.id,
            dedupe: &format!("comment:{id}"),
        };
        inbox::send(&mut tx, &[message]).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Answers a comment as its lecturer; whoever asked is told.
pub async fn answer(
    state: &AppState,
    actor: &Actor,
    comment: &str,
    text: &str,
) -> Result<Saved, AppError> {
    let text = text.replace("\r\n", "\n");
    Checks::default().text(&text, "text", 1_000).done()?;
    let (course, asker) = own(state, actor, comment).await?;
    let now = time::now();
    let mut tx = state.db.begin().await?;
    // The first answer settles it; the same one sent again is no second one.
    let twice =
        q("SELECT COUNT(*) FROM course_comment WHERE answers = $1 AND author = $2 AND text = $3")
            .bind(comment)
            .bind(format!("staff:{}", actor.id))
            .bind(text.trim())
            .count(&mut tx)
            .await?;
    if twice > 0 {
        return Ok(Saved::stay("notice.answered"));
    }
    let id = crypto::new_id();
    q("INSERT INTO course_comment (id, course_id, lesson_id, author, text, answers, at, settled_at) \
       SELECT $1, course_id, lesson_id, $2, $3, id, $4, $4 FROM course_comment WHERE id = $5")
    .bind(&id)
    .bind(format!("staff:{}", actor.id))
    .bind(text.trim())
    .bind(now)
    .bind(comment)
    .exec(&mut tx)
    .await?;
    settle(&mut tx, comment).await?;
    if let Some(staff) = asker.strip_prefix("staff:").filter(|id| *id != actor.id) {
        let message = inbox::Message {
            staff_id: staff,
            kind: "message.answer",
            args: &[("course", &course.title)],
            path: &format!("/learn/{}", course.id),
            about: &course.id,
            dedupe: &format!("answer:{id}"),
        };
        inbox::send(&mut tx, &[message]).await?;
    }
    tx.commit().await?;
    Ok(Saved::stay("notice.answered"))
}

async fn settle(tx: &mut crate::server::db::Tx, comment: &str) -> Result<(), AppError> {
    q("UPDATE course_comment SET settled_at = $1 WHERE id = $2 AND settled_at IS NULL")
        .bind(time::now())
        .bind(comment)
        .exec(tx)
        .await?;
    Ok(())
}

/// The course of a comment, whose lecturer (or a trainer) the actor is, and who wrote it.
async fn own(state: &AppState, actor: &Actor, comment: &str) -> Result<(Course, String), AppError> {
    let (course, author): (String, String) =
        q("SELECT course_id, author FROM course_comment WHERE id = $1 AND removed_at IS NULL")
            .bind(comment)
            .one(&state.db)
            .await?;
    let course = store::course(&state.db, &course).await?;
    if !may_answer(actor, &course) {
        return Err(AppError::NotFound);
    }
    Ok((course, author))
}

/// Sets a comment aside that needs no answer, or removes it for everybody.
pub async fn settle_or_remove(
    state: &AppState,
    actor: &Actor,
    comment: &str,
    remove: bool,
) -> Result<Saved, AppError> {
    own(state, actor, comment).await?;
    let mut tx = state.db.begin().await?;
    settle(&mut tx, comment).await?;
    if remove {
        q("UPDATE course_comment SET removed_at = $1 WHERE (id = $2 OR answers = $2) AND removed_at IS NULL")
            .bind(time::now())
            .bind(comment)
            .exec(&mut tx)
            .await?;
    }
    tx.commit().await?;
    Ok(Saved::stay(if remove {
        "notice.comment_removed"
    } else {
        "notice.comment_settled"
    }))
}
