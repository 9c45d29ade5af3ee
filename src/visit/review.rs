//! What managers say of records (点评): stars, a comment, a wish that something be changed; and how people and weeks
//! compare.

use std::collections::BTreeMap;

use serde_json::json;

use super::model::{CompareRow, Comparison};
use super::records::{self, Filter};
use super::store;
use crate::inbox::{self, Message};
use crate::server::audit::{self, Event};
use crate::server::db::{Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, form_key, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};

/// Gives stars to a record of somebody's team; given again, the last counts. The one who made it is told at once.
pub async fn give(
    state: &AppState,
    actor: &Actor,
    id: &str,
    stars: i64,
    comment: &str,
    change: bool,
) -> Result<Saved, AppError> {
    let comment = comment.trim();
    let (maker, day) = of_team(state, actor, id).await?;
    Checks::default()
        .ensure((1..=5).contains(&stars), "stars", "field.stars")
        .ensure(
            comment.chars().count() <= 1_000,
            "comment",
            "field.too_long",
        )
        .ensure(
            !change || !comment.is_empty(),
            "comment",
            "field.change_why",
        )
        .done()?;
    let mut tx = state.db.begin().await?;
    let changed = q("INSERT INTO visit_review (visit_id, staff_id, stars, comment, change_asked, at) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (visit_id, staff_id) DO UPDATE SET stars = $3, comment = $4, change_asked = $5, at = $6 \
        WHERE visit_review.stars <> $3 OR visit_review.comment <> $4 OR visit_review.change_asked <> $5")
    .bind(id)
    .bind(&actor.id)
    .bind(stars)
    .bind(comment)
    .bind(change)
    .bind(time::now())
    .exec(&mut tx)
    .await?;
    // Given again unchanged it settles what waits: a record that was added to, or that another manager has not read.
    let waits = q("SELECT COUNT(*) FROM visit WHERE id = $1 AND review IN ('new', 'answered')")
        .bind(id)
        .count(&mut tx)
        .await?;
    if changed > 0 || waits > 0 {
        q("UPDATE visit SET review = $1 WHERE id = $2")
            .bind(if change { "change" } else { "reviewed" })
            .bind(id)
            .exec(&mut tx)
            .await?;
        let kind = if change {
            "message.visit_change"
        } else {
            "message.visit_reviewed"
        };
        let stars_text = stars.to_string();
        let message = Message {
            staff_id: &maker,
            kind,
            args: &[
                ("by", actor.name.as_str()),
                ("day", day.as_str()),
                ("stars", stars_text.as_str()),
            ],
            path: &format!("/visits/{id}"),
            about: "",
            dedupe: &format!("visit_review:{id}:{}:{}", actor.id, time::now()),
        };
        inbox::send(&mut tx, &[message]).await?;
        let event = Event::new("visit.review", "visit", id)
            .detail(json!({ "stars": stars, "change": change }));
        audit::record(&state.keys, &mut tx, actor, event).await?;
    }
    tx.commit().await?;
    state.live.tell(&maker);
    state.live.tell(&actor.id);
    Ok(Saved::stay("notice.visit_reviewed"))
}

/// Who made a record within scope, and its day; one's own is not there to be judged.
async fn of_team(state: &AppState, actor: &Actor, id: &str) -> Result<(String, String), AppError> {
    let mut query = q("SELECT v.staff_id, v.day");
    records::within(&mut query, actor, &Filter::default());
    query.push_with(" AND v.id = ? AND v.staff_id <> ?", [id, &actor.id]);
    Ok(query.one(&state.db).await?)
}

