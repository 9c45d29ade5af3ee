//! Planned visits (拜访计划): the calendar, what repeats, whom to visit next, and what a plan warns of.

use std::collections::{HashMap, HashSet};

use super::model::{CHANNELS, Calendar, CalendarDay, PlanChoices, PlanRow, Suggestion};
use super::rules::{Goals, Position};
use super::{records, store};
use crate::hcp;
use crate::onboarding::store::TRACKED;
use crate::server::db::{Db, DbResult, Query, Rows, Tx, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Permission, Saved};
use crate::task;
use crate::terminal::rules::time_of_day;
use jiff::ToSpan;
use jiff::civil::Date;

/// Plans that one view of the calendar holds at most.
const MOST: i64 = 500;
/// Times that a plan repeats at most.
const REPEATS_MOST: usize = 60;

/// The goals in force.
pub async fn goals(db: &Db) -> DbResult<Goals> {
    let found: Option<(String,)> = q("SELECT value FROM setting WHERE name = 'visit_goals'")
        .optional(db)
        .await?;
    Ok(found
        .and_then(|(json,)| serde_json::from_str(&json).ok())
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
    let place =
        |plan: &Stored| store::position(plan.latitude, plan.longitude, plan.datum.as_deref());
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

/// What the open plans from today on warn of, by their ids.
async fn warnings(
    state: &AppState,
    staff_id: &str,
    plans: &[Stored],
    today: &str,
) -> Result<HashMap<String, Vec<String>>, AppError> {
    let open: Vec<&Stored> = plans
        .iter()
        .filter(|p| p.visit_id.is_none() && p.day.as_str() >= today)
        .collect();
    let mut out: HashMap<String, Vec<String>> = HashMap::new();
    if open.is_empty() {
        return Ok(out);
    }
    let ids = |pick: fn(&Stored) -> Option<&String>| -> Vec<String> {
        let set: HashSet<&String> = open.iter().filter_map(|p| pick(p)).collect();
        set.into_iter().cloned().collect()
    };
    let mut query =
        q("SELECT terminal_id, weekday, starts, ends, appointment FROM terminal_window WHERE ");
    hcp::list::push_among(&mut query, "terminal_id", &ids(|p| p.terminal_id.as_ref()));
    let windows: Vec<(String, i64, String, String, bool)> = query.all(&state.db).await?;
    let cap = goals(&state.db).await?.cap;
    let (first, last) = (
        format!("{}-01", &open[0].day[..7]),
        format!("{}-31", &open[open.len() - 1].day[..7]),
    );
    let hcps = ids(|p| p.hcp_id.as_ref());
    let mut query = q(
        "SELECT x.hcp_id, SUBSTR(v.day, 1, 7) AS month, COUNT(*) FROM visit_hcp x JOIN visit v ON v.id = x.visit_id WHERE ",
    );
    hcp::list::push_among(&mut query, "x.hcp_id", &hcps);
    query.push_with(
        " AND v.day >= ? AND v.day <= ? GROUP BY x.hcp_id, SUBSTR(v.day, 1, 7)",
        [&first, &last],
    );
    let met: Vec<(String, String, i64)> = query.all(&state.db).await?;
    let mut query = q("SELECT p.hcp_id, p.day, COUNT(*) FROM visit_plan p WHERE ");
    hcp::list::push_among(&mut query, "p.hcp_id", &hcps);
    query.push_with(
        " AND p.day >= ? AND p.day <= ? AND p.visit_id IS NULL AND p.cancelled_at IS NULL AND p.staff_id = ? AND p.day >= ? \
         GROUP BY p.hcp_id, p.day",
        [first.as_str(), last.as_str(), staff_id, today],
    );
    let planned: Vec<(String, String, i64)> = query.all(&state.db).await?;
    // Visits of the plan's month, with those planned up to its day.
    let often = |hcp: &str, day: &str| -> i64 {
        let visited = met.iter().filter(|m| m.0 == hcp && m.1 == day[..7]);
        let before = planned
            .iter()
            .filter(|p| p.0 == hcp && p.1[..7] == day[..7] && p.1.as_str() <= day);
        visited.chain(before).map(|(_, _, n)| n).sum()
    };
    for plan in &open {
        let mut said = Vec::new();
        let weekday = plan
            .day
            .parse::<Date>()
            .map_or(0, |d| i64::from(d.weekday().to_monday_one_offset()));
        let mut known = windows
            .iter()
            .filter(|w| Some(&w.0) == plan.terminal_id.as_ref())
            .peekable();
        // Windows are for those who come: a call needs none.
        if known.peek().is_some() && !matches!(plan.channel.as_str(), "phone" | "online") {
            let fits: Vec<_> = known
                .filter(|(_, day, starts, ends, _)| {
                    *day == weekday
                        && (plan.starts.is_empty()
                            || (*starts <= plan.starts && plan.starts < *ends))
                })
                .collect();
            if fits.is_empty() {
                said.push("window".to_owned());
            } else if fits.iter().all(|w| w.4) {
                said.push("appointment".to_owned());
            }
        }
        if let Some(hcp) = &plan.hcp_id
            && often(hcp, &plan.day) > cap
        {
            said.push("cap".to_owned());
        }
        let clashes = open.iter().any(|other| {
            other.id != plan.id
                && other.day == plan.day
                && other.terminal_id != plan.terminal_id
                && minutes(&other.starts)
                    .zip(minutes(&plan.starts))
                    .is_some_and(|(a, b)| (a - b).abs() < 30)
        });
        if clashes {
            said.push("conflict".to_owned());
        }
        if !said.is_empty() {
            out.insert(plan.id.clone(), said);
        }
    }
    Ok(out)
}

/// Minutes since midnight of `HH:MM`.
fn minutes(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    Some(hour.parse::<i64>().ok()? * 60 + minute.parse::<i64>().ok()?)
}

/// A plan as it is typed.
#[derive(Debug, Clone, Default)]
pub struct NewPlan {
    pub terminal_id: String,
    pub hcp_id: String,
    pub day: String,
    pub starts: String,
    pub channel: String,
    pub note: String,
    /// weekly, biweekly, monthly or empty.
    pub repeat: String,
    /// Until when it repeats, `YYYY-MM-DD`.
    pub until: String,
}

/// The days of a plan that repeats: from its first to `until`.
pub fn repeated(day: &str, repeat: &str, until: &str) -> Vec<String> {
    let (Ok(first), Ok(last)) = (day.parse::<Date>(), until.parse::<Date>()) else {
        return vec![day.to_owned()];
    };
    let nth = |n: usize| {
        let n = n as i64;
        match repeat {
            "weekly" => first.checked_add((7 * n).days()),
            "biweekly" => first.checked_add((14 * n).days()),
            _ => first.checked_add(n.months()),
        }
    };
    (0..REPEATS_MOST)
        .map_while(|n| nth(n).ok())
        .take_while(|date| *date <= last)
        .map(|date| date.to_string())
        .collect()
}

/// Plans a visit, or with `repeat` several.
pub async fn add(
    state: &AppState,
    actor: &Actor,
    key: &str,
    new: NewPlan,
) -> Result<Saved, AppError> {
    let today = state.zone.today();
    let starts = time_of_day(&new.starts);
    let repeats = !new.repeat.is_empty();
    Checks::default()
        .ensure(
            time::is_day(&new.day) && new.day >= today,
            "day",
            "field.future_day",
        )
        .ensure(
            new.starts.trim().is_empty() || starts.is_some(),
            "starts",
            "field.time",
        )
        .ensure(
            CHANNELS.contains(&new.channel.as_str()),
            "channel",
            "field.required",
        )
        .ensure(new.note.chars().count() <= 500, "note", "field.too_long")
        .ensure(
            !(new.terminal_id.is_empty() && new.hcp_id.is_empty()),
            "terminal",
            "field.plan_where",
        )
        .ensure(
            ["", "weekly", "biweekly", "monthly"].contains(&new.repeat.as_str()),
            "repeat",
            "field.required",
        )
        .ensure(
            !repeats || (time::is_day(&new.until) && new.until > new.day),
            "until",
            "field.later_day",
        )
        .ensure(
            !repeats || new.until <= time::shift_day(&new.day, 366),
            "until",
            "field.within_year",
        )
        .done()?;
    let mut terminal_id = Some(new.terminal_id.clone()).filter(|id| !id.is_empty());
    let hcp_id = Some(new.hcp_id.clone()).filter(|id| !id.is_empty());
    if let Some(hcp) = &hcp_id {
        hcp::store::row(&state.db, actor, hcp).await?;
        let (at,): (Option<String>,) = q("SELECT terminal_id FROM hcp WHERE id = $1")
            .bind(hcp)
            .one(&state.db)
            .await?;
        match &terminal_id {
            None => terminal_id = at,
            Some(terminal) if at.as_ref() == Some(terminal) => {}
            Some(terminal) => records::assigned(state, actor, terminal, &today).await?,
        }
    } else if let Some(terminal) = &terminal_id {
        records::assigned(state, actor, terminal, &today).await?;
    }
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let days = if repeats {
        repeated(&new.day, &new.repeat, &new.until)
    } else {
        vec![new.day.clone()]
    };
    let series = (days.len() > 1).then(crypto::new_id);
    let now = time::now();
    let rows: Rows = days
        .iter()
        .map(|day| {
            vec![
                crypto::new_id().into(),
                (&actor.id).into(),
                (&terminal_id).into(),
                (&hcp_id).into(),
                day.into(),
                starts.clone().unwrap_or_default().into(),
                (&new.channel).into(),
                new.note.trim().into(),
                (&series).into(),
                now.into(),
            ]
        })
        .collect();
    insert_many(
        &mut tx,
        "INSERT INTO visit_plan (id, staff_id, terminal_id, hcp_id, day, starts, channel, note, series_id, created_at)",
        rows,
        "",
    )
    .await?;
    let saved = Saved::go("notice.plan_added", format!("/plans?day={}", new.day));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    state.live.tell(&actor.id);
    Ok(saved)
}

/// Cancels a plan of one's own that was not carried out, with `following` all that repeat it from that day on.
pub async fn cancel(
    state: &AppState,
    actor: &Actor,
    id: &str,
    following: bool,
) -> Result<Saved, AppError> {
    let (day, series): (String, Option<String>) =
        q("SELECT day, series_id FROM visit_plan WHERE id = $1 AND staff_id = $2")
            .bind(id)
            .bind(&actor.id)
            .one(&state.db)
            .await?;
    let mut query = q(
        "UPDATE visit_plan SET cancelled_at = $1 WHERE cancelled_at IS NULL AND visit_id IS NULL",
    )
    .bind(time::now());
    query.push_with(" AND staff_id = ?", [&actor.id]);
    match series.filter(|_| following) {
        Some(series) => query.push_with(" AND series_id = ? AND day >= ?", [&series, &day]),
        None => query.push_with(" AND id = ?", [id]),
    };
    if query.exec(&state.db).await? == 0 {
        return Err(AppError::Conflict("error.plan_closed".into()));
    }
    state.live.tell(&actor.id);
    Ok(Saved::stay("notice.plan_cancelled"))
}

/// Moves a plan of one's own that was not carried out to another day or time.
pub async fn shift(
    state: &AppState,
    actor: &Actor,
    id: &str,
    day: &str,
    starts: &str,
) -> Result<Saved, AppError> {
    let time = time_of_day(starts);
    q("SELECT id FROM visit_plan WHERE id = $1 AND staff_id = $2")
        .bind(id)
        .bind(&actor.id)
        .one::<(String,)>(&state.db)
        .await?;
    Checks::default()
        .ensure(
            time::is_day(day) && day >= state.zone.today().as_str(),
            "day",
            "field.future_day",
        )
        .ensure(
            starts.trim().is_empty() || time.is_some(),
            "starts",
            "field.time",
        )
        .done()?;
    let moved = q("UPDATE visit_plan SET day = $1, starts = $2 WHERE id = $3 AND staff_id = $4 AND visit_id IS NULL \
        AND cancelled_at IS NULL")
    .bind(day)
    .bind(time.unwrap_or_default())
    .bind(id)
    .bind(&actor.id)
    .exec(&state.db)
    .await?;
    if moved == 0 {
        return Err(AppError::Conflict("error.plan_closed".into()));
    }
    state.live.tell(&actor.id);
    Ok(Saved::go("notice.plan_moved", format!("/plans?day={day}")))
}

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
        store::near(state, actor, None)
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
    fn plans_repeat_on_their_days() {
        assert_eq!(
            repeated("2026-11-26", "weekly", "2026-12-12"),
            ["2026-11-26", "2026-12-03", "2026-12-10"]
        );
        assert_eq!(
            repeated("2026-01-31", "monthly", "2026-04-01"),
            ["2026-01-31", "2026-02-28", "2026-03-31"],
            "a month without that day takes its last"
        );
        assert_eq!(
            repeated("2026-11-26", "weekly", "2030-01-01").len(),
            REPEATS_MOST
        );
        assert_eq!(monday("2026-11-26"), "2026-11-23");
        assert_eq!(monday("2026-11-29"), "2026-11-23");
    }
}
