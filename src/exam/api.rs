//! Server functions of exams. Taking one has plain routes.

use leptos::{server, server_fn};

use super::model::{AccuracyRow, ExamRow, ExamView, MarkRow, MyExam, PoolChoices, Results};
use crate::audience::AudienceChoices;
use crate::shared::{AppResult, Page, Role, Saved};

#[cfg(feature = "ssr")]
use {
    super::model::ExamInput,
    super::{attempt, marking, parts, results, store},
    crate::audience::Audience,
    crate::identity::rules::clean,
    crate::server::{guard, state::state},
    crate::shared::{AppError, Permission},
};

/// Exams that are set to the actor, those to be taken first.
#[server(prefix = "/api", endpoint = "exams/mine", input = server_fn::codec::GetUrl)]
pub async fn my_exams() -> AppResult<Vec<MyExam>> {
    let actor = guard::require(Permission::Learn).await?;
    attempt::mine(&state(), &actor).await
}

/// Exams with their numbers within scope; `text` is part of the title.
#[server(prefix = "/api", endpoint = "exams/list", input = server_fn::codec::GetUrl)]
pub async fn list_exams(
    #[server(default)] text: String,
    #[server(default)] page: i64,
) -> AppResult<Page<ExamRow>> {
    let actor = guard::require(Permission::ReadResults).await?;
    Ok(store::list(&state(), &actor, &text, page.max(1)).await?)
}

/// One exam with its paper and audience.
#[server(prefix = "/api", endpoint = "exams/get", input = server_fn::codec::GetUrl)]
pub async fn get_exam(id: String) -> AppResult<ExamView> {
    let actor = guard::require(Permission::ReadResults).await?;
    store::view(&state(), &actor, &id).await
}

/// Units for the form of an exam.
#[server(prefix = "/api", endpoint = "exams/choices", input = server_fn::codec::GetUrl)]
pub async fn list_exam_choices() -> AppResult<AudienceChoices> {
    guard::require(Permission::WriteExams).await?;
    Ok(crate::audience::choices(&state().db).await?)
}

/// Categories and tags for the form of a part.
#[server(prefix = "/api", endpoint = "exams/pool_choices", input = server_fn::codec::GetUrl)]
pub async fn list_pool_choices() -> AppResult<PoolChoices> {
    guard::require(Permission::WriteExams).await?;
    let db = &state().db;
    Ok(PoolChoices {
        categories: crate::question::store::categories(db).await?,
        tags: crate::question::store::tags(db).await?,
    })
}

/// Drafts to which a question can be added: ids and titles.
#[server(prefix = "/api", endpoint = "exams/drafts", input = server_fn::codec::GetUrl)]
pub async fn draft_exams() -> AppResult<Vec<(String, String)>> {
    guard::require(Permission::WriteExams).await?;
    Ok(store::drafts(&state().db).await?)
}

/// Saves an exam: a draft without `id`, else a change since `seen`. Moments are `YYYY-MM-DDTHH:MM` or empty.
#[server(prefix = "/api", endpoint = "exams/save")]
pub async fn save_exam(
    #[server(default)] form_key: String,
    #[server(default)] id: String,
    #[server(default)] seen: i64,
    #[server(default)] title: String,
    #[server(default)] intro: String,
    #[server(default)] minutes: i64,
    #[server(default)] opens: String,
    #[server(default)] closes: String,
    #[server(default)] attempts: i64,
    #[server(default)] pass_percent: i64,
    #[server(default)] shuffle_questions: bool,
    #[server(default)] shuffle_options: bool,
    #[server(default)] review: String,
    #[server(default)] all: bool,
    #[server(default)] roles: Vec<Role>,
    #[server(default)] units: Vec<String>,
    #[server(default)] people: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteExams).await?;
    let input = ExamInput {
        title: clean(&title),
        intro: intro.replace("\r\n", "\n").trim().to_owned(),
        minutes,
        opens,
        closes,
        attempts,
        pass_percent,
        shuffle_questions,
        shuffle_options,
        review,
        audience: Audience {
            all,
            roles,
            units,
            people: people.replace("\r\n", "\n"),
        },
    };
    let known = (!id.is_empty()).then_some((id.as_str(), seen));
    store::save(&state(), &actor, &form_key, known, &input).await
}

