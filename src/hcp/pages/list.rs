//! The list of HCPs: its filters, its rows, and picking for bulk acts.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_query_map;

use super::StateBadge;
use crate::hcp::list_api::*;
use crate::hcp::list_model::{
    CONTACTS, Choices, Filter, HcpItem, HcpList as Found, SORTS, STATES, contact_label,
    filter_name, filter_value, sort_label,
};
use crate::hcp::model::{KINDS, kind_label, state_label};
use crate::shared::Permission;
use crate::ui::boot::{may, refresh};
use crate::ui::form::{PostForm, Submit};
use crate::ui::list::{FilterSelect, FilterText, page_param, param};
use crate::ui::money::grouped;
use crate::ui::parts::{Empty, Loading, PageTitle, outcome};

/// 客户: HCPs within scope.
#[component]
pub fn HcpList() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(|q| Filter::read(|name| q.get(name))));
    let page = page_param();
    let choices = Resource::new(refresh, |_| list_choices());
    let hcps = Resource::new(
        move || (filter.get(), page.get(), refresh()),
        |(filter, page, _)| list_hcps(filter, page),
    );
    view! {
        <PageTitle title=tr!("hcp.title")>
            <More/>
            {may(Permission::WriteHcps).then(|| view! { <a class="btn btn-primary" href="/hcps/new">{tr!("hcp_list.new")}</a> })}
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                let choices = choices.await.unwrap_or_default();
                outcome(hcps.await, move |found| {
                    let filter = filter.get_untracked();
                    view! {
                        {found.pending.filter(|n| *n > 0).map(|n| view! {
                            <a class="alert alert-warning mb-4 py-2" href="/hcps/pending">{tr!("hcp.pending_waiting", n = n)}</a>
                        })}
                        <FilterForm filter=filter.clone() choices=choices names=found.names.clone()/>
                        <Chips filter=filter.clone() names=found.names.clone()/>
                        <Rows filter=filter found=found/>
                    }
                })
            })}
        </Suspense>
    }
}

/// The other pages around HCPs, folded so that a phone shows the list first.
#[component]
fn More() -> impl IntoView {
    let query = use_query_map();
    let entries = [
        (Permission::WriteHcps, "/groups", tr!("hcp_list.groups")),
        (Permission::WriteHcps, "/requests", tr!("hcp_list.requests")),
        (Permission::MakeCodes, "/codes", tr!("hcp_list.codes")),
        (Permission::ReadHcps, "/coverage", tr!("hcp_list.coverage")),
        (
            Permission::AssignHcps,
            "/transfers",
            tr!("hcp_list.transfers"),
        ),
        (
            Permission::StewardHcps,
            "/duplicates",
            tr!("hcp_list.duplicates"),
        ),
        (
            Permission::ImportHcps,
            "/import?kind=hcps",
            tr!("hcp_list.import"),
        ),
    ];
    let entries = entries
        .into_iter()
        .filter(|(permission, _, _)| may(*permission))
        .map(|(_, href, label)| view! { <li><a class="min-h-10 items-center" href=href>{label}</a></li> })
        .collect_view();
    view! {
        <details class="dropdown dropdown-end">
            <summary class="btn">{tr!("hcp_list.more")}</summary>
            <ul class="menu dropdown-content z-20 mt-1 w-44 rounded-box border border-base-300 bg-base-100 p-2 shadow-lg">
                {entries}
                <li>
                    <a class="min-h-10 items-center" rel="external" download=""
                        href=move || format!("/hcps/export.xlsx{}", query.with(|q| q.to_query_string()))>
                        {tr!("ui.export")}
                    </a>
                </li>
            </ul>
        </details>
    }
}

