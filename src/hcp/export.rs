//! HCPs within scope as XLSX, with the columns that the import reads.
//!
//! Rows are read in pages and go straight to a thread that writes them, so memory does not grow with the library.
//! Every cell is text: nothing that somebody typed becomes a formula.

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use leptos::prelude::{Owner, provide_context};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::list::{narrow, tags};
use super::list_model::{Filter, filter_name, filter_value};
use super::model::{kind_label, state_label};
use super::selection::picked;
use super::store::FROM;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, internal, q};
use crate::server::guard::Actor;
use crate::server::time::Zone;
use crate::server::web::Visit;
use crate::server::{AppState, time};
use crate::shared::{AppError, Permission};
use crate::ui::locale::Locale;

/// Rows of an export.
pub const MOST: usize = 100_000;
/// Rows read at a time.
const CHUNK: usize = 1_000;

/// The plain route of the export.
pub fn routes() -> Router<AppState> {
    Router::new().route("/hcps/export.xlsx", get(hcps))
}

/// What is asked for: the list's filter, or the selection; `full` for phone numbers in full.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    #[serde(flatten)]
    filter: Filter,
    selection: String,
    full: String,
}

async fn hcps(State(state): State<AppState>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    build(&state, &visit, asked)
        .await
        .unwrap_or_else(|error| visit.error(&error))
}

