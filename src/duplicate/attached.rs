//! What hangs on an HCP moves to another and back, table by table and set by set: thousands of reads are two statements.

use super::model::Attached;
use crate::insight::rollup;
use crate::server::db::{Db, DbResult, Query, Tx, q};

/// Rows that name their HCP in one column.
struct Rows {
    /// Under which name they stand in `hcp_merge_item`.
    name: &'static str,
    table: &'static str,
    /// The column that names the HCP.
    column: &'static str,
    /// What stands before the HCP's id in that column.
    prefix: &'static str,
    /// What tells the rows `m` of one HCP apart.
    key: &'static str,
    /// When a row `m` stays where it is, because the other HCP (`{to}`) has its like; never if empty.
    stays: &'static str,
}

impl Rows {
    const fn of(name: &'static str, key: &'static str) -> Rows {
        Rows {
            name,
            table: name,
            column: "hcp_id",
            prefix: "",
            key,
            stays: "",
        }
    }
}

/// What moves in a merge. Ownership, transfers and the history of the record stay with the one who is gone: they tell
/// what was, and nobody edits them.
const MOVING: [Rows; 27] = [
    Rows::of("hcp_device", "m.id"),
    Rows::of("consent", "m.id"),
    Rows::of("invitation", "m.id"),
    Rows::of("hcp_note", "m.id"),
    Rows {
        stays: "EXISTS (SELECT 1 FROM visit_hcp o WHERE o.hcp_id = {to} AND o.visit_id = m.visit_id)",
        ..Rows::of("visit_hcp", "m.visit_id")
    },
    Rows::of("visit_plan", "m.id"),
    Rows::of("task", "m.id"),
    Rows::of("adverse_event", "m.id"),
    Rows::of(
        "public_code_step",
        "m.code_id || '|' || m.step || '|' || m.visitor",
    ),
    Rows {
        name: "share_link.sharer",
        column: "sharer",
        prefix: "hcp:",
        ..Rows::of("share_link", "m.token")
    },
    Rows {
        name: "share_link.recipient_id",
        column: "recipient_id",
        ..Rows::of("share_link", "m.token")
    },
    Rows {
        column: "reader",
        prefix: "hcp:",
        ..Rows::of("article_view", "m.id")
    },
    Rows {
        column: "reader",
        prefix: "hcp:",
        stays: "EXISTS (SELECT 1 FROM favourite o WHERE o.reader = {to} AND o.article_id = m.article_id)",
        ..Rows::of("favourite", "m.article_id")
    },
    Rows {
        stays: "EXISTS (SELECT 1 FROM hcp_tag o WHERE o.hcp_id = {to} AND o.tag = m.tag)",
        ..Rows::of("hcp_tag", "m.tag")
    },
    Rows {
        stays: "EXISTS (SELECT 1 FROM hcp_workplace o WHERE o.hcp_id = {to} AND o.terminal_id = m.terminal_id) \
                OR EXISTS (SELECT 1 FROM hcp o WHERE o.id = {to} AND o.terminal_id = m.terminal_id)",
        ..Rows::of("hcp_workplace", "m.terminal_id")
    },
    Rows {
        stays: "EXISTS (SELECT 1 FROM hcp_follow o WHERE o.hcp_id = {to} AND o.staff_id = m.staff_id)",
        ..Rows::of("hcp_follow", "m.staff_id")
    },
    Rows {
        stays: "EXISTS (SELECT 1 FROM hcp_group_member o WHERE o.hcp_id = {to} AND o.group_id = m.group_id)",
        ..Rows::of("hcp_group_member", "m.group_id")
    },
    Rows {
        stays: "m.ended_at IS NULL AND EXISTS (SELECT 1 FROM hcp_access o WHERE o.hcp_id = {to} \
                AND o.staff_id = m.staff_id AND o.ended_at IS NULL)",
        ..Rows::of("hcp_access", "m.id")
    },
    Rows {
        stays: "m.status = 'open' AND EXISTS (SELECT 1 FROM hcp_access_request o WHERE o.hcp_id = {to} \
                AND o.staff_id = m.staff_id AND o.status = 'open')",
        ..Rows::of("hcp_access_request", "m.id")
    },
    Rows {
        column: "learner",
        prefix: "hcp:",
        stays: "EXISTS (SELECT 1 FROM lesson_progress o WHERE o.learner = {to} AND o.lesson_id = m.lesson_id AND o.version = m.version)",
        ..Rows::of("lesson_progress", "m.lesson_id || '|' || m.version")
    },
    Rows {
        column: "learner",
        prefix: "hcp:",
        stays: "EXISTS (SELECT 1 FROM lesson_answer o WHERE o.learner = {to} AND o.stop_id = m.stop_id \
                AND o.lesson_id = m.lesson_id AND o.version = m.version)",
        ..Rows::of("lesson_answer", "m.stop_id || '|' || m.version")
    },
    Rows {
        column: "learner",
        prefix: "hcp:",
        stays: "EXISTS (SELECT 1 FROM course_completion o WHERE o.learner = {to} AND o.course_id = m.course_id AND o.version = m.version)",
        ..Rows::of("course_completion", "m.course_id || '|' || m.version")
    },
    Rows {
        column: "learner",
        prefix: "hcp:",
        stays: "EXISTS (SELECT 1 FROM review_card o WHERE o.learner = {to} AND o.question_id = m.question_id)",
        ..Rows::of("review_card", "m.question_id")
    },
    Rows {
        column: "learner",
        prefix: "hcp:",
        stays: "EXISTS (SELECT 1 FROM first_answer o WHERE o.learner = {to} AND o.question_id = m.question_id AND o.version = m.version)",
        ..Rows::of("first_answer", "m.question_id || '|' || m.version")
    },
    Rows {
        column: "learner",
        prefix: "hcp:",
        // Both took it: the attempts of the one who is gone stay with them.
        stays: "EXISTS (SELECT 1 FROM exam_attempt o WHERE o.learner = {to} AND o.exam_id = m.exam_id)",
        ..Rows::of("exam_attempt", "m.id")
    },
    Rows {
        column: "author",
        prefix: "hcp:",
        ..Rows::of("course_comment", "m.id")
    },
    Rows {
        name: "hcp.claims_id",
        column: "claims_id",
        stays: "m.id = {to}",
        ..Rows::of("hcp", "m.id")
    },
];