/// The form of filters, which goes to this page by GET.
#[component]
fn FilterForm(
    filter: Filter,
    choices: Choices,
    /// What the ids in the filter stand for.
    names: Vec<(String, String)>,
) -> impl IntoView {
    let states = STATES.map(|s| (s.to_owned(), state_label(s))).to_vec();
    let kinds = KINDS.map(|k| (k.to_owned(), kind_label(k))).to_vec();
    let contacts = CONTACTS.map(|c| (c.to_owned(), contact_label(c))).to_vec();
    let sorts = SORTS[1..]
        .iter()
        .map(|s| ((*s).to_owned(), sort_label(s)))
        .collect();
    let departments = with_own(choices.departments, &filter.department);
    let provinces = with_own(choices.provinces, &filter.province);
    let owners: Vec<(String, String)> =
        std::iter::once(("none".to_owned(), tr!("hcp_list.no_owner")))
            .chain(choices.owners.iter().map(|o| (o.clone(), String::new())))
            .collect();
    // An owner who came by id, from another page, is not to be typed over.
    let types_owner = !choices.owners.is_empty() && names.iter().all(|(name, _)| name != "owner");
    let owner_hint = if choices.owners_cut {
        tr!("hcp_list.owners_cut", n = choices.owners.len())
    } else {
        String::new()
    };
    let owner = filter.owner.clone();
    let open = filter.has_more();
    view! {
        <form method="get" action="/hcps" class="mb-3" role="search" autocomplete="off">
            <div class="flex flex-wrap items-end gap-2">
                <FilterText name="text" label=tr!("hcp.search")/>
                <FilterSelect name="state" label=tr!("hcp.any_state") options=states/>
                <FilterSelect name="department" label=tr!("hcp.any_department") options=departments/>
                <FilterSelect name="sort" called=tr!("ui.ordering") label=sort_label("pinyin") options=sorts/>
                <button class="btn btn-primary">{tr!("ui.search")}</button>
            </div>
            <details class="mt-2" open=open>
                <summary class="min-h-10 cursor-pointer py-2 text-sm">{tr!("hcp_list.more_filters")}</summary>
                <div class="grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-5">
                    <Choice name="kind" options=kinds/>
                    <Typed name="title" values=plain(choices.titles)/>
                    <Typed name="specialty" values=Vec::new()/>
                    <Typed name="tag" values=plain(choices.tags)/>
                    {types_owner.then(|| view! { <Typed name="owner" values=owners hint=owner_hint/> })}
                    <Choice name="province" options=provinces/>
                    <Typed name="city" values=Vec::new()/>
                    <Choice name="contact" options=contacts/>
                    {(!choices.groups.is_empty()).then(|| view! { <Choice name="group" options=choices.groups/> })}
                </div>
                <div class="mt-2 flex flex-wrap gap-x-4">
                    <Tick name="followed" label=tr!("hcp_list.followed") on=filter.followed == "true"/>
                    <Tick name="shared" label=tr!("hcp_list.shared") on=filter.shared == "true"/>
                </div>
                {(!types_owner && !owner.is_empty()).then(|| view! { <input type="hidden" name="owner" value=owner/> })}
                {(!filter.terminal.is_empty()).then(|| view! { <input type="hidden" name="terminal" value=filter.terminal/> })}
            </details>
        </form>
    }
}

/// Values that stand for themselves, with the one that is set even where it is not among them.
fn with_own(mut values: Vec<String>, own: &str) -> Vec<(String, String)> {
    if !own.is_empty() && !values.iter().any(|v| v == own) {
        values.insert(0, own.to_owned());
    }
    values.into_iter().map(|v| (v.clone(), v)).collect()
}

fn plain(values: Vec<String>) -> Vec<(String, String)> {
    values.into_iter().map(|v| (v, String::new())).collect()
}

/// A filter to choose.
#[component]
fn Choice(name: &'static str, options: Vec<(String, String)>) -> impl IntoView {
    let value = param(name).get_untracked();
    view! {
        <label class="text-sm">
            <span class="block text-base-content/70">{filter_name(name)}</span>
            <select name=name class="select w-full">
                <option value="">{tr!("hcp_list.any")}</option>
                {options.into_iter().map(|(code, text)| {
                    let selected = code == value;
                    view! { <option value=code selected=selected>{text}</option> }
                }).collect_view()}
            </select>
        </label>
    }
}

