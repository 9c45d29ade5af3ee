//! SQL of courses as trainers see them.

mod writing;

use std::sync::LazyLock;

pub use self::writing::{archive, duplicate, save, set_cover};
use super::model::{Contents, CourseInput, CourseRow, CourseState, CourseView, EditionRow};
use super::publishing;
use crate::audience::{self, Audience, Of};
use crate::server::db::{Db, DbResult, Exec, Query, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, search};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Permission};

/// Condition that the person `s` is of the audience of course `c`, and works here.
pub static ASSIGNED: LazyLock<String> = LazyLock::new(|| Of::Course.assigned("c"));

/// A course as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Course {
    pub id: String,
    pub title: String,
    pub summary: String,
    pub category: String,
    pub lecturer_id: Option<String>,
    pub cover: Option<String>,
    pub required: bool,
    pub no_skip: bool,
    pub due_kind: String,
    pub due_days: i64,
    pub due_on: String,
    pub contents: String,
    pub contents_at: i64,
    pub review: String,
    pub reviewed_contents_at: Option<i64>,
    pub approval_no: String,
    pub expires_on: String,
    pub version: i64,
    pub edition: i64,
    pub updated_at: i64,
    pub published_at: Option<i64>,
    pub version_at: Option<i64>,
    pub archived_at: Option<i64>,
}

const COURSE: &str = "SELECT c.id, c.title, c.summary, c.category, c.lecturer_id, c.cover, c.required, c.no_skip, \
    c.due_kind, c.due_days, c.due_on, c.contents, c.contents_at, c.review, c.reviewed_contents_at, c.approval_no, \
    c.expires_on, c.version, c.edition, c.updated_at, c.published_at, c.version_at, c.archived_at FROM course c";

impl Course {
    /// Where it stands.
    pub fn state(&self) -> CourseState {
        match self.published_at {
            _ if self.archived_at.is_some() => CourseState::Archived,
            None => CourseState::Draft,
            Some(at) if self.contents_at > at => CourseState::Changed,
            Some(_) => CourseState::Published,
        }
    }

    /// Whether learners find it.
    pub fn is_open(&self) -> bool {
        self.published_at.is_some() && self.archived_at.is_none()
    }

    /// What is being worked on.
    pub fn draft(&self) -> Result<Contents, AppError> {
        serde_json::from_str(&self.contents).map_err(internal)
    }

    /// Whether the review stands for the contents as they are.
    pub fn is_approved(&self) -> bool {
        self.review == "approved" && self.reviewed_contents_at == Some(self.contents_at)
    }
}

/// The course of an id.
pub async fn course<'a>(on: impl Into<Exec<'a>>, id: &str) -> Result<Course, AppError> {
    Ok(q(format!("{COURSE} WHERE c.id = $1"))
        .bind(id)
        .one(on)
        .await?)
}

/// Courses that fit `condition`, which follows `WHERE` and can name `c`.
pub async fn courses(db: &Db, condition: impl FnOnce(&mut Query)) -> DbResult<Vec<Course>> {
    let mut query = q(COURSE);
    query.push(" WHERE ");
    condition(&mut query);
    query.all(db).await
}

/// What the list can be narrowed by; empty fields do not narrow.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub text: String,
    pub category: String,
    /// draft, published, required or archived.
    pub state: String,
}

/// Counts of a course within scope: assigned, completed, open comments, whether HCPs are addressed.
#[derive(sqlx::FromRow)]
struct Counts {
    id: String,
    assigned: i64,
    completed: i64,
}

async fn counts(db: &Db, actor: &Actor, ids: &[String]) -> DbResult<Vec<Counts>> {
    let mut query = q(
        "SELECT c.id, COUNT(*) AS assigned, COUNT(d.learner) AS completed FROM course c JOIN staff s ON ",
    );
    query.push(&ASSIGNED);
    query.push(
        " LEFT JOIN course_completion d ON d.course_id = c.id AND d.version = c.version AND d.learner = 'staff:' || s.id \
         WHERE ",
    );
    actor.scope(&mut query, "s.id");
    query.push(" AND c.version > 0 AND c.id IN (''");
    for id in ids {
        query.push_with(", ?", [id]);
    }
    query.push(") GROUP BY c.id");
    query.all(db).await
}

/// Rows of courses with their numbers within scope.
async fn rows(db: &Db, actor: &Actor, found: &[Course]) -> Result<Vec<CourseRow>, AppError> {
    let ids: Vec<String> = found.iter().map(|c| c.id.clone()).collect();
    let counts = counts(db, actor, &ids).await?;
    let listed = |sql: &str| {
        let mut query = q(sql);
        query.push(" AND course_id IN (''");
        for id in &ids {
            query.push_with(", ?", [id]);
        }
        query.push(") GROUP BY course_id");
        query
    };
    let open: Vec<(String, i64)> = listed(
        "SELECT course_id, COUNT(*) FROM course_comment WHERE settled_at IS NULL AND removed_at IS NULL AND answers IS NULL",
    )
    .all(db)
    .await?;
    let hcps: Vec<(String, i64)> = listed(
        "SELECT course_id, COUNT(*) FROM course_audience WHERE kind IN ('hcps', 'specialty')",
    )
    .all(db)
    .await?;
    found
        .iter()
        .map(|course| {
            let own = counts.iter().find(|c| c.id == course.id);
            Ok(CourseRow {
                id: course.id.clone(),
                title: course.title.clone(),
                category: course.category.clone(),
                state: course.state(),
                required: course.required,
                for_hcps: hcps.iter().any(|(id, _)| *id == course.id),
                version: course.version,
                lessons: course.draft()?.lessons().count() as i64,
                assigned: own.map_or(0, |c| c.assigned),
                completed: own.map_or(0, |c| c.completed),
                open_comments: open
                    .iter()
                    .find(|(id, _)| *id == course.id)
                    .map_or(0, |(_, n)| *n),
            })
        })
        .collect()
}

