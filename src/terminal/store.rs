//! SQL of terminals and their assignments.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::model::{TerminalPage, TerminalRow};
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Exec, Lock, Query, Tx, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, search, time};
use crate::shared::page::{PAGE_SIZE, offset};
use crate::shared::{AppError, Page, Permission, Saved};

/// What the list can be narrowed by; empty fields do not narrow.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub text: String,
    pub province: String,
    pub kind: String,
    pub level: String,
    /// "yes", "no" or empty.
    pub assigned: String,
    /// "name", "code", "level", "updated"; anything else is by region and name.
    pub sort: String,
}

/// How a person stands in the list of those to whom a terminal can be given.
const LABEL: &str = "TRIM(COALESCE(s.employee_no, '') || ' ' || s.name)";
const ASSIGNABLE: &str =
    "s.left_at IS NULL AND s.role IN ('rep', 'otc_rep', 'trade_rep', 'manager')";

/// The order of a list by its name in the address.
fn order(sort: &str) -> &'static str {
    match sort {
        "name" => "t.name, t.id",
        "code" => "t.code, t.id",
        "level" => {
            "CASE SUBSTR(t.level, 1, 1) WHEN '三' THEN 0 WHEN '二' THEN 1 WHEN '一' THEN 2 ELSE 3 END, \
             CASE WHEN t.level LIKE '%特等' THEN 0 WHEN t.level LIKE '%甲等' THEN 1 WHEN t.level LIKE '%乙等' THEN 2 \
             ELSE 3 END, t.name, t.id"
        }
        "updated" => "t.updated_at DESC, t.id DESC",
        _ => "t.province, t.city, t.name, t.id",
    }
}

const OPEN: &str =
    "SELECT 1 FROM terminal_assignment a WHERE a.terminal_id = t.id AND a.ends_on IS NULL";

/// One page of terminals.
pub async fn list(db: &Db, actor: &Actor, filter: &Filter, page: i64) -> DbResult<TerminalPage> {
    let narrow = |query: &mut Query| {
        query.push(" FROM terminal t WHERE 1 = 1");
        search::condition(query, &filter.text, &[("t.id", "terminal")]);
        match filter.province.as_str() {
            "" => {}
            // Some hospitals came without a province; the gap is shown, not hidden.
            "-" => {
                query.push(" AND t.province = ''");
            }
            province => {
                query.push_with(" AND t.province = ?", [province]);
            }
        }
        for (column, value) in [("kind", &filter.kind), ("level", &filter.level)] {
            if !value.is_empty() {
                query.push_with(&format!(" AND t.{column} = ?"), [value]);
            }
        }
        match filter.assigned.as_str() {
            "yes" => query.push(&format!(" AND EXISTS ({OPEN})")),
            "no" => query.push(&format!(" AND NOT EXISTS ({OPEN})")),
            _ => query,
        };
    };
    let mut count = q("SELECT COUNT(*)");
    narrow(&mut count);
    let total = count.count(db).await?;
    // The rows of the page first: what is counted for each must not be counted for all.
    let order = order(&filter.sort);
    let mut rows = q(
        "SELECT t.id, t.code, t.name, t.kind, t.province, t.city, t.level, t.latitude IS NOT NULL AS located, \
         (SELECT s.name FROM terminal_assignment a JOIN staff s ON s.id = a.staff_id \
          WHERE a.terminal_id = t.id AND a.ends_on IS NULL AND a.business_line = 'default') AS owner, \
         (SELECT COUNT(*) FROM hcp h WHERE h.terminal_id = t.id AND h.state <> 'merged') AS hcps \
         FROM terminal t JOIN (SELECT t.id",
    );
    narrow(&mut rows);
    rows.push_with(
        &format!(" ORDER BY {order} LIMIT ? OFFSET ?"),
        [PAGE_SIZE, offset(page)],
    );
    rows.push(&format!(") p ON p.id = t.id ORDER BY {order}"));
    let rows: Vec<TerminalRow> = rows.all(db).await?;
    Ok(TerminalPage {
        page: Page { rows, total, page },
        provinces: distinct(db, "province")
            .await?
            .into_iter()
            .map(|p| if p.is_empty() { "-".into() } else { p })
            .collect(),
        kinds: distinct(db, "kind").await?,
        levels: distinct(db, "level")
            .await?
            .into_iter()
            .filter(|l| !l.is_empty())
            .collect(),
        reps: reps(db, actor).await?,
    })
}

