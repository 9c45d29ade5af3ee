//! One's own groups of HCPs.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::ownership::api::*;
use crate::ownership::model::GroupRow;
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, Field, PostForm, Submit};
use crate::ui::parts::{Card, Empty, Loading, PageTitle, outcome};

/// 分组: one's own groups.
#[component]
pub fn GroupList() -> impl IntoView {
    let groups = Resource::new(refresh, |_| list_groups());
    view! {
        <PageTitle title=tr!("ownership.group.title")>
            <a class="btn" href="/hcps">{tr!("ownership.to_hcps")}</a>
        </PageTitle>
        <Card title=tr!("ownership.group.new")>
            <PostForm to=CreateGroup::url() class="flex flex-wrap items-end gap-x-3">
                <div class="grow sm:max-w-80"><Field name="name" label=tr!("ownership.group.name") required=true/></div>
                <div class="mb-3"><Submit label=tr!("ownership.group.create")/></div>
            </PostForm>
        </Card>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(groups.await, |groups| {
                    if groups.is_empty() {
                        return view! { <Empty text=tr!("ownership.group.empty")/> }.into_any();
                    }
                    view! {
                        <ul class="rounded-box border border-base-300 bg-base-100 divide-y divide-base-300">
                            {groups.into_iter().map(|g| view! { <GroupItem group=g/> }).collect_view()}
                        </ul>
                    }
                    .into_any()
                })
            })}
        </Suspense>
    }
}

#[component]
fn GroupItem(group: GroupRow) -> impl IntoView {
    let href = format!("/hcps?group={}", group.id);
    let id = StoredValue::new(group.id);
    view! {
        <li class="px-4 py-3">
            <div class="flex flex-wrap items-center gap-3">
                <a class="link link-hover py-2 font-medium break-all" href=href>{group.name.clone()}</a>
                <span class="num me-auto text-sm text-base-content/70">{tr!("ownership.group.hcps", n = group.hcps)}</span>
                <Confirm to=DeleteGroup::url() label=tr!("ownership.group.delete") explain=tr!("ownership.group.delete_explain") class="btn btn-outline btn-error">
                    <input type="hidden" name="id" value=id.get_value()/>
                </Confirm>
            </div>
            <details>
                <summary class="link inline-flex min-h-10 cursor-pointer items-center text-sm">{tr!("ownership.group.rename")}</summary>
                <PostForm to=RenameGroup::url() class="mt-2 flex flex-wrap items-end gap-x-3">
                    <input type="hidden" name="id" value=id.get_value()/>
                    <div class="grow sm:max-w-80"><Field name="name" label=tr!("ownership.group.new_name") value=group.name required=true/></div>
                    <div class="mb-3"><Submit label=tr!("ui.save") class="btn"/></div>
                </PostForm>
            </details>
        </li>
    }
}
