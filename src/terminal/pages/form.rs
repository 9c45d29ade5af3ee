//! Entering and changing a terminal: one form, also without JavaScript.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use crate::terminal::api::{SaveTerminal, get_terminal};
use crate::terminal::model::{
    DATUMS, KINDS, LEVELS, Record, STATUSES, WINDOWS, Window, WindowInput, kind_label,
    status_label, weekday_label,
};
use crate::ui::boot::Flash;
use crate::ui::form::{Field, FieldMessage, PostForm, Select, Submit, TextArea};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// Empty rows for further reception windows.
const SPARE: usize = 3;

/// A new terminal.
#[component]
pub fn TerminalNew() -> impl IntoView {
    view! {
        <PageTitle title=tr!("terminals.new")>
            <a class="btn btn-sm" href="/terminals">{tr!("terminals.all")}</a>
        </PageTitle>
        <TerminalForm record=Record::default()/>
    }
}

/// Changing a terminal.
#[component]
pub fn TerminalEdit() -> impl IntoView {
    let params = use_params_map();
    // Not loaded anew after a write: what is typed in the form would be lost.
    let data = Resource::new(
        move || params.with(|p| p.get("id").unwrap_or_default()),
        |id| get_terminal(id, 1),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, |view| {
                    let back = format!("/terminals/{}", view.record.master.id);
                    view! {
                        <PageTitle title=view.record.master.name.clone()>
                            <a class="btn btn-sm" href=back>{tr!("ui.back")}</a>
                        </PageTitle>
                        <TerminalForm record=view.record/>
                    }
                })
            })}
        </Suspense>
    }
}

#[component]
fn TerminalForm(record: Record) -> impl IntoView {
    let master = record.master;
    let degrees = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
    let (latitude, longitude) = (degrees(master.latitude), degrees(master.longitude));
    let mut kinds: Vec<(String, String)> = KINDS
        .iter()
        .map(|k| ((*k).to_owned(), kind_label(k)))
        .collect();
    // A kind that an import brought stays what it is.
    if !master.kind.is_empty() && !KINDS.contains(&master.kind.as_str()) {
        kinds.push((master.kind.clone(), master.kind.clone()));
    }
    let datums = DATUMS
        .iter()
        .map(|d| ((*d).to_owned(), (*d).to_owned()))
        .collect();
    // Coordinates that people read off a map here are the map's.
    let datum = master.datum.unwrap_or_else(|| DATUMS[1].to_owned());
    let stored = record.windows.len();
    let rows = window_rows(record.windows);
    // What was typed was typed over what was seen then, not over what stands there now.
    let seen = typed("seen").unwrap_or_else(|| master.updated_at.to_string());
    // A new one has no name yet that could become an alias.
    let name_hint = if master.id.is_empty() {
        String::new()
    } else {
        tr!("terminals.name_hint")
    };
    view! {
        <datalist id="levels">{LEVELS.into_iter().map(|l| view! { <option value=l></option> }).collect_view()}</datalist>
        <PostForm to=SaveTerminal::url() class="max-w-3xl">
            <input type="hidden" name="id" value=master.id/>
            <input type="hidden" name="seen" value=seen/>
            <Card title=tr!("terminals.master")>
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Field name="name" label=tr!("terminals.name") value=master.name hint=name_hint required=true/>
                    <Field name="code" label=tr!("terminals.code") value=master.code required=true/>
                    <Select name="kind" label=tr!("terminals.kind") options=kinds value=master.kind/>
                    <Field name="level" label=tr!("terminals.level") value=master.level list="levels"/>
                    <Field name="province" label=tr!("terminals.province") value=master.province/>
                    <Field name="city" label=tr!("terminals.city") value=master.city/>
                    <Field name="address" label=tr!("terminals.address") value=master.address/>
                    <Field name="phone" label=tr!("terminals.phone") mode="tel" value=master.phone/>
                    <Select name="status" label=tr!("terminals.status") options=STATUSES.map(|s| (s.to_owned(), status_label(s))).to_vec() value=master.status/>
                    <Field name="parent" label=tr!("terminals.parent") value=master.parent hint=tr!("terminals.parent_hint")/>
                </div>
                <TextArea name="note" label=tr!("terminals.note") value=master.note rows=3/>
            </Card>
            <Card title=tr!("terminals.coordinates")>
                <div class="grid gap-x-4 sm:grid-cols-3">
                    <Field name="latitude" label=tr!("terminals.latitude") mode="decimal" value=latitude/>
                    <Field name="longitude" label=tr!("terminals.longitude") mode="decimal" value=longitude/>
                    <div>
                        <Select name="datum" label=tr!("terminals.datum") options=datums value=datum/>
                        <p class="mb-3 text-sm text-base-content/70">{tr!("terminals.datum_hint")}</p>
                    </div>
                </div>
            </Card>
            <Card title=tr!("terminals.words")>
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <TextArea name="aliases" label=tr!("terminals.aliases") value=record.aliases.join("\n") hint=tr!("terminals.aliases_hint") rows=6/>
                    <TextArea name="departments" label=tr!("terminals.departments") value=record.departments.join("\n") hint=tr!("terminals.departments_hint") rows=6/>
                </div>
            </Card>
            <Card title=tr!("terminals.windows")>
                <p class="mb-3 text-sm text-base-content/70">{tr!("terminals.windows_hint")}</p>
                <FieldMessage name="windows"/>
                {rows
                    .into_iter()
                    .enumerate()
                    .map(|(i, row)| view! { <WindowFields index=i row=row stored={i < stored}/> })
                    .collect_view()}
            </Card>
            <Submit label=tr!("ui.save")/>
        </PostForm>
    }
}

