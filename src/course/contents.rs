//! Working on what a course holds: chapters, lessons, and the questions within them.

use super::model::{Chapter, Contents, Lesson, LessonKind, Stop};
use super::store;
use crate::server::db::{Tx, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Saved};

/// The most lessons of a course, and the most questions within a lesson.
const LESSONS: usize = 200;
const STOPS: usize = 30;

/// Changes the contents of a course, one change at a time.
pub async fn change<T>(
    tx: &mut Tx,
    id: &str,
    change: impl FnOnce(&mut Contents) -> Result<T, AppError>,
) -> Result<T, AppError> {
    let now = time::now();
    // Holds the row, so that of two changes neither is lost.
    let held = q(
        "UPDATE course SET contents_at = CASE WHEN contents_at >= $1 THEN contents_at + 1 ELSE $1 END, \
         updated_at = CASE WHEN updated_at >= $1 THEN updated_at + 1 ELSE $1 END WHERE id = $2 AND archived_at IS NULL",
    )
    .bind(now)
    .bind(id)
    .exec(&mut *tx)
    .await?;
    let course = store::course(&mut *tx, id).await?;
    if held == 0 {
        return Err(AppError::Conflict("error.course_archived".into()));
    }
    let mut contents = course.draft()?;
    let done = change(&mut contents)?;
    q("UPDATE course SET contents = $1 WHERE id = $2")
        .bind(serde_json::to_string(&contents).map_err(internal)?)
        .bind(id)
        .exec(tx)
        .await?;
    Ok(done)
}

fn find<'a>(contents: &'a mut Contents, lesson: &str) -> Result<&'a mut Lesson, AppError> {
    contents
        .chapters
        .iter_mut()
        .flat_map(|chapter| &mut chapter.lessons)
        .find(|l| l.id == lesson)
        .ok_or(AppError::NotFound)
}

