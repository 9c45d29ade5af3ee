//! Consents of one HCP for the HCP's page, and the texts with their versions.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::onboarding::api::*;
use crate::onboarding::model::{
    ConsentRow, PURPOSES, PurposeTexts, REJECTED, TextVersion, channel_label, purpose_label,
};
use crate::ui::boot::{boot, refresh};
use crate::ui::form::{Checkbox, Confirm, Field, FieldMessage, PostForm, Submit, TextArea};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// 授权记录: what an HCP agreed to, when and where, and withdrawing it on their request. Shows nothing where the
/// consents may not be seen.
#[component]
pub fn ConsentCard(#[prop(into)] id: Memo<String>) -> impl IntoView {
    let consents = Resource::new(move || (id.get(), refresh()), |(id, _)| consents_of(id));
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                let data = consents.await.ok()?;
                let id = StoredValue::new(id.get_untracked());
                let may_withdraw = data.may_withdraw;
                Some(view! {
                    <Card title=tr!("hcp.consents")>
                        {if data.rows.is_empty() {
                            view! { <p class="text-base-content/70">{tr!("hcp.no_consents")}</p> }.into_any()
                        } else {
                            let rows = data.rows;
                            view! {
                                <ul class="divide-y divide-base-300">
                                    {PURPOSES.into_iter().map(|purpose| {
                                        let row = rows.iter().find(|c| c.purpose == purpose).cloned();
                                        view! { <ConsentLine id=id purpose=purpose row=row may_withdraw=may_withdraw/> }
                                    }).collect_view()}
                                </ul>
                            }.into_any()
                        }}
                    </Card>
                })
            })}
        </Suspense>
    }
}

#[component]
fn ConsentLine(
    id: StoredValue<String>,
    purpose: &'static str,
    row: Option<ConsentRow>,
    may_withdraw: bool,
) -> impl IntoView {
    let stands = row.as_ref().is_some_and(ConsentRow::stands);
    let (class, state) = match &row {
        None => ("badge badge-ghost", tr!("consent.never_asked")),
        Some(c) if c.stands() => ("badge badge-success", tr!("consent.granted")),
        Some(c) if c.granted => ("badge badge-warning", tr!("consent.withdrawn")),
        Some(_) => ("badge badge-ghost", tr!("consent.declined")),
    };
    let explain = if purpose == "profile" {
        tr!("consent.end_profile_explain")
    } else {
        tr!("consent.end_explain")
    };
    view! {
        <li class="py-2">
            <span class="font-medium">{purpose_label(purpose)}</span>" "<span class=class>{state}</span>
            {row.map(|c| {
                let channel = channel_label(&c.channel);
                let rejected = c.withdrawn_note.as_deref() == Some(REJECTED);
                view! {
                    <span class="num block text-sm text-base-content/70">
                        {tr!("consent.line", at = c.at, version = c.text_version)}" · "{channel}
                        {c.withdrawn_at.map(|at| tr!("consent.withdrawn_at", at = at))}
                    </span>
                    {c.withdrawn_by.map(|name| {
                        let line = if rejected { tr!("consent.rejected") } else { tr!("consent.on_request", name = name) };
                        view! { <span class="block text-sm text-base-content/70">{line}</span> }
                    })}
                    {c.withdrawn_note.filter(|_| !rejected).map(|note| view! { <span class="block text-sm">{note}</span> })}
                }
            })}
            {(stands && may_withdraw).then(|| view! {
                <div class="mt-2">
                    <Confirm to=WithdrawConsent::url() label=tr!("consent.end") explain=explain>
                        <input type="hidden" name="id" value=id.get_value()/>
                        <input type="hidden" name="purpose" value=purpose/>
                        <Field name="note" label=tr!("consent.end_note") required=true/>
                    </Confirm>
                </div>
            })}
        </li>
    }
}

/// 授权文本: what HCPs are asked to agree to, by purpose, and a new version.
#[component]
pub fn ConsentTexts() -> impl IntoView {
    let texts = Resource::new(refresh, |_| list_texts());
    view! {
        <PageTitle title=tr!("consent.texts")/>
        <p class="mb-4 text-sm text-base-content/70">{tr!("consent.texts_explain")}</p>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(texts.await, |all| all.into_iter().map(|t| view! { <PurposeCard texts=t/> }).collect_view())
            })}
        </Suspense>
    }
}

#[component]
fn PurposeCard(texts: PurposeTexts) -> impl IntoView {
    let purpose = StoredValue::new(texts.purpose.clone());
    let mut versions = texts.versions.into_iter();
    let current = versions.next();
    let earlier: Vec<TextVersion> = versions.collect();
    let (zh, en) = current
        .as_ref()
        .map(|t| (t.zh.clone(), t.en.clone()))
        .unwrap_or_default();
    view! {
        <Card title=purpose_label(&texts.purpose)>
            {current.map(|t| view! { <Version text=t/> })}
            {(!earlier.is_empty()).then(|| view! {
                <details class="mt-3">
                    <summary class="min-h-10 cursor-pointer content-center text-sm">{tr!("consent.earlier", n = earlier.len())}</summary>
                    {earlier.into_iter().map(|t| view! { <div class="mt-3"><Version text=t/></div> }).collect_view()}
                </details>
            })}
            <details class="mt-3">
                <summary class="btn btn-sm list-none">{tr!("consent.new_version")}</summary>
                <PostForm to=PublishText::url() class="mt-3 max-w-3xl">
                    <input type="hidden" name="purpose" value=purpose.get_value()/>
                    <Field name="version" label=tr!("consent.version_name") hint=tr!("consent.version_hint") required=true/>
                    <TextArea name="text_zh" label=tr!("consent.text_zh") value=zh hint=tr!("consent.text_hint") rows=6/>
                    <TextArea name="text_en" label=tr!("consent.text_en") value=en hint=tr!("consent.text_hint") rows=6/>
                    <p class="mb-2 text-sm">{tr!("consent.publish_explain")}</p>
                    <Checkbox name="sure" label=tr!("consent.sure")/>
                    <FieldMessage name="sure"/>
                    <div class="mt-2"><Submit label=tr!("consent.publish")/></div>
                </PostForm>
            </details>
        </Card>
    }
}

/// A version with both texts as HCPs read them.
#[component]
fn Version(text: TextVersion) -> impl IntoView {
    let company = boot().company;
    let read = |text: &str| text.replace("%{company}", &company);
    let line = match (text.by, text.at) {
        (Some(by), Some(at)) => tr!("consent.in_force", at = at, name = by),
        (None, Some(at)) => tr!("consent.in_force_since", at = at),
        _ => tr!("consent.brought"),
    };
    view! {
        <p class="num text-sm"><span class="font-medium">{text.version}</span>" · "{line}</p>
        <p class="mt-1 whitespace-pre-line">{read(&text.zh)}</p>
        <p lang="en" class="mt-1 whitespace-pre-line text-sm text-base-content/70">{read(&text.en)}</p>
    }
}
