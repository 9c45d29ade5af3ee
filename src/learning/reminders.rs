//! The ladder of reminders: learners before and after the day a course is due, then their manager, on Chinese workdays.

use std::collections::HashMap;

use super::assignment::{self, Deadline, due};
use super::workdays;
use crate::course::store::{self, ASSIGNED, Course};
use crate::inbox;
use crate::server::db::{DbResult, q};
use crate::server::{AppState, time};
use crate::shared::AppError;

/// Steps in workdays from the due day, and what is said. At each, whoever has not completed the course is told once.
const LADDER: [(i64, &str); 3] = [
    (-5, "message.due_soon"),
    (-1, "message.due_next"),
    (1, "message.overdue"),
];
/// Workdays after the due day at which the manager is told.
const MANAGER: i64 = 3;

/// Somebody to whom a course is set and who has not completed it.
#[derive(sqlx::FromRow)]
struct Missing {
    id: String,
    unit_id: String,
    since: Option<i64>,
    joined: i64,
}

/// What is due today; harmless when repeated. Outside 8 to 20 o'clock and on days off nobody is told anything.
pub async fn run(state: &AppState) -> Result<u64, AppError> {
    let mut tx = state.db.begin().await?;
    assignment::sync(&mut tx, None).await?;
    tx.commit().await?;
    let today = state.zone.today();
    if !workdays::is_workday(&today) || !(8..20).contains(&state.zone.hour(time::now())) {
        return Ok(0);
    }
    on(state, &today).await
}

/// The reminders of a day.
pub async fn on(state: &AppState, today: &str) -> Result<u64, AppError> {
    let courses = store::courses(&state.db, |query| {
        query.push("c.required AND c.published_at IS NOT NULL AND c.archived_at IS NULL AND c.due_kind <> 'none'");
    })
    .await?;
    let managers = managers(state).await?;
    let mut sent = 0;
    for course in courses {
        sent += of_course(state, &course, &managers, today).await?;
    }
    Ok(sent)
}

/// The managers of each unit: its own, or the nearest above it.
async fn managers(state: &AppState) -> DbResult<HashMap<String, Vec<String>>> {
    let rows: Vec<(String, String, i64)> = q(
        "SELECT c.descendant_id, m.staff_id, \
         (SELECT COUNT(*) FROM org_closure d WHERE d.descendant_id = m.unit_id) AS depth \
         FROM org_closure c JOIN unit_manager m ON m.unit_id = c.ancestor_id JOIN staff s ON s.id = m.staff_id \
         WHERE s.left_at IS NULL ORDER BY c.descendant_id, depth DESC",
    )
    .all(&state.db)
    .await?;
    let mut nearest: HashMap<String, (i64, Vec<String>)> = HashMap::new();
    for (unit, manager, depth) in rows {
        let entry = nearest.entry(unit).or_insert((depth, Vec::new()));
        if entry.0 == depth {
            entry.1.push(manager);
        }
    }
    Ok(nearest
        .into_iter()
        .map(|(unit, (_, ids))| (unit, ids))
        .collect())
}

async fn of_course(
    state: &AppState,
    course: &Course,
    managers: &HashMap<String, Vec<String>>,
    today: &str,
) -> Result<u64, AppError> {
    let missing: Vec<Missing> = q(format!(
        "SELECT s.id, s.unit_id, g.since, s.created_at AS joined FROM course c JOIN staff s ON {} \
         LEFT JOIN course_assignment g ON g.course_id = c.id AND g.staff_id = s.id WHERE c.id = $1 \
         AND NOT EXISTS (SELECT 1 FROM course_completion d WHERE d.course_id = c.id AND d.version = c.version \
         AND d.learner = 'staff:' || s.id)",
        *ASSIGNED
    ))
    .bind(&course.id)
    .all(&state.db)
    .await?;
    // Owned parts of messages: receiver, kind, due day, people, key.
    let mut told: Vec<(String, &str, String, i64, String)> = Vec::new();
    let mut behind: HashMap<(String, String), i64> = HashMap::new();
    let deadline = Deadline::from(course);
    for person in &missing {
        let Some(due) = due(&state.zone, &deadline, person.since, person.joined) else {
            continue;
        };
        // The last step that was reached: who missed one while the server was down is told the present one only.
        let step = LADDER
            .iter()
            .rev()
            .find(|(days, _)| workdays::shift(&due, *days).as_str() <= today);
        if let Some((days, kind)) = step {
            let key = format!(
                "due:{}:{}:{}:{days}:{due}",
                course.id, course.version, person.id
            );
            told.push((person.id.clone(), kind, due.clone(), 0, key));
        }
        if workdays::shift(&due, MANAGER).as_str() <= today {
            for manager in managers.get(&person.unit_id).into_iter().flatten() {
                if *manager != person.id {
                    *behind.entry((manager.clone(), due.clone())).or_default() += 1;
                }
            }
        }
    }
    for ((manager, due), n) in behind {
        let key = format!("team:{}:{}:{manager}:{due}", course.id, course.version);
        told.push((manager, "message.team_overdue", due, n, key));
    }
    let mut sent = 0;
    for some in told.chunks(200) {
        let counts: Vec<String> = some.iter().map(|m| m.3.to_string()).collect();
        let args: Vec<[(&str, &str); 3]> = some
            .iter()
            .zip(&counts)
            .map(|(m, n)| {
                [
                    ("course", course.title.as_str()),
                    ("due", m.2.as_str()),
                    ("n", n.as_str()),
                ]
            })
            .collect();
        let (own, team) = (
            format!("/learn/{}", course.id),
            format!("/courses/{}/coverage?state=overdue", course.id),
        );
        let messages: Vec<inbox::Message> = some
            .iter()
            .zip(&args)
            .map(|(m, args)| inbox::Message {
                staff_id: &m.0,
                kind: m.1,
                args,
                path: if m.1 == "message.team_overdue" {
                    &team
                } else {
                    &own
                },
                about: &course.id,
                dedupe: &m.4,
            })
            .collect();
        let mut tx = state.db.begin().await?;
        sent += inbox::send(&mut tx, &messages).await?;
        tx.commit().await?;
    }
    Ok(sent)
}