/// One page of courses, the latest changed first. Who does not write or review them sees no drafts.
pub async fn list(
    db: &Db,
    actor: &Actor,
    filter: &Filter,
    page: i64,
) -> Result<Page<CourseRow>, AppError> {
    let narrow = |query: &mut Query| {
        query.push(match filter.state.as_str() {
            "draft" => "c.published_at IS NULL AND c.archived_at IS NULL",
            "published" => "c.published_at IS NOT NULL AND c.archived_at IS NULL",
            "required" => "c.required AND c.published_at IS NOT NULL AND c.archived_at IS NULL",
            "archived" => "c.archived_at IS NOT NULL",
            "review" => "c.review = 'in_review' AND c.archived_at IS NULL",
            _ => "c.archived_at IS NULL",
        });
        if !sees_drafts(actor) {
            query.push(" AND c.published_at IS NOT NULL");
        }
        if !filter.category.is_empty() {
            query.push_with(" AND c.category = ?", [&filter.category]);
        }
        search::condition(query, &filter.text, &[("c.id", "course")]);
    };
    let mut count = q("SELECT COUNT(*) FROM course c WHERE ");
    narrow(&mut count);
    let total = count.count(db).await?;
    let page = within(page, total);
    let found = courses(db, |query| {
        narrow(query);
        query.push_with(
            " ORDER BY c.updated_at DESC, c.id DESC LIMIT ? OFFSET ?",
            [PAGE_SIZE, offset(page)],
        );
    })
    .await?;
    Ok(Page {
        rows: rows(db, actor, &found).await?,
        total,
        page,
    })
}

/// Whether somebody sees courses that are not published.
pub fn sees_drafts(actor: &Actor) -> bool {
    actor.role.may(Permission::WriteCourses) || actor.role.may(Permission::ReviewArticles)
}

/// A course on its page.
pub async fn view(state: &AppState, actor: &Actor, id: &str) -> Result<CourseView, AppError> {
    let db = &state.db;
    let course = course(db, id).await?;
    if course.published_at.is_none() && !sees_drafts(actor) {
        return Err(AppError::NotFound);
    }
    let row = rows(db, actor, std::slice::from_ref(&course))
        .await?
        .pop()
        .ok_or(AppError::NotFound)?;
    let (audience, mut words) = audience::read(db, Of::Course, id).await?;
    let hcps = hcp_audience(db, id).await?;
    if hcps.iter().any(|(kind, _)| kind == "hcps") {
        words.push(tr!("course.audience_hcps"));
    }
    let specialties: Vec<String> = hcps
        .into_iter()
        .filter(|(kind, _)| kind == "specialty")
        .map(|(_, value)| value)
        .collect();
    if !specialties.is_empty() {
        words.push(tr!(
            "course.audience_specialties",
            list = specialties.join("、")
        ));
    }
    let lecturer: Option<(String, String)> = match &course.lecturer_id {
        Some(id) => {
            q("SELECT COALESCE(NULLIF(employee_no, ''), name), name FROM staff WHERE id = $1")
                .bind(id)
                .optional(db)
                .await?
        }
        None => None,
    };
    let editions: Vec<(i64, i64, String, String, i64)> = q(
        "SELECT e.edition, e.version, e.note, COALESCE(s.name, ''), e.published_at FROM course_edition e \
         LEFT JOIN staff s ON s.id = e.published_by WHERE e.course_id = $1 ORDER BY e.edition DESC LIMIT 20",
    )
    .bind(id)
    .all(db)
    .await?;
    // Who sees no drafts sees what is published.
    let (contents, lacks) = if sees_drafts(actor) {
        let contents = course.draft()?;
        let lacks = publishing::lacks(db, &course, &contents).await?;
        (contents, lacks)
    } else {
        let edition = crate::learning::access::edition(db, id, course.edition).await?;
        ((*edition).clone(), Vec::new())
    };
    let stands = course.is_approved();
    Ok(CourseView {
        input: CourseInput {
            title: course.title.clone(),
            summary: course.summary.clone(),
            category: course.category.clone(),
            lecturer: lecturer
                .as_ref()
                .map(|(no, _)| no.clone())
                .unwrap_or_default(),
            required: course.required,
            no_skip: course.no_skip,
            due_kind: course.due_kind.clone(),
            due_days: course.due_days,
            due_on: course.due_on.clone(),
            all_hcps: row.for_hcps && specialties.is_empty(),
            specialties: specialties.join("\n"),
            audience: if sees_drafts(actor) {
                audience
            } else {
                Audience::default()
            },
        },
        audience: words,
        lecturer: lecturer.map(|(_, name)| name),
        cover: course
            .cover
            .map(|file| format!("/courses/{id}/cover?v={}", &file[..8])),
        contents,
        review: match course.review.as_str() {
            "approved" if !stands => "stale".into(),
            review => review.to_owned(),
        },
        approval_no: course.approval_no,
        expires_on: course.expires_on,
        editions: editions
            .into_iter()
            .map(|(edition, version, note, by, at)| EditionRow {
                edition,
                version,
                note,
                by,
                at: state.zone.minute(at),
            })
            .collect(),
        updated_at: course.updated_at,
        lacks,
        row,
    })
}

/// Which HCPs a course is set to: kind (`hcps`, `specialty`) and value.
pub async fn hcp_audience(db: &Db, id: &str) -> DbResult<Vec<(String, String)>> {
    q("SELECT kind, value FROM course_audience WHERE course_id = $1 AND kind IN ('hcps', 'specialty') ORDER BY value")
        .bind(id)
        .all(db)
        .await
}
