//! Lists of HCPs: what narrows them, in which order, and how a hundred thousand stay quick.
//!
//! Three things keep a page quick. The ids of a page are picked first, and only these rows are joined with hospital
//! and owner. Rows are counted up to a bound. And a text goes one of two ways: where one of its words is rare, its
//! few candidates are looked at one by one; where all are frequent, the list is walked in its order, of which every
//! few rows fit.

mod choices;
mod text;

use std::collections::HashMap;

use self::choices::OWNER;
pub use self::choices::choices;
use self::text::{Search, push_word, words};
pub use super::list_model::Filter;
use super::list_model::{HcpItem, HcpList};
use super::model::HcpRow;
use super::selection;
use super::store::{FROM, ROW, push_own, scope, scope_of_rows};
use crate::identity::rules;
use crate::server::AppState;
use crate::server::db::{Db, DbResult, Query, q};
use crate::server::guard::Actor;
use crate::server::time::Zone;
use crate::server::{search, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{Page, Permission, Role};

/// Rows that are counted exactly.
pub const COUNT_MOST: i64 = 10_000;
/// The same for a text: whoever finds more looks for something narrower.
pub const TEXT_COUNT_MOST: i64 = 1_000;

/// HCPs of a team up to which they come first, as somebody's own do.
const TEAM_FEW: i64 = 5_000;

/// From which end the rows of a scope are come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// All, or so many that it is asked of each row whether it lies within.
    Wide,
    /// Few: they come first, and all else is asked of each of them.
    Few,
}

impl Reach {
    async fn of(db: &Db, actor: &Actor) -> DbResult<Reach> {
        if actor.role.sees_company() {
            return Ok(Reach::Wide);
        }
        if actor.role != Role::Manager {
            return Ok(Reach::Few);
        }
        let mut query = q("SELECT COUNT(*) FROM (SELECT 1 FROM hcp own WHERE ");
        actor.scope(&mut query, "own.owner_id");
        query.push(&format!(" LIMIT {}) n", TEAM_FEW + 1));
        Ok(if query.count(db).await? > TEAM_FEW {
            Reach::Wide
        } else {
            Reach::Few
        })
    }
}

/// One page of HCPs within scope.
pub async fn list(db: &Db, actor: &Actor, filter: &Filter, page: i64) -> DbResult<HcpList> {
    let search = Search::of(db, &filter.text).await?;
    let most = search.count_most();
    let reach = Reach::of(db, actor).await?;
    let counted = count(db, actor, reach, filter, &search).await?;
    let few = counted <= most;
    // Beyond the bound of the count there are more.
    let page = if few {
        within(page, counted)
    } else {
        page.max(1)
    };
    let ids = found(
        db,
        actor,
        reach,
        filter,
        &search,
        few,
        PAGE_SIZE,
        offset(page),
    )
    .await?;
    let pending = if actor.role.may(Permission::StewardHcps) {
        let waiting = q("SELECT COUNT(*) FROM hcp WHERE state = 'pending'");
        Some(waiting.count(db).await?)
    } else {
        None
    };
    Ok(HcpList {
        page: Page {
            rows: items(db, actor, &ids).await?,
            total: counted.min(most),
            page,
        },
        more: counted > most,
        selected: selection::count(db, actor).await?,
        pending,
        names: names(db, actor, filter).await?,
    })
}

/// A filter whose text is a whole phone number looks for that number, which is nowhere in clear to be searched.
pub fn resolved(state: &AppState, mut filter: Filter) -> Filter {
    if let Some(phone) = rules::phone(&filter.text) {
        filter.phone = state.keys.phone_index(&phone);
        filter.digits = phone;
        filter.text.clear();
    }
    filter
}

/// Ids of the first `limit` HCPs of a filter, in its order.
pub async fn ids(db: &Db, actor: &Actor, filter: &Filter, limit: i64) -> DbResult<Vec<String>> {
    let search = Search::of(db, &filter.text).await?;
    let reach = Reach::of(db, actor).await?;
    found(db, actor, reach, filter, &search, false, limit, 0).await
}

