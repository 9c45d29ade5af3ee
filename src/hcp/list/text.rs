//! The text of a search: how it becomes conditions, and from which end its rows are come by.

use std::collections::HashMap;

use super::{COUNT_MOST, TEXT_COUNT_MOST};
use crate::server::db::{Db, DbResult, Query, q};
use crate::server::search;

/// Candidates that are looked at one by one: of an exact term, and of the beginning of one, which takes far longer to
/// look for in a row.
const FEW: i64 = 2_000;
const FEW_BEGUN: i64 = 10_000;

/// Stands for a count beyond its bound.
const MANY: i64 = i64::MAX / 8;

/// The bound of a term.
fn few(term: &(String, bool)) -> i64 {
    if term.1 { FEW_BEGUN } else { FEW }
}

/// What a word of a text must match.
pub(super) struct Word {
    /// As it was typed: it may be a whole tag.
    text: String,
    /// Terms, each with whether it is only the beginning of one.
    terms: Vec<(String, bool)>,
}

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<Word> {
    text.split_whitespace()
        .take(6)
        .map(|text| Word {
            text: text.to_owned(),
            terms: search::wanted(text),
        })
        .filter(|word| !word.terms.is_empty())
        .collect()
}

/// Appends a condition on the term of `x`.
fn push_term(query: &mut Query, (term, prefix): &(String, bool)) {
    if *prefix {
        query.push_with(
            "x.term >= ? AND x.term < ?",
            [term.clone(), format!("{term}\u{10FFFF}")],
        );
    } else {
        query.push_with("x.term = ?", [term]);
    }
}

/// Appends that a word is found in the HCP's own terms or in their hospital's, or is one of their tags.
///
/// Each term is looked up for the row at hand. `OFFSET 0` keeps Postgres from making a join of it, which would read
/// all that a frequent term finds; the joined kind sends SQLite to the index by object where the term is a range.
pub(super) fn push_word(query: &mut Query, word: &Word) {
    query.push(" AND (");
    for (i, (kind, id)) in [("hcp", "h.id"), ("terminal", "h.terminal_id")]
        .into_iter()
        .enumerate()
    {
        query.push(if i == 0 { "(" } else { " OR (" });
        for (j, wanted) in word.terms.iter().enumerate() {
            let column = if wanted.1 { "x.kind || ''" } else { "x.kind" };
            query.push(if j == 0 { "" } else { " AND " });
            query.push(&format!(
                "EXISTS (SELECT 1 FROM search_term x WHERE {column} = '{kind}' AND x.object_id = {id} AND "
            ));
            push_term(query, wanted);
            query.push(" LIMIT 1 OFFSET 0)");
        }
        query.push(")");
    }
    query.push_with(
        " OR EXISTS (SELECT 1 FROM hcp_tag g WHERE g.hcp_id = h.id AND g.tag = ?))",
        [&word.text],
    );
}

/// How the rows of a text are come by.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The rarest term among an HCP's own and among hospitals', and how many HCPs these can find, up to the bound of
    /// each and one more.
    rarest: Option<(Driver, i64)>,
}

#[derive(Debug)]
struct Driver {
    own: (String, bool),
    hospital: (String, bool),
    /// The word, where somebody bears it as a tag.
    tag: Option<String>,
}

impl Driver {
    /// What several terms begin with may find one HCP more than once; an exact term does so on both levels only, and
    /// leaving that out by itself lets the rows stream.
    fn streams(&self) -> bool {
        !self.own.1 && !self.hospital.1 && self.tag.is_none()
    }
}

