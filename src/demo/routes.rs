//! The list of pages that `mailuo routes` prints, with an address of each that works on this data. It is made from
//! the router, so that a new page is in it without being named twice.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::app::page_permission;
use crate::identity::store;
use crate::server::AppState;
use crate::server::db::q;
use crate::server::router::pages;
use crate::shared::{AppError, Permission, Role};

/// All pages and the demo accounts.
#[derive(Debug, Serialize)]
pub struct List {
    pub routes: Vec<RouteInfo>,
    /// Phone of each role's demo account; empty outside demo data.
    pub accounts: BTreeMap<&'static str, String>,
    /// The cookie of the demo HCP's browser.
    pub hcp_cookie: Option<String>,
}

/// One page.
#[derive(Debug, Serialize)]
pub struct RouteInfo {
    pub path: String,
    pub roles: Vec<&'static str>,
    /// An address that works on this data; `None` if there is nothing to show.
    pub example: Option<String>,
}

const PUBLIC: &[(&str, &[&str])] = &[
    ("/sign-in", &["visitor"]),
    ("/sign-in?by=code", &["visitor"]),
    ("/library", &["visitor", "hcp"]),
    ("/onboard", &["visitor"]),
    ("/me", &["hcp"]),
    ("/learn", &["hcp"]),
    ("/i/{token}", &["visitor"]),
    ("/join/{code}", &["visitor"]),
    ("/s/{token}", &["visitor", "hcp"]),
    // Only staff stay at this address.
    ("/a/{id}", &["rep", "visitor", "hcp"]),
    ("/no-such-page", &["admin"]),
];

/// Pages for staff that are plain routes, with what they ask for.
const PLAIN: &[(&str, Permission)] = &[
    ("/hcps/sheet", Permission::InviteHcps),
    ("/codes/{id}/sheet", Permission::MakeCodes),
    ("/learn/{course}", Permission::Learn),
    ("/learn/{course}/{lesson}", Permission::Learn),
    ("/review", Permission::Learn),
    ("/attempts/{id}", Permission::Learn),
    ("/checkin", Permission::CheckIn),
    ("/visits/new", Permission::RecordVisits),
    ("/sign-out", Permission::OwnAccount),
];

