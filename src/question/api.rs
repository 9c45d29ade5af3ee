//! Server functions of the question bank.

use leptos::{server, server_fn};

use super::model::{QuestionList, QuestionView};
use crate::shared::{AppResult, Saved};

#[cfg(feature = "ssr")]
use {
    super::formats::sheet,
    super::model::{Draft, Kind},
    super::store,
    crate::identity::rules::clean,
    crate::server::{guard, state::state},
    crate::shared::{AppError, Permission},
};

/// Questions that the filter leaves. `category` includes all below it; `difficulty` 0 and empty texts do not narrow;
/// `state` is `archived`, `twins`, `pictures` or empty.
#[server(prefix = "/api", endpoint = "questions/list", input = server_fn::codec::GetUrl)]
pub async fn list_questions(
    #[server(default)] text: String,
    #[server(default)] category: String,
    #[server(default)] kind: String,
    #[server(default)] tag: String,
    #[server(default)] difficulty: i64,
    #[server(default)] state_is: String,
    #[server(default)] page: i64,
) -> AppResult<QuestionList> {
    guard::require(Permission::WriteQuestions).await?;
    let filter = store::Filter {
        text,
        category,
        kind,
        tag,
        difficulty,
        state: state_is,
    };
    Ok(store::list(&state().db, &filter, page.max(1)).await?)
}

/// A version of a question, the newest with `version` 0.
#[server(prefix = "/api", endpoint = "questions/get", input = server_fn::codec::GetUrl)]
pub async fn get_question(id: String, #[server(default)] version: i64) -> AppResult<QuestionView> {
    guard::require(Permission::WriteQuestions).await?;
    store::view(&state(), &id, version).await
}

/// Categories on file, for the form.
#[server(prefix = "/api", endpoint = "questions/categories", input = server_fn::codec::GetUrl)]
pub async fn list_categories() -> AppResult<Vec<String>> {
    guard::require(Permission::WriteQuestions).await?;
    Ok(store::categories(&state().db).await?)
}

/// Saves a question: a new one without `id`, else a version behind `seen`. `options` are lines; `answer` is written as
/// in the spreadsheet of an import.
#[server(prefix = "/api", endpoint = "questions/save")]
pub async fn save_question(
    #[server(default)] form_key: String,
    #[server(default)] id: String,
    #[server(default)] seen: i64,
    #[server(default)] kind: String,
    #[server(default)] stem: String,
    #[server(default)] options: String,
    #[server(default)] answer: String,
    #[server(default)] explanation: String,
    #[server(default)] category: String,
    #[server(default)] tags: String,
    #[server(default)] difficulty: i64,
    #[server(default)] code: String,
    #[server(default)] title: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteQuestions).await?;
    let text = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
    let kind = Kind::parse(&kind).ok_or_else(|| AppError::field("kind", "field.required"))?;
    let mut lines: Vec<String> = Vec::new();
    for line in text(&options)
        .lines()
        .filter(|line| !line.trim().is_empty())
    {
        match lines.last_mut() {
            // Indented, a line goes on with the option before it.
            Some(option) if line.starts_with(char::is_whitespace) => {
                option.push('\n');
                option.push_str(line.trim());
            }
            _ => lines.push(line.trim().to_owned()),
        }
    }
    let options = lines;
    let body = sheet::body(kind, &options, &text(&answer)).map_err(|(field, reason)| {
        let field = if field == "选项" {
            "options"
        } else {
            "answer"
        };
        AppError::Invalid(vec![crate::shared::FieldError {
            field: field.into(),
            key: "question.fault.said".into(),
            args: vec![("reason".into(), reason)],
        }])
    })?;
    let state = state();
    let (id, before) = if id.is_empty() {
        (None, None)
    } else {
        let before = store::draft(&state.db, &id, seen).await?;
        (Some(id), Some(before))
    };
    let mut draft = Draft {
        code: clean(&code),
        title: clean(&title),
        stem: text(&stem),
        body,
        explanation: text(&explanation),
        category: category
            .split('/')
            .map(clean)
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("/"),
        tags: sheet::tags(&tags),
        difficulty,
        images: Vec::new(),
    };
    if let Some(before) = before {
        draft.keep_what_the_form_lacks(&before);
    }
    store::save(&state, &actor, &form_key, id.as_deref(), seen, &draft).await
}

/// Takes a question out of use, or with `on` false back into it.
#[server(prefix = "/api", endpoint = "questions/archive")]
pub async fn archive_question(id: String, #[server(default)] on: bool) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteQuestions).await?;
    store::archive(&state(), &actor, &id, on).await
}

/// Takes a picture off a question, which makes a version.
#[server(prefix = "/api", endpoint = "questions/remove_image")]
pub async fn remove_image(id: String, image: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteQuestions).await?;
    store::picture(&state(), &actor, &id, &image, false).await?;
    Ok(Saved::stay("notice.saved"))
}
