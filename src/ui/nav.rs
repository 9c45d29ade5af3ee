//! The entries of the navigation, in groups, as far as somebody may open them.

use super::boot::{boot, may};
use crate::shared::Permission;

/// What entries have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The first page, alone.
    Start,
    Hcps,
    Field,
    Learning,
    Company,
    Mine,
}

impl Group {
    /// Its heading; empty for what needs none.
    pub fn label(self) -> String {
        match self {
            Group::Start => String::new(),
            Group::Hcps => tr!("nav.group_hcps"),
            Group::Field => tr!("nav.group_field"),
            Group::Learning => tr!("nav.group_learning"),
            Group::Company => tr!("nav.group_company"),
            Group::Mine => tr!("nav.group_mine"),
        }
    }
}

/// An entry of the navigation.
pub struct Entry {
    pub href: &'static str,
    pub icon: &'static str,
    pub label: String,
    pub group: Group,
    /// Whether it stands in the dock of phones.
    pub dock: bool,
}

/// The entries that the signed-in member may open, group by group.
pub fn entries() -> Vec<Entry> {
    use Permission as P;
    // Where somebody's work on flow begins.
    let (flow, start) = if may(P::ConfirmFlow) {
        (P::ConfirmFlow, "/flow")
    } else if may(P::OperateFlow) {
        (P::OperateFlow, "/flow/matching")
    } else {
        (P::ReadFlow, "/flow/report")
    };
    let hcps = vec![
        (P::ReadInsight, "/insight", "insight", tr!("insight.title")),
        (P::ReadHcps, "/hcps", "people", tr!("nav.hcps")),
        (P::ReadArticles, "/articles", "article", tr!("nav.articles")),
        (P::ReadShares, "/shares", "chart", tr!("nav.shares")),
        (P::MakeCodes, "/codes", "code", tr!("nav.codes")),
    ];
    let field = vec![
        (P::Workbench, "/plans", "calendar", tr!("plan.title")),
        (P::ReadVisits, "/visits", "visit", tr!("visit.records")),
        (P::CheckIn, "/checkins", "place", tr!("visit.sheet")),
        (
            P::ReadProducts,
            "/products",
            "product",
            tr!("product.title"),
        ),
        (
            P::ReadTerminals,
            "/terminals",
            "hospital",
            tr!("nav.terminals"),
        ),
        (flow, start, "flow", tr!("flow.title")),
        (
            P::Workbench,
            "/adverse-events",
            "alert",
            tr!("safety.title"),
        ),
    ];
    let learning = vec![
        (P::Learn, "/learning", "learn", tr!("nav.learning")),
        (P::ReadResults, "/courses", "course", tr!("nav.courses")),
        (P::ReadResults, "/exams", "exam", tr!("nav.exams")),
        (
            P::WriteQuestions,
            "/questions",
            "question",
            tr!("nav.questions"),
        ),
    ];
    let company = vec![
        (P::ManageOrg, "/people", "org", tr!("nav.people")),
        (P::OwnImports, "/import", "import", tr!("nav.import")),
        (P::ConsentTexts, "/consents", "consent", tr!("nav.consents")),
        (P::ManageOrg, "/settings", "settings", tr!("nav.settings")),
        (P::ManageOrg, "/sms", "sms", tr!("nav.sms")),
        (P::ReadAudit, "/audit", "audit", tr!("nav.audit")),
    ];
    let mine = vec![
        (P::Workbench, "/inbox", "inbox", tr!("inbox.title")),
        (P::Workbench, "/memos", "memo", tr!("memo.title")),
        (P::Workbench, "/month", "month", tr!("month.title")),
        (
            P::Workbench,
            "/complaints",
            "feedback",
            tr!("complaint.title"),
        ),
        (P::OwnAccount, "/account", "me", tr!("nav.account")),
    ];
    let boot = boot();
    let mut entries = vec![Entry {
        href: "/",
        icon: "home",
        label: tr!("nav.workbench"),
        group: Group::Start,
        dock: true,
    }];
    for (group, rows) in [
        (Group::Hcps, hcps),
        (Group::Field, field),
        (Group::Learning, learning),
        (Group::Company, company),
        (Group::Mine, mine),
    ] {
        let opened = rows.into_iter().filter(|row| boot.may(row.0));
        entries.extend(opened.map(|(_, href, icon, label)| Entry {
            href,
            icon,
            label,
            group,
            dock: ["/hcps", "/articles", "/learning", "/account"].contains(&href),
        }));
    }
    entries
}

/// Entries by group, those without any left out.
pub fn groups(entries: Vec<Entry>) -> Vec<(Group, Vec<Entry>)> {
    let mut out: Vec<(Group, Vec<Entry>)> = Vec::new();
    for entry in entries {
        match out.last_mut() {
            Some((group, some)) if *group == entry.group => some.push(entry),
            _ => out.push((entry.group, vec![entry])),
        }
    }
    out
}

/// The entry to which a page belongs.
pub fn section(path: &str) -> String {
    match path.split('/').nth(1).unwrap_or_default() {
        "groups" | "requests" | "transfers" | "duplicates" | "merges" | "coverage" => {
            "/hcps".into()
        }
        "record" => "/learning".into(),
        "comments" if may(Permission::ReadResults) => "/courses".into(),
        "comments" => "/learning".into(),
        "tasks" => "/plans".into(),
        "units" => "/people".into(),
        first => format!("/{first}"),
    }
}

/// The part of the application that an entry leads into.
pub fn part(href: &str) -> &str {
    href.match_indices('/')
        .nth(1)
        .map_or(href, |(at, _)| &href[..at])
}
