//! Finding duplicates: of one HCP and of the rows of a spreadsheet; in the whole library it is [`super::library`]'s work.

use std::collections::HashMap;

pub use super::library::{last_run, nightly, run, start};
use super::rules::{self, Prepared, Probe, Reason};
use crate::server::db::{Db, DbResult, Exec, Query, Rows, Tx, insert_many, q};
use crate::server::{crypto, time};

/// Rows of a spreadsheet looked up by one set of statements: two arguments each stay within 400.
const CHUNK: usize = 200;

/// What is compared of the HCPs `h` that count: registrations that wait are the queue's, merged ones are gone.
pub(super) const KNOWN: &str = "SELECT h.id, h.name, h.phone_index, h.terminal_id, COALESCE(t.name, h.hospital_text) AS hospital, \
    COALESCE(NULLIF(h.city, ''), t.city, '') AS city, h.department, h.title, h.sex \
    FROM hcp h LEFT JOIN terminal t ON t.id = h.terminal_id WHERE h.state NOT IN ('pending', 'merged')";

/// An HCP with what is compared.
#[derive(sqlx::FromRow)]
pub(super) struct Known {
    pub(super) id: String,
    #[sqlx(flatten)]
    pub(super) probe: Probe,
}

/// Somebody on file who may be the one that was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub id: String,
    /// 60 to 100.
    pub score: i64,
    pub reasons: Vec<Reason>,
}

/// Who on file may be the one described, the likeliest first; `except` is left out. Looked up by indexes: the phone,
/// the name, and the department of the hospital.
pub async fn candidates_for<'a>(
    on: impl Into<Exec<'a>>,
    probe: &Probe,
    except: Option<&str>,
) -> DbResult<Vec<Candidate>> {
    let mut query = q(KNOWN);
    query.push_with(
        " AND h.id <> ? AND h.id IN (SELECT id FROM hcp WHERE phone_index = ? \
         UNION SELECT id FROM hcp WHERE terminal_id = ? AND name = ? \
         UNION SELECT id FROM (SELECT id FROM hcp WHERE name = ? ORDER BY id LIMIT 1000) named \
         UNION SELECT id FROM (SELECT id FROM hcp WHERE terminal_id = ? AND department = ? AND department <> '' \
         LIMIT 1000) near)",
        [
            Some(except.unwrap_or_default()),
            probe.phone_index.as_deref(),
            probe.terminal_id.as_deref(),
            Some(probe.name.as_str()),
            Some(probe.name.as_str()),
            probe.terminal_id.as_deref(),
            Some(probe.department.as_str()),
        ],
    );
    let asked = Prepared::from(probe.clone());
    let mut found: Vec<Candidate> = query
        .all::<Known>(on)
        .await?
        .into_iter()
        .filter_map(|known| {
            let (score, reasons) = rules::judge(&asked, &known.probe.into())?;
            Some(Candidate {
                id: known.id,
                score,
                reasons,
            })
        })
        .collect();
    found.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    Ok(found)
}

