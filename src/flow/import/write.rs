//! Writing what an import found: lines, and rows kept aside.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::classify::Class;
use super::row::Read;
use crate::flow::lines::{self, Line, Origin};
use crate::importing::model::Invalid;
use crate::importing::table::Table;
use crate::server::db::{Rows, Tx, insert_many, internal, q};
use crate::server::{crypto, time};
use crate::shared::AppError;

/// What a row that differs from a known line says; with it the row can take the line's place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Values {
    pub quantity: i64,
    pub price_fen: Option<i64>,
    pub amount_fen: i64,
    pub unit: String,
    pub sold_on: String,
    pub product_id: Option<String>,
    pub product_code: String,
    pub product_name: String,
    pub specification: String,
    pub batch: String,
    pub expires_on: Option<String>,
    pub terminal_code: String,
    pub terminal_name: String,
    pub terminal_id: Option<String>,
}

impl Values {
    /// Those of a line.
    pub fn of(line: &Line) -> Values {
        let line = line.clone();
        Values {
            quantity: line.quantity,
            price_fen: line.price_fen,
            amount_fen: line.amount_fen,
            unit: line.unit,
            sold_on: line.sold_on,
            product_id: line.product_id,
            product_code: line.product_code,
            product_name: line.product_name,
            specification: line.specification,
            batch: line.batch,
            expires_on: line.expires_on,
            terminal_code: line.terminal_code,
            terminal_name: line.terminal_name,
            terminal_id: line.terminal_id,
        }
    }
}

/// Keeps refused and differing rows aside.
pub async fn aside(
    tx: &mut Tx,
    file_id: &str,
    table: &Table,
    rows: &[(i64, &[String])],
    refused: &[Invalid],
    found: &[(Read, Class)],
) -> Result<(), AppError> {
    let cells: HashMap<i64, &[String]> = rows.iter().copied().collect();
    let json = |row: i64| -> String {
        let named: Vec<(&String, &String)> = table
            .header
            .iter()
            .zip(cells.get(&row).copied().unwrap_or_default())
            .collect();
        serde_json::to_string(&named).unwrap_or_default()
    };
    let mut asides: Rows = Vec::new();
    for invalid in refused {
        asides.push(vec![
            file_id.into(),
            invalid.row.into(),
            "invalid".into(),
            (&invalid.field).into(),
            (&invalid.reason).into(),
            json(invalid.row).into(),
            None::<String>.into(),
            "".into(),
        ]);
    }
    for (read, class) in found {
        if let Class::Conflict(line) = class {
            let values = serde_json::to_string(&Values::of(&read.line)).map_err(internal)?;
            asides.push(vec![
                file_id.into(),
                read.row.into(),
                "conflict".into(),
                "".into(),
                "".into(),
                values.into(),
                line.into(),
                (&read.line.value_key).into(),
            ]);
        }
    }
    insert_many(
        tx,
        "INSERT INTO flow_aside (file_id, row_no, kind, field, reason, cells, line_id, value_key)",
        asides,
        "",
    )
    .await?;
    Ok(())
}

/// Writes the new lines of a chunk.
pub async fn write(
    tx: &mut Tx,
    file_id: &str,
    found: Vec<(Read, Class)>,
    distributors: &mut HashMap<String, String>,
    months: &mut BTreeSet<String>,
) -> Result<(), AppError> {
    let new: Vec<(Read, &'static str)> = found
        .into_iter()
        .filter_map(|(read, class)| match class {
            Class::Matched(by) => Some((read, by)),
            Class::Suggested | Class::Unknown => Some((read, "")),
            Class::Repeat | Class::Conflict(_) => None,
        })
        .collect();
    let fresh: BTreeSet<String> = new
        .iter()
        .map(|(read, _)| read.line.month.clone())
        .collect();
    lines::ensure(tx, &fresh).await?;
    months.extend(fresh);
    let mut rows: Rows = Vec::with_capacity(new.len());
    for (mut read, by) in new {
        let id = match distributors.get(&read.distributor) {
            Some(id) => id.clone(),
            None => {
                let id = distributor(tx, &read.distributor).await?;
                distributors.insert(read.distributor.clone(), id.clone());
                id
            }
        };
        read.line.distributor_id = id;
        let origin = Origin {
            file_id: Some(file_id),
            row_no: Some(read.row),
            matched_by: by,
            match_id: read.match_id.as_deref(),
            ..Origin::default()
        };
        rows.push(lines::row(&read.line, &origin));
    }
    lines::insert(tx, rows).await?;
    Ok(())
}

/// The id of a distributor by name, entered where it is new.
pub async fn distributor(tx: &mut Tx, name: &str) -> Result<String, AppError> {
    q(
        "INSERT INTO flow_distributor (id, name, terminal_id, created_at) SELECT $1, $2, \
       (SELECT MIN(t.id) FROM terminal t WHERE t.name = $2 AND t.kind = '商业公司'), CAST($3 AS BIGINT) \
       WHERE NOT EXISTS (SELECT 1 FROM flow_distributor d WHERE d.name = $2)",
    )
    .bind(crypto::new_id())
    .bind(name)
    .bind(time::now())
    .exec(&mut *tx)
    .await?;
    let (id,): (String,) = q("SELECT id FROM flow_distributor WHERE name = $1")
        .bind(name)
        .one(tx)
        .await?;
    Ok(id)
}

/// Gives lines whose code and name somebody decided about while the file was read their terminal.
pub async fn decided_meanwhile(tx: &mut Tx, file_id: &str) -> Result<(), AppError> {
    let of = "FROM flow_match m WHERE m.undone_at IS NULL AND m.printed = l.terminal_name AND m.code = l.terminal_code";
    q(format!(
        "UPDATE flow_line AS l SET match_id = (SELECT m.id {of}), terminal_id = (SELECT m.terminal_id {of}), \
         matched_by = 'person', state = 'open' WHERE l.file_id = $1 AND l.state = 'waiting' AND EXISTS (SELECT 1 {of})"
    ))
    .bind(file_id)
    .exec(&mut *tx)
    .await?;
    // Terminals may have been given, and products moved, since the file's reading began.
    let owner = lines::owner_on("l.terminal_id", "l.product_id", "l.sold_on");
    q(format!(
        "UPDATE flow_line AS l SET credited_id = {owner} WHERE l.file_id = $1 AND l.terminal_id IS NOT NULL \
         AND COALESCE(l.credited_id, '') <> COALESCE({owner}, '')"
    ))
    .bind(file_id)
    .exec(tx)
    .await?;
    Ok(())
}

/// Gives the new lines of months that are being confirmed their day.
pub async fn due(tx: &mut Tx, file_id: &str) -> Result<(), AppError> {
    q("UPDATE flow_line SET due_on = (SELECT p.confirm_by FROM flow_period p WHERE p.month = flow_line.month) \
       WHERE file_id = $1 AND state = 'open' AND month IN (SELECT month FROM flow_period WHERE state = 'confirming')")
    .bind(file_id)
    .exec(tx)
    .await?;
    Ok(())
}
