//! Courses of the demo: real lessons out of `demo/courses/`, set to staff and HCPs, partly learned.

use std::path::Path;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Deserialize;

use super::{FOLDER, acting, read};
use crate::audience::Audience;
use crate::course::contents::{self, LessonInput};
use crate::course::model::{Contents, CourseInput, LessonKind};
use crate::course::{comments, lesson, media, publishing, store};
use crate::learning::Learner;
use crate::server::db::{Rows, insert_many, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, files, time};
use crate::shared::{AppError, Role};

/// A course as its file describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CourseFile {
    title: String,
    summary: String,
    category: String,
    required: bool,
    no_skip: bool,
    due_kind: String,
    #[serde(default)]
    due_days: i64,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default)]
    specialties: Vec<String>,
    #[serde(default)]
    approval_no: String,
    chapters: Vec<ChapterFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChapterFile {
    title: String,
    lessons: Vec<LessonFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LessonFile {
    kind: String,
    title: String,
    #[serde(default)]
    intro: String,
    #[serde(default)]
    file: String,
    #[serde(default)]
    captions: String,
    /// The approval number of an article.
    #[serde(default)]
    article: String,
    #[serde(default)]
    stops: Vec<StopFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StopFile {
    at_s: i64,
    /// The beginning of one question's stem.
    question: String,
}

/// Makes the courses, and what staff learned of them in the last weeks.
pub async fn load(state: &AppState, seed: u64) -> Result<(), AppError> {
    let mut rng = StdRng::seed_from_u64(seed.wrapping_add(0x636f_7572));
    let trainer = acting(state, Role::Trainer).await?;
    let folder = Path::new(FOLDER).join("courses");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .map_err(internal)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "yml"))
        .collect();
    names.sort();
    for path in names {
        let text = std::fs::read_to_string(&path).map_err(internal)?;
        let file: CourseFile = serde_saphyr::from_str(&text)
            .map_err(|e| internal(format!("{}: {e}", path.display())))?;
        let key = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let id = make(state, &trainer, &key, &file).await?;
        learned(state, &id, &mut rng).await?;
        if file.no_skip {
            asked(state, &id).await?;
        }
    }
    reminded(state).await
}

async fn make(
    state: &AppState,
    trainer: &Actor,
    key: &str,
    file: &CourseFile,
) -> Result<String, AppError> {
    let (number,): (String,) =
        q("SELECT COALESCE(NULLIF(employee_no, ''), name) FROM staff WHERE id = $1")
            .bind(acting(state, Role::Marketer).await?.id)
            .one(&state.db)
            .await?;
    let input = CourseInput {
        title: file.title.clone(),
        summary: file.summary.clone(),
        category: file.category.clone(),
        // Somebody who is no trainer: a lecturer answers questions.
        lecturer: number,
        required: file.required,
        no_skip: file.no_skip,
        due_kind: file.due_kind.clone(),
        due_days: file.due_days,
        audience: Audience {
            roles: file.roles.clone(),
            ..Audience::default()
        },
        specialties: file.specialties.join("\n"),
        ..CourseInput::default()
    };
    let saved = store::save(state, trainer, key, None, &input).await?;
    let id = saved
        .next
        .unwrap_or_default()
        .trim_start_matches("/courses/")
        .to_owned();
    for (c, chapter) in file.chapters.iter().enumerate() {
        let place = format!("{key}-{c}");
        contents::save_chapter(state, trainer, &place, &id, "", &chapter.title).await?;
        for (l, lesson) in chapter.lessons.iter().enumerate() {
            add(state, trainer, &format!("{place}-{l}"), &id, lesson).await?;
        }
    }
    if !file.specialties.is_empty() {
        publishing::ask_review(state, trainer, &id).await?;
        let reviewer = acting(state, Role::Compliance).await?;
        let expires = time::shift_day(&state.zone.today(), 365);
        publishing::review(state, &reviewer, &id, true, &file.approval_no, &expires).await?;
    }
    publishing::publish(state, trainer, &format!("{key}-publish"), &id, false, "").await?;
    Ok(id)
}

async fn add(
    state: &AppState,
    trainer: &Actor,
    key: &str,
    course: &str,
    file: &LessonFile,
) -> Result<(), AppError> {
    let mut input = LessonInput {
        title: file.title.clone(),
        intro: file.intro.trim().to_owned(),
        kind: file.kind.clone(),
        ..LessonInput::default()
    };
    let saved = contents::add_lesson(state, trainer, key, course, "", &input).await?;
    let own = saved.next.unwrap_or_default();
    let own = own.rsplit('/').next().unwrap_or_default();
    if !file.article.is_empty() {
        let (article,): (String,) = q("SELECT id FROM article WHERE approval_no = $1")
            .bind(&file.article)
            .one(&state.db)
            .await?;
        input.article = article;
        contents::save_lesson(state, course, own, &input).await?;
    }
    if !file.file.is_empty() {
        let bytes = read(&format!("courses/media/{}", file.file))?;
        let (taken, pages) = media::take(state, trainer, &file.file, &bytes).await?;
        lesson::change(state, course, |c| {
            contents::set_media(c, own, &taken, pages).map(|_| ())
        })
        .await?;
    }
    if !file.captions.is_empty() {
        let bytes = read(&format!("courses/media/{}", file.captions))?;
        let size = bytes.len();
        let stored = files::put(state, bytes).await?;
        let mut tx = state.db.begin().await?;
        files::register(&mut tx, &stored, "text/vtt", size, &trainer.id).await?;
        contents::change(&mut tx, course, |c| {
            contents::set_captions(c, own, Some(stored))
        })
        .await?;
        tx.commit().await?;
    }
    for (s, stop) in file.stops.iter().enumerate() {
        let (question,): (String,) = q("SELECT id FROM question WHERE stem LIKE $1 || '%'")
            .bind(&stop.question)
            .one(&state.db)
            .await?;
        let (key, at) = (format!("{key}-{s}"), stop.at_s.to_string());
        contents::add_stop(state, trainer, &key, course, own, &at, &question).await?;
    }
    Ok(())
}

