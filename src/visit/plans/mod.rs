//! Planned visits (拜访计划): the calendar, what repeats, whom to visit next, and what a plan warns of.

mod choices;
mod warnings;
mod write;

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::Date;

pub use self::choices::choices;
use self::warnings::warnings;
pub use self::write::{NewPlan, add, cancel, shift};
use super::model::{Calendar, CalendarDay, PlanRow};
use super::place::position;
use super::rules::{Goals, Position};
use crate::hcp;
use crate::server::db::{Db, DbResult, Tx, q};
use crate::server::facts::Facts;
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::AppError;
use crate::task;

/// Plans that one view of the calendar holds at most.
const MOST: i64 = 500;

/// The goals in force, as a fact whose text is JSON.
const GOALS: &str =
    "SELECT '' AS id, value AS text, 0 AS n FROM setting WHERE name = 'visit_goals'";

/// The goals in force.
pub async fn goals(db: &Db) -> DbResult<Goals> {
    let mut facts = Facts::default();
    facts.rows("goals", q(GOALS));
    let found = facts.read(db).await?;
    Ok(found
        .of("goals")
        .find_map(|fact| serde_json::from_str(&fact.text).ok())
        .unwrap_or_default())
}

/// The Monday of a day's week; what is no day comes back as it was.
pub fn monday(day: &str) -> String {
    let Ok(date) = day.parse::<Date>() else {
        return day.to_owned();
    };
    let back = i64::from(date.weekday().to_monday_zero_offset());
    time::shift_day(day, -back)
}

/// Marks the plan that a record carries out: the one it was opened from, else the day's first to the same HCP or place.
pub async fn carried_out(
    tx: &mut Tx,
    actor: &Actor,
    visit_id: &str,
    plan_id: Option<&str>,
    day: &str,
    terminal_id: Option<&str>,
    hcps: &[String],
) -> DbResult<()> {
    let mut query = q("SELECT p.id FROM visit_plan p WHERE ");
    query.push_with(
        "p.staff_id = ? AND p.visit_id IS NULL AND p.cancelled_at IS NULL AND ",
        [&actor.id],
    );
    match plan_id {
        Some(plan) => {
            query.push_with("p.id = ?", [plan]);
        }
        None => {
            query.push_with("p.day = ? AND (p.hcp_id IN (''", [day]);
            for hcp in hcps {
                query.push_with(", ?", [hcp]);
            }
            query.push_with(
                ") OR (p.hcp_id IS NULL AND p.terminal_id = ?))",
                [terminal_id.unwrap_or_default()],
            );
        }
    }
    query.push(" ORDER BY CASE WHEN p.hcp_id IS NULL THEN 1 ELSE 0 END, p.starts, p.id LIMIT 1");
    let Some((plan,)) = query.optional::<(String,)>(&mut *tx).await? else {
        return Ok(());
    };
    q("UPDATE visit_plan SET visit_id = $1 WHERE id = $2 AND visit_id IS NULL")
        .bind(visit_id)
        .bind(plan)
        .exec(tx)
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    day: String,
    starts: String,
    place: String,
    terminal_id: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    datum: Option<String>,
    hcp_id: Option<String>,
    hcp: Option<String>,
    channel: String,
    note: String,
    series_id: Option<String>,
    visit_id: Option<String>,
}

/// Somebody's plans from one day to another; the HCP's name only while they are within the scope of who looks.
async fn between(
    state: &AppState,
    actor: &Actor,
    staff_id: &str,
    from: &str,
    to: &str,
) -> DbResult<Vec<Stored>> {
    let mut query = q(
        "SELECT p.id, p.day, p.starts, COALESCE(t.name, '') AS place, p.terminal_id, t.latitude, t.longitude, \
        t.datum, h.id AS hcp_id, h.name AS hcp, p.channel, p.note, p.series_id, p.visit_id FROM visit_plan p \
        LEFT JOIN terminal t ON t.id = p.terminal_id LEFT JOIN hcp h ON h.id = p.hcp_id AND ",
    );
    hcp::store::scope(actor, &mut query);
    query.push_with(
        " WHERE p.staff_id = ? AND p.day >= ? AND p.day <= ? AND p.cancelled_at IS NULL \
         ORDER BY p.day, CASE WHEN p.starts = '' THEN 1 ELSE 0 END, p.starts, p.id",
        [staff_id, from, to],
    );
    query.push_with(" LIMIT ?", [MOST]);
    query.all(&state.db).await
}

