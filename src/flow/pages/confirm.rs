//! 流向确认: my terminals in a month, and the lines of one.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::{FlowNav, MonthChoice, line_facts};
use crate::flow::api::*;
use crate::flow::model::{
    ConfirmPage, ConfirmRow, LineRow, Sums, TerminalLines, line_label, period_label,
};
use crate::terminal::model::MAIN_LINE;
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, PostForm, Submit};
use crate::ui::list::{FilterSelect, FilterText, page_param, param, rows_or_empty};
use crate::ui::money::{grouped, growth_text, whole_yuan, yuan};
use crate::ui::parts::{Loading, PageTitle, Stat, outcome};

/// My terminals with lines in a month.
#[component]
pub fn ConfirmList() -> impl IntoView {
    let (month, text, lines, page) = (param("month"), param("text"), param("lines"), page_param());
    let data = Resource::new(
        move || (month.get(), text.get(), lines.get(), page.get(), refresh()),
        |(month, text, lines, page, _)| confirm_list(month, text, lines, page),
    );
    view! {
        <PageTitle title=tr!("flow.confirm.title")/>
        <FlowNav here="/flow"/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, |data| view! { <Months data=data/> })
            })}
        </Suspense>
    }
}

#[component]
fn Months(data: ConfirmPage) -> impl IntoView {
    let ConfirmPage {
        month,
        months,
        state,
        confirm_by,
        page,
        open,
        confirmed,
    } = data;
    let options = months
        .into_iter()
        .map(|m| {
            let selected = m == month;
            view! { <option value=m.clone() selected=selected>{m.clone()}</option> }
        })
        .collect_view();
    let here = month.clone();
    view! {
        <form method="get" action="/flow" class="mb-3 flex flex-wrap items-end gap-2" role="search" autocomplete="off">
            <label>
                <span class="sr-only">{tr!("flow.month")}</span>
                <select name="month" class="select num w-auto">{options}</select>
            </label>
            <FilterText name="text" label=tr!("flow.confirm.search")/>
            <FilterSelect name="lines" label=tr!("flow.confirm.with_lines") options=vec![("none".into(), tr!("flow.confirm.without_lines"))]/>
            <button class="btn btn-primary">{tr!("ui.search")}</button>
        </form>
        <p class="mb-3 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
            <span class="badge badge-info">{period_label(&state)}</span>
            {confirm_by.filter(|_| state == "confirming").map(|day| view! { <span class="num">{tr!("flow.confirm.by", day = day)}</span> })}
            <span class="num text-base-content/70">{tr!("flow.confirm.progress", open = open, confirmed = confirmed)}</span>
        </p>
        {rows_or_empty(page, tr!("flow.confirm.empty"), move |rows| view! {
            <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                {rows.into_iter().map(|row| view! { <Item row=row month=here.clone()/> }).collect_view()}
            </ul>
        })}
    }
}

#[component]
fn Item(row: ConfirmRow, month: String) -> impl IntoView {
    let href = format!("/flow/terminals/{}?month={month}", row.terminal_id);
    let none = row.lines == 0;
    let done = !none && row.open == 0 && row.appealed == 0;
    view! {
        <li>
            <a class="block p-3 hover:bg-base-200" href=href>
                <span class="flex flex-wrap items-center gap-x-2">
                    <span class="me-auto min-w-0 break-words font-medium">{row.terminal}</span>
                    {(row.open > 0).then(|| view! { <span class="badge badge-warning badge-sm num">{tr!("flow.confirm.open", n = row.open)}</span> })}
                    {(row.appealed > 0).then(|| view! { <span class="badge badge-error badge-sm num">{tr!("flow.confirm.appealed", n = row.appealed)}</span> })}
                    {done.then(|| view! { <span class="badge badge-success badge-sm">{tr!("flow.confirm.done")}</span> })}
                </span>
                <span class="num block text-sm text-base-content/70">
                    {row.city.clone()}{(!row.city.is_empty()).then_some(" · ")}{if none { tr!("flow.confirm.no_lines") } else { tr!("flow.confirm.lines", n = row.lines) }}
                    {row.due.map(|day| view! {
                        <span class=if row.overdue { "ms-2 text-error" } else { "ms-2" }>{tr!("flow.confirm.due", day = day)}</span>
                        {row.overdue.then(|| view! { <span class="badge badge-error badge-sm ms-2">{tr!("flow.late")}</span> })}
                    })}
                </span>
                {row.sums.map(|sums| view! { <Compared sums=sums/> })}
            </a>
        </li>
    }
}

