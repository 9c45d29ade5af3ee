//! Pages of HCPs.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::api::*;
use super::model::{HcpRow, HcpView, PendingRow, purpose_label, reason_label, state_label};
use crate::sharing::pages::MetricsGrid;
use crate::ui::boot::{boot, refresh};
use crate::ui::form::{Confirm, PostForm, Submit};
use crate::ui::list::{FilterSelect, FilterText, Filters, page_param, param, rows_or_empty};
use crate::ui::parts::{Card, DayBars, Loading, PageTitle, outcome};

/// The state of an HCP as a badge.
#[component]
fn StateBadge(state: String) -> impl IntoView {
    let class = match state.as_str() {
        "onboarded" => "badge badge-success",
        "invited" => "badge badge-info",
        "pending" => "badge badge-warning",
        _ => "badge badge-ghost",
    };
    view! { <span class=format!("{class} whitespace-nowrap")>{state_label(&state)}</span> }
}

/// 客户: HCPs within scope.
#[component]
pub fn HcpList() -> impl IntoView {
    let (text, state, department, page) = (
        param("text"),
        param("state"),
        param("department"),
        page_param(),
    );
    let hcps = Resource::new(
        move || {
            (
                text.get(),
                state.get(),
                department.get(),
                page.get(),
                refresh(),
            )
        },
        |(text, state, department, page, _)| list_hcps(text, state, department, page),
    );
    view! {
        <PageTitle title=tr!("hcp.title")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(hcps.await, |data| {
                    let states = ["listed", "invited", "onboarded"].map(|s| (s.to_owned(), state_label(s))).to_vec();
                    let departments = data.departments.into_iter().map(|d| (d.clone(), d)).collect();
                    view! {
                        {data.pending.filter(|n| *n > 0).map(|n| view! {
                            <a class="alert alert-warning mb-4 py-2" href="/hcps/pending">{tr!("hcp.pending_waiting", n = n)}</a>
                        })}
                        <Filters action="/hcps">
                            <FilterText name="text" label=tr!("hcp.search")/>
                            <FilterSelect name="state" label=tr!("hcp.any_state") options=states/>
                            <FilterSelect name="department" label=tr!("hcp.any_department") options=departments/>
                        </Filters>
                        {rows_or_empty(data.page, tr!("hcp.empty"), |rows| view! {
                            <ul class="rounded-box border border-base-300 bg-base-100 divide-y divide-base-300">
                                {rows.into_iter().map(|h| {
                                    let href = format!("/hcps/{}", h.id);
                                    view! { <li><a class="block px-4 py-3 hover:bg-base-200" href=href><HcpLine hcp=h/></a></li> }
                                }).collect_view()}
                            </ul>
                        })}
                    }
                })
            })}
        </Suspense>
    }
}

/// An HCP in two lines.
#[component]
pub fn HcpLine(hcp: HcpRow) -> impl IntoView {
    // One's own name on every line of one's own list says nothing.
    let me = boot().me.map(|me| me.name);
    let owner = hcp.owner.filter(|owner| me.as_ref() != Some(owner));
    view! {
        <span class="flex items-center gap-2">
            <span class="font-medium">{hcp.name}</span>
            <span class="text-sm text-base-content/70">{hcp.title}</span>
            <span class="ms-auto"><StateBadge state=hcp.state/></span>
        </span>
        <span class="flex flex-wrap gap-x-3 text-sm text-base-content/70">
            <span>{hcp.hospital}</span>
            <span>{hcp.department}</span>
            <span class="num">{hcp.phone_masked}</span>
            {owner.map(|o| view! { <span>{tr!("hcp.owned_by", name = o)}</span> })}
        </span>
    }
}

/// One HCP.
#[component]
pub fn HcpPage() -> impl IntoView {
    let params = use_params_map();
    let hcp = Resource::new(
        move || (params.with(|p| p.get("id").unwrap_or_default()), refresh()),
        |(id, _)| get_hcp(id),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(hcp.await, |hcp| view! { <HcpCards hcp=hcp/> }) })}
        </Suspense>
    }
}

