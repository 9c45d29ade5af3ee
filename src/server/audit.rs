//! The audit log: append-only, each row bound to the one before by a keyed hash, the last row's seal kept apart so
//! that a cut tail shows too. What concerns a person is encrypted under that person's key, so that destroying the key
//! erases it and leaves the chain whole.

use serde::Serialize;
use serde_json::Value;

use super::crypto::{self, Keys};
use super::db::{Db, DbResult, Lock, Tx, q};
use super::guard::Actor;
use super::time;
use crate::shared::Page;
use crate::shared::page::{PAGE_SIZE, offset, within};

const HEAD: &str = "audit_head";

/// Who acted.
#[derive(Debug, Clone)]
pub struct Who {
    pub id: String,
    pub name: String,
    pub address: String,
}

impl From<&Actor> for Who {
    fn from(actor: &Actor) -> Self {
        Who {
            id: actor.id.clone(),
            name: actor.name.clone(),
            address: actor.address.clone(),
        }
    }
}

impl Who {
    /// An HCP acting on their own page. The log does not name them: the id leads to the record.
    pub fn hcp(id: &str, address: &str) -> Who {
        Who {
            id: id.into(),
            name: crate::shared::HCP_THEMSELVES.into(),
            address: address.into(),
        }
    }
}

/// What was done, and to what.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// `object.verb`, such as `hcp.invite`.
    pub action: &'a str,
    pub object_kind: &'a str,
    pub object_id: &'a str,
    /// Before and after, or whatever explains the act.
    pub detail: Value,
    /// The person whom `detail` concerns; it is then encrypted under their key.
    pub person: Option<&'a str>,
}

impl<'a> Event<'a> {
    /// An event without detail.
    pub fn new(action: &'a str, object_kind: &'a str, object_id: &'a str) -> Self {
        Event {
            action,
            object_kind,
            object_id,
            detail: Value::Null,
            person: None,
        }
    }

    /// With detail that names nobody.
    #[must_use]
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }

    /// With detail about a person.
    #[must_use]
    pub fn about(mut self, person: &'a str, detail: Value) -> Self {
        self.person = Some(person);
        self.detail = detail;
        self
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    at: i64,
    actor_id: String,
    actor_name: String,
    action: String,
    object_kind: String,
    object_id: String,
    address: String,
    person_id: Option<String>,
    detail: String,
    mac: String,
}

impl Row {
    fn seal(&self, keys: &Keys, previous: &str) -> String {
        keys.audit_mac(&[
            previous,
            &self.seq.to_string(),
            &self.at.to_string(),
            &self.actor_id,
            &self.actor_name,
            &self.action,
            &self.object_kind,
            &self.object_id,
            &self.address,
            self.person_id.as_deref().unwrap_or(""),
            &self.detail,
        ])
    }
}

/// Appends an event within the transaction that carries out the act.
pub async fn record(
    keys: &Keys,
    tx: &mut Tx,
    who: impl Into<Who>,
    event: Event<'_>,
) -> DbResult<()> {
    let who = who.into();
    let detail = match (event.person, &event.detail) {
        (_, Value::Null) => String::new(),
        (None, detail) => detail.to_string(),
        (Some(person), detail) => {
            let key = person_key(keys, tx, person).await?;
            crypto::seal_with(&key, &detail.to_string())
        }
    };
    tx.serialise(Lock::Audit).await?;
    let last: Option<(i64, String)> = q("SELECT seq, mac FROM audit_log ORDER BY seq DESC LIMIT 1")
        .optional(&mut *tx)
        .await?;
    let (seq, previous) = last.map_or((1, String::new()), |(seq, mac)| (seq + 1, mac));
    let mut row = Row {
        seq,
        at: time::now(),
        actor_id: who.id,
        actor_name: who.name,
        action: event.action.into(),
        object_kind: event.object_kind.into(),
        object_id: event.object_id.into(),
        address: who.address,
        person_id: event.person.map(str::to_owned),
        detail,
        mac: String::new(),
    };
    row.mac = row.seal(keys, &previous);
    q("INSERT INTO audit_log (seq, at, actor_id, actor_name, action, object_kind, object_id, address, person_id, \
       detail, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
    .bind(row.seq)
    .bind(row.at)
    .bind(row.actor_id)
    .bind(row.actor_name)
    .bind(row.action)
    .bind(row.object_kind)
    .bind(row.object_id)
    .bind(row.address)
    .bind(row.person_id)
    .bind(row.detail)
    .bind(&row.mac)
    .exec(&mut *tx)
    .await?;
    q("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind(HEAD)
        .bind(head(keys, seq, &row.mac))
        .exec(tx)
        .await?;
    Ok(())
}

fn head(keys: &Keys, seq: i64, mac: &str) -> String {
    format!("{seq}:{}", keys.audit_mac(&["head", &seq.to_string(), mac]))
}

async fn person_key(keys: &Keys, tx: &mut Tx, person: &str) -> DbResult<[u8; 32]> {
    let stored: Option<(Option<String>,)> =
        q("SELECT wrapped FROM person_key WHERE person_id = $1")
            .bind(person)
            .optional(&mut *tx)
            .await?;
    if let Some((Some(wrapped),)) = &stored
        && let Some(key) = unwrap_key(keys, wrapped)
    {
        return Ok(key);
    }
    let key = crypto::random_key();
    let wrapped = keys.seal(&data_encoding::HEXLOWER.encode(&key));
    q(
        "INSERT INTO person_key (person_id, wrapped) VALUES ($1, $2) \
       ON CONFLICT (person_id) DO UPDATE SET wrapped = excluded.wrapped",
    )
    .bind(person)
    .bind(wrapped)
    .exec(tx)
    .await?;
    Ok(key)
}

fn unwrap_key(keys: &Keys, wrapped: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER
        .decode(keys.open(wrapped)?.as_bytes())
        .ok()?
        .try_into()
        .ok()
}

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Rows read.
    pub rows: i64,
    /// The first fault, if there is one.
    pub fault: Option<String>,
}

/// Reads the whole chain and checks every link and the end.
pub async fn verify(db: &Db, keys: &Keys) -> DbResult<Verdict> {
    let (mut seq, mut mac) = (0, String::new());
    loop {
        let rows: Vec<Row> = q("SELECT * FROM audit_log WHERE seq > $1 ORDER BY seq LIMIT 1000")
            .bind(seq)
            .all(db)
            .await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if row.seq != seq + 1 {
                let fault = format!("row {} is missing: {} follows {seq}", seq + 1, row.seq);
                return Ok(Verdict {
                    rows: seq,
                    fault: Some(fault),
                });
            }
            if row.seal(keys, &mac) != row.mac {
                let fault = format!(
                    "row {} was changed, or another stands in its place",
                    row.seq
                );
                return Ok(Verdict {
                    rows: seq,
                    fault: Some(fault),
                });
            }
            (seq, mac) = (row.seq, row.mac);
        }
    }
    let kept: Option<(String,)> = q("SELECT value FROM setting WHERE name = $1")
        .bind(HEAD)
        .optional(db)
        .await?;
    let expected = (seq > 0).then(|| head(keys, seq, &mac));
    let fault = (kept.map(|(v,)| v) != expected)
        .then(|| format!("the end is not row {seq}: later rows were deleted"));
    Ok(Verdict { rows: seq, fault })
}

