//! Public codes for self-registration (`/join/{code}`) and their funnel.

use std::collections::HashMap;

use serde_json::json;

use super::hospital;
use super::model::{CODE_KINDS, CodeRow, CodeState, CodeView, Funnel};
use crate::hcp::model::HcpRow;
use crate::hcp::store::{FROM, ROW, scope};
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Query, Rows, Tx, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};

/// For how many days a code may be made to work, its last day included.
const DAYS_MOST: i64 = 730;

/// A public code as the registration needs it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PublicCode {
    pub id: String,
    pub code: String,
    pub name: String,
    pub terminal_id: Option<String>,
    pub expires_at: Option<i64>,
    pub closed_at: Option<i64>,
}

impl PublicCode {
    /// How the code stands now.
    pub fn state(&self) -> CodeState {
        state_of(self.closed_at, self.expires_at)
    }
}

fn state_of(closed_at: Option<i64>, expires_at: Option<i64>) -> CodeState {
    if closed_at.is_some() {
        CodeState::Closed
    } else if expires_at.is_some_and(|at| at <= time::now()) {
        CodeState::Expired
    } else {
        CodeState::Open
    }
}

/// The public code of an address.
pub async fn by_code(db: &Db, code: &str) -> Result<PublicCode, AppError> {
    Ok(
        q("SELECT id, code, name, terminal_id, expires_at, closed_at FROM public_code WHERE code = $1")
            .bind(code)
            .one(db)
            .await?,
    )
}

/// How far a visitor came; each step implies those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Scanned,
    Verified,
    Completed,
    Confirmed,
}

const STEPS: [&str; 4] = ["scanned", "verified", "completed", "confirmed"];

/// Notes how far a visitor came. Each step counts once for each visitor and code, whatever is repeated.
pub async fn note(
    tx: &mut Tx,
    code_id: &str,
    visitor: &str,
    step: Step,
    hcp_id: Option<&str>,
) -> DbResult<()> {
    let now = time::now();
    let rows: Rows = STEPS
        .iter()
        .take(step as usize + 1)
        .map(|name| {
            let hcp = hcp_id.filter(|_| *name == "confirmed");
            vec![
                code_id.into(),
                (*name).into(),
                visitor.into(),
                now.into(),
                hcp.into(),
            ]
        })
        .collect();
    let head = "INSERT INTO public_code_step (code_id, step, visitor, at, hcp_id)";
    insert_many(tx, head, rows, "ON CONFLICT DO NOTHING").await?;
    Ok(())
}

const SELECT: &str = "SELECT c.id, c.code, c.name, c.kind, t.name AS terminal, s.name AS staff, c.created_at, \
     c.expires_at, c.closed_at FROM public_code c JOIN staff s ON s.id = c.staff_id \
     LEFT JOIN terminal t ON t.id = c.terminal_id WHERE ";

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    code: String,
    name: String,
    kind: String,
    terminal: Option<String>,
    staff: String,
    created_at: i64,
    expires_at: Option<i64>,
    closed_at: Option<i64>,
}

