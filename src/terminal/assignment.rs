//! Who looks after which terminal, by business line and day.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::model::MAIN_LINE;
use super::rules::LINE_LENGTH;
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Exec, Lock, Tx, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, time};
use crate::shared::{AppError, Permission, Saved};

/// How a person stands in the list of those to whom a terminal can be given.
const LABEL: &str = "TRIM(COALESCE(s.employee_no, '') || ' ' || s.name)";
const ASSIGNABLE: &str =
    "s.left_at IS NULL AND s.role IN ('rep', 'otc_rep', 'trade_rep', 'manager')";

/// Those to whom the actor can give a terminal, as `employee number name`.
pub async fn reps(db: &Db, actor: &Actor) -> DbResult<Vec<String>> {
    if !actor.role.may(Permission::ManageOrg) {
        return Ok(Vec::new());
    }
    let rows: Vec<(String,)> = q(format!(
        "SELECT {LABEL} FROM staff s WHERE {ASSIGNABLE} ORDER BY s.name COLLATE pinyin, s.id LIMIT 3000"
    ))
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(label,)| label).collect())
}

/// The id of the one that a label of the list, an employee number, or a name means; else what is wrong with it.
pub async fn person(db: &Db, typed: &str) -> DbResult<Result<String, &'static str>> {
    let found: Vec<(String,)> = q(format!(
        "SELECT s.id FROM staff s WHERE {ASSIGNABLE} AND ({LABEL} = $1 OR s.employee_no = $1 OR s.name = $1) LIMIT 2"
    ))
    .bind(typed)
    .all(db)
    .await?;
    Ok(match found.as_slice() {
        [(id,)] => Ok(id.clone()),
        [] => Err("field.person_unknown"),
        _ => Err("field.person_several"),
    })
}

/// Whom a filter by holder means: nothing where it is empty, nobody where it means no one.
pub async fn holder(db: &Db, typed: &str) -> DbResult<Option<Option<String>>> {
    if typed.is_empty() {
        return Ok(None);
    }
    Ok(Some(person(db, typed).await?.ok()))
}

/// [`give`], with its audit event at once; gives whether anything changed.
pub async fn assign(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    terminal_id: &str,
    staff_id: &str,
    line: &str,
    from: &str,
) -> Result<bool, AppError> {
    let Some(detail) = give(state, tx, actor, terminal_id, staff_id, line, from).await? else {
        return Ok(false);
    };
    let event = Event::new("terminal.assign", "terminal", terminal_id).detail(detail);
    audit::record(&state.keys, tx, actor, event).await?;
    Ok(true)
}

/// [`place`], with what follows for the lines of flow: those sold since credit the new one.
pub async fn give(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    terminal_id: &str,
    staff_id: &str,
    line: &str,
    from: &str,
) -> Result<Option<Value>, AppError> {
    let detail = place(state, tx, actor, terminal_id, staff_id, line, from).await?;
    if detail.is_some() && from <= state.zone.today().as_str() {
        crate::flow::store::recredit(tx, &[terminal_id.to_owned()], from).await?;
    }
    Ok(detail)
}

/// Gives a terminal in a business line to a person from a day on; the one before ends the day before. Gives the detail of the audit event
/// `terminal.assign`, which the caller writes; `None` if they have it already.
///
/// `Conflict` if an assignment that begins on or after that day stands already.
pub async fn place(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    terminal_id: &str,
    staff_id: &str,
    line: &str,
    from: &str,
) -> Result<Option<Value>, AppError> {
    tx.serialise(Lock::Assignments).await?;
    let open: Option<(String, String, String)> =
        q("SELECT id, staff_id, starts_on FROM terminal_assignment \
         WHERE terminal_id = $1 AND business_line = $2 AND ends_on IS NULL")
        .bind(terminal_id)
        .bind(line)
        .optional(&mut *tx)
        .await?;
    let overlaps = q(
        "SELECT COUNT(*) FROM terminal_assignment WHERE terminal_id = $1 AND business_line = $3 \
         AND ends_on IS NOT NULL AND ends_on >= $2",
    )
    .bind(terminal_id)
    .bind(from)
    .bind(line)
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
    q("INSERT INTO terminal_assignment (id, terminal_id, staff_id, starts_on, created_by, created_at, business_line) \
       VALUES ($1, $2, $3, $4, $5, $6, $7)")
    .bind(crypto::new_id())
    .bind(terminal_id)
    .bind(staff_id)
    .bind(from)
    .bind(&actor.id)
    .bind(time::now())
    .bind(line)
    .exec(&mut *tx)
    .await?;
    // HCPs of the hospital who belong to nobody go to the new one of the main line; others stay, since what was earned
    // stays. Who begins later does not look after anybody yet.
    if line == MAIN_LINE && from <= state.zone.today().as_str() {
        crate::hcp::store::own_unowned(tx, actor, terminal_id, staff_id).await?;
    }
    Ok(Some(
        json!({ "staff": staff_id, "line": line, "from": from }),
    ))
}

/// [`assign`] from its form; `staff` is a label of the list, an employee number, or a name that one person bears.
pub async fn assign_one(
    state: &AppState,
    actor: &Actor,
    terminal: &str,
    staff: &str,
    line: &str,
    from: &str,
) -> Result<Saved, AppError> {
    q("SELECT id FROM terminal WHERE id = $1")
        .bind(terminal)
        .one::<(String,)>(&state.db)
        .await?;
    let staff = person(&state.db, staff)
        .await?
        .map_err(|key| AppError::field("staff", key))?;
    if line.chars().count() > LINE_LENGTH {
        return Err(AppError::field("line", "field.too_long"));
    }
    let mut tx = state.db.begin().await?;
    assign(state, &mut tx, actor, terminal, &staff, line, from).await?;
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
