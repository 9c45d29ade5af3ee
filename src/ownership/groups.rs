//! Groups (分组) and followed HCPs (关注): each staff member's own, and never a matter of ownership.

use serde_json::json;

use super::model::GroupRow;
use crate::hcp::store;
use crate::identity::rules;
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Rows, Tx, insert_many, is_unique_violation, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Saved};

/// Groups that one person keeps at most.
const MOST: i64 = 100;

/// Follows an HCP within scope, or no longer.
pub async fn follow(
    state: &AppState,
    actor: &Actor,
    id: &str,
    on: bool,
) -> Result<Saved, AppError> {
    store::row(&state.db, actor, id).await?;
    let mut tx = state.db.begin().await?;
    let (changed, action, notice) = if on {
        let changed = q("INSERT INTO hcp_follow (staff_id, hcp_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(&actor.id)
            .bind(id)
            .bind(time::now())
            .exec(&mut tx)
            .await?;
        (changed, "hcp.follow", "notice.followed")
    } else {
        let changed = q("DELETE FROM hcp_follow WHERE staff_id = $1 AND hcp_id = $2")
            .bind(&actor.id)
            .bind(id)
            .exec(&mut tx)
            .await?;
        (changed, "hcp.unfollow", "notice.unfollowed")
    };
    if changed == 1 {
        audit::record(&state.keys, &mut tx, actor, Event::new(action, "hcp", id)).await?;
    }
    tx.commit().await?;
    Ok(Saved::stay(notice))
}

/// The actor's groups by name, with how many HCPs of each they see.
pub async fn list(db: &Db, actor: &Actor) -> DbResult<Vec<GroupRow>> {
    let mut query = q(
        "SELECT g.id, g.name, (SELECT COUNT(*) FROM hcp_group_member m JOIN hcp h ON h.id = m.hcp_id \
         WHERE m.group_id = g.id AND h.state <> 'merged' AND ",
    );
    store::scope(actor, &mut query);
    query.push(") AS hcps FROM hcp_group g WHERE ");
    query.push_with(
        "g.staff_id = ? ORDER BY g.name COLLATE pinyin, g.id",
        [&actor.id],
    );
    query.push_with(" LIMIT ?", [MOST]);
    query.all(db).await
}

fn check_name(name: &str, field: &str) -> Result<String, AppError> {
    let name = rules::clean(name);
    Checks::default().text(&name, field, 20).done()?;
    Ok(name)
}

/// Makes a group of the actor's under a name that is free; `None` where it is taken.
async fn insert(tx: &mut Tx, actor: &Actor, name: &str) -> Result<Option<String>, AppError> {
    let known = q("SELECT COUNT(*) FROM hcp_group WHERE staff_id = $1")
        .bind(&actor.id)
        .count(&mut *tx)
        .await?;
    let id = crypto::new_id();
    let made = q("INSERT INTO hcp_group (id, staff_id, name, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(&id)
        .bind(&actor.id)
        .bind(name)
        .bind(time::now())
        .exec(tx)
        .await?;
    if made == 0 {
        return Ok(None);
    }
    if known >= MOST {
        return Err(AppError::Conflict("error.groups_most".into()));
    }
    Ok(Some(id))
}

/// The actor's group of a name, and whether it was made now; then [`note_made`] belongs at the act's end.
async fn named(tx: &mut Tx, actor: &Actor, name: &str) -> Result<(String, bool), AppError> {
    if let Some(id) = insert(tx, actor, name).await? {
        return Ok((id, true));
    }
    let (id,): (String,) = q("SELECT id FROM hcp_group WHERE staff_id = $1 AND name = $2")
        .bind(&actor.id)
        .bind(name)
        .one(tx)
        .await?;
    Ok((id, false))
}

/// Puts a new group into the audit log, which all transactions share: after all else.
async fn note_made(state: &AppState, tx: &mut Tx, actor: &Actor, id: &str) -> DbResult<()> {
    let event = Event::new("hcp_group.create", "hcp_group", id);
    audit::record(&state.keys, tx, actor, event).await
}

/// Makes an empty group.
pub async fn create(
    state: &AppState,
    actor: &Actor,
    key: &str,
    name: &str,
) -> Result<Saved, AppError> {
    let name = check_name(name, "name")?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let id = insert(&mut tx, actor, &name)
        .await?
        .ok_or_else(|| AppError::field("name", "field.group_taken"))?;
    let saved = Saved::stay("notice.group_made");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    note_made(state, &mut tx, actor, &id).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Renames one of the actor's groups.
pub async fn rename(
    state: &AppState,
    actor: &Actor,
    id: &str,
    name: &str,
) -> Result<Saved, AppError> {
    let name = check_name(name, "name")?;
    let mut tx = state.db.begin().await?;
    let renamed = q("UPDATE hcp_group SET name = $1 WHERE id = $2 AND staff_id = $3")
        .bind(&name)
        .bind(id)
        .bind(&actor.id)
        .exec(&mut tx)
        .await
        .map_err(|error| {
            if is_unique_violation(&error) {
                AppError::field("name", "field.group_taken")
            } else {
                error.into()
            }
        })?;
    if renamed == 0 {
        return Err(AppError::NotFound);
    }
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("hcp_group.rename", "hcp_group", id),
    )
    .await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// Deletes one of the actor's groups; its members stay HCPs.
pub async fn delete(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let members = q(
        "DELETE FROM hcp_group_member WHERE group_id IN (SELECT g.id FROM hcp_group g \
         WHERE g.id = $1 AND g.staff_id = $2)",
    )
    .bind(id)
    .bind(&actor.id)
    .exec(&mut tx)
    .await?;
    let deleted = q("DELETE FROM hcp_group WHERE id = $1 AND staff_id = $2")
        .bind(id)
        .bind(&actor.id)
        .exec(&mut tx)
        .await?;
    if deleted == 0 {
        return Err(AppError::NotFound);
    }
    let event =
        Event::new("hcp_group.delete", "hcp_group", id).detail(json!({ "members": members }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.group_deleted"))
}

/// Adds what the actor has picked in the list, as far as it is within scope, to their group of a name.
pub async fn add_selection(state: &AppState, actor: &Actor, name: &str) -> Result<Saved, AppError> {
    let name = check_name(name, "group")?;
    let mut tx = state.db.begin().await?;
    let (group, made) = named(&mut tx, actor, &name).await?;
    let mut add = q("INSERT INTO hcp_group_member (group_id, hcp_id, at) ");
    add.push_with("SELECT CAST(? AS TEXT), x.hcp_id, ", [&group]);
    add.push_with("CAST(? AS BIGINT)", [time::now()]);
    add.push_with(
        " FROM hcp_selection x JOIN hcp h ON h.id = x.hcp_id WHERE x.staff_id = ? AND h.state <> 'merged' AND ",
        [&actor.id],
    );
    store::scope(actor, &mut add);
    add.push(" ON CONFLICT DO NOTHING");
    let added = add.exec(&mut tx).await?;
    if made {
        note_made(state, &mut tx, actor, &group).await?;
    }
    if added > 0 {
        let event =
            Event::new("hcp_group.add", "hcp_group", &group).detail(json!({ "added": added }));
        audit::record(&state.keys, &mut tx, actor, event).await?;
    }
    tx.commit().await?;
    Ok(Saved::stay("notice.group_filled"))
}

/// Puts one HCP into exactly those of the actor's groups that are `chosen` among the `shown`, and into that of a new
/// name, if one is given.
pub async fn set_of(
    state: &AppState,
    actor: &Actor,
    hcp: &str,
    shown: &[String],
    chosen: &[String],
    new: &str,
) -> Result<Saved, AppError> {
    store::row(&state.db, actor, hcp).await?;
    let new = if new.trim().is_empty() {
        None
    } else {
        Some(check_name(new, "group")?)
    };
    let mut tx = state.db.begin().await?;
    let own: Vec<(String,)> = q("SELECT id FROM hcp_group WHERE staff_id = $1")
        .bind(&actor.id)
        .all(&mut tx)
        .await?;
    let own: Vec<String> = own.into_iter().map(|(id,)| id).collect();
    if chosen.iter().chain(shown).any(|id| !own.contains(id)) {
        return Err(AppError::NotFound);
    }
    let mut wanted: Vec<String> = chosen.to_vec();
    let mut made = None;
    if let Some(name) = &new {
        let (group, is_new) = named(&mut tx, actor, name).await?;
        made = is_new.then(|| group.clone());
        wanted.push(group);
    }
    let mut removed = 0;
    let gone: Vec<&String> = shown.iter().filter(|id| !wanted.contains(id)).collect();
    if !gone.is_empty() {
        let mut remove = q("DELETE FROM hcp_group_member WHERE hcp_id = ");
        remove.push_with("? AND group_id IN (''", [hcp]);
        for id in gone {
            remove.push_with(", ?", [id]);
        }
        remove.push(")");
        removed = remove.exec(&mut tx).await?;
    }
    let now = time::now();
    let rows: Rows = wanted
        .into_iter()
        .map(|group| vec![group.into(), hcp.into(), now.into()])
        .collect();
    let added = insert_many(
        &mut tx,
        "INSERT INTO hcp_group_member (group_id, hcp_id, at)",
        rows,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    if let Some(group) = &made {
        note_made(state, &mut tx, actor, group).await?;
    }
    if added + removed > 0 {
        let event = Event::new("hcp.groups", "hcp", hcp)
            .detail(json!({ "added": added, "removed": removed }));
        audit::record(&state.keys, &mut tx, actor, event).await?;
    }
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}
