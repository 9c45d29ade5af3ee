//! Coverage (覆盖率) of a course: people who completed the version in force ÷ people to whom it is set today, those who
//! left excluded (domain, Learning).

use super::assignment::{Deadline, due};
use super::model::{Coverage, PersonCoverage, UnitCoverage};
use super::record::Required;
use crate::course::store::{self, ASSIGNED, Course};
use crate::inbox;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Query, containing, q};
use crate::server::guard::Actor;
use crate::server::time::{self, Zone};
use crate::server::{AppState, collation};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};

/// Who is shown.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of a name or a number.
    pub text: String,
    /// A unit with all below it.
    pub unit: String,
    /// `missing`, `overdue`, `completed`, or empty for all.
    pub state: String,
}

/// People to whom a course is set, within scope, with their completion `d` and their assignment `g`.
fn people(query: &mut Query, actor: &Actor, course: &str) {
    query.push(&format!(
        " FROM course c JOIN staff s ON {} JOIN org_unit u ON u.id = s.unit_id \
         LEFT JOIN course_completion d ON d.course_id = c.id AND d.version = c.version AND d.learner = 'staff:' || s.id \
         LEFT JOIN course_assignment g ON g.course_id = c.id AND g.staff_id = s.id WHERE ",
        *ASSIGNED
    ));
    query.push_with("c.id = ? AND ", [course]);
    actor.scope(query, "s.id");
}

/// The condition that somebody has not completed the course though its day is past.
fn overdue(query: &mut Query, zone: &Zone, course: &Deadline) {
    let today = zone.today();
    // Due on a day that is `days` after the day of a moment: past, if that moment lies before this one.
    let before = zone
        .start_of(&time::shift_day(&today, -course.due_days))
        .unwrap_or(0);
    let renewed = course.version_at.unwrap_or(0) >= before;
    query.push("d.learner IS NULL AND ");
    match course.due_kind.as_str() {
        "assigned" if !renewed => query.push_with("g.since < ?", [before]),
        "joined" if course.version <= 1 || !renewed => {
            query.push_with("s.created_at < ?", [before])
        }
        "fixed" if course.due_on < today => query.push("1 = 1"),
        _ => query.push("1 = 0"),
    };
}