/// Adds a part that draws `draws` questions out of those the filter leaves.
#[server(prefix = "/api", endpoint = "exams/add_pool")]
pub async fn add_pool(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] category: String,
    #[server(default)] kind: String,
    #[server(default)] tag: String,
    #[server(default)] difficulty: i64,
    #[server(default)] draws: i64,
    #[server(default)] points: i64,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteExams).await?;
    let part = parts::PartInput {
        category,
        kind,
        tag,
        difficulty,
        draws,
        points,
    };
    parts::add_pool(&state(), &actor, &form_key, &id, &part).await
}

/// Adds one question to a draft's paper.
#[server(prefix = "/api", endpoint = "exams/add_question")]
pub async fn add_question(
    id: String,
    question: String,
    #[server(default)] points: i64,
) -> AppResult<Saved> {
    guard::require(Permission::WriteExams).await?;
    parts::add_question(&state(), &id, &question, points).await
}

/// Takes a part out of a draft's paper, or with `up` moves it one place up.
#[server(prefix = "/api", endpoint = "exams/change_part")]
pub async fn change_part(part: String, #[server(default)] up: bool) -> AppResult<Saved> {
    guard::require(Permission::WriteExams).await?;
    parts::change_part(&state(), &part, up).await
}

/// Publishes a draft, ends an exam, opens it again, copies it, or makes a make-up of it: `publish`, `end`, `reopen`,
/// `copy`, `makeup`.
#[server(prefix = "/api", endpoint = "exams/advance")]
pub async fn advance_exam(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] step: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteExams).await?;
    let state = state();
    match step.as_str() {
        "publish" => store::publish(&state, &actor, &id).await,
        "end" => store::end(&state, &actor, &id, true).await,
        "reopen" => store::end(&state, &actor, &id, false).await,
        "copy" => store::copy(&state, &actor, &form_key, &id, false).await,
        "makeup" => store::copy(&state, &actor, &form_key, &id, true).await,
        _ => Err(AppError::NotFound),
    }
}

/// Results of an exam within scope; `state_is` is `missing`, `failed`, `passed` or empty.
#[server(prefix = "/api", endpoint = "exams/results", input = server_fn::codec::GetUrl)]
pub async fn exam_results(
    id: String,
    #[server(default)] text: String,
    #[server(default)] state_is: String,
    #[server(default)] page: i64,
) -> AppResult<Results> {
    let actor = guard::require(Permission::ReadResults).await?;
    let filter = results::Filter {
        text,
        state: state_is,
    };
    results::page(&state(), &actor, &id, &filter, page.max(1)).await
}

/// How the questions of an exam were answered for the first time by anybody, the worst first.
#[server(prefix = "/api", endpoint = "exams/accuracy", input = server_fn::codec::GetUrl)]
pub async fn exam_accuracy(
    id: String,
    #[server(default)] page: i64,
) -> AppResult<Page<AccuracyRow>> {
    guard::require(Permission::WriteExams).await?;
    results::accuracy(&state(), &id, page.max(1)).await
}

/// Answers that wait for marking, the oldest first; with `exam` those of one.
#[server(prefix = "/api", endpoint = "exams/marking", input = server_fn::codec::GetUrl)]
pub async fn marking_queue(
    #[server(default)] exam: String,
    #[server(default)] page: i64,
) -> AppResult<Page<MarkRow>> {
    guard::require(Permission::WriteExams).await?;
    marking::queue(&state(), &exam, page.max(1)).await
}

/// Marks an answer with points and a comment.
#[server(prefix = "/api", endpoint = "exams/mark")]
pub async fn mark_answer(
    attempt: String,
    position: i64,
    #[server(default)] points: String,
    #[server(default)] comment: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteExams).await?;
    let points = points
        .trim()
        .parse()
        .map_err(|_| AppError::field("points", "field.number"))?;
    if comment.chars().count() > 500 {
        return Err(AppError::field("comment", "field.too_long"));
    }
    marking::mark(&state(), &actor, &attempt, position, points, &comment).await
}