/// A month's sums with the month before and a year ago beside them.
#[component]
fn Compared(sums: Sums) -> impl IntoView {
    view! {
        <span class="num block text-sm">
            {tr!("flow.confirm.sums", quantity = grouped(sums.quantity), yuan = yuan(sums.fen))}
            <span class="text-base-content/70">
                {format!(
                    " · {} {} ({}) · {} {} ({})",
                    tr!("flow.report.month_before"), grouped(sums.before), growth_text(sums.quantity, sums.before),
                    tr!("flow.report.year_ago"), grouped(sums.year_ago), growth_text(sums.quantity, sums.year_ago),
                )}
            </span>
        </span>
    }
}

/// The lines of a terminal in a month.
#[component]
pub fn TerminalMonth() -> impl IntoView {
    let (params, month, page) = (use_params_map(), param("month"), page_param());
    let data = Resource::new(
        move || {
            let id = params.with(|p| p.get("id").unwrap_or_default());
            (id, month.get(), page.get(), refresh())
        },
        |(id, month, page, _)| get_terminal_lines(id, month, page),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, |data| view! { <Lines data=data/> })
            })}
        </Suspense>
    }
}

#[component]
fn Lines(data: TerminalLines) -> impl IntoView {
    let TerminalLines {
        terminal_id,
        terminal,
        month,
        months,
        state,
        confirm_by,
        owners,
        mine,
        sums,
        open,
        page,
    } = data;
    let closed = state == "closed";
    let confirms = mine && !closed;
    let (id, of) = (
        StoredValue::new(terminal_id.clone()),
        StoredValue::new(month.clone()),
    );
    let missing = format!("/flow/appeals/new?terminal={terminal_id}");
    let back = format!("/flow?month={month}");
    view! {
        <PageTitle title=terminal>
            <a class="btn btn-sm min-h-10" href=back>{tr!("flow.confirm.to_all")}</a>
        </PageTitle>
        <div class="mb-3 flex flex-wrap items-center gap-3">
            <MonthChoice action=format!("/flow/terminals/{terminal_id}") months=months month=month.clone()/>
            <p class="flex flex-wrap items-center gap-x-3 text-sm">
                <span class="badge badge-info">{period_label(&state)}</span>
                {confirm_by.filter(|_| state == "confirming").map(|day| view! { <span class="num">{tr!("flow.confirm.by", day = day)}</span> })}
                {owners.into_iter().map(|(name, line)| {
                    let who = if line == MAIN_LINE { tr!("flow.confirm.owner", name = name) } else { tr!("flow.confirm.line_owner", line = line, name = name) };
                    view! { <span class="text-base-content/70">{who}</span> }
                }).collect_view()}
            </p>
        </div>
        {sums.map(|sums| view! {
            <div class="mb-4 grid grid-cols-2 gap-2 sm:grid-cols-4">
                <Stat name=tr!("flow.report.quantity") value=grouped(sums.quantity)/>
                <Stat name=tr!("flow.report.amount") value=whole_yuan(sums.fen)/>
                <Stat name=tr!("flow.report.month_before") value=grouped(sums.before) note=growth_text(sums.quantity, sums.before)/>
                <Stat name=tr!("flow.report.year_ago") value=grouped(sums.year_ago) note=growth_text(sums.quantity, sums.year_ago)/>
            </div>
        })}
        {mine.then(|| view! {
            <div class="mb-4 flex flex-wrap items-start gap-2">
                {(confirms && open > 0).then(|| view! {
                    <Confirm to=ConfirmFlow::url() label=tr!("flow.confirm.all", n = open) explain=tr!("flow.confirm.all_explain", n = open) class="btn btn-primary" about=format!("{} all", id.get_value())>
                        <input type="hidden" name="id" value=id.get_value()/>
                        <input type="hidden" name="month" value=of.get_value()/>
                    </Confirm>
                })}
                <a class="btn" href=missing>{tr!("flow.appeal.missing_line")}</a>
            </div>
        })}
        {(mine && closed).then(|| view! { <p class="mb-3 text-sm">{tr!("flow.month_closed")}</p> })}
        {(!mine).then(|| view! { <p class="mb-3 text-sm text-base-content/70">{tr!("flow.confirm.not_mine")}</p> })}
        {rows_or_empty(page, tr!("flow.confirm.no_lines"), move |rows| view! {
            <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                {rows.into_iter().map(|line| view! { <Line line=line terminal=id.get_value() month=of.get_value() closed=closed/> }).collect_view()}
            </ul>
        })}
    }
}

