//! Each measure once more, from the words of its definition and without any of its SQL.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use mailuo::insight::facts::Fact;
use mailuo::insight::model::Slice;
use mailuo::insight::registry::{self, MEASURES};
use mailuo::server::guard::Actor;
use mailuo::server::time::shift_day;
use mailuo::shared::{Permission, Role};

use super::lines::{Data, Hcp, Line};

/// How a measure counts lines of a fact: all that bear a mark, or the different ones among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    All(&'static str, &'static str),
    Different(&'static str, &'static str),
    /// One measure as a share of another.
    Share(&'static str, &'static str),
}

/// How a measure counts. One that is not here has no recount.
pub fn how(id: &str) -> How {
    use How::{All, Different, Share};
    match id {
        "pv" => All("view", ""),
        "uv" => Different("view", ""),
        "hcp_readers" => Different("view", "hcp"),
        "rereads" => All("view", "reread"),
        "finished" => All("view", "finished"),
        "finish_rate" => Share("finished", "pv"),
        "created" => All("link", ""),
        "shares" => All("link", "opened"),
        "open_rate" => Share("shares", "created"),
        "links_read" => All("link", "read"),
        "links_passed" => All("link", "passed"),
        "links_reopened" => All("link", "reopened"),
        "passed" => All("passed", ""),
        "hcps" => All("hcp", ""),
        "hcps_invited" => All("hcp", "invited"),
        "hcps_onboarded" => All("hcp", "onboarded"),
        "onboarding_rate" => Share("hcps_onboarded", "hcps"),
        "onboarded" => All("onboarded", ""),
        "invitations" => All("invited", ""),
        "code_scanned" => All("code_step", "scanned"),
        "code_verified" => All("code_step", "verified"),
        "code_completed" => All("code_step", "completed"),
        "code_confirmed" => All("code_step", "confirmed"),
        "withdrawals" => All("withdrawn", ""),
        "assigned" => All("assignment", ""),
        "completed" => All("assignment", "completed"),
        "missing" => All("assignment", "missing"),
        "coverage" => Share("completed", "assigned"),
        "lessons" => All("lesson", ""),
        "learners" => Different("lesson", ""),
        "completions" => All("completion", ""),
        "answers" => All("answer", ""),
        "correct" => All("answer", "correct"),
        "accuracy" => Share("correct", "answers"),
        "visits" => All("visit", ""),
        "visitors" => Different("visit", ""),
        "meetings" => All("met", ""),
        "met" => Different("met", ""),
        "planned" => All("plan", ""),
        "kept" => All("plan", "kept"),
        "plan_rate" => Share("kept", "planned"),
        "reviewed" => All("visit", "reviewed"),
        "review_rate" => Share("reviewed", "visits"),
        "flagged_visits" => All("visit", "flagged"),
        "checkins" => All("checkin", ""),
        "flagged_checkins" => All("checkin", "flagged"),
        "lines" => All("line", ""),
        "lines_confirmed" => All("line", "confirmed"),
        "confirm_rate" => Share("lines_confirmed", "lines"),
        "appeals" => All("appeal", ""),
        "open_appeals" => All("open_appeal", ""),
        "articles_published" => All("article", "published"),
        "articles_in_review" => All("article", "review"),
        "articles_expiring" => All("article", "expiring"),
        "events" => All("event", ""),
        "open_events" => All("open_event", ""),
        "late_events" => All("open_event", "late"),
        "reveals" => All("audit", "revealed"),
        "exports" => All("audit", "exported"),
        "dau" | "wau" | "mau" | "active_staff" => Different("active", ""),
        "people" => All("staff", ""),
        other => panic!("{other} has no recount"),
    }
}

/// Whether a fact stands as it is now, whatever days are asked for.
pub fn stands(fact: &str) -> bool {
    matches!(
        fact,
        "hcp" | "assignment" | "open_appeal" | "article" | "open_event" | "staff"
    )
}

/// The fact of a measure; of a share that of its part.
pub fn fact_of(id: &str) -> &'static str {
    match how(id) {
        How::All(fact, _) | How::Different(fact, _) => fact,
        How::Share(part, _) => fact_of(part),
    }
}

/// What somebody sees of the whole.
pub struct Recount<'a> {
    pub data: &'a Data,
    /// The people within scope; none for those who see the company.
    people: Option<HashSet<String>>,
    steward: bool,
    known: RefCell<HashMap<String, i64>>,
}

