//! From what is worked on to what is learned: review, editions and versions.

use serde_json::json;

use super::model::{Contents, LessonKind};
use super::store::{self, Course};
use crate::learning::completion;
use crate::server::audit::{self, Event};
use crate::server::db::{Db, Rows, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{AppState, form_key, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Saved};

/// Why a course cannot be published as it is: locale keys, none if it can.
pub async fn lacks(db: &Db, course: &Course, contents: &Contents) -> Result<Vec<String>, AppError> {
    let mut out = Vec::new();
    let mut lack = |missing: bool, key: &str| {
        if missing {
            out.push(key.to_owned());
        }
    };
    lack(contents.lessons().next().is_none(), "course.lacks_lessons");
    let bare = contents.lessons().any(|lesson| match lesson.kind {
        LessonKind::Article => lesson.article.is_none(),
        LessonKind::Quiz => lesson.exam.is_none(),
        _ => lesson.media.is_none(),
    });
    lack(bare, "course.lacks_media");
    let exams: Vec<&String> = contents.lessons().filter_map(|l| l.exam.as_ref()).collect();
    let mut apart = exams.clone();
    apart.sort();
    apart.dedup();
    lack(apart.len() < exams.len(), "course.lacks_other_exam");
    let for_hcps = !store::hcp_audience(db, &course.id).await?.is_empty();
    lack(for_hcps && !course.is_approved(), "course.lacks_review");
    Ok(out)
}

/// Publishes a course as it is now. `renew` begins a new version, which asks everybody to learn again; the first
/// publishing always does.
pub async fn publish(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    renew: bool,
    note: &str,
) -> Result<Saved, AppError> {
    Checks::default()
        .ensure(note.chars().count() <= 200, "note", "field.too_long")
        .done()?;
    let before = store::course(&state.db, id).await?;
    if let Some(lack) = lacks(&state.db, &before, &before.draft()?)
        .await?
        .into_iter()
        .next()
    {
        return Err(AppError::Conflict(lack));
    }
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let now = time::now();
    let renew = renew || before.version == 0;
    let mut change = q(
        "UPDATE course SET edition = edition + 1, published_at = CASE WHEN contents_at > $1 THEN contents_at ELSE $1 END, \
         updated_at = CASE WHEN updated_at >= $1 THEN updated_at + 1 ELSE $1 END",
    )
    .bind(now);
    if renew {
        change.push_with(", version = version + 1, version_at = ?", [now]);
    }
    // What was looked at is what is published.
    change.push_with(" WHERE id = ?", [id]);
    change.push_with(
        " AND contents_at = ? AND edition = ?",
        [before.contents_at, before.edition],
    );
    change.push(" AND archived_at IS NULL");
    if change.exec(&mut tx).await? == 0 {
        return Err(AppError::Conflict("error.changed_meanwhile".into()));
    }
    let course = store::course(&mut tx, id).await?;
    let (approval_no, expires_on) = if before.is_approved() {
        (before.approval_no.as_str(), before.expires_on.as_str())
    } else {
        ("", "")
    };
    q("INSERT INTO course_edition (course_id, edition, version, contents, note, approval_no, expires_on, published_by, \
       published_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
    .bind(id)
    .bind(course.edition)
    .bind(course.version)
    .bind(&course.contents)
    .bind(note.trim())
    .bind(approval_no)
    .bind(expires_on)
    .bind(&actor.id)
    .bind(now)
    .exec(&mut tx)
    .await?;
    q("DELETE FROM course_exam WHERE course_id = $1")
        .bind(id)
        .exec(&mut tx)
        .await?;
    let exams: Rows = course
        .draft()?
        .lessons()
        .filter_map(|lesson| {
            let exam = lesson.exam.as_ref()?;
            Some(vec![id.into(), exam.into(), (&lesson.id).into()])
        })
        .collect();
    insert_many(
        &mut tx,
        "INSERT INTO course_exam (course_id, exam_id, lesson_id)",
        exams,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    crate::learning::assignment::sync(&mut tx, Some(id)).await?;
    if !renew {
        completion::after_correction(&mut tx, &course, now).await?;
    }
    let event = Event::new("course.publish", "course", id)
        .detail(json!({ "edition": course.edition, "version": course.version }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let saved = Saved::stay(if renew && before.version > 0 {
        "notice.course_renewed"
    } else {
        "notice.course_published"
    });
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Asks for the medical-legal review of the contents as they are.
pub async fn ask_review(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let course = store::course(&state.db, id).await?;
    let ready = lacks(&state.db, &course, &course.draft()?)
        .await?
        .into_iter()
        .find(|lack| lack != "course.lacks_review");
    if let Some(lack) = ready {
        return Err(AppError::Conflict(lack));
    }
    let mut tx = state.db.begin().await?;
    q("UPDATE course SET review = 'in_review', reviewed_contents_at = contents_at, updated_at = updated_at + 1 WHERE id = $1")
        .bind(id)
        .exec(&mut tx)
        .await?;
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("course.ask_review", "course", id),
    )
    .await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.course_in_review"))
}

/// Approves the contents that were submitted, with an approval number and the last day on which they may be shown; or
/// sends them back.
pub async fn review(
    state: &AppState,
    actor: &Actor,
    id: &str,
    approve: bool,
    approval_no: &str,
    expires_on: &str,
) -> Result<Saved, AppError> {
    if approve {
        let mut checks = Checks::default();
        checks.text(approval_no, "approval_no", 60).ensure(
            time::is_day(expires_on) && expires_on >= state.zone.today().as_str(),
            "expires_on",
            "field.future_day",
        );
        checks.done()?;
    }
    let mut tx = state.db.begin().await?;
    let mut change = q("UPDATE course SET updated_at = updated_at + 1, review = ");
    change.push_with("?", [if approve { "approved" } else { "" }]);
    if approve {
        change.push_with(
            ", approval_no = ?, expires_on = ?",
            [approval_no.trim(), expires_on],
        );
    }
    // Contents that changed meanwhile were not looked at.
    change.push_with(
        " WHERE id = ? AND review = 'in_review' AND reviewed_contents_at = contents_at",
        [id],
    );
    if change.exec(&mut tx).await? == 0 {
        store::course(&mut tx, id).await?;
        return Err(AppError::Conflict("error.course_not_in_review".into()));
    }
    if approve {
        // Where the contents that were looked at are in force already, so is their approval.
        q("UPDATE course_edition SET approval_no = $1, expires_on = $2 WHERE course_id = $3 AND edition = \
           (SELECT c.edition FROM course c WHERE c.id = course_id AND c.contents_at <= c.published_at)")
            .bind(approval_no.trim())
            .bind(expires_on)
            .bind(id)
            .exec(&mut tx)
            .await?;
    }
    let event = Event::new("course.review", "course", id).detail(json!({ "approved": approve }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay(if approve {
        "notice.course_approved"
    } else {
        "notice.course_sent_back"
    }))
}