impl Search {
    /// Looks how frequent the words of a text are.
    pub(super) async fn of(db: &Db, text: &str) -> DbResult<Search> {
        let words = words(text);
        if words.is_empty() {
            return Ok(Search::default());
        }
        let mut query = q("");
        let mut begun = false;
        for (w, word) in words.iter().enumerate() {
            for (t, term) in word.terms.iter().enumerate() {
                for (level, source) in [(0, OWN), (1, HOSPITAL)] {
                    query.push(if begun { " UNION ALL " } else { "" });
                    begun = true;
                    query.push(&format!(
                        "SELECT CAST({w} AS BIGINT), CAST({t} AS BIGINT), CAST({level} AS BIGINT), COUNT(*) \
                         FROM (SELECT 1 FROM {source} AND "
                    ));
                    push_term(&mut query, term);
                    query.push(&format!(" LIMIT {}) n", few(term) + 1));
                }
            }
            query.push(&format!(
                " UNION ALL SELECT CAST({w} AS BIGINT), CAST(0 AS BIGINT), CAST(2 AS BIGINT), COUNT(*) \
                 FROM (SELECT 1 FROM hcp_tag g WHERE "
            ));
            query.push_with("g.tag = ?", [&word.text]);
            query.push(&format!(" LIMIT {}) n", FEW + 1));
        }
        // By word and level, the term that finds least.
        let mut least: HashMap<(i64, i64), (i64, i64)> = HashMap::new();
        for (w, t, level, n) in query.all::<(i64, i64, i64, i64)>(db).await? {
            // Counted to its bound, a term may find any number.
            let term = usize::try_from(w)
                .ok()
                .and_then(|w| words.get(w))
                .zip(usize::try_from(t).ok())
                .and_then(|(word, t)| word.terms.get(t));
            let n = if level < 2 && term.is_some_and(|term| n > few(term)) {
                MANY
            } else {
                n
            };
            let entry = least.entry((w, level)).or_insert((t, n));
            if n < entry.1 {
                *entry = (t, n);
            }
        }
        let rarest = words
            .iter()
            .zip(0_i64..)
            .filter_map(|(word, w)| {
                let (own, own_n) = least.get(&(w, 0))?;
                let (hospital, hospital_n) = least.get(&(w, 1))?;
                let (_, tag_n) = least.get(&(w, 2))?;
                let term = |t: &i64| word.terms.get(usize::try_from(*t).ok()?).cloned();
                let driver = Driver {
                    own: term(own)?,
                    hospital: term(hospital)?,
                    tag: (*tag_n > 0).then(|| word.text.clone()),
                };
                Some((driver, own_n + hospital_n + tag_n))
            })
            .min_by_key(|(_, n)| *n);
        Ok(Search { rarest })
    }

    /// Whether the candidates are few enough to look at each.
    pub(super) fn is_few(&self) -> bool {
        self.rarest.as_ref().is_some_and(|(_, n)| *n < MANY)
    }

    /// Whether candidates come one after the other, without all of them being gathered first.
    pub(super) fn streams(&self) -> bool {
        self.rarest
            .as_ref()
            .is_some_and(|(driver, _)| driver.streams())
    }

    /// Up to how many rows are counted.
    pub(super) fn count_most(&self) -> i64 {
        if self.rarest.is_some() {
            TEXT_COUNT_MOST
        } else {
            COUNT_MOST
        }
    }

    /// Appends `FROM … WHERE`; with `driven` the candidates come first and the rest is asked of each. `CROSS JOIN`
    /// fixes that order on SQLite.
    pub(super) fn push_from(&self, query: &mut Query, driven: bool) {
        let Some((driver, _)) = self.rarest.as_ref().filter(|_| driven) else {
            query.push(" FROM hcp h WHERE ");
            return;
        };
        query.push(&format!(" FROM (SELECT x.object_id AS id FROM {OWN} AND "));
        push_term(query, &driver.own);
        let streams = driver.streams();
        query.push(if streams { " UNION ALL " } else { " UNION " });
        query.push(&format!("SELECT w.id FROM {HOSPITAL} AND "));
        push_term(query, &driver.hospital);
        if streams {
            query.push_with(
                " AND NOT EXISTS (SELECT 1 FROM search_term y WHERE y.kind = 'hcp' AND y.term = ? AND y.object_id = w.id)",
                [&driver.own.0],
            );
        }
        if let Some(tag) = &driver.tag {
            query.push_with(
                " UNION SELECT g.hcp_id FROM hcp_tag g WHERE g.tag = ?",
                [tag],
            );
        }
        query.push(") f CROSS JOIN hcp h WHERE h.id = f.id AND ");
    }
}

/// Terms of HCPs as `x`.
const OWN: &str = "search_term x WHERE x.kind = 'hcp'";
/// Terms of hospitals as `x` with their HCPs as `w`.
const HOSPITAL: &str =
    "search_term x CROSS JOIN hcp w WHERE w.terminal_id = x.object_id AND x.kind = 'terminal'";
