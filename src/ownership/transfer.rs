//! Moving many HCPs in one act, and taking that back within a day.

use serde_json::json;

use super::model::{MovedHcp, Pick, TransferForm, TransferRow, TransferView};
use super::people::{self, Among};
use super::plan::{self, Plan};
use crate::hcp::store;
use crate::identity::rules;
use crate::server::audit::{self, Event};
use crate::server::db::{
    Db, DbResult, Lock, Query, Rows, Tx, insert_many, internal, is_unique_violation, q,
};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};

/// How long a transfer can be undone, in milliseconds.
const UNDO_WITHIN: i64 = time::DAY;

/// What the address or the form of a transfer says.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// person, rule or selection; anything else is person.
    pub kind: String,
    /// Colleagues as typed.
    pub from: String,
    pub to: String,
    pub hospital: String,
    pub department: String,
    /// By rule: `all`, else those without an owner.
    pub which: String,
    /// The one HCP to move, or empty for those picked.
    pub hcp: String,
}

impl Asked {
    fn kind(&self) -> &'static str {
        match self.kind.as_str() {
            "rule" => "rule",
            "selection" => "selection",
            _ => "person",
        }
    }

    /// Giver and receiver as far as this kind has them, with what is wrong with them.
    async fn ends(&self, db: &Db, actor: &Actor) -> DbResult<(Pick, Pick)> {
        let kind = self.kind();
        let from = if kind == "person" {
            self.from.as_str()
        } else {
            ""
        };
        let to = if kind == "rule" { "" } else { self.to.as_str() };
        let from = people::pick(db, actor, Among::Givers, from).await?;
        let mut to = people::pick(db, actor, Among::Owners, to).await?;
        if !to.id.is_empty() && to.id == from.id {
            to.fault = Some("field.transfer_same".to_owned());
        }
        Ok((from, to))
    }

    /// The plan, if enough is known for one.
    fn plan(&self, from: &Pick, to: &Pick) -> Option<Plan> {
        let known = |pick: &Pick| !pick.id.is_empty() && pick.fault.is_none();
        match self.kind() {
            "rule" => Some(Plan::Rule {
                all: self.which == "all",
            }),
            "selection" => known(to).then(|| Plan::Selection {
                to: to.id.clone(),
                hcp: Some(self.hcp.clone()).filter(|id| !id.is_empty()),
            }),
            _ => (known(from) && known(to)).then(|| Plan::Person {
                from: from.id.clone(),
                to: to.id.clone(),
                hospital: rules::clean(&self.hospital),
                department: rules::clean(&self.department),
            }),
        }
    }
}

/// The page of a new transfer with its preview.
pub async fn form(
    state: &AppState,
    actor: &Actor,
    asked: &Asked,
) -> Result<TransferForm, AppError> {
    let db = &state.db;
    let kind = asked.kind();
    let (from, to) = asked.ends(db, actor).await?;
    let hcp = if kind == "selection" && !asked.hcp.is_empty() {
        let row = store::row(db, actor, &asked.hcp).await?;
        Some(row.dated(&state.zone))
    } else {
        None
    };
    let picked = if kind == "selection" {
        q("SELECT COUNT(*) FROM hcp_selection WHERE staff_id = $1")
            .bind(&actor.id)
            .count(db)
            .await?
    } else {
        0
    };
    let givers = if kind == "person" {
        people::labels(db, actor, Among::Givers, &from, 500).await?
    } else {
        Vec::new()
    };
    let owners = if kind == "rule" {
        Vec::new()
    } else {
        people::labels(db, actor, Among::Owners, &to, 500).await?
    };
    let (hospitals, departments) = if from.id.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        places(db, &from.id).await?
    };
    let preview = match asked.plan(&from, &to) {
        Some(plan) => Some(plan::preview(state, actor, &plan).await?),
        None => None,
    };
    Ok(TransferForm {
        kind: kind.to_owned(),
        from,
        to,
        givers,
        owners,
        hospitals,
        departments,
        picked,
        hcp,
        preview,
    })
}

