//! An HCP and who may see them: what every slice asks of the library.

use super::model::HcpRow;
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Query, Rows, Tx, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, search, time};
use crate::shared::{AppError, Permission, Role, Saved};

/// What an [`HcpRow`] is made of, with [`FROM`].
pub const ROW: &str = concat!(
    "SELECT h.id, h.name, h.sex, h.phone_masked, COALESCE(t.name, h.hospital_text) AS hospital, \
     h.department, h.title, h.state, s.name AS owner, ",
    crate::onboarding::consent::withdrew!(),
    " AS withdrew_at"
);
/// An HCP as `h` with terminal `t` and owner `s`; a condition must follow.
pub const FROM: &str = " FROM hcp h LEFT JOIN terminal t ON t.id = h.terminal_id LEFT JOIN staff s ON s.id = h.owner_id WHERE ";

impl HcpRow {
    /// With the day of withdrawing, which the database does not know: it depends on the zone.
    #[must_use]
    pub fn dated(mut self, zone: &time::Zone) -> HcpRow {
        self.withdrew = self.withdrew_at.map(|at| zone.day(at)).unwrap_or_default();
        self
    }
}

/// Keeps only HCPs (`h`) within the actor's scope. Registrations that wait are the stewards' alone.
pub fn scope(actor: &Actor, query: &mut Query) {
    visible(actor, query);
    if !actor.role.may(Permission::StewardHcps) {
        query.push(" AND h.state <> 'pending'");
    }
}

/// [`scope`] for lists that go through the rows in an order of theirs: the owner's index would bring a large team's HCPs
/// without any order, and is put out of reach.
pub fn scope_of_rows(actor: &Actor, query: &mut Query) {
    if actor.role == Role::Manager {
        query.push("(");
        actor.scope(query, "(h.owner_id || '')");
        query.push(" OR h.id IN (");
        push_shared(actor, query);
        query.push("))");
    } else {
        visible(actor, query);
    }
    if !actor.role.may(Permission::StewardHcps) {
        query.push(" AND h.state <> 'pending'");
    }
}

/// Appends a condition on `h`: its owner lies within the actor's scope, or it is shared (共享) with somebody there.
pub fn visible(actor: &Actor, query: &mut Query) {
    if actor.role.sees_company() {
        query.push("1 = 1");
        return;
    }
    if actor.role == Role::Manager {
        query.push("(");
        actor.scope(query, "h.owner_id");
        query.push(" OR h.id IN (");
        push_shared(actor, query);
        query.push("))");
    } else {
        // Few of many: Postgres makes no use of the owner's index for an OR.
        query.push("h.id IN (");
        push_own(actor, query);
        query.push(")");
    }
}

/// Appends a SELECT of the ids of the HCPs that the actor owns, and of those shared with them. For roles that see
/// neither the company nor a team.
pub fn push_own(actor: &Actor, query: &mut Query) {
    query.push("SELECT own.id FROM hcp own WHERE ");
    actor.scope(query, "own.owner_id");
    query.push(" UNION ");
    push_shared(actor, query);
}

fn push_shared(actor: &Actor, query: &mut Query) {
    query.push_with(
        "SELECT x.hcp_id FROM hcp_access x WHERE x.ended_at IS NULL AND x.until_at > ? AND ",
        [time::now()],
    );
    actor.scope(query, "x.staff_id");
}

/// One HCP within scope.
pub async fn row(db: &Db, actor: &Actor, id: &str) -> Result<HcpRow, AppError> {
    let mut query = q(format!("{ROW}{FROM}"));
    scope(actor, &mut query);
    query.push_with(" AND h.id = ?", [id]);
    Ok(query.one(db).await?)
}

/// Writes down that the actor looked at the full number, and gives it for five minutes after.
pub async fn reveal_phone(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    row(&state.db, actor, id).await?;
    let mut tx = state.db.begin().await?;
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("hcp.reveal_phone", "hcp", id),
    )
    .await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.phone_revealed"))
}

/// The full number, if the actor revealed it within the last five minutes.
pub async fn revealed_phone(state: &AppState, actor: &Actor, id: &str) -> DbResult<Option<String>> {
    let recent = q(
        "SELECT COUNT(*) FROM audit_log WHERE object_id = $1 AND action = 'hcp.reveal_phone' \
         AND actor_id = $2 AND at > $3",
    )
    .bind(id)
    .bind(&actor.id)
    .bind(time::now() - 5 * time::MINUTE)
    .count(&state.db)
    .await?;
    if recent == 0 {
        return Ok(None);
    }
    phone(state, id).await
}

/// The full number on file.
pub async fn phone(state: &AppState, id: &str) -> DbResult<Option<String>> {
    let (cipher,): (Option<String>,) = q("SELECT phone_cipher FROM hcp WHERE id = $1")
        .bind(id)
        .one(&state.db)
        .await?;
    Ok(cipher.and_then(|c| state.keys.open(&c)))
}