/// A filter to type, with suggestions: value and what stands beside it.
#[component]
fn Typed(
    name: &'static str,
    values: Vec<(String, String)>,
    #[prop(optional, into)] hint: String,
) -> impl IntoView {
    let value = param(name).get_untracked();
    let list = (!values.is_empty()).then(|| format!("list-{name}"));
    view! {
        <label class="text-sm">
            <span class="block text-base-content/70">{filter_name(name)}</span>
            <input type="text" name=name class="input w-full" autocomplete="off" list=list.clone() value=value/>
            {(!hint.is_empty()).then(|| view! { <span class="mt-1 block text-base-content/70">{hint}</span> })}
        </label>
        {list.map(|id| view! {
            <datalist id=id>
                {values.into_iter().map(|(value, label)| view! { <option value=value>{label}</option> }).collect_view()}
            </datalist>
        })}
    }
}

/// A filter that is on or off.
#[component]
fn Tick(name: &'static str, #[prop(into)] label: String, on: bool) -> impl IntoView {
    view! {
        <label class="flex min-h-10 cursor-pointer items-center gap-2 text-sm">
            <input type="checkbox" class="checkbox checkbox-sm" name=name value="true" checked=on/>
            {label}
        </label>
    }
}

/// The filters that are set, each as a link to the list without it.
#[component]
fn Chips(filter: Filter, names: Vec<(String, String)>) -> impl IntoView {
    let set = filter.set();
    if set.is_empty() {
        return ().into_any();
    }
    let query = use_query_map().get_untracked();
    let chips = set
        .into_iter()
        .map(|(name, value)| {
            let mut rest = query.clone();
            for gone in [name, "page", "done"] {
                rest.remove(gone);
            }
            let value = filter_value(name, value, &names);
            let name = filter_name(name);
            let text = if name.is_empty() {
                value
            } else {
                tr!("hcp_list.chip", name = name, value = value)
            };
            let label = tr!("hcp_list.remove_filter", filter = text);
            let href = format!("/hcps{}", rest.to_query_string());
            view! {
                <li>
                    <a class="btn btn-sm min-h-10 font-normal" href=href aria-label=label>{text}<span aria-hidden="true">"×"</span></a>
                </li>
            }
        })
        .collect_view();
    view! {
        <ul class="mb-3 flex flex-wrap items-center gap-2" aria-label=tr!("hcp_list.filters")>
            {chips}
            <li><a class="btn btn-sm btn-ghost min-h-10" href="/hcps">{tr!("hcp_list.clear_filters")}</a></li>
        </ul>
    }
    .into_any()
}

/// The rows with a box each, the way to other pages, and what is picked.
#[component]
fn Rows(filter: Filter, found: Found) -> impl IntoView {
    let selected = RwSignal::new(found.selected);
    let (total, more) = (found.page.total, found.more);
    let total_text = if more {
        format!("{}+", grouped(total))
    } else {
        grouped(total)
    };
    let (here, pages) = (found.page.page, found.page.pages());
    let rows = found.page.rows;
    if rows.is_empty() {
        let back = total_text.clone();
        return view! {
            <Empty text=tr!("hcp.empty")/>
            {(here > 1).then(|| view! { <Turn page=here pages=pages more=false total=back/> })}
            <Picked selected=selected filter=filter total=total_text any=false/>
        }
        .into_any();
    }
    let failed = RwSignal::new(false);
    // Boxes save themselves where there is JavaScript; the button is for where there is none.
    let saves_itself = RwSignal::new(false);
    Effect::new(move || saves_itself.set(true));
    view! {
        <PostForm to=PickHcps::url()>
            {move || failed.get().then(|| view! { <p class="alert alert-error mb-2 py-2" role="alert">{tr!("hcp_list.pick_failed")}</p> })}
            <table class="block w-full rounded-box border border-base-300 bg-base-100 lg:table">
                <thead class="hidden lg:table-header-group">
                    <tr>
                        <th scope="col"><span class="sr-only">{tr!("hcp_list.pick")}</span></th>
                        <th scope="col">{tr!("record.name")}</th>
                        <th scope="col">{tr!("record.hospital")}</th>
                        <th scope="col">{tr!("hcp_list.department_title")}</th>
                        <th scope="col">{tr!("record.state")}</th>
                        <th scope="col">{tr!("record.owner")}</th>
                        <th scope="col">{tr!("record.tags")}</th>
                        <th scope="col">{tr!("hcp_list.last_contact")}</th>
                    </tr>
                </thead>
                <tbody class="block divide-y divide-base-300 lg:table-row-group">
                    {rows.into_iter().map(|item| view! { <Row item=item selected=selected failed=failed/> }).collect_view()}
                </tbody>
            </table>
            <div class="mt-2" class:hidden=move || saves_itself.get()>
                <Submit label=tr!("hcp_list.save_selection") class="btn"/>
            </div>
        </PostForm>
        <Turn page=here pages=pages more=more total=total_text.clone()/>
        <Picked selected=selected filter=filter total=total_text any=true/>
    }
    .into_any()
}

