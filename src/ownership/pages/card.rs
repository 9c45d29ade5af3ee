//! Ownership on an HCP's page.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::Choices;
use crate::hcp::model::reason_label;
use crate::ownership::api::*;
use crate::ownership::model::{AccessRow, GroupMark, OwnershipView, Stretch};
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, Field, PostForm, Submit};
use crate::ui::parts::{Card, Loading};

/// Owner, followed, groups, sharing and the history of ownership of an HCP. Loads its own data; shows nothing where
/// they cannot be had.
#[component]
pub fn OwnershipCard(
    /// The HCP's id.
    #[prop(into)]
    id: Memo<String>,
) -> impl IntoView {
    let card = Resource::new(move || (id.get(), refresh()), |(id, _)| get_ownership(id));
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { card.await.ok().map(|data| view! { <Cards data=data/> }) })}
        </Suspense>
    }
}

#[component]
fn Cards(data: OwnershipView) -> impl IntoView {
    let id = StoredValue::new(data.id);
    let followed = data.followed;
    let follow = if followed {
        tr!("ownership.card.unfollow")
    } else {
        tr!("ownership.card.follow")
    };
    view! {
        <Card title=tr!("ownership.card.title")>
            <div class="flex flex-wrap items-center gap-3">
                <span class="text-base-content/70">{tr!("ownership.card.owner")}</span>
                <span class="me-auto font-medium">{data.owner.unwrap_or_else(|| tr!("ownership.nobody"))}</span>
                {data.may_keep.then(|| view! {
                    <PostForm to=FollowHcp::url()>
                        <input type="hidden" name="id" value=id.get_value()/>
                        <input type="hidden" name="on" value=(!followed).to_string()/>
                        <Submit label=follow class="btn"/>
                    </PostForm>
                })}
                {data.may_transfer.then(|| view! {
                    <a class="btn" href=format!("/transfers/new?kind=selection&hcp={}", id.get_value())>{tr!("ownership.card.transfer")}</a>
                })}
            </div>
            {data.shared_until.map(|day| view! {
                <p class="mt-2 text-sm text-base-content/70">{tr!("ownership.card.shared_until", day = day)}</p>
            })}
        </Card>
        {data.may_keep.then(|| view! { <Groups id=id.get_value() groups=data.groups/> })}
        {data.may_share.then(|| view! {
            <Sharing id=id.get_value() access=data.access colleagues=data.colleagues suggested=data.suggested/>
        })}
        <Past stretches=data.stretches/>
    }
}

#[component]
fn Groups(id: String, groups: Vec<GroupMark>) -> impl IntoView {
    view! {
        <Card title=tr!("ownership.group.title")>
            <PostForm to=SetGroups::url()>
                <input type="hidden" name="id" value=id/>
                <div class="mb-2 flex flex-wrap gap-x-5">
                    {groups.into_iter().map(|g| {
                        let shown = g.id.clone();
                        view! {
                            <label class="flex min-h-10 items-center gap-2">
                                <input type="hidden" name="shown[]" value=shown/>
                                <input type="checkbox" class="checkbox" name="chosen[]" value=g.id checked=g.member/>
                                <span class="break-all">{g.name}</span>
                            </label>
                        }
                    }).collect_view()}
                </div>
                <div class="flex flex-wrap items-end gap-x-3">
                    <div class="grow sm:max-w-80"><Field name="group" label=tr!("ownership.group.into_new")/></div>
                    <div class="mb-3"><Submit label=tr!("ownership.group.save") class="btn"/></div>
                </div>
            </PostForm>
            <a class="link inline-flex min-h-10 items-center text-sm" href="/groups">{tr!("ownership.group.all")}</a>
        </Card>
    }
}

#[component]
fn Sharing(
    id: String,
    access: Vec<AccessRow>,
    colleagues: Vec<String>,
    suggested: String,
) -> impl IntoView {
    let list = if access.is_empty() {
        view! { <p class="mb-3 text-base-content/70">{tr!("ownership.share.none")}</p> }.into_any()
    } else {
        view! {
            <ul class="mb-3 divide-y divide-base-300">
                {access.into_iter().map(|a| view! {
                    <li class="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
                        <span class="font-medium">{a.colleague}</span>
                        <span class="num">{tr!("ownership.share.until_day", day = a.until)}</span>
                        <span class="me-auto text-sm text-base-content/70">{tr!("ownership.share.by", name = a.by)}</span>
                        <Confirm to=EndAccess::url() label=tr!("ownership.share.end") explain=tr!("ownership.share.end_explain") class="btn btn-outline btn-error">
                            <input type="hidden" name="id" value=a.id/>
                        </Confirm>
                    </li>
                }).collect_view()}
            </ul>
        }
        .into_any()
    };
    view! {
        <Card title=tr!("ownership.share.title")>
            <p class="mb-2 text-sm text-base-content/70">{tr!("ownership.share.explain")}</p>
            {list}
            <Choices id="share-colleagues" texts=colleagues/>
            <PostForm to=ShareHcp::url() class="grid items-start gap-x-3 sm:grid-cols-[1fr_auto_auto]">
                <input type="hidden" name="id" value=id/>
                <Field name="colleague" label=tr!("ownership.share.colleague") list="share-colleagues" required=true/>
                <Field name="until" label=tr!("ownership.share.until") kind="date" value=suggested required=true/>
                <div class="mb-3 sm:mt-6"><Submit label=tr!("ownership.share.give")/></div>
            </PostForm>
        </Card>
    }
}

#[component]
fn Past(stretches: Vec<Stretch>) -> impl IntoView {
    let body = if stretches.is_empty() {
        view! { <p class="text-base-content/70">{tr!("ownership.past.none")}</p> }.into_any()
    } else {
        view! {
            <ul class="divide-y divide-base-300">
                {stretches.into_iter().map(|s| {
                    let to = s.to.unwrap_or_else(|| tr!("ownership.past.now"));
                    let by = s.by.unwrap_or_else(|| tr!("ownership.past.system"));
                    view! {
                        <li class="py-2">
                            <div class="flex flex-wrap gap-x-3">
                                <span class="font-medium">{s.owner.unwrap_or_else(|| tr!("ownership.nobody"))}</span>
                                <span class="num text-sm">{s.from}" – "{to}</span>
                            </div>
                            <div class="flex flex-wrap gap-x-3 text-sm text-base-content/70">
                                <span>{reason_label(&s.reason)}</span>
                                {s.note.map(|note| view! { <span class="break-words">{note}</span> })}
                                <span>{tr!("ownership.past.by", name = by)}</span>
                            </div>
                        </li>
                    }
                }).collect_view()}
            </ul>
        }
        .into_any()
    };
    view! { <Card title=tr!("ownership.past.title")>{body}</Card> }
}
