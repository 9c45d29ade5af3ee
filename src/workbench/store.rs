//! What the first page shows, out of the slices' own numbers.

use std::collections::HashMap;

use super::model::{ArticleCounts, CARDS, Desk, HcpCounts, RecentRead, TeamDay, Todo};
use crate::insight;
use crate::learning::record::{self, Required};
use crate::ownership;
use crate::server::db::{Query, internal, q};
use crate::server::facts::{Facts, Found};
use crate::server::guard::Actor;
use crate::server::{AppState, collation};
use crate::shared::{AppError, Permission, Saved};
use crate::sharing::metrics::{self, Range};

/// The desk of a role. What is only counted is asked for in one statement.
pub async fn desk(state: &AppState, actor: &Actor) -> Result<Desk, AppError> {
    let db = &state.db;
    let today = state.zone.today();
    let may = |permission| actor.role.may(permission);
    let courses = record::required(db, actor).await?;
    let mut facts = Facts::default();
    facts.rows("layout", arranged(actor));
    waiting(state, actor, &courses, &mut facts);
    if may(Permission::ReadHcps) {
        facts.rows("hcps", crate::hcp::list::counts(actor));
    }
    if may(Permission::ReviewVisits) {
        team(actor, &today, &mut facts);
    }
    if writes_articles(actor) {
        facts.rows("articles", crate::content::store::counts());
        facts.count("expiring", crate::content::store::expiring(&today));
    }
    if may(Permission::ManageOrg) {
        facts.count(
            "unassigned",
            q("SELECT COUNT(*) FROM terminal t WHERE t.status <> 'closed' AND NOT EXISTS (SELECT 1 FROM terminal_assignment a \
               WHERE a.terminal_id = t.id AND a.ends_on IS NULL AND a.business_line = 'default')"),
        );
        facts.count(
            "people",
            q("SELECT COUNT(*) FROM staff WHERE left_at IS NULL"),
        );
    }
    let found = facts.read(db).await?;
    let by_state = |kind: &'static str| -> HashMap<String, i64> {
        found.of(kind).map(|f| (f.id.clone(), f.n)).collect()
    };
    let state_of = |counts: &HashMap<String, i64>, id: &str| counts.get(id).copied().unwrap_or(0);
    let mut desk = Desk {
        todo: WAITING
            .into_iter()
            .map(|kind| Todo {
                kind: kind.to_owned(),
                n: match kind {
                    "courses" => courses.iter().filter(|c| c.open).count() as i64,
                    "courses_overdue" => {
                        courses.iter().filter(|c| c.is_overdue(&state.zone)).count() as i64
                    }
                    _ => found.n(kind),
                },
            })
            .filter(|todo| todo.n > 0)
            .collect(),
        layout: layout(actor, &found),
        ..Desk::default()
    };
    if may(Permission::ReadHcps) {
        let counts = by_state("hcps");
        desk.hcps = Some(HcpCounts {
            listed: state_of(&counts, "listed"),
            invited: state_of(&counts, "invited"),
            onboarded: state_of(&counts, "onboarded"),
            pending: state_of(&counts, "pending"),
        });
    }
    if may(Permission::ReviewVisits) {
        let mut behind: Vec<(String, String, i64)> = found
            .of("team_behind")
            .map(|fact| (fact.id.clone(), fact.text.clone(), fact.n))
            .collect();
        behind.sort_by(|a, b| {
            let by_name = || collation::compare(&a.1, &b.1);
            b.2.cmp(&a.2).then_with(by_name).then(a.0.cmp(&b.0))
        });
        desk.team = Some(TeamDay {
            people: found.n("team_people"),
            active: found.n("team_active"),
            visits: found.n("team_visits"),
            checkins: found.n("team_checkins"),
            behind,
        });
    }
    if writes_articles(actor) {
        let counts = by_state("articles");
        desk.articles = Some(ArticleCounts {
            draft: state_of(&counts, "draft"),
            in_review: state_of(&counts, "in_review"),
            approved: state_of(&counts, "approved"),
            published: state_of(&counts, "published"),
            expiring: found.n("expiring"),
        });
    }
    if may(Permission::ManageOrg) {
        desk.unassigned = Some(found.n("unassigned"));
        desk.people = Some(found.n("people"));
    }
    desk.board = insight::board::headlines(state, actor).await?;
    if may(Permission::RecordVisits) {
        desk.plans = Some(crate::visit::plans::today(state, actor).await?);
    }
    if may(Permission::ReadShares) {
        desk.sharing = Some(metrics::of_team(state, actor, &Range::last_days(&today, 30)).await?);
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
    Ok(desk)
}

/// What can wait for somebody, in the order in which it is shown.
const WAITING: [&str; 22] = [
    "tasks",
    "memos",
    "visit_change",
    "visit_review",
    "flow_confirm",
    "flow_appeals",
    "flow_match",
    "adverse_events",
    "complaints",
    "exams",
    "courses",
    "courses_overdue",
    "cards",
    "inbox",
    "comments",
    "behind",
    "course_review",
    "article_review",
    "marking",
    "requests",
    "leavers",
    "duplicates",
];

