//! One terminal.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{AssignForm, LineChoices, Reps, region};
use crate::shared::Permission;
use crate::terminal::api::get_terminal;
use crate::terminal::model::{
    AssignmentRow, MAIN_LINE, Master, STATUSES, Window, kind_label, status_label, weekday_label,
};
use crate::ui::boot::{may, refresh};
use crate::ui::history::History;
use crate::ui::list::page_param;
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// A terminal's master data, reception windows, who looks after it, its HCPs and its history.
#[component]
pub fn TerminalView() -> impl IntoView {
    let params = use_params_map();
    let page = page_param();
    let data = Resource::new(
        move || {
            let id = params.with(|p| p.get("id").unwrap_or_default());
            (id, page.get(), refresh())
        },
        |(id, page, _)| get_terminal(id, page),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, |mut view| {
                    for change in &mut view.changes.rows {
                        if change.field == "name" {
                            change.field = "terminal_name".into();
                        }
                    }
                    let record = view.record;
                    let master = record.master;
                    let edit = format!("/terminals/{}/edit", master.id);
                    let hcps = format!("/hcps?terminal={}", master.id);
                    let (id, name) = (master.id.clone(), master.name.clone());
                    let assigns = !view.reps.is_empty();
                    let branches = format!("/terminals?status=all&parent={}", master.id);
                    let gone = master.status != STATUSES[0];
                    let status = status_label(&master.status);
                    view! {
                        <PageTitle title=name>
                            <a class="btn btn-sm" href="/terminals">{tr!("terminals.all")}</a>
                            {may(Permission::ManageOrg).then(|| view! { <a class="btn btn-sm btn-primary" href=edit>{tr!("terminals.edit")}</a> })}
                        </PageTitle>
                        {gone.then(|| view! { <p class="alert alert-warning mb-4 py-2">{tr!("terminals.is_not_active", status = status)}</p> })}
                        <div class="grid items-start gap-x-4 lg:grid-cols-2">
                            <div>
                                <Card title=tr!("terminals.master")><Facts master=master aliases=record.aliases group=view.parent/></Card>
                                {(!view.branches.is_empty()).then(|| view! {
                                    <Card title=tr!("terminals.branches")>
                                        <ul class="mb-2 divide-y divide-base-300">
                                            {view.branches.into_iter().map(|(id, name)| view! {
                                                <li><a class="link inline-flex min-h-10 items-center" href=format!("/terminals/{id}")>{name}</a></li>
                                            }).collect_view()}
                                        </ul>
                                        <a class="btn btn-sm min-h-10" href=branches>{tr!("terminals.all_branches")}</a>
                                    </Card>
                                })}
                                <Card title=tr!("terminals.departments")><Words words=record.departments/></Card>
                            </div>
                            <div>
                                <Card title=tr!("terminals.windows")><Week windows=record.windows/></Card>
                                <Card title=tr!("terminals.owners")>
                                    <Assignments rows=view.assignments/>
                                    <Reps reps=view.reps/>
                                    <LineChoices lines=view.lines/>
                                    {assigns.then(|| view! { <AssignForm terminal_id=id/> })}
                                </Card>
                                <Card title=tr!("terminals.its_hcps")>
                                    <a class="btn" href=hcps>{tr!("terminals.show_hcps", n = view.hcps)}</a>
                                </Card>
                            </div>
                        </div>
                        <Card title=tr!("terminals.history")><History changes=view.changes/></Card>
                    }
                })
            })}
        </Suspense>
    }
}

