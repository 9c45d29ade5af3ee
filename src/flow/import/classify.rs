//! The class of each row: the first that fits (domain, Flow).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::reference::{Reference, again};
use super::row::{Read, read};
use crate::flow::columns::Columns;
use crate::flow::matcher::Decision;
use crate::flow::model::{FlowReport, ProductTotal, SuggestedRow};
use crate::flow::rules::month_of;
use crate::importing::model::Invalid;
use crate::server::db::{Exec, q};
use crate::shared::AppError;

/// Where a row goes.
#[derive(Debug, Clone)]
pub enum Class {
    /// By code, name or alias.
    Matched(&'static str),
    Suggested,
    Unknown,
    Repeat,
    /// With the line that it differs from.
    Conflict(String),
}

/// What an import found out row by row.
#[derive(Default)]
pub struct Plan {
    pub report: FlowReport,
    pub totals: BTreeMap<(String, String, String), ProductTotal>,
    /// Of this file: key, and id and values of its first row.
    pub seen: HashMap<String, (String, String)>,
    pub distributors: BTreeSet<String>,
}

/// Lines on file by their keys: id and values.
pub async fn on_file(
    on: &mut Exec<'_>,
    rows: &[Read],
) -> Result<(HashMap<String, (String, String)>, HashSet<(String, String)>), AppError> {
    let mut known = HashMap::new();
    let mut settled = HashSet::new();
    for some in rows.chunks(400) {
        let mut query = q("SELECT line_key, id, value_key FROM flow_line WHERE line_key IN (''");
        for read in some {
            query.push_with(", ?", [&read.line.line_key]);
        }
        query.push(")");
        let found: Vec<(String, String, String)> = query.all(again(on)).await?;
        if !found.is_empty() {
            // Rows about which somebody was asked before.
            let mut asked = q("SELECT line_id, value_key FROM flow_aside WHERE line_id IN (''");
            for (_, id, _) in &found {
                asked.push_with(", ?", [id]);
            }
            asked.push(")");
            settled.extend(asked.all::<(String, String)>(again(on)).await?);
        }
        known.extend(found.into_iter().map(|(key, id, value)| (key, (id, value))));
    }
    Ok((known, settled))
}

/// The rows of a chunk with their classes; those that are refused are in the report.
pub async fn classify(
    on: &mut Exec<'_>,
    reference: &mut Reference,
    columns: &Columns,
    fixed: &str,
    rows: &[(i64, &[String])],
    plan: &mut Plan,
) -> Result<Vec<(Read, Class)>, AppError> {
    let mut read_rows = Vec::new();
    for (number, cells) in rows {
        match read(reference, columns, fixed, *number, cells) {
            Ok(read) => read_rows.push(read),
            Err((field, reason)) => plan.report.invalid.push(Invalid {
                row: *number,
                line: None,
                field: field.to_owned(),
                reason,
            }),
        }
    }
    let (known, settled) = on_file(on, &read_rows).await?;
    let mut out = Vec::new();
    for mut read in read_rows {
        let (key, value) = (read.line.line_key.clone(), read.line.value_key.clone());
        let earlier = known.get(&key);
        let class = match (earlier, plan.seen.get(&key)) {
            (Some((id, values)), _) => {
                if *values == value || settled.contains(&(id.clone(), value.clone())) {
                    Class::Repeat
                } else {
                    Class::Conflict(id.clone())
                }
            }
            (None, Some((_, values))) if *values == value => Class::Repeat,
            (None, Some((id, _))) => Class::Conflict(id.clone()),
            (None, None) => {
                plan.seen.insert(key, (read.line.id.clone(), value));
                place(reference, &mut read, plan)
            }
        };
        if matches!(class, Class::Conflict(_)) {
            // Where it would go, if it takes the line's place.
            let line = &mut read.line;
            let found =
                reference.decide(&read.distributor, &line.terminal_code, &line.terminal_name);
            if let Decision::Matched(_, at) = found {
                line.terminal_id = Some(reference.matcher.place(at).id.clone());
            }
        }
        match &class {
            Class::Matched(_) => plan.report.matched += 1,
            Class::Suggested => plan.report.suggested += 1,
            Class::Unknown => plan.report.unknown += 1,
            Class::Repeat => plan.report.repeat += 1,
            Class::Conflict(_) => plan.report.conflict += 1,
        }
        if matches!(class, Class::Matched(_) | Class::Suggested | Class::Unknown) {
            count(plan, &read);
        }
        out.push((read, class));
    }
    Ok(out)
}

/// Finds the terminal of a row that is new.
pub fn place(reference: &mut Reference, read: &mut Read, plan: &mut Plan) -> Class {
    let line = &mut read.line;
    match reference.decide(&read.distributor, &line.terminal_code, &line.terminal_name) {
        Decision::Matched(by, at) => {
            let terminal = reference.matcher.place(at).id.clone();
            // An alias may be one by a decision: taken back, it takes the line along.
            if matches!(by, "alias" | "person") {
                read.match_id = reference
                    .match_of(&line.terminal_code, &line.terminal_name)
                    .filter(|(of, _)| *of == terminal)
                    .map(|(_, id)| id.clone());
            }
            line.credited_id =
                reference.owner(&terminal, line.product_id.as_deref(), &line.sold_on);
            line.terminal_id = Some(terminal);
            line.state = "open".into();
            Class::Matched(by)
        }
        Decision::Suggested(found) => {
            if let Some(first) = found.first() {
                plan.report.suggestions.push(SuggestedRow {
                    row: read.row,
                    printed: line.terminal_name.clone(),
                    terminal: first.code.clone(),
                    name: first.name.clone(),
                    score: first.score,
                });
            }
            Class::Suggested
        }
        Decision::Unknown => Class::Unknown,
    }
}

/// Adds a line to the totals of its product.
pub fn count(plan: &mut Plan, read: &Read) {
    let line = &read.line;
    if month_of(&line.sold_on) != line.month {
        plan.report.adjustments += 1;
    }
    plan.distributors.insert(read.distributor.clone());
    let key = (
        line.product_code.clone(),
        line.product_name.clone(),
        line.specification.clone(),
    );
    let total = plan.totals.entry(key).or_insert_with(|| ProductTotal {
        code: line.product_code.clone(),
        name: line.product_name.clone(),
        specification: line.specification.clone(),
        known: line.product_id.is_some(),
        ..ProductTotal::default()
    });
    total.rows += 1;
    total.quantity += line.quantity;
    total.fen += line.amount_fen;
}