/// One line with what can be done about it.
#[component]
fn Line(line: LineRow, terminal: String, month: String, closed: bool) -> impl IntoView {
    let (mine, appeals) = (line.mine && !closed, line.mine);
    // What its buttons are about, for who hears the page.
    let of = format!(
        "{} {} {} {}",
        line.product, line.specification, line.batch, line.quantity
    );
    let of = StoredValue::new(of);
    let badge = match line.state.as_str() {
        "confirmed" => "badge badge-success badge-sm",
        "appealed" => "badge badge-error badge-sm",
        "open" => "badge badge-warning badge-sm",
        _ => "badge badge-ghost badge-sm",
    };
    let (open, confirmed) = (line.state == "open", line.state == "confirmed");
    let gone = matches!(line.state.as_str(), "reversed" | "reversal");
    let id = StoredValue::new(line.id.clone());
    let (terminal, month) = (StoredValue::new(terminal), StoredValue::new(month));
    let fields = move |undo: bool| {
        view! {
            <input type="hidden" name="id" value=terminal.get_value()/>
            <input type="hidden" name="month" value=month.get_value()/>
            <input type="hidden" name="line" value=id.get_value()/>
            <input type="hidden" name="undo" value=undo.to_string()/>
        }
    };
    let facts = line_facts(&line);
    view! {
        <li class="p-3">
            <div class="flex flex-wrap items-center gap-x-2">
                <span class="min-w-0 break-words font-medium">{line.product}" "{line.specification}</span>
                <span class=badge>{line_label(&line.state)}</span>
                {line.adjustment.then(|| view! { <span class="badge badge-outline badge-sm">{tr!("flow.line.adjustment")}</span> })}
                <span class="num ms-auto text-lg font-semibold" class:line-through=gone>{grouped(line.quantity)}" "{line.unit}</span>
            </div>
            {facts}
            {line.printed.map(|printed| view! { <p class="text-sm text-base-content/70">{tr!("flow.line.printed", name = printed)}</p> })}
            {line.confirmed_by.map(|by| view! { <p class="text-sm text-base-content/70">{tr!("flow.line.confirmed_by", by = by)}</p> })}
            <div class="mt-2 flex flex-wrap items-center gap-2">
                {(mine && open).then(|| view! {
                    <PostForm to=ConfirmFlow::url() about=id.get_value()>{fields(false)}<Submit label=tr!("flow.confirm.one") class="btn btn-sm btn-primary min-h-10" of=of.get_value()/></PostForm>
                })}
                {(mine && confirmed).then(|| view! {
                    <PostForm to=ConfirmFlow::url() about=id.get_value()>{fields(true)}<Submit label=tr!("flow.confirm.undo") class="btn btn-sm min-h-10" of=of.get_value()/></PostForm>
                })}
                {(appeals && line.may_appeal && (open || confirmed)).then(|| view! {
                    <a class="btn btn-sm min-h-10" href=format!("/flow/appeals/new?line={}&terminal={}", id.get_value(), terminal.get_value())>{tr!("flow.appeal.raise")}<span class="sr-only">" "{of.get_value()}</span></a>
                })}
                {line.appeal_id.map(|appeal| view! { <a class="link inline-flex min-h-10 items-center text-sm" href=format!("/flow/appeals/{appeal}")>{tr!("flow.appeal.show")}</a> })}
            </div>
        </li>
    }
}