async fn build(state: &AppState, visit: &Visit, mut asked: Asked) -> Result<Response, AppError> {
    asked.filter = super::list::resolved(state, asked.filter);
    let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
    actor.check(Permission::ReadHcps)?;
    let full = asked.full == "true";
    if full {
        actor.check(Permission::ExportPhones)?;
    }
    let selection = asked.selection == "true";
    let filters: Vec<&str> = if selection {
        vec!["selection"]
    } else {
        asked
            .filter
            .set()
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    };
    let sheet = Sheet {
        locale: visit.locale,
        zone: state.zone.clone(),
        filter: if selection {
            Filter::default()
        } else {
            asked.filter.clone()
        },
        selection,
        full,
        by: actor.name.clone(),
    };
    let (send, receive) = mpsc::channel::<Vec<Line>>(2);
    let writer = tokio::task::spawn_blocking(move || sheet.write(receive));
    // Read to the end or to a failure; either way the channel closes and the writer comes to its end.
    let read = read(state, actor, &asked.filter, selection, full, send).await;
    let bytes = writer.await.map_err(internal)?.map_err(internal)?;
    let rows = read?;
    let mut tx = state.db.begin().await?;
    let event = Event::new("hcp.export", "hcp", "export")
        .detail(json!({ "rows": rows, "filters": filters, "full": full }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = format!(
        "attachment; filename=\"mailuo-hcps-{}.xlsx\"",
        state.zone.today()
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&name).map_err(internal)?,
    );
    Ok(response)
}

/// A row as it is stored.
#[derive(Debug, sqlx::FromRow)]
struct Stored {
    id: String,
    name: String,
    pinyin: String,
    sex: String,
    phone_masked: String,
    phone_cipher: Option<String>,
    hospital: String,
    department: String,
    title: String,
    province: String,
    city: String,
    code: Option<String>,
    kind: String,
    specialty: String,
    email: String,
    office_phone: String,
    preferred_times: String,
    owner_no: Option<String>,
    owner: Option<String>,
    state: String,
    last_contact_at: Option<i64>,
}

/// A row on its way to the sheet.
struct Line {
    row: Stored,
    /// Masked or in full, as asked.
    phone: String,
    tags: String,
}

/// Reads the rows by pinyin and sends them on; gives how many.
async fn read(
    state: &AppState,
    actor: &Actor,
    filter: &Filter,
    selection: bool,
    full: bool,
    send: mpsc::Sender<Vec<Line>>,
) -> DbResult<usize> {
    let mut done = 0;
    let mut after: Option<(String, String)> = None;
    while done < MOST {
        let mut query = q(format!(
            "SELECT h.id, h.name, h.pinyin, h.sex, h.phone_masked, h.phone_cipher, \
             COALESCE(t.name, h.hospital_text) AS hospital, h.department, h.title, h.province, h.city, h.code, h.kind, \
             h.specialty, h.email, h.office_phone, h.preferred_times, s.employee_no AS owner_no, s.name AS owner, \
             h.state, h.last_contact_at{FROM}"
        ));
        if selection {
            picked(actor, &mut query);
        } else {
            narrow(actor, filter, &mut query);
        }
        if let Some((pinyin, id)) = &after {
            query.push_with(
                " AND h.pinyin >= ? AND (h.pinyin > ? OR h.id > ?)",
                [pinyin, pinyin, id],
            );
        }
        let limit = CHUNK.min(MOST - done);
        query.push(&format!(" ORDER BY h.pinyin, h.id LIMIT {limit}"));
        let rows: Vec<Stored> = query.all(&state.db).await?;
        let read = rows.len();
        let Some(last) = rows.last() else { break };
        after = Some((last.pinyin.clone(), last.id.clone()));
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let mut tags = tags(&state.db, &ids).await?;
        let lines = rows
            .into_iter()
            .map(|mut row| {
                let cipher = row.phone_cipher.take();
                let opened = cipher.filter(|_| full).and_then(|c| state.keys.open(&c));
                Line {
                    phone: opened.unwrap_or_else(|| row.phone_masked.clone()),
                    tags: tags.remove(&row.id).unwrap_or_default().join("、"),
                    row,
                }
            })
            .collect();
        done += read;
        // A closed channel means that the writer failed; its error is told there.
        if send.send(lines).await.is_err() || read < limit {
            break;
        }
    }
    Ok(done)
}

/// What the sheets say besides the rows.
struct Sheet {
    locale: Locale,
    zone: Zone,
    filter: Filter,
    selection: bool,
    full: bool,
    /// Who exports.
    by: String,
}

impl Sheet {
    /// Writes the workbook from the lines that come in.
    fn write(self, lines: mpsc::Receiver<Vec<Line>>) -> Result<Vec<u8>, XlsxError> {
        let owner = Owner::new();
        owner.with(|| {
            provide_context(self.locale);
            self.workbook(lines)
        })
    }

    fn workbook(&self, mut lines: mpsc::Receiver<Vec<Line>>) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let bold = Format::new().set_bold();
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(tr!("hcp_list.sheet"))?;
        sheet.set_freeze_panes(1, 1)?;
        // The import knows its columns by these names, in every language.
        let head = [
            ("姓名", 10.0),
            ("手机号", 14.0),
            ("医院", 30.0),
            ("科室", 14.0),
            ("职称", 12.0),
            ("性别", 6.0),
            ("省份", 10.0),
            ("城市", 10.0),
            ("客户编码", 14.0),
            ("类型", 10.0),
            ("专业", 14.0),
            ("标签", 20.0),
            ("邮箱", 20.0),
            ("办公电话", 16.0),
            ("方便时间", 20.0),
            ("负责人工号", 12.0),
            ("负责人", 10.0),
            ("状态", 10.0),
            ("最近联系", 12.0),
        ];
        for (column, (text, width)) in (0_u16..).zip(head) {
            sheet.set_column_width(column, width)?;
            sheet.write_string_with_format(0, column, text, &bold)?;
        }
        let mut line = 0_u32;
        let mut rows = 0_usize;
        while let Some(chunk) = lines.blocking_recv() {
            for entry in chunk {
                line += 1;
                rows += 1;
                for (column, text) in (0_u16..).zip(self.cells(entry)) {
                    if !text.is_empty() {
                        sheet.write_string(line, column, text)?;
                    }
                }
            }
        }
        let notes = book.add_worksheet();
        notes.set_name(tr!("hcp_list.notes"))?;
        notes.set_column_width(0, 20.0)?;
        notes.set_column_width(1, 40.0)?;
        for (line, (name, value)) in (0_u32..).zip(self.notes(rows)) {
            notes.write_string_with_format(line, 0, name, &bold)?;
            notes.write_string(line, 1, value)?;
        }
        book.save_to_buffer()
    }

    fn cells(&self, line: Line) -> [String; 19] {
        let Line { row, phone, tags } = line;
        let own = |text: String, mask: fn(&str) -> String| {
            if self.full { text } else { mask(&text) }
        };
        [
            row.name,
            phone,
            row.hospital,
            row.department,
            row.title,
            row.sex,
            row.province,
            row.city,
            row.code.unwrap_or_default(),
            kind_label(&row.kind),
            row.specialty,
            tags,
            own(row.email, mask_email),
            own(row.office_phone, mask_start),
            row.preferred_times,
            row.owner_no.unwrap_or_default(),
            row.owner.unwrap_or_default(),
            state_label(&row.state),
            row.last_contact_at
                .map(|at| self.zone.day(at))
                .unwrap_or_default(),
        ]
    }

    fn notes(&self, rows: usize) -> Vec<(String, String)> {
        let mut notes = vec![
            (tr!("hcp_list.exported_by"), self.by.clone()),
            (tr!("hcp_list.exported_at"), self.zone.minute(time::now())),
            (tr!("hcp_list.exported_rows"), rows.to_string()),
            (
                tr!("record.phone"),
                if self.full {
                    tr!("hcp_list.phones_full")
                } else {
                    tr!("hcp_list.phones_masked")
                },
            ),
        ];
        if rows >= MOST {
            notes.push((
                tr!("hcp_list.exported_cut"),
                tr!("hcp_list.exported_cut_at", n = MOST),
            ));
        }
        if self.selection {
            notes.push((tr!("hcp_list.filters"), tr!("hcp_list.only_selected")));
        }
        for (name, value) in self.filter.set() {
            let label = filter_name(name);
            let label = if label.is_empty() {
                tr!("hcp_list.filters")
            } else {
                label
            };
            notes.push((label, filter_value(name, value, &[])));
        }
        notes
    }
}

/// `a***@example.com`.
fn mask_email(email: &str) -> String {
    match email.split_once('@') {
        Some((name, host)) => {
            let first: String = name.chars().take(1).collect();
            format!("{first}***@{host}")
        }
        None => mask_start(email),
    }
}

/// The first characters, and nothing of the rest.
fn mask_start(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let kept: String = text.chars().take(3).collect();
    format!("{kept}****")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contact_data_is_masked() {
        assert_eq!(mask_email("wang@example.com"), "w***@example.com");
        assert_eq!(mask_email("nonsense"), "non****");
        assert_eq!(mask_email(""), "");
        assert_eq!(mask_start("021-64175590"), "021****");
    }
}
