//! The list of terminals.

use leptos::prelude::*;

use super::{AssignForm, Reps, region};
use crate::shared::Permission;
use crate::terminal::api::list_terminals;
use crate::terminal::model::{TerminalRow, kind_label};
use crate::ui::boot::{may, refresh};
use crate::ui::list::{FilterSelect, FilterText, Filters, page_param, param, rows_or_empty};
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
    let (assigned, sort, page) = (param("assigned"), param("sort"), page_param());
    let terminals = Resource::new(
        move || {
            let filter = (text.get(), province.get(), kind.get(), level.get());
            (filter, assigned.get(), sort.get(), page.get(), refresh())
        },
        |((text, province, kind, level), assigned, sort, page, _)| {
            list_terminals(text, province, kind, level, assigned, sort, page)
        },
    );
    view! {
        <PageTitle title=tr!("terminals.title")>
            {may(Permission::Import).then(|| view! { <a class="btn btn-sm" href="/import?kind=hospitals">{tr!("terminals.import")}</a> })}
            {may(Permission::ManageOrg).then(|| view! { <a class="btn btn-sm btn-primary" href="/terminals/new">{tr!("terminals.new")}</a> })}
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(terminals.await, |data| {
                    let provinces = data.provinces.into_iter().map(|p| {
                        let label = if p == "-" { tr!("terminals.no_province") } else { p.clone() };
                        (p, label)
                    }).collect();
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
                        <Filters action="/terminals">
                            <FilterText name="text" label=tr!("terminals.search")/>
                            <FilterSelect name="province" label=tr!("terminals.any_province") options=provinces/>
                            <FilterSelect name="kind" label=tr!("terminals.any_kind") options=kinds/>
                            <FilterSelect name="level" label=tr!("terminals.any_level") options=levels/>
                            <FilterSelect name="assigned" label=tr!("terminals.any_state") options=states/>
                            <FilterSelect name="sort" label=tr!("terminals.by_region") options=orders/>
                        </Filters>
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
                <span class="badge badge-ghost">{owner}</span>
            </div>
            <div class="num flex flex-wrap gap-x-3 text-sm text-base-content/70">
                <span>{terminal.code}</span><span>{kind_label(&terminal.kind)}</span>
                <span>{place}</span><span>{terminal.level}</span>
                <span>{tr!("terminals.hcps", n = terminal.hcps)}</span>
                {terminal.located.then(|| view! { <span>{tr!("terminals.located")}</span> })}
            </div>
            {assigns.then(|| view! { <AssignForm terminal_id=terminal.id/> })}
        </li>
    }
}