/// The rows of a merge under one name, for `key IN (…)`; `$n` is the merge.
fn noted(place: &str, name: &str) -> String {
    format!(
        "(SELECT i.row_key FROM hcp_merge_item i WHERE i.merge_id = {place} AND i.table_name = '{name}')"
    )
}

/// Moves what hangs on `gone` to `kept` and notes each row under the merge. Gives how many rows moved.
pub async fn move_all(tx: &mut Tx, merge: &str, gone: &str, kept: &str) -> DbResult<u64> {
    let readers = [format!("hcp:{gone}"), format!("hcp:{kept}")];
    rollup::readers(tx, &readers, -1).await?;
    let mut moved = 0;
    for rows in &MOVING {
        let Rows {
            name,
            table,
            column,
            key,
            ..
        } = rows;
        let (from, to) = (
            format!("{}{gone}", rows.prefix),
            format!("{}{kept}", rows.prefix),
        );
        let mut note = q("INSERT INTO hcp_merge_item (merge_id, table_name, row_key) ");
        note.push_with("SELECT CAST(? AS TEXT), ", [merge]);
        note.push(&format!("'{name}', {key} FROM {table} m WHERE "));
        note.push_with(&format!("m.{column} = ?"), [&from]);
        stay(&mut note, rows, &to);
        if note.exec(&mut *tx).await? == 0 {
            continue;
        }
        moved += q(format!(
            "UPDATE {table} AS m SET {column} = $1 WHERE m.{column} = $2 AND {key} IN {}",
            noted("$3", name)
        ))
        .bind(to)
        .bind(from)
        .bind(merge)
        .exec(&mut *tx)
        .await?;
    }
    // What is picked for a bulk act is nobody's record.
    q("DELETE FROM hcp_selection WHERE hcp_id = $1")
        .bind(gone)
        .exec(&mut *tx)
        .await?;
    rollup::readers(tx, &readers, 1).await?;
    Ok(moved)
}