#[component]
fn Facts(master: Master, aliases: Vec<String>, group: Option<(String, String)>) -> impl IntoView {
    let coordinates = match (master.latitude, master.longitude) {
        (Some(latitude), Some(longitude)) => {
            let datum = master.datum.unwrap_or_default();
            format!("{latitude}, {longitude} ({datum})")
        }
        _ => String::new(),
    };
    let place = region(&master.province, &master.city);
    let facts = [
        (tr!("terminals.code"), master.code),
        (tr!("terminals.kind"), kind_label(&master.kind)),
        (tr!("terminals.level"), master.level),
        (tr!("terminals.status"), status_label(&master.status)),
        (tr!("terminals.region"), place),
        (tr!("terminals.address"), master.address),
        (tr!("terminals.phone"), master.phone),
        (tr!("terminals.coordinates"), coordinates),
        (tr!("terminals.aliases"), aliases.join(&tr!("ui.comma"))),
        (tr!("terminals.note"), master.note),
    ];
    view! {
        <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
            {facts
                .into_iter()
                .map(|(name, value)| {
                    let value = if value.is_empty() { tr!("terminals.unknown") } else { value };
                    view! {
                        <dt class="text-base-content/70">{name}</dt>
                        <dd class="num min-w-0 break-words whitespace-pre-line">{value}</dd>
                    }
                })
                .collect_view()}
            {group.map(|(id, name)| view! {
                <dt class="text-base-content/70">{tr!("terminals.parent")}</dt>
                <dd><a class="link" href=format!("/terminals/{id}")>{name}</a></dd>
            })}
        </dl>
    }
}

#[component]
fn Words(words: Vec<String>) -> impl IntoView {
    if words.is_empty() {
        return view! { <p class="text-base-content/70">{tr!("terminals.no_departments")}</p> }
            .into_any();
    }
    view! {
        <ul class="flex flex-wrap gap-2">
            {words.into_iter().map(|w| view! { <li class="badge badge-ghost">{w}</li> }).collect_view()}
        </ul>
    }
    .into_any()
}

/// The reception windows by weekday.
#[component]
fn Week(windows: Vec<Window>) -> impl IntoView {
    if windows.is_empty() {
        return view! { <p class="text-base-content/70">{tr!("terminals.no_windows")}</p> }
            .into_any();
    }
    let days = (1..=7)
        .filter_map(|day| {
            let own: Vec<Window> = windows
                .iter()
                .filter(|w| w.weekday == day)
                .cloned()
                .collect();
            (!own.is_empty()).then_some((day, own))
        })
        .collect::<Vec<_>>();
    view! {
        <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2">
            {days
                .into_iter()
                .map(|(day, own)| view! {
                    <dt class="font-medium">{weekday_label(day)}</dt>
                    <dd>
                        <ul>
                            {own
                                .into_iter()
                                .map(|w| view! {
                                    <li class="flex flex-wrap gap-x-2">
                                        <span class="num">{format!("{}–{}", w.starts, w.ends)}</span>
                                        <span>{w.place}</span>
                                        {w.appointment.then(|| view! { <span class="badge badge-outline badge-sm self-center">{tr!("terminals.appointment")}</span> })}
                                    </li>
                                })
                                .collect_view()}
                        </ul>
                    </dd>
                })
                .collect_view()}
        </dl>
    }
    .into_any()
}

/// Who looks after it now and looked after it before.
#[component]
fn Assignments(rows: Vec<AssignmentRow>) -> impl IntoView {
    if rows.is_empty() {
        return view! { <p class="text-base-content/70">{tr!("terminals.unassigned")}</p> }
            .into_any();
    }
    view! {
        <ul class="divide-y divide-base-300">
            {rows
                .into_iter()
                .map(|row| {
                    let now = row.to.is_none();
                    let days = match row.to {
                        Some(to) => tr!("terminals.from_to", from = row.from, to = to),
                        None => tr!("terminals.since", from = row.from),
                    };
                    view! {
                        <li class="flex flex-wrap items-center gap-x-3 py-2">
                            <span class="me-auto font-medium">{row.staff}</span>
                            {(row.business_line != MAIN_LINE).then(|| view! { <span class="badge badge-outline badge-sm">{row.business_line.clone()}</span> })}
                            {now.then(|| view! { <span class="badge badge-success badge-sm">{tr!("terminals.now")}</span> })}
                            <span class="num text-sm text-base-content/70">{days}</span>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
    .into_any()
}