/// The likeliest HCP on file for each row of a spreadsheet that has one: row, id and score.
///
/// `probes` are row, name, id of the hospital and department. Compared are HCPs of the same name in the hospital's
/// city, and those of the same department.
pub async fn similar_in_chunk(
    db: &Db,
    probes: &[(i64, String, Option<String>, String)],
) -> DbResult<Vec<(i64, String, i64)>> {
    let mut out = Vec::new();
    for chunk in probes.chunks(CHUNK) {
        let terminals = distinct(chunk.iter().filter_map(|(_, _, t, _)| t.as_deref()));
        let mut query = q("SELECT id, name, city FROM terminal WHERE ");
        one_of(&mut query, "id", &terminals);
        let hospitals: HashMap<String, (String, String)> = query
            .all::<(String, String, String)>(db)
            .await?
            .into_iter()
            .map(|(id, name, city)| (id, (name, city)))
            .collect();

        let mut query = q(KNOWN);
        query.push(" AND ");
        let names = distinct(chunk.iter().map(|(_, name, _, _)| name.as_str()));
        one_of(&mut query, "h.name", &names);
        query.push(" AND (h.city = '' OR ");
        let cities = distinct(hospitals.values().map(|(_, city)| city.as_str()));
        one_of(&mut query, "h.city", &cities);
        query.push(")");
        let named: Vec<Known> = query.all(db).await?;

        let mut query = q(KNOWN);
        query.push(" AND ");
        one_of(&mut query, "h.terminal_id", &terminals);
        query.push(" AND ");
        let departments = distinct(
            chunk
                .iter()
                .map(|(_, _, _, department)| department.as_str()),
        );
        one_of(&mut query, "h.department", &departments);
        let near: Vec<Known> = query.all(db).await?;

        let mut by_name: HashMap<String, Vec<(String, Prepared)>> = HashMap::new();
        for known in named {
            by_name
                .entry(known.probe.name.clone())
                .or_default()
                .push((known.id, known.probe.into()));
        }
        let mut by_department: HashMap<(String, String), Vec<(String, Prepared)>> = HashMap::new();
        for known in near {
            let place = known.probe.terminal_id.clone().unwrap_or_default();
            by_department
                .entry((place, known.probe.department.clone()))
                .or_default()
                .push((known.id, known.probe.into()));
        }
        for (row, name, terminal, department) in chunk {
            let (hospital, city) = terminal
                .as_ref()
                .and_then(|t| hospitals.get(t))
                .cloned()
                .unwrap_or_default();
            let place = (terminal.clone().unwrap_or_default(), department.clone());
            let asked = Prepared::from(Probe {
                name: name.clone(),
                terminal_id: terminal.clone(),
                hospital,
                city,
                department: department.clone(),
                ..Probe::default()
            });
            let likeliest = by_name
                .get(name)
                .into_iter()
                .chain(by_department.get(&place))
                .flatten()
                .filter_map(|(id, known)| Some((rules::judge(&asked, known)?.0, id)))
                .max_by(|(a, x), (b, y)| a.cmp(b).then_with(|| y.cmp(x)));
            if let Some((score, id)) = likeliest {
                out.push((*row, id.clone(), score));
            }
        }
    }
    Ok(out)
}

/// The values without repeats and empty ones.
pub(super) fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut values: Vec<&str> = values.filter(|v| !v.is_empty()).collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// Appends `column IN (values)`; for no values what is never true.
pub(super) fn one_of(query: &mut Query, column: &str, values: &[&str]) {
    if values.is_empty() {
        query.push("1 = 0");
        return;
    }
    let places = vec!["?"; values.len()].join(", ");
    query.push_with(&format!("{column} IN ({places})"), values.iter().copied());
}

/// Looks for duplicates of one HCP, after entering or changing them, and notes the pairs.
pub async fn check_one(tx: &mut Tx, id: &str) -> DbResult<()> {
    let mut query = q(KNOWN);
    query.push_with(" AND h.id = ?", [id]);
    let Some(known) = query.optional::<Known>(&mut *tx).await? else {
        return Ok(());
    };
    let pairs = candidates_for(&mut *tx, &known.probe, Some(id))
        .await?
        .into_iter()
        .map(|c| Pair::new(id, &c.id, c.score, &c.reasons))
        .collect();
    write(tx, time::now(), pairs).await
}

/// A pair as it is stored: the smaller id first.
pub(super) struct Pair {
    pub(super) a: String,
    pub(super) b: String,
    score: i64,
    reasons: String,
}

impl Pair {
    /// The pair of two ids in either order.
    pub(super) fn new(one: &str, other: &str, score: i64, reasons: &[Reason]) -> Pair {
        let codes: Vec<&str> = reasons.iter().map(|r| r.code()).collect();
        Pair {
            a: one.min(other).to_owned(),
            b: one.max(other).to_owned(),
            score,
            reasons: serde_json::json!(codes).to_string(),
        }
    }
}

/// Writes pairs. What was decided stays decided; an open pair gets the score of today.
pub(super) async fn write(tx: &mut Tx, at: i64, pairs: Vec<Pair>) -> DbResult<()> {
    let rows: Rows = pairs
        .into_iter()
        .map(|pair| {
            vec![
                crypto::new_id().into(),
                pair.a.into(),
                pair.b.into(),
                pair.score.into(),
                pair.reasons.into(),
                "open".into(),
                at.into(),
            ]
        })
        .collect();
    insert_many(
        tx,
        "INSERT INTO hcp_duplicate (id, a_id, b_id, score, reasons, status, found_at)",
        rows,
        "ON CONFLICT (a_id, b_id) DO UPDATE SET score = excluded.score, reasons = excluded.reasons \
         WHERE hcp_duplicate.status = 'open' \
         AND (hcp_duplicate.score <> excluded.score OR hcp_duplicate.reasons <> excluded.reasons)",
    )
    .await?;
    Ok(())
}
