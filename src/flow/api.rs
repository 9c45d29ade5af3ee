//! Server functions of flow.

use leptos::{server, server_fn};

use super::model::{
    Appeal, AppealForm, AppealPage, ConfirmPage, ConflictRow, FileRow, FlowTable, Matching,
    PeriodRow, ReportFilter, TerminalLines,
};
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::{appeals, confirm, files, matching, periods, reports},
    crate::server::{guard, state::state},
    crate::shared::{AppError, Permission},
};

/// Terminals within scope with lines in a month, those with something to confirm first; with `lines` "none" those
/// without.
#[server(prefix = "/api", endpoint = "flow/confirm_list", input = server_fn::codec::GetUrl)]
pub async fn confirm_list(
    #[server(default)] month: String,
    #[server(default)] text: String,
    #[server(default)] lines: String,
    #[server(default)] page: i64,
) -> AppResult<ConfirmPage> {
    let actor = guard::require(Permission::ConfirmFlow).await?;
    let none = lines == "none";
    confirm::list(&state(), &actor, &month, &text, none, page.max(1)).await
}

/// A terminal's lines in a month.
#[server(prefix = "/api", endpoint = "flow/terminal", input = server_fn::codec::GetUrl)]
pub async fn get_terminal_lines(
    id: String,
    #[server(default)] month: String,
    #[server(default)] page: i64,
) -> AppResult<TerminalLines> {
    let actor = guard::require(Permission::SeeAppeals).await?;
    confirm::terminal(&state(), &actor, &id, &month, page.max(1)).await
}

/// Confirms all open lines of a terminal's month, or with `line` that one; with `undo` takes it back.
#[server(prefix = "/api", endpoint = "flow/confirm")]
pub async fn confirm_flow(
    id: String,
    #[server(default)] month: String,
    #[server(default)] line: String,
    #[server(default)] undo: bool,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ConfirmFlow).await?;
    confirm::confirm(&state(), &actor, &id, &month, &line, undo).await
}

/// Months with how far they are.
#[server(prefix = "/api", endpoint = "flow/periods", input = server_fn::codec::GetUrl)]
pub async fn list_periods() -> AppResult<Vec<PeriodRow>> {
    let actor = guard::require(Permission::ReadFlow).await?;
    periods::list(&state(), &actor).await
}

/// Moves a month on, or with a reason back.
#[server(prefix = "/api", endpoint = "flow/advance_period")]
pub async fn advance_period(
    #[server(default)] form_key: String,
    month: String,
    #[server(default)] to: String,
    #[server(default)] confirm_by: String,
    #[server(default)] reason: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::OperateFlow).await?;
    periods::advance(
        &state(),
        &actor,
        &form_key,
        &month,
        &to,
        &confirm_by,
        &reason,
    )
    .await
}

/// Names that wait for a terminal, with suggestions.
#[server(prefix = "/api", endpoint = "flow/matching", input = server_fn::codec::GetUrl)]
pub async fn list_matching(
    #[server(default)] text: String,
    #[server(default)] distributor: String,
    #[server(default)] page: i64,
) -> AppResult<Matching> {
    guard::require(Permission::OperateFlow).await?;
    matching::list(&state(), &text, &distributor, page.max(1)).await
}

/// Decides that a printed code and name mean a terminal: by its id, or by a code or exact name that was typed.
#[server(prefix = "/api", endpoint = "flow/match")]
pub async fn match_name(
    #[server(default)] form_key: String,
    #[server(default)] code: String,
    printed: String,
    #[server(default)] terminal_id: String,
    #[server(default)] terminal: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::OperateFlow).await?;
    let id = if terminal_id.is_empty() {
        matching::typed(&state().db, &terminal).await?
    } else {
        terminal_id
    };
    matching::accept(&state(), &actor, &form_key, &code, &printed, &id).await
}

/// Takes a decision about a printed name back.
#[server(prefix = "/api", endpoint = "flow/unmatch")]
pub async fn unmatch_name(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::OperateFlow).await?;
    matching::undo(&state(), &actor, &id).await
}

/// Remembers the columns of a checked file's header and checks the file once more. Names and columns come in pairs.
#[server(prefix = "/api", endpoint = "flow/columns")]
pub async fn name_columns(
    id: String,
    #[server(default)] fields: Vec<String>,
    #[server(default)] chosen: Vec<String>,
    #[server(default)] distributor: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::OperateFlow).await?;
    let state = state();
    let header = crate::importing::jobs::view(&state, &actor, &id)
        .await?
        .report
        .and_then(|report| report.flow)
        .map(|flow| flow.header)
        .ok_or_else(|| AppError::Conflict("import.not_checked".into()))?;
    let pairs: Vec<(String, String)> = fields.into_iter().zip(chosen).collect();
    matching::remember(&state, &actor, &header, &pairs, distributor.trim()).await?;
    crate::importing::jobs::recheck(&state, &actor, &id, crate::importing::Existing::Overwrite)
        .await
}

