//! Giving many terminals in one act: what would happen, then all of it or nothing.

use serde_json::json;

use super::model::{MAIN_LINE, MoveForm, MovePreview, MoveRow, TerminalFilter};
use super::rules::{LINE_LENGTH, line_of};
use super::{assignment, store};
use crate::inbox::{self, Message};
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Exec, Lock, Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, form_key, time};
use crate::shared::{AppError, Saved};

/// Terminals that one move takes at most.
pub const MOST: i64 = 1_000;
/// Terminals that the preview names.
const NAMED: i64 = 100;

/// A move that can be reckoned.
struct Plan {
    filter: TerminalFilter,
    line: String,
    holder: Option<String>,
    to: String,
    from: String,
}

/// The plan, or what is wrong by field.
async fn plan(
    db: &Db,
    filter: &TerminalFilter,
    to: &str,
    from: &str,
) -> DbResult<Result<Plan, Vec<(&'static str, &'static str)>>> {
    let mut faults = Vec::new();
    let holder = if filter.holder.is_empty() {
        None
    } else {
        match assignment::person(db, &filter.holder).await? {
            Ok(id) => Some(id),
            Err(fault) => {
                faults.push(("holder", fault));
                None
            }
        }
    };
    let receiver = assignment::person(db, to).await?;
    if let Err(fault) = &receiver {
        faults.push(("to", *fault));
    }
    if !time::is_day(from) {
        faults.push(("from", "field.day"));
    }
    let line = line_of(&filter.line);
    if line.chars().count() > LINE_LENGTH {
        faults.push(("line", "field.too_long"));
    }
    let to = match receiver {
        Ok(to) if faults.is_empty() => to,
        _ => return Ok(Err(faults)),
    };
    if holder.as_ref() == Some(&to) {
        return Ok(Err(vec![("to", "field.transfer_same")]));
    }
    Ok(Ok(Plan {
        // The line narrows only together with who holds it there.
        filter: TerminalFilter {
            line: if holder.is_some() {
                line.clone()
            } else {
                String::new()
            },
            ..filter.clone()
        },
        line,
        holder,
        to,
        from: from.to_owned(),
    }))
}

/// Appends a subquery of `(id, holder_id, why)`: each terminal of the plan with why it stays; `why` is empty for those
/// that move.
fn set(query: &mut Query, plan: &Plan) {
    let (line, to, from) = (
        query.arg(&plan.line),
        query.arg(&plan.to),
        query.arg(&plan.from),
    );
    query.push(&format!(
        "(SELECT m.id, h.staff_id AS holder_id, CASE WHEN h.staff_id = {to} THEN 'same' \
         WHEN h.starts_on > {from} OR EXISTS (SELECT 1 FROM terminal_assignment c WHERE c.terminal_id = m.id \
         AND c.business_line = {line} AND c.ends_on IS NOT NULL AND c.ends_on >= {from}) THEN 'later' ELSE '' END AS why \
         FROM (SELECT t.id"
    ));
    store::narrow(query, &plan.filter, plan.holder.as_deref());
    query.push(&format!(
        ") m LEFT JOIN terminal_assignment h ON h.terminal_id = m.id AND h.business_line = {line} AND h.ends_on IS NULL)"
    ));
}

/// The page of a move with its preview.
pub async fn form(
    state: &AppState,
    actor: &Actor,
    filter: TerminalFilter,
    to: &str,
    from: &str,
) -> Result<MoveForm, AppError> {
    let db = &state.db;
    let from = if from.is_empty() {
        state.zone.today()
    } else {
        from.to_owned()
    };
    let (mut faults, mut shown) = (Vec::new(), None);
    // Nothing is wrong with a form that nobody has filled in yet.
    if !to.is_empty() || !filter.holder.is_empty() {
        match plan(db, &filter, to, &from).await? {
            Ok(plan) => shown = Some(preview(db, &plan).await?),
            Err(found) => faults = found,
        }
    }
    faults.retain(|(field, _)| *field != "to" || !to.is_empty());
    Ok(MoveForm {
        filter,
        to: to.to_owned(),
        from,
        faults: faults
            .into_iter()
            .map(|(field, key)| (field.to_owned(), key.to_owned()))
            .collect(),
        provinces: store::provinces(db).await?,
        kinds: store::distinct(db, "kind").await?,
        levels: store::levels(db).await?,
        lines: crate::product::store::lines(db).await?,
        reps: assignment::reps(db, actor).await?,
        preview: shown,
    })
}

