//! Coverage of the library by region, rep or specialty.

use leptos::prelude::*;

use crate::onboarding::api::*;
use crate::onboarding::model::{self, CoverageBy, CoverageRow, rate};
use crate::shared::escaped;
use crate::ui::boot::refresh;
use crate::ui::list::{Pager, page_param, param};
use crate::ui::parts::{Empty, Loading, PageTitle, Stat, outcome};

/// 入库覆盖: how many HCPs within scope stand where.
#[component]
pub fn Coverage() -> impl IntoView {
    let (by, sort, page) = (param("by"), param("sort"), page_param());
    let rows = Resource::new(
        move || (by.get(), sort.get(), page.get(), refresh()),
        |(by, sort, page, _)| list_coverage(by, sort, page),
    );
    view! {
        <PageTitle title=tr!("coverage.title")>
            <a class="btn btn-sm min-h-10" rel="external" download
                href=move || format!("/coverage.xlsx?by={}&sort={}", by.get(), sort.get())>{tr!("coverage.export")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(rows.await, |data| {
                    let by = CoverageBy::parse(&by.get_untracked());
                    view! { <Table data=data by=by sort=sort.get_untracked()/> }
                })
            })}
        </Suspense>
    }
}

#[component]
fn Table(data: model::Coverage, by: CoverageBy, sort: String) -> impl IntoView {
    let tabs = [CoverageBy::Region, CoverageBy::Rep, CoverageBy::Specialty]
        .map(|to| {
            let class = if to == by { "tab tab-active" } else { "tab" };
            let current = (to == by).then_some("page");
            view! { <a class=class aria-current=current href=format!("/coverage?by={}", to.code())>{to.label()}</a> }
        })
        .into_iter()
        .collect_view();
    let sum = data.sum;
    let heads = [
        ("label", by.label()),
        ("total", tr!("coverage.total")),
        ("listed", tr!("hcp.state.listed")),
        ("invited", tr!("hcp.state.invited")),
        ("onboarded", tr!("hcp.state.onboarded")),
        ("rate", tr!("coverage.rate")),
        ("active", tr!("coverage.active")),
    ]
    .map(|(column, text)| view! { <Head column=column text=text by=by sort=sort.clone()/> })
    .into_iter()
    .collect_view();
    let page = data.page;
    if page.rows.is_empty() {
        return view! {
            <nav class="tabs tabs-border mb-4" aria-label=tr!("coverage.by")>{tabs}</nav>
            <Empty text=tr!("coverage.empty")/>
        }
        .into_any();
    }
    let rows = page.rows.clone();
    view! {
        <nav class="tabs tabs-border mb-4" aria-label=tr!("coverage.by")>{tabs}</nav>
        <div class="mb-4 grid grid-cols-2 gap-2 sm:grid-cols-4">
            <Stat name=tr!("coverage.total") value=sum.total.to_string()/>
            <Stat name=tr!("hcp.state.invited") value=sum.invited.to_string()/>
            <Stat name=tr!("hcp.state.onboarded") value=sum.onboarded.to_string() note=rate(sum.onboarded, sum.total)/>
            <Stat name=tr!("coverage.active") value=sum.active.to_string() note=rate(sum.active, sum.onboarded)/>
        </div>
        <div class="overflow-x-auto rounded-box border border-base-300 bg-base-100" tabindex="0" role="region" aria-label=tr!("coverage.title")>
            <table class="table num">
                <thead><tr>{heads}</tr></thead>
                <tbody>
                    {rows.into_iter().map(|row| view! { <Row row=row by=by/> }).collect_view()}
                </tbody>
                <tfoot>
                    <tr>
                        <th>{tr!("coverage.sum")}</th><td class="text-end">{sum.total}</td><td class="text-end">{sum.listed}</td><td class="text-end">{sum.invited}</td>
                        <td class="text-end">{sum.onboarded}</td><td class="text-end">{rate(sum.onboarded, sum.total)}</td><td class="text-end">{sum.active}</td>
                    </tr>
                </tfoot>
            </table>
        </div>
        <Pager page=page/>
        <p class="mt-3 text-sm text-base-content/70">{tr!("coverage.notes")}</p>
    }
    .into_any()
}

/// A column's name, by which the rows are ordered: the largest first, then the other way round.
#[component]
fn Head(column: &'static str, text: String, by: CoverageBy, sort: String) -> impl IntoView {
    let down = sort.strip_prefix('-') == Some(column);
    let up = sort == column;
    let first_up = column == "label";
    let next = match (up, down) {
        (false, false) if first_up => column.to_owned(),
        (true, _) | (false, false) => format!("-{column}"),
        (false, true) => column.to_owned(),
    };
    let order = if up {
        Some("ascending")
    } else {
        down.then_some("descending")
    };
    let mark = match order {
        Some("ascending") => " ↑",
        Some(_) => " ↓",
        None => "",
    };
    let href = format!("/coverage?by={}&sort={next}", by.code());
    let class = if column == "label" { "" } else { "text-end" };
    view! { <th scope="col" aria-sort=order class=class><a class="link-hover inline-block min-h-10 content-center whitespace-nowrap" href=href>{text}{mark}</a></th> }
}

#[component]
fn Row(row: CoverageRow, by: CoverageBy) -> impl IntoView {
    // The list can be narrowed by what is known only; whose HCPs belong to nobody it knows too.
    let filter = match (by, row.key.as_str()) {
        (CoverageBy::Rep, "") => Some("owner=none".to_owned()),
        (_, "") => None,
        (CoverageBy::Region, key) => Some(format!("province={}", escaped(key))),
        (CoverageBy::Rep, key) => Some(format!("owner={}", escaped(key))),
        // A specialty, or where none is given the department: no filter of the list is just that.
        (CoverageBy::Specialty, _) => None,
    };
    let label = row.name(by);
    let number = |n: i64, state: &str| match &filter {
        Some(filter) if n > 0 => {
            let state = if state.is_empty() {
                String::new()
            } else {
                format!("&state={state}")
            };
            let href = format!("/hcps?{filter}{state}");
            view! { <a class="link link-hover inline-block min-h-10 content-center" href=href>{n}</a> }
                .into_any()
        }
        _ => n.to_string().into_any(),
    };
    view! {
        <tr>
            <th scope="row" class="font-medium">{label}</th>
            <td class="text-end">{number(row.total, "")}</td>
            <td class="text-end">{number(row.listed, "listed")}</td>
            <td class="text-end">{number(row.invited, "invited")}</td>
            <td class="text-end">{number(row.onboarded, "onboarded")}</td>
            <td class="text-end">{rate(row.onboarded, row.total)}</td>
            <td class="text-end">{row.active}</td>
        </tr>
    }
}