/// Files that were imported.
#[server(prefix = "/api", endpoint = "flow/files", input = server_fn::codec::GetUrl)]
pub async fn list_files(#[server(default)] page: i64) -> AppResult<Page<FileRow>> {
    guard::require(Permission::OperateFlow).await?;
    files::list(&state(), page.max(1)).await
}

/// Rows that differ from a known line.
#[server(prefix = "/api", endpoint = "flow/conflicts", input = server_fn::codec::GetUrl)]
pub async fn list_conflicts(#[server(default)] page: i64) -> AppResult<Page<ConflictRow>> {
    guard::require(Permission::OperateFlow).await?;
    files::conflicts(&state(), page.max(1)).await
}

/// Decides about a row that differs from a known line.
#[server(prefix = "/api", endpoint = "flow/settle")]
pub async fn settle_conflict(
    id: String,
    #[server(default)] row: i64,
    #[server(default)] replace: bool,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::OperateFlow).await?;
    files::settle(&state(), &actor, &id, row, replace).await
}

/// Appeals within scope. `tab` is empty for what waits for the asker, `open`, `mine` or `decided`.
#[server(prefix = "/api", endpoint = "flow/appeals", input = server_fn::codec::GetUrl)]
pub async fn list_appeals(
    #[server(default)] tab: String,
    #[server(default)] page: i64,
) -> AppResult<AppealPage> {
    let actor = guard::require(Permission::SeeAppeals).await?;
    appeals::list(&state(), &actor, &tab, page.max(1)).await
}

/// One appeal with its thread.
#[server(prefix = "/api", endpoint = "flow/appeal", input = server_fn::codec::GetUrl)]
pub async fn get_appeal(id: String) -> AppResult<Appeal> {
    let actor = guard::require(Permission::SeeAppeals).await?;
    appeals::get(&state(), &actor, &id).await
}

/// What the form of an appeal shows and offers.
#[server(prefix = "/api", endpoint = "flow/appeal_choices", input = server_fn::codec::GetUrl)]
pub async fn appeal_choices(#[server(default)] line: String) -> AppResult<AppealForm> {
    let actor = guard::require(Permission::ConfirmFlow).await?;
    let state = state();
    Ok(AppealForm {
        line: appeals::line_of(&state, &actor, &line).await?,
        products: crate::product::store::choices(&state.db).await?,
        distributors: reports::distributors(&state.db).await?,
    })
}

/// Raises an appeal about a line, or about one that is missing at a terminal.
#[server(prefix = "/api", endpoint = "flow/raise_appeal")]
pub async fn raise_appeal(
    #[server(default)] form_key: String,
    #[server(default)] line_id: String,
    #[server(default)] terminal_id: String,
    #[server(default)] product_id: String,
    #[server(default)] distributor_id: String,
    #[server(default)] reason: String,
    #[server(default)] body: String,
    #[server(default)] quantity: String,
    #[server(default)] sold_on: String,
    #[server(default)] document_no: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ConfirmFlow).await?;
    let new = appeals::NewAppeal {
        line_id,
        terminal_id,
        product_id,
        distributor_id,
        reason,
        body,
        quantity,
        sold_on,
        document_no,
    };
    appeals::raise(&state(), &actor, &form_key, new).await
}

/// Says something about an appeal or takes its next step: `comment`, `support`, `oppose`, `withdraw`, `again`.
#[server(prefix = "/api", endpoint = "flow/step_appeal")]
pub async fn step_appeal(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] act: String,
    #[server(default)] body: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::SeeAppeals).await?;
    appeals::step(&state(), &actor, &form_key, &id, &act, &body).await
}

/// Decides an appeal; `correction` is none, reverse, quantity, terminal or add.
#[server(prefix = "/api", endpoint = "flow/decide_appeal")]
pub async fn decide_appeal(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] verdict: String,
    #[server(default)] correction: String,
    #[server(default)] quantity: String,
    #[server(default)] terminal: String,
    #[server(default)] body: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::OperateFlow).await?;
    let accept = match verdict.as_str() {
        "accept" => true,
        "reject" => false,
        _ => return Err(AppError::field("verdict", "field.required")),
    };
    let decision = appeals::Decision {
        accept,
        body,
        correction,
        quantity,
        terminal,
    };
    appeals::decide(&state(), &actor, &form_key, &id, decision).await
}

/// A report.
#[server(prefix = "/api", endpoint = "flow/report", input = server_fn::codec::GetUrl)]
pub async fn flow_report(
    #[server(flatten)] filter: ReportFilter,
    #[server(default)] page: i64,
) -> AppResult<FlowTable> {
    let actor = guard::require(Permission::ReadFlow).await?;
    reports::report(&state(), &actor, filter, page.max(1)).await
}