/// Public codes within scope, the latest first.
pub async fn list(state: &AppState, actor: &Actor, page: i64) -> DbResult<Page<CodeRow>> {
    let mut count = q("SELECT COUNT(*) FROM public_code c WHERE ");
    actor.scope(&mut count, "c.staff_id");
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let mut rows = q(SELECT);
    actor.scope(&mut rows, "c.staff_id");
    rows.push_with(
        " ORDER BY c.created_at DESC, c.id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let rows = with_funnels(state, rows.all(&state.db).await?).await?;
    Ok(Page { rows, total, page })
}

async fn with_funnels(state: &AppState, stored: Vec<Stored>) -> DbResult<Vec<CodeRow>> {
    let mut steps = q("SELECT code_id, step, COUNT(*) FROM public_code_step WHERE code_id IN (''");
    for code in &stored {
        steps.push_with(", ?", [&code.id]);
    }
    steps.push(") GROUP BY code_id, step");
    let counted: Vec<(String, String, i64)> = steps.all(&state.db).await?;
    let mut funnels: HashMap<String, Funnel> = HashMap::new();
    for (code, step, n) in counted {
        let funnel = funnels.entry(code).or_default();
        match step.as_str() {
            "scanned" => funnel.scanned = n,
            "verified" => funnel.verified = n,
            "completed" => funnel.completed = n,
            _ => funnel.confirmed = n,
        }
    }
    Ok(stored
        .into_iter()
        .map(|row| CodeRow {
            funnel: funnels.get(&row.id).copied().unwrap_or_default(),
            state: state_of(row.closed_at, row.expires_at),
            created: state.zone.day(row.created_at),
            expires: row.expires_at.map(|at| state.zone.day(at - 1)),
            id: row.id,
            code: row.code,
            name: row.name,
            kind: row.kind,
            terminal: row.terminal,
            staff: row.staff,
        })
        .collect())
}

/// One public code within scope.
pub async fn row(state: &AppState, actor: &Actor, id: &str) -> Result<CodeRow, AppError> {
    let mut query = q(SELECT);
    actor.scope(&mut query, "c.staff_id");
    query.push_with(" AND c.id = ?", [id]);
    let rows = with_funnels(state, query.all(&state.db).await?).await?;
    rows.into_iter().next().ok_or(AppError::NotFound)
}

/// A public code's page: its numbers, and the HCPs who came through it.
pub async fn view(
    state: &AppState,
    actor: &Actor,
    id: &str,
    origin: &str,
    page: i64,
) -> Result<CodeView, AppError> {
    let code = row(state, actor, id).await?;
    let came = |query: &mut Query| {
        query.push_with(
            "h.state <> 'merged' AND h.id IN (SELECT c.id FROM hcp c WHERE c.public_code_id = ? \
             UNION SELECT x.hcp_id FROM public_code_step x WHERE x.code_id = ? AND x.step = 'confirmed' \
             AND x.hcp_id IS NOT NULL)",
            [id, id],
        );
    };
    let mut all = q("SELECT COUNT(*) FROM hcp h WHERE ");
    came(&mut all);
    let all = all.count(&state.db).await?;
    let mut count = q("SELECT COUNT(*) FROM hcp h WHERE ");
    came(&mut count);
    count.push(" AND ");
    scope(actor, &mut count);
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let mut rows = q(format!("{ROW}{FROM}"));
    came(&mut rows);
    rows.push(" AND ");
    scope(actor, &mut rows);
    rows.push_with(
        " ORDER BY h.pinyin, h.id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let rows: Vec<HcpRow> = rows.all(&state.db).await?;
    let rows = rows.into_iter().map(|row| row.dated(&state.zone)).collect();
    let url = format!("{origin}/join/{}", code.code);
    Ok(CodeView {
        svg: crate::sharing::qr_svg(&url)?,
        url,
        code,
        hcps: Page { rows, total, page },
        others: all - total,
    })
}

/// A public code as its form brings it.
#[derive(Debug, Clone, Default)]
pub struct NewCode {
    pub name: String,
    pub kind: String,
    /// The hospital as it was typed; needed for kind `hospital`.
    pub hospital: String,
    /// The last day on which it works, or empty.
    pub expires: String,
}

/// The end of the last day of a code; `Err` beside `expires` unless it is a day from today on.
fn end_of(state: &AppState, expires: &str) -> Result<Option<i64>, AppError> {
    if expires.is_empty() {
        return Ok(None);
    }
    if !time::is_day(expires) {
        return Err(AppError::field("expires", "field.day"));
    }
    let today = state.zone.today();
    let last = time::shift_day(&today, DAYS_MOST - 1);
    if expires < today.as_str() || expires > last.as_str() {
        return Err(AppError::field("expires", "field.code_days"));
    }
    let end = state.zone.start_of(&time::shift_day(expires, 1));
    end.map(Some)
        .ok_or_else(|| AppError::field("expires", "field.day"))
}

/// Makes a public code; its maker answers for it.
pub async fn make(
    state: &AppState,
    actor: &Actor,
    key: &str,
    new: &NewCode,
) -> Result<Saved, AppError> {
    let mut checks = Checks::default();
    let kinds = CODE_KINDS.contains(&new.kind.as_str());
    let bare = new.kind == "hospital" && new.hospital.is_empty();
    checks
        .text(&new.name, "name", 60)
        .ensure(kinds, "kind", "field.required")
        .ensure(!bare, "hospital", "field.required")
        .done()?;
    let expires_at = end_of(state, &new.expires)?;
    let terminal = if new.hospital.is_empty() {
        None
    } else {
        Some(hospital::named(&state.db, &new.hospital, "hospital").await?)
    };
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let id = crypto::new_id();
    q("INSERT INTO public_code (id, code, name, kind, terminal_id, staff_id, created_at, expires_at) \
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(&id)
    .bind(crypto::random_token(9))
    .bind(&new.name)
    .bind(&new.kind)
    .bind(&terminal)
    .bind(&actor.id)
    .bind(time::now())
    .bind(expires_at)
    .exec(&mut tx)
    .await?;
    let saved = Saved::go("notice.public_code_made", format!("/codes/{id}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    let event = Event::new("code.make", "public_code", &id)
        .detail(json!({ "kind": new.kind, "terminal": terminal, "expires": new.expires }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(saved)
}

/// What can be done to a public code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Close,
    Reopen,
    /// Works until the end of this day, or without end if it is empty.
    Extend(String),
}

/// Closes, opens again or extends a public code within scope; harmless when repeated.
pub async fn change(
    state: &AppState,
    actor: &Actor,
    id: &str,
    act: &Act,
) -> Result<Saved, AppError> {
    let code = row(state, actor, id).await?;
    let mut update = q("UPDATE public_code SET ");
    let (verb, notice) = match act {
        Act::Close => {
            update.push_with("closed_at = COALESCE(closed_at, ?)", [time::now()]);
            ("close", "notice.public_code_closed")
        }
        Act::Reopen => {
            update.push("closed_at = NULL");
            ("reopen", "notice.saved")
        }
        Act::Extend(day) => {
            update.push_with("expires_at = ?", [end_of(state, day)?]);
            ("extend", "notice.saved")
        }
    };
    update.push_with(" WHERE id = ?", [id]);
    let mut tx = state.db.begin().await?;
    update.exec(&mut tx).await?;
    let mut detail = json!({ "act": verb });
    if let Act::Extend(day) = act {
        detail = json!({ "act": verb, "before": code.expires, "after": day });
    }
    let event = Event::new("code.change", "public_code", id).detail(detail);
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay(notice))
}
