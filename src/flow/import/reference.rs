//! What the rows of a file are compared with: terminals, decisions, products, owners.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::flow::lines::Months;
use crate::flow::matcher::{Decision, Matcher, Place};
use crate::server::AppState;
use crate::server::db::{Db, Exec, internal, q};
use crate::shared::AppError;
use crate::terminal::model::MAIN_LINE;

/// Who looks after a terminal in a business line, and when.
pub struct Holder {
    pub line: String,
    pub from: String,
    pub to: Option<String>,
    pub staff: String,
}

/// What the rows are compared with.
pub struct Reference {
    pub matcher: Matcher,
    /// Terminal and decision of a printed code and name.
    pub decided: HashMap<(String, String), (String, String)>,
    pub places: HashMap<String, usize>,
    pub by_code: HashMap<String, String>,
    pub by_name: HashMap<(String, String), String>,
    pub names: HashMap<String, Vec<String>>,
    pub months: Months,
    /// Who looked after a terminal in which business line from which day to which.
    pub owners: HashMap<String, Vec<Holder>>,
    /// Business lines of products that are not in the main one.
    pub lines: HashMap<String, String>,
    /// Terminals to which a distributor has delivered.
    pub near: HashMap<String, HashSet<String>>,
    pub today: String,
    pub cache: HashMap<(String, String, String), Decision>,
}

/// All terminals with their aliases, ready for names to be compared with.
async fn matcher(on: &mut Exec<'_>) -> Result<Matcher, AppError> {
    let rows: Vec<(String, String, String, String, String, bool)> =
        q("SELECT id, code, name, province, city, status <> 'closed' FROM terminal ORDER BY code")
            .all(again(on))
            .await?;
    let mut aliases: HashMap<String, Vec<String>> = HashMap::new();
    for (id, alias) in
        q("SELECT terminal_id, alias FROM terminal_alias ORDER BY terminal_id, alias")
            .all::<(String, String)>(again(on))
            .await?
    {
        aliases.entry(id).or_default().push(alias);
    }
    let places = rows
        .into_iter()
        .map(|(id, code, name, province, city, offered)| Place {
            aliases: aliases.remove(&id).unwrap_or_default(),
            id,
            code,
            name,
            province,
            city,
            offered,
        })
        .collect();
    tokio::task::spawn_blocking(move || Matcher::new(places))
        .await
        .map_err(internal)
}

/// The terminals prepared for names, kept from request to request until one of them changes.
#[derive(Debug, Default)]
pub struct KeptMatcher(Mutex<Option<(Stamp, Arc<Matcher>)>>);

/// How many terminals there are, and what the times of their changes add up to.
type Stamp = (i64, i64);

impl KeptMatcher {
    /// The matcher of the terminals as they stand.
    pub async fn get(&self, db: &Db) -> Result<Arc<Matcher>, AppError> {
        let stamp: Stamp =
            q("SELECT COUNT(*), COALESCE(CAST(SUM(updated_at) AS BIGINT), 0) FROM terminal")
                .one(db)
                .await?;
        let mut kept = self.0.lock().await;
        if let Some((of, known)) = kept.as_ref()
            && *of == stamp
        {
            return Ok(known.clone());
        }
        let made = Arc::new(matcher(&mut Exec::Db(db)).await?);
        *kept = Some((stamp, made.clone()));
        Ok(made)
    }
}

/// The same place to run a query again.
pub fn again<'a>(on: &'a mut Exec<'_>) -> Exec<'a> {
    match on {
        Exec::Db(db) => Exec::Db(db),
        Exec::Tx(tx) => Exec::Tx(tx),
    }
}

