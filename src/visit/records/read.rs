//! Records within scope: lists, one of them, its voice note.

use std::collections::HashMap;

use crate::hcp;
use crate::server::db::{Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, files};
use crate::shared::page::{PAGE_SIZE, offset};
use crate::shared::{AppError, Page, Permission};
use crate::visit::model::{ReviewRow, VisitRow, VisitView};
use crate::visit::rules::LATE_MS;
use crate::visit::store;

/// Which records a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of the name of who made it, or their number.
    pub text: String,
    /// A unit with all below it.
    pub unit: String,
    /// First and last day, `YYYY-MM-DD`; empty for no bound.
    pub from: String,
    pub to: String,
    /// new, reviewed, change or answered; flagged for those whose text suggests something.
    pub state: String,
    pub hcp: String,
    pub person: String,
}

/// Appends the records `v` within scope with their maker `s` and unit `u`.
pub fn within(query: &mut Query, actor: &Actor, filter: &Filter) {
    query.push(" FROM visit v JOIN staff s ON s.id = v.staff_id JOIN org_unit u ON u.id = s.unit_id WHERE ");
    actor.scope(query, "v.staff_id");
    if !filter.from.is_empty() {
        query.push_with(" AND v.day >= ?", [&filter.from]);
    }
    if !filter.to.is_empty() {
        query.push_with(" AND v.day <= ?", [&filter.to]);
    }
    if !filter.person.is_empty() {
        query.push_with(" AND v.staff_id = ?", [&filter.person]);
    }
    store::push_people(query, &filter.unit, &filter.text);
    match filter.state.as_str() {
        "" => {}
        "flagged" => {
            query.push(" AND v.flags <> '[]'");
        }
        // What waits for a review of somebody's team, and never for their own.
        "waiting" => {
            query.push_with(
                " AND v.review IN ('new', 'answered') AND v.staff_id <> ?",
                [&actor.id],
            );
        }
        state => {
            query.push_with(" AND v.review = ?", [state]);
        }
    }
    if !filter.hcp.is_empty() {
        query.push_with(
            " AND EXISTS (SELECT 1 FROM visit_hcp x WHERE x.visit_id = v.id AND x.hcp_id = ?)",
            [&filter.hcp],
        );
    }
}

#[derive(sqlx::FromRow)]
struct Head {
    id: String,
    staff_id: String,
    day: String,
    at: i64,
    by_name: String,
    unit: String,
    channel: String,
    place: String,
    met: i64,
    stars: Option<i64>,
    review: String,
    flags: String,
}

const HEAD: &str = "SELECT v.id, v.staff_id, v.day, v.at, s.name AS by_name, u.name AS unit, v.channel, \
    COALESCE((SELECT t.name FROM terminal t WHERE t.id = v.terminal_id), '') AS place, \
    (SELECT COUNT(*) FROM visit_hcp x WHERE x.visit_id = v.id) AS met, \
    (SELECT r.stars FROM visit_review r WHERE r.visit_id = v.id ORDER BY r.at DESC LIMIT 1) AS stars, v.review, v.flags";