/// Most of the staff learned most of it in the weeks before; the demo accounts did not, so that it can be tried.
async fn learned(state: &AppState, id: &str, rng: &mut StdRng) -> Result<(), AppError> {
    let course = store::course(&state.db, id).await?;
    let lessons: Vec<(String, i64)> = {
        let contents: Contents = course.draft()?;
        contents
            .lessons()
            .filter(|l| l.kind != LessonKind::Quiz)
            .map(|l| (l.id.clone(), l.duration_ms))
            .collect()
    };
    let people: Vec<(String,)> = q(format!(
        "SELECT s.id FROM course c JOIN staff s ON {} WHERE c.id = $1 AND s.employee_no IS NOT NULL ORDER BY s.employee_no",
        *store::ASSIGNED
    ))
    .bind(id)
    .all(&state.db)
    .await?;
    let mut own = Vec::new();
    for role in Role::ALL {
        own.push(acting(state, role).await?.id);
    }
    let now = time::now();
    let (mut progress, mut completed): (Rows, Rows) = (Vec::new(), Vec::new());
    for (person,) in people.iter().filter(|(id,)| !own.contains(id)) {
        let draw: f64 = rng.random();
        let done = match draw {
            d if d < 0.72 => lessons.len(),
            d if d < 0.9 => rng.random_range(0..lessons.len()),
            _ => 0,
        };
        let learner = format!("staff:{person}");
        let mut at = now - rng.random_range(2..28) * time::DAY;
        for (lesson, duration) in &lessons[..done] {
            at += rng.random_range(2..400) * time::MINUTE;
            progress.push(vec![
                (&learner).into(),
                lesson.into(),
                course.version.into(),
                id.into(),
                format!("[[0,{duration}]]").into(),
                (*duration).into(),
                (*duration).into(),
                (at - duration).into(),
                at.min(now).into(),
                at.min(now).into(),
            ]);
        }
        if done == lessons.len() {
            completed.push(vec![
                id.into(),
                course.version.into(),
                (&learner).into(),
                at.min(now).into(),
            ]);
        }
    }
    let mut tx = state.db.begin().await?;
    // Published some weeks ago: some are overdue.
    let published = now - 30 * time::DAY;
    q("UPDATE course SET version_at = $1 WHERE id = $2")
        .bind(published)
        .bind(id)
        .exec(&mut tx)
        .await?;
    q("UPDATE course_edition SET published_at = $1 WHERE course_id = $2")
        .bind(published)
        .bind(id)
        .exec(&mut tx)
        .await?;
    q("UPDATE course_assignment SET since = $1 WHERE course_id = $2")
        .bind(published)
        .bind(id)
        .exec(&mut tx)
        .await?;
    insert_many(
        &mut tx,
        "INSERT INTO lesson_progress (learner, lesson_id, version, course_id, spans, watched_ms, position_ms, started_at, \
         last_at, completed_at)",
        progress,
        "",
    )
    .await?;
    insert_many(
        &mut tx,
        "INSERT INTO course_completion (course_id, version, learner, completed_at)",
        completed,
        "",
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// A question that waits for the lecturer, and one that was answered.
async fn asked(state: &AppState, id: &str) -> Result<(), AppError> {
    let course = store::course(&state.db, id).await?;
    let contents = course.draft()?;
    let Some(first) = contents.lessons().next() else {
        return Ok(());
    };
    let manager = Learner::from(&acting(state, Role::Manager).await?);
    let rep = Learner::from(&acting(state, Role::OtcRep).await?);
    let lecturer = acting(state, Role::Marketer).await?;
    comments::write(
        state,
        &manager,
        &course,
        &first.id,
        "科室会上医生主动索要文献，应走哪个流程？",
    )
    .await?;
    let (asked,): (String,) =
        q("SELECT id FROM course_comment WHERE course_id = $1 ORDER BY at, id LIMIT 1")
            .bind(id)
            .one(&state.db)
            .await?;
    comments::answer(
        state,
        &lecturer,
        &asked,
        "请记录索取的主题，转交医学部回复；代表本人不发送未经批准的文献。",
    )
    .await?;
    comments::write(
        state,
        &rep,
        &course,
        &first.id,
        "药店拜访也需要提前备案吗？",
    )
    .await
}

/// The steps of the ladder that were reached.
async fn reminded(state: &AppState) -> Result<(), AppError> {
    crate::learning::reminders::on(state, &state.zone.today()).await?;
    Ok(())
}