async fn preview(db: &Db, plan: &Plan) -> DbResult<MovePreview> {
    let over = |head: &str, tail: &str| {
        let mut query = q(head);
        set(&mut query, plan);
        query.push(tail);
        query
    };
    let counts: Vec<(String, i64)> = over("SELECT x.why, COUNT(*) FROM ", " x GROUP BY x.why")
        .all(db)
        .await?;
    let of = |why: &str| counts.iter().find(|(w, _)| w == why).map_or(0, |(_, n)| *n);
    let moving = of("");
    let givers = over(
        "SELECT s.name, g.n FROM (SELECT x.holder_id, COUNT(*) AS n FROM ",
        " x WHERE x.why = '' GROUP BY x.holder_id) g LEFT JOIN staff s ON s.id = g.holder_id \
         ORDER BY g.n DESC, g.holder_id LIMIT 50",
    )
    .all(db)
    .await?;
    let free = if plan.line == MAIN_LINE {
        "(SELECT COUNT(*) FROM hcp p WHERE p.terminal_id = t.id AND p.owner_id IS NULL AND p.state NOT IN ('pending', 'merged'))"
    } else {
        "CAST(0 AS BIGINT)"
    };
    let rows: Vec<MoveRow> = over(
        &format!(
            "SELECT t.id, t.code, t.name, CASE WHEN t.city = '' THEN t.province ELSE t.city END AS city, s.name AS holder, \
             {free} AS free FROM "
        ),
        &format!(
            " x JOIN terminal t ON t.id = x.id LEFT JOIN staff s ON s.id = x.holder_id WHERE x.why = '' \
             ORDER BY t.province, t.city, t.name COLLATE pinyin, t.id LIMIT {NAMED}"
        ),
    )
    .all(db)
    .await?;
    Ok(MovePreview {
        moving,
        same: of("same"),
        later: of("later"),
        givers,
        rows,
        too_many: moving > MOST,
    })
}

/// Ids of the terminals that move.
async fn moving<'a>(on: impl Into<Exec<'a>>, plan: &Plan) -> DbResult<Vec<String>> {
    let mut query = q("SELECT x.id FROM ");
    set(&mut query, plan);
    query.push(" x WHERE x.why = '' ORDER BY x.id");
    let rows: Vec<(String,)> = query.all(on).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Carries a move out. `seen` is the number that the preview showed: with another one nothing moves.
pub async fn apply(
    state: &AppState,
    actor: &Actor,
    key: &str,
    filter: TerminalFilter,
    to: &str,
    from: &str,
    seen: i64,
) -> Result<Saved, AppError> {
    let plan = match plan(&state.db, &filter, to, from).await? {
        Ok(plan) => plan,
        Err(faults) => {
            let (field, key) = faults.first().copied().unwrap_or(("to", "field.required"));
            return Err(AppError::field(field, key));
        }
    };
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    tx.serialise(Lock::Assignments).await?;
    // Before any of them changes, so that two who change many do not wait for each other's months.
    if plan.from <= state.zone.today() {
        crate::flow::store::hold_open(&mut tx).await?;
    }
    let ids = moving(&mut tx, &plan).await?;
    let n = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    if n != seen || n == 0 {
        return Err(AppError::Conflict("terminals.move_changed".into()));
    }
    if n > MOST {
        return Err(AppError::Conflict("terminals.move_many".into()));
    }
    for id in &ids {
        assignment::place(state, &mut tx, actor, id, &plan.to, &plan.line, &plan.from).await?;
    }
    if plan.from <= state.zone.today() {
        crate::flow::store::recredit(&mut tx, &ids, &plan.from).await?;
    }
    let event = Event::new("terminal.move", "staff", &plan.to).detail(json!({
        "line": plan.line, "from": plan.from, "holder": plan.holder, "terminals": ids
    }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let (count, dedupe) = (n.to_string(), format!("terminals:{key}:{}", plan.to));
    let message = Message {
        staff_id: &plan.to,
        kind: "message.terminals_given",
        args: &[("n", count.as_str()), ("day", plan.from.as_str())],
        path: "/terminals",
        about: "",
        dedupe: &dedupe,
    };
    inbox::send(&mut tx, &[message]).await?;
    let saved = Saved::go("notice.terminals_moved", "/terminals".to_owned());
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    state.live.tell(&plan.to);
    Ok(saved)
}
