//! Importing hospitals and their assignments.

use std::collections::{HashMap, HashSet};

use super::model::{KINDS, Master, Record, STATUSES};
use super::{assignment, record, rules};
use crate::identity::rules::phone;
use crate::importing::Findings;
use crate::importing::model::ImportReport;
use crate::importing::table::Table;
use crate::server::audit::Event;
use crate::server::db::{Lock, Rows, Tx, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, search, time};
use crate::shared::AppError;

/// Imports hospitals within `tx`: 终端编码, 终端名称, 类型, 省份, 城市, 地址, 等级, 纬度, 经度 (GCJ-02), 状态, 上级终端 (a
/// code, on file or further up). A hospital is known by its code; an empty cell changes nothing, and a missing province
/// of a new one is kept as a gap. A renamed hospital keeps its old name as an alias.
pub async fn hospitals(
    tx: &mut Tx,
    actor: &Actor,
    table: &Table,
) -> Result<ImportReport, AppError> {
    let known: HashMap<String, Master> = q(record::MASTER)
        .all::<Master>(&mut *tx)
        .await?
        .into_iter()
        .map(|m| (m.code.clone(), m))
        .collect();
    // Terminals that are or become branches, and those that have some.
    let mut branches: HashSet<String> = HashSet::new();
    let mut groups: HashSet<String> = HashSet::new();
    for master in known.values().filter(|m| !m.parent.is_empty()) {
        branches.insert(master.code.clone());
        groups.insert(master.parent.clone());
    }
    let mut ids: HashMap<String, String> = known
        .iter()
        .map(|(code, master)| (code.clone(), master.id.clone()))
        .collect();
    let mut changed: Vec<(String, Master)> = Vec::new();
    let mut report = ImportReport::default();
    let (mut rows, mut terms): (Rows, Rows) = Default::default();
    let mut seen = HashSet::new();
    let now = time::now();
    for row in table.iter() {
        let before = report.invalid.len();
        let (code, name) = (row.get("终端编码"), row.get("终端名称"));
        if code.is_empty() {
            report
                .invalid
                .push(row.invalid("终端编码", tr!("import.code_missing")));
        } else if !seen.insert(code.clone()) {
            report
                .invalid
                .push(row.invalid("终端编码", tr!("import.code_repeated")));
        }
        if name.is_empty() {
            report
                .invalid
                .push(row.invalid("终端名称", tr!("import.terminal_name_missing")));
        }
        let mut coordinate = |column: &str, most: f64| match row.get(column) {
            text if text.is_empty() => None,
            text => match text.parse::<f64>() {
                Ok(value) if value.abs() <= most => Some(value),
                _ => {
                    report
                        .invalid
                        .push(row.invalid(column, tr!("import.coordinate")));
                    None
                }
            },
        };
        let (latitude, longitude) = (coordinate("纬度", 90.0), coordinate("经度", 180.0));
        let (status, parent) = (row.get("状态"), row.get("上级终端"));
        let status = if status.is_empty() {
            Some(None)
        } else {
            status_of(&status).map(Some)
        };
        if status.is_none() {
            report
                .invalid
                .push(row.invalid("状态", tr!("import.terminal_status")));
        }
        if !parent.is_empty() && !ids.contains_key(&parent) {
            report
                .invalid
                .push(row.invalid("上级终端", tr!("import.parent_unknown")));
        } else if !parent.is_empty()
            && (parent == code || branches.contains(&parent) || groups.contains(&code))
        {
            report
                .invalid
                .push(row.invalid("上级终端", tr!("field.parent_level")));
        }
        if report.invalid.len() > before {
            continue;
        }
        let stored = known.get(&code);
        let mut next = stored.cloned().unwrap_or_else(|| Master {
            kind: KINDS[0].into(),
            status: STATUSES[0].into(),
            ..Master::default()
        });
        if let Some(Some(status)) = status {
            status.clone_into(&mut next.status);
        }
        if !parent.is_empty() {
            branches.insert(code.clone());
            groups.insert(parent.clone());
            next.parent = parent;
        }
        (next.code, next.name) = (code, name);
        for (field, column) in [
            (&mut next.kind, "类型"),
            (&mut next.province, "省份"),
            (&mut next.city, "城市"),
            (&mut next.address, "地址"),
            (&mut next.level, "等级"),
        ] {
            let cell = row.get(column);
            if !cell.is_empty() {
                *field = cell;
            }
        }
        if latitude.is_some() && longitude.is_some() {
            (next.latitude, next.longitude) = (latitude, longitude);
            next.datum = Some("GCJ-02".into());
        }
        match stored {
            Some(stored) if *stored == next => report.unchanged += 1,
            Some(stored) => {
                changed.push((stored.id.clone(), next));
                report.updated += 1;
            }
            None => {
                let id = crypto::new_id();
                ids.insert(next.code.clone(), id.clone());
                terms.extend(search::rows(
                    "terminal",
                    &id,
                    &[&next.name, &next.city, &next.code],
                ));
                rows.push(vec![
                    id.into(),
                    next.code.into(),
                    next.name.into(),
                    next.kind.into(),
                    next.province.into(),
                    next.city.into(),
                    next.address.into(),
                    next.level.into(),
                    next.latitude.into(),
                    next.longitude.into(),
                    next.datum.into(),
                    next.status.into(),
                    ids.get(&next.parent).cloned().into(),
                    now.into(),
                    now.into(),
                ]);
                report.created += 1;
            }
        }
    }
    let head = "INSERT INTO terminal (id, code, name, kind, province, city, address, level, latitude, longitude, datum, \
                status, parent_id, created_at, updated_at)";
    insert_many(tx, head, rows, "").await?;
    search::insert(tx, terms).await?;
    // After the new ones, which may be their groups.
    for (id, next) in changed {
        let before = record::of(tx, &id).await?;
        let mut after = Record {
            master: next,
            ..before.clone()
        };
        record::keep_name(&before, &mut after);
        let changes = record::changes(&before, &after);
        if !record::write(tx, actor, &before, &after, "import", changes).await? {
            return Err(AppError::Conflict("error.changed_meanwhile".into()));
        }
    }
    Ok(report)
}

