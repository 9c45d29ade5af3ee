//! Appeals (申诉): raised by a terminal's owner, looked at by their manager, decided by operations; a correction is a
//! reversal and a new line.

mod decide;
mod raise;
mod thread;

use super::lines;
use super::model::{
    Appeal, AppealPage, AppealRow, AppealStat, AppealStep, LineRow, appeal_reason_label,
};
use crate::server::AppState;
use crate::server::db::{DbResult, Query, Tx, q};
use crate::server::guard::Actor;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Permission, Role};

pub use decide::{Decision, decide};
pub use raise::{NewAppeal, raise};
pub use thread::{evidence, photo, remind, step};

/// Workdays for each step.
pub const STEP_DAYS: i64 = 3;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Stored {
    pub id: String,
    pub line_id: Option<String>,
    pub terminal_id: String,
    pub terminal: String,
    pub distributor_id: Option<String>,
    pub product_id: Option<String>,
    pub product: Option<String>,
    pub reason: String,
    pub body: String,
    pub quantity: Option<i64>,
    pub sold_on: Option<String>,
    pub document_no: String,
    pub state: String,
    pub round: i64,
    pub due_on: String,
    pub staff_id: String,
    pub by_name: String,
    pub created_at: i64,
}

/// Begins a query of appeals within scope: one's own, a manager's team's, the company's.
pub fn select(actor: &Actor) -> Query {
    let mut query = q(
        "SELECT a.id, a.line_id, a.terminal_id, t.name AS terminal, a.distributor_id, a.product_id, \
         COALESCE(p.name || ' ' || p.specification, l.product_name || ' ' || l.specification) AS product, a.reason, a.body, \
         a.quantity, a.sold_on, a.document_no, a.state, a.round, a.due_on, a.staff_id, s.name AS by_name, a.created_at \
         FROM flow_appeal a JOIN terminal t ON t.id = a.terminal_id JOIN staff s ON s.id = a.staff_id \
         LEFT JOIN flow_line l ON l.id = a.line_id LEFT JOIN product p ON p.id = COALESCE(a.product_id, l.product_id) WHERE ",
    );
    actor.scope(&mut query, "a.staff_id");
    query
}

pub fn is_open(state: &str) -> bool {
    matches!(state, "manager" | "operations")
}

pub fn row(state: &AppState, stored: &Stored) -> AppealRow {
    AppealRow {
        id: stored.id.clone(),
        terminal: stored.terminal.clone(),
        product: stored.product.clone().unwrap_or_default(),
        reason: stored.reason.clone(),
        state: stored.state.clone(),
        round: stored.round,
        by: stored.by_name.clone(),
        at: state.zone.minute(stored.created_at),
        due: stored.due_on.clone(),
        late: is_open(&stored.state) && stored.due_on < state.zone.today(),
    }
}