/// Asks for what waits, of each kind that the role has to do with.
fn waiting(state: &AppState, actor: &Actor, courses: &[Required], facts: &mut Facts) {
    let may = |permission| actor.role.may(permission);
    facts.count("tasks", crate::task::store::due(state, actor));
    facts.count("memos", crate::memo::store::unread(actor));
    if may(Permission::RecordVisits) {
        facts.count("visit_change", crate::visit::review::to_change(actor));
    }
    if may(Permission::ReviewVisits) {
        facts.count("visit_review", crate::visit::review::waiting(actor));
    }
    if may(Permission::ConfirmFlow) {
        facts.count("flow_confirm", crate::flow::store::to_confirm(state, actor));
    }
    if may(Permission::SeeAppeals) {
        facts.count("flow_appeals", crate::flow::appeals::waiting(actor));
    }
    if may(Permission::OperateFlow) {
        facts.count("flow_match", crate::flow::store::to_match());
    }
    if may(Permission::HandleAdverseEvents) {
        facts.count("adverse_events", crate::safety::store::waiting());
    }
    if may(Permission::AnswerComplaints) {
        facts.count("complaints", crate::complaint::store::waiting());
    }
    facts.count("exams", crate::exam::attempt::waiting(actor));
    facts.count(
        "cards",
        crate::learning::cards::due(&format!("staff:{}", actor.id), &state.zone.today()),
    );
    facts.count("inbox", crate::inbox::unread(actor));
    facts.count("comments", crate::course::comments::waiting(actor));
    if may(Permission::ReadResults)
        && let Some(behind) = crate::learning::coverage::behind(&state.zone, actor, courses)
    {
        facts.count("behind", behind);
    }
    if may(Permission::ReviewArticles) {
        facts.count(
            "course_review",
            q("SELECT COUNT(*) FROM course WHERE review = 'in_review' AND archived_at IS NULL"),
        );
        facts.count(
            "article_review",
            q("SELECT COUNT(*) FROM article WHERE status = 'in_review'"),
        );
    }
    if may(Permission::WriteExams) {
        facts.count("marking", crate::exam::marking::waiting());
    }
    if may(Permission::WriteHcps) {
        facts.count("requests", ownership::requests::waiting(actor));
    }
    if may(Permission::AssignHcps) {
        facts.count("leavers", ownership::people::leavers(actor));
    }
    if may(Permission::StewardHcps) {
        facts.count(
            "duplicates",
            q("SELECT COUNT(*) FROM hcp_duplicate WHERE status = 'open'"),
        );
    }
}

/// Asks for a manager's team today.
fn team(actor: &Actor, today: &str, facts: &mut Facts) {
    const FIELD: &str = "s.left_at IS NULL AND s.role IN ('rep', 'otc_rep', 'trade_rep') AND ";
    let mut people = q("SELECT COUNT(*) FROM staff s WHERE ");
    people.push(FIELD);
    actor.scope(&mut people, "s.id");
    facts.count("team_people", people);
    for (kind, what, table) in [
        ("team_active", "COUNT(DISTINCT x.staff_id)", "visit"),
        ("team_visits", "COUNT(*)", "visit"),
        ("team_checkins", "COUNT(*)", "checkin"),
    ] {
        let mut query = q(format!(
            "SELECT {what} FROM {table} x JOIN staff s ON s.id = x.staff_id WHERE {FIELD}"
        ));
        query.push_with("x.day = ? AND ", [today]);
        actor.scope(&mut query, "x.staff_id");
        facts.count(kind, query);
    }
    let mut behind = q(
        "SELECT s.id, s.name AS text, COUNT(*) AS n FROM visit_plan p JOIN staff s ON s.id = p.staff_id WHERE ",
    );
    behind.push_with(
        "p.day >= ? AND p.day < ? AND p.visit_id IS NULL AND p.cancelled_at IS NULL AND s.id <> ? AND ",
        [
            crate::visit::plans::monday(today).as_str(),
            today,
            actor.id.as_str(),
        ],
    );
    actor.scope(&mut behind, "p.staff_id");
    behind
        .push(" GROUP BY s.id, s.name ORDER BY COUNT(*) DESC, s.name COLLATE pinyin, s.id LIMIT 5");
    facts.rows("team_behind", behind);
}

/// Whether somebody has to do with how articles come to be.
fn writes_articles(actor: &Actor) -> bool {
    actor.role.may(Permission::WriteArticles) || actor.role.may(Permission::ReviewArticles)
}

/// The cards as somebody arranged them: a fact whose text is JSON.
fn arranged(actor: &Actor) -> Query {
    q("SELECT '' AS id, cards AS text, 0 AS n FROM desk_layout WHERE staff_id = $1").bind(&actor.id)
}

/// The cards of somebody's first page in their order; a card that is new since they arranged them stands last.
fn layout(actor: &Actor, found: &Found) -> Vec<String> {
    let mut cards: Vec<String> = found
        .of("layout")
        .find_map(|fact| serde_json::from_str(&fact.text).ok())
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
    cards
}

/// Whether a role has a use for a card.
fn useful(actor: &Actor, card: &str) -> bool {
    let may = |permission| actor.role.may(permission);
    match card {
        "plans" => may(Permission::RecordVisits),
        "team" => may(Permission::ReviewVisits),
        "board" => !insight::plan::headline(actor).is_empty(),
        "hcps" => may(Permission::ReadHcps),
        "articles" => writes_articles(actor),
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
    let mut facts = Facts::default();
    facts.rows("layout", arranged(actor));
    let mut cards = layout(actor, &facts.read(&state.db).await?);
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
