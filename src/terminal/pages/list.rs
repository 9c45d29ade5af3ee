//! The list of terminals.

use leptos::prelude::*;

use super::{AssignForm, LineChoices, Reps, province_choices, region};
use crate::shared::Permission;
use crate::terminal::api::list_terminals;
use crate::terminal::model::{
    MAIN_LINE, STATUSES, TerminalFilter, TerminalRow, kind_label, line_label, status_label,
};
use crate::ui::boot::{may, refresh};
use crate::ui::list::{
    FilterSelect, FilterText, Filters, followed, page_param, param, rows_or_empty,
};
use crate::ui::parts::{Loading, PageTitle, outcome};

/// 终端: hospitals, pharmacies and distributors, and who looks after them.
#[component]
pub fn TerminalList() -> impl IntoView {
    let (text, province, kind, level) = (
        param("text"),
        param("province"),
        param("kind"),
        param("level"),
    );
    let (assigned, line, status) = (param("assigned"), param("line"), param("status"));
    let (parent, holder, sort, page) = (
        param("parent"),
        param("holder"),
        param("sort"),
        page_param(),
    );
    let terminals = Resource::new(
        move || {
            let filter = TerminalFilter {
                text: text.get(),
                province: province.get(),
                kind: kind.get(),
                level: level.get(),
                assigned: assigned.get(),
                line: line.get(),
                status: status.get(),
                parent: parent.get(),
                holder: holder.get(),
                sort: sort.get(),
            };
            (filter, page.get(), refresh())
        },
        |(filter, page, _)| list_terminals(filter, page),
    );
    view! {
        <PageTitle title=tr!("terminals.title")>
            {may(Permission::Import).then(|| view! { <a class="btn btn-sm min-h-10" href="/import?kind=hospitals">{tr!("terminals.import")}</a> })}
            {may(Permission::ManageOrg).then(|| view! {
                <a class="btn btn-sm min-h-10" href="/terminals/move">{tr!("terminals.move")}</a>
                <a class="btn btn-sm btn-primary min-h-10" href="/terminals/new">{tr!("terminals.new")}</a>
            })}
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(terminals.await, |data| {
                    let provinces = province_choices(data.provinces);
                    let lines: Vec<(String, String)> = std::iter::once(MAIN_LINE.to_owned())
                        .chain(data.lines.iter().cloned())
                        .map(|l| (l.clone(), line_label(&l)))
                        .collect();
                    let statuses = vec![
                        ("paused".into(), status_label("paused")),
                        ("closed".into(), status_label("closed")),
                        ("all".into(), tr!("terminals.any_status")),
                    ];
                    let kinds = data.kinds.into_iter().map(|k| {
                        let label = kind_label(&k);
                        (k, label)
                    }).collect();
                    let levels = data.levels.into_iter().map(|l| (l.clone(), l)).collect();
                    let states = vec![("yes".into(), tr!("terminals.assigned")), ("no".into(), tr!("terminals.unassigned"))];
                    let orders = vec![
                        ("name".into(), tr!("terminals.by_name")),
                        ("level".into(), tr!("terminals.by_level")),
                        ("code".into(), tr!("terminals.by_code")),
                        ("updated".into(), tr!("terminals.by_change")),
                    ];
                    let assigns = !data.reps.is_empty();
                    view! {
                        <Reps reps=data.reps/>
                        <LineChoices lines=data.lines/>
                        <Filters action="/terminals">
                            <FilterText name="text" label=tr!("terminals.search")/>
                            <FilterSelect name="province" label=tr!("terminals.any_province") options=provinces/>
                            <FilterSelect name="kind" label=tr!("terminals.any_kind") options=kinds/>
                            <FilterSelect name="level" label=tr!("terminals.any_level") options=levels/>
                            <FilterSelect name="assigned" label=tr!("terminals.any_state") options=states/>
                            <FilterSelect name="line" label=tr!("terminals.any_line") options=lines/>
                            <FilterSelect name="status" label=tr!("terminals.not_closed") options=statuses/>
                            {assigns.then(|| {
                                let holder = param("holder");
                                view! {
                                    <label>
                                        <span class="sr-only">{tr!("terminals.of_holder")}</span>
                                        <input type="search" name="holder" list="reps" class="input w-40" placeholder=tr!("terminals.of_holder") value=holder.get_untracked() prop:value=followed(holder.into())/>
                                    </label>
                                }
                            })}
                            {(!parent.get_untracked().is_empty()).then(|| view! { <input type="hidden" name="parent" value=parent.get_untracked()/> })}
                            <FilterSelect name="sort" called=tr!("ui.ordering") label=tr!("terminals.by_region") options=orders/>
                        </Filters>
                        {(!parent.get_untracked().is_empty()).then(|| view! {
                            <p class="mb-3 text-sm"><a class="link" href=format!("/terminals/{}", parent.get_untracked())>{tr!("terminals.to_group")}</a></p>
                        })}
                        {rows_or_empty(data.page, tr!("terminals.empty"), move |rows| view! {
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
    let place = region(&terminal.province, &terminal.city);
    let owner = terminal
        .owner
        .unwrap_or_else(|| tr!("terminals.unassigned"));
    let href = format!("/terminals/{}", terminal.id);
    view! {
        <li class="px-4 py-2">
            <div class="flex flex-wrap items-center gap-x-3">
                <a class="link link-hover me-auto py-2 font-medium" href=href>{terminal.name}</a>
                {(terminal.status != STATUSES[0]).then(|| view! { <span class="badge badge-warning badge-sm">{status_label(&terminal.status)}</span> })}
                <span class="badge badge-ghost">{owner}</span>
                {(!terminal.others.is_empty()).then(|| view! { <span class="badge badge-ghost">{terminal.others}</span> })}
            </div>
            <div class="num flex flex-wrap gap-x-3 text-sm text-base-content/70">
                <span>{terminal.code}</span><span>{kind_label(&terminal.kind)}</span>
                <span>{place}</span><span>{terminal.level}</span>
                {terminal.parent.map(|name| view! { <span>{tr!("terminals.branch_of", name = name)}</span> })}
                <span>{tr!("terminals.hcps", n = terminal.hcps)}</span>
                {terminal.located.then(|| view! { <span>{tr!("terminals.located")}</span> })}
            </div>
            {assigns.then(|| view! { <AssignForm terminal_id=terminal.id/> })}
        </li>
    }
}
