//! Merging: two HCPs become one, everything attached moves, and enough is kept to take it back.

use serde_json::json;

use super::snapshot::{CHOICES, Kept, Snapshot};
use super::{attached, finder};
use crate::hcp;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Lock, Tx, q};
use crate::server::guard::Actor;
use crate::server::history::{self, Change};
use crate::server::{AppState, crypto, search, time};
use crate::shared::{AppError, Saved};

pub use super::undo::undo;

/// How long a merge can be undone, in milliseconds.
pub const UNDO_WITHIN: i64 = 30 * time::DAY;

/// Whose value of a field the merged HCP has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// One of `name`, `kind`, `sex`, `phone`, `terminal_id` (with the region), `department`, `title`, `specialty`,
    /// `code`, `email`, `office_phone`, `preferred_times`.
    pub field: String,
    /// From the one who is gone; else the kept one's own stays.
    pub from_gone: bool,
}

/// Merges the pair `pair`; `keep` is the id of the one who stays. Of many at once one succeeds, the others get
/// `Conflict`.
pub async fn merge(
    state: &AppState,
    actor: &Actor,
    pair: &str,
    keep: &str,
    choices: &[Choice],
) -> Result<Saved, AppError> {
    let (a, b, status): (String, String, String) =
        q("SELECT a_id, b_id, status FROM hcp_duplicate WHERE id = $1")
            .bind(pair)
            .one(&state.db)
            .await?;
    let gone = if keep == a {
        &b
    } else if keep == b {
        &a
    } else {
        return Err(AppError::field("keep", "field.required"));
    };
    match status.as_str() {
        "open" => {}
        "apart" => return Err(AppError::Conflict("error.kept_apart".into())),
        _ => return Err(AppError::Conflict("error.merged_already".into())),
    }
    let mut tx = state.db.begin().await?;
    merge_in(state, &mut tx, actor, keep, gone, choices).await?;
    tx.commit().await?;
    Ok(Saved::go("notice.merged", format!("/hcps/{keep}")))
}

/// Locks both rows in the order of their ids, which of many merges at once lets one go first; the others find a row
/// that is merged already.
pub(crate) async fn lock(tx: &mut Tx, ids: [&str; 2]) -> Result<(), AppError> {
    let mut ids = ids;
    ids.sort_unstable();
    for id in ids {
        let locked =
            q("UPDATE hcp SET updated_at = updated_at WHERE id = $1 AND state <> 'merged'")
                .bind(id)
                .exec(&mut *tx)
                .await?;
        if locked == 0 {
            let there = q("SELECT COUNT(*) FROM hcp WHERE id = $1")
                .bind(id)
                .count(&mut *tx)
                .await?;
            return Err(if there == 0 {
                AppError::NotFound
            } else {
                AppError::Conflict("error.merged_already".into())
            });
        }
    }
    Ok(())
}

