//! 我的月报: what somebody did in a month, out of the slices' own tables.

use super::model::Month;
use crate::server::AppState;
use crate::server::db::q;
use crate::server::guard::Actor;
use crate::shared::AppError;
use crate::visit::store::days_of;

/// The report of a month `YYYY-MM`, one's own, or with `person` that of somebody within scope.
pub async fn of(
    state: &AppState,
    actor: &Actor,
    month: &str,
    person: &str,
) -> Result<Month, AppError> {
    let today = state.zone.today();
    let month = if month.is_empty() { &today[..7] } else { month };
    let (from, to) = days_of(month).ok_or_else(|| AppError::field("month", "field.month"))?;
    let name = if person.is_empty() || person == actor.id {
        None
    } else {
        let mut query = q("SELECT s.name FROM staff s WHERE ");
        actor.scope(&mut query, "s.id");
        query.push_with(" AND s.id = ?", [person]);
        Some(query.one::<(String,)>(&state.db).await?.0)
    };
    let who = name.as_ref().map_or(actor.id.as_str(), |_| person);
    let begins = state.zone.start_of(&from).unwrap_or_default();
    let ends = state
        .zone
        .start_of(&crate::server::time::shift_day(&to, 1))
        .unwrap_or(i64::MAX);
    type Field = (i64, i64, i64, i64, i64, i64);
    let (visits, met, checkins, planned, kept, reviewed): Field = q(
        "SELECT (SELECT COUNT(*) FROM visit WHERE staff_id = $1 AND day >= $2 AND day <= $3), \
         (SELECT COUNT(DISTINCT x.hcp_id) FROM visit v JOIN visit_hcp x ON x.visit_id = v.id WHERE v.staff_id = $1 AND v.day >= $2 AND v.day <= $3), \
         (SELECT COUNT(*) FROM checkin WHERE staff_id = $1 AND day >= $2 AND day <= $3), \
         (SELECT COUNT(*) FROM visit_plan WHERE staff_id = $1 AND day >= $2 AND day <= $3 AND day <= $4 AND cancelled_at IS NULL), \
         (SELECT COUNT(*) FROM visit_plan WHERE staff_id = $1 AND day >= $2 AND day <= $3 AND day <= $4 AND cancelled_at IS NULL AND visit_id IS NOT NULL), \
         (SELECT COUNT(*) FROM visit WHERE staff_id = $1 AND day >= $2 AND day <= $3 AND review <> 'new')",
    )
    .bind(who)
    .bind(&from)
    .bind(&to)
    .bind(&today)
    .one(&state.db)
    .await?;
    let (created, shares, onboarded, lessons, exams): (i64, i64, i64, i64, i64) = q(
        "SELECT (SELECT COUNT(*) FROM share_link WHERE root_staff_id = $1 AND parent IS NULL AND created_at >= $2 AND created_at < $3), \
         (SELECT COUNT(*) FROM share_link WHERE root_staff_id = $1 AND parent IS NULL AND created_at >= $2 AND created_at < $3 AND opened_at IS NOT NULL), \
         (SELECT COUNT(*) FROM hcp h WHERE h.state = 'onboarded' AND h.onboarded_at >= $2 AND h.onboarded_at < $3 \
         AND $1 = (SELECT o.owner_id FROM hcp_ownership o WHERE o.hcp_id = h.id AND o.owner_id IS NOT NULL \
         AND (o.ends_at IS NULL OR o.ends_at > h.onboarded_at) ORDER BY o.starts_at, o.id LIMIT 1)), \
         (SELECT COUNT(*) FROM lesson_progress WHERE learner = 'staff:' || $1 AND completed_at >= $2 AND completed_at < $3), \
         (SELECT COUNT(*) FROM exam_attempt WHERE learner = 'staff:' || $1 AND submitted_at >= $2 AND submitted_at < $3)",
    )
    .bind(who)
    .bind(begins)
    .bind(ends)
    .one(&state.db)
    .await?;
    Ok(Month {
        month: month.to_owned(),
        person: name,
        visits,
        met,
        checkins,
        planned,
        kept,
        reviewed,
        shares,
        created,
        onboarded,
        lessons,
        exams,
    })
}