/// The rows of the form: the stored windows and a few empty ones, or what was typed into them before.
fn window_rows(windows: Vec<Window>) -> Vec<WindowInput> {
    let mut rows: Vec<WindowInput> = windows
        .into_iter()
        .map(|w| WindowInput {
            weekday: w.weekday.to_string(),
            starts: w.starts,
            ends: w.ends,
            place: w.place,
            appointment: w.appointment,
            remove: false,
        })
        .collect();
    rows.resize_with((rows.len() + SPARE).min(WINDOWS), WindowInput::default);
    if typed("name").is_none() {
        return rows;
    }
    let value =
        |i: usize, field: &str| typed(&format!("windows[{i}][{field}]")).unwrap_or_default();
    (0..rows.len())
        .map(|i| WindowInput {
            weekday: value(i, "weekday"),
            starts: value(i, "starts"),
            ends: value(i, "ends"),
            place: value(i, "place"),
            appointment: value(i, "appointment") == "true",
            remove: value(i, "remove") == "true",
        })
        .collect()
}

/// What was typed into a field of this form, in the answer to a form that was refused without JavaScript.
fn typed(field: &str) -> Option<String> {
    let flash = use_context::<Flash>().filter(|f| f.to == SaveTerminal::url())?;
    let found = flash.values.into_iter().find(|(name, _)| name == field);
    found.map(|(_, value)| value)
}

/// The fields of one reception window; a stored one can be marked to go.
#[component]
fn WindowFields(index: usize, row: WindowInput, stored: bool) -> impl IntoView {
    let name = |field: &str| format!("windows[{index}][{field}]");
    let days = (1..=7)
        .map(|day: i64| {
            let selected = row.weekday == day.to_string();
            view! { <option value=day.to_string() selected=selected>{weekday_label(day)}</option> }
        })
        .collect_view();
    view! {
        <fieldset class="mb-3 rounded-box border border-base-300 p-3">
            <legend class="px-1 text-sm text-base-content/70">{tr!("terminals.window_row", n = index + 1)}</legend>
            <div class="grid grid-cols-2 gap-x-3 sm:grid-cols-4">
                <label class="col-span-2 mb-2 block sm:col-span-1">
                    <span class="mb-1 block text-sm">{tr!("terminals.weekday")}</span>
                    <select name=name("weekday") class="select w-full">
                        <option value="">"—"</option>
                        {days}
                    </select>
                </label>
                <label class="mb-2 block">
                    <span class="mb-1 block text-sm">{tr!("terminals.starts")}</span>
                    <input type="time" name=name("starts") value=row.starts class="input w-full"/>
                </label>
                <label class="mb-2 block">
                    <span class="mb-1 block text-sm">{tr!("terminals.ends")}</span>
                    <input type="time" name=name("ends") value=row.ends class="input w-full"/>
                </label>
                <label class="col-span-2 mb-2 block sm:col-span-1">
                    <span class="mb-1 block text-sm">{tr!("terminals.place")}</span>
                    <input type="text" name=name("place") value=row.place autocomplete="off" class="input w-full"/>
                </label>
            </div>
            <div class="flex flex-wrap gap-x-6">
                <label class="flex min-h-10 items-center gap-2">
                    <input type="checkbox" name=name("appointment") value="true" checked=row.appointment class="checkbox checkbox-sm"/>
                    <span>{tr!("terminals.appointment")}</span>
                </label>
                {stored.then(|| view! {
                    <label class="flex min-h-10 items-center gap-2">
                        <input type="checkbox" name=name("remove") value="true" checked=row.remove class="checkbox checkbox-sm"/>
                        <span>{tr!("terminals.remove_window")}</span>
                    </label>
                })}
            </div>
        </fieldset>
    }
}