impl Reference {
    pub async fn load(state: &AppState, on: &mut Exec<'_>) -> Result<Reference, AppError> {
        let matcher = matcher(on).await?;
        let decided: Vec<(String, String, String, String)> =
            q("SELECT code, printed, terminal_id, id FROM flow_match WHERE undone_at IS NULL")
                .all(again(on))
                .await?;
        let products: Vec<(String, String, String, String, String)> =
            q("SELECT id, code, name, specification, business_line FROM product")
                .all(again(on))
                .await?;
        let assigned: Vec<(String, String, String, Option<String>, String)> = q(
            "SELECT terminal_id, business_line, starts_on, ends_on, staff_id FROM terminal_assignment",
        )
        .all(again(on))
        .await?;
        let near: Vec<(String, String)> = q(
            "SELECT DISTINCT d.name, s.terminal_id FROM flow_sum s JOIN flow_distributor d ON d.id = s.distributor_id \
             WHERE s.terminal_id <> ''",
        )
        .all(again(on))
        .await?;
        let mut reference = Reference {
            places: matcher.ids(),
            matcher,
            decided: decided
                .into_iter()
                .map(|(code, printed, terminal, id)| ((code, printed), (terminal, id)))
                .collect(),
            by_code: HashMap::new(),
            by_name: HashMap::new(),
            names: HashMap::new(),
            months: Months::load(again(on)).await?,
            owners: HashMap::new(),
            lines: HashMap::new(),
            near: HashMap::new(),
            today: state.zone.today(),
            cache: HashMap::new(),
        };
        for (id, code, name, specification, line) in products {
            if line != MAIN_LINE {
                reference.lines.insert(id.clone(), line);
            }
            reference.by_code.insert(code, id.clone());
            reference
                .names
                .entry(name.clone())
                .or_default()
                .push(id.clone());
            reference.by_name.insert((name, specification), id);
        }
        for (terminal, line, from, to, staff) in assigned {
            let holder = Holder {
                line,
                from,
                to,
                staff,
            };
            reference.owners.entry(terminal).or_default().push(holder);
        }
        for (distributor, terminal) in near {
            reference
                .near
                .entry(distributor)
                .or_default()
                .insert(terminal);
        }
        Ok(reference)
    }

    /// The product of a code, or of a name and specification, or of a name that only one bears.
    pub fn product(&self, code: &str, name: &str, specification: &str) -> Option<String> {
        if let Some(id) = self.by_code.get(code) {
            return Some(id.clone());
        }
        if !code.is_empty() {
            return None;
        }
        let exact = self
            .by_name
            .get(&(name.to_owned(), specification.to_owned()));
        exact.cloned().or_else(|| match self.names.get(name) {
            Some(ids) if ids.len() == 1 && specification.is_empty() => ids.first().cloned(),
            _ => None,
        })
    }

    /// As [`lines::owner_on`].
    pub fn owner(&self, terminal: &str, product: Option<&str>, day: &str) -> Option<String> {
        let holders = self.owners.get(terminal)?;
        let of = |line: &str| {
            holders.iter().find(|h| {
                h.line == line
                    && h.from.as_str() <= day
                    && h.to.as_ref().is_none_or(|to| to.as_str() >= day)
            })
        };
        let own = product.and_then(|id| self.lines.get(id));
        own.and_then(|line| of(line))
            .or_else(|| of(MAIN_LINE))
            .map(|h| h.staff.clone())
    }

    /// Terminal and id of the decision about a printed code and name.
    pub fn match_of(&self, code: &str, name: &str) -> Option<&(String, String)> {
        self.decided.get(&(code.to_owned(), name.to_owned()))
    }

    pub fn decide(&mut self, distributor: &str, code: &str, name: &str) -> Decision {
        let key = (distributor.to_owned(), code.to_owned(), name.to_owned());
        if let Some(known) = self.cache.get(&key) {
            return known.clone();
        }
        let none = HashSet::new();
        let near = self.near.get(distributor).unwrap_or(&none);
        let decision = match self.matcher.decide(code, name, near) {
            matched @ Decision::Matched(..) => matched,
            // What code and name leave open, a person may have decided.
            open => self
                .match_of(code, name)
                .and_then(|(terminal, _)| self.places.get(terminal))
                .map_or(open, |at| Decision::Matched("person", *at)),
        };
        self.cache.insert(key, decision.clone());
        decision
    }
}