/// Adds to one's own record what a manager asked for.
pub async fn supplement(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    text: &str,
) -> Result<Saved, AppError> {
    let (review,): (String,) = q("SELECT review FROM visit WHERE id = $1 AND staff_id = $2")
        .bind(id)
        .bind(&actor.id)
        .one(&state.db)
        .await?;
    Checks::default()
        .text(text, "supplement", records::NOTE_MOST)
        .done()?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    if review != "change" {
        return Err(AppError::Conflict("error.visit_no_change".into()));
    }
    let flags = super::watch::watch(text);
    let (before,): (String,) = q("SELECT flags FROM visit WHERE id = $1")
        .bind(id)
        .one(&mut tx)
        .await?;
    let mut all: Vec<String> = serde_json::from_str(&before).unwrap_or_default();
    for flag in flags {
        if !all.iter().any(|known| known == flag) {
            all.push(flag.to_owned());
        }
    }
    q("UPDATE visit SET supplement = CASE WHEN supplement = '' THEN $1 ELSE supplement || '\n' || $1 END, \
       supplemented_at = $2, review = 'answered', flags = $3 WHERE id = $4")
        .bind(text.trim())
        .bind(time::now())
        .bind(serde_json::to_string(&all).map_err(crate::server::db::internal)?)
        .bind(id)
        .exec(&mut tx)
        .await?;
    let askers: Vec<(String,)> =
        q("SELECT staff_id FROM visit_review WHERE visit_id = $1 AND change_asked")
            .bind(id)
            .all(&mut tx)
            .await?;
    let path = format!("/visits/{id}");
    let marks: Vec<String> = askers
        .iter()
        .map(|(to,)| format!("visit_answer:{key}:{to}"))
        .collect();
    let args = [("by", actor.name.as_str())];
    let messages: Vec<Message<'_>> = askers
        .iter()
        .zip(&marks)
        .map(|((to,), dedupe)| Message {
            staff_id: to,
            kind: "message.visit_answered",
            args: &args,
            path: &path,
            about: "",
            dedupe,
        })
        .collect();
    inbox::send(&mut tx, &messages).await?;
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("visit.supplement", "visit", id),
    )
    .await?;
    let saved = Saved::stay("notice.visit_supplemented");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    for (asker,) in askers {
        state.live.tell(&asker);
    }
    Ok(saved)
}

/// Counts the records of somebody's team that wait for a review.
pub fn waiting(actor: &Actor) -> Query {
    let filter = Filter {
        state: "waiting".into(),
        ..Filter::default()
    };
    let mut query = q("SELECT COUNT(*)");
    records::within(&mut query, actor, &filter);
    query
}

/// Counts one's own records that a manager asked to be changed.
pub fn to_change(actor: &Actor) -> Query {
    q("SELECT COUNT(*) FROM visit WHERE review = 'change' AND staff_id = $1").bind(&actor.id)
}

/// What a comparison asks for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub from: String,
    pub to: String,
    /// person or week.
    pub by: String,
    pub unit: String,
    pub text: String,
    /// visits, met, kept, stars or checked_in.
    pub sort: String,
}

/// Sums of records `v` grouped by `key`.
const VISITS: &str = "COUNT(*), CAST(COALESCE(SUM((SELECT COUNT(*) FROM visit_hcp x WHERE x.visit_id = v.id)), 0) AS BIGINT), \
    CAST(COALESCE(SUM((SELECT COUNT(*) FROM visit_material m WHERE m.visit_id = v.id)), 0) AS BIGINT), \
    COUNT(v.checkin_id), CAST(COALESCE(SUM((SELECT COUNT(*) FROM visit_review r WHERE r.visit_id = v.id)), 0) AS BIGINT), \
    CAST(COALESCE(SUM((SELECT SUM(r.stars) FROM visit_review r WHERE r.visit_id = v.id)), 0) AS BIGINT)";

type Sums = (String, i64, i64, i64, i64, i64, i64);

