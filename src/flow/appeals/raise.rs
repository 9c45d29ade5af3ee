//! Raising an appeal about a line, or about one that is missing.

use std::collections::BTreeSet;

use serde_json::json;

use super::thread::{With, next_people, note, tell};
use super::{STEP_DAYS, taken_back};
use crate::flow::confirm::is_owner;
use crate::flow::import::MOST_QUANTITY;
use crate::flow::lines;
use crate::flow::model::APPEAL_REASONS;
use crate::flow::rules;
use crate::flow::sums::{self, Cell};
use crate::learning::workdays;
use crate::server::audit::{self, Event};
use crate::server::db::{is_unique_violation, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Role, Saved};

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
    let today = state.zone.today();
    let product = line.as_ref().map_or(Some(new.product_id.as_str()), |line| {
        line.product_id.as_deref()
    });
    let owner = lines::owner(&state.db, Some(&terminal_id), product, &today).await?;
    let theirs = owner.as_deref() == Some(actor.id.as_str());
    let may = if about_line {
        theirs
    } else {
        is_owner(state, &state.db, actor, &terminal_id).await?
    };
    if !may {
        return Err(AppError::NotFound);
    }
    let quantity = rules::whole(&new.quantity).filter(|n| n.abs() <= MOST_QUANTITY);
    let names_quantity = matches!(new.reason.as_str(), "quantity" | "missing");
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
                new.product_id.is_empty() || theirs,
                "product_id",
                "flow.other_line",
            )
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
    note(&mut tx, actor, &id, "raised", "", With::default()).await?;
    sums::resum(&mut tx, &cells).await?;
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
