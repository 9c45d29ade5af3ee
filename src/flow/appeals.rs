//! Appeals (申诉): raised by a terminal's owner, looked at by their manager, decided by operations; a correction is a
//! reversal and a new line.

use std::collections::BTreeSet;

use serde_json::json;

use super::confirm::is_owner;
use super::import::MOST_QUANTITY;
use super::lines::{self, Cell, Corrected, Line};
use super::model::{
    APPEAL_REASONS, Appeal, AppealPage, AppealRow, AppealStat, AppealStep, LineRow,
    appeal_reason_label,
};
use super::rules::month_of;
use crate::identity;
use crate::inbox::{self, Message};
use crate::learning::workdays;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Query, Tx, is_unique_violation, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, files, form_key, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset};
use crate::shared::{AppError, Page, Permission, Role, Saved};

/// Workdays for each step.
const STEP_DAYS: i64 = 3;
/// Photos of one appeal at most.
const PHOTOS_MOST: i64 = 12;

/// An appeal as it is typed.
#[derive(Debug, Clone, Default)]
pub struct NewAppeal {
    /// The line it is about, or empty for one that is missing.
    pub line_id: String,
    pub terminal_id: String,
    pub product_id: String,
    pub distributor_id: String,
    pub reason: String,
    pub body: String,
    pub quantity: String,
    pub sold_on: String,
    pub document_no: String,
}

#[derive(Debug, Clone, sqlx::FromRow)]
struct Stored {
    id: String,
    line_id: Option<String>,
    terminal_id: String,
    terminal: String,
    distributor_id: Option<String>,
    product_id: Option<String>,
    product: Option<String>,
    reason: String,
    body: String,
    quantity: Option<i64>,
    sold_on: Option<String>,
    document_no: String,
    state: String,
    round: i64,
    due_on: String,
    staff_id: String,
    by_name: String,
    created_at: i64,
}

