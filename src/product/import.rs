//! Importing products: known by their code; an empty cell changes nothing.

use std::collections::{BTreeSet, HashMap};

use super::model::Product;
use super::store;
use crate::flow;
use crate::importing::Findings;
use crate::importing::table::{Row, Table};
use crate::server::db::Tx;
use crate::server::guard::Actor;
use crate::shared::{AppError, FieldError};
use crate::terminal::model::MAIN_LINE;
use crate::terminal::rules::line_of;

/// Products looked up together.
const CHUNK: usize = 400;

/// Imports products within `tx`.
pub async fn import(tx: &mut Tx, actor: &Actor, table: &Table) -> Result<Findings, AppError> {
    let mut findings = Findings::default();
    flow::store::hold_open(tx).await?;
    let report = &mut findings.report;
    let mut seen = BTreeSet::new();
    for rows in table.chunks(CHUNK) {
        let codes: BTreeSet<String> = rows.iter().map(|row| row.get("产品编码")).collect();
        let known: HashMap<String, Product> = store::by_code(tx, &codes)
            .await?
            .into_iter()
            .map(|product| (product.code.clone(), product))
            .collect();
        for row in rows {
            let code = row.get("产品编码");
            if !code.is_empty() && !seen.insert(code.clone()) {
                report
                    .invalid
                    .push(row.invalid("产品编码", tr!("import.code_repeated")));
                continue;
            }
            let before = known.get(&code);
            let after = merged(before, &row);
            if let Err(AppError::Invalid(faults)) = store::check(&after) {
                for fault in faults {
                    report
                        .invalid
                        .push(row.invalid(column_of(&fault.field), said(&fault)));
                }
                continue;
            }
            match before {
                Some(before) if *before == after => report.unchanged += 1,
                Some(before) => {
                    store::write(tx, actor, Some(before), &after, "import").await?;
                    report.updated += 1;
                }
                None => {
                    store::write(tx, actor, None, &after, "import").await?;
                    report.created += 1;
                }
            }
        }
    }
    Ok(findings)
}

fn said(fault: &FieldError) -> String {
    crate::ui::locale::filled(&fault.key, &fault.args)
}

/// Columns and the fields that they fill.
const COLUMNS: [(&str, &str); 12] = [
    ("产品编码", "code"),
    ("通用名称", "name"),
    ("规格", "specification"),
    ("批准文号", "approval_no"),
    ("商品名", "brand"),
    ("单位", "unit"),
    ("分类", "category"),
    ("关键词", "keywords"),
    ("生产企业", "manufacturer"),
    ("业务线", "business_line"),
    ("适应症", "indication"),
    ("用法用量", "dosage"),
];

fn column_of(field: &str) -> &'static str {
    COLUMNS
        .iter()
        .find(|(_, of)| *of == field)
        .map_or("产品编码", |(column, _)| column)
}

/// What a product becomes.
fn merged(before: Option<&Product>, row: &Row<'_>) -> Product {
    let mut after = before.cloned().unwrap_or_else(|| Product {
        business_line: MAIN_LINE.to_owned(),
        ..Product::default()
    });
    for (column, field) in COLUMNS {
        let cell = row.get(column);
        if cell.is_empty() {
            continue;
        }
        let cell = if field == "business_line" {
            line_of(&cell)
        } else {
            cell
        };
        *match field {
            "code" => &mut after.code,
            "name" => &mut after.name,
            "specification" => &mut after.specification,
            "approval_no" => &mut after.approval_no,
            "brand" => &mut after.brand,
            "unit" => &mut after.unit,
            "category" => &mut after.category,
            "keywords" => &mut after.keywords,
            "manufacturer" => &mut after.manufacturer,
            "business_line" => &mut after.business_line,
            "indication" => &mut after.indication,
            _ => &mut after.dosage,
        } = cell;
    }
    after
}
