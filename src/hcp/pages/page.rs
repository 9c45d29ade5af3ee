//! One HCP: who they are, and a tab for each thing that is known of them.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::StateBadge;
use super::tabs::{NotesTab, PortraitTab, TimelineTab};
use crate::duplicate::pages::DuplicateHint;
use crate::hcp::api::*;
use crate::hcp::model::{HcpView, kind_label, sex_label};
use crate::onboarding::api::InviteHcp;
use crate::onboarding::pages::ConsentCard;
use crate::ownership::pages::OwnershipCard;
use crate::ui::boot::refresh;
use crate::ui::form::{PostForm, Submit};
use crate::ui::history::History;
use crate::ui::list::{page_param, param};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

fn id_param() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|p| p.get("id").unwrap_or_default()))
}

/// One HCP.
#[component]
pub fn HcpPage() -> impl IntoView {
    let id = id_param();
    let tab = param("tab");
    let hcp = Resource::new(move || (id.get(), refresh()), |(id, _)| get_hcp(id));
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(hcp.await, |hcp| view! { <Head hcp=hcp tab=tab/> }) })}
        </Suspense>
        <DuplicateHint id=id/>
        {move || match tab.get().as_str() {
            "timeline" => view! { <TimelineTab id=id/> }.into_any(),
            "portrait" => view! { <PortraitTab id=id/> }.into_any(),
            "ownership" => view! {
                <OwnershipCard id=id/>
                <ConsentCard id=id/>
            }.into_any(),
            "notes" => view! { <NotesTab id=id/> }.into_any(),
            _ => view! {
                <Suspense>
                    {move || Suspend::new(async move {
                        // The head above says what is wrong where nothing came.
                        hcp.await.ok().filter(|hcp| hcp.row.state != "merged").map(|hcp| view! { <Overview hcp=hcp/> })
                    })}
                </Suspense>
            }.into_any(),
        }}
    }
}

/// Name, place, what can be done, and the way to the tabs. Of a merged HCP only where they went.
#[component]
fn Head(hcp: HcpView, tab: Memo<String>) -> impl IntoView {
    let row = hcp.row;
    let id = StoredValue::new(row.id);
    let place: Vec<String> = [row.hospital, row.department, row.title]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let kind = (hcp.kind != "doctor").then(|| kind_label(&hcp.kind));
    let body = if row.state == "merged" {
        let kept = hcp.merged_into.map_or_else(
            || tr!("hcp_page.merged_elsewhere").into_any(),
            |(id, name)| {
                view! {
                    {tr!("hcp_page.merged_into")}
                    <a class="link font-medium" href=format!("/hcps/{id}")>{name}</a>
                }
                .into_any()
            },
        );
        view! { <div class="alert mb-4">{kept}</div> }.into_any()
    } else {
        view! {
            <div class="mb-4 grid grid-cols-2 gap-2 sm:flex sm:flex-wrap">
                {hcp.may_invite.then(|| view! {
                    <PostForm to=InviteHcp::url() class="col-span-2">
                        <input type="hidden" name="id" value=id.get_value()/>
                        <Submit label=tr!("hcp.make_code") class="btn btn-primary min-h-10 w-full"/>
                    </PostForm>
                })}
                {hcp.may_share.then(|| view! {
                    <a class="btn min-h-10" href="/articles?status=published">{tr!("hcp.share_something")}</a>
                })}
                {crate::ui::boot::may(crate::shared::Permission::RecordVisits).then(|| view! {
                    <a class="btn min-h-10" rel="external" href=format!("/visits/new?hcp={}", id.get_value())>{tr!("visit.record")}</a>
                    <a class="btn min-h-10" href=format!("/plans?hcp={}", id.get_value())>{tr!("plan.new")}</a>
                })}
                {hcp.may_write.then(|| view! {
                    <a class="btn min-h-10" href=format!("/hcps/{}/edit", id.get_value())>{tr!("hcp_page.edit")}</a>
                })}
            </div>
            <Tabs id=id.get_value() tab=tab/>
        }
        .into_any()
    };
    view! {
        <PageTitle title=row.name>
            {kind.map(|kind| view! { <span class="badge badge-outline whitespace-nowrap">{kind}</span> })}
            <StateBadge state=row.state withdrew=row.withdrew/>
        </PageTitle>
        <p class="-mt-2 mb-3 text-base-content/70">{place.join(" · ")}</p>
        {body}
    }
}

#[component]
fn Tabs(id: String, tab: Memo<String>) -> impl IntoView {
    let tabs = [
        ("", tr!("hcp_page.overview")),
        ("timeline", tr!("hcp_page.timeline")),
        ("portrait", tr!("hcp_page.portrait")),
        ("ownership", tr!("hcp_page.ownership")),
        ("notes", tr!("hcp_page.notes")),
    ];
    view! {
        <nav class="-mx-4 mb-4 overflow-x-auto px-4 pb-1" aria-label=tr!("hcp_page.tabs")>
            <ul class="flex gap-1 whitespace-nowrap">
                {tabs.into_iter().map(|(code, label)| {
                    let href = if code.is_empty() { format!("/hcps/{id}") } else { format!("/hcps/{id}?tab={code}") };
                    let here = move || tab.with(|tab| tab == code);
                    view! {
                        <li>
                            <a
                                href=href
                                class=move || if here() { "btn btn-primary min-h-10 px-3" } else { "btn btn-ghost min-h-10 px-3" }
                                aria-current=move || here().then_some("page")
                            >
                                {label}
                            </a>
                        </li>
                    }
                }).collect_view()}
            </ul>
        </nav>
    }
}

