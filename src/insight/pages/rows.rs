//! The rows behind a number.

use leptos::prelude::*;

use super::filters::Changed;
use super::{Formula, InsightNav, kept, last_board, linked, slice_param};
use crate::insight::api::insight_rows;
use crate::insight::model::{Cell, Rows, address};
use crate::ui::boot::refresh;
use crate::ui::list::{page_param, param, rows_or_empty};
use crate::ui::parts::{Busy, Loading, PageTitle, outcome, pending};

/// The rows that a number counted.
#[component]
pub fn Drilldown() -> impl IntoView {
    let (measure, slice, page) = (param("measure"), slice_param(), page_param());
    let data = Resource::new(
        move || (measure.get(), slice.get(), page.get(), refresh()),
        |(measure, slice, page, _)| insight_rows(measure, slice, page),
    );
    let busy = RwSignal::new(false);
    view! {
        <Busy busy=busy/>
        <div aria-busy=move || busy.get().then_some("true")>
            <Transition fallback=Loading nostrip:set_pending=pending(busy)>
                {move || Suspend::new(async move {
                    outcome(data.await, |rows| view! { <Listed rows=rows/> })
                })}
            </Transition>
        </div>
    }
}

#[component]
fn Listed(rows: Rows) -> impl IntoView {
    let file = address(
        "/insight/rows.xlsx",
        &[("measure", &rows.meaning.id)],
        &rows.slice,
    );
    let title = rows.meaning.name.clone();
    let label = title.clone();
    let total = crate::ui::money::grouped(rows.page.total);
    let numbers: Vec<bool> = rows.heads.iter().map(|(_, number)| *number).collect();
    let heads = rows
        .heads
        .into_iter()
        .map(|(head, number)| view! { <th scope="col" class="whitespace-nowrap" class:text-end=number>{head}</th> })
        .collect_view();
    let back = last_board(kept("/insight", ("", ""), "", &rows.slice));
    view! {
        <PageTitle title=title>
            <a class="btn btn-sm min-h-10" href=back>{tr!("insight.to_board")}</a>
            <a class="btn btn-sm min-h-10" rel="external" href=file>{tr!("insight.download")}</a>
        </PageTitle>
        <InsightNav here="/insight"/>
        <p class="num text-2xl font-semibold" data-total=rows.page.total.to_string()>{total}</p>
        <p class="num mb-2 text-sm text-base-content/80">{std::iter::once(rows.over).chain(rows.narrowed).collect::<Vec<_>>().join(" · ")}</p>
        <div class="mb-2"><Changed notices=Vec::from_iter(rows.changed)/></div>
        <div class="mb-3 max-w-prose"><Formula meaning=rows.meaning/></div>
        {rows_or_empty(rows.page, tr!("insight.no_rows"), move |rows| view! {
            <div tabindex="0" role="region" aria-label=label class="overflow-x-auto rounded-box border border-base-300 bg-base-100">
                <table class="table">
                    <thead><tr>{heads}</tr></thead>
                    <tbody>
                        {rows.into_iter().map(|cells| view! {
                            <tr>{cells.into_iter().zip(numbers.clone()).map(|(cell, number)| listed(cell, number)).collect_view()}</tr>
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
        })}
    }
}

/// Letters up to which a cell stays on one line: a date with its time does not break at its hyphens.
const UNBROKEN: usize = 16;

fn listed(cell: Cell, number: bool) -> impl IntoView {
    let unbroken = cell.text.chars().count() <= UNBROKEN;
    view! { <td class="num" class:text-end=number class:whitespace-nowrap=unbroken>{linked(cell)}</td> }
}
