//! Writing articles: new ones, drafts, revisions, and what hangs on them.

use serde_json::json;

use super::super::markdown;
use super::view;
use crate::server::audit::{self, Event};
use crate::server::db::{Tx, is_unique_violation, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, search, time};
use crate::shared::{AppError, Saved};

/// What is typed about an article.
#[derive(Debug, Clone, Default)]
pub struct Input {
    pub title: String,
    pub summary: String,
    pub author: String,
    pub audience: String,
    pub body_md: String,
    pub approval_no: String,
    pub expires_on: String,
    pub specialties: Vec<String>,
    pub diseases: Vec<String>,
}

pub(super) fn taken(error: sqlx::Error) -> AppError {
    if is_unique_violation(&error) {
        AppError::field("approval_no", "field.approval_no_taken")
    } else {
        error.into()
    }
}

/// Inserts a draft; gives its id.
pub async fn insert(
    tx: &mut Tx,
    actor_id: &str,
    input: &Input,
    revised_from: Option<&str>,
) -> Result<String, AppError> {
    let id = crypto::new_id();
    let now = time::now();
    q("INSERT INTO article (id, title, summary, author, audience, body_md, body_html, han_count, approval_no, \
       expires_on, status, created_by, revised_from, created_at, updated_at) \
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'draft', $11, $12, $13, $13)")
    .bind(&id)
    .bind(&input.title)
    .bind(&input.summary)
    .bind(&input.author)
    .bind(&input.audience)
    .bind(&input.body_md)
    .bind(markdown::render(&input.body_md))
    .bind(markdown::han_count(&input.body_md))
    .bind(&input.approval_no)
    .bind(&input.expires_on)
    .bind(actor_id)
    .bind(revised_from)
    .bind(now)
    .exec(&mut *tx)
    .await
    .map_err(taken)?;
    attach(tx, &id, input).await?;
    Ok(id)
}

/// Changes the text of an article whatever its status; [`save`] lets only drafts through.
pub async fn overwrite(tx: &mut Tx, id: &str, input: &Input) -> Result<(), AppError> {
    q("UPDATE article SET title = $1, summary = $2, author = $3, audience = $4, body_md = $5, body_html = $6, \
       han_count = $7, approval_no = $8, expires_on = $9, updated_at = $10 WHERE id = $11")
    .bind(&input.title)
    .bind(&input.summary)
    .bind(&input.author)
    .bind(&input.audience)
    .bind(&input.body_md)
    .bind(markdown::render(&input.body_md))
    .bind(markdown::han_count(&input.body_md))
    .bind(&input.approval_no)
    .bind(&input.expires_on)
    .bind(time::now())
    .bind(id)
    .exec(&mut *tx)
    .await
    .map_err(taken)?;
    attach(tx, id, input).await
}

/// Tags, images and search terms of an article.
async fn attach(tx: &mut Tx, id: &str, input: &Input) -> Result<(), AppError> {
    q("DELETE FROM article_tag WHERE article_id = $1")
        .bind(id)
        .exec(&mut *tx)
        .await?;
    for (kind, tags) in [
        ("specialty", &input.specialties),
        ("disease", &input.diseases),
    ] {
        for tag in tags {
            q("INSERT INTO article_tag (article_id, kind, tag) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(id)
                .bind(kind)
                .bind(tag)
                .exec(&mut *tx)
                .await?;
        }
    }
    for file in markdown::files(&input.body_md) {
        q("INSERT INTO article_file (article_id, file_id) SELECT $1, id FROM file WHERE id = $2 ON CONFLICT DO NOTHING")
            .bind(id)
            .bind(file)
            .exec(&mut *tx)
            .await?;
    }
    let tags = format!(
        "{} {}",
        input.specialties.join(" "),
        input.diseases.join(" ")
    );
    search::index(
        tx,
        "article",
        id,
        &[&input.title, &input.summary, &input.author, &tags],
    )
    .await?;
    Ok(())
}

/// Saves a draft from its form: a new one without `id`.
pub async fn save(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: Option<&str>,
    input: &Input,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let saved = match id {
        Some(id) => {
            let draft = q("SELECT COUNT(*) FROM article WHERE id = $1 AND status = 'draft'")
                .bind(id)
                .count(&mut tx)
                .await?;
            if draft == 0 {
                return Err(AppError::Conflict("error.not_draft".into()));
            }
            overwrite(&mut tx, id, input).await?;
            audit::record(
                &state.keys,
                &mut tx,
                actor,
                Event::new("article.update", "article", id),
            )
            .await?;
            Saved::go("notice.saved", format!("/articles/{id}"))
        }
        None => {
            if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
                return Ok(saved);
            }
            let id = insert(&mut tx, &actor.id, input, None).await?;
            audit::record(
                &state.keys,
                &mut tx,
                actor,
                Event::new("article.create", "article", &id),
            )
            .await?;
            let saved = Saved::go("notice.saved", format!("/articles/{id}"));
            form_key::keep(&mut tx, actor, key, &saved).await?;
            saved
        }
    };
    tx.commit().await?;
    Ok(saved)
}

/// A new draft with the text of an article that can no longer be changed.
pub async fn revise(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
) -> Result<Saved, AppError> {
    let view = view(state, actor, id).await?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let input = Input {
        title: view.row.title,
        summary: view.row.summary,
        author: view.author,
        audience: view.row.audience,
        body_md: view.body_md,
        approval_no: String::new(),
        expires_on: view.row.expires_on,
        specialties: view.specialties,
        diseases: view.diseases,
    };
    let new = insert(&mut tx, &actor.id, &input, Some(id)).await?;
    let event = Event::new("article.revise", "article", &new).detail(json!({ "from": id }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let saved = Saved::go("notice.revised", format!("/articles/{new}/edit"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Ties an uploaded image to a draft.
pub async fn attach_file(
    state: &AppState,
    actor: &Actor,
    id: &str,
    file: &str,
    media: &str,
    bytes: usize,
) -> Result<(), AppError> {
    let mut tx = state.db.begin().await?;
    let draft = q("SELECT COUNT(*) FROM article WHERE id = $1 AND status = 'draft'")
        .bind(id)
        .count(&mut tx)
        .await?;
    if draft == 0 {
        return Err(AppError::NotFound);
    }
    crate::server::files::register(&mut tx, file, media, bytes, &actor.id).await?;
    q("INSERT INTO article_file (article_id, file_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(id)
        .bind(file)
        .exec(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(())
}
