//! A lesson as it is worked on: its media, its questions, and the article by which it is shared.

use serde_json::json;

use super::contents;
use super::media;
use super::model::{Contents, LessonEdit, LessonKind, MediaRow};
use super::store;
use crate::content::store as content;
use crate::server::AppState;
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, q};
use crate::server::guard::Actor;
use crate::server::{form_key, search, time};
use crate::shared::{AppError, Saved};

/// Changes the contents of a course, in a transaction of its own.
pub async fn change(
    state: &AppState,
    id: &str,
    change: impl FnOnce(&mut Contents) -> Result<(), AppError>,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    contents::change(&mut tx, id, change).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// A lesson with what can be chosen for it; `text` searches the question bank.
pub async fn edit(
    state: &AppState,
    id: &str,
    lesson: &str,
    text: &str,
) -> Result<LessonEdit, AppError> {
    let db = &state.db;
    let course = store::course(db, id).await?;
    let lesson = course
        .draft()?
        .lesson(lesson)
        .cloned()
        .ok_or(AppError::NotFound)?;
    let media = match &lesson.media {
        Some(media) => media::find(db, media).await?,
        None => None,
    };
    let articles = match lesson.kind {
        LessonKind::Article => {
            q("SELECT id, title FROM article WHERE status = 'published' AND expires_on >= $1 ORDER BY title COLLATE pinyin, id LIMIT 300")
                .bind(state.zone.today())
                .all(db)
                .await?
        }
        _ => Vec::new(),
    };
    let exams = match lesson.kind {
        LessonKind::Quiz => {
            q("SELECT id, title FROM exam WHERE published_at IS NOT NULL AND ended_at IS NULL ORDER BY title COLLATE pinyin, id LIMIT 300")
                .all(db)
                .await?
        }
        _ => Vec::new(),
    };
    let questions = if text.trim().is_empty() {
        Vec::new()
    } else {
        let mut query = q(
            "SELECT x.id, x.kind, SUBSTR(x.stem, 1, 120) FROM question x WHERE x.archived_at IS NULL AND x.kind <> 'short'",
        );
        search::condition(&mut query, text, &[("x.id", "question")]);
        query.push(" ORDER BY x.id LIMIT 20");
        query.all(db).await?
    };
    let shared: Option<(String, String)> = q(
        "SELECT a.id, a.status FROM article_media m JOIN article a ON a.id = m.article_id \
         WHERE m.lesson_id = $1 ORDER BY a.created_at DESC, a.id DESC LIMIT 1",
    )
    .bind(&lesson.id)
    .optional(db)
    .await?;
    Ok(LessonEdit {
        course: (course.id, course.title),
        lesson,
        media,
        articles,
        exams,
        questions,
        shared,
        max_mib: state.config.files.max_media_mib as i64,
    })
}

/// Makes an article of a lesson's film, recording or slides, in review at once: what HCPs and patients get passes
/// medical-legal review and is shared with the same links and tree as any article (domain, Compliance).
pub async fn share(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    lesson: &str,
    audience: &str,
) -> Result<Saved, AppError> {
    if !matches!(audience, "public" | "professional") {
        return Err(AppError::field("audience", "field.required"));
    }
    let course = store::course(&state.db, id).await?;
    let contents = course.draft()?;
    let lesson = contents.lesson(lesson).ok_or(AppError::NotFound)?;
    let Some(media) = &lesson.media else {
        return Err(AppError::Conflict("error.lesson_without_media".into()));
    };
    let lecturer: Option<(String,)> = match &course.lecturer_id {
        Some(id) => {
            q("SELECT name FROM staff WHERE id = $1")
                .bind(id)
                .optional(&state.db)
                .await?
        }
        None => None,
    };
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let input = content::Input {
        title: lesson.title.clone(),
        summary: course.summary.chars().take(200).collect(),
        author: lecturer.map_or_else(|| actor.name.clone(), |(name,)| name),
        audience: audience.to_owned(),
        body_md: lesson.intro.clone(),
        expires_on: time::shift_day(&state.zone.today(), 365),
        ..content::Input::default()
    };
    let article = content::insert(&mut tx, &actor.id, &input, None).await?;
    q("INSERT INTO article_media (article_id, media_id, captions, course_id, lesson_id) VALUES ($1, $2, $3, $4, $5)")
        .bind(&article)
        .bind(media)
        .bind(&lesson.captions)
        .bind(id)
        .bind(&lesson.id)
        .exec(&mut tx)
        .await?;
    content::submit_new(&mut tx, actor, &article).await?;
    let event =
        Event::new("course.share_lesson", "course", id).detail(json!({ "article": article }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let saved = Saved::stay("notice.lesson_in_review");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// The media that an article carries, with its captions.
pub async fn of_article(db: &Db, article: &str) -> DbResult<Option<(MediaRow, Option<String>)>> {
    let found: Option<(String, Option<String>)> =
        q("SELECT media_id, captions FROM article_media WHERE article_id = $1")
            .bind(article)
            .optional(db)
            .await?;
    let Some((id, captions)) = found else {
        return Ok(None);
    };
    Ok(media::find(db, &id).await?.map(|media| (media, captions)))
}
