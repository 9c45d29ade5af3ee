//! Coverage: how many HCPs within scope stand where, by region, rep or specialty.

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::json;

use super::consent::TRACKED;
use super::model::{Coverage, CoverageBy, CoverageRow};
use crate::hcp::store::scope;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, collation, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page};

/// Within how many days somebody must have read or passed something on to be active.
const ACTIVE_DAYS: i64 = 30;
/// Groups that the table holds at most.
const GROUPS_MOST: i64 = 5_000;

/// All groups within scope in the asked order.
///
/// Each HCP stands in one group, so the sum adds up. Only the onboarded are looked up among the views and links, each
/// by their own index entry, so the cost goes with them and not with all that was ever read.
async fn groups(
    state: &AppState,
    actor: &Actor,
    by: CoverageBy,
    sort: &str,
) -> DbResult<Vec<CoverageRow>> {
    let key = match by {
        CoverageBy::Region => "h.province",
        CoverageBy::Rep => "COALESCE(h.owner_id, '')",
        CoverageBy::Specialty => "COALESCE(NULLIF(h.specialty, ''), h.department)",
    };
    let since = time::now() - ACTIVE_DAYS * time::DAY;
    let mut query = q("SELECT g.key, COALESCE(s.name, g.key) AS label, \
         g.total, g.listed, g.invited, g.onboarded, g.active FROM (SELECT ");
    query.push(key);
    query.push(
        " AS key, COUNT(*) AS total, \
         COUNT(CASE WHEN h.state = 'listed' THEN 1 END) AS listed, \
         COUNT(CASE WHEN h.state = 'invited' THEN 1 END) AS invited, \
         COUNT(CASE WHEN h.state = 'onboarded' THEN 1 END) AS onboarded, \
         COUNT(CASE WHEN h.state = 'onboarded' AND ",
    );
    query.push(TRACKED);
    query.push_with(
        " AND (EXISTS (SELECT 1 FROM article_view v WHERE v.reader = 'hcp:' || h.id AND v.kind = 'pv' AND v.at > ?)",
        [since],
    );
    query.push_with(
        " OR EXISTS (SELECT 1 FROM share_link l WHERE l.sharer = 'hcp:' || h.id AND l.created_on >= ? \
         AND (l.pressed_at IS NOT NULL OR l.opened_at IS NOT NULL))) THEN 1 END) AS active \
         FROM hcp h WHERE h.state IN ('listed', 'invited', 'onboarded') AND ",
        [state.zone.day(since)],
    );
    scope(actor, &mut query);
    query.push(" GROUP BY ");
    query.push(key);
    query.push(") g LEFT JOIN staff s ON s.id = g.key ORDER BY g.total DESC, g.key");
    query.push_with(" LIMIT ?", [GROUPS_MOST]);
    let mut rows: Vec<CoverageRow> = query.all(&state.db).await?;
    order(&mut rows, sort);
    Ok(rows)
}

/// The table of coverage, one page of it in the asked order (a column's name, with `-` before it the largest first).
pub async fn table(
    state: &AppState,
    actor: &Actor,
    by: CoverageBy,
    sort: &str,
    page: i64,
) -> DbResult<Coverage> {
    let rows = groups(state, actor, by, sort).await?;
    let sum = rows
        .iter()
        .fold(CoverageRow::default(), |sum, row| CoverageRow {
            total: sum.total + row.total,
            listed: sum.listed + row.listed,
            invited: sum.invited + row.invited,
            onboarded: sum.onboarded + row.onboarded,
            active: sum.active + row.active,
            ..sum
        });
    let total = rows.len() as i64;
    let page = within(page, total);
    let rows = rows
        .into_iter()
        .skip(offset(page) as usize)
        .take(PAGE_SIZE as usize)
        .collect();
    Ok(Coverage {
        page: Page { rows, total, page },
        sum,
    })
}

/// All groups as a workbook; audited.
pub async fn workbook(
    state: &AppState,
    actor: &Actor,
    by: CoverageBy,
    sort: &str,
) -> Result<Vec<u8>, AppError> {
    let rows = groups(state, actor, by, sort).await?;
    let mut tx = state.db.begin().await?;
    let event = Event::new("coverage.export", "report", "coverage")
        .detail(json!({ "by": by.code(), "rows": rows.len() }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    sheet(&rows, by).map_err(internal)
}

fn sheet(rows: &[CoverageRow], by: CoverageBy) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let percent = Format::new().set_num_format("0.0%");
    let sheet = book.add_worksheet();
    sheet.set_name(tr!("coverage.title"))?;
    let heads = [
        by.label(),
        tr!("coverage.total"),
        tr!("hcp.state.listed"),
        tr!("hcp.state.invited"),
        tr!("hcp.state.onboarded"),
        tr!("coverage.rate"),
        tr!("coverage.active"),
    ];
    for (column, head) in (0..).zip(heads) {
        sheet.write_with_format(0, column, head, &bold)?;
    }
    for (at, row) in (1..).zip(rows) {
        sheet.write(at, 0, row.name(by))?;
        for (column, number) in [
            (1, row.total),
            (2, row.listed),
            (3, row.invited),
            (4, row.onboarded),
            (6, row.active),
        ] {
            sheet.write(at, column, number)?;
        }
        // Every group has somebody in it.
        sheet.write_with_format(at, 5, row.onboarded as f64 / row.total as f64, &percent)?;
    }
    let last = rows.len() as u32 + 2;
    sheet.write(last, 0, tr!("coverage.notes"))?;
    sheet.set_column_width(0, 24)?;
    book.save_to_buffer()
}

/// Sorts by a column; an unknown one leaves the largest groups first.
fn order(rows: &mut [CoverageRow], sort: &str) {
    let (column, down) = match sort.strip_prefix('-') {
        Some(column) => (column, true),
        None => (sort, false),
    };
    let number = |row: &CoverageRow| match column {
        "listed" => row.listed,
        "invited" => row.invited,
        "onboarded" => row.onboarded,
        "active" => row.active,
        // Exact enough to order by, without comparing floats.
        "rate" => row.onboarded * 1_000_000 / row.total.max(1),
        _ => row.total,
    };
    match column {
        "label" => rows.sort_by(|a, b| collation::compare(&a.label, &b.label)),
        "total" | "listed" | "invited" | "onboarded" | "active" | "rate" => {
            rows.sort_by_key(number);
        }
        _ => return,
    }
    if down {
        rows.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(label: &str, total: i64, onboarded: i64) -> CoverageRow {
        CoverageRow {
            label: label.into(),
            total,
            onboarded,
            ..Default::default()
        }
    }

    #[test]
    fn columns_order_the_rows() {
        let labels = |sort: &str| {
            let mut rows = vec![row("b", 10, 1), row("a", 4, 2), row("c", 7, 3)];
            order(&mut rows, sort);
            rows.into_iter().map(|r| r.label).collect::<String>()
        };
        assert_eq!(labels("label"), "abc");
        assert_eq!(labels("-total"), "bca");
        assert_eq!(labels("rate"), "bca");
        assert_eq!(labels("-onboarded"), "cab");
        assert_eq!(labels("nonsense"), "bac", "as the query gave them");
    }
}
