//! What all measures mean, and how the kept sums stand.

use leptos::prelude::*;

use super::InsightNav;
use crate::insight::api::insight_measures;
use crate::insight::model::Meanings;
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

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
    let rows = meanings
        .measures
        .into_iter()
        .map(|m| {
            view! {
                <tr>
                    <th scope="row" class="min-w-28 font-medium">{m.name}</th>
                    <td class="min-w-64">{m.formula}</td>
                    <td class="min-w-40">{m.grain}</td>
                    <td class="min-w-32">{m.scope}</td>
                    <td class="min-w-32 break-all text-xs">{m.tables}</td>
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
                    wrong.join("、")
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
            <table class="table">
                <thead><tr>
                    <th scope="col">{tr!("insight.name")}</th><th scope="col">{tr!("insight.formula")}</th>
                    <th scope="col">{tr!("insight.grain_head")}</th><th scope="col">{tr!("insight.scope_head")}</th>
                    <th scope="col">{tr!("insight.tables")}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
