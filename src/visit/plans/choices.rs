//! What the form of a plan offers, and whom to visit next.

use std::collections::HashSet;

use super::goals;
use crate::hcp;
use crate::onboarding::store::TRACKED;
use crate::server::db::{Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::{AppError, Permission};
use crate::visit::model::{PlanChoices, Suggestion};
use crate::visit::place;

#[derive(sqlx::FromRow)]
struct Due {
    id: String,
    name: String,
    hospital: String,
    terminal_id: Option<String>,
    visits: i64,
    last_day: Option<String>,
    reads: i64,
}

/// What the form of a plan offers: one's terminals, the HCP asked for and those that a text finds, and which HCPs of one's own are due by the goal, who reads much first
/// among those seen least.
pub async fn choices(
    state: &AppState,
    actor: &Actor,
    day: &str,
    hcp: &str,
    text: &str,
) -> Result<PlanChoices, AppError> {
    let today = state.zone.today();
    let day = if time::is_day(day) { day } else { &today };
    let goal = goals(&state.db).await?.goal;
    let month = format!("{}-01", &day[..7]);
    let mut query: Query =
        q("SELECT h.id, h.name, COALESCE(t.name, h.hospital_text) AS hospital, h.terminal_id, ");
    query.push_with(
        "(SELECT COUNT(*) FROM visit_hcp x JOIN visit v ON v.id = x.visit_id WHERE x.hcp_id = h.id AND v.day >= ?) AS visits, \
         (SELECT MAX(v.day) FROM visit_hcp x JOIN visit v ON v.id = x.visit_id WHERE x.hcp_id = h.id) AS last_day, ",
        [&month],
    );
    query.push_with(
        &format!(
            "CASE WHEN {TRACKED} THEN (SELECT COUNT(*) FROM article_view w WHERE w.reader = 'hcp:' || h.id AND w.kind = 'pv' \
             AND w.at >= ?) ELSE 0 END AS reads FROM (SELECT * FROM hcp o WHERE o.owner_id = ? AND o.state <> 'pending' \
             AND o.state <> 'merged' ORDER BY COALESCE(o.last_contact_at, 0), o.id LIMIT 200) h \
             LEFT JOIN terminal t ON t.id = h.terminal_id"
        ),
        [
            crate::server::db::Arg::from(time::now() - 30 * time::DAY),
            crate::server::db::Arg::from(&actor.id),
        ],
    );
    let due: Vec<Due> = query.all(&state.db).await?;
    // Who is planned for the week to come is not suggested for it again.
    let planned: Vec<(Option<String>, Option<String>, String)> = q(
        "SELECT hcp_id, terminal_id, day FROM visit_plan WHERE staff_id = $1 AND day >= $2 AND day <= $3 AND cancelled_at IS NULL \
         LIMIT 500",
    )
    .bind(&actor.id)
    .bind(day)
    .bind(time::shift_day(day, 6))
    .all(&state.db)
    .await?;
    let there: HashSet<&String> = planned
        .iter()
        .filter(|p| p.2 == day)
        .filter_map(|p| p.1.as_ref())
        .collect();
    let already: HashSet<&String> = planned.iter().filter_map(|p| p.0.as_ref()).collect();
    let mut suggestions: Vec<Suggestion> = due
        .into_iter()
        .filter(|d| d.visits < goal && !already.contains(&d.id))
        .map(|d| Suggestion {
            nearby: d.terminal_id.as_ref().is_some_and(|t| there.contains(t)),
            hcp_id: d.id,
            name: d.name,
            hospital: d.hospital,
            terminal_id: d.terminal_id,
            visits: d.visits,
            goal,
            last: d.last_day,
            reads: d.reads,
        })
        .collect();
    suggestions.sort_by(|a, b| {
        (!a.nearby, a.visits, -a.reads, &a.last, &a.hcp_id)
            .cmp(&(!b.nearby, b.visits, -b.reads, &b.last, &b.hcp_id))
    });
    suggestions.truncate(10);
    let terminals = if actor.role.may(Permission::CheckIn) {
        place::near(state, actor, None)
            .await?
            .into_iter()
            .map(|(id, name, _)| (id, name))
            .collect()
    } else {
        Vec::new()
    };
    let mut found = if text.trim().is_empty() {
        Vec::new()
    } else {
        hcp::list::choose(&state.db, actor, text).await?
    };
    if !hcp.is_empty() && !found.iter().any(|row| row.id == hcp) {
        found.insert(0, hcp::store::row(&state.db, actor, hcp).await?);
    }
    let people = found
        .into_iter()
        .map(|row| (row.id, format!("{} · {}", row.name, row.hospital)))
        .collect();
    Ok(PlanChoices {
        people,
        terminals,
        suggestions,
    })
}
