//! What the boards are made of, and whose they are.

use super::registry::{Measure, allowed};
use crate::server::guard::Actor;
use crate::shared::Role;

/// What a board is made of.
pub struct Plan {
    pub id: &'static str,
    pub name: &'static str,
    pub roles: &'static [Role],
    /// Headings with the numbers below them.
    pub groups: &'static [(&'static str, &'static [&'static str])],
    /// Measures drawn over the days.
    pub lines: &'static [&'static str],
    /// Headings of funnels with their steps.
    pub funnels: &'static [(&'static str, &'static [&'static str])],
    /// What is ranked, and by which measures; the first decides.
    pub rankings: &'static [(Ranked, &'static [&'static str])],
}

/// What is ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranked {
    Units,
    People,
    Articles,
    Courses,
}

impl Ranked {
    /// The code in addresses and tests.
    pub fn code(self) -> &'static str {
        match self {
            Ranked::Units => "unit",
            Ranked::People => "person",
            Ranked::Articles => "article",
            Ranked::Courses => "course",
        }
    }

    /// What it is called.
    pub fn title(self) -> String {
        match self {
            Ranked::Units => tr!("insight.by.unit"),
            Ranked::People => tr!("insight.by.person"),
            Ranked::Articles => tr!("insight.by.article"),
            Ranked::Courses => tr!("insight.by.course"),
        }
    }
}

const SHARING: (&str, &[&str]) = (
    "insight.group.sharing",
    &[
        "shares",
        "pv",
        "uv",
        "hcp_readers",
        "rereads",
        "finish_rate",
    ],
);
const ONBOARDING: (&str, &[&str]) = (
    "insight.group.onboarding",
    &["hcps", "onboarded", "onboarding_rate", "invitations"],
);
const LEARNING: (&str, &[&str]) = (
    "insight.group.learning",
    &["coverage", "missing", "lessons", "learners", "accuracy"],
);
const FIELD: (&str, &[&str]) = (
    "insight.group.field",
    &[
        "visits",
        "met",
        "plan_rate",
        "review_rate",
        "checkins",
        "flagged_checkins",
    ],
);
const FLOW: (&str, &[&str]) = (
    "insight.group.flow",
    &["confirm_rate", "appeals", "open_appeals"],
);
const ACTIVITY: (&str, &[&str]) = ("insight.group.activity", &["dau", "wau", "mau", "people"]);
const CONTENT_FUNNEL: (&str, &[&str]) = (
    "insight.funnel.content",
    &[
        "created",
        "shares",
        "links_read",
        "links_passed",
        "links_reopened",
    ],
);
const CODE_FUNNEL: (&str, &[&str]) = (
    "insight.funnel.codes",
    &[
        "code_scanned",
        "code_verified",
        "code_completed",
        "code_confirmed",
    ],
);
const LIBRARY_FUNNEL: (&str, &[&str]) = ("insight.funnel.library", &["hcps", "hcps_onboarded"]);

