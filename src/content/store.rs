//! SQL of articles.

mod writing;

use serde_json::json;

use self::writing::taken;
pub use self::writing::{Input, attach_file, insert, overwrite, revise, save};
use super::markdown;
use super::model::{ArticleRow, ArticleView, Step};
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Query, Tx, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, search, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Permission, Role, Saved};

const ROW: &str =
    "SELECT a.id, a.title, a.summary, a.audience, a.status, a.approval_no, a.expires_on";

/// What the list can be narrowed by; empty fields do not narrow.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub text: String,
    pub status: String,
    /// A specialty or disease.
    pub tag: String,
    /// Keeps out professional content and what is past its day; `None` for staff.
    pub reader: Option<Reader>,
    /// Keeps only what this reader saved.
    pub saved_by: Option<String>,
}

/// A reader of the library.
#[derive(Debug, Clone)]
pub struct Reader {
    pub professional: bool,
    /// Today.
    pub today: String,
}

/// Whether the role sees articles that are not published.
pub fn sees_drafts(role: Role) -> bool {
    role.may(Permission::WriteArticles)
        || role.may(Permission::ReviewArticles)
        || role == Role::Admin
}

/// One page of articles, the latest first.
pub async fn list(
    db: &Db,
    role: Option<Role>,
    filter: &Filter,
    page: i64,
) -> DbResult<Page<ArticleRow>> {
    let narrow = |query: &mut Query| {
        query.push(" FROM article a WHERE 1 = 1");
        if !role.is_some_and(sees_drafts) {
            query.push(" AND a.status = 'published'");
        } else if !filter.status.is_empty() {
            query.push_with(" AND a.status = ?", [&filter.status]);
        }
        if let Some(reader) = &filter.reader {
            push_readable(query, reader);
        }
        if !filter.tag.is_empty() {
            query.push_with(
                " AND a.id IN (SELECT article_id FROM article_tag WHERE tag = ?)",
                [&filter.tag],
            );
        }
        if let Some(reader) = &filter.saved_by {
            query.push_with(
                " AND a.id IN (SELECT article_id FROM favourite WHERE reader = ?)",
                [reader],
            );
        }
        search::condition(query, &filter.text, &[("a.id", "article")]);
    };
    let mut count = q("SELECT COUNT(*)");
    narrow(&mut count);
    let total = count.count(db).await?;
    let page = within(page, total);
    let mut rows = q(ROW);
    narrow(&mut rows);
    rows.push_with(
        " ORDER BY COALESCE(a.published_at, a.updated_at) DESC, a.id DESC LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    Ok(Page {
        rows: rows.all(db).await?,
        total,
        page,
    })
}

/// Keeps of published articles those that a reader may read.
fn push_readable(query: &mut Query, reader: &Reader) {
    query.push_with(" AND a.expires_on >= ?", [&reader.today]);
    if !reader.professional {
        query.push(" AND a.audience = 'public'");
    }
}

/// Tags of published articles, of those alone that a reader may read if one is given; the commonest first.
pub async fn tags(db: &Db, reader: Option<&Reader>) -> DbResult<Vec<String>> {
    let mut query = q(
        "SELECT t.tag, COUNT(*) FROM article_tag t JOIN article a ON a.id = t.article_id \
         WHERE a.status = 'published'",
    );
    if let Some(reader) = reader {
        push_readable(&mut query, reader);
    }
    query.push(" GROUP BY t.tag ORDER BY COUNT(*) DESC, t.tag LIMIT 30");
    let rows: Vec<(String, i64)> = query.all(db).await?;
    Ok(rows.into_iter().map(|(tag, _)| tag).collect())
}

/// An article as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Article {
    pub id: String,
    pub title: String,
    pub summary: String,
    pub author: String,
    pub audience: String,
    pub body_md: String,
    pub body_html: String,
    pub han_count: i64,
    pub approval_no: String,
    pub expires_on: String,
    pub status: String,
    pub created_by: String,
}

impl Article {
    /// Whether it may be shown on this day.
    pub fn is_shown(&self, today: &str) -> bool {
        self.status == "published" && self.expires_on.as_str() >= today
    }
}

/// The article of an id.
pub async fn article(db: &Db, id: &str) -> Result<Article, AppError> {
    Ok(q("SELECT id, title, summary, author, audience, body_md, body_html, han_count, approval_no, expires_on, status, \
        created_by FROM article WHERE id = $1")
    .bind(id)
    .one(db)
    .await?)
}

