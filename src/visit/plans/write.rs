//! Planning, moving and cancelling visits.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::hcp;
use crate::server::db::{Rows, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Saved};
use crate::terminal::rules::time_of_day;
use crate::visit::model::CHANNELS;
use crate::visit::records;

/// Times that a plan repeats at most.
const REPEATS_MOST: usize = 60;

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
    }
}