impl<'a> Recount<'a> {
    pub fn new(data: &'a Data, actor: &Actor) -> Recount<'a> {
        let company = matches!(
            actor.role,
            Role::Trainer | Role::Marketer | Role::Compliance | Role::Admin
        );
        let managed: Vec<&String> = data
            .manages
            .iter()
            .filter(|(_, staff)| *staff == actor.id)
            .map(|(unit, _)| unit)
            .collect();
        let people = (!company).then(|| {
            data.staff
                .iter()
                .filter(|s| s.id == actor.id || s.above.iter().any(|unit| managed.contains(&unit)))
                .map(|s| s.id.clone())
                .collect()
        });
        Recount {
            data,
            people,
            steward: actor.role.may(Permission::StewardHcps),
            known: RefCell::default(),
        }
    }

    pub fn sees(&self, person: Option<&String>) -> bool {
        match &self.people {
            None => true,
            Some(people) => person.is_some_and(|id| people.contains(id)),
        }
    }

    /// Whether an HCP is in the library of whoever asks; who waits is for stewards alone.
    pub fn sees_hcp(&self, hcp: &Hcp) -> bool {
        let shared = || {
            self.data
                .shared
                .iter()
                .any(|(id, staff)| *id == hcp.id && self.sees(Some(staff)))
        };
        (self.steward || hcp.state != "pending") && (self.sees(hcp.owner.as_ref()) || shared())
    }

    /// The people of a unit and of all below it.
    fn people_of(&self, unit: &str) -> HashSet<&str> {
        let people = self.data.staff.iter();
        people
            .filter(|s| s.above.iter().any(|u| u == unit))
            .map(|s| s.id.as_str())
            .collect()
    }

    /// The number of a measure that is no share.
    pub fn count(&self, id: &str, slice: &Slice) -> i64 {
        let address = registry::measure(id).expect("is a measure").rows_of(slice);
        if let Some(n) = self.known.borrow().get(&address) {
            return *n;
        }
        let n = self.count_if(id, slice, &|_| true);
        self.known.borrow_mut().insert(address, n);
        n
    }

    /// The same over those lines alone for which something more holds.
    pub fn count_if(&self, id: &str, slice: &Slice, more: &dyn Fn(&Line) -> bool) -> i64 {
        let (fact, mark, different) = match how(id) {
            How::All(fact, mark) => (fact, mark, false),
            How::Different(fact, mark) => (fact, mark, true),
            How::Share(..) => panic!("{id} is a share"),
        };
        let from = match id {
            "dau" => slice.to.clone(),
            "wau" => shift_day(&slice.to, -6),
            "mau" => shift_day(&slice.to, -29),
            _ => slice.from.clone(),
        };
        let (from, to) = match fact {
            "line" => (&from[..7], &slice.to[..7]),
            _ => (from.as_str(), slice.to.as_str()),
        };
        let now = stands(fact);
        let knows = registry::measure(id).expect("is a measure").fact();
        let unit: Option<HashSet<&str>> = (!knows.person.is_empty() && !slice.unit.is_empty())
            .then(|| self.people_of(&slice.unit));
        let lines = self.data.facts[fact].iter().filter(|line| {
            (now || (line.on.as_str() >= from && line.on.as_str() <= to))
                && (mark.is_empty() || line.marks.contains(&mark))
                && fits(knows, slice, unit.as_ref(), line)
                && self.is_seen(fact, line)
                && more(line)
        });
        if different {
            lines.map(|l| l.key.as_str()).collect::<HashSet<_>>().len() as i64
        } else {
            lines.count() as i64
        }
    }

    fn is_seen(&self, fact: &str, line: &Line) -> bool {
        match fact {
            "hcp" | "withdrawn" => self.sees_hcp(&self.data.hcps[&line.of]),
            "article" | "event" | "open_event" | "audit" => self.people.is_none(),
            _ => self.sees(line.person.as_ref()),
        }
    }
}

/// Whether a line is one of what is asked for; `unit` are the people of the unit. What a fact does not know narrows
/// nothing.
fn fits(knows: &Fact, slice: &Slice, unit: Option<&HashSet<&str>>, line: &Line) -> bool {
    let asks = |known: &str, value: &str| !known.is_empty() && !value.is_empty();
    let person = line.person.as_deref().unwrap_or("");
    unit.is_none_or(|people| people.contains(person))
        && (!asks(knows.person, &slice.person) || person == slice.person)
        && (!asks(knows.province, &slice.province) || line.provinces.contains(&slice.province))
        && (!asks(knows.specialty, &slice.specialty) || line.specialties.contains(&slice.specialty))
        && (!asks(knows.product, &slice.product) || line.products.contains(&slice.product))
        && (!asks(knows.article, &slice.article) || line.article == slice.article)
        && (!asks(knows.course, &slice.course) || line.course == slice.course)
        && (!asks(knows.hcp, &slice.hcp) || line.hcp == slice.hcp)
}

/// Filters that a slice sets and the fact of a measure does not know.
pub fn unknown(id: &str, slice: &Slice) -> Vec<&'static str> {
    let knows = registry::measure(id).expect("is a measure").fact();
    [
        ("unit", &slice.unit, knows.person),
        ("person", &slice.person, knows.person),
        ("province", &slice.province, knows.province),
        ("specialty", &slice.specialty, knows.specialty),
        ("product", &slice.product, knows.product),
        ("article", &slice.article, knows.article),
        ("course", &slice.course, knows.course),
        ("hcp", &slice.hcp, knows.hcp),
    ]
    .into_iter()
    .filter(|(_, value, known)| !value.is_empty() && known.is_empty())
    .map(|(name, ..)| name)
    .collect()
}

/// Each measure has a recount that says the same of shares and of what stands as it is now; what a measure must know,
/// so that its rows can be asked for by whoever is in a board's rankings.
#[test]
fn every_measure_has_a_recount() {
    for measure in MEASURES {
        let parts = measure.share().map(|(part, whole)| (part.id, whole.id));
        match how(measure.id) {
            How::Share(part, whole) => assert_eq!(parts, Some((part, whole)), "{}", measure.id),
            _ => assert_eq!(parts, None, "{}", measure.id),
        }
        let fact = fact_of(measure.id);
        assert_eq!(
            measure.is_compared(),
            !(stands(fact) || fact == "line"),
            "{}",
            measure.id
        );
        let whose = measure.fact().person;
        assert_eq!(whose.is_empty(), fact == "article", "{}", measure.id);
    }
    // No number of sales is told apart by anything of an HCP (domain, Flow).
    for measure in MEASURES.iter().filter(|m| m.fact().tables.contains("flow")) {
        assert_eq!((measure.fact().hcp, measure.fact().specialty), ("", ""));
        assert!(!measure.fact().from.contains("hcp"));
        assert!(!measure.fact().shown.contains("hcp"));
    }
}