/// One page of appeals within scope, with their statistics. `which` is `open`, `mine`, `decided` or empty for what
/// waits for the asker.
pub async fn list(
    state: &AppState,
    actor: &Actor,
    which: &str,
    page: i64,
) -> Result<AppealPage, AppError> {
    let narrow = |query: &mut Query| match which {
        "decided" => {
            query.push(" AND a.state IN ('accepted', 'rejected', 'withdrawn')");
        }
        "mine" => {
            query.push_with(" AND a.staff_id = ?", [&actor.id]);
        }
        "open" => {
            query.push(" AND a.state IN ('manager', 'operations')");
        }
        _ => {
            query.push(" AND ").append(waits_for(actor));
        }
    };
    let mut count = q("SELECT COUNT(*) FROM flow_appeal a WHERE ");
    actor.scope(&mut count, "a.staff_id");
    narrow(&mut count);
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let mut query = select(actor);
    narrow(&mut query);
    query.push_with(
        " ORDER BY CASE WHEN a.state IN ('manager', 'operations') THEN 0 ELSE 1 END, a.due_on, a.created_at DESC, a.id \
         LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let rows: Vec<Stored> = query.all(&state.db).await?;
    let stats = |by: &'static str, join: &'static str| {
        let mut query = q(format!(
            "SELECT {by}, COUNT(*), CAST(SUM(CASE WHEN a.state IN ('manager', 'operations') THEN 1 ELSE 0 END) AS BIGINT), \
             CAST(SUM(CASE WHEN a.state = 'accepted' THEN 1 ELSE 0 END) AS BIGINT), \
             CAST(SUM(CASE WHEN a.state = 'rejected' THEN 1 ELSE 0 END) AS BIGINT) FROM flow_appeal a {join} WHERE "
        ));
        actor.scope(&mut query, "a.staff_id");
        query.push(&format!(
            " GROUP BY {by} ORDER BY COUNT(*) DESC, {by} LIMIT 50"
        ));
        query.all::<(String, i64, i64, i64, i64)>(&state.db)
    };
    let stat = |(name, raised, open, accepted, rejected)| AppealStat {
        name,
        raised,
        open,
        accepted,
        rejected,
    };
    let by_reason = stats("a.reason", "").await?;
    let by_distributor = stats(
        "COALESCE(d.name, '')",
        "LEFT JOIN flow_line l ON l.id = a.line_id LEFT JOIN flow_distributor d \
         ON d.id = COALESCE(a.distributor_id, l.distributor_id)",
    )
    .await?;
    Ok(AppealPage {
        page: Page {
            rows: rows.iter().map(|stored| row(state, stored)).collect(),
            total,
            page,
        },
        by_reason: by_reason
            .into_iter()
            .map(stat)
            .map(|stat| AppealStat {
                name: appeal_reason_label(&stat.name),
                ..stat
            })
            .collect(),
        by_distributor: by_distributor.into_iter().map(stat).collect(),
    })
}

/// A condition on `flow_appeal a`: the next step is this actor's.
fn waits_for(actor: &Actor) -> Query {
    if actor.role.may(Permission::OperateFlow) {
        return q("a.state = 'operations'");
    }
    if actor.role == Role::Manager {
        return q("a.state = 'manager' AND a.staff_id <> $1").bind(&actor.id);
    }
    q("a.state IN ('manager', 'operations') AND a.staff_id = $1").bind(&actor.id)
}

/// Counts appeals whose next step is this actor's to take.
pub fn waiting(actor: &Actor) -> Query {
    let mut query = q("SELECT COUNT(*) FROM flow_appeal a WHERE ");
    if actor.role == Role::Manager || actor.role.may(Permission::OperateFlow) {
        actor.scope(&mut query, "a.staff_id");
        query.push(" AND ").append(waits_for(actor));
    } else {
        query.push("1 = 0");
    }
    query
}

pub async fn stored(state: &AppState, actor: &Actor, id: &str) -> Result<Stored, AppError> {
    let mut query = select(actor);
    query.push_with(" AND a.id = ?", [id]);
    Ok(query.one(&state.db).await?)
}

/// One appeal within scope with its thread.
pub async fn get(state: &AppState, actor: &Actor, id: &str) -> Result<Appeal, AppError> {
    let stored = stored(state, actor, id).await?;
    let line: Option<LineRow> = match &stored.line_id {
        Some(line) => {
            let mut query = lines::shown(actor, &state.zone.today());
            query.push_with("l.id = ?", [line]);
            lines::rows(actor, query, &state.db)
                .await?
                .into_iter()
                .next()
        }
        None => None,
    };
    type Step = (
        String,
        String,
        String,
        i64,
        String,
        Option<String>,
        String,
        String,
    );
    let steps: Vec<Step> = q(
        "SELECT p.id, p.act, s.name, p.at, p.body, p.file_id, p.correction, p.corrected FROM flow_appeal_step p \
         JOIN staff s ON s.id = p.staff_id \
         WHERE p.appeal_id = $1 ORDER BY p.at, p.id",
    )
    .bind(id)
    .all(&state.db)
    .await?;
    let mine = stored.staff_id == actor.id;
    let operates = actor.role.may(Permission::OperateFlow);
    Ok(Appeal {
        row: row(state, &stored),
        may_support: stored.state == "manager"
            && !mine
            && (actor.role == Role::Manager || operates),
        may_decide: stored.state == "operations" && operates,
        may_raise_again: mine && stored.state == "rejected" && stored.round == 1,
        may_withdraw: mine && is_open(&stored.state),
        mine,
        terminal_id: stored.terminal_id,
        body: stored.body,
        quantity: stored.quantity,
        sold_on: stored.sold_on,
        document_no: stored.document_no,
        line,
        steps: steps
            .into_iter()
            .map(
                |(id, act, by, at, body, file, correction, corrected)| AppealStep {
                    id,
                    act,
                    by,
                    at: state.zone.minute(at),
                    body,
                    photo: file.is_some(),
                    correction,
                    corrected,
                },
            )
            .collect(),
    })
}

/// A line of a terminal within scope, for the form of an appeal about it.
pub async fn line_of(
    state: &AppState,
    actor: &Actor,
    id: &str,
) -> Result<Option<LineRow>, AppError> {
    if id.is_empty() {
        return Ok(None);
    }
    let today = state.zone.today();
    let mut query = lines::shown(actor, &today);
    lines::visible(actor, &today, "l", &mut query);
    query.push_with(" AND l.id = ?", [id]);
    Ok(lines::rows(actor, query, &state.db)
        .await?
        .into_iter()
        .next())
}

pub async fn taken_back(tx: &mut Tx, line: &str) -> DbResult<bool> {
    Ok(q("SELECT COUNT(*) FROM flow_line WHERE reverses_id = $1")
        .bind(line)
        .count(tx)
        .await?
        > 0)
}
