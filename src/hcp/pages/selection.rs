//! The HCPs that are picked, and what can be done with all of them.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::StateBadge;
use crate::hcp::list_api::*;
use crate::hcp::list_model::{Choices, HcpItem, Selection};
use crate::ownership::api::GroupSelection;
use crate::shared::Permission;
use crate::ui::boot::{may, refresh};
use crate::ui::form::{Field, PostForm, Submit};
use crate::ui::list::{page_param, param, rows_or_empty};
use crate::ui::parts::{Card, Empty, Loading, PageTitle, outcome};

/// 已选客户: the picked HCPs and the acts on them.
#[component]
pub fn SelectionPage() -> impl IntoView {
    let page = page_param();
    let choices = Resource::new(refresh, |_| list_choices());
    let picked = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| list_selection(page),
    );
    view! {
        <PageTitle title=tr!("hcp_list.selection")>
            <a class="btn" href="/hcps">{tr!("ui.back")}</a>
        </PageTitle>
        <Done/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                let choices = choices.await.unwrap_or_default();
                outcome(picked.await, move |selection| {
                    if selection.page.total == 0 {
                        return view! {
                            <Empty text=tr!("hcp_list.nobody_picked")>
                                <a class="btn btn-primary" href="/hcps">{tr!("hcp_list.to_list")}</a>
                            </Empty>
                        }
                        .into_any();
                    }
                    let Selection { page, invitable } = selection;
                    view! {
                        <Acts total=page.total invitable=invitable choices=choices/>
                        <Chosen page=page/>
                    }
                    .into_any()
                })
            })}
        </Suspense>
    }
}

/// What the last act did; the address carries the figure, so that it is told without JavaScript too.
#[component]
fn Done() -> impl IntoView {
    let (tagged, untagged) = (param("tagged"), param("untagged"));
    let text = move || {
        let figure = |value: Memo<String>| value.get().parse::<u32>().ok();
        match (figure(tagged), figure(untagged)) {
            (Some(n), _) => Some(tr!("hcp_list.tagged", n = n)),
            (None, Some(n)) => Some(tr!("hcp_list.untagged", n = n)),
            (None, None) => None,
        }
    };
    view! {
        <div aria-live="polite">
            {move || text().map(|text| view! { <p class="num alert alert-info mb-4 py-2">{text}</p> })}
        </div>
    }
}

#[component]
fn Acts(total: i64, invitable: i64, choices: Choices) -> impl IntoView {
    let writes = may(Permission::WriteHcps);
    let options = |values: Vec<String>| {
        values
            .into_iter()
            .map(|value| view! { <option value=value></option> })
            .collect_view()
    };
    let tags = options(choices.tags);
    let groups = options(choices.groups.into_iter().map(|(_, name)| name).collect());
    view! {
        <p class="num mb-3 text-base-content/70">{tr!("hcp_list.acts_on", n = total)}</p>
        <div class="grid gap-x-4 md:grid-cols-2">
            {may(Permission::AssignHcps).then(|| view! {
                <Card title=tr!("hcp_list.assign")>
                    <p class="mb-3 text-sm text-base-content/70">{tr!("hcp_list.assign_explain")}</p>
                    <a class="btn btn-primary" href="/transfers/new?kind=selection">{tr!("hcp_list.assign")}</a>
                </Card>
            })}
            {writes.then(|| view! {
                <Card title=tr!("hcp_list.tags")>
                    <datalist id="selection-tags">{tags}</datalist>
                    <PostForm to=TagSelection::url()>
                        <Field name="tag" label=tr!("hcp_list.tag") list="selection-tags" required=true hint=tr!("hcp_list.tag_hint")/>
                        <div class="flex flex-wrap gap-2">
                            <Submit label=tr!("hcp_list.tag_add") choice=("act", "add")/>
                            <Submit label=tr!("hcp_list.tag_remove") class="btn" choice=("act", "remove")/>
                        </div>
                    </PostForm>
                </Card>
                <Card title=tr!("hcp_list.group")>
                    <datalist id="selection-groups">{groups}</datalist>
                    <PostForm to=GroupSelection::url()>
                        <Field name="group" label=tr!("hcp_list.group_name") list="selection-groups" required=true hint=tr!("hcp_list.group_hint")/>
                        <Submit label=tr!("hcp_list.group_add")/>
                    </PostForm>
                </Card>
            })}
            {may(Permission::InviteHcps).then(|| view! {
                <Card title=tr!("hcp_list.invite")>
                    <p class="num mb-3 text-sm text-base-content/70">{tr!("hcp_list.invite_explain", n = invitable)}</p>
                    <PostForm to=InviteSelection::url()>
                        <Submit label=tr!("hcp_list.invite")/>
                    </PostForm>
                </Card>
            })}
            <Card title=tr!("hcp_list.export")>
                <p class="mb-3 text-sm text-base-content/70">{tr!("hcp_list.export_explain")}</p>
                <div class="flex flex-wrap gap-2">
                    <a class="btn" rel="external" download="" href="/hcps/export.xlsx?selection=true">{tr!("ui.export")}</a>
                    {may(Permission::ExportPhones).then(|| view! {
                        <a class="btn btn-outline" rel="external" download="" href="/hcps/export.xlsx?selection=true&full=true">
                            {tr!("hcp_list.export_full")}
                        </a>
                    })}
                </div>
            </Card>
        </div>
    }
}

#[component]
fn Chosen(page: crate::shared::Page<HcpItem>) -> impl IntoView {
    view! {
        <div class="mb-2 mt-2 flex flex-wrap items-center gap-2">
            <h2 class="me-auto text-base font-semibold">{tr!("hcp_list.selected", n = page.total)}</h2>
            <PostForm to=UnpickAll::url()>
                <Submit label=tr!("hcp_list.clear_selection") class="btn"/>
            </PostForm>
        </div>
        {rows_or_empty(page, tr!("hcp_list.nobody_picked"), |rows| view! {
            <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                {rows.into_iter().map(|item| view! { <ChosenItem item=item/> }).collect_view()}
            </ul>
        })}
    }
}

#[component]
fn ChosenItem(item: HcpItem) -> impl IntoView {
    let id = StoredValue::new(item.id.clone());
    let href = format!("/hcps/{}", item.id);
    let place = format!("{} {}", item.hospital, item.department);
    view! {
        <li class="flex items-center gap-2 px-4 py-2">
            <span class="grow">
                <a class="inline-flex min-h-10 items-center font-medium hover:underline" href=href>{item.name}</a>
                <span class="ms-2 inline-flex flex-wrap gap-1"><StateBadge state=item.state withdrew=item.withdrew/></span>
                <span class="block text-sm text-base-content/70">{place}</span>
            </span>
            <PostForm to=PickHcps::url()>
                <input type="hidden" name="shown[]" value=id.get_value()/>
                <Submit label=tr!("hcp_list.unpick") class="btn btn-sm min-h-10"/>
            </PostForm>
        </li>
    }
}
