//! What the page of an import shows of a flow file: classes, totals by product, suggestions, columns.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::flow::api::NameColumns;
use crate::flow::model::{COLUMN_FIELDS, FlowReport, ProductTotal, SuggestedRow};
use crate::ui::form::{Field, PostForm, Submit};
use crate::ui::money::{grouped, yuan};
use crate::ui::parts::{Card, Stat};

/// The classes of the rows and what they add up to; with columns that were not found, the form that names them.
#[component]
pub fn FlowPreview(
    /// Of the import.
    id: String,
    report: FlowReport,
    /// Refused rows.
    invalid: i64,
    /// Whether it was imported.
    done: bool,
) -> impl IntoView {
    let missing = report.missing.join(&tr!("ui.comma"));
    let incomplete = !report.missing.is_empty();
    let more = report.suggested - report.suggestions.len() as i64;
    let stats = [
        (tr!("flow.class.matched"), report.matched),
        (tr!("flow.class.suggested"), report.suggested),
        (tr!("flow.class.unknown"), report.unknown),
        (tr!("flow.class.repeat"), report.repeat),
        (tr!("flow.class.conflict"), report.conflict),
        (tr!("flow.class.invalid"), invalid),
    ];
    view! {
        {incomplete.then(|| view! { <p class="alert alert-warning mb-4 py-2" role="alert">{tr!("flow.columns_missing", columns = missing)}</p> })}
        {(!incomplete).then(|| view! {
            <Card title=tr!("flow.class.title")>
                <div class="grid grid-cols-2 gap-2 sm:grid-cols-6">
                    {stats.into_iter().map(|(name, n)| view! { <Stat name=name value=n.to_string()/> }).collect_view()}
                </div>
                <p class="mt-3 text-sm text-base-content/70">{tr!("flow.class.explain")}</p>
                {(report.adjustments > 0).then(|| view! { <p class="mt-1 text-sm">{tr!("flow.class.adjustments", n = report.adjustments)}</p> })}
                <p class="mt-1 text-sm">{tr!("flow.class.distributors", names = report.distributors.join(&tr!("ui.comma")))}</p>
            </Card>
            <Totals rows=report.products/>
        })}
        {(!report.suggestions.is_empty()).then(|| view! { <Suggested rows=report.suggestions more=more/> })}
        {(!done).then(|| view! { <Columns id=id header=report.header chosen=report.columns fixed=report.fixed open=incomplete/> })}
    }
}

/// Totals by product.
#[component]
fn Totals(rows: Vec<ProductTotal>) -> impl IntoView {
    view! {
        <Card title=tr!("flow.class.by_product")>
            <div tabindex="0" role="region" aria-label=tr!("flow.class.by_product") class="overflow-x-auto">
                <table class="table table-sm">
                    <thead><tr>
                        <th>{tr!("flow.report.product")}</th><th class="text-end">{tr!("import.rows")}</th>
                        <th class="text-end">{tr!("flow.report.quantity")}</th><th class="text-end">{tr!("flow.report.amount")}</th>
                    </tr></thead>
                    <tbody>
                        {rows.into_iter().map(|row| view! {
                            <tr>
                                <td class="min-w-40">
                                    {[row.code, row.name, row.specification].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" ")}
                                    {(!row.known).then(|| view! { <span class="badge badge-warning badge-sm ms-2">{tr!("flow.class.no_product")}</span> })}
                                </td>
                                <td class="num text-end">{grouped(row.rows)}</td>
                                <td class="num text-end">{grouped(row.quantity)}</td>
                                <td class="num text-end">{yuan(row.fen)}</td>
                            </tr>
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
        </Card>
    }
}

/// The first suggestions, which become decisions on the page of matching.
#[component]
fn Suggested(rows: Vec<SuggestedRow>, more: i64) -> impl IntoView {
    view! {
        <Card title=tr!("flow.class.suggestions")>
            <p class="mb-2 text-sm">{tr!("flow.class.suggestions_explain")}</p>
            <div tabindex="0" role="region" aria-label=tr!("flow.class.suggestions") class="max-h-96 overflow-auto">
                <table class="table table-sm">
                    <thead><tr>
                        <th>{tr!("import.row")}</th><th>{tr!("flow.match.printed")}</th><th>{tr!("flow.match.suggestion")}</th><th class="text-end">{tr!("flow.match.score_head")}</th>
                    </tr></thead>
                    <tbody>
                        {rows.into_iter().map(|row| view! {
                            <tr><td class="num">{row.row}</td><td class="min-w-40">{row.printed}</td><td class="min-w-40">{row.name}" "<span class="num text-base-content/70">{row.terminal}</span></td><td class="num text-end">{row.score}</td></tr>
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
            {(more > 0).then(|| view! { <p class="mt-2 text-sm">{tr!("flow.class.more", n = more)}</p> })}
        </Card>
    }
}

/// Which column holds what; remembered for files with this header.
#[component]
fn Columns(
    id: String,
    header: Vec<String>,
    chosen: Vec<(String, String)>,
    fixed: String,
    open: bool,
) -> impl IntoView {
    let rows = COLUMN_FIELDS
        .into_iter()
        .map(|(field, name)| {
            let current = chosen
                .iter()
                .find(|(of, _)| of == field)
                .map(|(_, column)| column.clone())
                .unwrap_or_default();
            let options = header
                .iter()
                .filter(|column| !column.is_empty())
                .map(|column| {
                    let selected = *column == current;
                    view! { <option value=column.clone() selected=selected>{column.clone()}</option> }
                })
                .collect_view();
            view! {
                <label class="mb-2 flex items-center gap-3">
                    <span class="w-28 shrink-0">{name}</span>
                    <input type="hidden" name="fields[]" value=field/>
                    <select name="chosen[]" class="select w-full"><option value="">{tr!("flow.columns.none")}</option>{options}</select>
                </label>
            }
        })
        .collect_view();
    view! {
        <details class="mb-4 rounded-box border border-base-300 bg-base-100 p-4" open=open>
            <summary class="cursor-pointer font-medium">{tr!("flow.columns.title")}</summary>
            <p class="my-2 text-sm text-base-content/70">{tr!("flow.columns.explain")}</p>
            <PostForm to=NameColumns::url() class="max-w-xl">
                <input type="hidden" name="id" value=id/>
                {rows}
                <Field name="distributor" label=tr!("flow.columns.distributor") value=fixed hint=tr!("flow.columns.distributor_hint")/>
                <Submit label=tr!("flow.columns.save")/>
            </PostForm>
        </details>
    }
}
