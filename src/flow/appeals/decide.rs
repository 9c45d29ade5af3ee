//! Deciding an appeal; a correction is a reversal and a new line.

use std::collections::BTreeSet;

use serde_json::json;

use super::thread::{With, mark_line, note, tell};
use super::{Stored, stored};
use crate::flow::import::MOST_QUANTITY;
use crate::flow::lines::{self, Corrected, Line};
use crate::flow::matching;
use crate::flow::rules::{self, month_of};
use crate::flow::sums::{self, Cell};
use crate::server::audit::{self, Event};
use crate::server::db::{Tx, q};
use crate::server::guard::Actor;
use crate::server::{AppState, form_key, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Saved};

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
    let quantity = rules::whole(&decision.quantity).filter(|n| n.abs() <= MOST_QUANTITY);
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
    let corrected = if correction == "none" {
        mark_line(&mut tx, &stored, "open").await?;
        String::new()
    } else {
        correct(
            &mut tx,
            &stored,
            correction,
            quantity,
            &decision.terminal,
            &mut cells,
        )
        .await?
    };
    let with = With {
        corrected: decision.accept.then_some((correction, corrected.as_str())),
        ..With::default()
    };
    note(&mut tx, actor, id, to, &decision.body, with).await?;
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

/// Carries a correction out; gives what it made of the quantity or the terminal.
async fn correct(
    tx: &mut Tx,
    appeal: &Stored,
    correction: &str,
    quantity: Option<i64>,
    terminal: &str,
    cells: &mut BTreeSet<Cell>,
) -> Result<String, AppError> {
    let held;
    let mut made = quantity
        .filter(|_| matches!(correction, "quantity" | "add"))
        .map_or_else(String::new, |n| n.to_string());
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
                    let id = matching::typed(&mut *tx, terminal).await?;
                    (made,) = q("SELECT name FROM terminal WHERE id = $1")
                        .bind(&id)
                        .one(&mut *tx)
                        .await?;
                    Some(id)
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
    sums::resum(tx, cells).await?;
    Ok(made)
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