/// The values of a column of the terminals, of which a company has some thousand.
async fn distinct(db: &Db, column: &'static str) -> DbResult<Vec<String>> {
    let rows: Vec<(String,)> = q(format!(
        "SELECT DISTINCT {column} FROM terminal ORDER BY {column}"
    ))
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(value,)| value).collect())
}

/// Those to whom the actor can give a terminal, as `employee number name`.
pub async fn reps(db: &Db, actor: &Actor) -> DbResult<Vec<String>> {
    if !actor.role.may(Permission::ManageOrg) {
        return Ok(Vec::new());
    }
    let rows: Vec<(String,)> = q(format!(
        "SELECT {LABEL} FROM staff s WHERE {ASSIGNABLE} ORDER BY s.name, s.id LIMIT 3000"
    ))
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(label,)| label).collect())
}

/// Makes a terminal findable by its name, city, code and aliases as they stand now.
pub async fn reindex(tx: &mut Tx, id: &str) -> DbResult<()> {
    let (name, city, code): (String, String, String) =
        q("SELECT name, city, code FROM terminal WHERE id = $1")
            .bind(id)
            .one(&mut *tx)
            .await?;
    let aliases: Vec<(String,)> = q("SELECT alias FROM terminal_alias WHERE terminal_id = $1")
        .bind(id)
        .all(&mut *tx)
        .await?;
    let texts: Vec<&str> = [&name, &city, &code]
        .into_iter()
        .chain(aliases.iter().map(|(alias,)| alias))
        .map(String::as_str)
        .collect();
    search::index(tx, "terminal", id, &texts).await
}

/// [`give`], with its audit event at once; gives whether anything changed.
pub async fn assign(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    terminal_id: &str,
    staff_id: &str,
    from: &str,
) -> Result<bool, AppError> {
    let Some(detail) = give(state, tx, actor, terminal_id, staff_id, from).await? else {
        return Ok(false);
    };
    let event = Event::new("terminal.assign", "terminal", terminal_id).detail(detail);
    audit::record(&state.keys, tx, actor, event).await?;
    Ok(true)
}

/// Gives a terminal to a person from a day on; the one before ends the day before. Gives the detail of the audit event
/// `terminal.assign`, which the caller writes; `None` if they have it already.
///
/// `Conflict` if an assignment that begins on or after that day stands already.
pub async fn give(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    terminal_id: &str,
    staff_id: &str,
    from: &str,
) -> Result<Option<Value>, AppError> {
    tx.serialise(Lock::Assignments).await?;
    let open: Option<(String, String, String)> =
        q("SELECT id, staff_id, starts_on FROM terminal_assignment \
         WHERE terminal_id = $1 AND business_line = 'default' AND ends_on IS NULL")
        .bind(terminal_id)
        .optional(&mut *tx)
        .await?;
    let overlaps = q("SELECT COUNT(*) FROM terminal_assignment WHERE terminal_id = $1 AND business_line = 'default' \
         AND ends_on IS NOT NULL AND ends_on >= $2")
    .bind(terminal_id)
    .bind(from)
    .count(&mut *tx)
    .await?;
    if let Some((id, holder, starts_on)) = open {
        if holder == staff_id {
            return Ok(None);
        }
        if starts_on.as_str() > from {
            return Err(AppError::Conflict("error.assigned_later".into()));
        }
        if starts_on == from {
            // Given anew on the day it began: the earlier one never held.
            q("DELETE FROM terminal_assignment WHERE id = $1")
                .bind(id)
                .exec(&mut *tx)
                .await?;
        } else {
            q("UPDATE terminal_assignment SET ends_on = $1 WHERE id = $2")
                .bind(time::shift_day(from, -1))
                .bind(id)
                .exec(&mut *tx)
                .await?;
        }
    }
    if overlaps > 0 {
        return Err(AppError::Conflict("error.assigned_later".into()));
    }
    q("INSERT INTO terminal_assignment (id, terminal_id, staff_id, starts_on, created_by, created_at) \
       VALUES ($1, $2, $3, $4, $5, $6)")
    .bind(crypto::new_id())
    .bind(terminal_id)
    .bind(staff_id)
    .bind(from)
    .bind(&actor.id)
    .bind(time::now())
    .exec(&mut *tx)
    .await?;
    if from < state.zone.today().as_str() {
        crate::flow::store::recredit(tx, terminal_id, from).await?;
    }
    // HCPs of the hospital who belong to nobody go to the new one; others stay, since what was earned stays. Who begins
    // later does not look after anybody yet.
    if from <= state.zone.today().as_str() {
        crate::hcp::store::own_unowned(tx, actor, terminal_id, staff_id).await?;
    }
    Ok(Some(json!({ "staff": staff_id, "from": from })))
}

