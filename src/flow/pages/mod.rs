//! Staff pages of flow.

mod appeals;
mod confirm;
mod files;
mod import;
mod matching;
mod periods;
mod reports;

use leptos::prelude::*;

pub use appeals::{AppealList, AppealNew, AppealView};
pub use confirm::{ConfirmList, TerminalMonth};
pub use files::FileList;
pub use import::FlowPreview;
pub use matching::MatchingList;
pub use periods::PeriodList;
pub use reports::FlowReportPage;

use crate::flow::model::LineRow;
use crate::shared::Permission;
use crate::ui::boot::may;
use crate::ui::money::yuan;

/// The links between the pages of flow, those that the role may open.
#[component]
pub(crate) fn FlowNav(
    /// Path of this page.
    here: &'static str,
) -> impl IntoView {
    let pages = [
        (Permission::ConfirmFlow, "/flow", tr!("flow.confirm.title")),
        (
            Permission::SeeAppeals,
            "/flow/appeals",
            tr!("flow.appeal.title"),
        ),
        (
            Permission::ReadFlow,
            "/flow/report",
            tr!("flow.report.title"),
        ),
        (
            Permission::ReadFlow,
            "/flow/periods",
            tr!("flow.period.title"),
        ),
        (
            Permission::OperateFlow,
            "/flow/matching",
            tr!("flow.match.title"),
        ),
        (
            Permission::OperateFlow,
            "/flow/files",
            tr!("flow.file.title"),
        ),
    ];
    let links = pages
        .into_iter()
        .filter(|(permission, ..)| may(*permission))
        .map(|(_, href, name)| {
            let class = if href == here {
                "btn btn-primary min-h-10 px-3"
            } else {
                "btn btn-ghost min-h-10 px-3"
            };
            view! { <a href=href class=class aria-current=(href == here).then_some("page")>{name}</a> }
        })
        .collect_view();
    view! { <nav class="mb-3 flex flex-wrap gap-1" aria-label=tr!("flow.title")>{links}</nav> }
}

/// Day, distributor, document, batch and price of a line of goods, each kept together.
pub(crate) fn line_facts(line: &LineRow) -> impl IntoView + use<> {
    let named = |value: &str, name: fn(&str) -> String| (!value.is_empty()).then(|| name(value));
    let facts = [
        Some(line.sold_on.clone()),
        named(&line.distributor, str::to_owned),
        named(&line.document_no, |n| {
            tr!("flow.line.document_n", number = n)
        }),
        named(&line.batch, |n| tr!("flow.line.batch_n", batch = n)),
        line.price_fen.map(|fen| format!("¥{}", yuan(fen))),
    ];
    view! {
        <p class="num flex flex-wrap gap-x-3 text-sm text-base-content/70">
            {facts.into_iter().flatten().map(|fact| view! { <span>{fact}</span> }).collect_view()}
        </p>
    }
}

/// A choice of month that goes to the same page.
#[component]
pub(crate) fn MonthChoice(
    /// Path of the page.
    action: String,
    months: Vec<String>,
    month: String,
) -> impl IntoView {
    let options = months
        .into_iter()
        .map(|m| {
            let selected = m == month;
            view! { <option value=m.clone() selected=selected>{m.clone()}</option> }
        })
        .collect_view();
    view! {
        <form method="get" action=action class="flex items-end gap-2">
            <label>
                <span class="sr-only">{tr!("flow.month")}</span>
                <select name="month" class="select num w-auto">{options}</select>
            </label>
            <button class="btn">{tr!("ui.show")}</button>
        </form>
    }
}