fn stay(query: &mut Query, rows: &Rows, to: &str) {
    if !rows.stays.is_empty() {
        let place = query.arg(to);
        query.push(&format!(
            " AND NOT ({})",
            rows.stays.replace("{to}", &place)
        ));
    }
}

/// Moves back what a merge moved and what still is with `kept`. Gives how many rows went.
pub async fn move_back(tx: &mut Tx, merge: &str, gone: &str, kept: &str) -> DbResult<u64> {
    let readers = [format!("hcp:{gone}"), format!("hcp:{kept}")];
    rollup::readers(tx, &readers, -1).await?;
    let mut moved = 0;
    for rows in &MOVING {
        let Rows {
            name,
            table,
            column,
            key,
            prefix,
            ..
        } = rows;
        let to = format!("{prefix}{gone}");
        let mut query = q(format!("UPDATE {table} AS m SET {column} = "));
        query.push_with(
            &format!("? WHERE m.{column} = ? AND {key} IN {}", noted("?", name)),
            [to.clone(), format!("{prefix}{kept}"), merge.to_owned()],
        );
        stay(&mut query, rows, &to);
        moved += query.exec(&mut *tx).await?;
    }
    rollup::readers(tx, &readers, 1).await?;
    Ok(moved)
}

/// After the move a purpose has at most one grant that stands: the newest, and only if nothing was declined or
/// withdrawn after it on either side. Gives false if that leaves nobody's registration (`profile`) standing.
pub async fn settle_consents(tx: &mut Tx, merge: &str, kept: &str, at: i64) -> DbResult<bool> {
    q("INSERT INTO hcp_merge_item (merge_id, table_name, row_key) \
       SELECT CAST($1 AS TEXT), 'consent.withdrawn', c.id FROM consent c \
       WHERE c.hcp_id = $2 AND c.granted = TRUE AND c.withdrawn_at IS NULL \
       AND EXISTS (SELECT 1 FROM consent d WHERE d.hcp_id = c.hcp_id AND d.purpose = c.purpose AND d.id <> c.id \
       AND (d.at > c.at OR (d.at = c.at AND d.id > c.id) OR d.withdrawn_at > c.at))")
    .bind(merge)
    .bind(kept)
    .exec(&mut *tx)
    .await?;
    q(format!(
        "UPDATE consent SET withdrawn_at = $1 WHERE id IN {}",
        noted("$2", "consent.withdrawn")
    ))
    .bind(at)
    .bind(merge)
    .exec(&mut *tx)
    .await?;
    let ended = q(format!(
        "SELECT COUNT(*) FROM consent WHERE purpose = 'profile' AND id IN {}",
        noted("$1", "consent.withdrawn")
    ))
    .bind(merge)
    .count(&mut *tx)
    .await?;
    let stands = q(
        "SELECT COUNT(*) FROM consent WHERE hcp_id = $1 AND purpose = 'profile' AND granted = TRUE \
                    AND withdrawn_at IS NULL",
    )
    .bind(kept)
    .count(tx)
    .await?;
    Ok(ended == 0 || stands > 0)
}

/// Ends the binding of all browsers, noting which.
pub async fn unbind(tx: &mut Tx, merge: &str, kept: &str, at: i64) -> DbResult<()> {
    q("INSERT INTO hcp_merge_item (merge_id, table_name, row_key) \
       SELECT CAST($1 AS TEXT), 'hcp_device.revoked', m.id FROM hcp_device m WHERE m.hcp_id = $2 AND m.revoked_at IS NULL")
    .bind(merge)
    .bind(kept)
    .exec(&mut *tx)
    .await?;
    q("UPDATE hcp_device SET revoked_at = $1 WHERE hcp_id = $2 AND revoked_at IS NULL")
        .bind(at)
        .bind(kept)
        .exec(tx)
        .await?;
    Ok(())
}