/// Merges `gone` into `kept` within a transaction; gives the id of the merge. `kept` is on file; `gone` may be a
/// registration that waits. `Conflict` if one of them was merged meanwhile.
pub async fn merge_in(
    state: &AppState,
    tx: &mut Tx,
    by: &Actor,
    kept: &str,
    gone: &str,
    choices: &[Choice],
) -> Result<String, AppError> {
    if kept == gone {
        return Err(AppError::NotFound);
    }
    if let Some(odd) = choices
        .iter()
        .find(|c| !CHOICES.contains(&c.field.as_str()))
    {
        return Err(AppError::field(&odd.field, "field.required"));
    }
    tx.serialise(Lock::Assignments).await?;
    lock(tx, [kept, gone]).await?;
    let before = Snapshot::load(&mut *tx, kept).await?;
    let leaving = Snapshot::load(&mut *tx, gone).await?;
    if before.state == "pending" {
        return Err(AppError::Conflict("error.keep_on_file".into()));
    }
    let now = time::now();
    let merge = crypto::new_id();
    q("INSERT INTO hcp_merge (id, kept_id, gone_id, before_cipher, by_id, by_name, at) VALUES ($1, $2, $3, '', $4, $5, $6)")
        .bind(&merge)
        .bind(kept)
        .bind(gone)
        .bind(&by.id)
        .bind(&by.name)
        .bind(now)
        .exec(&mut *tx)
        .await?;
    let tags = tags_of(tx, kept).await?;
    let mut after = combined(&before, &leaving, choices, now);
    // The phone and the code are unique: the one who goes lets go of them first.
    Snapshot {
        state: "merged".into(),
        merged_into: Some(kept.to_owned()),
        owner_id: None,
        claims_id: None,
        phone_index: None,
        code: None,
        updated_at: now,
        ..leaving.clone()
    }
    .store(tx)
    .await?;
    q("UPDATE hcp_ownership SET ends_at = $1 WHERE hcp_id = $2 AND ends_at IS NULL")
        .bind(now)
        .bind(gone)
        .exec(&mut *tx)
        .await?;
    if let (None, Some(owner)) = (&before.owner_id, &after.owner_id) {
        hcp::store::set_owner(tx, kept, owner, "merge", &by.id).await?;
    }
    after.store(tx).await?;
    let moved = attached::move_all(tx, &merge, gone, kept).await?;
    let registered = attached::settle_consents(tx, &merge, kept, now).await?;
    if !registered && after.state == "onboarded" {
        // The person withdrew from the registration after agreeing to it on the other record.
        after.state = "listed".into();
        after.onboarded_at = None;
        after.store(tx).await?;
        attached::unbind(tx, &merge, kept, now).await?;
    }
    attached::close_pairs(tx, &merge, gone, kept, &by.id, now).await?;
    let changes = before.changes(tx, &after).await?;
    let fields: Vec<&str> = changes.iter().map(|c| c.field).collect();
    let event = Event::new("hcp.merge", "hcp", kept)
        .detail(json!({ "from": gone, "merge": merge, "fields": fields, "moved": moved }));
    let tags = Change::of("tags", &tags, &tags_of(tx, kept).await?);
    history::record(
        tx,
        by,
        "hcp",
        kept,
        "merge",
        changes.into_iter().chain(tags),
    )
    .await?;
    let sealed = serde_json::to_string(&Kept {
        kept: before,
        gone: leaving,
        after,
    })
    .map_err(crate::server::db::internal)?;
    q("UPDATE hcp_merge SET before_cipher = $1 WHERE id = $2")
        .bind(state.keys.seal(&sealed))
        .bind(&merge)
        .exec(&mut *tx)
        .await?;
    hcp::store::reindex(tx, kept).await?;
    search::remove(tx, "hcp", gone).await?;
    finder::check_one(tx, kept).await?;
    audit::record(&state.keys, tx, by, event).await?;
    Ok(merge)
}

/// The kept row as it will be: the chosen fields of the other, the stronger state, the earlier onboarding, the later
/// contact, and an owner if either has one.
fn combined(kept: &Snapshot, gone: &Snapshot, choices: &[Choice], now: i64) -> Snapshot {
    let mut after = kept.clone();
    for choice in choices.iter().filter(|c| c.from_gone) {
        after.take(&choice.field, gone);
    }
    // The phone that its owner verified stays, whatever was chosen: by it the person is known again.
    match (strength(&kept.state) == 2, strength(&gone.state) == 2) {
        (true, false) => after.take("phone", kept),
        (false, true) => after.take("phone", gone),
        _ => {}
    }
    if strength(&gone.state) > strength(&kept.state) {
        // A registration that a steward merges is a registration that was found right.
        after.state = if gone.state == "pending" {
            "onboarded".into()
        } else {
            gone.state.clone()
        };
    }
    let onboarded = [kept, gone]
        .into_iter()
        .filter(|s| strength(&s.state) == 2)
        .filter_map(|s| s.onboarded_at)
        .min();
    after.onboarded_at = if after.state == "onboarded" {
        onboarded.or(Some(now))
    } else {
        kept.onboarded_at
    };
    after.last_contact_at = kept.last_contact_at.max(gone.last_contact_at);
    after.owner_id = kept.owner_id.clone().or_else(|| gone.owner_id.clone());
    after.public_code_id = kept
        .public_code_id
        .clone()
        .or_else(|| gone.public_code_id.clone());
    if after.claims_id.as_deref() == Some(gone.id.as_str()) {
        after.claims_id = None;
    }
    after.updated_at = now;
    after
}

fn strength(state: &str) -> u8 {
    match state {
        "onboarded" | "pending" => 2,
        "invited" => 1,
        _ => 0,
    }
}

pub(super) async fn tags_of(tx: &mut Tx, id: &str) -> DbResult<String> {
    let tags: Vec<(String,)> = q("SELECT tag FROM hcp_tag WHERE hcp_id = $1 ORDER BY tag")
        .bind(id)
        .all(tx)
        .await?;
    let tags: Vec<String> = tags.into_iter().map(|(tag,)| tag).collect();
    Ok(tags.join("、"))
}
