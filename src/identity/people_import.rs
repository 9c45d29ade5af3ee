//! Importing people: 姓名, 手机号, 角色, 部门 and optionally 工号, 管理部门. A 部门 is a path such as
//! `公司/华东大区/上海地区`; units that are missing are made.

use std::collections::{HashMap, HashSet};

use super::rules;
use super::store::{self, PersonInput};
use super::units;
use crate::importing::Findings;
use crate::importing::table::Table;
use crate::server::AppState;
use crate::server::audit::Event;
use crate::server::db::{Tx, q};
use crate::shared::{AppError, Role};

/// Imports people within `tx`; people are known by their phone. The audit events are left to whoever commits.
pub async fn import(state: &AppState, tx: &mut Tx, table: &Table) -> Result<Findings, AppError> {
    let mut findings = Findings::default();
    let mut seen = HashSet::new();
    let mut units: HashMap<String, String> = HashMap::new();
    let known: HashMap<String, String> = q("SELECT phone_index, id FROM staff")
        .all::<(String, String)>(&mut *tx)
        .await?
        .into_iter()
        .collect();
    for row in table.iter() {
        let report = &mut findings.report;
        let before = report.invalid.len();
        let (name, unit_path) = (row.get("姓名"), row.get("部门"));
        let role = Role::ALL
            .into_iter()
            .find(|r| r.code() == row.get("角色") || r.label() == row.get("角色"));
        if name.is_empty() {
            report
                .invalid
                .push(row.invalid("姓名", tr!("import.name_missing")));
        }
        let phone = row
            .phone(&mut seen)
            .map_err(|fault| report.invalid.push(fault))
            .ok();
        if role.is_none() {
            report
                .invalid
                .push(row.invalid("角色", tr!("import.role_unknown")));
        }
        if unit_path.is_empty() || unit_path.split('/').count() > 4 {
            report
                .invalid
                .push(row.invalid("部门", tr!("import.unit_path")));
        }
        let (Some(phone), Some(role), true) = (phone, role, report.invalid.len() == before) else {
            continue;
        };
        let unit_id = unit_of(tx, &mut units, &unit_path).await?;
        let manages = match row.get("管理部门") {
            path if path.is_empty() => None,
            path => Some(unit_of(tx, &mut units, &path).await?),
        };
        let input = PersonInput {
            name,
            role,
            unit_id,
            phone: Some(phone.clone()),
            employee_no: Some(row.get("工号")).filter(|n| !n.is_empty()),
            manages,
            password_hash: None,
        };
        let outcome = match known.get(&state.keys.phone_index(&phone)) {
            Some(id) => store::change_person(state, tx, id, &input)
                .await
                .map(|detail| ("person.update", id.clone(), detail)),
            None => store::enter_person(state, tx, &input)
                .await
                .map(|(id, detail)| ("person.create", id, Some(detail))),
        };
        match outcome {
            Ok((_, _, None)) => report.unchanged += 1,
            Ok((action, id, Some(detail))) => {
                if action == "person.create" {
                    report.created += 1;
                } else {
                    report.updated += 1;
                }
                findings.tell(Event::new(action, "staff", &id).about(&id, detail));
            }
            Err(AppError::Invalid(faults)) => {
                let reason = faults
                    .first()
                    .map(|f| crate::ui::locale::filled(&f.key, &f.args))
                    .unwrap_or_default();
                report.invalid.push(row.invalid("工号", reason));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(findings)
}

async fn unit_of(
    tx: &mut Tx,
    units: &mut HashMap<String, String>,
    path: &str,
) -> Result<String, AppError> {
    if let Some(id) = units.get(path) {
        return Ok(id.clone());
    }
    let kinds = ["company", "business_unit", "region", "district"];
    let mut parent: Option<String> = None;
    for (name, kind) in path.split('/').map(rules::clean).zip(kinds) {
        parent = Some(units::ensure_unit(tx, parent.as_deref(), &name, kind).await?);
    }
    let id = parent.ok_or(AppError::NotFound)?;
    units.insert(path.to_owned(), id.clone());
    Ok(id)
}
