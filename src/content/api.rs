//! Server functions of articles.

use leptos::{server, server_fn};

use super::model::{ArticleRow, ArticleView};
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::store,
    crate::identity::rules::clean,
    crate::server::{guard, state::state, time},
    crate::shared::error::Checks,
    crate::shared::{AppError, Permission},
};

/// Articles that the actor's role sees.
#[server(prefix = "/api", endpoint = "articles/list", input = server_fn::codec::GetUrl)]
pub async fn list_articles(
    #[server(default)] text: String,
    #[server(default)] status: String,
    #[server(default)] tag: String,
    #[server(default)] page: i64,
) -> AppResult<Page<ArticleRow>> {
    let actor = guard::require(Permission::ReadArticles).await?;
    let filter = store::Filter {
        text,
        status,
        tag,
        ..Default::default()
    };
    Ok(store::list(&state().db, Some(actor.role), &filter, page.max(1)).await?)
}

/// Tags of published articles.
#[server(prefix = "/api", endpoint = "articles/tags", input = server_fn::codec::GetUrl)]
pub async fn list_tags() -> AppResult<Vec<String>> {
    guard::require(Permission::ReadArticles).await?;
    Ok(store::tags(&state().db, None).await?)
}

/// One article.
#[server(prefix = "/api", endpoint = "articles/get", input = server_fn::codec::GetUrl)]
pub async fn get_article(id: String) -> AppResult<ArticleView> {
    let actor = guard::require(Permission::ReadArticles).await?;
    let state = state();
    let mut view = store::view(&state, &actor, &id).await?;
    if actor.role.may(Permission::ReadShares) && view.row.status == "published" {
        let range = crate::sharing::metrics::Range::last_days(&state.zone.today(), 60);
        view.metrics =
            Some(crate::sharing::metrics::of_article(&state.db, &actor, &id, &range).await?);
    }
    Ok(view)
}

/// Saves a draft.
#[server(prefix = "/api", endpoint = "articles/save")]
pub async fn save_article(
    #[server(default)] form_key: String,
    #[server(default)] id: String,
    #[server(default)] title: String,
    #[server(default)] summary: String,
    #[server(default)] author: String,
    #[server(default)] audience: String,
    #[server(default)] body_md: String,
    #[server(default)] expires_on: String,
    #[server(default)] specialties: String,
    #[server(default)] diseases: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteArticles).await?;
    let tags = |text: &str| -> Vec<String> {
        text.split(['、', ',', '，'])
            .map(clean)
            .filter(|t| !t.is_empty())
            .take(10)
            .collect()
    };
    let input = store::Input {
        title: clean(&title),
        summary: clean(&summary),
        author: clean(&author),
        audience,
        body_md: body_md.replace("\r\n", "\n"),
        approval_no: String::new(),
        expires_on,
        specialties: tags(&specialties),
        diseases: tags(&diseases),
    };
    let mut checks = Checks::default();
    checks
        .text(&input.title, "title", 80)
        .text(&input.summary, "summary", 200)
        .text(&input.author, "author", 60);
    checks.text(&input.body_md, "body_md", 50_000);
    checks.ensure(
        ["public", "professional"].contains(&input.audience.as_str()),
        "audience",
        "field.required",
    );
    checks.ensure(time::is_day(&input.expires_on), "expires_on", "field.day");
    checks.done()?;
    store::save(
        &state(),
        &actor,
        &form_key,
        Some(id.as_str()).filter(|i| !i.is_empty()),
        &input,
    )
    .await
}

/// A step of the review: `submit`, `approve`, `send_back`, `publish` or `withdraw`.
#[server(prefix = "/api", endpoint = "articles/advance")]
pub async fn advance_article(
    id: String,
    step: String,
    #[server(default)] comment: String,
    #[server(default)] approval_no: String,
    #[server(default)] expires_on: String,
) -> AppResult<Saved> {
    use store::Move;
    let step = Move::parse(&step).ok_or(AppError::NotFound)?;
    let actor = guard::require(step.permission()).await?;
    let (comment, number) = (clean(&comment), clean(&approval_no));
    let mut checks = Checks::default();
    match step {
        Move::Approve => {
            checks.text(&number, "approval_no", 40);
            checks.ensure(
                time::is_day(&expires_on) && expires_on >= state().zone.today(),
                "expires_on",
                "field.day_future",
            );
        }
        Move::SendBack | Move::Withdraw => {
            checks.text(&comment, "comment", 500);
        }
        Move::Submit | Move::Publish => {}
    }
    checks.done()?;
    let approval = (step == Move::Approve).then_some((number.as_str(), expires_on.as_str()));
    store::advance(&state(), &actor, &id, step, &comment, approval).await
}

/// A new draft out of an article that can no longer be changed.
#[server(prefix = "/api", endpoint = "articles/revise")]
pub async fn revise_article(#[server(default)] form_key: String, id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteArticles).await?;
    store::revise(&state(), &actor, &form_key, &id).await
}
