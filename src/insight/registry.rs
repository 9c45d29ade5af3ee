//! The one definition of each measure: its name and formula, what it counts, who may see it.

use super::facts::{self, Fact, Scope, When};
use super::model::{Meaning, Slice, address};
use crate::server::guard::Actor;
use crate::server::time;
use crate::shared::Permission as P;
use crate::ui::locale::lookup;

/// What stands for one in a distinct count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A reader `hcp:ID` or `vis:ID`.
    Reader(&'static str),
    /// A staff id.
    Staff(&'static str),
    /// An HCP's id.
    Hcp(&'static str),
}

impl Key {
    /// The column.
    pub fn column(self) -> &'static str {
        match self {
            Key::Reader(column) | Key::Staff(column) | Key::Hcp(column) => column,
        }
    }
}

/// How a measure counts.
#[derive(Debug, Clone, Copy)]
pub enum Count {
    /// Rows of a fact for which a condition holds.
    Rows(&'static Fact, &'static str),
    /// Different keys among such rows.
    Distinct(&'static Fact, &'static str, Key),
    /// One measure as a share of another.
    Share(&'static str, &'static str),
}

/// Sums that are kept, from which a measure can be read where days, units, people and content alone narrow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Nothing,
    /// A column of `share_day`, `unit_day`, `article_day` and `unit_article_day`.
    Share(&'static str),
    /// `reach` and `unit_article_reach`: all readers, or HCPs only.
    Reach {
        hcps_only: bool,
    },
    /// A sum over columns of `flow_terminal_sum` and `flow_sum`.
    Flow(&'static str),
}

/// A measure.
#[derive(Debug)]
pub struct Measure {
    pub id: &'static str,
    name: &'static str,
    formula: &'static str,
    pub count: Count,
    /// What somebody must be allowed beside the boards.
    pub permission: P,
    /// Whether more is better (1), worse (-1) or neither (0).
    pub good: i8,
    /// Where it is always of the last so many days up to the end of those asked for.
    pub window: Option<i64>,
    pub kept: Kept,
}

impl Measure {
    /// Its name in the current language.
    pub fn name(&self) -> String {
        lookup(self.name)
    }

    /// The fact that it counts; of a share that of its part.
    pub fn fact(&self) -> &'static Fact {
        match self.count {
            Count::Rows(fact, _) | Count::Distinct(fact, _, _) => fact,
            Count::Share(part, _) => measure(part).map_or(&facts::VIEW, Measure::fact),
        }
    }

    /// Part and whole of a share.
    pub fn share(&self) -> Option<(&'static Measure, &'static Measure)> {
        match self.count {
            Count::Share(part, whole) => Some((measure(part)?, measure(whole)?)),
            _ => None,
        }
    }

    /// The address of the rows behind it, by what of a slice it knows.
    pub fn rows_of(&self, slice: &Slice) -> String {
        let fact = self.fact();
        let mut known = slice.clone();
        for (value, column) in [
            (&mut known.unit, fact.person),
            (&mut known.person, fact.person),
            (&mut known.province, fact.province),
            (&mut known.specialty, fact.specialty),
            (&mut known.product, fact.product),
            (&mut known.article, fact.article),
            (&mut known.course, fact.course),
            (&mut known.hcp, fact.hcp),
        ] {
            if column.is_empty() {
                value.clear();
            }
        }
        address("/insight/rows", &[("measure", self.id)], &known)
    }

    /// Whether it can be compared with other days: not what stands as it is now, nor what goes by whole months, of
    /// which two ranges of days may share one.
    pub fn is_compared(&self) -> bool {
        !matches!(self.fact().when, When::Now | When::Month(_))
    }

    /// What it is over, in words, of the days asked for.
    pub fn span(&self, from: &str, to: &str) -> String {
        match (self.fact().when, self.window) {
            (When::Now, _) => tr!("insight.as_of_now"),
            (When::Month(_), _) => tr!("insight.months", from = from[..7], to = to[..7]),
            (_, Some(1)) => to.to_owned(),
            (_, Some(n)) => tr!("insight.days", from = time::shift_day(to, 1 - n), to = to),
            _ => tr!("insight.days", from = from, to = to),
        }
    }

    /// Whether the role may see it.
    pub fn may(&self, actor: &Actor) -> bool {
        actor.role.may(self.permission)
            && (self.fact().scope != Scope::Company || actor.role.sees_company())
    }

    /// What it means, in the current language.
    pub fn meaning(&self) -> Meaning {
        let fact = self.fact();
        let mut tables = fact.tables.to_owned();
        if let Some((_, whole)) = self.share()
            && whole.fact().tables != fact.tables
        {
            tables = format!("{tables}, {}", whole.fact().tables);
        }
        let mut grain = vec![match self.count {
            Count::Rows(..) => tr!("insight.grain.rows"),
            Count::Distinct(..) if self.kept == (Kept::Reach { hcps_only: true }) => {
                tr!("insight.grain.hcps")
            }
            Count::Distinct(_, _, Key::Reader(_)) => tr!("insight.grain.readers"),
            Count::Distinct(_, _, Key::Staff(_)) => tr!("insight.grain.staff"),
            Count::Distinct(_, _, Key::Hcp(_)) => tr!("insight.grain.hcps"),
            Count::Share(..) => tr!("insight.grain.share"),
        }];
        grain.push(match fact.when {
            When::Now => tr!("insight.grain.now"),
            When::Month(_) => tr!("insight.grain.months"),
            _ => tr!("insight.grain.days"),
        });
        for (known, name) in [
            (fact.person, tr!("insight.unit")),
            (fact.province, tr!("insight.province")),
            (fact.specialty, tr!("insight.specialty")),
            (fact.product, tr!("insight.product")),
        ] {
            if !known.is_empty() {
                grain.push(name);
            }
        }
        Meaning {
            id: self.id.to_owned(),
            name: self.name(),
            formula: lookup(self.formula),
            tables,
            grain: grain.join(" · "),
            scope: match fact.scope {
                Scope::People => tr!("insight.scope.people"),
                Scope::Library => tr!("insight.scope.library"),
                Scope::Company => tr!("insight.scope.company"),
            },
        }
    }
}

/// The measure of an id.
pub fn measure(id: &str) -> Option<&'static Measure> {
    MEASURES.iter().find(|m| m.id == id)
}