/// Adds a chapter, or renames the one of an id.
pub async fn save_chapter(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    chapter: &str,
    title: &str,
) -> Result<Saved, AppError> {
    Checks::default().text(title, "title", 60).done()?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    change(&mut tx, id, |contents| {
        if chapter.is_empty() {
            contents.chapters.push(Chapter {
                id: crypto::new_id(),
                title: title.to_owned(),
                lessons: Vec::new(),
            });
            return Ok(());
        }
        let found = contents.chapters.iter_mut().find(|c| c.id == chapter);
        found.ok_or(AppError::NotFound)?.title = title.to_owned();
        Ok(())
    })
    .await?;
    let saved = Saved::stay("notice.saved");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// What is typed about a lesson.
#[derive(Debug, Clone, Default)]
pub struct LessonInput {
    pub title: String,
    pub intro: String,
    pub kind: String,
    /// The article of an article lesson.
    pub article: String,
    /// The exam of a quiz.
    pub exam: String,
}

/// The reading time that an article lesson asks for: a third of what its length lets expect, 5 s to a minute.
async fn reading_ms(state: &AppState, article: &str) -> Result<i64, AppError> {
    let article = crate::content::store::article(&state.db, article).await?;
    Ok((crate::sharing::rules::expected_ms(article.han_count) / 3).clamp(5_000, 60_000))
}

/// Adds a lesson to a chapter, at the end; goes on to its page.
pub async fn add_lesson(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    chapter: &str,
    input: &LessonInput,
) -> Result<Saved, AppError> {
    let kind = LessonKind::parse(&input.kind);
    let mut checks = Checks::default();
    checks
        .text(&input.title, "title", 80)
        .ensure(kind.is_some(), "kind", "field.required");
    checks.done()?;
    let kind = kind.ok_or(AppError::NotFound)?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let lesson_id = crypto::new_id();
    change(&mut tx, id, |contents| {
        if contents.lessons().count() >= LESSONS {
            return Err(AppError::Conflict("error.course_full".into()));
        }
        if contents.chapters.is_empty() {
            contents.chapters.push(Chapter {
                id: crypto::new_id(),
                title: tr!("course.first_chapter"),
                lessons: Vec::new(),
            });
        }
        let place = contents.chapters.iter().position(|c| c.id == chapter);
        let place = place.unwrap_or(contents.chapters.len() - 1);
        contents.chapters[place].lessons.push(Lesson {
            id: lesson_id.clone(),
            title: input.title.clone(),
            intro: input.intro.clone(),
            kind,
            media: None,
            captions: None,
            article: None,
            exam: None,
            duration_ms: 0,
            pages: 0,
            stops: Vec::new(),
        });
        Ok(())
    })
    .await?;
    let saved = Saved::go("notice.saved", format!("/courses/{id}/lessons/{lesson_id}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Changes a lesson's words, its article or its exam.
pub async fn save_lesson(
    state: &AppState,
    id: &str,
    lesson: &str,
    input: &LessonInput,
) -> Result<Saved, AppError> {
    let mut checks = Checks::default();
    checks.text(&input.title, "title", 80).ensure(
        input.intro.chars().count() <= 2_000,
        "intro",
        "field.too_long",
    );
    checks.done()?;
    let reading = match input.article.as_str() {
        "" => 0,
        article => reading_ms(state, article).await?,
    };
    if !input.exam.is_empty() {
        let exam = crate::exam::store::exam(&state.db, &input.exam).await?;
        if exam.published_at.is_none() {
            return Err(AppError::field("exam", "field.exam_unpublished"));
        }
    }
    let mut tx = state.db.begin().await?;
    change(&mut tx, id, |contents| {
        let lesson = find(contents, lesson)?;
        lesson.title.clone_from(&input.title);
        lesson.intro.clone_from(&input.intro);
        match lesson.kind {
            LessonKind::Article if !input.article.is_empty() => {
                lesson.article = Some(input.article.clone());
                lesson.duration_ms = reading;
            }
            LessonKind::Quiz if !input.exam.is_empty() => lesson.exam = Some(input.exam.clone()),
            _ => {}
        }
        Ok(())
    })
    .await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// Gives a lesson its film, recording or slides. Other media than before make it another lesson: what was watched of
/// the old one says nothing about it.
pub fn set_media(
    contents: &mut Contents,
    lesson: &str,
    media: &super::model::MediaRow,
    pages: i64,
) -> Result<String, AppError> {
    let lesson = find(contents, lesson)?;
    if lesson.kind.code() != media.kind {
        return Err(AppError::field("file", "field.media_other_kind"));
    }
    if lesson.media.as_ref().is_some_and(|old| *old != media.id) {
        lesson.id = crypto::new_id();
        lesson.captions = None;
        lesson.stops.clear();
    }
    lesson.media = Some(media.id.clone());
    lesson.pages = pages;
    lesson.duration_ms = if media.kind == "slides" {
        pages * crate::learning::rules::PAGE_MS
    } else {
        media.duration_ms
    };
    Ok(lesson.id.clone())
}

/// Gives a lesson its captions, or takes them away.
pub fn set_captions(
    contents: &mut Contents,
    lesson: &str,
    file: Option<String>,
) -> Result<(), AppError> {
    let lesson = find(contents, lesson)?;
    if !lesson.kind.is_played() {
        return Err(AppError::NotFound);
    }
    lesson.captions = file;
    Ok(())
}

/// Moves a chapter or a lesson one place up or down; a lesson at an end of its chapter goes to the next one.
pub fn nudge(contents: &mut Contents, item: &str, up: bool) {
    let chapters = &mut contents.chapters;
    if let Some(at) = chapters.iter().position(|c| c.id == item) {
        let to = if up { at.checked_sub(1) } else { Some(at + 1) };
        if let Some(to) = to.filter(|to| *to < chapters.len()) {
            chapters.swap(at, to);
        }
        return;
    }
    let Some((chapter, at)) = chapters.iter().enumerate().find_map(|(c, chapter)| {
        let at = chapter.lessons.iter().position(|l| l.id == item)?;
        Some((c, at))
    }) else {
        return;
    };
    let last = chapters[chapter].lessons.len() - 1;
    match (up, at) {
        (true, 0) if chapter > 0 => {
            let lesson = chapters[chapter].lessons.remove(0);
            chapters[chapter - 1].lessons.push(lesson);
        }
        (true, 0) => {}
        (true, _) => chapters[chapter].lessons.swap(at, at - 1),
        (false, _) if at == last && chapter + 1 < chapters.len() => {
            let lesson = chapters[chapter].lessons.remove(at);
            chapters[chapter + 1].lessons.insert(0, lesson);
        }
        (false, _) if at == last => {}
        (false, _) => chapters[chapter].lessons.swap(at, at + 1),
    }
}

/// Puts a chapter before another one; a lesson before another one, or at the end of a chapter.
pub fn place(contents: &mut Contents, item: &str, target: &str) {
    if item == target {
        return;
    }
    let chapters = &mut contents.chapters;
    let chapter_at = |chapters: &[Chapter], id: &str| chapters.iter().position(|c| c.id == id);
    if let Some(from) = chapter_at(chapters, item) {
        if chapter_at(chapters, target).is_some() {
            let chapter = chapters.remove(from);
            let to = chapter_at(chapters, target).unwrap_or(chapters.len());
            chapters.insert(to, chapter);
        }
        return;
    }
    let find = |chapters: &[Chapter], id: &str| {
        chapters
            .iter()
            .enumerate()
            .find_map(|(c, chapter)| Some((c, chapter.lessons.iter().position(|l| l.id == id)?)))
    };
    let known = chapter_at(chapters, target).is_some() || find(chapters, target).is_some();
    let Some((from, at)) = find(chapters, item).filter(|_| known) else {
        return;
    };
    let lesson = chapters[from].lessons.remove(at);
    match (chapter_at(chapters, target), find(chapters, target)) {
        (Some(chapter), _) => chapters[chapter].lessons.push(lesson),
        (None, Some((chapter, at))) => chapters[chapter].lessons.insert(at, lesson),
        (None, None) => chapters[from].lessons.insert(at, lesson),
    }
}

/// Takes a chapter with its lessons, or a lesson, out of a course.
pub fn remove(contents: &mut Contents, item: &str) {
    contents.chapters.retain(|chapter| chapter.id != item);
    for chapter in &mut contents.chapters {
        chapter.lessons.retain(|lesson| lesson.id != item);
    }
}

/// Puts a question into a lesson: at a moment of what is played, after a page of slides.
pub async fn add_stop(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    lesson: &str,
    at: &str,
    question: &str,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let (version, stem, kind): (i64, String, String) = q(
        "SELECT version, SUBSTR(stem, 1, 80), kind FROM question WHERE id = $1 AND archived_at IS NULL",
    )
    .bind(question)
    .one(&mut tx)
    .await?;
    if kind == "short" {
        return Err(AppError::field("at", "field.stop_kind"));
    }
    change(&mut tx, id, |contents| {
        let lesson = find(contents, lesson)?;
        let at_ms = match lesson.kind {
            LessonKind::Slides => at
                .trim()
                .parse::<i64>()
                .ok()
                .filter(|page| (1..=lesson.pages).contains(page))
                .map(|page| page * crate::learning::rules::PAGE_MS),
            kind if kind.is_played() => {
                super::model::read_clock(at).filter(|ms| (1..lesson.duration_ms).contains(ms))
            }
            _ => return Err(AppError::NotFound),
        };
        let at_ms = at_ms.ok_or_else(|| AppError::field("at", "field.stop_at"))?;
        if lesson.stops.len() >= STOPS {
            return Err(AppError::field("at", "field.too_many"));
        }
        if lesson.stops.iter().any(|stop| stop.question_id == question) {
            return Err(AppError::field("at", "field.stop_twice"));
        }
        lesson.stops.push(Stop {
            id: crypto::new_id(),
            at_ms,
            question_id: question.to_owned(),
            version,
            stem: stem.clone(),
        });
        lesson.stops.sort_by_key(|stop| stop.at_ms);
        Ok(())
    })
    .await?;
    let saved = Saved::stay("notice.saved");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Takes a question out of a lesson.
pub fn remove_stop(contents: &mut Contents, lesson: &str, stop: &str) -> Result<(), AppError> {
    find(contents, lesson)?.stops.retain(|s| s.id != stop);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents() -> Contents {
        let lesson = |id: &str| Lesson {
            id: id.into(),
            title: id.into(),
            intro: String::new(),
            kind: LessonKind::Video,
            media: None,
            captions: None,
            article: None,
            exam: None,
            duration_ms: 0,
            pages: 0,
            stops: Vec::new(),
        };
        let chapter = |id: &str, lessons: &[&str]| Chapter {
            id: id.into(),
            title: id.into(),
            lessons: lessons.iter().map(|id| lesson(id)).collect(),
        };
        Contents {
            chapters: vec![chapter("A", &["a", "b"]), chapter("B", &["c"])],
        }
    }

    fn shape(contents: &Contents) -> String {
        contents
            .chapters
            .iter()
            .map(|c| {
                let lessons: String = c.lessons.iter().map(|l| l.id.as_str()).collect();
                format!("{}{lessons}", c.id)
            })
            .collect()
    }

    #[test]
    fn items_move_within_and_across_chapters() {
        let mut c = contents();
        nudge(&mut c, "b", false);
        assert_eq!(shape(&c), "AaBbc");
        nudge(&mut c, "b", true);
        assert_eq!(shape(&c), "AabBc");
        nudge(&mut c, "a", true);
        assert_eq!(shape(&c), "AabBc", "the first stays the first");
        nudge(&mut c, "c", false);
        assert_eq!(shape(&c), "AabBc", "the last stays the last");
        nudge(&mut c, "B", true);
        assert_eq!(shape(&c), "BcAab");
    }

    #[test]
    fn what_is_dropped_is_placed_and_nothing_is_lost() {
        let mut c = contents();
        place(&mut c, "c", "a");
        assert_eq!(shape(&c), "AcabB");
        place(&mut c, "a", "B");
        assert_eq!(shape(&c), "AcbBa");
        place(&mut c, "B", "A");
        assert_eq!(shape(&c), "BaAcb");
        place(&mut c, "a", "nobody");
        place(&mut c, "nobody", "a");
        place(&mut c, "A", "a");
        assert_eq!(shape(&c), "BaAcb");
        remove(&mut c, "B");
        assert_eq!(shape(&c), "Acb");
    }
}
