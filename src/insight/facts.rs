//! The facts that measures count: where their rows lie, when each happened, whose it is, and what a list of them shows.
//!
//! In conditions `{tracked}`, `{agreed}`, `{assigned}`, `{today}`, `{soon}` and `{now}` are filled in by [`filled`].

mod compliance;
mod field;
mod flow;
mod hcps;
mod learning;
mod sharing;
mod staff;

pub use self::compliance::{ARTICLE, AUDIT, EVENT, OPEN_EVENT};
pub use self::field::{CHECKIN, MET, PLAN, VISIT};
pub use self::flow::{APPEAL, LINE, OPEN_APPEAL};
pub use self::hcps::{CODE_STEP, HCP, INVITED, ONBOARDED, WITHDRAWN};
pub use self::learning::{ANSWER, ASSIGNMENT, COMPLETION, LESSON};
pub use self::sharing::{LINK, PASSED, VIEW};
pub use self::staff::{ACTIVE, STAFF};
use crate::course::store::ASSIGNED;
use crate::onboarding::consent::{AGREED, TRACKED};
use crate::server::AppState;
use crate::server::time;

/// When a row happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A day `YYYY-MM-DD` of the configured zone.
    Day(&'static str),
    /// Epoch milliseconds.
    Moment(&'static str),
    /// A month `YYYY-MM`: all months that the asked days touch.
    Month(&'static str),
    /// It is as it stands now, whatever days are asked for.
    Now,
}

/// What of it somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What belongs to people within their scope, by the column `person`.
    People,
    /// The HCPs `h` that they see in the library.
    Library,
    /// All of it, for roles that see the company.
    Company,
}

/// What a column of a list shows.
#[derive(Debug, Clone, Copy)]
pub enum Col {
    Text(&'static str),
    Number(&'static str),
    /// Epoch milliseconds, shown to the minute.
    Moment(&'static str),
    /// A code of the table, with what it is called.
    Code(&'static str, fn(&str) -> String),
    Yes(&'static str),
    /// A text that leads to a page: path up to the id, the id, the text.
    Link(&'static str, &'static str, &'static str),
    /// The HCP joined as `h`, named where the asker may see them.
    Hcp,
    /// The same, named only while they agree to be (domain, Share tracking).
    Reader,
}

/// Rows that can be counted.
#[derive(Debug)]
pub struct Fact {
    /// Tables that the numbers come from, as the page of measures names them.
    pub tables: &'static str,
    pub from: &'static str,
    /// What always holds.
    pub base: &'static str,
    pub when: When,
    /// Staff id of whose it is; empty where it is nobody's.
    pub person: &'static str,
    pub scope: Scope,
    /// Conditions with one `?`; empty where the fact does not know it.
    pub province: &'static str,
    pub specialty: &'static str,
    pub product: &'static str,
    /// Ids; empty where the fact has none.
    pub article: &'static str,
    pub course: &'static str,
    pub hcp: &'static str,
    /// Where rows have an HCP as `hcp:` and their id: the column by which an index finds them, and what keeps those of
    /// HCPs as that index knows it. `None` where `hcp` is a column.
    pub reader: Option<(&'static str, &'static str)>,
    /// A condition with one `?` for an HCP's id, where the id alone would tell of reading that may not be told of by
    /// name; else the id is compared.
    pub named: &'static str,
    /// The person as an expression that no index knows, where an index has the rows in the order of the list: a page of
    /// very many is found sooner along it than by whose they are. Empty where there is none.
    pub walked: &'static str,
    /// That index. SQLite is told to take it: by its estimates it would skip through the rows of everybody.
    pub walked_by: &'static str,
    /// Whether a person has one row a day at most, of which nearly everybody has very many, and indexes have them by person
    /// and by day.
    pub by_person: bool,
    /// Joins that only a list needs; they add and drop no row.
    pub shown: &'static str,
    /// Columns of a list, at most eight.
    pub columns: &'static [(&'static str, Col)],
    pub order: &'static str,
}

impl Fact {
    /// The alias of its table, if it is one table.
    pub fn table_alias(&self) -> Option<&'static str> {
        match *self.from.split(' ').collect::<Vec<_>>() {
            [_, alias] => Some(alias),
            _ => None,
        }
    }
}

/// What the member of staff `st` is called in a list: two may have one name, and are told apart by their unit.
const CALLED: &str =
    "st.name || ' · ' || (SELECT home.name FROM org_unit home WHERE home.id = st.unit_id)";

/// What the HCP `h` is called in a list: two may have one name, and are told apart by their hospital.
pub const HCP_CALLED: &str = "(h.name || COALESCE(' · ' || NULLIF(COALESCE(\
    (SELECT place.name FROM terminal place WHERE place.id = h.terminal_id), h.hospital_text), ''), ''))";

/// What most facts do not have.
const NONE: Fact = Fact {
    tables: "",
    from: "",
    base: "1 = 1",
    when: When::Now,
    person: "",
    scope: Scope::People,
    province: "",
    specialty: "",
    product: "",
    article: "",
    course: "",
    hcp: "",
    reader: None,
    named: "",
    walked: "",
    walked_by: "",
    by_person: false,
    shown: "",
    columns: &[],
    order: "1",
};

/// SQL with its places filled. Days and numbers of this server only: nothing that somebody typed.
pub fn filled(state: &AppState, sql: &str) -> String {
    if !sql.contains('{') {
        return sql.to_owned();
    }
    let (now, today) = (time::now(), state.zone.today());
    sql.replace("{tracked}", TRACKED)
        .replace("{agreed}", AGREED)
        .replace("{assigned}", &ASSIGNED)
        .replace("{soon}", &time::shift_day(&today, 30))
        .replace("{today}", &today)
        .replace("{now}", &now.to_string())
}
