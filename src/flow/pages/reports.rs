//! 流向报表.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::FlowNav;
use crate::flow::api::flow_report;
use crate::flow::model::{FlowTable, GROUPS, ReportFilter, ReportRow, group_label};
use crate::shared::Permission;
use crate::ui::boot::{may, refresh};
use crate::ui::list::{FilterSelect, page_param, param, rows_or_empty};
use crate::ui::money::{grouped, growth_text, whole_yuan, yuan};
use crate::ui::parts::{Loading, PageTitle, Stat, outcome};

/// A report with its filter in the address.
#[component]
pub fn FlowReportPage() -> impl IntoView {
    let (by, from, to) = (param("by"), param("from"), param("to"));
    let (product, distributor, province) =
        (param("product"), param("distributor"), param("province"));
    let (sort, only, page) = (param("sort"), param("only"), page_param());
    let filter = Memo::new(move |_| ReportFilter {
        by: by.get(),
        from: from.get(),
        to: to.get(),
        product: product.get(),
        distributor: distributor.get(),
        province: province.get(),
        sort: sort.get(),
        only: only.get(),
    });
    let data = Resource::new(
        move || (filter.get(), page.get(), refresh()),
        |(filter, page, _)| flow_report(filter, page),
    );
    view! {
        <PageTitle title=tr!("flow.report.title")/>
        <FlowNav here="/flow/report"/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, |table| view! { <Report table=table/> })
            })}
        </Suspense>
    }
}

#[component]
fn Report(table: FlowTable) -> impl IntoView {
    let query = use_query_map();
    let filter = table.filter.clone();
    // By terminal is what the first entry stands for.
    let groups = GROUPS
        .into_iter()
        .filter(|g| *g != "terminal")
        .map(|g| (g.to_owned(), group_label(g)))
        .collect();
    let provinces = table
        .provinces
        .into_iter()
        .map(|p| (p.clone(), p))
        .collect();
    let download = move || {
        let mut map = query.get();
        map.remove("page");
        format!("/flow/report.xlsx{}", map.to_query_string())
    };
    let by_terminal = filter.by == "terminal";
    let only = |code: &'static str| {
        let filter = filter.clone();
        format!(
            "/flow/report?by=terminal&from={}&to={}&product={}&distributor={}&province={}&only={code}",
            filter.from, filter.to, filter.product, filter.distributor, filter.province
        )
    };
    let (new_href, lost_href) = (only("new"), only("lost"));
    let (links, to) = (
        by_terminal && may(Permission::SeeAppeals),
        filter.to.clone(),
    );
    let total = table.total;
    let head = group_label(&filter.by);
    let pivot = table.months.len() > 1 && filter.by != "month";
    let months = StoredValue::new(if pivot { table.months } else { Vec::new() });
    let label = head.clone();
    view! {
        <form method="get" action="/flow/report" class="mb-4 flex flex-wrap items-end gap-2" role="search" autocomplete="off">
            <FilterSelect name="by" called=tr!("ui.grouping") label=tr!("flow.report.by") options=groups/>
            <label class="text-sm"><span class="block text-base-content/70">{tr!("flow.report.from")}</span><input type="month" name="from" class="input w-40" value=filter.from.clone() pattern="\\d{4}-\\d{2}"/></label>
            <label class="text-sm"><span class="block text-base-content/70">{tr!("flow.report.to")}</span><input type="month" name="to" class="input w-40" value=filter.to.clone() pattern="\\d{4}-\\d{2}"/></label>
            <FilterSelect name="product" label=tr!("flow.report.any_product") options=table.products/>
            <FilterSelect name="distributor" label=tr!("flow.report.any_distributor") options=table.distributors/>
            <FilterSelect name="province" label=tr!("flow.report.any_region") options=provinces/>
            <FilterSelect name="sort" called=tr!("ui.ordering") label=tr!("flow.report.by_quantity") options=vec![("fen".into(), tr!("flow.report.by_amount"))]/>
            <button class="btn btn-primary">{tr!("ui.show")}</button>
            <a class="btn" rel="external" download href=download>{tr!("flow.report.download")}</a>
        </form>
        <div class="mb-4 grid grid-cols-2 gap-2 sm:grid-cols-4">
            <Stat name=tr!("flow.report.quantity") value=grouped(total.quantity)/>
            <Stat name=tr!("flow.report.amount") value=whole_yuan(total.fen)/>
            <Stat name=tr!("flow.report.before") value=grouped(total.before) note=growth_text(total.quantity, total.before)/>
            <Stat name=tr!("flow.report.year_ago") value=grouped(total.year_ago) note=growth_text(total.quantity, total.year_ago)/>
        </div>
        {by_terminal.then(|| view! {
            <p class="mb-3 flex flex-wrap gap-x-4 text-sm">
                <a class="link num inline-flex min-h-10 items-center" href=new_href>{tr!("flow.report.new", n = table.new)}</a>
                <a class="link num inline-flex min-h-10 items-center" href=lost_href>{tr!("flow.report.lost", n = table.lost)}</a>
            </p>
        })}
        {(!table.missing.is_empty()).then(|| view! {
            <details class="mb-3 text-sm">
                <summary class="link inline-flex min-h-10 cursor-pointer items-center">{tr!("flow.report.missing", month = filter.to.clone(), n = table.missing.len())}</summary>
                <p class="break-words">{table.missing.join(&tr!("ui.comma"))}</p>
            </details>
        })}
        {rows_or_empty(table.page, tr!("flow.report.empty"), move |rows| view! {
            <div tabindex="0" role="region" aria-label=label class="overflow-x-auto rounded-box border border-base-300 bg-base-100">
                <table class="table">
                    <thead><tr>
                        <th class="text-end">{tr!("flow.report.rank")}</th><th>{head}</th>
                        <th class="text-end">{tr!("flow.report.quantity")}</th><th class="text-end">{tr!("flow.report.amount")}</th>
                        <th class="text-end">{tr!("flow.report.before")}</th><th class="text-end">{tr!("flow.report.year_ago")}</th>
                        {months.get_value().into_iter().map(|m| view! { <th class="num text-end">{m}</th> }).collect_view()}
                    </tr></thead>
                    <tbody>{rows.into_iter().map(|row| view! { <Line row=row month=to.clone() links=links/> }).collect_view()}</tbody>
                </table>
            </div>
        })}
    }
}

#[component]
fn Line(row: ReportRow, month: String, links: bool) -> impl IntoView {
    let name = if links && !row.id.is_empty() {
        let href = format!("/flow/terminals/{}?month={month}", row.id);
        view! { <a class="link" href=href>{row.name.clone()}</a> }.into_any()
    } else {
        row.name.clone().into_any()
    };
    let compared = |n: i64| {
        let growth = growth_text(row.quantity, n);
        view! { <td class="num text-end">{grouped(n)}<span class="block text-xs text-base-content/70">{growth}</span></td> }
    };
    view! {
        <tr>
            <td class="num text-end">{row.rank}</td>
            <td class="min-w-40">{name}</td>
            <td class="num text-end font-medium">{grouped(row.quantity)}</td>
            <td class="num text-end">{yuan(row.fen)}</td>
            {compared(row.before)}
            {compared(row.year_ago)}
            {row.months.into_iter().map(|n| view! { <td class="num text-end">{grouped(n)}</td> }).collect_view()}
        </tr>
    }
}
