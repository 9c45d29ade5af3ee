//! Importing check-ins of a sheet as reference companies print them: 序号, 部门, 员工账号, 员工姓名, 签到日期, 签到时间,
//! 签到地点, 当日签到汇总. The account is the employee number. The day's count is not read: it follows from the rows.

use std::collections::HashMap;

use crate::importing::Findings;
use crate::importing::table::Table;
use crate::server::db::{Rows, Tx, insert_many, q};
use crate::server::{AppState, crypto, time};
use crate::shared::AppError;

/// Imports check-ins within `tx`. A row that is on file changes nothing.
pub async fn import(state: &AppState, tx: &mut Tx, table: &Table) -> Result<Findings, AppError> {
    let mut findings = Findings::default();
    let staff: HashMap<String, String> =
        q("SELECT employee_no, id FROM staff WHERE employee_no IS NOT NULL")
            .all::<(String, String)>(&mut *tx)
            .await?
            .into_iter()
            .collect();
    let now = time::now();
    let mut rows: Rows = Vec::new();
    for row in table.iter() {
        let report = &mut findings.report;
        let before = report.invalid.len();
        let (account, day, clock, place) = (
            row.get("员工账号"),
            row.get("签到日期"),
            row.get("签到时间"),
            row.get("签到地点"),
        );
        let person = staff.get(&account);
        if person.is_none() {
            report
                .invalid
                .push(row.invalid("员工账号", tr!("import.account_unknown")));
        }
        if !time::is_day(&day) {
            report
                .invalid
                .push(row.invalid("签到日期", tr!("import.day_format")));
        }
        let at = state.zone.moment(&format!("{day}T{clock}"));
        if time::is_day(&day) && (at.is_none() || at.is_some_and(|at| at > now)) {
            report
                .invalid
                .push(row.invalid("签到时间", tr!("import.time_format")));
        }
        if place.is_empty() {
            report
                .invalid
                .push(row.invalid("签到地点", tr!("import.place_missing")));
        }
        let (Some(person), Some(at), true) = (person, at, report.invalid.len() == before) else {
            continue;
        };
        // The same row has the same id, however often it comes.
        let id = crypto::sha256_hex(format!("{person} {day} {clock} {place}").as_bytes());
        rows.push(vec![
            id[..32].into(),
            person.into(),
            "in".into(),
            place.into(),
            "".into(),
            "[]".into(),
            now.into(),
            at.into(),
            day.into(),
            "import".into(),
        ]);
    }
    let offered = rows.len() as i64;
    let new = insert_many(
        tx,
        "INSERT INTO checkin (id, staff_id, kind, place, datum, flags, received_at, at, day, source)",
        rows,
        "ON CONFLICT DO NOTHING",
    )
    .await? as i64;
    findings.report.created = new;
    findings.report.unchanged = offered - new;
    Ok(findings)
}
