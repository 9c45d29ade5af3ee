//! Server functions of courses. Files are sent to plain routes.

use leptos::{server, server_fn};

use super::model::{CommentRow, CourseRow, CourseView, LessonEdit};
use crate::audience::AudienceChoices;
use crate::shared::{AppResult, Page, Role, Saved};

#[cfg(feature = "ssr")]
use {
    super::contents::{self, LessonInput},
    super::model::CourseInput,
    super::{comments, lesson, publishing, store},
    crate::audience::Audience,
    crate::identity::rules::clean,
    crate::server::{guard, state::state},
    crate::shared::{AppError, Permission},
};

/// Courses with their coverage within scope. `state_is` is draft, published, required, review, archived or empty.
#[server(prefix = "/api", endpoint = "courses/list", input = server_fn::codec::GetUrl)]
pub async fn list_courses(
    #[server(default)] text: String,
    #[server(default)] category: String,
    #[server(default)] state_is: String,
    #[server(default)] page: i64,
) -> AppResult<Page<CourseRow>> {
    let actor = guard::require(Permission::ReadResults).await?;
    let filter = store::Filter {
        text,
        category,
        state: state_is,
    };
    store::list(&state().db, &actor, &filter, page.max(1)).await
}

/// A course with what it holds.
#[server(prefix = "/api", endpoint = "courses/get", input = server_fn::codec::GetUrl)]
pub async fn get_course(id: String) -> AppResult<CourseView> {
    let actor = guard::require(Permission::ReadResults).await?;
    store::view(&state(), &actor, &id).await
}

/// Units for the form of a course.
#[server(prefix = "/api", endpoint = "courses/choices", input = server_fn::codec::GetUrl)]
pub async fn list_course_choices() -> AppResult<AudienceChoices> {
    guard::require(Permission::WriteCourses).await?;
    Ok(crate::audience::choices(&state().db).await?)
}

/// Saves a course: a draft without `id`, else a change since `seen`.
#[server(prefix = "/api", endpoint = "courses/save")]
pub async fn save_course(
    #[server(default)] form_key: String,
    #[server(default)] id: String,
    #[server(default)] seen: i64,
    #[server(default)] title: String,
    #[server(default)] summary: String,
    #[server(default)] category: String,
    #[server(default)] lecturer: String,
    #[server(default)] required: bool,
    #[server(default)] no_skip: bool,
    #[server(default)] due_kind: String,
    #[server(default)] due_days: String,
    #[server(default)] due_on: String,
    #[server(default)] all: bool,
    #[server(default)] roles: Vec<Role>,
    #[server(default)] units: Vec<String>,
    #[server(default)] people: String,
    #[server(default)] all_hcps: bool,
    #[server(default)] specialties: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteCourses).await?;
    let input = CourseInput {
        title: clean(&title),
        summary: summary.replace("\r\n", "\n").trim().to_owned(),
        category,
        lecturer,
        required,
        no_skip,
        due_kind,
        // What is no number is refused beside its field, where days are asked for.
        due_days: due_days.trim().parse().unwrap_or(0),
        due_on,
        audience: Audience {
            all,
            roles,
            units,
            people: people.replace("\r\n", "\n"),
        },
        all_hcps,
        specialties: specialties.replace("\r\n", "\n"),
    };
    let known = (!id.is_empty()).then_some((id.as_str(), seen));
    store::save(&state(), &actor, &form_key, known, &input).await
}

/// Puts a course away, takes it out again, copies it, or asks for its review: `archive`, `restore`, `copy`, `ask_review`.
#[server(prefix = "/api", endpoint = "courses/advance")]
pub async fn advance_course(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] step: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteCourses).await?;
    let state = state();
    match step.as_str() {
        "archive" => store::archive(&state, &actor, &id, true).await,
        "restore" => store::archive(&state, &actor, &id, false).await,
        "copy" => store::duplicate(&state, &actor, &form_key, &id).await,
        "ask_review" => publishing::ask_review(&state, &actor, &id).await,
        _ => Err(AppError::NotFound),
    }
}

/// Publishes a course as it is; with `renew` everybody is asked to learn it again.
#[server(prefix = "/api", endpoint = "courses/publish")]
pub async fn publish_course(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] renew: bool,
    #[server(default)] note: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteCourses).await?;
    publishing::publish(&state(), &actor, &form_key, &id, renew, &note).await
}

/// Medical-legal review of what HCPs are to learn: `approve` or `send_back`.
#[server(prefix = "/api", endpoint = "courses/review")]
pub async fn review_course(
    id: String,
    #[server(default)] decision: String,
    #[server(default)] approval_no: String,
    #[server(default)] expires_on: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ReviewArticles).await?;
    let approve = decision == "approve";
    publishing::review(&state(), &actor, &id, approve, &approval_no, &expires_on).await
}

/// Adds a chapter, or renames one.
#[server(prefix = "/api", endpoint = "courses/save_chapter")]
pub async fn save_chapter(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] chapter: String,
    #[server(default)] title: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteCourses).await?;
    contents::save_chapter(&state(), &actor, &form_key, &id, &chapter, &clean(&title)).await
}

