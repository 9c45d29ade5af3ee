//! Public codes: the list, a new one, its page with the funnel, and the sheet to print.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::id_param;
use crate::hcp::pages::HcpLine;
use crate::onboarding::api::*;
use crate::onboarding::model::{
    CODE_KINDS, CodeRow, CodeState, CodeView, Funnel, code_kind_label, rate,
};
use crate::sharing::pages::PassOn;
use crate::ui::boot::{boot, refresh};
use crate::ui::form::{Confirm, Field, PostForm, Select, Submit};
use crate::ui::list::{page_param, rows_or_empty};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// 邀请码: public codes within scope with their funnels.
#[component]
pub fn CodeList() -> impl IntoView {
    let page = page_param();
    let codes = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| list_codes(page),
    );
    view! {
        <PageTitle title=tr!("codes.title")>
            <a class="btn btn-sm btn-primary" href="/codes/new">{tr!("codes.new")}</a>
        </PageTitle>
        <p class="mb-4 text-sm text-base-content/70">{tr!("codes.explain")}</p>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(codes.await, |page| rows_or_empty(page, tr!("codes.empty"), |rows| view! {
                    <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                        {rows.into_iter().map(|code| view! { <CodeItem code=code/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn CodeItem(code: CodeRow) -> impl IntoView {
    let funnel = code.funnel;
    let whole = funnel.scanned;
    let href = format!("/codes/{}", code.id);
    view! {
        <li>
            <a class="block px-4 py-3 hover:bg-base-200" href=href>
                <span class="flex items-center gap-2">
                    <span class="me-auto font-medium">{code.name.clone()}</span>
                    <State state=code.state/>
                </span>
                <Facts code=code/>
                <span class="num mt-1 flex flex-wrap gap-x-4 text-sm">
                    {funnel.steps().into_iter().enumerate().map(|(i, (name, n))| view! {
                        <span>
                            {name}" "<b>{n}</b>
                            {(i > 0).then(|| format!(" ({})", rate(n, whole)))}
                        </span>
                    }).collect_view()}
                </span>
            </a>
        </li>
    }
}

#[component]
fn State(state: CodeState) -> impl IntoView {
    let (class, text) = match state {
        CodeState::Open => ("badge badge-success", tr!("codes.open")),
        CodeState::Expired => ("badge badge-warning", tr!("codes.expired")),
        CodeState::Closed => ("badge badge-ghost", tr!("codes.closed")),
    };
    view! { <span class=class>{text}</span> }
}

/// Kind, hospital, maker and days of a code in one line.
#[component]
fn Facts(code: CodeRow) -> impl IntoView {
    let expires = match code.expires {
        Some(day) => tr!("codes.until", day = day),
        None => tr!("codes.endless"),
    };
    view! {
        <span class="num flex flex-wrap gap-x-3 text-sm text-base-content/70">
            <span>{code_kind_label(&code.kind)}</span>
            {code.terminal.map(|name| view! { <span>{name}</span> })}
            <span>{tr!("codes.by", name = code.staff, day = code.created)}</span>
            <span>{expires}</span>
        </span>
    }
}

/// A new public code.
#[component]
pub fn CodeNew() -> impl IntoView {
    let hospitals = Resource::new(|| (), |()| own_hospitals());
    let kinds = CODE_KINDS
        .map(|kind| (kind.to_owned(), code_kind_label(kind)))
        .to_vec();
    view! {
        <PageTitle title=tr!("codes.new")>
            <a class="btn btn-sm" href="/codes">{tr!("ui.back")}</a>
        </PageTitle>
        <Suspense>
            {move || Suspend::new(async move {
                let names = hospitals.await.unwrap_or_default();
                view! { <datalist id="own-hospitals">{names.into_iter().map(|n| view! { <option value=n></option> }).collect_view()}</datalist> }
            })}
        </Suspense>
        <Card>
            <PostForm to=MakeCode::url() class="max-w-xl">
                <Field name="name" label=tr!("codes.name") hint=tr!("codes.name_hint") required=true/>
                <Select name="kind" label=tr!("codes.kind") options=kinds/>
                <Field name="hospital" label=tr!("codes.hospital") hint=tr!("codes.hospital_hint") list="own-hospitals"/>
                <Field name="expires" label=tr!("codes.expires") kind="date" hint=tr!("codes.expires_hint")/>
                <Submit label=tr!("codes.make")/>
            </PostForm>
        </Card>
    }
}

/// One public code.
#[component]
pub fn CodePage() -> impl IntoView {
    let (id, page) = (id_param(), page_param());
    let code = Resource::new(
        move || (id.get(), page.get(), refresh()),
        |(id, page, _)| get_code(id, page),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(code.await, |data| view! { <CodeCards data=data/> }) })}
        </Suspense>
    }
}

#[component]
fn CodeCards(data: CodeView) -> impl IntoView {
    let code = data.code;
    let id = StoredValue::new(code.id.clone());
    let (state, funnel, others) = (code.state, code.funnel, data.others);
    let expires = code.expires.clone().unwrap_or_default();
    let nobody = data.hcps.total == 0 && others > 0;
    let hcps = data.hcps;
    view! {
        <PageTitle title=code.name.clone()>
            <State state=state/>
            <a class="btn btn-sm" href=move || format!("/codes/{}/sheet", id.get_value())>{tr!("codes.sheet")}</a>
            <a class="btn btn-sm" href="/codes">{tr!("ui.back")}</a>
        </PageTitle>
        <div class="grid gap-x-4 lg:grid-cols-2 [&>*]:min-w-0">
            <Card title=tr!("codes.qr")>
                <Facts code=code/>
                <div class="mx-auto my-3 aspect-square w-full max-w-64 rounded-box bg-white p-3 [&>svg]:h-full [&>svg]:w-full" role="img" aria-label=tr!("codes.qr") inner_html=data.svg></div>
                <input class="input w-full" readonly value=data.url.clone() aria-label=tr!("codes.url")/>
                <PassOn url=data.url title=tr!("codes.qr")/>
            </Card>
            <Card title=tr!("codes.funnel")>
                <FunnelBars funnel=funnel/>
            </Card>
        </div>
        <Card title=tr!("codes.came")>
            {(others > 0).then(|| view! { <p class="mb-2 text-sm text-base-content/70">{tr!("codes.others", n = others)}</p> })}
            {(!nobody).then(|| rows_or_empty(hcps, tr!("codes.nobody"), |rows| view! {
                <ul class="divide-y divide-base-300">
                    {rows.into_iter().map(|h| {
                        let href = format!("/hcps/{}", h.id);
                        view! { <li><a class="block py-3 hover:bg-base-200" href=href><HcpLine hcp=h/></a></li> }
                    }).collect_view()}
                </ul>
            }))}
        </Card>
        <Card title=tr!("codes.change")>
            <PostForm to=ChangeCode::url() class="mb-3 flex flex-wrap items-end gap-2">
                <input type="hidden" name="id" value=id.get_value()/>
                <input type="hidden" name="act" value="extend"/>
                <Field name="expires" label=tr!("codes.expires") kind="date" value=expires/>
                <div class="mb-3"><Submit label=tr!("codes.extend") class="btn"/></div>
                <p class="-mt-2 basis-full text-sm text-base-content/70">{tr!("codes.extend_hint")}</p>
            </PostForm>
            {if state == CodeState::Closed {
                view! {
                    <PostForm to=ChangeCode::url()>
                        <input type="hidden" name="id" value=id.get_value()/>
                        <input type="hidden" name="act" value="reopen"/>
                        <Submit label=tr!("codes.reopen") class="btn"/>
                    </PostForm>
                }.into_any()
            } else {
                view! {
                    <Confirm to=ChangeCode::url() label=tr!("codes.close") explain=tr!("codes.close_explain") class="btn btn-outline btn-error">
                        <input type="hidden" name="id" value=id.get_value()/>
                        <input type="hidden" name="act" value="close"/>
                    </Confirm>
                }.into_any()
            }}
        </Card>
    }
}

/// The funnel as bars, with the same numbers in the table.
#[component]
fn FunnelBars(funnel: Funnel) -> impl IntoView {
    let steps = funnel.steps();
    let whole = funnel.scanned;
    let most = steps.iter().map(|(_, n)| *n).max().unwrap_or(0).max(1);
    let bars = steps
        .iter()
        .map(|(name, n)| {
            let width = 600.0 * *n as f64 / most as f64;
            view! {
                <div class="mb-2">
                    <div class="flex justify-between text-sm"><span>{name.clone()}</span><span class="num font-semibold">{*n}</span></div>
                    <svg viewBox="0 0 600 20" preserveAspectRatio="none" class="h-3 w-full text-primary">
                        <rect x="0" y="0" width=format!("{width:.1}") height="20" fill="currentColor"/>
                    </svg>
                </div>
            }
        })
        .collect_view();
    // Each step against the one before it.
    let before: Vec<i64> = std::iter::once(whole)
        .chain(steps.iter().map(|(_, n)| *n))
        .collect();
    view! {
        // What the bars show is read out from the table.
        <div aria-hidden="true">{bars}</div>
        <div class="mt-2 overflow-x-auto" tabindex="0" role="region" aria-label=tr!("codes.funnel")><table class="table table-sm num">
            <thead><tr><th>{tr!("codes.step")}</th><th class="text-end">{tr!("codes.visitors")}</th><th class="text-end">{tr!("codes.of_before")}</th><th class="text-end">{tr!("codes.of_scanned")}</th></tr></thead>
            <tbody>
                {steps.into_iter().zip(before).map(|((name, n), before)| view! {
                    <tr><td>{name}</td><td class="text-end">{n}</td><td class="text-end">{rate(n, before)}</td><td class="text-end">{rate(n, whole)}</td></tr>
                }).collect_view()}
            </tbody>
        </table></div>
        <p class="mt-2 text-sm text-base-content/70">{tr!("codes.counted")}</p>
    }
}

/// The sheet of a public code: a page of A4 to hang up.
#[component]
pub fn CodeSheet() -> impl IntoView {
    let id = id_param();
    let code = Resource::new(move || id.get(), |id| get_code(id, 1));
    view! {
        <div class="print:hidden">
            <PageTitle title=tr!("codes.sheet")>
                <a class="btn btn-sm" href=move || format!("/codes/{}", id.get())>{tr!("ui.back")}</a>
            </PageTitle>
            <p class="mb-4 text-sm text-base-content/70">{tr!("codes.sheet_explain")}</p>
        </div>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(code.await, |data| view! { <Poster data=data/> }) })}
        </Suspense>
    }
}

#[component]
fn Poster(data: CodeView) -> impl IntoView {
    let company = boot().company;
    let code = data.code;
    let (closed, expires) = (code.state != CodeState::Open, code.expires);
    let steps = [
        tr!("codes.how_scan"),
        tr!("codes.how_verify"),
        tr!("codes.how_confirm"),
    ];
    view! {
        {closed.then(|| view! { <p class="alert alert-warning mb-4 py-2 print:hidden">{tr!("codes.sheet_closed")}</p> })}
        // Paper is light whatever the screen is.
        <section data-theme="light" class="mx-auto max-w-2xl break-inside-avoid rounded-box bg-base-100 p-8 text-center text-base-content print:max-w-none print:p-0">
            <p class="text-lg">{company.clone()}</p>
            <h2 class="mt-2 text-3xl font-semibold">{code.name}</h2>
            {code.terminal.map(|name| view! { <p class="mt-1 text-lg">{name}</p> })}
            <p class="mt-4 text-xl">{tr!("codes.invites")}</p>
            <div class="mx-auto my-6 aspect-square w-full max-w-96 bg-white [&>svg]:h-full [&>svg]:w-full" role="img" aria-label=tr!("codes.qr") inner_html=data.svg></div>
            <ol class="mx-auto inline-block list-decimal ps-6 text-start text-lg">
                {steps.into_iter().map(|s| view! { <li class="py-1">{s}</li> }).collect_view()}
            </ol>
            <p class="mt-6 text-sm">{tr!("codes.consent_hint", company = company)}</p>
            {expires.map(|day| view! { <p class="num mt-2 text-sm">{tr!("codes.until", day = day)}</p> })}
            <p class="num mt-2 break-all text-xs">{data.url}</p>
        </section>
    }
}