/// Compares people, or weeks, within scope. People are counted who made a record or had a plan in the time.
pub async fn compare(
    state: &AppState,
    actor: &Actor,
    asked: &Asked,
    page: i64,
) -> Result<Comparison, AppError> {
    let today = state.zone.today();
    let (from, to) = (
        if time::is_day(&asked.from) {
            asked.from.clone()
        } else {
            time::shift_day(&today, -27)
        },
        if time::is_day(&asked.to) {
            asked.to.clone()
        } else {
            today.clone()
        },
    );
    Checks::default()
        .ensure(
            from <= to && time::shift_day(&from, 370) >= to,
            "to",
            "field.period",
        )
        .done()?;
    let by_week = asked.by == "week";
    let narrow = |query: &mut Query, column: &str, day: &str| {
        actor.scope(query, column);
        query.push_with(&format!(" AND {day} >= ? AND {day} <= ?"), [&from, &to]);
        store::push_people(query, &asked.unit, &asked.text);
    };
    let key = |alias: &str| format!("{alias}.{}", if by_week { "day" } else { "staff_id" });
    let mut visits = q(format!(
        "SELECT {key}, {VISITS} FROM visit v JOIN staff s ON s.id = v.staff_id WHERE ",
        key = key("v")
    ));
    narrow(&mut visits, "v.staff_id", "v.day");
    visits.push(&format!(" GROUP BY {}", key("v")));
    let mut plans = q(format!(
        "SELECT {key}, COUNT(*), COUNT(p.visit_id) FROM visit_plan p JOIN staff s ON s.id = p.staff_id \
         WHERE p.cancelled_at IS NULL AND ",
        key = key("p")
    ));
    narrow(&mut plans, "p.staff_id", "p.day");
    plans.push_with(&format!(" AND p.day <= ? GROUP BY {}", key("p")), [&today]);
    let mut rows: BTreeMap<String, CompareRow> = BTreeMap::new();
    let slot = |key: String| -> String {
        if by_week {
            super::plans::monday(&key)
        } else {
            key
        }
    };
    let found: Vec<Sums> = visits.all(&state.db).await?;
    for (key, visits, met, materials, checked_in, starred, stars) in found {
        let row = rows.entry(slot(key)).or_default();
        row.visits += visits;
        row.met += met;
        row.materials += materials;
        row.checked_in += checked_in;
        row.starred += starred;
        row.stars += stars;
    }
    let found: Vec<(String, i64, i64)> = plans.all(&state.db).await?;
    for (key, planned, kept) in found {
        let row = rows.entry(slot(key)).or_default();
        row.planned += planned;
        row.kept += kept;
    }
    let mut total = CompareRow::default();
    for (key, row) in &mut rows {
        row.key.clone_from(key);
        total.visits += row.visits;
        total.met += row.met;
        total.materials += row.materials;
        total.checked_in += row.checked_in;
        total.planned += row.planned;
        total.kept += row.kept;
        total.starred += row.starred;
        total.stars += row.stars;
    }
    let mut rows: Vec<CompareRow> = rows.into_values().collect();
    sort(&mut rows, &asked.sort, by_week);
    let count = rows.len() as i64;
    let page = within(page, count);
    let mut rows: Vec<CompareRow> = rows
        .into_iter()
        .skip(offset(page) as usize)
        .take(PAGE_SIZE as usize)
        .collect();
    if !by_week && !rows.is_empty() {
        let ids: Vec<String> = rows.iter().map(|r| r.key.clone()).collect();
        let mut query = q(
            "SELECT s.id, s.name, u.name FROM staff s JOIN org_unit u ON u.id = s.unit_id WHERE ",
        );
        query.push_among("s.id", &ids);
        let names: Vec<(String, String, String)> = query.all(&state.db).await?;
        for row in &mut rows {
            if let Some((_, name, unit)) = names.iter().find(|(id, _, _)| *id == row.key) {
                row.name.clone_from(name);
                row.unit.clone_from(unit);
            }
        }
    }
    Ok(Comparison {
        from,
        to,
        rows: Page {
            rows,
            total: count,
            page,
        },
        total,
    })
}

/// Sorts by what was asked for, the most first; weeks by themselves, the latest first.
fn sort(rows: &mut [CompareRow], by: &str, by_week: bool) {
    let share = |a: i64, b: i64| if b == 0 { -1.0 } else { a as f64 / b as f64 };
    rows.sort_by(|a, b| {
        let order = match by {
            "met" => b.met.cmp(&a.met),
            "kept" => share(b.kept, b.planned).total_cmp(&share(a.kept, a.planned)),
            "stars" => share(b.stars, b.starred).total_cmp(&share(a.stars, a.starred)),
            "checked_in" => share(b.checked_in, b.visits).total_cmp(&share(a.checked_in, a.visits)),
            "visits" => b.visits.cmp(&a.visits),
            _ if by_week => b.key.cmp(&a.key),
            _ => b.visits.cmp(&a.visits),
        };
        order.then_with(|| a.key.cmp(&b.key))
    });
}
