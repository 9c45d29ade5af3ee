//! 账期: months, how far they are, and moving them on.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::FlowNav;
use crate::flow::api::*;
use crate::flow::model::{PeriodRow, period_label};
use crate::shared::Permission;
use crate::ui::boot::{may, refresh};
use crate::ui::form::{Field, PostForm, Submit, TextArea, came_back};
use crate::ui::parts::{Card, Empty, Loading, PageTitle, Stat, outcome, who};

/// Months, the latest first.
#[component]
pub fn PeriodList() -> impl IntoView {
    let periods = Resource::new(refresh, |_| list_periods());
    view! {
        <PageTitle title=tr!("flow.period.title")/>
        <FlowNav here="/flow/periods"/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(periods.await, |rows| if rows.is_empty() {
                    view! { <Empty text=tr!("flow.period.empty")/> }.into_any()
                } else {
                    rows.into_iter().map(|row| view! { <Period row=row/> }).collect_view().into_any()
                })
            })}
        </Suspense>
    }
}

#[component]
fn Period(row: PeriodRow) -> impl IntoView {
    let month = row.month.clone();
    let badge = match row.state.as_str() {
        "closed" => "badge badge-success",
        "confirming" => "badge badge-warning",
        _ => "badge badge-info",
    };
    let operates = may(Permission::OperateFlow);
    let share = if row.open + row.confirmed > 0 {
        format!("{}%", row.confirmed * 100 / (row.open + row.confirmed))
    } else {
        "–".to_owned()
    };
    view! {
        <Card>
            <div class="mb-3 flex flex-wrap items-center gap-x-3 gap-y-1">
                <h2 class="num text-lg font-semibold">{row.month}</h2>
                <span class=badge>{period_label(&row.state)}</span>
                {row.confirm_by.filter(|_| row.state == "confirming").map(|day| view! { <span class="num text-sm">{tr!("flow.confirm.by", day = day)}</span> })}
                <a class="link ms-auto inline-flex min-h-10 items-center text-sm" href=format!("/flow/report?from={month}&to={month}")>{tr!("flow.period.report")}</a>
            </div>
            <div class=if operates { "grid grid-cols-2 gap-2 sm:grid-cols-5" } else { "grid grid-cols-2 gap-2 sm:grid-cols-4" }>
                <Stat name=tr!("flow.period.lines") value=row.lines.to_string()/>
                <Stat name=tr!("flow.line.confirmed") value=row.confirmed.to_string() note=share/>
                <Stat name=tr!("flow.line.open") value=row.open.to_string()/>
                <Stat name=tr!("flow.line.appealed") value=row.appealed.to_string()/>
                {operates.then(|| view! { <Stat name=tr!("flow.line.waiting") value=row.waiting.to_string()/> })}
            </div>
            {(!row.missing.is_empty()).then(|| view! {
                <p class="alert alert-warning mt-3 py-2">{tr!("flow.period.missing", names = row.missing.join(&tr!("ui.comma")))}</p>
            })}
            {operates.then(|| view! { <Acts month=month state=row.state open=row.open appealed=row.appealed/> })}
            {(!row.steps.is_empty()).then(|| view! {
                <details class="mt-3">
                    <summary class="link inline-flex min-h-10 cursor-pointer items-center text-sm">{tr!("flow.period.steps")}</summary>
                    <ul class="mt-1 text-sm">
                        {row.steps.into_iter().map(|step| view! {
                            <li class="py-1"><span class="num text-base-content/70">{step.at}</span>" "{who(step.by)}" → "{period_label(&step.state)}
                                {(!step.reason.is_empty()).then(|| format!("：{}", step.reason))}</li>
                        }).collect_view()}
                    </ul>
                </details>
            })}
        </Card>
    }
}

/// What operations can do with a month.
#[component]
fn Acts(month: String, state: String, open: i64, appealed: i64) -> impl IntoView {
    let month = StoredValue::new(month);
    let about = move |to: &str| format!("{} {to}", month.get_value());
    let back = move |to: &str| came_back(AdvancePeriod::url(), &about(to)).is_some();
    let confirming = move |label: String, with_reason: bool| {
        let about = about("confirming");
        view! {
            <details class="mt-3" open=back("confirming")>
                <summary class="btn btn-sm min-h-10 list-none">{label.clone()}</summary>
                <PostForm to=AdvancePeriod::url() about=about class="mt-3 max-w-xl">
                    <input type="hidden" name="month" value=month.get_value()/>
                    <input type="hidden" name="to" value="confirming"/>
                    <Field name="confirm_by" kind="date" label=tr!("flow.period.confirm_by") required=true/>
                    {with_reason.then(|| view! { <TextArea name="reason" label=tr!("flow.period.reason") rows=2 required=true/> })}
                    <Submit label=label/>
                </PostForm>
            </details>
        }
    };
    match state.as_str() {
        "open" => confirming(tr!("flow.period.begin"), false).into_any(),
        "closed" => confirming(tr!("flow.period.reopen"), true).into_any(),
        _ => {
            let about = about("closed");
            view! {
                {confirming(tr!("flow.period.extend"), false)}
                <details class="mt-3" open=back("closed")>
                    <summary class="btn btn-sm btn-primary min-h-10 list-none">{tr!("flow.period.close")}</summary>
                    <PostForm to=AdvancePeriod::url() about=about class="mt-3 max-w-xl">
                        <p class="mb-3 text-sm">{tr!("flow.period.close_explain", open = open, appealed = appealed)}</p>
                        <input type="hidden" name="month" value=month.get_value()/>
                        <input type="hidden" name="to" value="closed"/>
                        <Submit label=tr!("flow.period.close")/>
                    </PostForm>
                </details>
            }
            .into_any()
        }
    }
}
