//! Who changed what and when on a record (`record_change`): an HCP or a terminal.

use super::audit::Who;
use super::db::{DbResult, Rows, Tx, insert_many, q};
use super::{AppState, crypto, time};
use crate::shared::Page;
use crate::shared::history::ChangeRow;
use crate::shared::page::{PAGE_SIZE, offset, within};

/// A field's change: its name, the value before and the value after, as people read them; phones masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub field: &'static str,
    pub before: String,
    pub after: String,
}

impl Change {
    /// The change of a field, or nothing where both values are the same.
    pub fn of(field: &'static str, before: &str, after: &str) -> Option<Change> {
        (before != after).then(|| Change {
            field,
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }
}

/// Rows for [`insert`]. `kind` is `hcp` or `terminal`; `source` is form, import, merge, unmerge, registration or self.
pub fn rows(
    by: &Who,
    kind: &str,
    id: &str,
    source: &str,
    changes: impl IntoIterator<Item = Change>,
) -> Rows {
    let at = time::now();
    changes
        .into_iter()
        .map(|change| {
            vec![
                crypto::new_id().into(),
                kind.into(),
                id.into(),
                change.field.into(),
                change.before.into(),
                change.after.into(),
                (&by.id).into(),
                (&by.name).into(),
                source.into(),
                at.into(),
            ]
        })
        .collect()
}

/// Writes rows made by [`rows`].
pub async fn insert(tx: &mut Tx, rows: Rows) -> DbResult<()> {
    let head = "INSERT INTO record_change (id, object_kind, object_id, field, before_value, after_value, by_id, by_name, \
                source, at)";
    insert_many(tx, head, rows, "").await?;
    Ok(())
}

/// Writes the changes of one record; nothing where there are none.
pub async fn record(
    tx: &mut Tx,
    by: impl Into<Who>,
    kind: &str,
    id: &str,
    source: &str,
    changes: impl IntoIterator<Item = Change>,
) -> DbResult<()> {
    insert(tx, rows(&by.into(), kind, id, source, changes)).await
}

/// A page of the changes of one record, the latest first. The caller has checked the scope.
pub async fn of(state: &AppState, id: &str, page: i64) -> DbResult<Page<ChangeRow>> {
    let total = q("SELECT COUNT(*) FROM record_change WHERE object_id = $1")
        .bind(id)
        .count(&state.db)
        .await?;
    let page = within(page, total);
    let rows: Vec<(String, String, String, String, String, i64)> = q(
        "SELECT field, before_value, after_value, by_name, source, at FROM record_change \
         WHERE object_id = $1 ORDER BY at DESC, id DESC LIMIT $2 OFFSET $3",
    )
    .bind(id)
    .bind(PAGE_SIZE)
    .bind(offset(page))
    .all(&state.db)
    .await?;
    let rows = rows
        .into_iter()
        .map(|(field, before, after, by, source, at)| ChangeRow {
            field,
            before,
            after,
            by,
            source,
            at: state.zone.minute(at),
        })
        .collect();
    Ok(Page { rows, total, page })
}