/// One page of records within scope, the latest first.
pub async fn list(
    state: &AppState,
    actor: &Actor,
    filter: &Filter,
    page: i64,
) -> Result<Page<VisitRow>, AppError> {
    if !filter.hcp.is_empty() {
        actor.check(Permission::ReadHcps)?;
        hcp::store::row(&state.db, actor, &filter.hcp).await?;
    }
    let mut count = q("SELECT COUNT(*)");
    within(&mut count, actor, filter);
    let total = count.count(&state.db).await?;
    let page = crate::shared::page::within(page, total);
    let mut query = q(HEAD);
    within(&mut query, actor, filter);
    query.push_with(
        " ORDER BY v.day DESC, v.at DESC, v.id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let heads: Vec<Head> = query.all(&state.db).await?;
    let rows = named(state, actor, heads).await?;
    Ok(Page { rows, total, page })
}

/// Rows out of their heads, with the names of those HCPs who are within scope.
async fn named(
    state: &AppState,
    actor: &Actor,
    heads: Vec<Head>,
) -> Result<Vec<VisitRow>, AppError> {
    let ids: Vec<String> = heads.iter().map(|h| h.id.clone()).collect();
    let mut names: HashMap<String, Vec<(String, String)>> = HashMap::new();
    if !ids.is_empty() && actor.role.may(Permission::ReadHcps) {
        let mut query = q(
            "SELECT x.visit_id, h.id, h.name FROM visit_hcp x JOIN hcp h ON h.id = x.hcp_id WHERE ",
        );
        hcp::store::scope(actor, &mut query);
        query.push(" AND ");
        query.push_among("x.visit_id", &ids);
        query.push(" ORDER BY h.pinyin, h.id");
        let found: Vec<(String, String, String)> = query.all(&state.db).await?;
        for (visit, id, name) in found {
            names.entry(visit).or_default().push((id, name));
        }
    }
    Ok(heads
        .into_iter()
        .map(|head| {
            let hcps = names.remove(&head.id).unwrap_or_default();
            let minute = state.zone.minute(head.at);
            VisitRow {
                others: head.met - hcps.len() as i64,
                hcps,
                mine: head.staff_id == actor.id,
                id: head.id,
                day: head.day,
                time: minute.split(' ').nth(1).unwrap_or_default().to_owned(),
                by: head.by_name,
                unit: head.unit,
                channel: head.channel,
                place: head.place,
                stars: head.stars,
                review: head.review,
                flags: serde_json::from_str(&head.flags).unwrap_or_default(),
            }
        })
        .collect())
}

#[derive(sqlx::FromRow)]
struct Rest {
    terminal_id: Option<String>,
    topics: String,
    feedback: String,
    note: String,
    supplement: String,
    supplemented_at: Option<i64>,
    voice_id: Option<String>,
    companion: Option<String>,
    checkin_id: Option<String>,
    received_at: i64,
    at: i64,
    next_day: Option<String>,
}

/// One record within scope.
pub async fn get(state: &AppState, actor: &Actor, id: &str) -> Result<VisitView, AppError> {
    let db = &state.db;
    let mut query = q(HEAD);
    within(&mut query, actor, &Filter::default());
    query.push_with(" AND v.id = ?", [id]);
    let head: Head = query.one(db).await?;
    let by = head.staff_id.clone();
    let row = named(state, actor, vec![head])
        .await?
        .pop()
        .ok_or(AppError::NotFound)?;
    let rest: Rest = q("SELECT v.terminal_id, v.topics, v.feedback, v.note, v.supplement, v.supplemented_at, v.voice_id, \
        c.name AS companion, v.checkin_id, v.received_at, v.at, v.next_day FROM visit v LEFT JOIN staff c ON c.id = v.accompanied_by \
        WHERE v.id = $1")
    .bind(id)
    .one(db)
    .await?;
    let materials: Vec<(String, String, Option<i64>)> = q(
        "SELECT a.id, a.title, m.seconds FROM visit_material m JOIN article a ON a.id = m.article_id WHERE m.visit_id = $1 \
         ORDER BY a.title COLLATE pinyin, a.id",
    )
    .bind(id)
    .all(db)
    .await?;
    let reviews: Vec<(String, String, i64, i64, String, bool)> = q(
        "SELECT r.staff_id, s.name, r.at, r.stars, r.comment, r.change_asked FROM visit_review r \
         JOIN staff s ON s.id = r.staff_id WHERE r.visit_id = $1 ORDER BY r.at",
    )
    .bind(id)
    .all(db)
    .await?;
    let checkin = match &rest.checkin_id {
        Some(checkin) => store::of_person(state, &by, checkin).await?,
        None => None,
    };
    let wishes: Vec<(String,)> =
        q("SELECT title FROM task WHERE visit_id = $1 AND staff_id = $2 ORDER BY created_at, id LIMIT 20")
            .bind(id)
            .bind(&actor.id)
            .all(db)
            .await?;
    let report: Option<(String, String)> =
        q("SELECT id, staff_id FROM adverse_event WHERE visit_id = $1 AND staff_id = $2 ORDER BY created_at LIMIT 1")
            .bind(id)
            .bind(&by)
            .optional(db)
            .await?;
    let sees_reports = actor.role.may(Permission::HandleAdverseEvents);
    let may_review = by != actor.id && actor.role.may(Permission::ReviewVisits);
    let next = if may_review {
        let waiting = Filter {
            state: "waiting".into(),
            ..Filter::default()
        };
        let mut query = q("SELECT v.id");
        within(&mut query, actor, &waiting);
        query.push_with(" AND v.id <> ? ORDER BY v.day, v.at, v.id LIMIT 1", [id]);
        query.optional::<(String,)>(db).await?.map(|(next,)| next)
    } else {
        None
    };
    Ok(VisitView {
        row,
        terminal_id: rest.terminal_id,
        topics: serde_json::from_str(&rest.topics).unwrap_or_default(),
        feedback: rest.feedback,
        note: rest.note,
        supplement: rest
            .supplemented_at
            .map(|at| (rest.supplement, state.zone.minute(at))),
        materials,
        voice: rest.voice_id.is_some(),
        wishes: wishes.into_iter().map(|(title,)| title).collect(),
        next_day: rest.next_day,
        reported: report.is_some(),
        report_id: report
            .filter(|(_, by)| sees_reports || *by == actor.id)
            .map(|(id, _)| id),
        accompanied_by: rest.companion,
        checkin,
        received: (rest.received_at - rest.at > LATE_MS)
            .then(|| state.zone.minute(rest.received_at)),
        reviews: reviews
            .into_iter()
            .map(|(staff, by, at, stars, comment, change_asked)| ReviewRow {
                mine: staff == actor.id,
                by,
                at: state.zone.minute(at),
                stars,
                comment,
                change_asked,
            })
            .collect(),
        may_review,
        next,
    })
}

/// The voice note of a record within scope: its media type and its bytes.
pub async fn voice(
    state: &AppState,
    actor: &Actor,
    id: &str,
) -> Result<(String, Vec<u8>), AppError> {
    let mut query = q("SELECT v.voice_id, v.voice_type");
    within(&mut query, actor, &Filter::default());
    query.push_with(" AND v.id = ?", [id]);
    let (file, kind): (Option<String>, Option<String>) = query.one(&state.db).await?;
    let file = file.ok_or(AppError::NotFound)?;
    Ok((
        kind.unwrap_or_default(),
        files::get_sealed(state, &file).await?,
    ))
}
