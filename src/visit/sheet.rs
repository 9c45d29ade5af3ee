//! The monthly sheet (签到表) as a file, with the columns that reference companies print.

use serde_json::json;

use super::model::SheetDay;
use super::store::{self, Filter};
use crate::server::AppState;
use crate::server::audit::{self, Event};
use crate::server::db::internal;
use crate::server::guard::Actor;
use crate::server::sheet::workbook;
use crate::shared::AppError;

/// The columns, as they are imported too.
pub const COLUMNS: [&str; 8] = [
    "序号",
    "部门",
    "员工账号",
    "员工姓名",
    "签到日期",
    "签到时间",
    "签到地点",
    "当日签到汇总",
];

/// A file of the sheet within scope; audited. The count of a day stands in the first of its rows.
pub async fn file(
    state: &AppState,
    actor: &Actor,
    filter: &Filter,
    xlsx: bool,
) -> Result<Vec<u8>, AppError> {
    let sheet = store::sheet(state, actor, filter, None).await?;
    let mut tx = state.db.begin().await?;
    let event = Event::new("checkin.export", "checkin", &filter.month)
        .detail(json!({ "rows": sheet.checkins }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    let lines = lines(&sheet.days.rows);
    if xlsx {
        let heads = COLUMNS.map(str::to_owned);
        let widths = [(1, 16.0), (4, 12.0), (6, 40.0)];
        return workbook("", &heads, &widths, &lines, |sheet, at, line| {
            for (column, cell) in (0..).zip(line) {
                // Numbers stay numbers, so that they can be summed.
                match cell.parse::<f64>() {
                    Ok(number) if matches!(column, 0 | 7) => {
                        sheet.write_number(at, column, number)?
                    }
                    _ => sheet.write_string(at, column, cell)?,
                };
            }
            Ok(())
        })
        .map_err(internal);
    }
    let mut writer = csv::Writer::from_writer(b"\xEF\xBB\xBF".to_vec());
    writer.write_record(COLUMNS).map_err(internal)?;
    for line in lines {
        // A cell that begins so would be a formula to a spreadsheet.
        let safe = line.map(|cell| {
            if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                format!("'{cell}")
            } else {
                cell
            }
        });
        writer.write_record(safe).map_err(internal)?;
    }
    writer.into_inner().map_err(|e| internal(e.to_string()))
}

fn lines(days: &[SheetDay]) -> Vec<[String; 8]> {
    let mut out = Vec::new();
    for day in days {
        for (i, row) in day.rows.iter().enumerate() {
            let count = if i == 0 {
                day.rows.len().to_string()
            } else {
                String::new()
            };
            out.push([
                (out.len() + 1).to_string(),
                day.unit.clone(),
                day.account.clone(),
                day.name.clone(),
                row.day.clone(),
                row.time.clone(),
                row.place.clone(),
                count,
            ]);
        }
    }
    out
}
