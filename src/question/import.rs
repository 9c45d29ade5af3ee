//! Importing questions: known by their number where they have one, else by their content; what is on file and differs
//! gets a new version.

use std::collections::{HashMap, HashSet};

use super::formats::sheet;
use super::model::{Body, Draft};
use super::{rules, store};
use crate::importing::model::Invalid;
use crate::importing::table::Table;
use crate::importing::{Existing, Findings, Watch};
use crate::server::crypto;
use crate::server::db::{DbResult, Tx, q};
use crate::server::guard::Actor;
use crate::shared::AppError;

/// Rows looked up and written together.
const CHUNK: usize = 500;

/// A question on file.
#[derive(Debug, sqlx::FromRow)]
struct OnFile {
    id: String,
    version: i64,
    draft: String,
}

/// Imports within `tx`. Unless `skip_invalid`, nothing more is written from the first chunk with a bad row on.
pub async fn import(
    tx: &mut Tx,
    actor: &Actor,
    table: &Table,
    existing: Existing,
    skip_invalid: bool,
    watch: &Watch,
) -> Result<Findings, AppError> {
    let mut findings = Findings::default();
    findings.report.invalid.clone_from(&table.faults);
    findings.report.skipped = table.skipped;
    let unread: HashSet<i64> = table.faults.iter().map(|f| f.row).collect();
    let (mut codes, mut contents) = (HashSet::new(), HashSet::new());
    let mut touched: HashSet<String> = HashSet::new();
    let mut done = 0;
    for rows in table.chunks(CHUNK) {
        watch.step(&mut *tx, done).await?;
        done += rows.len();
        let mut drafts: Vec<(i64, Draft)> = Vec::new();
        for row in rows.iter().filter(|row| !unread.contains(&row.number)) {
            match sheet::draft(row) {
                Ok(draft) => {
                    if !draft.code.is_empty() && !codes.insert(draft.code.clone()) {
                        findings
                            .report
                            .invalid
                            .push(table.at(row.invalid("编号", tr!("question.fault.code_twice"))));
                    } else if draft.code.is_empty() && !contents.insert(rules::content_key(&draft))
                    {
                        findings
                            .report
                            .invalid
                            .push(table.at(row.invalid("题干", tr!("question.fault.twice"))));
                    } else {
                        drafts.push((row.number, draft));
                    }
                }
                Err(faults) => {
                    for (field, reason) in faults {
                        findings
                            .report
                            .invalid
                            .push(table.at(row.invalid(&field, reason)));
                    }
                }
            }
        }
        let writes = skip_invalid || findings.report.invalid.is_empty();
        let (by_code, by_content) = on_file(tx, &drafts).await?;
        let mut new = Vec::new();
        for (number, draft) in drafts {
            let known = if draft.code.is_empty() {
                by_content.get(&rules::content_key(&draft))
            } else {
                by_code.get(&draft.code)
            };
            let Some(known) = known else {
                findings.report.created += 1;
                new.push((crypto::new_id(), draft));
                continue;
            };
            if !touched.insert(known.id.clone()) {
                // Named by its number in one row and by its content in another.
                let again = Invalid {
                    row: number,
                    line: None,
                    field: "题干".into(),
                    reason: tr!("question.fault.twice"),
                };
                findings.report.invalid.push(table.at(again));
                continue;
            }
            let before: Draft =
                serde_json::from_str(&known.draft).map_err(crate::server::db::internal)?;
            let after = merged(&before, draft, existing);
            if before == after {
                findings.report.unchanged += 1;
            } else if existing == Existing::Skip {
                findings.report.skipped += 1;
            } else {
                findings.report.updated += 1;
                if writes {
                    store::change(tx, actor, &known.id, known.version, &after).await?;
                }
            }
        }
        if writes {
            store::insert(tx, actor, new).await?;
        }
    }
    Ok(findings)
}

/// What a question on file becomes: where the file says nothing, or only gaps are filled, what is there stays.
fn merged(before: &Draft, file: Draft, existing: Existing) -> Draft {
    let mut after = file;
    let fill = existing == Existing::Fill;
    let keep = |now: &mut String, before: &String| {
        if now.is_empty() || (fill && !before.is_empty()) {
            now.clone_from(before);
        }
    };
    keep(&mut after.code, &before.code);
    keep(&mut after.title, &before.title);
    keep(&mut after.explanation, &before.explanation);
    keep(&mut after.category, &before.category);
    if after.tags.is_empty() || (fill && !before.tags.is_empty()) {
        after.tags.clone_from(&before.tags);
    }
    if after.images.is_empty() {
        after.images.clone_from(&before.images);
    }
    // Not every format has feedback to the options, or a model answer.
    let silent = match &after.body {
        Body::Short { model } => model.is_empty() && matches!(before.body, Body::Short { .. }),
        body => *body == before.body.without_feedback(),
    };
    if silent {
        after.body.clone_from(&before.body);
    }
    if fill {
        after.stem.clone_from(&before.stem);
        after.body = before.body.clone();
        after.difficulty = before.difficulty;
    }
    after
}

/// Those on file that drafts speak of, by number and by content.
async fn on_file(
    tx: &mut Tx,
    drafts: &[(i64, Draft)],
) -> DbResult<(HashMap<String, OnFile>, HashMap<String, OnFile>)> {
    const SELECT: &str = "SELECT x.id, x.version, v.draft FROM question x JOIN question_version v \
        ON v.question_id = x.id AND v.version = x.version WHERE ";
    let (mut by_code, mut by_content) = (HashMap::new(), HashMap::new());
    for some in drafts.chunks(400) {
        let (mut codes, mut keys) = (q(SELECT), q(SELECT));
        codes.push("x.code IN (''");
        keys.push("x.archived_at IS NULL AND x.content_key IN (''");
        for (_, draft) in some {
            if draft.code.is_empty() {
                keys.push_with(", ?", [rules::content_key(draft)]);
            } else {
                codes.push_with(", ?", [&draft.code]);
            }
        }
        codes.push(")");
        // The oldest of several counts.
        keys.push(") ORDER BY x.id DESC");
        for row in codes.all::<OnFile>(&mut *tx).await? {
            if let Ok(draft) = serde_json::from_str::<Draft>(&row.draft) {
                by_code.insert(draft.code, row);
            }
        }
        for row in keys.all::<OnFile>(&mut *tx).await? {
            if let Ok(draft) = serde_json::from_str::<Draft>(&row.draft) {
                by_content.insert(rules::content_key(&draft), row);
            }
        }
    }
    Ok((by_code, by_content))
}
