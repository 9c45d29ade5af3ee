//! Writing courses: their form, their cover, putting them away, copies.

use serde_json::json;

use super::super::model::{CATEGORIES, Contents, CourseInput, DUE_KINDS};
use super::course;
use crate::audience::{self, Of};
use crate::identity::rules::clean;
use crate::server::audit::{self, Event};
use crate::server::db::{Db, Tx, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, search, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Saved};

/// The person that a number or a name means, among those who work here.
async fn person(db: &Db, text: &str) -> Result<Option<String>, AppError> {
    let text = clean(text);
    if text.is_empty() {
        return Ok(None);
    }
    let found: Vec<(String,)> =
        q("SELECT id FROM staff WHERE left_at IS NULL AND (employee_no = $1 OR name = $1) LIMIT 2")
            .bind(&text)
            .all(db)
            .await?;
    match found.as_slice() {
        [(id,)] => Ok(Some(id.clone())),
        _ => Err(AppError::field("lecturer", "field.lecturer")),
    }
}

/// Saves a course from its form: a new draft without `known`, else a change since the moment in it.
pub async fn save(
    state: &AppState,
    actor: &Actor,
    key: &str,
    known: Option<(&str, i64)>,
    input: &CourseInput,
) -> Result<Saved, AppError> {
    let mut checks = Checks::default();
    checks
        .text(&input.title, "title", 80)
        .ensure(
            input.summary.chars().count() <= 1_000,
            "summary",
            "field.too_long",
        )
        .ensure(
            CATEGORIES.contains(&input.category.as_str()),
            "category",
            "field.required",
        )
        .ensure(
            DUE_KINDS.contains(&input.due_kind.as_str()),
            "due_kind",
            "field.required",
        );
    let counted = matches!(input.due_kind.as_str(), "assigned" | "joined");
    checks
        .ensure(
            !counted || (1..=730).contains(&input.due_days),
            "due_days",
            "field.due_days",
        )
        .ensure(
            input.due_kind != "fixed" || time::is_day(&input.due_on),
            "due_on",
            "field.day",
        );
    let specialties: Vec<String> = input
        .specialties
        .split(['\n', ',', '，', '、'])
        .map(clean)
        .filter(|s| !s.is_empty())
        .collect();
    checks.ensure(specialties.len() <= 50, "specialties", "field.too_many");
    let lecturer = person(&state.db, &input.lecturer).await;
    checks.ensure(lecturer.is_ok(), "lecturer", "field.lecturer");
    let found = audience::rows(&state.db, &input.audience).await;
    if let Ok(rules) = &found {
        let nobody = rules.is_empty() && !input.for_hcps();
        checks
            .ensure(!nobody, "audience", "field.course_audience")
            .ensure(
                !input.required || !rules.is_empty(),
                "required",
                "field.required_for_staff",
            );
    }
    checks.done()?;
    let (lecturer, mut rules) = (lecturer?, found?);
    if input.all_hcps {
        rules.push(("hcps", String::new()));
    } else {
        rules.extend(specialties.into_iter().map(|s| ("specialty", s)));
    }
    let now = time::now();
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let (id, action) = match known {
        None => {
            let id = crypto::new_id();
            q("INSERT INTO course (id, title, summary, category, required, no_skip, due_kind, due_days, due_on, contents, \
               contents_at, review, approval_no, expires_on, version, edition, created_by, created_at, updated_at) \
               VALUES ($1, '', '', '', 1 = 0, 1 = 0, 'none', 0, '', $2, $3, '', '', '', 0, 0, $4, $3, $3)")
            .bind(&id)
            .bind(serde_json::to_string(&Contents::default()).map_err(internal)?)
            .bind(now)
            .bind(&actor.id)
            .exec(&mut tx)
            .await?;
            (id, "course.create")
        }
        Some((id, seen)) => {
            let held = q("UPDATE course SET updated_at = $1 WHERE id = $2 AND updated_at = $3")
                .bind(now.max(seen + 1))
                .bind(id)
                .bind(seen)
                .exec(&mut tx)
                .await?;
            if held == 0 {
                course(&mut tx, id).await?;
                return Err(AppError::Conflict("error.changed_meanwhile".into()));
            }
            (id.to_owned(), "course.update")
        }
    };
    q("UPDATE course SET title = $1, summary = $2, category = $3, lecturer_id = $4, required = $5, no_skip = $6, \
       due_kind = $7, due_days = $8, due_on = $9 WHERE id = $10")
    .bind(&input.title)
    .bind(&input.summary)
    .bind(&input.category)
    .bind(lecturer)
    .bind(input.required)
    .bind(input.no_skip)
    .bind(&input.due_kind)
    .bind(if counted { input.due_days } else { 0 })
    .bind(if input.due_kind == "fixed" { input.due_on.as_str() } else { "" })
    .bind(&id)
    .exec(&mut tx)
    .await?;
    audience::write(&mut tx, Of::Course, &id, rules).await?;
    search::index(&mut tx, "course", &id, &[&input.title, &input.summary]).await?;
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new(action, "course", &id),
    )
    .await?;
    let saved = Saved::go("notice.course_saved", format!("/courses/{id}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Sets the cover to an image that is registered.
pub async fn set_cover(tx: &mut Tx, id: &str, file: &str) -> Result<(), AppError> {
    let done = q("UPDATE course SET cover = $1, updated_at = updated_at + 1 WHERE id = $2")
        .bind(file)
        .bind(id)
        .exec(tx)
        .await?;
    if done == 0 {
        Err(AppError::NotFound)
    } else {
        Ok(())
    }
}

/// Puts a course away, or takes it out again. Records of learning stay.
pub async fn archive(
    state: &AppState,
    actor: &Actor,
    id: &str,
    away: bool,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let mut change =
        q("UPDATE course SET archived_at = $1, updated_at = updated_at + 1 WHERE id = $2")
            .bind(away.then(time::now))
            .bind(id);
    change.push(if away {
        " AND archived_at IS NULL"
    } else {
        " AND archived_at IS NOT NULL"
    });
    if change.exec(&mut tx).await? > 0 {
        let action = if away {
            "course.archive"
        } else {
            "course.restore"
        };
        audit::record(
            &state.keys,
            &mut tx,
            actor,
            Event::new(action, "course", id),
        )
        .await?;
        tx.commit().await?;
    } else {
        course(&mut tx, id).await?;
    }
    Ok(Saved::stay(if away {
        "notice.course_archived"
    } else {
        "notice.course_restored"
    }))
}

/// Makes a draft like another course. Its lessons are new ones: nobody has learned them yet.
pub async fn duplicate(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let from = course(&mut tx, id).await?;
    let mut contents = from.draft()?;
    for chapter in &mut contents.chapters {
        chapter.id = crypto::new_id();
        for lesson in &mut chapter.lessons {
            lesson.id = crypto::new_id();
            for stop in &mut lesson.stops {
                stop.id = crypto::new_id();
            }
        }
    }
    let new = crypto::new_id();
    let title: String = tr!("course.copy_title", title = from.title)
        .chars()
        .take(80)
        .collect();
    q("INSERT INTO course (id, title, summary, category, lecturer_id, cover, required, no_skip, due_kind, due_days, \
       due_on, contents, contents_at, review, approval_no, expires_on, version, edition, created_by, created_at, updated_at) \
       SELECT $1, $2, summary, category, lecturer_id, cover, required, no_skip, due_kind, due_days, due_on, $3, $4, '', \
       '', '', 0, 0, $5, $4, $4 FROM course WHERE id = $6")
    .bind(&new)
    .bind(&title)
    .bind(serde_json::to_string(&contents).map_err(internal)?)
    .bind(time::now())
    .bind(&actor.id)
    .bind(id)
    .exec(&mut tx)
    .await?;
    q("INSERT INTO course_audience (course_id, kind, value) \
       SELECT CAST($1 AS TEXT), kind, value FROM course_audience WHERE course_id = $2")
    .bind(&new)
    .bind(id)
    .exec(&mut tx)
    .await?;
    search::index(&mut tx, "course", &new, &[&title, &from.summary]).await?;
    let event = Event::new("course.create", "course", &new).detail(json!({ "from": id }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let saved = Saved::go("notice.course_copied", format!("/courses/{new}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}
