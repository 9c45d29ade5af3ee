//! SQL of share links and trees.

use serde_json::json;

use super::model::{MadeLink, TreeLink};
use super::rules::{Link, Read, Weights};
use super::tracker;
use crate::insight::rollup::{self, Change, Column};
use crate::onboarding::store::TRACKED;
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Lock, Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::FieldError;
use crate::shared::{AppError, Saved};

/// Links of one tree that are drawn at most.
pub const TREE_MOST: i64 = 5_000;

/// A link as the reading page needs it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Found {
    pub token: String,
    pub article_id: String,
    pub sharer: String,
    pub parent: Option<String>,
    pub root: String,
    pub root_staff_id: Option<String>,
    pub level: i64,
    /// Whether it or its root was revoked or has expired.
    pub closed: bool,
}

/// The link of a token.
pub async fn find(db: &Db, token: &str) -> DbResult<Option<Found>> {
    q("SELECT l.token, l.article_id, l.sharer, l.parent, l.root, l.root_staff_id, l.level, \
       (l.revoked_at IS NOT NULL OR r.revoked_at IS NOT NULL OR COALESCE(l.expires_at <= $2, FALSE) \
        OR COALESCE(r.expires_at <= $2, FALSE)) AS closed \
       FROM share_link l JOIN share_link r ON r.token = l.root WHERE l.token = $1")
    .bind(token)
    .bind(time::now())
    .optional(db)
    .await
}

/// Whether any of these identities shared the link or one above it: then a view through it is their own (自看).
pub async fn is_below_own(db: &Db, link: &str, identities: &[String]) -> DbResult<bool> {
    let mut query =
        q("SELECT COUNT(*) FROM share_closure c JOIN share_link a ON a.token = c.ancestor WHERE ");
    query.push_with("c.descendant = ? AND a.sharer IN (''", [link]);
    for identity in identities {
        query.push_with(", ?", [identity]);
    }
    query.push(")");
    Ok(query.count(db).await? > 0)
}

