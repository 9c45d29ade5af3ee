//! The form of an HCP, for a new one and for changing one.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use crate::duplicate::pages::EntryHints;
use crate::hcp::api::*;
use crate::hcp::model::{EntryCheck, SEXES, WORKPLACES, Workplace, kind_label, sex_label};
use crate::ui::form::{Checkbox, Field, FieldMessage, PostForm, Select, Submit};
use crate::ui::list::param;
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// Names of the fields of the further workplaces: hospital and department.
const PLACES: [(&str, &str); WORKPLACES] = [
    ("workplaces[0][hospital]", "workplaces[0][department]"),
    ("workplaces[1][hospital]", "workplaces[1][department]"),
    ("workplaces[2][hospital]", "workplaces[2][department]"),
    ("workplaces[3][hospital]", "workplaces[3][department]"),
    ("workplaces[4][hospital]", "workplaces[4][department]"),
];

/// 新建客户: a new HCP.
#[component]
pub fn HcpNew() -> impl IntoView {
    let check = param("check");
    let entry = Resource::new(move || check.get(), check_entry);
    view! {
        <PageTitle title=tr!("hcp_form.new")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(entry.await, |entry| view! { <HcpForm entry=entry/> }) })}
        </Suspense>
    }
}

/// Changing an HCP.
#[component]
pub fn HcpEdit() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|p| p.get("id").unwrap_or_default()));
    let check = param("check");
    let entry = Resource::new(
        move || (id.get(), check.get()),
        |(id, check)| async move {
            if check.is_empty() {
                get_record(id).await.map(EntryCheck::of)
            } else {
                check_entry(check).await
            }
        },
    );
    view! {
        <PageTitle title=tr!("hcp_form.edit")>
            <a class="btn btn-sm min-h-10" href=move || format!("/hcps/{}/history", id.get())>{tr!("hcp_page.history")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(entry.await, |entry| view! { <HcpForm entry=entry/> }) })}
        </Suspense>
    }
}

