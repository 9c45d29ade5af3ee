//! SQL of the org tree.

use std::collections::HashMap;

use serde_json::json;

use super::model::Unit;
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Tx, insert_many, is_unique_violation, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::{AppError, Saved};

/// The org tree, parents before children.
pub async fn units(db: &Db) -> DbResult<Vec<Unit>> {
    let mut rows: Vec<Unit> = q("SELECT u.id, u.parent_id, u.name, u.kind, \
         (SELECT COUNT(*) FROM staff s WHERE s.unit_id = u.id AND s.left_at IS NULL) AS people, \
         (SELECT COUNT(*) - 1 FROM org_closure c WHERE c.descendant_id = u.id) AS depth, '' AS managers \
         FROM org_unit u ORDER BY u.name COLLATE pinyin, u.id")
    .all(db)
    .await?;
    let managers: Vec<(String, String)> = q(
        "SELECT m.unit_id, s.name FROM unit_manager m JOIN staff s ON s.id = m.staff_id \
         WHERE s.left_at IS NULL ORDER BY s.name COLLATE pinyin",
    )
    .all(db)
    .await?;
    for (unit_id, name) in managers {
        if let Some(unit) = rows.iter_mut().find(|u| u.id == unit_id) {
            unit.managers = if unit.managers.is_empty() {
                name
            } else {
                [unit.managers.as_str(), &name].join(&tr!("ui.comma"))
            };
        }
    }
    let mut children: HashMap<Option<String>, Vec<Unit>> = HashMap::new();
    for unit in rows {
        children
            .entry(unit.parent_id.clone())
            .or_default()
            .push(unit);
    }
    let mut out = Vec::new();
    let mut open = children.remove(&None).unwrap_or_default();
    open.reverse();
    while let Some(unit) = open.pop() {
        let mut below = children.remove(&Some(unit.id.clone())).unwrap_or_default();
        below.reverse();
        open.extend(below);
        out.push(unit);
    }
    Ok(out)
}

/// Adds a unit below another (or the company itself, without a parent), or gives the one of that name.
pub async fn ensure_unit(
    tx: &mut Tx,
    parent: Option<&str>,
    name: &str,
    kind: &str,
) -> DbResult<String> {
    let found: Option<(String,)> =
        q("SELECT id FROM org_unit WHERE COALESCE(parent_id, '') = $1 AND name = $2")
            .bind(parent.unwrap_or(""))
            .bind(name)
            .optional(&mut *tx)
            .await?;
    if let Some((id,)) = found {
        return Ok(id);
    }
    let id = crypto::new_id();
    q("INSERT INTO org_unit (id, parent_id, name, kind, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(&id)
        .bind(parent)
        .bind(name)
        .bind(kind)
        .bind(time::now())
        .exec(&mut *tx)
        .await?;
    rebuild_closure(tx).await?;
    Ok(id)
}

/// Adds or renames a unit from its form.
pub async fn save_unit(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: Option<&str>,
    parent: Option<&str>,
    name: &str,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let taken = |e: sqlx::Error| {
        if is_unique_violation(&e) {
            AppError::field("name", "field.unit_taken")
        } else {
            e.into()
        }
    };
    let id = match (id, parent) {
        (Some(id), _) => {
            let changed = q("UPDATE org_unit SET name = $1 WHERE id = $2")
                .bind(name)
                .bind(id)
                .exec(&mut tx)
                .await
                .map_err(taken)?;
            if changed == 0 {
                return Err(AppError::NotFound);
            }
            id.to_owned()
        }
        (None, Some(parent)) => {
            let (kind,): (String,) = q("SELECT kind FROM org_unit WHERE id = $1")
                .bind(parent)
                .one(&mut tx)
                .await?;
            if kind == "district" {
                return Err(AppError::field("parent_id", "field.unit_too_deep"));
            }
            let double = q("SELECT COUNT(*) FROM org_unit WHERE parent_id = $1 AND name = $2")
                .bind(parent)
                .bind(name)
                .count(&mut tx)
                .await?;
            if double > 0 {
                return Err(AppError::field("name", "field.unit_taken"));
            }
            ensure_unit(&mut tx, Some(parent), name, super::rules::child_kind(&kind)).await?
        }
        (None, None) => return Err(AppError::field("parent_id", "field.required")),
    };
    let event =
        Event::new("unit.save", "org_unit", &id).detail(json!({ "name": name, "parent": parent }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let saved = Saved::stay("notice.saved");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

async fn rebuild_closure(tx: &mut Tx) -> DbResult<()> {
    let units: Vec<(String, Option<String>)> = q("SELECT id, parent_id FROM org_unit")
        .all(&mut *tx)
        .await?;
    let parents: HashMap<&str, Option<&str>> = units
        .iter()
        .map(|(id, parent)| (id.as_str(), parent.as_deref()))
        .collect();
    let mut rows = Vec::new();
    for (id, _) in &units {
        let (mut at, mut depth) = (Some(id.as_str()), 0_i64);
        while let Some(ancestor) = at {
            rows.push(vec![ancestor.into(), id.into(), depth.into()]);
            depth += 1;
            at = parents.get(ancestor).copied().flatten();
        }
    }
    q("DELETE FROM org_closure").exec(&mut *tx).await?;
    insert_many(
        tx,
        "INSERT INTO org_closure (ancestor_id, descendant_id, depth)",
        rows,
        "",
    )
    .await?;
    Ok(())
}