/// Hospitals and departments of a colleague's HCPs, at most 200 of each.
async fn places(db: &Db, owner: &str) -> DbResult<(Vec<String>, Vec<String>)> {
    let hospitals: Vec<(String,)> = q(
        "SELECT DISTINCT COALESCE(t.name, h.hospital_text) AS hospital FROM hcp h \
         LEFT JOIN terminal t ON t.id = h.terminal_id WHERE h.owner_id = $1 ORDER BY hospital LIMIT 200",
    )
    .bind(owner)
    .all(db)
    .await?;
    let departments: Vec<(String,)> = q(
        "SELECT DISTINCT h.department FROM hcp h WHERE h.owner_id = $1 ORDER BY h.department LIMIT 200",
    )
    .bind(owner)
    .all(db)
    .await?;
    let filled = |rows: Vec<(String,)>| {
        rows.into_iter()
            .map(|(text,)| text)
            .filter(|text| !text.is_empty())
            .collect()
    };
    Ok((filled(hospitals), filled(departments)))
}

/// Carries a transfer out. `seen` is the number that the preview showed: with another one nothing moves.
pub async fn apply(
    state: &AppState,
    actor: &Actor,
    key: &str,
    asked: &Asked,
    reason: &str,
    seen: i64,
) -> Result<Saved, AppError> {
    let db = &state.db;
    let reason = rules::clean(reason);
    if !asked.hcp.is_empty() {
        store::row(db, actor, &asked.hcp).await?;
    }
    let (from, to) = asked.ends(db, actor).await?;
    let mut checks = Checks::default();
    checks.text(&reason, "reason", 200);
    let needed = match asked.kind() {
        "rule" => Vec::new(),
        "selection" => vec![("to", &to)],
        _ => vec![("from", &from), ("to", &to)],
    };
    for (field, pick) in needed {
        match &pick.fault {
            Some(fault) => checks.ensure(false, field, fault),
            None => checks.ensure(!pick.id.is_empty(), field, "field.required"),
        };
    }
    checks.done()?;
    let plan = asked
        .plan(&from, &to)
        .ok_or_else(|| AppError::field("to", "field.required"))?;

    let mut tx = db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    tx.serialise(Lock::Assignments).await?;
    let id = crypto::new_id();
    let (giver, receiver) = plan.ends();
    q(
        "INSERT INTO hcp_transfer (id, kind, from_id, to_id, reason, by_id, by_name, at, moved) \
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
    )
    .bind(&id)
    .bind(plan.kind())
    .bind(giver.map(String::as_str))
    .bind(receiver.map(String::as_str))
    .bind(&reason)
    .bind(&actor.id)
    .bind(&actor.name)
    .bind(time::now())
    .exec(&mut tx)
    .await?;
    let mut items = q("INSERT INTO hcp_transfer_item (transfer_id, hcp_id, from_id, to_id) ");
    items.push_with(
        "SELECT CAST(? AS TEXT), m.hcp_id, m.from_id, m.to_id FROM ",
        [&id],
    );
    plan::set(&mut items, actor, &plan, &state.zone.today());
    items.push(" m WHERE m.why = '' ON CONFLICT DO NOTHING");
    let listed = items.exec(&mut tx).await?;
    if listed == 0 {
        return Err(AppError::Conflict("error.transfer_nothing".into()));
    }
    if u64::try_from(seen) != Ok(listed) {
        return Err(AppError::Conflict("error.transfer_changed".into()));
    }
    let moved = carry(&mut tx, actor, &id, Way::There, plan.reason()).await?;
    if u64::try_from(moved) != Ok(listed) {
        return Err(AppError::Conflict("error.transfer_changed".into()));
    }
    q("UPDATE hcp_transfer SET moved = $1 WHERE id = $2")
        .bind(moved)
        .bind(&id)
        .exec(&mut tx)
        .await?;
    let event = Event::new("hcp.transfer", "transfer", &id).detail(json!({
        "kind": plan.kind(), "from": giver, "to": receiver, "moved": moved,
    }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let saved = Saved::go("notice.transferred", format!("/transfers/{id}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Which way the HCPs of a transfer go.
#[derive(Debug, Clone, Copy)]
enum Way {
    There,
    Back,
}

impl Way {
    /// Columns of the item with the present and the next owner.
    fn columns(self) -> (&'static str, &'static str) {
        match self {
            Way::There => ("from_id", "to_id"),
            Way::Back => ("to_id", "from_id"),
        }
    }
}

/// Gives the HCPs of a transfer that are still with the present owner to the next one and writes the history; gives
/// how many. Whoever moves one of them at the same moment wins, and nothing moves here.
async fn carry(
    tx: &mut Tx,
    actor: &Actor,
    transfer: &str,
    way: Way,
    reason: &str,
) -> Result<i64, AppError> {
    let (present, next) = way.columns();
    let still = |query: &mut Query| {
        query.push(&format!(
            " FROM hcp_transfer_item i JOIN hcp h ON h.id = i.hcp_id \
             WHERE h.state NOT IN ('pending', 'merged') AND COALESCE(h.owner_id, '') = COALESCE(i.{present}, '')"
        ));
        query.push_with(" AND i.transfer_id = ? AND ", [transfer]);
        actor.scope(query, "h.owner_id");
    };
    // The HCPs' rows first, as every act on an HCP does.
    q("UPDATE hcp SET updated_at = updated_at WHERE id IN (SELECT hcp_id FROM hcp_transfer_item WHERE transfer_id = $1)")
        .bind(transfer)
        .exec(&mut *tx)
        .await?;
    let now = time::now();
    let mut moves = q(format!("SELECT i.hcp_id, i.{next}"));
    still(&mut moves);
    moves.push(" ORDER BY i.hcp_id");
    let moves: Vec<(String, Option<String>)> = moves.all(&mut *tx).await?;
    let count = moves.len();

    let mut close = q("UPDATE hcp_ownership SET ends_at = ");
    close.push_with(
        "? WHERE ends_at IS NULL AND hcp_id IN (SELECT i.hcp_id",
        [now],
    );
    still(&mut close);
    close.push(")");
    close.exec(&mut *tx).await?;

    let rows: Rows = moves
        .into_iter()
        .map(|(hcp, owner)| {
            vec![
                crypto::new_id().into(),
                hcp.into(),
                owner.into(),
                now.into(),
                reason.into(),
                (&actor.id).into(),
                transfer.into(),
            ]
        })
        .collect();
    let head = "INSERT INTO hcp_ownership (id, hcp_id, owner_id, starts_at, reason, created_by, transfer_id)";
    insert_many(tx, head, rows, "").await.map_err(|error| {
        // Somebody else's act opened a stretch meanwhile.
        if is_unique_violation(&error) {
            AppError::Conflict("error.transfer_changed".into())
        } else {
            error.into()
        }
    })?;

    let mut hand = q(format!(
        "UPDATE hcp SET owner_id = (SELECT o.{next} FROM hcp_transfer_item o WHERE o.hcp_id = hcp.id AND "
    ));
    hand.push_with("o.transfer_id = ?)", [transfer]);
    hand.push_with(", updated_at = ? WHERE id IN (SELECT i.hcp_id", [now]);
    still(&mut hand);
    hand.push(")");
    let handed = hand.exec(&mut *tx).await?;
    if usize::try_from(handed) != Ok(count) {
        return Err(AppError::Conflict("error.transfer_changed".into()));
    }
    // A personal code names the one who made it: what the one before had made ends with the handing over.
    q("UPDATE invitation SET revoked_at = $1 WHERE used_at IS NULL AND revoked_at IS NULL AND hcp_id IN \
       (SELECT h.id FROM hcp_transfer_item i JOIN hcp h ON h.id = i.hcp_id WHERE i.transfer_id = $2 \
       AND h.updated_at = $1 AND (h.owner_id IS NULL OR h.owner_id <> invitation.staff_id))")
        .bind(now)
        .bind(transfer)
        .exec(&mut *tx)
        .await?;
    i64::try_from(count).map_err(internal)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    kind: String,
    from_name: Option<String>,
    to_name: Option<String>,
    reason: String,
    by_id: String,
    by_name: String,
    at: i64,
    moved: i64,
    undone_at: Option<i64>,
    undone_by: Option<String>,
    returned: Option<i64>,
}

/// Begins a query of transfers; a condition must follow.
fn rows() -> Query {
    q(format!(
        "SELECT x.id, x.kind, {} AS from_name, {} AS to_name, x.reason, x.by_id, x.by_name, x.at, x.moved, x.undone_at, \
         u.name AS undone_by, x.returned FROM hcp_transfer x LEFT JOIN staff f ON f.id = x.from_id \
         LEFT JOIN staff s ON s.id = x.to_id LEFT JOIN staff u ON u.id = x.undone_by WHERE ",
        people::named("f"),
        people::named("s")
    ))
}

impl Row {
    fn is_closed(&self) -> bool {
        self.at + UNDO_WITHIN <= time::now()
    }

    /// Whoever made it, and those who see the company.
    fn is_for(&self, actor: &Actor) -> bool {
        self.by_id == actor.id || actor.role.sees_company()
    }

    fn shown(self, state: &AppState, actor: &Actor) -> TransferRow {
        let standing = match (self.undone_at, self.is_closed()) {
            (Some(_), _) => "undone",
            (None, true) => "closed",
            (None, false) => "open",
        };
        TransferRow {
            may_undo: standing == "open" && self.is_for(actor),
            standing: standing.to_owned(),
            undo_until: state.zone.minute(self.at + UNDO_WITHIN),
            at: state.zone.minute(self.at),
            undone_at: self.undone_at.map(|at| state.zone.minute(at)),
            id: self.id,
            kind: self.kind,
            from: self.from_name,
            to: self.to_name,
            reason: self.reason,
            by: self.by_name,
            moved: self.moved,
            undone_by: self.undone_by,
            returned: self.returned,
        }
    }
}

/// One transfer made by somebody within scope.
async fn find(db: &Db, actor: &Actor, id: &str) -> DbResult<Row> {
    let mut query = rows();
    actor.scope(&mut query, "x.by_id");
    query.push_with(" AND x.id = ?", [id]);
    query.one(db).await
}

/// Takes a transfer back within a day, once: HCPs that moved on since stay where they are.
pub async fn undo(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let row = find(&state.db, actor, id).await?;
    if !row.is_for(actor) {
        return Err(AppError::Conflict("error.transfer_of_other".into()));
    }
    let now = time::now();
    let mut tx = state.db.begin().await?;
    tx.serialise(Lock::Assignments).await?;
    let won = q("UPDATE hcp_transfer SET undone_at = $1, undone_by = $2 WHERE id = $3 AND undone_at IS NULL AND at > $4")
        .bind(now)
        .bind(&actor.id)
        .bind(id)
        .bind(now - UNDO_WITHIN)
        .exec(&mut tx)
        .await?;
    if won == 0 {
        let key = if row.undone_at.is_none() && row.is_closed() {
            "error.transfer_too_late"
        } else {
            "error.transfer_undone"
        };
        return Err(AppError::Conflict(key.into()));
    }
    let returned = carry(&mut tx, actor, id, Way::Back, "undo").await?;
    q("UPDATE hcp_transfer SET returned = $1 WHERE id = $2")
        .bind(returned)
        .bind(id)
        .exec(&mut tx)
        .await?;
    let event = Event::new("hcp.transfer_undo", "transfer", id)
        .detail(json!({ "moved": row.moved, "returned": returned }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::go(
        "notice.transfer_undone",
        format!("/transfers/{id}"),
    ))
}

/// Transfers made by people within scope, the latest first.
pub async fn list(state: &AppState, actor: &Actor, page: i64) -> DbResult<Page<TransferRow>> {
    let mut count = q("SELECT COUNT(*) FROM hcp_transfer x WHERE ");
    actor.scope(&mut count, "x.by_id");
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let mut rows = rows();
    actor.scope(&mut rows, "x.by_id");
    rows.push_with(
        " ORDER BY x.at DESC, x.id DESC LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let rows: Vec<Row> = rows.all(&state.db).await?;
    Ok(Page {
        rows: rows.into_iter().map(|r| r.shown(state, actor)).collect(),
        total,
        page,
    })
}

/// One transfer with a page of its HCPs; those outside the actor's scope are only counted.
pub async fn view(state: &AppState, actor: &Actor, id: &str, page: i64) -> DbResult<TransferView> {
    let transfer = find(&state.db, actor, id).await?.shown(state, actor);
    let narrow = |query: &mut Query| {
        query.push(
            " FROM hcp_transfer_item i JOIN hcp h ON h.id = i.hcp_id LEFT JOIN terminal t ON t.id = h.terminal_id \
             LEFT JOIN staff f ON f.id = i.from_id LEFT JOIN staff s ON s.id = i.to_id WHERE ",
        );
        store::scope(actor, query);
        query.push_with(" AND i.transfer_id = ?", [id]);
    };
    let mut count = q("SELECT COUNT(*)");
    narrow(&mut count);
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let mut rows = q(
        "SELECT h.id, h.name, COALESCE(t.name, h.hospital_text) AS hospital, h.department, f.name AS from_name, \
         s.name AS to_name",
    );
    narrow(&mut rows);
    rows.push_with(
        " ORDER BY h.pinyin, h.id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let rows: Vec<MovedHcp> = rows.all(&state.db).await?;
    Ok(TransferView {
        hidden: (transfer.moved - total).max(0),
        items: Page { rows, total, page },
        transfer,
    })
}