/// An article as a staff member sees it; drafts are `NotFound` for roles that have nothing to do with them.
pub async fn view(state: &AppState, actor: &Actor, id: &str) -> Result<ArticleView, AppError> {
    let article = article(&state.db, id).await?;
    if article.status != "published" && !sees_drafts(actor.role) {
        return Err(AppError::NotFound);
    }
    let tags: Vec<(String, String)> =
        q("SELECT kind, tag FROM article_tag WHERE article_id = $1 ORDER BY kind, tag")
            .bind(id)
            .all(&state.db)
            .await?;
    let of_kind = |kind: &str| {
        tags.iter()
            .filter(|(k, _)| k == kind)
            .map(|(_, t)| t.clone())
            .collect()
    };
    let steps: Vec<(String, String, String, i64)> = q(
        "SELECT p.status, p.comment, s.name, p.at FROM article_step p \
         JOIN staff s ON s.id = p.staff_id WHERE p.article_id = $1 ORDER BY p.at, p.id",
    )
    .bind(id)
    .all(&state.db)
    .await?;
    let images: Vec<(String,)> =
        q("SELECT file_id FROM article_file WHERE article_id = $1 ORDER BY file_id")
            .bind(id)
            .all(&state.db)
            .await?;
    let media = crate::course::lesson::of_article(&state.db, id).await?;
    Ok(ArticleView {
        media: media.map(|(media, captions)| (media.kind, media.pages, captions.is_some())),
        specialties: of_kind("specialty"),
        diseases: of_kind("disease"),
        steps: steps
            .into_iter()
            .map(|(status, comment, by, at)| Step {
                status,
                comment,
                by,
                at: state.zone.minute(at),
            })
            .collect(),
        images: images
            .into_iter()
            .map(|(id,)| format!("/files/{id}"))
            .collect(),
        expired: !article.expires_on.is_empty() && article.expires_on < state.zone.today(),
        editable: article.status == "draft" && actor.role.may(Permission::WriteArticles),
        body_html: markdown::sanitise(&article.body_html),
        body_md: article.body_md,
        author: article.author,
        metrics: None,
        row: ArticleRow {
            id: article.id,
            title: article.title,
            summary: article.summary,
            audience: article.audience,
            status: article.status,
            approval_no: article.approval_no,
            expires_on: article.expires_on,
        },
    })
}

/// A step of the review: from one status to the next, by who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    Submit,
    Approve,
    SendBack,
    Publish,
    Withdraw,
}

impl Move {
    /// The move of a form's value.
    pub fn parse(text: &str) -> Option<Move> {
        Some(match text {
            "submit" => Move::Submit,
            "approve" => Move::Approve,
            "send_back" => Move::SendBack,
            "publish" => Move::Publish,
            "withdraw" => Move::Withdraw,
            _ => return None,
        })
    }

    /// Who may make it.
    pub fn permission(self) -> Permission {
        match self {
            Move::Submit | Move::Publish => Permission::WriteArticles,
            Move::Approve | Move::SendBack | Move::Withdraw => Permission::ReviewArticles,
        }
    }

    fn from(self) -> &'static str {
        match self {
            Move::Submit => "draft",
            Move::Approve | Move::SendBack => "in_review",
            Move::Publish => "approved",
            Move::Withdraw => "published",
        }
    }

    fn to(self) -> &'static str {
        match self {
            Move::Submit => "in_review",
            Move::Approve => "approved",
            Move::SendBack => "draft",
            Move::Publish => "published",
            Move::Withdraw => "withdrawn",
        }
    }
}

