//! SQL of messages.

use super::MessageRow;
use crate::server::AppState;
use crate::server::db::{Db, DbResult, Query, Rows, Tx, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{crypto, time};
use crate::shared::Page;
use crate::shared::page::{PAGE_SIZE, offset, within};

/// A message to be sent.
#[derive(Debug)]
pub struct Message<'a> {
    pub staff_id: &'a str,
    /// A locale key.
    pub kind: &'a str,
    /// What stands in the places of the text.
    pub args: &'a [(&'a str, &'a str)],
    /// Path that it leads to.
    pub path: &'a str,
    /// The course that it is about, or ''.
    pub about: &'a str,
    /// The same message is sent once.
    pub dedupe: &'a str,
}

/// Puts messages into the inbox, where they are delivered at once; gives how many were not sent before.
pub async fn send(tx: &mut Tx, messages: &[Message<'_>]) -> DbResult<u64> {
    let now = time::now();
    let rows: Rows = messages
        .iter()
        .map(|m| {
            let args: Vec<(&str, &str)> = m.args.to_vec();
            vec![
                crypto::new_id().into(),
                m.staff_id.into(),
                m.kind.into(),
                serde_json::to_string(&args).unwrap_or_default().into(),
                m.path.into(),
                m.about.into(),
                m.dedupe.into(),
                "inbox".into(),
                now.into(),
                now.into(),
            ]
        })
        .collect();
    insert_many(
        tx,
        "INSERT INTO message (id, staff_id, kind, args, path, about, dedupe, channel, created_at, delivered_at)",
        rows,
        "ON CONFLICT DO NOTHING",
    )
    .await
}

/// Counts the messages that somebody has not read.
pub fn unread(actor: &Actor) -> Query {
    q("SELECT COUNT(*) FROM message WHERE staff_id = $1 AND read_at IS NULL AND channel = 'inbox'")
        .bind(&actor.id)
}

/// One page of somebody's messages, the latest first.
pub async fn list(state: &AppState, actor: &Actor, page: i64) -> DbResult<Page<MessageRow>> {
    let total = q("SELECT COUNT(*) FROM message WHERE staff_id = $1 AND channel = 'inbox'")
        .bind(&actor.id)
        .count(&state.db)
        .await?;
    let page = within(page, total);
    let rows: Vec<(String, String, String, String, i64, Option<i64>)> = q(
        "SELECT id, kind, args, path, created_at, read_at FROM message WHERE staff_id = $1 AND channel = 'inbox' \
         ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3",
    )
    .bind(&actor.id)
    .bind(PAGE_SIZE)
    .bind(offset(page))
    .all(&state.db)
    .await?;
    Ok(Page {
        rows: rows
            .into_iter()
            .map(|(id, kind, args, path, at, read_at)| MessageRow {
                id,
                kind,
                args: serde_json::from_str(&args).unwrap_or_default(),
                path,
                at: state.zone.minute(at),
                read: read_at.is_some(),
            })
            .collect(),
        total,
        page,
    })
}

/// Notes that somebody read a message, or without an id all of theirs.
pub async fn mark(db: &Db, actor: &Actor, id: &str) -> DbResult<()> {
    let mut query = q("UPDATE message SET read_at = $1 WHERE read_at IS NULL").bind(time::now());
    query.push_with(" AND staff_id = ?", [&actor.id]);
    if !id.is_empty() {
        query.push_with(" AND id = ?", [id]);
    }
    query.exec(db).await?;
    Ok(())
}