/// Adds a lesson to a chapter.
#[server(prefix = "/api", endpoint = "courses/add_lesson")]
pub async fn add_lesson(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] chapter: String,
    #[server(default)] kind: String,
    #[server(default)] title: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteCourses).await?;
    let input = LessonInput {
        title: clean(&title),
        kind,
        ..LessonInput::default()
    };
    contents::add_lesson(&state(), &actor, &form_key, &id, &chapter, &input).await
}

/// Changes a lesson's words, its article or its exam.
#[server(prefix = "/api", endpoint = "courses/save_lesson")]
pub async fn save_lesson(
    id: String,
    lesson: String,
    #[server(default)] title: String,
    #[server(default)] intro: String,
    #[server(default)] article: String,
    #[server(default)] exam: String,
) -> AppResult<Saved> {
    guard::require(Permission::WriteCourses).await?;
    let input = LessonInput {
        title: clean(&title),
        intro: intro.replace("\r\n", "\n").trim().to_owned(),
        kind: String::new(),
        article,
        exam,
    };
    contents::save_lesson(&state(), &id, &lesson, &input).await
}

/// Moves a chapter or lesson one place up or down.
#[server(prefix = "/api", endpoint = "courses/move_item")]
pub async fn move_item(
    id: String,
    item: String,
    #[server(default)] direction: String,
) -> AppResult<Saved> {
    guard::require(Permission::WriteCourses).await?;
    lesson::change(&state(), &id, |contents| {
        contents::nudge(contents, &item, direction == "up");
        Ok(())
    })
    .await
}

/// Puts a chapter or lesson where it was dropped.
#[server(prefix = "/api", endpoint = "courses/place_item")]
pub async fn place_item(id: String, item: String, target: String) -> AppResult<Saved> {
    guard::require(Permission::WriteCourses).await?;
    lesson::change(&state(), &id, |contents| {
        contents::place(contents, &item, &target);
        Ok(())
    })
    .await
}

/// Takes a chapter with its lessons, or a lesson, out of a course.
#[server(prefix = "/api", endpoint = "courses/remove_item")]
pub async fn remove_item(id: String, item: String) -> AppResult<Saved> {
    guard::require(Permission::WriteCourses).await?;
    lesson::change(&state(), &id, |contents| {
        contents::remove(contents, &item);
        Ok(())
    })
    .await
}

/// A lesson as it is worked on; `text` searches the question bank.
#[server(prefix = "/api", endpoint = "courses/lesson", input = server_fn::codec::GetUrl)]
pub async fn get_lesson(
    id: String,
    lesson: String,
    #[server(default)] text: String,
) -> AppResult<LessonEdit> {
    guard::require(Permission::WriteCourses).await?;
    lesson::edit(&state(), &id, &lesson, &text).await
}

/// Puts a question into a lesson.
#[server(prefix = "/api", endpoint = "courses/add_stop")]
pub async fn add_stop(
    #[server(default)] form_key: String,
    id: String,
    lesson: String,
    #[server(default)] at: String,
    question: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteCourses).await?;
    let key = format!("{form_key}{question}");
    contents::add_stop(&state(), &actor, &key, &id, &lesson, &at, &question).await
}

/// Takes a question out of a lesson.
#[server(prefix = "/api", endpoint = "courses/remove_stop")]
pub async fn remove_stop(id: String, lesson: String, stop: String) -> AppResult<Saved> {
    guard::require(Permission::WriteCourses).await?;
    lesson::change(&state(), &id, |contents| {
        contents::remove_stop(contents, &lesson, &stop)
    })
    .await
}

/// Takes the captions away.
#[server(prefix = "/api", endpoint = "courses/remove_captions")]
pub async fn remove_captions(id: String, lesson: String) -> AppResult<Saved> {
    guard::require(Permission::WriteCourses).await?;
    lesson::change(&state(), &id, |contents| {
        contents::set_captions(contents, &lesson, None)
    })
    .await
}

/// Makes an article of a lesson, which goes to review and is then shared like any other.
#[server(prefix = "/api", endpoint = "courses/share_lesson")]
pub async fn share_lesson(
    #[server(default)] form_key: String,
    id: String,
    lesson: String,
    #[server(default)] audience: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteCourses).await?;
    lesson::share(&state(), &actor, &form_key, &id, &lesson, &audience).await
}

/// Comments that wait for an answer: of the courses one teaches, for trainers of all.
#[server(prefix = "/api", endpoint = "courses/comments", input = server_fn::codec::GetUrl)]
pub async fn comment_queue(#[server(default)] page: i64) -> AppResult<Page<CommentRow>> {
    let actor = guard::require(Permission::Learn).await?;
    comments::queue(&state(), &actor, page.max(1)).await
}

/// Answers a comment as the lecturer.
#[server(prefix = "/api", endpoint = "courses/answer")]
pub async fn answer_comment(comment: String, #[server(default)] text: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::Learn).await?;
    comments::answer(&state(), &actor, &comment, &text).await
}

/// Sets a comment aside that needs no answer, or removes it.
#[server(prefix = "/api", endpoint = "courses/settle_comment")]
pub async fn settle_comment(comment: String, #[server(default)] remove: bool) -> AppResult<Saved> {
    let actor = guard::require(Permission::Learn).await?;
    comments::settle_or_remove(&state(), &actor, &comment, remove).await
}