/// The status that a cell names, in the words of any language or as it is stored.
fn status_of(cell: &str) -> Option<&'static str> {
    let names = [
        ["正常", "Active", "active"],
        ["暂停", "Paused", "paused"],
        ["停业", "Closed", "closed"],
    ];
    let at = names.iter().position(|all| all.contains(&cell))?;
    Some(STATUSES[at])
}

/// Imports who looks after which terminal: 终端编码, 负责人手机号, 开始日期 (today if empty), 业务线 (the main one if empty).
/// The audit events are left to whoever commits.
pub async fn assignments(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    table: &Table,
) -> Result<Findings, AppError> {
    let mut findings = Findings::default();
    tx.serialise(Lock::Assignments).await?;
    crate::flow::store::hold_open(tx).await?;
    let terminals: HashMap<String, String> = q("SELECT code, id FROM terminal")
        .all::<(String, String)>(&mut *tx)
        .await?
        .into_iter()
        .collect();
    let staff: HashMap<String, String> =
        q("SELECT phone_index, id FROM staff WHERE left_at IS NULL")
            .all::<(String, String)>(&mut *tx)
            .await?
            .into_iter()
            .collect();
    let today = state.zone.today();
    let held: HashSet<(String, String)> =
        q("SELECT terminal_id, business_line FROM terminal_assignment WHERE ends_on IS NULL")
            .all::<(String, String)>(&mut *tx)
            .await?
            .into_iter()
            .collect();
    for row in table.iter() {
        let report = &mut findings.report;
        let before = report.invalid.len();
        let terminal = terminals.get(&row.get("终端编码"));
        if terminal.is_none() {
            report
                .invalid
                .push(row.invalid("终端编码", tr!("import.terminal_unknown")));
        }
        let person =
            phone(&row.get("负责人手机号")).and_then(|p| staff.get(&state.keys.phone_index(&p)));
        if person.is_none() {
            report
                .invalid
                .push(row.invalid("负责人手机号", tr!("import.person_unknown")));
        }
        let from = Some(row.get("开始日期"))
            .filter(|d| !d.is_empty())
            .unwrap_or_else(|| today.clone());
        if !time::is_day(&from) {
            report
                .invalid
                .push(row.invalid("开始日期", tr!("field.day")));
        }
        let line = rules::line_of(&row.get("业务线"));
        if line.chars().count() > rules::LINE_LENGTH {
            report
                .invalid
                .push(row.invalid("业务线", tr!("field.too_long")));
        }
        let (Some(terminal), Some(person), true) =
            (terminal, person, report.invalid.len() == before)
        else {
            continue;
        };
        match assignment::give(state, tx, actor, terminal, person, &line, &from).await {
            Ok(None) => report.unchanged += 1,
            Ok(Some(detail)) => {
                if held.contains(&(terminal.clone(), line)) {
                    report.updated += 1;
                } else {
                    report.created += 1;
                }
                let event = Event::new("terminal.assign", "terminal", terminal).detail(detail);
                findings.tell(event);
            }
            Err(AppError::Conflict(key)) => {
                report
                    .invalid
                    .push(row.invalid("开始日期", crate::ui::locale::lookup(&key)));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(findings)
}