/// The measure of an id, if the role may see it.
pub fn allowed(actor: &Actor, id: &str) -> Option<&'static Measure> {
    measure(id).filter(|m| m.may(actor))
}

const fn rows(
    id: &'static str,
    name: &'static str,
    formula: &'static str,
    permission: P,
    fact: &'static Fact,
    only: &'static str,
) -> Measure {
    Measure {
        id,
        name,
        formula,
        count: Count::Rows(fact, only),
        permission,
        good: 1,
        window: None,
        kept: Kept::Nothing,
    }
}

const fn distinct(
    id: &'static str,
    name: &'static str,
    formula: &'static str,
    permission: P,
    fact: &'static Fact,
    only: &'static str,
    key: Key,
) -> Measure {
    Measure {
        count: Count::Distinct(fact, only, key),
        ..rows(id, name, formula, permission, fact, only)
    }
}

const fn share(
    id: &'static str,
    name: &'static str,
    formula: &'static str,
    permission: P,
    part: &'static str,
    whole: &'static str,
) -> Measure {
    Measure {
        count: Count::Share(part, whole),
        ..rows(id, name, formula, permission, &facts::VIEW, "")
    }
}

impl Measure {
    const fn kept(self, kept: Kept) -> Measure {
        Measure { kept, ..self }
    }

    const fn bad(self) -> Measure {
        Measure { good: -1, ..self }
    }

    const fn neutral(self) -> Measure {
        Measure { good: 0, ..self }
    }

    const fn of_last(self, days: i64) -> Measure {
        Measure {
            window: Some(days),
            ..self
        }
    }
}