/// Makes root links of an article: one for each chosen HCP, or one for nobody in particular. HCPs who have not agreed
/// to be sent content are refused beside the field `hcp_ids`.
pub async fn share(
    state: &AppState,
    actor: &Actor,
    key: &str,
    article_id: &str,
    hcps: &[String],
) -> Result<Saved, AppError> {
    let article = crate::content::store::article(&state.db, article_id).await?;
    if !article.is_shown(&state.zone.today()) {
        return Err(AppError::Conflict("error.not_shown".into()));
    }
    for hcp in hcps {
        crate::hcp::store::row(&state.db, actor, hcp).await?;
    }
    let now = time::now();
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    // All or none: nothing is sent to anybody while somebody among them must not be sent anything.
    let refusing = crate::onboarding::consent::refusing(&mut tx, hcps).await?;
    if refusing > 0 {
        return Err(AppError::Invalid(vec![FieldError {
            field: "hcp_ids".into(),
            key: "error.no_push".into(),
            args: vec![("n".into(), refusing.to_string())],
        }]));
    }
    let recipients: Vec<Option<&String>> = if hcps.is_empty() {
        vec![None]
    } else {
        hcps.iter().map(Some).collect()
    };
    let mut made = Vec::new();
    let mut change = Change::default();
    for recipient in recipients {
        let token = crypto::random_token(16);
        q("INSERT INTO share_link (token, article_id, sharer, root, root_staff_id, level, channel, recipient_id, \
           created_at, created_on, pressed_at) VALUES ($1, $2, $3, $1, $4, 1, $5, $6, $7, $8, $7)")
        .bind(&token)
        .bind(article_id)
        .bind(format!("staff:{}", actor.id))
        .bind(&actor.id)
        .bind(if recipient.is_some() { "hcp" } else { "link" })
        .bind(recipient.map(String::as_str))
        .bind(now)
        .bind(state.zone.day(now))
        .exec(&mut tx)
        .await?;
        tracker::insert_closure(&mut tx, &token, None).await?;
        change.add(
            &state.zone.day(now),
            &actor.id,
            article_id,
            Column::Created,
            1,
        );
        if let Some(hcp) = recipient {
            crate::hcp::store::touch(&mut tx, hcp, now).await?;
        }
        made.push(token);
    }
    tx.serialise(Lock::Views).await?;
    change.write(&mut tx).await?;
    let event = Event::new("article.share", "article", article_id)
        .detail(json!({ "links": made.len(), "hcps": hcps }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let first = made.first().cloned().unwrap_or_default();
    let saved = Saved::go(
        "notice.shared",
        format!("/articles/{article_id}/share?made={first}"),
    );
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Revokes one of the actor's own root links, and with it all that was passed on from it.
pub async fn revoke(state: &AppState, actor: &Actor, token: &str) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let done = q("UPDATE share_link SET revoked_at = COALESCE(revoked_at, $1) WHERE token = $2 AND sharer = $3 AND parent IS NULL")
        .bind(time::now())
        .bind(token)
        .bind(format!("staff:{}", actor.id))
        .exec(&mut tx)
        .await?;
    if done == 0 {
        return Err(AppError::NotFound);
    }
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("share.revoke", "share_link", token),
    )
    .await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.link_revoked"))
}

/// The actor's own links of an article, the latest first; `made` with its QR code.
pub async fn made(
    state: &AppState,
    actor: &Actor,
    article_id: &str,
    made: &str,
    origin: &str,
) -> Result<Vec<MadeLink>, AppError> {
    #[derive(sqlx::FromRow)]
    struct Row {
        token: String,
        created_at: i64,
        recipient: Option<String>,
        personal: bool,
        opened: bool,
        revoked: bool,
        untracked: bool,
        pv: i64,
        uv: i64,
    }
    // Who has left the actor's scope since has no name here.
    let mut query = q("SELECT l.token, l.created_at, CASE WHEN ");
    crate::hcp::store::visible(actor, &mut query);
    query.push(&format!(
        " THEN h.name END AS recipient, l.recipient_id IS NOT NULL AS personal, \
         (l.recipient_id IS NOT NULL AND NOT {TRACKED}) AS untracked, \
         l.opened_at IS NOT NULL AS opened, l.revoked_at IS NOT NULL AS revoked, \
         (SELECT COUNT(*) FROM article_view v WHERE v.link = l.token AND v.kind = 'pv') AS pv, \
         (SELECT COUNT(DISTINCT v.reader) FROM article_view v WHERE v.link = l.token AND v.kind = 'pv') AS uv \
         FROM share_link l LEFT JOIN hcp h ON h.id = l.recipient_id WHERE "
    ));
    query.push_with(
        "l.sharer = ? AND l.article_id = ? ORDER BY l.created_at DESC, l.token LIMIT 20",
        [format!("staff:{}", actor.id), article_id.to_owned()],
    );
    let rows: Vec<Row> = query.all(&state.db).await?;
    rows.into_iter()
        .map(|r| {
            let url = format!("{origin}/s/{}", r.token);
            let svg = if r.token == made {
                Some(super::qr_svg(&url)?)
            } else {
                None
            };
            Ok(MadeLink {
                token: r.token,
                url,
                created: state.zone.minute(r.created_at),
                recipient: r.recipient,
                personal: r.personal,
                // Who may not be named is not told of by a link with their name on it either.
                opened: r.opened && !r.untracked,
                revoked: r.revoked,
                pv: if r.untracked { 0 } else { r.pv },
                uv: if r.untracked { 0 } else { r.uv },
                untracked: r.untracked,
                svg,
            })
        })
        .collect()
}

/// Whose tree of an article.
#[derive(Debug, Clone)]
pub enum TreeOf {
    Rep(String),
    Hcp(String),
}

/// The links and counted views of a tree. HCPs outside the actor's scope carry no name.
pub async fn tree(
    db: &Db,
    actor: &Actor,
    article_id: &str,
    of: &TreeOf,
) -> DbResult<(Vec<Link>, Vec<Read>)> {
    let mut links = q(
        "SELECT l.token, l.parent, l.sharer, l.created_on, l.pressed_at IS NOT NULL AS pressed, \
         l.opened_at IS NOT NULL AS opened, CASE WHEN ",
    );
    crate::hcp::store::visible(actor, &mut links);
    // For whom a rep made a root is no reading; whoever reads is named only while they agree to it.
    links.push(&format!(
        " AND (l.sharer LIKE 'staff:%' OR {})",
        crate::onboarding::store::TRACKED
    ));
    links.push(
        " THEN h.name END AS name FROM share_link l LEFT JOIN hcp h ON h.id = CASE \
         WHEN l.sharer LIKE 'hcp:%' THEN SUBSTR(l.sharer, 5) ELSE l.recipient_id END WHERE ",
    );
    let narrow = |query: &mut Query| {
        match of {
            TreeOf::Rep(id) => query.push_with(
                "l.root_staff_id = ? AND l.article_id = ?",
                [id.as_str(), article_id],
            ),
            TreeOf::Hcp(id) => query.push_with(
                "l.article_id = ? AND l.token IN (SELECT c.descendant FROM share_closure c \
                 JOIN share_link own ON own.token = c.ancestor WHERE own.sharer = ?)",
                [article_id, &format!("hcp:{id}")],
            ),
        };
    };
    narrow(&mut links);
    links.push_with(
        " ORDER BY l.level, l.created_at, l.token LIMIT ?",
        [TREE_MOST],
    );
    let mut reads = q(
        "SELECT v.link, v.reader, v.reread, v.dwell_ms FROM article_view v JOIN share_link l ON l.token = v.link \
         WHERE v.kind = 'pv' AND ",
    );
    narrow(&mut reads);
    reads.push_with(" ORDER BY v.at LIMIT ?", [20 * TREE_MOST]);
    Ok((links.all(db).await?, reads.all(db).await?))
}

/// Articles of which a person made links that were pressed or opened, the latest first.
pub async fn trees_of(db: &Db, sharer: &str) -> DbResult<Vec<TreeLink>> {
    q("SELECT l.article_id, a.title, COUNT(*) AS links FROM share_link l JOIN article a ON a.id = l.article_id \
       WHERE l.sharer = $1 AND (l.pressed_at IS NOT NULL OR l.opened_at IS NOT NULL) \
       GROUP BY l.article_id, a.title ORDER BY MAX(l.created_at) DESC, l.article_id LIMIT 50")
    .bind(sharer)
    .all(db)
    .await
}

/// Reps that a tree's choice names at most.
pub const REPS_MOST: usize = 500;

/// Reps within scope who have links of an article, with their units, since two may have one name; one more than [`REPS_MOST`] where there are more.
pub async fn reps_of(db: &Db, actor: &Actor, article_id: &str) -> DbResult<Vec<(String, String)>> {
    let mut query = q(
        "SELECT s.id, s.name || ' · ' || u.name FROM staff s JOIN org_unit u ON u.id = s.unit_id \
         WHERE s.id IN (SELECT root_staff_id FROM share_link WHERE ",
    );
    query.push_with("article_id = ? AND parent IS NULL) AND ", [article_id]);
    actor.scope(&mut query, "s.id");
    query.push_with(
        " ORDER BY s.name COLLATE pinyin, s.id LIMIT ?",
        [REPS_MOST as i64 + 1],
    );
    query.all(db).await
}

/// The name of a person within scope.
pub async fn staff_name(db: &Db, actor: &Actor, id: &str) -> Result<String, AppError> {
    let mut query = q("SELECT s.name FROM staff s WHERE ");
    actor.scope(&mut query, "s.id");
    query.push_with(" AND s.id = ?", [id]);
    Ok(query.one::<(String,)>(db).await?.0)
}

/// Marks a reader's own link as passed on (转发 pressed).
pub async fn press(db: &Db, token: &str) -> DbResult<()> {
    let mut tx = db.begin().await?;
    let first = q("UPDATE share_link SET pressed_at = $1 WHERE token = $2 AND pressed_at IS NULL")
        .bind(time::now())
        .bind(token)
        .exec(&mut tx)
        .await?;
    if first == 1 {
        rollup::was_pressed(&mut tx, token).await?;
    }
    tx.commit().await
}

/// Sets the weights of the composite index.
pub async fn set_weights(
    state: &AppState,
    actor: &Actor,
    weights: Weights,
) -> Result<Saved, AppError> {
    let before = super::metrics::weights(&state.db).await?;
    let mut tx = state.db.begin().await?;
    q("INSERT INTO setting (name, value) VALUES ('index_weights', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind(serde_json::to_string(&weights).map_err(crate::server::db::internal)?)
        .exec(&mut tx)
        .await?;
    let event = Event::new("settings.index", "setting", "index_weights")
        .detail(json!({ "before": before, "after": weights }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// The latest counted reads by HCPs within scope who agreed to be named: id, name, article, title, when.
pub async fn recent(
    db: &Db,
    actor: &Actor,
    limit: i64,
) -> DbResult<Vec<(String, String, String, String, i64)>> {
    let mut query = q(
        "SELECT h.id, h.name, a.id, a.title, v.at FROM article_view v JOIN hcp h ON h.id = SUBSTR(v.reader, 5) \
         JOIN article a ON a.id = v.article_id WHERE v.reader LIKE 'hcp:%' AND v.kind = 'pv' AND ",
    );
    query.push_with("v.at > ? AND ", [time::now() - 30 * time::DAY]);
    crate::hcp::store::visible(actor, &mut query);
    query.push(&format!(" AND {}", crate::onboarding::store::TRACKED));
    query.push_with(" ORDER BY v.at DESC LIMIT ?", [limit]);
    query.all(db).await
}