/// The list for this database.
pub async fn list(state: &AppState) -> Result<List, AppError> {
    let demo = store::is_demo(&state.db).await?;
    let rep = state.keys.phone_index(&super::account(Role::Rep));
    let one = async |sql: &str| -> Result<Option<String>, AppError> {
        Ok(q(sql)
            .bind(&rep)
            .optional::<(String,)>(&state.db)
            .await?
            .map(|(id,)| id))
    };
    let hcp = one("SELECT h.id FROM hcp h JOIN staff s ON s.id = h.owner_id WHERE s.phone_index = $1 \
         ORDER BY (SELECT COUNT(*) FROM share_link l WHERE l.sharer = 'hcp:' || h.id AND l.opened_at IS NOT NULL) DESC, h.id LIMIT 1")
    .await?;
    let article = one("SELECT l.article_id FROM share_link l JOIN staff s ON s.id = l.root_staff_id WHERE s.phone_index = $1 \
         GROUP BY l.article_id ORDER BY COUNT(*) DESC, l.article_id LIMIT 1")
    .await?;
    let open_article = one(
        "SELECT id FROM article WHERE $1 <> '' AND status = 'published' AND audience = 'public' \
         ORDER BY expires_on DESC, id LIMIT 1",
    )
    .await?;
    let draft =
        one("SELECT id FROM article WHERE status = 'draft' AND $1 <> '' ORDER BY id LIMIT 1")
            .await?;
    let person = one("SELECT id FROM staff WHERE phone_index = $1").await?;
    let link = one("SELECT l.token FROM share_link l JOIN staff s ON s.id = l.root_staff_id JOIN article a ON a.id = l.article_id \
         WHERE s.phone_index = $1 AND a.audience = 'public' AND l.parent IS NULL ORDER BY l.token LIMIT 1")
    .await?;
    let code =
        one("SELECT token FROM invitation WHERE $1 <> '' ORDER BY created_at DESC LIMIT 1").await?;
    let terminal = one("SELECT a.terminal_id FROM terminal_assignment a JOIN staff s ON s.id = a.staff_id JOIN terminal t ON t.id = a.terminal_id \
         WHERE s.phone_index = $1 AND a.ends_on IS NULL ORDER BY t.code LIMIT 1")
    .await?;
    let public = "SELECT {column} FROM public_code c JOIN staff s ON s.id = c.staff_id WHERE s.phone_index = $1 \
         AND c.closed_at IS NULL ORDER BY c.created_at, c.id LIMIT 1";
    let public_code = one(&public.replace("{column}", "c.id")).await?;
    let join = one(&public.replace("{column}", "c.code")).await?;
    let transfer =
        one("SELECT id FROM hcp_transfer WHERE $1 <> '' ORDER BY at DESC, id LIMIT 1").await?;
    let pair = one("SELECT id FROM hcp_duplicate WHERE $1 <> '' AND status = 'open' ORDER BY score DESC, id LIMIT 1")
        .await?;
    let job = one("SELECT id FROM import_job WHERE $1 <> '' ORDER BY created_at DESC, id LIMIT 1")
        .await?;
    let question =
        one("SELECT id FROM question WHERE $1 <> '' AND kind = 'multiple' ORDER BY id LIMIT 1")
            .await?;
    let exam =
        one("SELECT id FROM exam WHERE $1 <> '' AND published_at IS NOT NULL ORDER BY id LIMIT 1")
            .await?;
    let attempt = q("SELECT a.id FROM exam_attempt a JOIN staff s ON a.learner = 'staff:' || s.id WHERE s.phone_index = $1 \
         AND a.submitted_at IS NOT NULL ORDER BY a.started_at, a.id LIMIT 1")
        .bind(state.keys.phone_index(&super::account(Role::TradeRep)))
        .optional::<(String,)>(&state.db)
        .await?
        .map(|(id,)| id);
    let draft_exam =
        one("SELECT id FROM exam WHERE $1 <> '' AND published_at IS NULL ORDER BY id LIMIT 1")
            .await?;
    let course = one("SELECT id FROM course WHERE $1 <> '' AND required AND category = 'compliance' ORDER BY id LIMIT 1")
        .await?;
    let lesson = match &course {
        Some(id) => {
            let course = crate::course::store::course(&state.db, id).await?;
            let contents = course.draft()?;
            contents.lessons().next().map(|lesson| lesson.id.clone())
        }
        None => None,
    };
    let visit = one("SELECT v.id FROM visit v JOIN staff s ON s.id = v.staff_id WHERE s.phone_index = $1 AND v.review = 'reviewed' \
         ORDER BY v.at DESC, v.id LIMIT 1")
    .await?;
    let memo = one("SELECT r.memo_id FROM memo_recipient r JOIN staff s ON s.id = r.staff_id WHERE s.phone_index = $1 \
         ORDER BY r.memo_id LIMIT 1")
    .await?;
    let event = one("SELECT e.id FROM adverse_event e JOIN staff s ON s.id = e.staff_id WHERE s.phone_index = $1 ORDER BY e.id LIMIT 1")
        .await?;
    let product = one("SELECT id FROM product WHERE $1 <> '' ORDER BY code LIMIT 1").await?;
    let appeal = one(
        "SELECT a.id FROM flow_appeal a JOIN staff s ON s.id = a.staff_id WHERE s.phone_index = $1 \
         ORDER BY CASE WHEN a.state = 'accepted' THEN 0 ELSE 1 END, a.id LIMIT 1",
    )
    .await?;
    let delivered = one("SELECT x.terminal_id FROM terminal_assignment x JOIN staff s ON s.id = x.staff_id JOIN flow_line l \
         ON l.terminal_id = x.terminal_id WHERE s.phone_index = $1 AND x.ends_on IS NULL AND l.state = 'open' \
         ORDER BY x.terminal_id LIMIT 1")
    .await?;
    let example = |path: &str| -> Option<String> {
        let id = match path.split('/').nth(1).unwrap_or("") {
            "flow" if path.ends_with("/new") => {
                return Some(format!("{path}?terminal={}", delivered.clone()?));
            }
            // Without a measure there is nothing to list.
            "insight" if path.ends_with("/rows") => {
                return Some(format!("{path}?measure=active_staff"));
            }
            _ if !path.contains('{') => return Some(path.to_owned()),
            "products" => product.clone(),
            "flow" if path.contains("appeals") => appeal.clone(),
            "flow" => delivered.clone(),
            "hcps" => hcp.clone(),
            "articles" if path.ends_with("/edit") => draft.clone(),
            "articles" => article.clone(),
            "people" => person.clone(),
            "visits" => visit.clone(),
            "memos" => memo.clone(),
            "adverse-events" => event.clone(),
            "s" => link.clone(),
            "a" => open_article.clone(),
            "attempts" => attempt.clone(),
            "i" => code.clone(),
            "join" => join.clone(),
            "terminals" => terminal.clone(),
            "codes" => public_code.clone(),
            "transfers" => transfer.clone(),
            "duplicates" => pair.clone(),
            "import" => job.clone(),
            "questions" => question.clone(),
            "courses" | "learn" if path.contains("lesson") => {
                let (course, lesson) = (course.clone()?, lesson.clone()?);
                let full = path.replace("{course}", &course).replace("{id}", &course);
                return Some(full.replace("{lesson}", &lesson));
            }
            "courses" | "learn" => course.clone(),
            "exams" if path.ends_with("/edit") => draft_exam.clone(),
            "exams" => exam.clone(),
            _ => None,
        }?;
        let (start, end) = (path.find('{')?, path.find('}')?);
        Some(format!("{}{id}{}", &path[..start], &path[end + 1..]))
    };
    // Whose scope the example lies in: the OTC rep's account has no HCPs of its own.
    let mut sees_example = Vec::new();
    for role in Role::ALL {
        let sees = match &hcp {
            Some(id) if demo => {
                let actor = super::acting(state, role).await?;
                crate::hcp::store::row(&state.db, &actor, id).await.is_ok()
            }
            _ => false,
        };
        if sees {
            sees_example.push(role);
        }
    }
    let roles = |path: &str, permission: Permission| -> Vec<&'static str> {
        // An HCP's pages and those of a rep's codes are open to those in whose scope the rep is.
        let of_one = path.starts_with("/hcps/{") || path.starts_with("/codes/{");
        // Other people's imports are an administrator's to see.
        let of_admin = path.starts_with("/import/{");
        // Records of a rep are for them and for who sees them; a message for its sender and receivers; an event for who
        // reported it and who handles it; an attempt for whose it is.
        let of_rep: Option<&[Role]> = if path.starts_with("/flow/appeals/{") {
            Some(&[Role::Rep, Role::Manager, Role::Compliance, Role::Admin])
        } else if path.starts_with("/flow/terminals/{") || path == "/flow/appeals/new" {
            Some(&[Role::Rep, Role::Manager])
        } else if path.starts_with("/visits/{") {
            Some(&[Role::Rep, Role::Manager, Role::Compliance, Role::Admin])
        } else if path.starts_with("/memos/{") {
            Some(&[Role::Rep, Role::Manager])
        } else if path.starts_with("/adverse-events/{") {
            Some(&[Role::Rep, Role::Compliance])
        } else if path.starts_with("/attempts/{") {
            Some(&[Role::TradeRep])
        } else {
            None
        };
        // Those to whom the example course is set.
        let of_learner = path.starts_with("/learn/{");
        Role::ALL
            .into_iter()
            .filter(|r| r.may(permission))
            .filter(|r| !of_one || sees_example.contains(r))
            .filter(|r| of_rep.is_none_or(|roles| roles.contains(r)))
            .filter(|r| !of_admin || *r == Role::Admin)
            .filter(|r| !of_learner || matches!(r, Role::Rep | Role::Manager | Role::Trainer))
            .map(Role::code)
            .collect()
    };
    let plain = PLAIN
        .iter()
        .filter(|(path, _)| pages().iter().all(|page| page.path() != *path))
        .map(|(path, permission)| (*path, *permission));
    let mut routes: Vec<RouteInfo> = pages()
        .iter()
        .map(|page| (page.path(), page_permission(page.path())))
        .chain(plain)
        .map(|(path, permission)| RouteInfo {
            path: path.to_owned(),
            roles: roles(path, permission),
            example: example(path),
        })
        .collect();
    routes.extend(PUBLIC.iter().map(|(path, roles)| RouteInfo {
        path: (*path).to_owned(),
        roles: roles.to_vec(),
        example: example(path),
    }));
    let accounts = Role::ALL
        .into_iter()
        .filter(|_| demo)
        .map(|r| (r.code(), super::account(r)))
        .collect();
    let hcp_cookie = demo.then(|| format!("hid={}", super::hcps::device_token(state)));
    Ok(List {
        routes,
        accounts,
        hcp_cookie,
    })
}