/// [`assign`] from its form; `staff` is a label of the list, an employee number, or a name that one person bears.
pub async fn assign_one(
    state: &AppState,
    actor: &Actor,
    terminal: &str,
    staff: &str,
    from: &str,
) -> Result<Saved, AppError> {
    q("SELECT id FROM terminal WHERE id = $1")
        .bind(terminal)
        .one::<(String,)>(&state.db)
        .await?;
    let found: Vec<(String,)> =
        q(format!("SELECT s.id FROM staff s WHERE {ASSIGNABLE} AND ({LABEL} = $1 OR s.employee_no = $1 OR s.name = $1) LIMIT 2"))
            .bind(staff)
            .all(&state.db)
            .await?;
    let [(staff,)] = found.as_slice() else {
        let key = if found.is_empty() {
            "field.person_unknown"
        } else {
            "field.person_several"
        };
        return Err(AppError::field("staff", key));
    };
    let mut tx = state.db.begin().await?;
    assign(state, &mut tx, actor, terminal, staff, from).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// Gives HCPs of nobody to those whose assignment has begun since it was entered, as [`assign`] does at once for one
/// that begins today.
pub async fn begin_due(state: &AppState) -> Result<(), AppError> {
    let due: Vec<(String, String)> = q(
        "SELECT a.terminal_id, a.staff_id FROM terminal_assignment a WHERE a.business_line = 'default' \
         AND a.starts_on <= $1 AND (a.ends_on IS NULL OR a.ends_on >= $1) AND a.created_at < $2 AND a.starts_on >= $3 \
         AND EXISTS (SELECT 1 FROM hcp h WHERE h.terminal_id = a.terminal_id AND h.owner_id IS NULL \
         AND h.state NOT IN ('pending', 'merged'))",
    )
    .bind(state.zone.today())
    .bind(state.zone.start_of(&state.zone.today()).unwrap_or(0))
    // A server that stood still for a week still catches up.
    .bind(time::shift_day(&state.zone.today(), -7))
    .all(&state.db)
    .await?;
    for (terminal_id, staff_id) in due {
        let mut tx = state.db.begin().await?;
        crate::hcp::store::own_unowned(&mut tx, &Actor::system(), &terminal_id, &staff_id).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Ends all assignments of a person who leaves today, so that a successor can begin today: what began earlier ends
/// yesterday, and what begins today or later never holds.
pub async fn end_all_of(tx: &mut Tx, staff_id: &str, today: &str) -> DbResult<()> {
    tx.serialise(Lock::Assignments).await?;
    q("DELETE FROM terminal_assignment WHERE staff_id = $1 AND starts_on >= $2")
        .bind(staff_id)
        .bind(today)
        .exec(&mut *tx)
        .await?;
    q("UPDATE terminal_assignment SET ends_on = $1 WHERE staff_id = $2 AND (ends_on IS NULL OR ends_on >= $3)")
        .bind(time::shift_day(today, -1))
        .bind(staff_id)
        .bind(today)
        .exec(tx)
        .await?;
    Ok(())
}

/// The owner of each terminal that has one on a day (`YYYY-MM-DD`).
pub async fn owners<'a>(on: impl Into<Exec<'a>>, today: &str) -> DbResult<HashMap<String, String>> {
    let rows: Vec<(String, String)> = q(
        "SELECT terminal_id, staff_id FROM terminal_assignment WHERE business_line = 'default' \
         AND starts_on <= $1 AND (ends_on IS NULL OR ends_on >= $1)",
    )
    .bind(today)
    .all(on)
    .await?;
    Ok(rows.into_iter().collect())
}

/// The kind of a terminal that sells on to others.
pub const DISTRIBUTOR: &str = "商业公司";

/// Terminals that a text finds by name, alias, city or code, for choosing a workplace; at most ten.
/// `distributors` says whether only those, only others, or all.
pub async fn suggest(
    db: &Db,
    text: &str,
    distributors: Option<bool>,
) -> DbResult<Vec<(String, String)>> {
    let mut query = q(
        "SELECT t.id, CASE WHEN t.city = '' THEN t.name ELSE t.name || '（' || t.city || '）' END \
         FROM terminal t WHERE 1 = 1",
    );
    if let Some(only) = distributors {
        let sign = if only { "=" } else { "<>" };
        query.push_with(&format!(" AND t.kind {sign} ?"), [DISTRIBUTOR]);
    }
    search::condition(&mut query, text, &[("t.id", "terminal")]);
    query.push(" ORDER BY LENGTH(t.name), t.name, t.id LIMIT 10");
    query.all(db).await
}
