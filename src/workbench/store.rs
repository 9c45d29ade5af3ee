//! What the first page shows, out of the slices' own numbers.

use super::model::{CARDS, Desk, RecentRead, TeamDay, Todo};
use crate::ownership;
use crate::server::AppState;
use crate::server::db::{Db, DbResult, internal, q};
use crate::server::guard::Actor;
use crate::shared::{AppError, Permission, Saved};
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
    waits("tasks", crate::task::store::due(state, actor).await?);
    waits("memos", crate::memo::store::unread(db, actor).await?);
    if may(Permission::RecordVisits) {
        waits(
            "visit_change",
            crate::visit::review::to_change(state, actor).await?,
        );
    }
    if may(Permission::ReviewVisits) {
        waits(
            "visit_review",
            crate::visit::review::waiting(state, actor).await?,
        );
    }
    if may(Permission::HandleAdverseEvents) {
        waits(
            "adverse_events",
            crate::safety::store::waiting(state).await?,
        );
    }
    if may(Permission::AnswerComplaints) {
        waits("complaints", crate::complaint::store::waiting(state).await?);
    }
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
    if may(Permission::RecordVisits) {
        desk.plans = Some(crate::visit::plans::today(state, actor).await?);
    }
    if may(Permission::ReviewVisits) {
        desk.team = Some(team(state, actor, &today).await?);
    }
    desk.layout = layout(db, actor).await?;
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

/// A manager's team today.
async fn team(state: &AppState, actor: &Actor, today: &str) -> DbResult<TeamDay> {
    let mut query = q(
        "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN n > 0 THEN 1 ELSE 0 END), 0) AS BIGINT), \
        CAST(COALESCE(SUM(n), 0) AS BIGINT), CAST(COALESCE(SUM(c), 0) AS BIGINT) FROM (SELECT ",
    );
    query.push_with(
        "(SELECT COUNT(*) FROM visit v WHERE v.staff_id = s.id AND v.day = ?) AS n, \
         (SELECT COUNT(*) FROM checkin c WHERE c.staff_id = s.id AND c.day = ?) AS c FROM staff s WHERE s.left_at IS NULL \
         AND s.role IN ('rep', 'otc_rep', 'trade_rep') AND ",
        [today, today],
    );
    actor.scope(&mut query, "s.id");
    query.push(") x");
    let (people, active, visits, checkins): (i64, i64, i64, i64) = query.one(&state.db).await?;
    let mut query = q(
        "SELECT s.id, s.name, COUNT(*) FROM visit_plan p JOIN staff s ON s.id = p.staff_id WHERE ",
    );
    query.push_with(
        "p.day >= ? AND p.day < ? AND p.visit_id IS NULL AND p.cancelled_at IS NULL AND s.id <> ? AND ",
        [
            crate::visit::plans::monday(today).as_str(),
            today,
            actor.id.as_str(),
        ],
    );
    actor.scope(&mut query, "p.staff_id");
    query.push(" GROUP BY s.id, s.name ORDER BY COUNT(*) DESC, s.name, s.id LIMIT 5");
    Ok(TeamDay {
        people,
        active,
        visits,
        checkins,
        behind: query.all(&state.db).await?,
    })
}

/// The cards of somebody's first page in their order; a card that is new since they arranged them stands last.
async fn layout(db: &Db, actor: &Actor) -> DbResult<Vec<String>> {
    let found: Option<(String,)> = q("SELECT cards FROM desk_layout WHERE staff_id = $1")
        .bind(&actor.id)
        .optional(db)
        .await?;
    let mut cards: Vec<String> = found
        .and_then(|(json,)| serde_json::from_str(&json).ok())
        .unwrap_or_default();
    cards.retain(|card| CARDS.contains(&card.trim_start_matches('-')));
    cards.retain(|card| useful(actor, card.trim_start_matches('-')));
    for card in CARDS.into_iter().filter(|card| useful(actor, card)) {
        if !cards
            .iter()
            .any(|known| known.trim_start_matches('-') == card)
        {
            cards.push(card.to_owned());
        }
    }
    Ok(cards)
}

/// Whether a role has a use for a card.
fn useful(actor: &Actor, card: &str) -> bool {
    let may = |permission| actor.role.may(permission);
    match card {
        "plans" => may(Permission::RecordVisits),
        "team" => may(Permission::ReviewVisits),
        "hcps" => may(Permission::ReadHcps),
        "articles" => may(Permission::WriteArticles) || may(Permission::ReviewArticles),
        "company" => may(Permission::ManageOrg),
        "sharing" | "recent" => may(Permission::ReadShares),
        _ => true,
    }
}

/// Arranges somebody's first page.
pub async fn arrange(
    state: &AppState,
    actor: &Actor,
    card: &str,
    act: &str,
) -> Result<Saved, AppError> {
    let mut cards = layout(&state.db, actor).await?;
    let at = cards
        .iter()
        .position(|known| known.trim_start_matches('-') == card);
    match (act, at) {
        ("reset", _) => cards = CARDS.map(str::to_owned).to_vec(),
        (_, None) => return Err(AppError::field("card", "field.required")),
        ("up", Some(at)) if at > 0 => cards.swap(at, at - 1),
        ("down", Some(at)) if at + 1 < cards.len() => cards.swap(at, at + 1),
        ("hide", Some(at)) => cards[at] = format!("-{card}"),
        ("show", Some(at)) => cards[at] = card.to_owned(),
        _ => {}
    }
    q("INSERT INTO desk_layout (staff_id, cards) VALUES ($1, $2) ON CONFLICT (staff_id) DO UPDATE SET cards = $2")
        .bind(&actor.id)
        .bind(serde_json::to_string(&cards).map_err(internal)?)
        .exec(&state.db)
        .await?;
    Ok(Saved::stay("notice.saved"))
}