/// Lets grants and browsers stand again that the merge at `at` ended; not those on whose purpose the person has
/// decided since. Call before [`move_back`].
pub async fn restore_consents(tx: &mut Tx, merge: &str, at: i64) -> DbResult<()> {
    q(format!(
        "UPDATE consent AS c SET withdrawn_at = NULL WHERE c.withdrawn_at = $1 AND c.id IN {} \
         AND NOT EXISTS (SELECT 1 FROM consent d WHERE d.hcp_id = c.hcp_id AND d.purpose = c.purpose \
         AND d.id <> c.id AND (d.at > $1 OR d.withdrawn_at > $1))",
        noted("$2", "consent.withdrawn")
    ))
    .bind(at)
    .bind(merge)
    .exec(&mut *tx)
    .await?;
    q(format!(
        "UPDATE hcp_device SET revoked_at = NULL WHERE revoked_at = $1 AND id IN {}",
        noted("$2", "hcp_device.revoked")
    ))
    .bind(at)
    .bind(merge)
    .exec(tx)
    .await?;
    Ok(())
}

/// Closes the pairs that one who is gone can no longer be part of, with the pair of the merge itself.
pub async fn close_pairs(
    tx: &mut Tx,
    merge: &str,
    gone: &str,
    kept: &str,
    by: &str,
    at: i64,
) -> DbResult<()> {
    q(
        "INSERT INTO hcp_merge_item (merge_id, table_name, row_key) \
       SELECT CAST($1 AS TEXT), 'hcp_duplicate', d.id FROM hcp_duplicate d \
       WHERE (d.a_id = $2 OR d.b_id = $2) AND (d.status = 'open' OR d.a_id = $3 OR d.b_id = $3)",
    )
    .bind(merge)
    .bind(gone)
    .bind(kept)
    .exec(&mut *tx)
    .await?;
    q(format!(
        "UPDATE hcp_duplicate SET status = 'merged', decided_by = $1, decided_at = $2 WHERE id IN {}",
        noted("$3", "hcp_duplicate")
    ))
    .bind(by)
    .bind(at)
    .bind(merge)
    .exec(tx)
    .await?;
    Ok(())
}

/// Opens again the pairs that a merge closed.
pub async fn reopen_pairs(tx: &mut Tx, merge: &str) -> DbResult<()> {
    q(format!(
        "UPDATE hcp_duplicate SET status = 'open', decided_by = NULL, decided_at = NULL \
         WHERE status = 'merged' AND id IN {}",
        noted("$1", "hcp_duplicate")
    ))
    .bind(merge)
    .exec(tx)
    .await?;
    Ok(())
}

/// What hangs on an HCP, in numbers.
pub async fn counts(db: &Db, id: &str) -> DbResult<Attached> {
    q("SELECT (SELECT COUNT(*) FROM share_link WHERE sharer = $2 OR recipient_id = $1) AS links, \
       (SELECT COUNT(*) FROM article_view WHERE reader = $2 AND kind = 'pv') AS reads, \
       (SELECT COUNT(*) FROM consent WHERE hcp_id = $1 AND granted = TRUE AND withdrawn_at IS NULL) AS consents, \
       (SELECT COUNT(*) FROM hcp_device WHERE hcp_id = $1 AND revoked_at IS NULL) AS devices, \
       (SELECT COUNT(*) FROM hcp_note WHERE hcp_id = $1 AND deleted_at IS NULL) AS notes, \
       (SELECT COUNT(*) FROM hcp_group_member WHERE hcp_id = $1) AS in_groups, \
       (SELECT COUNT(*) FROM invitation WHERE hcp_id = $1) AS invitations, \
       (SELECT COUNT(*) FROM hcp_ownership WHERE hcp_id = $1) AS ownership, \
       (SELECT COUNT(*) FROM hcp_transfer_item WHERE hcp_id = $1) AS transfers")
    .bind(id)
    .bind(format!("hcp:{id}"))
    .one(db)
    .await
}