/// A row: a card on phones, a table's row on desktops.
#[component]
fn Row(item: HcpItem, selected: RwSignal<i64>, failed: RwSignal<bool>) -> impl IntoView {
    let id = StoredValue::new(item.id.clone());
    let change = move |event: leptos::ev::Event| {
        pick(
            id.get_value(),
            event_target_checked(&event),
            selected,
            failed,
        );
    };
    let shown = ticked_meanwhile(&item.id).unwrap_or(item.picked);
    if shown != item.picked {
        pick(item.id.clone(), shown, selected, failed);
    }
    let label = tr!("hcp_list.pick_one", name = item.name);
    let href = format!("/hcps/{}", item.id);
    let work = match (item.department.is_empty(), item.title.is_empty()) {
        (false, false) => format!("{} · {}", item.department, item.title),
        _ => format!("{}{}", item.department, item.title),
    };
    let owner = item.owner.clone();
    let contact = item.last_contact.clone();
    view! {
        <tr class="grid grid-cols-[auto_1fr_auto] items-center gap-x-2 px-2 py-2 text-sm lg:table-row">
            <td class="row-span-3 self-start lg:table-cell">
                <input type="hidden" name="shown[]" value=item.id.clone()/>
                <label class="flex min-h-11 min-w-11 cursor-pointer items-center justify-center">
                    <span class="sr-only">{label}</span>
                    // Without what the browser itself would tick again on the way back.
                    <input type="checkbox" class="checkbox" name="picked[]" value=item.id autocomplete="off"
                        checked=item.picked prop:checked=shown on:change=change/>
                </label>
            </td>
            <td class="lg:table-cell">
                <a class="inline-flex min-h-10 items-center gap-2 text-base font-medium hover:underline" href=href>{item.name}</a>
                {(item.kind != "doctor").then(|| view! { <span class="badge badge-ghost ms-2 whitespace-nowrap">{kind_label(&item.kind)}</span> })}
            </td>
            <td class="col-span-2 col-start-2 row-start-2 text-base-content/70 lg:table-cell lg:text-base-content">{item.hospital}</td>
            <td class="col-span-2 col-start-2 row-start-3 text-base-content/70 lg:table-cell lg:text-base-content">
                {work}
                <span class="num ms-3 lg:hidden">{item.phone_masked}</span>
            </td>
            <td class="col-start-3 row-start-1 lg:table-cell">
                <span class="flex flex-col items-end gap-1 lg:items-start"><StateBadge state=item.state withdrew=item.withdrew/></span>
            </td>
            <td class="col-span-2 col-start-2 text-base-content/70 lg:table-cell lg:whitespace-nowrap lg:text-base-content">
                {owner.map(|owner| view! {
                    <span class="lg:hidden">{tr!("hcp.owned_by", name = owner.clone())}</span>
                    <span class="hidden lg:inline">{owner}</span>
                })}
            </td>
            <td class="col-span-2 col-start-2 lg:table-cell">
                <span class="my-1 flex flex-wrap gap-1 lg:my-0">
                    {item.tags.into_iter().map(|tag| view! { <span class="badge badge-outline badge-sm">{tag}</span> }).collect_view()}
                </span>
            </td>
            <td class="num col-span-2 col-start-2 text-base-content/70 lg:table-cell lg:whitespace-nowrap">
                {(!contact.is_empty()).then(|| view! {
                    <span class="lg:hidden">{tr!("hcp_list.contact_on", day = contact.clone())}</span>
                    <span class="hidden lg:inline">{contact.clone()}</span>
                })}
            </td>
        </tr>
    }
}

