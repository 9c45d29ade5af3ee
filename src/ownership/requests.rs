//! Asking (申请共享): a colleague who met a masked hint asks the owner to share. Before the grant the asker learns
//! nothing about the HCP.

use serde_json::json;

use super::access::{self, owned};
use super::model::{RequestPage, RequestRow};
use crate::hcp::store;
use crate::identity::rules;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};

/// Asks for the HCP of a masked hint, once as long as the request is open.
pub async fn ask(
    state: &AppState,
    actor: &Actor,
    key: &str,
    token: &str,
    message: &str,
) -> Result<Saved, AppError> {
    let message = rules::clean(message);
    Checks::default()
        .ensure(message.chars().count() <= 200, "message", "field.too_long")
        .done()?;
    let hcp = crate::duplicate::entry::open_hint(state, actor, token).await?;
    match store::row(&state.db, actor, &hcp).await {
        // They came to see it meanwhile.
        Ok(_) => return Ok(Saved::go("notice.already_visible", format!("/hcps/{hcp}"))),
        Err(AppError::NotFound) => {}
        Err(error) => return Err(error),
    }
    let mut tx = state.db.begin().await?;
    // A page can hold several hints, and with them several of these forms under one key.
    let key = if key.is_empty() {
        String::new()
    } else {
        format!("{key}:{hcp}")
    };
    if let Some(saved) = form_key::earlier(&mut tx, actor, &key).await? {
        return Ok(saved);
    }
    let asked = q("INSERT INTO hcp_access_request (id, hcp_id, staff_id, message, at, status) \
         SELECT CAST($1 AS TEXT), h.id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), 'open' FROM hcp h \
         WHERE h.id = $5 AND h.state NOT IN ('pending', 'merged') ON CONFLICT DO NOTHING")
    .bind(crypto::new_id())
    .bind(&actor.id)
    .bind(&message)
    .bind(time::now())
    .bind(&hcp)
    .exec(&mut tx)
    .await?;
    if asked == 1 {
        audit::record(
            &state.keys,
            &mut tx,
            actor,
            Event::new("hcp.ask_sharing", "hcp", &hcp),
        )
        .await?;
    }
    let saved = Saved::go("notice.sharing_asked", "/requests?tab=mine");
    form_key::keep(&mut tx, actor, &key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Grants a request until a day, or declines it. Of several decisions the first counts.
pub async fn decide(
    state: &AppState,
    actor: &Actor,
    id: &str,
    grant: bool,
    until: &str,
) -> Result<Saved, AppError> {
    #[derive(sqlx::FromRow)]
    struct Open {
        hcp_id: String,
        staff_id: String,
        status: String,
        owner_id: Option<String>,
        left_at: Option<i64>,
    }
    let (status, notice) = if grant {
        ("granted", "notice.access_given")
    } else {
        ("declined", "notice.request_declined")
    };
    let mut tx = state.db.begin().await?;
    let mut find = q(
        "SELECT r.hcp_id, r.staff_id, r.status, h.owner_id, s.left_at FROM hcp_access_request r \
         JOIN hcp h ON h.id = r.hcp_id JOIN staff s ON s.id = r.staff_id WHERE ",
    );
    owned(actor, &mut find);
    find.push_with(" AND r.id = ?", [id]);
    let open: Open = find.one(&mut tx).await?;
    if open.status == status {
        return Ok(Saved::stay(notice));
    }
    let until_at = if grant {
        if open.left_at.is_some() {
            return Err(AppError::Conflict("error.asker_left".into()));
        }
        Some(access::end_of(state, until)?)
    } else {
        None
    };
    let won = q("UPDATE hcp_access_request SET status = $1, decided_by = $2, decided_at = $3 WHERE id = $4 AND status = 'open'")
        .bind(status)
        .bind(&actor.id)
        .bind(time::now())
        .bind(id)
        .exec(&mut tx)
        .await?;
    if won == 0 {
        return Err(AppError::Conflict("error.request_decided".into()));
    }
    // Who owns the HCP by now needs no access.
    if let Some(until_at) = until_at
        && open.owner_id.as_ref() != Some(&open.staff_id)
    {
        access::give(&mut tx, actor, &open.hcp_id, &open.staff_id, until_at).await?;
    }
    let action = if grant {
        "hcp.grant_sharing"
    } else {
        "hcp.decline_sharing"
    };
    let event = Event::new(action, "hcp", &open.hcp_id)
        .detail(json!({ "staff": open.staff_id, "request": id }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay(notice))
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    hcp_id: String,
    name: String,
    hospital: String,
    department: String,
    colleague: String,
    message: String,
    at: i64,
    status: String,
    decided_at: Option<i64>,
    /// Whether the asker sees the HCP.
    seen: bool,
}

impl Row {
    fn shown(self, state: &AppState) -> RequestRow {
        let seen = self.seen;
        let only = |text: String| if seen { text } else { String::new() };
        RequestRow {
            id: self.id,
            hcp_id: seen.then_some(self.hcp_id),
            name: if seen {
                self.name
            } else {
                rules::mask_name(&self.name)
            },
            hospital: only(self.hospital),
            department: only(self.department),
            colleague: self.colleague,
            message: self.message,
            at: state.zone.minute(self.at),
            status: self.status,
            decided_at: self.decided_at.map(|at| state.zone.minute(at)),
        }
    }
}

const SOURCE: &str = " FROM hcp_access_request r JOIN hcp h ON h.id = r.hcp_id JOIN staff s ON s.id = r.staff_id \
    LEFT JOIN terminal t ON t.id = h.terminal_id WHERE ";

/// Counts the open requests that wait for the actor: for HCPs whose owner is within scope.
pub fn waiting(actor: &Actor) -> Query {
    let mut query = q(format!("SELECT COUNT(*){SOURCE}"));
    owned(actor, &mut query);
    query.push(" AND r.status = 'open'");
    query
}

/// Requests: the actor's own, or those for HCPs whose owner is within scope; open ones first, then the latest.
pub async fn list(state: &AppState, actor: &Actor, mine: bool, page: i64) -> DbResult<RequestPage> {
    let narrow = |query: &mut Query| {
        query.push(SOURCE);
        if mine {
            query.push_with("r.staff_id = ?", [&actor.id]);
        } else {
            owned(actor, query);
        }
    };
    let mut count = q("SELECT COUNT(*)");
    narrow(&mut count);
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let mut rows = q(
        "SELECT r.id, r.hcp_id, h.name, COALESCE(t.name, h.hospital_text) AS hospital, h.department, \
         s.name AS colleague, r.message, r.at, r.status, r.decided_at, CASE WHEN ",
    );
    store::scope(actor, &mut rows);
    rows.push(" THEN TRUE ELSE FALSE END AS seen");
    narrow(&mut rows);
    rows.push_with(
        " ORDER BY CASE r.status WHEN 'open' THEN 0 ELSE 1 END, r.at DESC, r.id DESC LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let rows: Vec<Row> = rows.all(&state.db).await?;
    Ok(RequestPage {
        page: Page {
            rows: rows.into_iter().map(|r| r.shown(state)).collect(),
            total,
            page,
        },
        waiting: waiting(actor).count(&state.db).await?,
        suggested: access::suggested(state),
    })
}