fn narrow(query: &mut Query, zone: &Zone, course: &Course, filter: &Filter) {
    match filter.state.as_str() {
        "missing" => {
            query.push(" AND d.learner IS NULL");
        }
        "completed" => {
            query.push(" AND d.learner IS NOT NULL");
        }
        "overdue" => {
            query.push(" AND ");
            overdue(query, zone, &course.into());
        }
        _ => {}
    }
    if !filter.unit.is_empty() {
        query.push_with(
            " AND EXISTS (SELECT 1 FROM org_closure k WHERE k.ancestor_id = ? AND k.descendant_id = s.unit_id)",
            [&filter.unit],
        );
    }
    let text = filter.text.trim();
    if !text.is_empty() {
        query.push_with(
            " AND (s.name LIKE ? ESCAPE '!' OR s.employee_no = ?)",
            [containing(text), text.to_owned()],
        );
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    staff_id: String,
    name: String,
    employee_no: String,
    unit: String,
    completed_at: Option<i64>,
    since: Option<i64>,
    joined: i64,
    lessons_done: i64,
    reminded_at: Option<i64>,
    read: i64,
}

async fn rows(
    state: &AppState,
    actor: &Actor,
    course: &Course,
    filter: &Filter,
    limit: Option<(i64, i64)>,
) -> DbResult<Vec<PersonCoverage>> {
    let mut query = q(
        "SELECT s.id AS staff_id, s.name, COALESCE(s.employee_no, '') AS employee_no, u.name AS unit, d.completed_at, \
         g.since, s.created_at AS joined, \
         (SELECT COUNT(*) FROM lesson_progress p WHERE p.course_id = c.id AND p.learner = 'staff:' || s.id \
         AND p.version = c.version AND p.completed_at IS NOT NULL) AS lessons_done, \
         (SELECT MAX(m.created_at) FROM message m WHERE m.about = c.id AND m.staff_id = s.id) AS reminded_at, \
         (SELECT COUNT(*) FROM message m WHERE m.about = c.id AND m.staff_id = s.id AND m.read_at IS NOT NULL \
         AND m.created_at = (SELECT MAX(n.created_at) FROM message n WHERE n.about = c.id AND n.staff_id = s.id)) AS read",
    );
    people(&mut query, actor, &course.id);
    narrow(&mut query, &state.zone, course, filter);
    query.push(" ORDER BY u.name COLLATE pinyin, s.name COLLATE pinyin, s.id");
    if let Some((size, from)) = limit {
        query.push_with(" LIMIT ? OFFSET ?", [size, from]);
    }
    let rows: Vec<Row> = query.all(&state.db).await?;
    let today = state.zone.today();
    let deadline = Deadline::from(course);
    Ok(rows
        .into_iter()
        .map(|row| {
            let due = due(&state.zone, &deadline, row.since, row.joined);
            PersonCoverage {
                overdue: row.completed_at.is_none() && due.as_ref().is_some_and(|due| *due < today),
                due,
                completed: row.completed_at.map(|at| state.zone.minute(at)),
                lessons_done: row.lessons_done,
                reminded: row
                    .reminded_at
                    .map(|at| (state.zone.minute(at), row.read > 0)),
                staff_id: row.staff_id,
                name: row.name,
                employee_no: row.employee_no,
                unit: row.unit,
            }
        })
        .collect())
}

async fn published(state: &AppState, id: &str) -> Result<Course, AppError> {
    let course = store::course(&state.db, id).await?;
    if course.published_at.is_none() {
        return Err(AppError::NotFound);
    }
    Ok(course)
}

/// The coverage of a course within scope: in all, by unit, and one page of people.
pub async fn page(
    state: &AppState,
    actor: &Actor,
    id: &str,
    filter: &Filter,
    page: i64,
) -> Result<Coverage, AppError> {
    let course = published(state, id).await?;
    let contents = super::access::edition(&state.db, id, course.edition).await?;
    let mut units = q(
        "SELECT u.id AS unit_id, u.name AS unit, COUNT(*) AS assigned, COUNT(d.learner) AS completed, COUNT(CASE WHEN ",
    );
    overdue(&mut units, &state.zone, &(&course).into());
    units.push(" THEN 1 END) AS overdue");
    people(&mut units, actor, id);
    units.push(" GROUP BY u.id, u.name ORDER BY u.name COLLATE pinyin, u.id");
    let mut units: Vec<UnitCoverage> = units.all(&state.db).await?;
    let sum = |of: fn(&UnitCoverage) -> i64| units.iter().map(of).sum::<i64>();
    let (assigned, completed, late) = (
        sum(|u| u.assigned),
        sum(|u| u.completed),
        sum(|u| u.overdue),
    );
    // The least covered first.
    units.sort_by(|a, b| {
        (a.completed * b.assigned)
            .cmp(&(b.completed * a.assigned))
            .then_with(|| collation::compare(&a.unit, &b.unit))
    });
    let mut count = q("SELECT COUNT(*)");
    people(&mut count, actor, id);
    narrow(&mut count, &state.zone, &course, filter);
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    Ok(Coverage {
        lessons: contents.lessons().count() as i64,
        version: course.version,
        assigned,
        completed,
        overdue: late,
        units,
        people: Page {
            rows: rows(
                state,
                actor,
                &course,
                filter,
                Some((PAGE_SIZE, offset(page))),
            )
            .await?,
            total,
            page,
        },
        course: (course.id, course.title),
    })
}

/// All people of a course's coverage within scope, with its title.
pub async fn all(
    state: &AppState,
    actor: &Actor,
    id: &str,
    filter: &Filter,
) -> Result<(String, Vec<PersonCoverage>), AppError> {
    let course = published(state, id).await?;
    let rows = rows(state, actor, &course, filter, None).await?;
    Ok((course.title, rows))
}

/// Reminds those whom the filter leaves and who have not completed the course; each person once a day. Nobody is
/// reminded of what is done.
pub async fn remind(
    state: &AppState,
    actor: &Actor,
    id: &str,
    filter: &Filter,
) -> Result<Saved, AppError> {
    let course = published(state, id).await?;
    if course.archived_at.is_some() {
        return Err(AppError::Conflict("error.course_archived".into()));
    }
    let filter = Filter {
        state: match filter.state.as_str() {
            "overdue" => "overdue".into(),
            "completed" => return Ok(Saved::stay("notice.nobody_to_remind")),
            _ => "missing".into(),
        },
        ..filter.clone()
    };
    let missing = rows(state, actor, &course, &filter, None).await?;
    let today = state.zone.today();
    let path = format!("/learn/{id}");
    let mut tx = state.db.begin().await?;
    let mut sent = 0;
    for some in missing.chunks(200) {
        let keys: Vec<String> = some
            .iter()
            .map(|p| format!("hand:{id}:{}:{}:{today}", course.version, p.staff_id))
            .collect();
        let due: Vec<String> = some
            .iter()
            .map(|p| p.due.clone().unwrap_or_else(|| "—".into()))
            .collect();
        let args: Vec<[(&str, &str); 3]> = due
            .iter()
            .map(|due| {
                [
                    ("course", course.title.as_str()),
                    ("due", due.as_str()),
                    ("by", actor.name.as_str()),
                ]
            })
            .collect();
        let messages: Vec<inbox::Message> = some
            .iter()
            .zip(&keys)
            .zip(&args)
            .map(|((person, key), args)| inbox::Message {
                staff_id: &person.staff_id,
                kind: "message.reminded",
                args,
                path: &path,
                about: id,
                dedupe: key,
            })
            .collect();
        sent += inbox::send(&mut tx, &messages).await?;
    }
    if sent == 0 {
        return Ok(Saved::stay("notice.nobody_to_remind"));
    }
    let event = Event::new("course.remind", "course", id)
        .detail(serde_json::json!({ "people": sent, "unit": filter.unit }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.reminded"))
}

/// Counts those of the required courses for which somebody within scope is late; `None` if there is none to ask about.
pub fn behind(zone: &Zone, actor: &Actor, courses: &[Required]) -> Option<Query> {
    let mut query = q("SELECT COUNT(*) FROM (");
    let mut asked = 0;
    for course in courses.iter().filter(|c| c.deadline.due_kind != "none") {
        // The day of each course is its own: one arm for each.
        query.push(if asked == 0 { "" } else { " UNION ALL " });
        query.push("SELECT one FROM (SELECT 1 AS one");
        people(&mut query, actor, &course.id);
        query.push(" AND ");
        overdue(&mut query, zone, &course.deadline);
        query.push(&format!(" LIMIT 1) late{asked}"));
        asked += 1;
    }
    query.push(") late");
    (asked > 0).then_some(query)
}