/// All measures.
pub static MEASURES: &[Measure] = &[
    rows("pv", "measure.pv.name", "measure.pv.formula", P::ReadShares, &facts::VIEW, "").kept(Kept::Share("pv")),
    distinct("uv", "measure.uv.name", "measure.uv.formula", P::ReadShares, &facts::VIEW, "", Key::Reader("v.reader")).kept(Kept::Reach { hcps_only: false }),
    distinct("hcp_readers", "measure.hcp_readers.name", "measure.hcp_readers.formula", P::ReadShares, &facts::VIEW, "v.reader LIKE 'hcp:%'", Key::Reader("v.reader")).kept(Kept::Reach { hcps_only: true }),
    rows("rereads", "measure.rereads.name", "measure.rereads.formula", P::ReadShares, &facts::VIEW, "v.reread").kept(Kept::Share("rereads")),
    rows("finished", "measure.finished.name", "measure.finished.formula", P::ReadShares, &facts::VIEW, "v.finished").kept(Kept::Share("finished")),
    share("finish_rate", "measure.finish_rate.name", "measure.finish_rate.formula", P::ReadShares, "finished", "pv"),
    rows("created", "measure.created.name", "measure.created.formula", P::ReadShares, &facts::LINK, "").neutral().kept(Kept::Share("created")),
    rows("shares", "measure.shares.name", "measure.shares.formula", P::ReadShares, &facts::LINK, "l.opened_at IS NOT NULL").kept(Kept::Share("opened")),
    share("open_rate", "measure.open_rate.name", "measure.open_rate.formula", P::ReadShares, "shares", "created"),
    rows("links_read", "measure.links_read.name", "measure.links_read.formula", P::ReadShares, &facts::LINK, "l.was_read").kept(Kept::Share("was_read")),
    rows("links_passed", "measure.links_passed.name", "measure.links_passed.formula", P::ReadShares, &facts::LINK, "l.was_passed").kept(Kept::Share("was_passed")),
    rows("links_reopened", "measure.links_reopened.name", "measure.links_reopened.formula", P::ReadShares, &facts::LINK, "l.was_reopened").kept(Kept::Share("was_reopened")),
    rows("passed", "measure.passed.name", "measure.passed.formula", P::ReadShares, &facts::PASSED, "").kept(Kept::Share("passed")),
    rows("hcps", "measure.hcps.name", "measure.hcps.formula", P::ReadHcps, &facts::HCP, "").neutral(),
    rows("hcps_invited", "measure.hcps_invited.name", "measure.hcps_invited.formula", P::ReadHcps, &facts::HCP, "h.state = 'invited'").neutral(),
    rows("hcps_onboarded", "measure.hcps_onboarded.name", "measure.hcps_onboarded.formula", P::ReadHcps, &facts::HCP, "h.state = 'onboarded'"),
    share("onboarding_rate", "measure.onboarding_rate.name", "measure.onboarding_rate.formula", P::ReadHcps, "hcps_onboarded", "hcps"),
    rows("onboarded", "measure.onboarded.name", "measure.onboarded.formula", P::ReadHcps, &facts::ONBOARDED, ""),
    rows("invitations", "measure.invitations.name", "measure.invitations.formula", P::ReadHcps, &facts::INVITED, ""),
    rows("code_scanned", "measure.code_scanned.name", "measure.code_scanned.formula", P::MakeCodes, &facts::CODE_STEP, "p.step = 'scanned'"),
    rows("code_verified", "measure.code_verified.name", "measure.code_verified.formula", P::MakeCodes, &facts::CODE_STEP, "p.step = 'verified'"),
    rows("code_completed", "measure.code_completed.name", "measure.code_completed.formula", P::MakeCodes, &facts::CODE_STEP, "p.step = 'completed'"),
    rows("code_confirmed", "measure.code_confirmed.name", "measure.code_confirmed.formula", P::MakeCodes, &facts::CODE_STEP, "p.step = 'confirmed'"),
    rows("withdrawals", "measure.withdrawals.name", "measure.withdrawals.formula", P::ReadHcps, &facts::WITHDRAWN, "").bad(),
    rows("assigned", "measure.assigned.name", "measure.assigned.formula", P::ReadResults, &facts::ASSIGNMENT, "").neutral(),
    rows("completed", "measure.completed.name", "measure.completed.formula", P::ReadResults, &facts::ASSIGNMENT, "d.learner IS NOT NULL"),
    rows("missing", "measure.missing.name", "measure.missing.formula", P::ReadResults, &facts::ASSIGNMENT, "d.learner IS NULL").bad(),
    share("coverage", "measure.coverage.name", "measure.coverage.formula", P::ReadResults, "completed", "assigned"),
    rows("lessons", "measure.lessons.name", "measure.lessons.formula", P::ReadResults, &facts::LESSON, ""),
    distinct("learners", "measure.learners.name", "measure.learners.formula", P::ReadResults, &facts::LESSON, "", Key::Staff("SUBSTR(p.learner, 7)")),
    rows("completions", "measure.completions.name", "measure.completions.formula", P::ReadResults, &facts::COMPLETION, ""),
    rows("answers", "measure.answers.name", "measure.answers.formula", P::ReadResults, &facts::ANSWER, "").neutral(),
    rows("correct", "measure.correct.name", "measure.correct.formula", P::ReadResults, &facts::ANSWER, "f.correct"),
    share("accuracy", "measure.accuracy.name", "measure.accuracy.formula", P::ReadResults, "correct", "answers"),
    rows("visits", "measure.visits.name", "measure.visits.formula", P::ReadVisits, &facts::VISIT, ""),
    distinct("visitors", "measure.visitors.name", "measure.visitors.formula", P::ReadVisits, &facts::VISIT, "", Key::Staff("v.staff_id")),
    rows("meetings", "measure.meetings.name", "measure.meetings.formula", P::ReadVisits, &facts::MET, ""),
    distinct("met", "measure.met.name", "measure.met.formula", P::ReadVisits, &facts::MET, "", Key::Hcp("x.hcp_id")),
    rows("planned", "measure.planned.name", "measure.planned.formula", P::ReadVisits, &facts::PLAN, "").neutral(),
    rows("kept", "measure.kept.name", "measure.kept.formula", P::ReadVisits, &facts::PLAN, "p.visit_id IS NOT NULL"),
    share("plan_rate", "measure.plan_rate.name", "measure.plan_rate.formula", P::ReadVisits, "kept", "planned"),
    rows("reviewed", "measure.reviewed.name", "measure.reviewed.formula", P::ReadVisits, &facts::VISIT, "v.review <> 'new'"),
    share("review_rate", "measure.review_rate.name", "measure.review_rate.formula", P::ReadVisits, "reviewed", "visits"),
    rows("flagged_visits", "measure.flagged_visits.name", "measure.flagged_visits.formula", P::ReadVisits, &facts::VISIT, "v.flags <> '[]'").bad(),
    rows("checkins", "measure.checkins.name", "measure.checkins.formula", P::ReadVisits, &facts::CHECKIN, ""),
    rows("flagged_checkins", "measure.flagged_checkins.name", "measure.flagged_checkins.formula", P::ReadVisits, &facts::CHECKIN, "k.flags <> '[]'").bad(),
    rows("lines", "measure.lines.name", "measure.lines.formula", P::SeeAppeals, &facts::LINE, "").neutral().kept(Kept::Flow("s.open_count + s.confirmed_count + s.appealed_count")),
    rows("lines_confirmed", "measure.lines_confirmed.name", "measure.lines_confirmed.formula", P::SeeAppeals, &facts::LINE, "l.state = 'confirmed'").kept(Kept::Flow("s.confirmed_count")),
    share("confirm_rate", "measure.confirm_rate.name", "measure.confirm_rate.formula", P::SeeAppeals, "lines_confirmed", "lines"),
    rows("appeals", "measure.appeals.name", "measure.appeals.formula", P::SeeAppeals, &facts::APPEAL, "").neutral(),
    rows("open_appeals", "measure.open_appeals.name", "measure.open_appeals.formula", P::SeeAppeals, &facts::OPEN_APPEAL, "").bad(),
    rows("articles_published", "measure.articles_published.name", "measure.articles_published.formula", P::ReadArticles, &facts::ARTICLE, "ar.status = 'published' AND ar.expires_on >= '{today}'").neutral(),
    rows("articles_in_review", "measure.articles_in_review.name", "measure.articles_in_review.formula", P::ReadArticles, &facts::ARTICLE, "ar.status = 'in_review'").bad(),
    rows("articles_expiring", "measure.articles_expiring.name", "measure.articles_expiring.formula", P::ReadArticles, &facts::ARTICLE, "ar.status = 'published' AND ar.expires_on >= '{today}' AND ar.expires_on <= '{soon}'").bad(),
    rows("events", "measure.events.name", "measure.events.formula", P::HandleAdverseEvents, &facts::EVENT, "").neutral(),
    rows("open_events", "measure.open_events.name", "measure.open_events.formula", P::HandleAdverseEvents, &facts::OPEN_EVENT, "").bad(),
    rows("late_events", "measure.late_events.name", "measure.late_events.formula", P::HandleAdverseEvents, &facts::OPEN_EVENT, "((e.first_step_at IS NULL AND e.created_at < {now} - 86400000) OR (e.submitted_at IS NULL AND e.due_day < '{today}'))").bad(),
    rows("reveals", "measure.reveals.name", "measure.reveals.formula", P::ReadAudit, &facts::AUDIT, "g.action = 'hcp.reveal_phone'").neutral(),
    rows("exports", "measure.exports.name", "measure.exports.formula", P::ReadAudit, &facts::AUDIT, "(g.action LIKE '%.export' OR g.action LIKE '%.download')").neutral(),
    distinct("dau", "measure.dau.name", "measure.dau.formula", P::ReadInsight, &facts::ACTIVE, "", Key::Staff("w.staff_id")).of_last(1),
    distinct("wau", "measure.wau.name", "measure.wau.formula", P::ReadInsight, &facts::ACTIVE, "", Key::Staff("w.staff_id")).of_last(7),
    distinct("mau", "measure.mau.name", "measure.mau.formula", P::ReadInsight, &facts::ACTIVE, "", Key::Staff("w.staff_id")).of_last(30),
    distinct("active_staff", "measure.active_staff.name", "measure.active_staff.formula", P::ReadInsight, &facts::ACTIVE, "", Key::Staff("w.staff_id")),
    rows("people", "measure.people.name", "measure.people.formula", P::ReadInsight, &facts::STAFF, "").neutral(),
];
