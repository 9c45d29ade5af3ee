//! What all measures mean, and how the kept sums stand.

use leptos::prelude::*;

use super::InsightNav;
use crate::insight::api::insight_measures;
use crate::insight::model::Meanings;
use crate::ui::parts::{Card, Loading, PageTitle, outcome, unbroken};

/// 指标口径.
#[component]
pub fn Measures() -> impl IntoView {
    let data = Resource::new(|| (), |()| insight_measures());
    view! {
        <PageTitle title=tr!("insight.measures")/>
        <InsightNav here="/insight/measures"/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, |meanings| view! { <Listed meanings=meanings/> })
            })}
        </Suspense>
    }
}

#[component]
fn Listed(meanings: Meanings) -> impl IntoView {
    // On a narrow screen the columns stand below each other, each with its name.
    let named = |name: String| {
        view! { <span class="me-2 text-base-content/70 lg:hidden">{name}</span> }
    };
    let rows = meanings
        .measures
        .into_iter()
        .map(|m| {
            view! {
                <tr role="row" class="max-lg:block max-lg:py-2">
                    <th role="rowheader" scope="row" class="font-semibold max-lg:block max-lg:pb-1 lg:min-w-36">{m.name}</th>
                    <td role="cell" class="max-lg:block max-lg:py-1 lg:min-w-64">{m.formula}</td>
                    <td role="cell" class="max-lg:block max-lg:py-1 lg:min-w-40">{named(tr!("insight.grain_head"))}{unbroken(&m.grain)}</td>
                    <td role="cell" class="max-lg:block max-lg:py-1 lg:min-w-40">{named(tr!("insight.scope_head"))}{m.scope}</td>
                    <td role="cell" class="text-xs max-lg:block max-lg:py-1 lg:min-w-40">{named(tr!("insight.tables"))}{unbroken(&m.tables)}</td>
                </tr>
            }
        })
        .collect_view();
    let checks = (!meanings.checks.is_empty()).then(|| {
        let rows = meanings
            .checks
            .into_iter()
            .map(|check| {
                let wrong: Vec<String> = check
                    .differing
                    .iter()
                    .filter(|(_, n)| *n > 0)
                    .map(|(name, n)| format!("{name}: {n}"))
                    .collect();
                let text = if wrong.is_empty() {
                    tr!("insight.check_fine")
                } else {
                    wrong.join(&tr!("ui.comma"))
                };
                view! { <tr><td class="num">{check.at}</td><td>{text}</td></tr> }
            })
            .collect_view();
        view! {
            <Card title=tr!("insight.checks")>
                <table class="table table-sm">
                    <thead><tr><th scope="col">{tr!("insight.checked_at")}</th><th scope="col">{tr!("insight.differing")}</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </Card>
        }
    });
    view! {
        {checks}
        <div tabindex="0" role="region" aria-label=tr!("insight.measures") class="overflow-x-auto rounded-box border border-base-300 bg-base-100">
            // A table that is laid out as blocks says by its roles that it is one.
            <table role="table" class="table max-lg:block">
                <thead role="rowgroup" class="max-lg:hidden"><tr role="row">
                    <th role="columnheader" scope="col">{tr!("insight.name")}</th><th role="columnheader" scope="col">{tr!("insight.formula")}</th>
                    <th role="columnheader" scope="col">{tr!("insight.grain_head")}</th><th role="columnheader" scope="col">{tr!("insight.scope_head")}</th>
                    <th role="columnheader" scope="col">{tr!("insight.tables")}</th>
                </tr></thead>
                <tbody role="rowgroup" class="max-lg:block">{rows}</tbody>
            </table>
        </div>
    }
}