/// One line of what is known; nothing where it is empty.
fn line(label: String, value: String) -> Option<impl IntoView> {
    (!value.is_empty()).then(|| {
        view! { <dt class="text-base-content/70">{label}</dt><dd class="min-w-0 break-words">{value}</dd> }
    })
}

/// 概览: what is known of the HCP.
#[component]
fn Overview(hcp: HcpView) -> impl IntoView {
    let row = hcp.row;
    let id = StoredValue::new(row.id);
    let hidden = hcp.phone_full.is_none() && !row.phone_masked.is_empty();
    let phone = match hcp.phone_full {
        Some(phone) => {
            view! { <a class="num link" rel="external" href=format!("tel:{phone}")>{phone.clone()}</a> }
                .into_any()
        }
        None if row.phone_masked.is_empty() => tr!("hcp.no_phone").into_any(),
        None => view! { <span class="num">{row.phone_masked}</span> }.into_any(),
    };
    let sex = if row.sex.is_empty() {
        String::new()
    } else {
        sex_label(&row.sex)
    };
    let region = format!("{} {}", hcp.province, hcp.city).trim().to_owned();
    let workplaces = hcp.workplaces;
    let windows = hcp.windows;
    view! {
        <Card>
            <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2">
                <dt class="self-center text-base-content/70">{tr!("hcp.phone")}</dt>
                <dd class="flex flex-wrap items-center gap-2">
                    {phone}
                    {(hidden && hcp.may_reveal).then(|| view! {
                        <PostForm to=RevealPhone::url()>
                            <input type="hidden" name="id" value=id.get_value()/>
                            <Submit label=tr!("hcp.reveal") class="btn btn-sm min-h-10"/>
                        </PostForm>
                    })}
                </dd>
                {line(tr!("record.office_phone"), hcp.office_phone)}
                {(!hcp.email.is_empty()).then(|| view! {
                    <dt class="text-base-content/70">{tr!("record.email")}</dt>
                    <dd class="min-w-0 break-all"><a class="link" rel="external" href=format!("mailto:{}", hcp.email)>{hcp.email.clone()}</a></dd>
                })}
                {line(tr!("record.preferred_times"), hcp.preferred_times)}
                {line(tr!("hcp.hospital"), row.hospital)}
                {line(tr!("hcp.department"), row.department)}
                {line(tr!("record.title"), row.title)}
                {line(tr!("record.specialty"), hcp.specialty)}
                {(!workplaces.is_empty()).then(|| view! {
                    <dt class="text-base-content/70">{tr!("record.workplaces")}</dt>
                    <dd>
                        <ul>{workplaces.into_iter().map(|w| view! { <li>{w.hospital}" "{w.department}</li> }).collect_view()}</ul>
                    </dd>
                })}
                {(!windows.is_empty()).then(|| view! {
                    <dt class="text-base-content/70">{tr!("terminals.windows")}</dt>
                    <dd class="num"><ul>{windows.into_iter().map(|w| view! { <li>{w.words()}</li> }).collect_view()}</ul></dd>
                })}
                {line(tr!("hcp.region"), region)}
                {line(tr!("record.sex"), sex)}
                {(!hcp.tags.is_empty()).then(|| view! {
                    <dt class="text-base-content/70">{tr!("record.tags")}</dt>
                    <dd>
                        <ul class="flex flex-wrap gap-1">
                            {hcp.tags.into_iter().map(|tag| view! { <li class="badge badge-ghost">{tag}</li> }).collect_view()}
                        </ul>
                    </dd>
                })}
                {line(tr!("record.code"), hcp.code.unwrap_or_default())}
                {line(tr!("hcp.owner"), row.owner.unwrap_or_else(|| tr!("hcp.no_owner")))}
                {line(tr!("hcp_page.last_contact"), hcp.last_contact.unwrap_or_default())}
                {line(tr!("hcp.onboarded_at"), hcp.onboarded_at.unwrap_or_default())}
            </dl>
            <a class="btn btn-sm mt-4 min-h-10" href=move || format!("/hcps/{}/history", id.get_value())>{tr!("hcp_page.history")}</a>
        </Card>
    }
}

/// 修改记录: who changed what and when on an HCP.
#[component]
pub fn HcpHistory() -> impl IntoView {
    let (id, page) = (id_param(), page_param());
    let changes = Resource::new(
        move || (id.get(), page.get(), refresh()),
        |(id, page, _)| get_changes(id, page),
    );
    view! {
        <PageTitle title=tr!("hcp_page.history")>
            <a class="btn btn-sm min-h-10" href=move || format!("/hcps/{}", id.get())>{tr!("ui.back")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(changes.await, |(name, changes)| view! {
                    <p class="mb-3 font-semibold">{name}</p>
                    <Card><History changes=changes/></Card>
                })
            })}
        </Suspense>
    }
}