/// Begins a query of appeals within scope: one's own, a manager's team's, the company's.
fn select(actor: &Actor) -> Query {
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

fn is_open(state: &str) -> bool {
    matches!(state, "manager" | "operations")
}

fn row(state: &AppState, stored: &Stored) -> AppealRow {
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

async fn stored(state: &AppState, actor: &Actor, id: &str) -> Result<Stored, AppError> {
    let mut query = select(actor);
    query.push_with(" AND a.id = ?", [id]);
    Ok(query.one(&state.db).await?)
}

/// One appeal within scope with its thread.
pub async fn get(state: &AppState, actor: &Actor, id: &str) -> Result<Appeal, AppError> {
    let stored = stored(state, actor, id).await?;
    let line: Option<LineRow> = match &stored.line_id {
        Some(line) => {
            let mut query = lines::shown();
            query.push_with("l.id = ?", [line]);
            lines::rows(actor, query, &state.db)
                .await?
                .into_iter()
                .next()
        }
        None => None,
    };
    let steps: Vec<(String, String, String, i64, String, Option<String>)> = q(
        "SELECT p.id, p.act, s.name, p.at, p.body, p.file_id FROM flow_appeal_step p JOIN staff s ON s.id = p.staff_id \
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
            .map(|(id, act, by, at, body, file)| AppealStep {
                id,
                act,
                by,
                at: state.zone.minute(at),
                body,
                photo: file.is_some(),
            })
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
    let mut query = lines::shown();
    lines::visible(actor, &state.zone.today(), "l.terminal_id", &mut query);
    query.push_with(" AND l.id = ?", [id]);
    Ok(lines::rows(actor, query, &state.db)
        .await?
        .into_iter()
        .next())
}

/// Writes a step of an appeal.
async fn note(
    tx: &mut Tx,
    actor: &Actor,
    appeal: &str,
    act: &str,
    body: &str,
    file: Option<(&str, &str)>,
) -> DbResult<()> {
    q(
        "INSERT INTO flow_appeal_step (id, appeal_id, staff_id, act, body, file_id, file_type, at) \
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(crypto::new_id())
    .bind(appeal)
    .bind(&actor.id)
    .bind(act)
    .bind(body.trim())
    .bind(file.map(|(id, _)| id))
    .bind(file.map(|(_, kind)| kind))
    .bind(time::now())
    .exec(tx)
    .await?;
    Ok(())
}

/// Tells people of an appeal, each once for each kind and round.
async fn tell(
    tx: &mut Tx,
    to: &[String],
    kind: &str,
    appeal: &str,
    mark: &str,
    by: &str,
) -> DbResult<()> {
    let path = format!("/flow/appeals/{appeal}");
    let marks: Vec<String> = to
        .iter()
        .map(|person| format!("{kind}:{appeal}:{mark}:{person}"))
        .collect();
    let args = [("by", by)];
    let messages: Vec<Message<'_>> = to
        .iter()
        .zip(&marks)
        .map(|(person, dedupe)| Message {
            staff_id: person,
            kind,
            args: &args,
            path: &path,
            about: "",
            dedupe,
        })
        .collect();
    inbox::send(tx, &messages).await?;
    Ok(())
}

/// Those who look at an appeal next: the managers above, or else operations.
async fn next_people(tx: &mut Tx, state_of: &str, staff_id: &str) -> DbResult<Vec<String>> {
    if state_of == "manager" {
        let managers: Vec<(String,)> = q(
            "SELECT DISTINCT m.staff_id FROM staff s JOIN org_closure c ON c.descendant_id = s.unit_id \
             JOIN unit_manager m ON m.unit_id = c.ancestor_id JOIN staff b ON b.id = m.staff_id AND b.left_at IS NULL \
             WHERE s.id = $1 AND m.staff_id <> $1 AND b.role = 'manager' AND c.depth = (SELECT MIN(c2.depth) \
             FROM org_closure c2 JOIN unit_manager m2 ON m2.unit_id = c2.ancestor_id \
             JOIN staff b2 ON b2.id = m2.staff_id AND b2.left_at IS NULL AND b2.role = 'manager' \
             WHERE c2.descendant_id = s.unit_id AND m2.staff_id <> $1)",
        )
        .bind(staff_id)
        .all(&mut *tx)
        .await?;
        return Ok(managers.into_iter().map(|(id,)| id).collect());
    }
    identity::store::holders(tx, Permission::OperateFlow).await
}

/// Raises an appeal about a line of a terminal that one looks after, or about one that is missing there.
pub async fn raise(
    state: &AppState,
    actor: &Actor,
    key: &str,
    new: NewAppeal,
) -> Result<Saved, AppError> {
    let about_line = !new.line_id.is_empty();
    let line = if about_line {
        Some(lines::find(&state.db, &new.line_id).await?)
    } else {
        None
    };
    let terminal_id = match &line {
        Some(line) => line.terminal_id.clone().ok_or(AppError::NotFound)?,
        None => new.terminal_id.clone(),
    };
    if !is_owner(state, &state.db, actor, &terminal_id).await? {
        return Err(AppError::NotFound);
    }
    let quantity = super::rules::whole(&new.quantity).filter(|n| n.abs() <= MOST_QUANTITY);
    let names_quantity = matches!(new.reason.as_str(), "quantity" | "missing");
    let today = state.zone.today();
    let mut checks = Checks::default();
    checks
        .ensure(
            APPEAL_REASONS.contains(&new.reason.as_str())
                && about_line != (new.reason == "missing"),
            "reason",
            "field.required",
        )
        .text(&new.body, "body", 2_000)
        .ensure(
            !names_quantity || quantity.is_some(),
            "quantity",
            "field.whole_number",
        );
    if !about_line {
        checks
            .ensure(
                time::is_day(&new.sold_on) && new.sold_on <= today,
                "sold_on",
                "field.past_day",
            )
            .ensure(!new.product_id.is_empty(), "product_id", "field.required")
            .ensure(
                !new.distributor_id.is_empty(),
                "distributor_id",
                "field.required",
            );
    }
    checks.done()?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let mut cells: BTreeSet<Cell> = BTreeSet::new();
    if let Some(line) = &line {
        let held = lines::hold(&mut tx, [line.month.clone()]).await?;
        let now = lines::find(&mut tx, &line.id).await?;
        if !matches!(now.state.as_str(), "open" | "confirmed")
            || taken_back(&mut tx, &line.id).await?
        {
            return Err(AppError::Conflict("flow.line_changed".into()));
        }
        // A rejected one is raised once more by itself, and no other takes its place.
        let rejected =
            q("SELECT COUNT(*) FROM flow_appeal WHERE line_id = $1 AND state = 'rejected'")
                .bind(&line.id)
                .count(&mut tx)
                .await?;
        if rejected > 0 {
            return Err(AppError::Conflict("flow.appeal_again_only".into()));
        }
        if !held.is_closed(&line.month) {
            q("UPDATE flow_line SET state = 'appealed', confirmed_by = NULL, confirmed_at = NULL WHERE id = $1")
                .bind(&line.id)
                .exec(&mut tx)
                .await?;
            cells.insert((line.month.clone(), line.terminal_id.clone()));
        }
    } else {
        for (sql, id, field) in [
            (
                "SELECT COUNT(*) FROM product WHERE id = $1",
                &new.product_id,
                "product_id",
            ),
            (
                "SELECT COUNT(*) FROM flow_distributor WHERE id = $1",
                &new.distributor_id,
                "distributor_id",
            ),
        ] {
            if q(sql).bind(id).count(&mut tx).await? == 0 {
                return Err(AppError::field(field, "field.required"));
            }
        }
    }
    let id = crypto::new_id();
    // A manager's own appeals go to operations at once, and so do those of people without a manager.
    let managers = next_people(&mut tx, "manager", &actor.id).await?;
    let state_of = if actor.role == Role::Manager || managers.is_empty() {
        "operations"
    } else {
        "manager"
    };
    let filled = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    let written = q(
        "INSERT INTO flow_appeal (id, line_id, terminal_id, distributor_id, product_id, reason, body, quantity, sold_on, \
         document_no, state, round, due_on, staff_id, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $13, $14)",
    )
    .bind(&id)
    .bind(line.as_ref().map(|l| l.id.clone()))
    .bind(&terminal_id)
    .bind(filled(&new.distributor_id).filter(|_| !about_line))
    .bind(filled(&new.product_id).filter(|_| !about_line))
    .bind(&new.reason)
    .bind(new.body.trim())
    .bind(quantity.filter(|_| names_quantity))
    .bind(filled(&new.sold_on).filter(|_| !about_line))
    .bind(new.document_no.trim().chars().take(60).collect::<String>())
    .bind(state_of)
    .bind(workdays::shift(&today, STEP_DAYS))
    .bind(&actor.id)
    .bind(time::now())
    .exec(&mut tx)
    .await;
    match written {
        Err(error) if is_unique_violation(&error) => {
            return Err(AppError::Conflict("flow.appeal_open".into()));
        }
        other => other?,
    };
    note(&mut tx, actor, &id, "raised", "", None).await?;
    lines::resum(&mut tx, &cells).await?;
    let people = if state_of == "manager" {
        managers
    } else {
        next_people(&mut tx, state_of, &actor.id).await?
    };
    tell(
        &mut tx,
        &people,
        "message.flow_appeal",
        &id,
        "1",
        &actor.name,
    )
    .await?;
    let event = Event::new("flow.appeal", "flow_appeal", &id).detail(
        json!({ "terminal": terminal_id, "line": line.map(|l| l.id), "reason": new.reason }),
    );
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let saved = Saved::go("notice.flow_appealed", format!("/flow/appeals/{id}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    state.live.tell_all(people);
    Ok(saved)
}

async fn taken_back(tx: &mut Tx, line: &str) -> DbResult<bool> {
    Ok(q("SELECT COUNT(*) FROM flow_line WHERE reverses_id = $1")
        .bind(line)
        .count(tx)
        .await?
        > 0)
}

/// What operations put in a line's place.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    pub accept: bool,
    pub body: String,
    /// none, reverse, quantity, terminal or add.
    pub correction: String,
    pub quantity: String,
    /// Code or exact name of a terminal; empty where the line is to wait for one.
    pub terminal: String,
}

/// Says something, or takes the next step: `comment`, `support`, `oppose`, `withdraw`, `again`.
pub async fn step(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    act: &str,
    body: &str,
) -> Result<Saved, AppError> {
    let appeal = get(state, actor, id).await?;
    let stored = stored(state, actor, id).await?;
    let allowed = match act {
        "comment" => true,
        "support" | "oppose" => appeal.may_support,
        "withdraw" => appeal.may_withdraw,
        "again" => appeal.may_raise_again,
        _ => return Err(AppError::NotFound),
    };
    let mut checks = Checks::default();
    if matches!(act, "comment" | "oppose" | "again") {
        checks.text(body, "body", 2_000);
    }
    checks
        .ensure(body.chars().count() <= 2_000, "body", "field.too_long")
        .done()?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    if !allowed {
        return Err(AppError::Conflict("flow.appeal_moved".into()));
    }
    let (to, kept): (&str, &str) = match act {
        "support" => ("operations", "supported"),
        "oppose" => ("rejected", "opposed"),
        "withdraw" => ("withdrawn", "withdrawn"),
        "again" => ("operations", "again"),
        _ => (appeal.row.state.as_str(), "comment"),
    };
    let mut people = Vec::new();
    if act != "comment" {
        let now = time::now();
        let ended = !is_open(to);
        let held = q("UPDATE flow_appeal SET state = $1, round = $2, due_on = $3, decided_at = $4 WHERE id = $5 AND state = $6")
            .bind(to)
            .bind(if act == "again" { 2 } else { appeal.row.round })
            .bind(workdays::shift(&state.zone.today(), STEP_DAYS))
            .bind(ended.then_some(now))
            .bind(id)
            .bind(&appeal.row.state)
            .exec(&mut tx)
            .await;
        match held {
            Err(error) if is_unique_violation(&error) => {
                return Err(AppError::Conflict("flow.appeal_open".into()));
            }
            other => {
                if other? == 0 {
                    return Err(AppError::Conflict("flow.appeal_moved".into()));
                }
            }
        }
        mark_line(&mut tx, &stored, if ended { "open" } else { "appealed" }).await?;
        let kind = if ended {
            "message.flow_appeal_ended"
        } else {
            "message.flow_appeal"
        };
        people = if ended {
            vec![stored.staff_id.clone()]
        } else {
            next_people(&mut tx, to, &stored.staff_id).await?
        };
        people.retain(|person| *person != actor.id);
        tell(&mut tx, &people, kind, id, kept, &actor.name).await?;
        let event = Event::new("flow.appeal_step", "flow_appeal", id).detail(json!({ "act": act }));
        audit::record(&state.keys, &mut tx, actor, event).await?;
    }
    note(&mut tx, actor, id, kept, body, None).await?;
    let saved = Saved::stay("notice.saved");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    state.live.tell_all(people);
    Ok(saved)
}

/// Marks the line of an appeal as appealed or open again, unless its month has closed.
async fn mark_line(tx: &mut Tx, appeal: &Stored, to: &str) -> Result<(), AppError> {
    let Some(line) = &appeal.line_id else {
        return Ok(());
    };
    let line = lines::find(&mut *tx, line).await?;
    let held = lines::hold(tx, [line.month.clone()]).await?;
    let from = if to == "open" { "appealed" } else { "open" };
    if held.is_closed(&line.month) {
        return Ok(());
    }
    q(
        "UPDATE flow_line SET state = $1, confirmed_by = NULL, confirmed_at = NULL WHERE id = $2 \
       AND (state = $3 OR (state = 'confirmed' AND $1 = 'appealed'))",
    )
    .bind(to)
    .bind(&line.id)
    .bind(from)
    .exec(&mut *tx)
    .await?;
    lines::resum(tx, &BTreeSet::from([(line.month, line.terminal_id)])).await?;
    Ok(())
}

/// Decides an appeal: rejects it with a reason, or accepts it and corrects what it is about.
pub async fn decide(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    decision: Decision,
) -> Result<Saved, AppError> {
    let stored = stored(state, actor, id).await?;
    let correction = if decision.accept {
        decision.correction.as_str()
    } else {
        "none"
    };
    let fits = match correction {
        "none" => true,
        "add" => stored.line_id.is_none(),
        "reverse" | "quantity" | "terminal" => stored.line_id.is_some(),
        _ => false,
    };
    let quantity = super::rules::whole(&decision.quantity).filter(|n| n.abs() <= MOST_QUANTITY);
    let mut checks = Checks::default();
    checks.ensure(fits, "correction", "field.required").ensure(
        !matches!(correction, "quantity" | "add") || quantity.is_some(),
        "quantity",
        "field.whole_number",
    );
    if !decision.accept {
        checks.text(&decision.body, "body", 2_000);
    }
    checks
        .ensure(
            decision.body.chars().count() <= 2_000,
            "body",
            "field.too_long",
        )
        .done()?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let to = if decision.accept {
        "accepted"
    } else {
        "rejected"
    };
    let won = q(
        "UPDATE flow_appeal SET state = $1, decided_at = $2 WHERE id = $3 AND state = 'operations'",
    )
    .bind(to)
    .bind(time::now())
    .bind(id)
    .exec(&mut tx)
    .await?;
    if won == 0 {
        return Err(AppError::Conflict("flow.appeal_moved".into()));
    }
    let mut cells = BTreeSet::new();
    if correction == "none" {
        mark_line(&mut tx, &stored, "open").await?;
    } else {
        correct(
            &mut tx,
            &stored,
            correction,
            quantity,
            &decision.terminal,
            &mut cells,
        )
        .await?;
    }
    note(&mut tx, actor, id, to, &decision.body, None).await?;
    let people = vec![stored.staff_id.clone()];
    tell(
        &mut tx,
        &people,
        "message.flow_appeal_ended",
        id,
        &format!("{to}{}", stored.round),
        &actor.name,
    )
    .await?;
    let event = Event::new("flow.appeal_decide", "flow_appeal", id).detail(
        json!({ "accept": decision.accept, "correction": correction, "quantity": quantity }),
    );
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let saved = Saved::stay("notice.flow_decided");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    state.live.tell_all(people);
    Ok(saved)
}

/// Carries a correction out.
async fn correct(
    tx: &mut Tx,
    appeal: &Stored,
    correction: &str,
    quantity: Option<i64>,
    terminal: &str,
    cells: &mut BTreeSet<Cell>,
) -> Result<(), AppError> {
    let held;
    if let Some(line_id) = &appeal.line_id {
        let line = lines::find(&mut *tx, line_id).await?;
        held = lines::hold(tx, [line.month.clone()]).await?;
        let line = lines::find(&mut *tx, line_id).await?;
        let mut to = Corrected::of(&line);
        let to = match correction {
            "reverse" => None,
            "quantity" => {
                to.quantity = quantity.unwrap_or(line.quantity);
                to.amount_fen = amount(&line, to.quantity);
                (to.quantity != 0).then_some(to)
            }
            _ => {
                to.terminal_id = if terminal.trim().is_empty() {
                    None
                } else {
                    Some(super::matching::typed(&mut *tx, terminal).await?)
                };
                Some(to)
            }
        };
        lines::correct(tx, &held, &line, to, cells).await?;
    } else {
        let sold_on = appeal.sold_on.clone().unwrap_or_default();
        held = lines::hold(tx, [month_of(&sold_on).to_owned()]).await?;
        let model = missing_line(tx, appeal, &sold_on, quantity.unwrap_or(0)).await?;
        let to = Corrected {
            terminal_id: Some(appeal.terminal_id.clone()),
            ..Corrected::of(&model)
        };
        lines::add(tx, &held, &model, &to, None, cells).await?;
    }
    // What stands in closed months keeps its sums.
    cells.retain(|(month, _)| !held.is_closed(month));
    lines::resum(tx, cells).await?;
    Ok(())
}

/// A line's amount for another quantity.
fn amount(line: &Line, quantity: i64) -> i64 {
    match line.price_fen {
        Some(price) => price.saturating_mul(quantity),
        None if line.quantity != 0 => {
            let amount = i128::from(line.amount_fen) * i128::from(quantity);
            i64::try_from(amount / i128::from(line.quantity)).unwrap_or(line.amount_fen)
        }
        None => line.amount_fen,
    }
}

/// The line that an appeal says is missing.
async fn missing_line(
    tx: &mut Tx,
    appeal: &Stored,
    sold_on: &str,
    quantity: i64,
) -> Result<Line, AppError> {
    let (code, name, specification, unit): (String, String, String, String) =
        q("SELECT code, name, specification, unit FROM product WHERE id = $1")
            .bind(&appeal.product_id)
            .one(&mut *tx)
            .await?;
    let (terminal_code, terminal_name): (String, String) =
        q("SELECT code, name FROM terminal WHERE id = $1")
            .bind(&appeal.terminal_id)
            .one(&mut *tx)
            .await?;
    // The last price of the product there.
    let price: Option<(Option<i64>,)> = q(
        "SELECT price_fen FROM flow_line WHERE terminal_id = $1 AND product_id = $2 AND price_fen IS NOT NULL \
         ORDER BY sold_on DESC, id DESC LIMIT 1",
    )
    .bind(&appeal.terminal_id)
    .bind(&appeal.product_id)
    .optional(&mut *tx)
    .await?;
    let price = price.and_then(|(fen,)| fen);
    Ok(Line {
        id: String::new(),
        line_key: String::new(),
        value_key: String::new(),
        distributor_id: appeal.distributor_id.clone().unwrap_or_default(),
        document_no: appeal.document_no.clone(),
        line_no: String::new(),
        product_id: appeal.product_id.clone(),
        product_code: code,
        product_name: name,
        specification,
        batch: String::new(),
        expires_on: None,
        quantity,
        unit,
        price_fen: price,
        amount_fen: price.unwrap_or(0).saturating_mul(quantity),
        sold_on: sold_on.to_owned(),
        month: month_of(sold_on).to_owned(),
        terminal_code,
        terminal_name,
        terminal_id: Some(appeal.terminal_id.clone()),
        credited_id: None,
        state: "open".into(),
    })
}

/// Adds a photo as evidence to an appeal that is open, by whoever sees it.
pub async fn evidence(
    state: &AppState,
    actor: &Actor,
    id: &str,
    bytes: Vec<u8>,
) -> Result<(), AppError> {
    let appeal = get(state, actor, id).await?;
    if !is_open(&appeal.row.state) {
        return Err(AppError::Conflict("flow.appeal_moved".into()));
    }
    let (bare, kind) = crate::visit::photo::bare_photo(bytes)?;
    let file = files::put_sealed(state, &bare).await?;
    let mut tx = state.db.begin().await?;
    let there =
        q("SELECT COUNT(*) FROM flow_appeal_step WHERE appeal_id = $1 AND file_id IS NOT NULL")
            .bind(id)
            .count(&mut tx)
            .await?;
    let same = q("SELECT COUNT(*) FROM flow_appeal_step WHERE appeal_id = $1 AND file_id = $2")
        .bind(id)
        .bind(&file)
        .count(&mut tx)
        .await?;
    if same > 0 {
        // Sent twice.
        return Ok(());
    }
    if there >= PHOTOS_MOST {
        return Err(AppError::Conflict("flow.photos_many".into()));
    }
    note(&mut tx, actor, id, "evidence", "", Some((&file, kind))).await?;
    let event =
        Event::new("flow.appeal_step", "flow_appeal", id).detail(json!({ "act": "evidence" }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(())
}

/// The photo of a step of an appeal within scope: its media type and its bytes.
pub async fn photo(
    state: &AppState,
    actor: &Actor,
    step: &str,
) -> Result<(String, Vec<u8>), AppError> {
    let mut query = q(
        "SELECT p.file_id, p.file_type FROM flow_appeal_step p JOIN flow_appeal a ON a.id = p.appeal_id WHERE ",
    );
    actor.scope(&mut query, "a.staff_id");
    query.push_with(" AND p.id = ?", [step]);
    let (file, kind): (Option<String>, Option<String>) = query.one(&state.db).await?;
    let file = file.ok_or(AppError::NotFound)?;
    Ok((
        kind.unwrap_or_default(),
        files::get_sealed(state, &file).await?,
    ))
}