#[component]
fn HcpCards(hcp: HcpView) -> impl IntoView {
    let row = hcp.row;
    let id = StoredValue::new(row.id.clone());
    let phone = hcp
        .phone_full
        .clone()
        .unwrap_or_else(|| row.phone_masked.clone());
    let hidden = hcp.phone_full.is_none() && !row.phone_masked.is_empty();
    let may_share = hcp.may_invite;
    view! {
        <PageTitle title=row.name.clone()>
            <StateBadge state=row.state.clone()/>
            {hcp.may_invite.then(|| view! {
                <PostForm to=InviteHcp::url()>
                    <input type="hidden" name="id" value=id.get_value()/>
                    <Submit label=tr!("hcp.make_code")/>
                </PostForm>
            })}
        </PageTitle>
        <Card>
            <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
                <dt class="text-base-content/70">{tr!("hcp.hospital")}</dt><dd>{row.hospital}</dd>
                <dt class="text-base-content/70">{tr!("hcp.department")}</dt><dd>{row.department}" "{row.title}</dd>
                <dt class="text-base-content/70">{tr!("hcp.region")}</dt><dd>{hcp.province}" "{hcp.city}</dd>
                <dt class="text-base-content/70">{tr!("hcp.phone")}</dt>
                <dd class="flex flex-wrap items-center gap-2">
                    <span class="num">{if phone.is_empty() { tr!("hcp.no_phone") } else { phone }}</span>
                    {(hidden && hcp.may_reveal).then(|| view! {
                        <PostForm to=RevealPhone::url()>
                            <input type="hidden" name="id" value=id.get_value()/>
                            <Submit label=tr!("hcp.reveal") class="btn btn-xs"/>
                        </PostForm>
                    })}
                </dd>
                <dt class="text-base-content/70">{tr!("hcp.owner")}</dt><dd>{row.owner.unwrap_or_else(|| tr!("hcp.no_owner"))}</dd>
                {hcp.onboarded_at.map(|at| view! {
                    <dt class="text-base-content/70">{tr!("hcp.onboarded_at")}</dt><dd class="num">{at}</dd>
                })}
            </dl>
        </Card>
        <Card title=tr!("hcp.portrait")>
            {match hcp.metrics {
                Some(metrics) => view! {
                    <MetricsGrid metrics=metrics/>
                    <p class="mt-3 text-sm">
                        {tr!("hcp.index")}" "<span class="num font-semibold">{format!("{:.1}", hcp.index.0)}</span>
                        <span class="block text-base-content/70">{hcp.index.1}</span>
                    </p>
                    <div class="mt-4"><DayBars name=tr!("metrics.pv") days=hcp.trend/></div>
                }.into_any(),
                None => view! { <p class="text-base-content/70">{tr!("hcp.not_tracked")}</p> }.into_any(),
            }}
        </Card>
        <Card title=tr!("hcp.trees")>
            {if hcp.trees.is_empty() {
                view! { <p class="text-base-content/70">{tr!("hcp.no_trees")}</p> }.into_any()
            } else {
                view! {
                    <ul class="divide-y divide-base-300">
                        {hcp.trees.into_iter().map(|t| view! {
                            <li class="flex items-center gap-3 py-2">
                                <a class="link link-hover me-auto" href=format!("/articles/{}/tree?hcp={}", t.article_id, id.get_value())>{t.title}</a>
                                <span class="num whitespace-nowrap text-sm text-base-content/70">{tr!("metrics.links", n = t.links)}</span>
                            </li>
                        }).collect_view()}
                    </ul>
                }.into_any()
            }}
            {may_share.then(|| view! { <a class="btn btn-sm mt-3" href="/articles?status=published">{tr!("hcp.share_something")}</a> })}
        </Card>
        <Card title=tr!("hcp.consents")>
            {if hcp.consents.is_empty() {
                view! { <p class="text-base-content/70">{tr!("hcp.no_consents")}</p> }.into_any()
            } else {
                view! {
                    <ul class="divide-y divide-base-300">
                        {hcp.consents.into_iter().map(|c| view! {
                            <li class="py-2">
                                <span class="font-medium">{purpose_label(&c.purpose)}</span>" "
                                {match (c.granted, &c.withdrawn_at) {
                                    (true, None) => view! { <span class="badge badge-success">{tr!("consent.granted")}</span> }.into_any(),
                                    (true, Some(_)) => view! { <span class="badge badge-warning">{tr!("consent.withdrawn")}</span> }.into_any(),
                                    (false, _) => view! { <span class="badge badge-ghost">{tr!("consent.declined")}</span> }.into_any(),
                                }}
                                <span class="num block text-sm text-base-content/70">
                                    {tr!("consent.line", at = c.at, version = c.text_version)}
                                    {c.withdrawn_at.map(|at| tr!("consent.withdrawn_at", at = at))}
                                </span>
                            </li>
                        }).collect_view()}
                    </ul>
                }.into_any()
            }}
        </Card>
        <Card title=tr!("hcp.ownership")>
            {if hcp.ownership.is_empty() {
                view! { <p class="text-base-content/70">{tr!("hcp.no_owner")}</p> }.into_any()
            } else {
                view! {
                    <ul>
                        {hcp.ownership.into_iter().map(|o| view! {
                            <li class="flex flex-wrap gap-x-3 py-1">
                                <span class="font-medium">{o.owner}</span>
                                <span class="num">{o.from}" – "{o.to.unwrap_or_default()}</span>
                                <span class="text-base-content/70">{reason_label(&o.reason)}</span>
                            </li>
                        }).collect_view()}
                    </ul>
                }.into_any()
            }}
        </Card>
    }
}