/// Appends what a filter means, after `FROM hcp h … WHERE`: the actor's scope first, then each field. Nothing else
/// turns a [`Filter`] into SQL.
pub fn narrow(actor: &Actor, filter: &Filter, query: &mut Query) {
    scope(actor, query);
    narrow_within(actor, filter, query);
}

/// [`narrow`] without the scope.
fn narrow_within(actor: &Actor, filter: &Filter, query: &mut Query) {
    match filter.state.as_str() {
        state @ ("listed" | "invited" | "onboarded" | "pending") => {
            query.push_with(" AND h.state = ?", [state]);
        }
        _ => {
            query.push(" AND h.state <> 'merged'");
        }
    }
    if super::model::KINDS.contains(&filter.kind.as_str()) {
        query.push_with(" AND h.kind = ?", [&filter.kind]);
    }
    let plain = [
        ("h.department", &filter.department),
        ("h.title", &filter.title),
        ("h.specialty", &filter.specialty),
        ("h.province", &filter.province),
        ("h.city", &filter.city),
        ("h.terminal_id", &filter.terminal),
    ];
    for (column, value) in plain {
        let value = value.trim();
        if !value.is_empty() {
            query.push_with(&format!(" AND {column} = ?"), [value]);
        }
    }
    let tag = filter.tag.trim();
    if !tag.is_empty() {
        query.push_with(
            " AND h.id IN (SELECT g.hcp_id FROM hcp_tag g WHERE g.tag = ?)",
            [tag],
        );
    }
    match filter.owner.trim() {
        "" => {}
        "none" => {
            query.push(" AND h.owner_id IS NULL");
        }
        owner => {
            query.push_with(
                &format!(" AND h.owner_id IN (SELECT o.id FROM staff o WHERE o.id = ? OR o.name = ? OR o.employee_no = ? \
                     OR {OWNER} = ?)"),
                [owner, owner, owner, owner],
            );
        }
    }
    if !filter.group.is_empty() {
        query.push_with(
            " AND h.id IN (SELECT m.hcp_id FROM hcp_group_member m JOIN hcp_group g ON g.id = m.group_id \
             WHERE g.id = ? AND g.staff_id = ?)",
            [&filter.group, &actor.id],
        );
    }
    if filter.followed == "true" {
        query.push_with(
            " AND h.id IN (SELECT f.hcp_id FROM hcp_follow f WHERE f.staff_id = ?)",
            [&actor.id],
        );
    }
    if filter.shared == "true" {
        query.push_with(
            " AND h.id IN (SELECT a.hcp_id FROM hcp_access a WHERE a.ended_at IS NULL AND a.staff_id = ?",
            [&actor.id],
        );
        query.push_with(" AND a.until_at > ?)", [time::now()]);
    }
    if !filter.phone.is_empty() {
        // Eleven digits may be a company's code too.
        query.push_with(
            " AND (h.phone_index = ? OR h.code = ?)",
            [&filter.phone, &filter.digits],
        );
    }
    let days_ago = |days: i64| time::now() - days * time::DAY;
    match filter.contact.as_str() {
        "7" => query.push_with(" AND h.last_contact_at >= ?", [days_ago(7)]),
        "30" => query.push_with(" AND h.last_contact_at >= ?", [days_ago(30)]),
        "90" => query.push_with(" AND h.last_contact_at >= ?", [days_ago(90)]),
        "old" => query.push_with(
            " AND (h.last_contact_at IS NULL OR h.last_contact_at < ?)",
            [days_ago(90)],
        ),
        "never" => query.push(" AND h.last_contact_at IS NULL"),
        _ => &mut *query,
    };
    for word in words(&filter.text) {
        push_word(query, &word);
    }
}