/// What to look for in the log.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The beginning of an action's code, or the whole id of an actor or object, or the actor's name.
    pub text: String,
    /// Codes of actions whose name holds the text.
    pub named: Vec<String>,
    /// Days `YYYY-MM-DD`, both included.
    pub from: Option<i64>,
    pub to: Option<i64>,
}

/// One page of the log, newest first.
pub async fn search(db: &Db, keys: &Keys, filter: &Filter, page: i64) -> DbResult<Page<Entry>> {
    let condition = |query: &mut super::db::Query| {
        query.push(" WHERE 1 = 1");
        if !filter.text.is_empty() {
            let text = query.arg(filter.text.trim());
            let prefix = query.arg(format!("{}%", filter.text.trim()));
            query.push(&format!(
                " AND (action LIKE {prefix} OR actor_id = {text} OR object_id = {text} OR actor_name = {text} OR action IN (''"
            ));
            for action in &filter.named {
                query.push_with(", ?", [action]);
            }
            query.push("))");
        }
        if let Some(from) = filter.from {
            query.push_with(" AND at >= ?", [from]);
        }
        if let Some(to) = filter.to {
            query.push_with(" AND at < ?", [to]);
        }
    };
    let mut count = q("SELECT COUNT(*) FROM audit_log");
    condition(&mut count);
    let total = count.count(db).await?;
    let page = within(page, total);
    let mut rows = q("SELECT * FROM audit_log");
    condition(&mut rows);
    rows.push_with(
        " ORDER BY seq DESC LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let rows: Vec<Row> = rows.all(db).await?;
    let mut wrapped = q("SELECT person_id, wrapped FROM person_key WHERE person_id IN (''");
    for person in rows.iter().filter_map(|r| r.person_id.as_deref()) {
        wrapped.push_with(", ?", [person]);
    }
    wrapped.push(")");
    let wrapped: std::collections::HashMap<String, Option<String>> = wrapped
        .all::<(String, Option<String>)>(db)
        .await?
        .into_iter()
        .collect();
    let rows = rows
        .into_iter()
        .map(|row| {
            let detail = match &row.person_id {
                None => row.detail,
                Some(person) => wrapped
                    .get(person)
                    .and_then(|w| unwrap_key(keys, w.as_ref()?))
                    .and_then(|key| crypto::open_with(&key, &row.detail))
                    .unwrap_or_default(),
            };
            Entry {
                seq: row.seq,
                at: row.at,
                actor: row.actor_name,
                action: row.action,
                object_kind: row.object_kind,
                object_id: row.object_id,
                address: row.address,
                detail,
            }
        })
        .collect();
    Ok(Page { rows, total, page })
}

/// A row of the log as it is shown.
#[derive(Debug, Clone)]
pub struct Entry {
    pub seq: i64,
    /// Epoch milliseconds.
    pub at: i64,
    pub actor: String,
    pub action: String,
    pub object_kind: String,
    pub object_id: String,
    pub address: String,
    /// JSON, or empty.
    pub detail: String,
}