const PLANS: &[Plan] = &[
    Plan {
        id: "manager",
        name: "insight.board.manager",
        roles: &[Role::Manager, Role::Admin],
        groups: &[FIELD, SHARING, ONBOARDING, LEARNING, FLOW, ACTIVITY],
        lines: &["visits", "pv", "uv", "onboarded"],
        funnels: &[CONTENT_FUNNEL, LIBRARY_FUNNEL],
        rankings: &[
            (
                Ranked::Units,
                &[
                    "visits",
                    "plan_rate",
                    "shares",
                    "pv",
                    "uv",
                    "onboarded",
                    "coverage",
                    "confirm_rate",
                ],
            ),
            (
                Ranked::People,
                &[
                    "visits",
                    "plan_rate",
                    "shares",
                    "pv",
                    "uv",
                    "onboarded",
                    "coverage",
                    "confirm_rate",
                ],
            ),
        ],
    },
    Plan {
        id: "marketer",
        name: "insight.board.marketer",
        roles: &[Role::Marketer, Role::Admin],
        groups: &[
            SHARING,
            (
                "insight.group.passing",
                &["created", "open_rate", "passed", "links_reopened"],
            ),
            (
                "insight.group.content",
                &[
                    "articles_published",
                    "articles_in_review",
                    "articles_expiring",
                ],
            ),
            ONBOARDING,
            ACTIVITY,
        ],
        lines: &["pv", "uv", "shares", "onboarded"],
        funnels: &[CONTENT_FUNNEL, CODE_FUNNEL],
        rankings: &[
            (
                Ranked::Articles,
                &["pv", "uv", "shares", "rereads", "finish_rate", "passed"],
            ),
            (
                Ranked::Units,
                &["pv", "uv", "shares", "hcp_readers", "onboarded"],
            ),
            (
                Ranked::People,
                &["pv", "uv", "shares", "hcp_readers", "onboarded"],
            ),
        ],
    },
    Plan {
        id: "trainer",
        name: "insight.board.trainer",
        roles: &[Role::Trainer, Role::Admin],
        groups: &[
            (
                "insight.group.coverage",
                &["coverage", "assigned", "completed", "missing"],
            ),
            (
                "insight.group.learning",
                &["lessons", "learners", "completions", "answers", "accuracy"],
            ),
            ACTIVITY,
        ],
        lines: &["lessons", "learners", "completions", "answers"],
        funnels: &[],
        rankings: &[
            (
                Ranked::Courses,
                &["coverage", "assigned", "completed", "missing"],
            ),
            (
                Ranked::Units,
                &["coverage", "missing", "lessons", "learners", "accuracy"],
            ),
            (
                Ranked::People,
                &["missing", "coverage", "lessons", "accuracy"],
            ),
        ],
    },
    Plan {
        id: "compliance",
        name: "insight.board.compliance",
        roles: &[Role::Compliance, Role::Admin],
        groups: &[
            (
                "insight.group.events",
                &["late_events", "open_events", "events"],
            ),
            (
                "insight.group.content",
                &[
                    "articles_in_review",
                    "articles_expiring",
                    "articles_published",
                ],
            ),
            (
                "insight.group.field",
                &["flagged_visits", "flagged_checkins", "visits", "checkins"],
            ),
            (
                "insight.group.privacy",
                &["withdrawals", "reveals", "exports"],
            ),
            (
                "insight.group.flow",
                &["open_appeals", "appeals", "confirm_rate"],
            ),
            ("insight.group.learning", &["coverage", "missing"]),
        ],
        lines: &[
            "flagged_visits",
            "flagged_checkins",
            "withdrawals",
            "exports",
        ],
        funnels: &[],
        rankings: &[
            (
                Ranked::Units,
                &["flagged_visits", "flagged_checkins", "visits", "coverage"],
            ),
            (
                Ranked::People,
                &["flagged_visits", "flagged_checkins", "visits", "exports"],
            ),
        ],
    },
    Plan {
        id: "headquarters",
        name: "insight.board.headquarters",
        roles: &[Role::Admin, Role::Compliance],
        groups: &[ACTIVITY, ONBOARDING, SHARING, FIELD, LEARNING, FLOW],
        lines: &["active_staff", "pv", "visits", "onboarded"],
        funnels: &[CONTENT_FUNNEL, CODE_FUNNEL, LIBRARY_FUNNEL],
        rankings: &[
            (
                Ranked::Units,
                &[
                    "pv",
                    "uv",
                    "shares",
                    "onboarded",
                    "visits",
                    "coverage",
                    "confirm_rate",
                ],
            ),
            (
                Ranked::People,
                &[
                    "pv",
                    "uv",
                    "shares",
                    "onboarded",
                    "visits",
                    "coverage",
                    "confirm_rate",
                ],
            ),
            (Ranked::Articles, &["pv", "uv", "shares", "finish_rate"]),
        ],
    },
];

/// The boards of a role: code and name.
pub fn boards(actor: &Actor) -> Vec<&'static Plan> {
    PLANS
        .iter()
        .filter(|plan| plan.roles.contains(&actor.role))
        .collect()
}

/// Where a role begins.
pub fn first(actor: &Actor) -> &'static str {
    match actor.role {
        Role::Manager => "manager",
        Role::Marketer => "marketer",
        Role::Trainer => "trainer",
        Role::Compliance => "compliance",
        _ => "headquarters",
    }
}

/// The numbers of a role's own board that stand on its first page too: where no other card is about its work.
pub fn headline(actor: &Actor) -> &'static [&'static str] {
    if !matches!(actor.role, Role::Trainer | Role::Compliance) {
        return &[];
    }
    let own = PLANS.iter().find(|plan| plan.id == first(actor));
    own.and_then(|plan| plan.groups.first())
        .map_or(&[], |(_, ids)| *ids)
}

/// The measures of some ids that the role may see.
pub fn seen(actor: &Actor, ids: &[&str]) -> Vec<&'static Measure> {
    ids.iter().filter_map(|id| allowed(actor, id)).collect()
}
