//! A world in which somebody else has HCPs with everything that can hang on one, and the people who must not reach
//! them: each role that does not see the company, in each unit from which they are out of sight.

mod making;

use std::collections::{BTreeMap, BTreeSet};

use mailuo::server::db::q;
use mailuo::shared::Role;

use crate::support::TestApp;

/// Roles that see less than the company.
pub const OUTSIDERS: [Role; 4] = [Role::Rep, Role::OtcRep, Role::TradeRep, Role::Manager];

/// The foreign HCP on whom everything hangs.
pub const NAME: &str = "欧阳外客";
pub const PHONE: &str = "13977770001";
pub const MASKED: &str = "139****0001";
/// Where that HCP works.
pub const HOSPITAL: &str = "外客医院";
pub const DEPARTMENT: &str = "心血管内科";

/// Ids that belong to the foreign HCPs; rows that hold one must stay as they are.
const FOREIGN: [&str; 10] = [
    "note", "group", "access", "request", "transfer", "code", "pair", "merge", "job", "token",
];

/// A member of staff with an HCP of their own.
pub struct Person {
    pub id: String,
    pub role: Role,
    pub place: &'static str,
    pub cookie: String,
    pub own: String,
    pub own_name: String,
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} of {}", self.role, self.place)
    }
}

pub struct World {
    /// What templates name in braces.
    ids: BTreeMap<&'static str, String>,
    /// The foreign HCPs: the one with everything, their twin, one that was merged into them, a registration that
    /// waits, and one that belongs to nobody.
    pub hcps: Vec<String>,
    /// What no answer may hold: names, phones, and what was written about them.
    traces: Vec<String>,
    /// Cookies of the owner and of an administrator, who reach all of it.
    pub owner: String,
    pub admin: String,
    /// Who owned the HCP before and left marks of their own on them.
    pub former: Person,
    pub outsiders: Vec<Person>,
}

impl World {
    /// The foreign HCP on whom everything hangs.
    pub fn main(&self) -> &str {
        &self.hcps[0]
    }

    /// A template with ids for what stands in braces: `{own}` is the person's own HCP, `{me}` the person; `{hcp}`
    /// gives one text for each foreign HCP.
    pub fn fill(&self, template: &str, person: &Person) -> Vec<String> {
        let mut text = template
            .replace("{own}", &person.own)
            .replace("{me}", &person.id);
        for (name, id) in &self.ids {
            text = text.replace(&format!("{{{name}}}"), id);
        }
        let filled: Vec<String> = if text.contains("{hcp}") {
            self.hcps.iter().map(|h| text.replace("{hcp}", h)).collect()
        } else {
            vec![text]
        };
        assert!(!filled[0].contains('{'), "{template} names what is unknown");
        filled
    }

    /// The answer says nothing about the foreign HCPs.
    pub fn assert_silent(&self, answer: &str, what: &str) {
        for trace in &self.traces {
            assert!(!answer.contains(trace), "{what} tells {trace}: {answer}");
        }
    }

    /// The answer says nothing about the foreign HCPs and does not hold them.
    pub fn assert_absent(&self, answer: &str, what: &str) {
        self.assert_silent(answer, what);
        for id in &self.hcps {
            assert!(!answer.contains(id), "{what} holds {id}: {answer}");
        }
    }

    /// Of the rows those that hold an id of the foreign HCPs or of what belongs to them.
    pub fn about(&self, rows: &BTreeSet<String>) -> BTreeSet<String> {
        let ids: Vec<&String> = FOREIGN
            .iter()
            .map(|name| &self.ids[name])
            .chain(&self.hcps)
            .collect();
        rows.iter()
            .filter(|row| ids.iter().any(|id| row.contains(id.as_str())))
            .cloned()
            .collect()
    }
}

/// Fails with the rows in which two states of the database differ.
pub fn assert_same(before: &BTreeSet<String>, after: &BTreeSet<String>, what: &str) {
    let written: Vec<&String> = after.difference(before).collect();
    let lost: Vec<&String> = before.difference(after).collect();
    assert!(
        written.is_empty() && lost.is_empty(),
        "{what} wrote {written:#?} in place of {lost:#?}"
    );
}

/// Every row of every table as text behind its table's name, except what asking alone leaves behind: when a session
/// was last used, and counted events.
pub async fn rows(app: &TestApp) -> BTreeSet<String> {
    let columns = if app.state.db.engine() == "sqlite" {
        "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table' ORDER BY m.name, c.cid"
    } else {
        "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns \
         WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
    };
    let columns: Vec<(String, String)> = q(columns).all(&app.state.db).await.expect("the columns");
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in columns {
        let skipped = ["session", "throttle", "_sqlx_migrations"].contains(&table.as_str());
        if !skipped && !table.starts_with("sqlite_") {
            let text = format!("COALESCE(CAST(\"{column}\" AS TEXT), '-')");
            tables.entry(table).or_default().push(text);
        }
    }
    assert!(tables.len() > 40, "the tables: {:?}", tables.keys());
    let parts: Vec<String> = tables
        .iter()
        .map(|(table, columns)| {
            let columns = columns.join(" || '|' || ");
            format!("SELECT '{table}|' || {columns} FROM \"{table}\"")
        })
        .collect();
    let rows: Vec<(String,)> = q(parts.join(" UNION ALL "))
        .all(&app.state.db)
        .await
        .expect("the rows");
    rows.into_iter().map(|(row,)| row).collect()
}

/// The one text that a query with one argument gives.
pub async fn id_of(app: &TestApp, sql: &str, argument: &str) -> String {
    let found: (String,) = q(sql)
        .bind(argument)
        .one(&app.state.db)
        .await
        .expect("is there");
    found.0
}