/// The order of a list. With `picked`, another filter than state, kind and text leaves few rows: the plus keeps SQLite
/// from walking all HCPs in the order of their last contact to find these.
fn order(sort: &str, picked: bool) -> &'static str {
    match sort {
        "contact" if picked => " ORDER BY +COALESCE(h.last_contact_at, 0) DESC, h.id DESC",
        "contact" => " ORDER BY COALESCE(h.last_contact_at, 0) DESC, h.id DESC",
        "contact_old" if picked => " ORDER BY +COALESCE(h.last_contact_at, 0), h.id",
        "contact_old" => " ORDER BY COALESCE(h.last_contact_at, 0), h.id",
        "created" => " ORDER BY h.created_at DESC, h.id DESC",
        "hospital" => {
            " ORDER BY COALESCE((SELECT t.name FROM terminal t WHERE t.id = h.terminal_id), h.hospital_text), \
             h.pinyin, h.id"
        }
        "department" => " ORDER BY h.department, h.pinyin, h.id",
        _ => " ORDER BY h.pinyin, h.id",
    }
}

/// Appends `FROM … WHERE` with the scope and the filter. `CROSS JOIN` fixes the order on SQLite.
fn push_from(
    query: &mut Query,
    actor: &Actor,
    reach: Reach,
    filter: &Filter,
    search: &Search,
    driven: bool,
) {
    match reach {
        Reach::Wide => {
            search.push_from(query, driven);
            scope_of_rows(actor, query);
        }
        Reach::Few => {
            query.push(" FROM (");
            push_own(actor, query);
            query.push(") own_ids CROSS JOIN hcp h WHERE h.id = own_ids.id AND ");
            scope(actor, query);
        }
    }
    narrow_within(actor, filter, query);
}

/// Whether a filter leaves many: nothing narrows but text, state and kind.
fn is_wide(filter: &Filter) -> bool {
    filter
        .set()
        .iter()
        .all(|(name, _)| matches!(*name, "text" | "state" | "kind"))
}

/// How many a filter finds, up to the bound and one more.
async fn count(
    db: &Db,
    actor: &Actor,
    reach: Reach,
    filter: &Filter,
    search: &Search,
) -> DbResult<i64> {
    // A frequent text by itself: its candidates reach the bound at once, where the list in its order would have to be
    // walked for long. Together with anything else that narrows, the other's index is the better way.
    let driven = search.is_few() || (is_wide(filter) && search.streams());
    let mut query = q("SELECT COUNT(*) FROM (SELECT 1");
    push_from(&mut query, actor, reach, filter, search, driven);
    query.push(&format!(" LIMIT {}) n", search.count_most() + 1));
    query.count(db).await
}

/// Ids of a part of the list. With `few`, no more than the count's bound are known to fit: candidates that stream were
/// all looked at for that, and are again, where the list in its order would have to be walked to its end.
#[expect(
    clippy::too_many_arguments,
    reason = "one query, asked from three places"
)]
async fn found(
    db: &Db,
    actor: &Actor,
    reach: Reach,
    filter: &Filter,
    search: &Search,
    few: bool,
    limit: i64,
    offset: i64,
) -> DbResult<Vec<String>> {
    let driven = search.is_few() || (few && is_wide(filter) && search.streams());
    let mut query = q("SELECT h.id");
    push_from(&mut query, actor, reach, filter, search, driven);
    query.push(order(&filter.sort, !is_wide(filter)));
    query.push_with(" LIMIT ? OFFSET ?", [limit, offset]);
    let rows: Vec<(String,)> = query.all(db).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The rows of these ids, which came out of a scoped query, in their order.
pub async fn items(db: &Db, actor: &Actor, ids: &[String]) -> DbResult<Vec<HcpItem>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = q(
        "SELECT h.id, h.name, h.kind, h.phone_masked, COALESCE(t.name, h.hospital_text) AS hospital, h.department, \
         h.title, h.state, s.name AS owner, h.last_contact_at, ",
    );
    query.push(crate::onboarding::consent::WITHDREW);
    query.push(" AS withdrew_at, ");
    query.push_with(
        "EXISTS (SELECT 1 FROM hcp_selection p WHERE p.staff_id = ? AND p.hcp_id = h.id) AS picked",
        [&actor.id],
    );
    query.push(FROM);
    query.push_among("h.id", ids);
    let mut by_id: HashMap<String, HcpItem> = query
        .all::<HcpItem>(db)
        .await?
        .into_iter()
        .map(|item| (item.id.clone(), item))
        .collect();
    let mut tags = tags(db, ids).await?;
    Ok(ids
        .iter()
        .filter_map(|id| {
            let mut item = by_id.remove(id)?;
            item.tags = tags.remove(id).unwrap_or_default();
            Some(item)
        })
        .collect())
}

