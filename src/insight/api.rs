//! Server functions of dashboards.

use leptos::{server, server_fn};

use super::model::{Board, BoardFilter, Meanings, Report, ReportFilter, Rows, Slice};
use crate::shared::AppResult;

#[cfg(feature = "ssr")]
use {
    super::{board, registry, report, rollup, rows},
    crate::server::{guard, state::state},
    crate::shared::Permission,
};

/// A board over a filter.
#[server(prefix = "/api", endpoint = "insight/board", input = server_fn::codec::GetUrl)]
pub async fn insight_board(#[server(flatten)] filter: BoardFilter) -> AppResult<Board> {
    let actor = guard::require(Permission::ReadInsight).await?;
    board::board(&state(), &actor, filter).await
}

/// The rows behind a measure.
#[server(prefix = "/api", endpoint = "insight/rows", input = server_fn::codec::GetUrl)]
pub async fn insight_rows(
    #[server(default)] measure: String,
    #[server(flatten)] slice: Slice,
    #[server(default)] page: i64,
) -> AppResult<Rows> {
    let actor = guard::require(Permission::ReadInsight).await?;
    rows::page(&state(), &actor, &measure, slice, page.max(1)).await
}

/// A report.
#[server(prefix = "/api", endpoint = "insight/report", input = server_fn::codec::GetUrl)]
pub async fn insight_report(
    #[server(flatten)] filter: ReportFilter,
    #[server(default)] page: i64,
) -> AppResult<Report> {
    let actor = guard::require(Permission::ReadInsight).await?;
    report::report(&state(), &actor, filter, page.max(1)).await
}

/// What all measures of the role mean, and how the kept sums stand.
#[server(prefix = "/api", endpoint = "insight/measures", input = server_fn::codec::GetUrl)]
pub async fn insight_measures() -> AppResult<Meanings> {
    let actor = guard::require(Permission::ReadInsight).await?;
    let checks = if actor.role.may(Permission::ManageOrg) {
        rollup::checks(&state()).await?
    } else {
        Vec::new()
    };
    Ok(Meanings {
        measures: registry::MEASURES
            .iter()
            .filter(|m| m.may(&actor))
            .map(registry::Measure::meaning)
            .collect(),
        checks,
    })
}