/// Carries a step out. Made twice it is `Conflict`, unless the article stands where the step leads.
pub async fn advance(
    state: &AppState,
    actor: &Actor,
    id: &str,
    step: Move,
    comment: &str,
    approval: Option<(&str, &str)>,
) -> Result<Saved, AppError> {
    let saved = Saved::go("notice.moved", format!("/articles/{id}"));
    let now = time::now();
    let mut tx = state.db.begin().await?;
    let mut update = q("UPDATE article SET status = ");
    update
        .push_with("?", [step.to()])
        .push_with(", updated_at = ?", [now]);
    if let Some((number, expires)) = approval {
        update.push_with(", approval_no = ?, expires_on = ?", [number, expires]);
    }
    if step == Move::Publish {
        update.push_with(", published_at = ?", [now]);
    }
    update.push_with(" WHERE id = ? AND status = ?", [id, step.from()]);
    if update.exec(&mut tx).await.map_err(taken)? == 0 {
        let (status,): (String,) = q("SELECT status FROM article WHERE id = $1")
            .bind(id)
            .one(&mut tx)
            .await?;
        return if status == step.to() {
            Ok(saved)
        } else {
            Err(AppError::Conflict("error.article_moved".into()))
        };
    }
    step_row(&mut tx, actor, id, step.to(), comment).await?;
    let event = Event::new("article.advance", "article", id)
        .detail(json!({ "to": step.to(), "comment": comment }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Hands a new article in for review, within the transaction that makes it.
pub async fn submit_new(tx: &mut Tx, actor: &Actor, id: &str) -> DbResult<()> {
    q("UPDATE article SET status = 'in_review' WHERE id = $1 AND status = 'draft'")
        .bind(id)
        .exec(&mut *tx)
        .await?;
    step_row(tx, actor, id, "in_review", "").await
}

async fn step_row(
    tx: &mut Tx,
    actor: &Actor,
    id: &str,
    status: &str,
    comment: &str,
) -> DbResult<()> {
    q("INSERT INTO article_step (id, article_id, status, comment, staff_id, at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(crypto::new_id())
        .bind(id)
        .bind(status)
        .bind(comment)
        .bind(&actor.id)
        .bind(time::now())
        .exec(tx)
        .await?;
    Ok(())
}

/// Marks an imported article, which was approved before, as published.
pub async fn publish_imported(tx: &mut Tx, actor: &Actor, id: &str) -> DbResult<()> {
    q("UPDATE article SET status = 'published', published_at = $1 WHERE id = $2")
        .bind(time::now())
        .bind(id)
        .exec(&mut *tx)
        .await?;
    step_row(tx, actor, id, "published", "import").await
}

/// The media type of a file, if this reader may see it: staff always, others through an article they may read.
pub async fn file_for(db: &Db, id: &str, staff: bool, reader: &Reader) -> Result<String, AppError> {
    let mut query = q("SELECT f.media_type FROM file f WHERE ");
    query.push_with("f.id = ?", [id]);
    if !staff {
        query.push_with(
            " AND EXISTS (SELECT 1 FROM article_file x JOIN article a ON a.id = x.article_id WHERE x.file_id = f.id \
             AND a.status = 'published' AND a.expires_on >= ?",
            [&reader.today],
        );
        query.push(if reader.professional {
            ")"
        } else {
            " AND a.audience = 'public')"
        });
    }
    Ok(query.one::<(String,)>(db).await?.0)
}

/// Saves or unsaves an article for a reader (收藏); gives whether it is saved now.
pub async fn toggle_favourite(db: &Db, reader: &str, article_id: &str) -> DbResult<bool> {
    let mut tx = db.begin().await?;
    let gone = q("DELETE FROM favourite WHERE reader = $1 AND article_id = $2")
        .bind(reader)
        .bind(article_id)
        .exec(&mut tx)
        .await?;
    if gone == 0 {
        q("INSERT INTO favourite (reader, article_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(reader)
            .bind(article_id)
            .bind(time::now())
            .exec(&mut tx)
            .await?;
    }
    tx.commit().await?;
    Ok(gone == 0)
}

/// Whether a reader saved an article.
pub async fn is_favourite(db: &Db, reader: &str, article_id: &str) -> DbResult<bool> {
    Ok(
        q("SELECT COUNT(*) FROM favourite WHERE reader = $1 AND article_id = $2")
            .bind(reader)
            .bind(article_id)
            .count(db)
            .await?
            > 0,
    )
}

/// Counts the articles by status (facts `id` and `n`).
pub fn counts() -> Query {
    q("SELECT status AS id, '' AS text, COUNT(*) AS n FROM article GROUP BY status")
}

/// Counts the published articles that expire within 30 days.
pub fn expiring(today: &str) -> Query {
    q("SELECT COUNT(*) FROM article WHERE status = 'published' AND expires_on < $1")
        .bind(time::shift_day(today, 30))
}