/// 个人专属二维码: the personal code, full-screen on the rep's phone.
#[component]
pub fn InvitationCode() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|p| p.get("id").unwrap_or_default()));
    let code = Resource::new(move || (id.get(), refresh()), |(id, _)| get_invitation(id));
    view! {
        <PageTitle title=tr!("invitation.title")>
            <a class="btn btn-sm" href=move || format!("/hcps/{}", id.get())>{tr!("ui.back")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(code.await, |data| {
                    let id = StoredValue::new(data.hcp.id.clone());
                    view! {
                        <div class="mx-auto max-w-md text-center">
                            <p class="text-lg font-semibold">{data.hcp.name}</p>
                            <p class="text-base-content/70">{data.hcp.hospital}" "{data.hcp.department}</p>
                            {match data.code {
                                Some(code) => view! {
                                    <div class="mx-auto my-4 aspect-square w-full max-w-[22rem] rounded-box bg-white p-4 [&>svg]:h-full [&>svg]:w-full" role="img" aria-label=tr!("invitation.alt") inner_html=code.svg></div>
                                    <p class="num">{tr!("invitation.expires", at = code.expires)}</p>
                                    <p class="mt-1 text-sm text-base-content/70">{tr!("invitation.explain")}</p>
                                    <p class="mt-2"><input class="input input-sm w-full" readonly value=code.url aria-label=tr!("invitation.url")/></p>
                                    <div class="mt-4 flex justify-center gap-2">
                                        <PostForm to=InviteHcp::url()>
                                            <input type="hidden" name="id" value=id.get_value()/>
                                            <Submit label=tr!("invitation.refresh") class="btn"/>
                                        </PostForm>
                                        <Confirm to=RevokeInvitation::url() label=tr!("invitation.revoke") explain=tr!("invitation.revoke_explain") class="btn btn-outline btn-error">
                                            <input type="hidden" name="id" value=id.get_value()/>
                                        </Confirm>
                                    </div>
                                }.into_any(),
                                None => view! {
                                    <p class="my-8">{tr!("invitation.none")}</p>
                                    <PostForm to=InviteHcp::url()>
                                        <input type="hidden" name="id" value=id.get_value()/>
                                        <Submit label=tr!("hcp.make_code")/>
                                    </PostForm>
                                }.into_any(),
                            }}
                        </div>
                    }
                })
            })}
        </Suspense>
    }
}

/// 待审核: registrations that wait for a steward.
#[component]
pub fn PendingList() -> impl IntoView {
    let page = page_param();
    let rows = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| list_pending(page),
    );
    view! {
        <PageTitle title=tr!("pending.title")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(rows.await, |page| rows_or_empty(page, tr!("pending.empty"), |rows| {
                    rows.into_iter().map(|p| view! { <PendingCard pending=p/> }).collect_view()
                }))
            })}
        </Suspense>
    }
}

#[component]
fn PendingCard(pending: PendingRow) -> impl IntoView {
    let id = StoredValue::new(pending.row.id.clone());
    view! {
        <Card>
            <HcpLine hcp=pending.row/>
            <p class="num text-sm text-base-content/70">{tr!("pending.at", at = pending.at)}</p>
            {pending.claims.map(|_| view! { <p class="text-sm">{tr!("pending.claims")}</p> })}
            <div class="mt-3">
                <p class="mb-1 text-sm font-medium">{tr!("pending.candidates")}</p>
                {if pending.candidates.is_empty() {
                    view! { <p class="text-sm text-base-content/70">{tr!("pending.no_candidates")}</p> }.into_any()
                } else {
                    pending.candidates.into_iter().map(|c| {
                        let into = StoredValue::new(c.id.clone());
                        view! {
                            <div class="mb-2 rounded-box bg-base-200 p-3">
                                <HcpLine hcp=c/>
                                <Confirm to=DecidePending::url() label=tr!("pending.same") explain=tr!("pending.same_explain") class="btn btn-sm mt-2">
                                    <input type="hidden" name="id" value=id.get_value()/>
                                    <input type="hidden" name="decision" value=into.get_value()/>
                                </Confirm>
                            </div>
                        }
                    }).collect_view().into_any()
                }}
            </div>
            <div class="mt-3 flex gap-2">
                <PostForm to=DecidePending::url()>
                    <input type="hidden" name="id" value=id.get_value()/>
                    <input type="hidden" name="decision" value="approve"/>
                    <Submit label=tr!("pending.approve") class="btn btn-sm btn-primary"/>
                </PostForm>
                <Confirm to=DecidePending::url() label=tr!("pending.reject") explain=tr!("pending.reject_explain")>
                    <input type="hidden" name="id" value=id.get_value()/>
                    <input type="hidden" name="decision" value="reject"/>
                </Confirm>
            </div>
        </Card>
    }
}