/// A week or a month of plans, to-dos and what was done: one's own, or with `person` that of somebody within scope.
pub async fn calendar(
    state: &AppState,
    actor: &Actor,
    day: &str,
    month: bool,
    person: &str,
) -> Result<Calendar, AppError> {
    let today = state.zone.today();
    let day = if time::is_day(day) { day } else { &today };
    let date: Date = day.parse().map_err(crate::server::db::internal)?;
    let (from, to) = if month {
        let first = monday(&date.first_of_month().to_string());
        let last = monday(&date.last_of_month().to_string());
        (first, time::shift_day(&last, 6))
    } else {
        (monday(day), time::shift_day(&monday(day), 6))
    };
    let name = if person.is_empty() || person == actor.id {
        None
    } else {
        let mut query = q("SELECT s.name FROM staff s WHERE ");
        actor.scope(&mut query, "s.id");
        query.push_with(" AND s.id = ?", [person]);
        Some(query.one::<(String,)>(&state.db).await?.0)
    };
    let staff_id = name.as_ref().map_or(actor.id.as_str(), |_| person);
    let plans = between(state, actor, staff_id, &from, &to).await?;
    let warnings = warnings(state, staff_id, &plans, &today).await?;
    // To-dos are one's own business.
    let tasks = match name {
        None => task::store::between(state, actor, &from, &to).await?,
        Some(_) => Vec::new(),
    };
    let counts: Vec<(String, i64, i64)> = q(
        "SELECT day, CAST(SUM(v) AS BIGINT), CAST(SUM(c) AS BIGINT) FROM (\
         SELECT day, COUNT(*) AS v, 0 AS c FROM visit WHERE staff_id = $1 AND day >= $2 AND day <= $3 GROUP BY day \
         UNION ALL SELECT day, 0, COUNT(*) FROM checkin WHERE staff_id = $1 AND day >= $2 AND day <= $3 GROUP BY day) x \
         GROUP BY day",
    )
    .bind(staff_id)
    .bind(&from)
    .bind(&to)
    .all(&state.db)
    .await?;
    let counts: HashMap<String, (i64, i64)> = counts
        .into_iter()
        .map(|(day, visits, checkins)| (day, (visits, checkins)))
        .collect();
    let mut by_day: HashMap<String, Vec<Stored>> = HashMap::new();
    for plan in plans {
        by_day.entry(plan.day.clone()).or_default().push(plan);
    }
    let days = time::days_between(&from, &to)
        .into_iter()
        .map(|day| {
            let (visits, checkins) = counts.get(&day).copied().unwrap_or_default();
            CalendarDay {
                plans: in_order(by_day.remove(&day).unwrap_or_default(), &warnings),
                tasks: tasks
                    .iter()
                    .filter(|task| task.day.as_deref() == Some(day.as_str()))
                    .map(|task| {
                        (
                            task.id.clone(),
                            task.starts.clone(),
                            task.title.clone(),
                            task.done,
                        )
                    })
                    .collect(),
                visits,
                checkins,
                day,
            }
        })
        .collect();
    let (before, after) = if month {
        let first = date.first_of_month();
        (
            first.checked_sub(1.month()).unwrap_or(first).to_string(),
            first.checked_add(1.month()).unwrap_or(first).to_string(),
        )
    } else {
        (time::shift_day(&from, -7), time::shift_day(&from, 7))
    };
    Ok(Calendar {
        day: day.to_owned(),
        days,
        before,
        after,
        person: name,
    })
}

/// Orders a day: what has a time by its time, the rest by the way, always on to the nearest that is left.
fn in_order(plans: Vec<Stored>, warnings: &HashMap<String, Vec<String>>) -> Vec<PlanRow> {
    let place = |plan: &Stored| position(plan.latitude, plan.longitude, plan.datum.as_deref());
    let (timed, mut free): (Vec<Stored>, Vec<Stored>) =
        plans.into_iter().partition(|p| !p.starts.is_empty());
    let mut last: Option<Position> = None;
    let mut out = Vec::new();
    let mut add = |plan: Stored, last: &mut Option<Position>| {
        let here = place(&plan);
        let metres = here.zip(*last).map(|(a, b)| a.metres_to(b));
        *last = here.or(*last);
        out.push(PlanRow {
            warnings: warnings.get(&plan.id).cloned().unwrap_or_default(),
            id: plan.id,
            day: plan.day,
            starts: plan.starts,
            place: plan.place,
            terminal_id: plan.terminal_id,
            hcp: plan.hcp_id.zip(plan.hcp),
            channel: plan.channel,
            note: plan.note,
            repeats: plan.series_id.is_some(),
            visit_id: plan.visit_id,
            metres,
        });
    };
    for plan in timed {
        add(plan, &mut last);
    }
    while !free.is_empty() {
        let far = |plan: &Stored| match (place(plan), last) {
            (Some(here), Some(last)) => here.metres_to(last),
            (Some(_), None) => 0.0,
            (None, _) => f64::MAX,
        };
        let nearest = (0..free.len())
            .min_by(|a, b| far(&free[*a]).total_cmp(&far(&free[*b])))
            .unwrap_or(0);
        add(free.remove(nearest), &mut last);
    }
    out
}

/// Today's plans of somebody, in the order of their way.
pub async fn today(state: &AppState, actor: &Actor) -> Result<Vec<PlanRow>, AppError> {
    let today = state.zone.today();
    let plans = between(state, actor, &actor.id, &today, &today).await?;
    let warnings = warnings(state, &actor.id, &plans, &today).await?;
    Ok(in_order(plans, &warnings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday() {
        assert_eq!(monday("2026-11-26"), "2026-11-23");
        assert_eq!(monday("2026-11-29"), "2026-11-23");
    }
}
