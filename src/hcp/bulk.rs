//! What is done to all picked HCPs at once: one transaction, one audit event, set-based SQL.

use std::collections::HashMap;

use serde_json::json;

use super::selection::picked;
use crate::onboarding::invitation::invite_many;
use crate::server::audit::{self, Event, Who};
use crate::server::db::{DbResult, Lock, Rows, Tx, q};
use crate::server::guard::Actor;
use crate::server::history::{self, Change};
use crate::server::{AppState, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Saved};

/// Characters of a tag.
pub const TAG_MOST: usize = 20;
/// Tags of one HCP.
const TAGS: i64 = 20;
/// Personal codes made at once.
pub const INVITED_MOST: usize = 200;

/// Adds a tag to the picked HCPs, or takes it from them. Those who have it already, or have it no more, stay as they
/// are; so do those who bear the most tags there may be.
pub async fn tag(state: &AppState, actor: &Actor, tag: &str, add: bool) -> Result<Saved, AppError> {
    let tag = tag.trim();
    Checks::default()
        .text(tag, "tag", TAG_MOST)
        .ensure(is_one_tag(tag), "tag", "field.tag_single")
        .done()?;
    let mut tx = state.db.begin().await?;
    tx.serialise(Lock::Assignments).await?;
    let chosen = chosen(&mut tx, actor).await?;
    let changed = if add {
        add_tag(&mut tx, actor, tag).await?
    } else {
        take_tag(&mut tx, actor, tag).await?
    };
    if !changed.is_empty() {
        write_changes(&mut tx, actor, tag, add, &changed).await?;
        let action = if add {
            "hcp.bulk_tag"
        } else {
            "hcp.bulk_untag"
        };
        let event = Event::new(action, "hcp", "selection")
            .detail(json!({ "tag": tag, "picked": chosen, "changed": changed.len() }));
        audit::record(&state.keys, &mut tx, actor, event).await?;
    }
    tx.commit().await?;
    let what = if add { "tagged" } else { "untagged" };
    Ok(Saved::go(
        "notice.saved",
        format!("/hcps/selection?{what}={}", changed.len()),
    ))
}

/// A list of tags is typed with these between them.
fn is_one_tag(tag: &str) -> bool {
    !tag.contains(|c: char| c.is_whitespace() || c.is_control() || "、,，;；".contains(c))
}

/// Locks the rows of those whom the act concerns, before what hangs on them; gives how many they are. Refused where it
/// concerns nobody.
async fn chosen(tx: &mut Tx, actor: &Actor) -> Result<u64, AppError> {
    let mut query =
        q("UPDATE hcp SET updated_at = updated_at WHERE id IN (SELECT h.id FROM hcp h WHERE ");
    picked(actor, &mut query);
    query.push(")");
    match query.exec(tx).await? {
        0 => Err(AppError::Conflict("error.nobody_picked".into())),
        n => Ok(n),
    }
}

/// Gives the ids of those who did not have the tag: the insertion itself tells, so that of two acts at once only one
/// counts each HCP.
async fn add_tag(tx: &mut Tx, actor: &Actor, tag: &str) -> DbResult<Vec<String>> {
    let mut query = q("INSERT INTO hcp_tag (hcp_id, tag) SELECT h.id, ");
    query.push_with("CAST(? AS TEXT) FROM hcp h WHERE ", [tag]);
    picked(actor, &mut query);
    query.push_with(
        " AND (SELECT COUNT(*) FROM hcp_tag g WHERE g.hcp_id = h.id) < ?",
        [TAGS],
    );
    // In one order, so that two acts at once wait for each other and do not lock each other out.
    query.push(" ORDER BY h.id ON CONFLICT DO NOTHING RETURNING hcp_id");
    Ok(only(query.all(tx).await?))
}

async fn take_tag(tx: &mut Tx, actor: &Actor, tag: &str) -> DbResult<Vec<String>> {
    let mut query = q("DELETE FROM hcp_tag WHERE ");
    query.push_with(
        "tag = ? AND hcp_id IN (SELECT h.id FROM hcp h WHERE ",
        [tag],
    );
    picked(actor, &mut query);
    query.push(") RETURNING hcp_id");
    Ok(only(query.all(tx).await?))
}

fn only(rows: Vec<(String,)>) -> Vec<String> {
    rows.into_iter().map(|(id,)| id).collect()
}

/// Writes the history of the changed HCPs, and moves them on for forms that are open on them.
async fn write_changes(
    tx: &mut Tx,
    actor: &Actor,
    tag: &str,
    added: bool,
    changed: &[String],
) -> DbResult<()> {
    let tags: Vec<(String, String)> = q(
        "SELECT g.hcp_id, g.tag FROM hcp_tag g JOIN hcp_selection p ON p.hcp_id = g.hcp_id \
         WHERE p.staff_id = $1 ORDER BY g.hcp_id, g.tag",
    )
    .bind(&actor.id)
    .all(&mut *tx)
    .await?;
    let mut by_hcp: HashMap<String, Vec<String>> = HashMap::new();
    for (id, tag) in tags {
        by_hcp.entry(id).or_default().push(tag);
    }
    let by = Who::from(actor);
    let mut rows: Rows = Vec::new();
    for id in changed {
        let after = by_hcp.remove(id).unwrap_or_default();
        let mut before = after.clone();
        if added {
            before.retain(|t| t != tag);
        } else {
            before.push(tag.to_owned());
            before.sort_unstable();
        }
        let change = Change::of("tags", &before.join("、"), &after.join("、"));
        rows.extend(history::rows(&by, "hcp", id, "form", change));
    }
    history::insert(tx, rows).await?;
    let now = time::now();
    for ids in changed.chunks(400) {
        let mut query = q("UPDATE hcp SET updated_at = ");
        query.push_with("? WHERE ", [now]);
        query.push_among("id", ids);
        query.exec(&mut *tx).await?;
    }
    Ok(())
}

/// Makes personal codes for those picked who are not onboarded yet, and goes to the sheet that prints them.
pub async fn invite(state: &AppState, actor: &Actor) -> Result<Saved, AppError> {
    let mut query = q("SELECT h.id FROM hcp h WHERE h.state IN ('listed', 'invited') AND ");
    picked(actor, &mut query);
    query.push(&format!(
        " ORDER BY h.pinyin, h.id LIMIT {}",
        INVITED_MOST + 1
    ));
    let ids = only(query.all(&state.db).await?);
    if ids.is_empty() {
        return Err(AppError::Conflict("error.nobody_to_invite".into()));
    }
    if ids.len() > INVITED_MOST {
        return Err(AppError::Conflict("error.invite_fewer".into()));
    }
    invite_many(state, actor, &ids).await?;
    Ok(Saved::go("notice.selection_invited", "/hcps/sheet"))
}

#[cfg(test)]
mod tests {
    use super::is_one_tag;

    #[test]
    fn a_tag_is_one_tag() {
        assert!(is_one_tag("重点客户"));
        assert!(is_one_tag("VIP-1"));
        assert!(!is_one_tag("重点、讲者"));
        assert!(!is_one_tag("重点,讲者"));
        assert!(!is_one_tag("重点 讲者"));
    }
}