/// Whether a box is ticked in the page that the server sent, which can be used before it is hydrated.
#[cfg(feature = "hydrate")]
fn ticked_meanwhile(id: &str) -> Option<bool> {
    use wasm_bindgen::JsCast;
    if crate::ui::boot::is_hydrated() {
        return None;
    }
    let found = document().query_selector(&format!("input[name='picked[]'][value='{id}']"));
    let input = found.ok()??.dyn_into::<web_sys::HtmlInputElement>();
    Some(input.ok()?.checked())
}

#[cfg(not(feature = "hydrate"))]
fn ticked_meanwhile(_: &str) -> Option<bool> {
    None
}

/// Saves one box in the background.
fn pick(id: String, on: bool, selected: RwSignal<i64>, failed: RwSignal<bool>) {
    leptos::task::spawn_local(async move {
        let picked = if on { vec![id.clone()] } else { Vec::new() };
        let saved = pick_hcps(vec![id], picked).await.is_ok();
        failed.set(!saved);
        if saved {
            selected.update(|n| *n += if on { 1 } else { -1 });
        }
    });
}

/// Links to the pages before and after; how many there are is only known up to a bound.
#[component]
fn Turn(page: i64, pages: i64, more: bool, total: String) -> impl IntoView {
    let query = use_query_map().get_untracked();
    let link = move |to: i64| {
        let mut map = query.clone();
        map.remove("done");
        map.replace("page", to.to_string());
        format!("/hcps{}", map.to_query_string())
    };
    let of = if more {
        format!("{pages}+")
    } else {
        pages.to_string()
    };
    let before = if more { page } else { page.min(pages + 1) };
    let previous = (page > 1).then(|| link(before - 1));
    let next = (page < pages || more).then(|| link(page + 1));
    view! {
        <nav class="mt-3 flex items-center justify-between gap-2 text-sm" aria-label=tr!("ui.pages")>
            <span class="num text-base-content/70">{tr!("ui.rows", total = total)}</span>
            <span class="flex items-center gap-1">
                {previous.map(|href| view! { <a class="btn" href=href>{tr!("ui.previous")}</a> })}
                <span class="num self-center px-3">{format!("{page} / {of}")}</span>
                {next.map(|href| view! { <a class="btn" href=href>{tr!("ui.next")}</a> })}
            </span>
        </nav>
    }
}

/// How many are picked and what can be done with them, at hand while the list scrolls.
#[component]
fn Picked(selected: RwSignal<i64>, filter: Filter, total: String, any: bool) -> impl IntoView {
    let fields: Vec<(&'static str, String)> = filter
        .parameters()
        .into_iter()
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    view! {
        <div class="sticky bottom-20 z-10 mt-3 flex flex-wrap items-center gap-2 rounded-box border border-base-300 bg-base-100 p-2 shadow lg:bottom-4">
            <span class="num me-auto px-2" role="status">{move || tr!("hcp_list.selected", n = selected.get())}</span>
            {any.then(|| view! {
                <PostForm to=PickAll::url()>
                    {fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()}
                    <Submit label=tr!("hcp_list.select_all", n = total) class="btn"/>
                </PostForm>
            })}
            <span class="flex gap-2" class:hidden=move || selected.get() <= 0>
                <PostForm to=UnpickAll::url()>
                    <Submit label=tr!("hcp_list.clear_selection") class="btn"/>
                </PostForm>
                <a class="btn btn-primary" href="/hcps/selection">{tr!("hcp_list.act")}</a>
            </span>
        </div>
    }
}
