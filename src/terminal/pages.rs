//! The list of terminals.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::api::*;
use super::model::TerminalRow;
use crate::ui::boot::{boot, refresh};
use crate::ui::form::{Field, PostForm, Submit};
use crate::ui::list::{FilterSelect, FilterText, Filters, page_param, param, rows_or_empty};
use crate::ui::parts::{Loading, PageTitle, outcome};

/// 终端: hospitals and who looks after them.
#[component]
pub fn TerminalList() -> impl IntoView {
    let (text, province, assigned, page) = (
        param("text"),
        param("province"),
        param("assigned"),
        page_param(),
    );
    let terminals = Resource::new(
        move || {
            (
                text.get(),
                province.get(),
                assigned.get(),
                page.get(),
                refresh(),
            )
        },
        |(text, province, assigned, page, _)| list_terminals(text, province, assigned, page),
    );
    view! {
        <PageTitle title=tr!("terminals.title")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(terminals.await, |data| {
                    let provinces = data.provinces.into_iter().map(|p| {
                        let label = if p == "-" { tr!("terminals.no_province") } else { p.clone() };
                        (p, label)
                    }).collect();
                    let states = vec![("yes".into(), tr!("terminals.assigned")), ("no".into(), tr!("terminals.unassigned"))];
                    let reps = data.reps;
                    let assigns = !reps.is_empty();
                    view! {
                        <datalist id="reps">{reps.into_iter().map(|r| view! { <option value=r></option> }).collect_view()}</datalist>
                        <Filters action="/terminals">
                            <FilterText name="text" label=tr!("terminals.search")/>
                            <FilterSelect name="province" label=tr!("terminals.any_province") options=provinces/>
                            <FilterSelect name="assigned" label=tr!("terminals.any_state") options=states/>
                        </Filters>
                        {rows_or_empty(data.page, tr!("terminals.empty"), |rows| view! {
                            <ul class="rounded-box border border-base-300 bg-base-100 divide-y divide-base-300">
                                {rows.into_iter().map(|t| view! { <TerminalItem terminal=t assigns=assigns/> }).collect_view()}
                            </ul>
                        })}
                    }
                })
            })}
        </Suspense>
    }
}

#[component]
fn TerminalItem(terminal: TerminalRow, assigns: bool) -> impl IntoView {
    let place = match (terminal.province.as_str(), terminal.city.as_str()) {
        ("", _) => tr!("terminals.no_province"),
        (province, city) if province == city => province.to_owned(),
        (province, city) => format!("{province} {city}"),
    };
    let owner = terminal
        .owner
        .clone()
        .unwrap_or_else(|| tr!("terminals.unassigned"));
    view! {
        <li class="px-4 py-2">
            <div class="flex flex-wrap items-center gap-x-3">
                <span class="me-auto font-medium">{terminal.name}</span>
                <span class="badge badge-ghost">{owner}</span>
            </div>
            <div class="num flex flex-wrap gap-x-3 text-sm text-base-content/70">
                <span>{terminal.code}</span><span>{place}</span><span>{terminal.level}</span>
                <span>{tr!("terminals.hcps", n = terminal.hcps)}</span>
                {terminal.located.then(|| view! { <span>{tr!("terminals.located")}</span> })}
            </div>
            {assigns.then(|| view! {
                <details class="mt-1">
                    <summary class="cursor-pointer text-sm link">{tr!("terminals.assign")}</summary>
                    <PostForm to=AssignTerminal::url() class="mt-2 grid max-w-xl gap-x-3 sm:grid-cols-3 items-end">
                        <input type="hidden" name="terminal_id" value=terminal.id/>
                        <Field name="staff" label=tr!("terminals.owner") list="reps" required=true/>
                        <Field name="from" label=tr!("terminals.from") kind="date" value=boot().today/>
                        <div class="mb-3"><Submit label=tr!("ui.save") class="btn"/></div>
                    </PostForm>
                </details>
            })}
        </li>
    }
}
