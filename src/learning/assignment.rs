//! Since when a course is set to somebody, and when it is due.

use crate::course::store::{ASSIGNED, Course};
use crate::server::db::{DbResult, Tx, q};
use crate::server::time::{self, Zone};

/// What says by when a course is to be completed.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Deadline {
    /// assigned, joined, fixed or none.
    pub due_kind: String,
    pub due_days: i64,
    /// `YYYY-MM-DD` of a fixed day, else empty.
    pub due_on: String,
    pub version: i64,
    pub version_at: Option<i64>,
}

impl From<&Course> for Deadline {
    fn from(course: &Course) -> Deadline {
        Deadline {
            due_kind: course.due_kind.clone(),
            due_days: course.due_days,
            due_on: course.due_on.clone(),
            version: course.version,
            version_at: course.version_at,
        }
    }
}

/// Notes for whom required courses are set from now on, and forgets those to whom they are not set any more: who comes
/// back begins anew. One course, or with `None` all.
pub async fn sync(tx: &mut Tx, course: Option<&str>) -> DbResult<()> {
    let narrow = |query: &mut crate::server::db::Query| {
        if let Some(course) = course {
            query.push_with(" AND c.id = ?", [course]);
        }
    };
    let mut gone = q(format!(
        "DELETE FROM course_assignment WHERE NOT EXISTS (SELECT 1 FROM course c JOIN staff s ON {} \
         WHERE c.id = course_assignment.course_id AND s.id = course_assignment.staff_id \
         AND c.required AND c.published_at IS NOT NULL AND c.archived_at IS NULL)",
        *ASSIGNED
    ));
    if let Some(course) = course {
        gone.push_with(" AND course_id = ?", [course]);
    }
    gone.exec(&mut *tx).await?;
    let mut new =
        q("INSERT INTO course_assignment (course_id, staff_id, since) SELECT c.id, s.id, ");
    new.push_with("CAST(? AS BIGINT)", [time::now()]);
    new.push(&format!(
        " FROM course c JOIN staff s ON {} WHERE c.required AND c.published_at IS NOT NULL AND c.archived_at IS NULL",
        *ASSIGNED
    ));
    narrow(&mut new);
    new.push(" ON CONFLICT DO NOTHING");
    new.exec(tx).await?;
    Ok(())
}

/// The day by which a course is due for somebody to whom it is set since `since` and who joined at `joined` (epoch
/// milliseconds). A new version counts from its own beginning.
pub fn due(zone: &Zone, course: &Deadline, since: Option<i64>, joined: i64) -> Option<String> {
    let version_at = course.version_at.unwrap_or(0);
    let from = match course.due_kind.as_str() {
        "assigned" => since.unwrap_or_else(time::now).max(version_at),
        // The first version counts from joining even if that was long before; a later one asks anew.
        "joined" if course.version > 1 => joined.max(version_at),
        "joined" => joined,
        "fixed" => return Some(course.due_on.clone()),
        _ => return None,
    };
    Some(time::shift_day(&zone.day(from), course.due_days))
}