/// The form, above it those on file who may be the same person.
#[component]
fn HcpForm(entry: EntryCheck) -> impl IntoView {
    let EntryCheck {
        input,
        record,
        kinds,
        hospitals,
        hints,
    } = entry;
    let same_phone = hints.iter().any(|hint| hint.same_phone);
    let anyway = !hints.is_empty() && !same_phone;
    let phone_hint = record
        .as_ref()
        .filter(|record| !record.phone_masked.is_empty())
        .map(|record| tr!("hcp_form.phone_keep", phone = &record.phone_masked))
        .unwrap_or_default();
    let may_empty = record.as_ref().is_some_and(|record| record.may_empty_phone);
    let back = record.as_ref().map_or_else(
        || "/hcps".to_owned(),
        |record| format!("/hcps/{}", record.id),
    );
    let kinds = kinds
        .into_iter()
        .map(|kind| {
            let label = kind_label(&kind);
            (kind, label)
        })
        .collect::<Vec<_>>();
    let sexes = std::iter::once(String::new())
        .chain(SEXES.map(str::to_owned))
        .map(|sex| {
            let label = sex_label(&sex);
            (sex, label)
        })
        .collect::<Vec<_>>();

    let fresh = record.is_none();
    let picked = input.terminal_id.clone();
    let options = RwSignal::new(Vec::<String>::new());
    let typed = StoredValue::new(String::new());
    let suggest = move |event: leptos::ev::Event| {
        let text = event_target_value(&event);
        typed.set_value(text.clone());
        if text.chars().count() < 2 {
            return;
        }
        leptos::task::spawn_local(async move {
            // Answers can overtake each other, and come when the page is gone.
            if let Ok(found) = suggest_hospitals(text.clone()).await
                && typed.try_get_value() == Some(text)
            {
                let _ = options.try_set(found);
            }
        });
    };
    view! {
        <EntryHints hints=hints/>
        {same_phone.then(|| view! { <p class="alert alert-warning mb-4">{tr!("hcp_form.same_phone")}</p> })}
        <datalist id="hospitals">
            {move || options.get().into_iter().map(|label| view! { <option value=label></option> }).collect_view()}
        </datalist>
        <Card>
            <PostForm to=EnterHcp::url()>
                {record.map(|record| view! {
                    <input type="hidden" name="id" value=record.id/>
                    <input type="hidden" name="seen" value=record.updated_at.to_string()/>
                })}
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Field name="name" label=tr!("record.name") value=input.name required=true/>
                    <Select name="kind" label=tr!("record.kind") options=kinds value=input.kind/>
                    <Field name="phone" label=tr!("record.phone") kind="tel" mode="tel" value=input.phone hint=phone_hint/>
                    <Select name="sex" label=tr!("record.sex") options=sexes value=input.sex/>
                </div>
                {may_empty.then(|| view! {
                    <Checkbox name="no_phone" label=tr!("hcp_form.no_phone") checked=input.no_phone/>
                    <FieldMessage name="no_phone"/>
                })}
                <div on:input=suggest>
                    <Field name="hospital" label=tr!("record.terminal_id") value=input.hospital list="hospitals" hint=tr!("hcp_form.hospital_hint") required=fresh/>
                </div>
                {if hospitals.is_empty() {
                    // Counts only while the field above says what it said when this one was picked.
                    view! { <input type="hidden" name="terminal_id" value=picked/> }.into_any()
                } else {
                    view! { <Choices hospitals=hospitals/> }.into_any()
                }}
                <div class="grid gap-x-4 sm:grid-cols-3">
                    <Field name="department" label=tr!("record.department") value=input.department/>
                    <Field name="title" label=tr!("record.title") value=input.title/>
                    <Field name="specialty" label=tr!("record.specialty") value=input.specialty/>
                </div>
                <Field name="tags" label=tr!("record.tags") value=input.tags hint=tr!("hcp_form.tags_hint")/>
                <Field name="preferred_times" label=tr!("record.preferred_times") value=input.preferred_times hint=tr!("hcp_form.times_hint")/>
                <div on:input=suggest>
                    <Places places=input.workplaces/>
                </div>
                <div class="grid gap-x-4 sm:grid-cols-3">
                    <Field name="email" label=tr!("record.email") mode="email" value=input.email/>
                    <Field name="office_phone" label=tr!("record.office_phone") kind="tel" mode="tel" value=input.office_phone/>
                    <Field name="code" label=tr!("record.code") value=input.code/>
                </div>
                <div class="flex flex-wrap gap-2">
                    <Submit label=tr!("ui.save") class="btn btn-primary min-h-10 grow sm:grow-0"/>
                    {anyway.then(|| view! {
                        <Submit label=tr!("hcp_form.create_anyway") class="btn btn-outline min-h-10" choice=("confirmed", "true")/>
                    })}
                    <a class="btn min-h-10" href=back>{tr!("hcp_form.cancel")}</a>
                </div>
            </PostForm>
        </Card>
    }
}

/// The hospitals that fit what was typed, to pick one.
#[component]
fn Choices(hospitals: Vec<(String, String)>) -> impl IntoView {
    view! {
        <fieldset class="mb-3 rounded-box border border-warning p-3">
            <legend class="px-1 text-sm font-medium">{tr!("hcp_form.which_hospital")}</legend>
            {hospitals.into_iter().map(|(id, label)| view! {
                <label class="flex min-h-10 cursor-pointer items-center gap-2">
                    <input type="radio" class="radio" name="terminal_id" value=id/>
                    <span>{label}</span>
                </label>
            }).collect_view()}
        </fieldset>
    }
}

/// The further workplaces: those on file and an empty one, the others folded.
#[component]
fn Places(places: Vec<Workplace>) -> impl IntoView {
    let shown = (places.len() + 1).min(WORKPLACES);
    let mut places = places.into_iter();
    let mut rows = PLACES
        .into_iter()
        .map(|(hospital, department)| {
            let place = places.next().unwrap_or_default();
            view! {
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Field name=hospital label=tr!("hcp_form.workplace") value=place.hospital list="hospitals"/>
                    <Field name=department label=tr!("hcp_form.workplace_department") value=place.department/>
                </div>
            }
        })
        .collect::<Vec<_>>();
    let folded = rows.split_off(shown);
    view! {
        <fieldset class="mb-3">
            <legend class="mb-1 text-sm font-semibold">{tr!("record.workplaces")}</legend>
            {rows}
            {(!folded.is_empty()).then(|| view! {
                <details class="mb-3">
                    <summary class="link inline-flex min-h-10 cursor-pointer items-center text-sm">{tr!("hcp_form.more_workplaces")}</summary>
                    {folded}
                </details>
            })}
            <FieldMessage name="workplaces"/>
        </fieldset>
    }
}
