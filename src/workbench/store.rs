//! What the first page shows, out of the slices' own numbers.

use super::model::{Desk, RecentRead, Todo};
use crate::ownership;
use crate::server::AppState;
use crate::server::db::q;
use crate::server::guard::Actor;
use crate::shared::{AppError, Permission};
use crate::sharing::metrics::{self, Range};

/// The desk of a role.
pub async fn desk(state: &AppState, actor: &Actor) -> Result<Desk, AppError> {
    let db = &state.db;
    let today = state.zone.today();
    let may = |permission| actor.role.may(permission);
    let mut desk = Desk::default();
    if may(Permission::ReadHcps) {
        desk.hcps = Some(crate::hcp::list::counts(db, actor).await?);
    }
    let mut waits = |kind: &str, n: i64| {
        if n > 0 {
            desk.todo.push(Todo {
                kind: kind.to_owned(),
                n,
            });
        }
    };
    let exams = crate::exam::attempt::mine(state, actor).await?;
    let open = exams.iter().filter(|e| e.can_take() && !e.done());
    waits("exams", open.count() as i64);
    let (courses, overdue) = crate::learning::record::waiting(state, actor).await?;
    waits("courses", courses);
    waits("courses_overdue", overdue);
    waits(
        "cards",
        crate::learning::cards::due(db, &format!("staff:{}", actor.id), &today).await?,
    );
    waits("inbox", crate::inbox::unread(db, actor).await?);
    waits(
        "comments",
        crate::course::comments::waiting(db, actor).await?,
    );
    if may(Permission::ReadResults) {
        let behind = crate::learning::coverage::behind(state, actor).await?;
        waits("behind", behind.len() as i64);
    }
    if may(Permission::ReviewArticles) {
        let open =
            q("SELECT COUNT(*) FROM course WHERE review = 'in_review' AND archived_at IS NULL");
        waits("course_review", open.count(db).await?);
        let open = q("SELECT COUNT(*) FROM article WHERE status = 'in_review'");
        waits("article_review", open.count(db).await?);
    }
    if may(Permission::WriteExams) {
        waits("marking", crate::exam::marking::waiting(db).await?);
    }
    if may(Permission::WriteHcps) {
        waits(
            "requests",
            ownership::requests::waiting(state, actor).await?,
        );
    }
    if may(Permission::AssignHcps) {
        let leavers = ownership::people::left_behind(state, actor).await?;
        waits("leavers", leavers.len() as i64);
    }
    if may(Permission::StewardHcps) {
        let open = q("SELECT COUNT(*) FROM hcp_duplicate WHERE status = 'open'");
        waits("duplicates", open.count(db).await?);
    }
    if may(Permission::ReadShares) {
        desk.sharing = Some(metrics::of_team(db, actor, &Range::last_days(&today, 30)).await?);
        desk.recent = crate::sharing::store::recent(db, actor, 8)
            .await?
            .into_iter()
            .map(|(hcp_id, hcp, article_id, title, at)| RecentRead {
                hcp_id,
                hcp,
                article_id,
                title,
                at: state.zone.minute(at),
            })
            .collect();
    }
    if may(Permission::WriteArticles) || may(Permission::ReviewArticles) {
        desk.articles = Some(crate::content::store::counts(db, &today).await?);
    }
    if may(Permission::ManageOrg) {
        let unassigned = q(
            "SELECT COUNT(*) FROM terminal t WHERE NOT EXISTS (SELECT 1 FROM terminal_assignment a \
             WHERE a.terminal_id = t.id AND a.ends_on IS NULL)",
        );
        desk.unassigned = Some(unassigned.count(db).await?);
        desk.people = Some(
            q("SELECT COUNT(*) FROM staff WHERE left_at IS NULL")
                .count(db)
                .await?,
        );
    }
    Ok(desk)
}