/// Fills in the days of last contact and of withdrawing.
pub fn dated(zone: &Zone, rows: &mut [HcpItem]) {
    let day = |at: Option<i64>| at.map(|at| zone.day(at)).unwrap_or_default();
    for row in rows {
        row.last_contact = day(row.last_contact_at);
        row.withdrew = day(row.withdrew_at);
    }
}

/// The tags of these HCPs, each HCP's in order.
pub async fn tags(db: &Db, ids: &[String]) -> DbResult<HashMap<String, Vec<String>>> {
    let mut tags: HashMap<String, Vec<String>> = HashMap::new();
    for ids in ids.chunks(400) {
        let mut query = q("SELECT g.hcp_id, g.tag FROM hcp_tag g WHERE ");
        query.push_among("g.hcp_id", ids);
        query.push(" ORDER BY g.hcp_id, g.tag");
        for (id, tag) in query.all::<(String, String)>(db).await? {
            tags.entry(id).or_default().push(tag);
        }
    }
    Ok(tags)
}

/// What the ids in a filter stand for, as far as the actor may know.
async fn names(db: &Db, actor: &Actor, filter: &Filter) -> DbResult<Vec<(String, String)>> {
    let mut names = Vec::new();
    let mut keep = |name: &str, found: Option<(String,)>| {
        if let Some((label,)) = found {
            names.push((name.to_owned(), label));
        }
    };
    if !filter.terminal.is_empty() {
        let query = q("SELECT name FROM terminal WHERE id = $1").bind(&filter.terminal);
        keep("terminal", query.optional(db).await?);
    }
    if !filter.group.is_empty() {
        let query = q("SELECT name FROM hcp_group WHERE id = $1 AND staff_id = $2")
            .bind(&filter.group)
            .bind(&actor.id);
        keep("group", query.optional(db).await?);
    }
    if !filter.owner.is_empty() {
        let mut query = q("SELECT o.name FROM staff o WHERE ");
        actor.scope(&mut query, "o.id");
        query.push_with(" AND o.id = ?", [&filter.owner]);
        keep("owner", query.optional(db).await?);
    }
    Ok(names)
}

/// HCPs to choose among when sharing: those within scope that a text finds, at most 50, the onboarded first.
pub async fn choose(db: &Db, actor: &Actor, text: &str) -> DbResult<Vec<HcpRow>> {
    let mut rows = q(format!("{ROW}{FROM}"));
    scope(actor, &mut rows);
    rows.push(" AND h.state IN ('listed', 'invited', 'onboarded')");
    rows.push(&format!(" AND {}", crate::onboarding::consent::PUSHABLE));
    search::condition(
        &mut rows,
        text,
        &[("h.id", "hcp"), ("h.terminal_id", "terminal")],
    );
    rows.push(" ORDER BY CASE h.state WHEN 'onboarded' THEN 0 ELSE 1 END, h.pinyin, h.id LIMIT 50");
    rows.all(db).await
}

/// HCPs within scope by state.
pub fn counts(actor: &Actor) -> Query {
    let mut query = q("SELECT h.state AS id, '' AS text, COUNT(*) AS n FROM hcp h WHERE ");
    scope(actor, &mut query);
    query.push(" GROUP BY h.state");
    query
}
