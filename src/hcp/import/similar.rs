//! New ones who look like somebody on file.

use std::collections::HashMap;

use super::plan::{Verdict, any_of};
use crate::importing::Findings;
use crate::importing::model::SimilarRow;
use crate::server::AppState;
use crate::server::db::{Db, DbResult, q};
use crate::shared::AppError;

/// How many of them a report names.
const SHOWN: usize = 50;

/// Which of the new ones look like somebody on file: all are counted, the first are named.
pub async fn note(
    state: &AppState,
    verdicts: &[Verdict],
    findings: &mut Findings,
) -> Result<(), AppError> {
    let mut names = HashMap::new();
    let mut probes = Vec::new();
    for verdict in verdicts {
        if let Verdict::New(new) = verdict {
            let record = &new.record;
            names.insert(new.row, record.name.as_str());
            probes.push((
                new.row,
                record.name.clone(),
                record.terminal_id.clone(),
                record.department.clone(),
            ));
        }
    }
    if probes.is_empty() {
        return Ok(());
    }
    let mut best: HashMap<i64, (String, i64)> = HashMap::new();
    for (row, id, score) in crate::duplicate::finder::similar_in_chunk(&state.db, &probes).await? {
        if best.get(&row).is_none_or(|(_, other)| *other < score) {
            best.insert(row, (id, score));
        }
    }
    findings.similar += best.len() as i64;
    let mut first: Vec<(i64, (String, i64))> = best.into_iter().collect();
    first.sort_unstable_by_key(|(row, _)| *row);
    first.truncate(SHOWN - findings.similar_rows.len());
    let ids: Vec<String> = first.iter().map(|(_, (id, _))| id.clone()).collect();
    let people = people(&state.db, &ids).await?;
    for (row, (id, score)) in first {
        if let Some((on_file, hospital, department)) = people.get(&id) {
            findings.similar_rows.push(SimilarRow {
                row,
                name: names.get(&row).copied().unwrap_or_default().to_owned(),
                on_file: on_file.clone(),
                hospital: hospital.clone(),
                department: department.clone(),
                id,
                score,
            });
        }
    }
    Ok(())
}

/// Name, hospital and department of HCPs by id.
async fn people(db: &Db, ids: &[String]) -> DbResult<HashMap<String, (String, String, String)>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = q(
        "SELECT h.id, h.name, COALESCE(t.name, h.hospital_text), h.department FROM hcp h \
         LEFT JOIN terminal t ON t.id = h.terminal_id WHERE ",
    );
    any_of(&mut query, "h.id", ids);
    Ok(query
        .all::<(String, String, String, String)>(db)
        .await?
        .into_iter()
        .map(|(id, name, hospital, department)| (id, (name, hospital, department)))
        .collect())
}