/// Gives an HCP to an owner and writes the history.
pub async fn set_owner(
    tx: &mut Tx,
    hcp_id: &str,
    owner: &str,
    reason: &str,
    by: &str,
) -> DbResult<()> {
    let now = time::now();
    // The HCP's row first, as every act on an HCP does, so that two of them cannot wait for each other.
    q("UPDATE hcp SET owner_id = $1, updated_at = $2 WHERE id = $3")
        .bind(owner)
        .bind(now)
        .bind(hcp_id)
        .exec(&mut *tx)
        .await?;
    q("UPDATE hcp_ownership SET ends_at = $1 WHERE hcp_id = $2 AND ends_at IS NULL")
        .bind(now)
        .bind(hcp_id)
        .exec(&mut *tx)
        .await?;
    q("INSERT INTO hcp_ownership (id, hcp_id, owner_id, starts_at, reason, created_by) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(crypto::new_id())
        .bind(hcp_id)
        .bind(owner)
        .bind(now)
        .bind(reason)
        .bind(by)
        .exec(tx)
        .await?;
    Ok(())
}

/// Gives the HCPs of a hospital that belong to nobody to its new owner.
pub async fn own_unowned(
    tx: &mut Tx,
    actor: &Actor,
    terminal_id: &str,
    staff_id: &str,
) -> DbResult<()> {
    let now = time::now();
    // The condition stands in the one statement that takes them, so that nobody given away meanwhile is taken.
    let taken: Vec<(String,)> = q(
        "UPDATE hcp SET owner_id = $1, updated_at = $2 WHERE terminal_id = $3 \
         AND owner_id IS NULL AND state NOT IN ('pending', 'merged') RETURNING id",
    )
    .bind(staff_id)
    .bind(now)
    .bind(terminal_id)
    .all(&mut *tx)
    .await?;
    for some in taken.chunks(400) {
        // A stretch that says "nobody" may be open.
        let mut close = q("UPDATE hcp_ownership SET ends_at = ");
        close.push_with("? WHERE ends_at IS NULL AND hcp_id IN (''", [now]);
        for (id,) in some {
            close.push_with(", ?", [id]);
        }
        close.push(")");
        close.exec(&mut *tx).await?;
    }
    let stretches: Rows = taken
        .into_iter()
        .map(|(id,)| {
            vec![
                crypto::new_id().into(),
                id.into(),
                staff_id.into(),
                now.into(),
                "assignment".into(),
                (&actor.id).into(),
            ]
        })
        .collect();
    let head = "INSERT INTO hcp_ownership (id, hcp_id, owner_id, starts_at, reason, created_by)";
    insert_many(tx, head, stretches, "").await?;
    Ok(())
}

/// Under which words an HCP is found.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct Words {
    pub name: String,
    pub department: String,
    pub title: String,
    pub specialty: String,
    pub code: Option<String>,
}

impl Words {
    /// Rows for [`search::insert`].
    pub fn rows(&self, id: &str) -> Rows {
        let (pinyin, initials) = search::pinyin(&self.name);
        // Typed apart, "chen jian": the surname begins the whole, the given name stands by itself.
        let given: String = self.name.chars().skip(1).collect();
        let (given, _) = search::pinyin(&given);
        let texts = [
            &self.name,
            &pinyin,
            &initials,
            &given,
            &self.department,
            &self.title,
            &self.specialty,
            self.code.as_deref().unwrap_or_default(),
        ];
        search::rows("hcp", id, &texts)
    }
}

/// Makes an HCP findable by what stands in their row now.
pub async fn reindex(tx: &mut Tx, id: &str) -> DbResult<()> {
    let words: Words = q("SELECT name, department, title, specialty, code FROM hcp WHERE id = $1")
        .bind(id)
        .one(&mut *tx)
        .await?;
    // Main workplaces are found through their hospital's own terms; further ones are few and stand with the HCP.
    let places: Vec<(String,)> = q(
        "SELECT t.name FROM hcp_workplace w JOIN terminal t ON t.id = w.terminal_id WHERE w.hcp_id = $1",
    )
    .bind(id)
    .all(&mut *tx)
    .await?;
    let places: Vec<&str> = places.iter().map(|(name,)| name.as_str()).collect();
    search::remove(tx, "hcp", id).await?;
    let mut rows = words.rows(id);
    rows.extend(search::rows("hcp", id, &places));
    search::insert(tx, rows).await
}

/// Makes those findable by a hospital's new name who have it as a further workplace.
pub async fn reindex_of_workplace(tx: &mut Tx, terminal: &str) -> DbResult<()> {
    let ids: Vec<(String,)> = q("SELECT hcp_id FROM hcp_workplace WHERE terminal_id = $1")
        .bind(terminal)
        .all(&mut *tx)
        .await?;
    for (id,) in ids {
        reindex(tx, &id).await?;
    }
    Ok(())
}

/// [`touch`] of several in one statement.
pub async fn touch_all(tx: &mut Tx, ids: &[String], at: i64) -> DbResult<()> {
    let mut query = q("UPDATE hcp SET last_contact_at = $1 WHERE (last_contact_at IS NULL OR last_contact_at < $1) AND ")
        .bind(at);
    query.push_among("id", ids);
    query.exec(tx).await?;
    Ok(())
}

/// Notes that the company and an HCP had to do with each other (共享、邀请、入库、阅读、拜访).
pub async fn touch(tx: &mut Tx, id: &str, at: i64) -> DbResult<()> {
    q("UPDATE hcp SET last_contact_at = $1 WHERE id = $2 AND (last_contact_at IS NULL OR last_contact_at < $1)")
        .bind(at)
        .bind(id)
        .exec(tx)
        .await?;
    Ok(())
}
