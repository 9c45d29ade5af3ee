//! Uploading a spreadsheet, and the imports so far.

use leptos::prelude::*;

use crate::importing::api::list_imports;
use crate::importing::model::{Existing, JobRow, Kind, status_label};
use crate::ui::boot::{may, refresh};
use crate::ui::list::{page_param, param, rows_or_empty};
use crate::ui::parts::{Card, Loading, PageTitle, outcome, who};

/// 数据导入: the upload, and the imports so far.
#[component]
pub fn ImportList() -> impl IntoView {
    let page = page_param();
    let jobs = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| list_imports(page),
    );
    view! {
        <PageTitle title=tr!("import.title")/>
        <Upload/>
        <Card title=tr!("import.jobs")>
            <Suspense fallback=Loading>
                {move || Suspend::new(async move {
                    outcome(jobs.await, |page| rows_or_empty(page, tr!("import.no_jobs"), |rows| view! {
                        <ul class="divide-y divide-base-300">
                            {rows.into_iter().map(|job| view! { <JobItem job=job/> }).collect_view()}
                        </ul>
                    }))
                })}
            </Suspense>
        </Card>
    }
}

#[component]
fn Upload() -> impl IntoView {
    let (kind, mode, fault) = (param("kind"), param("mode"), param("fault"));
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| may(kind.permission()))
        .collect();
    let first = kinds.last().copied().unwrap_or(Kind::Hcps);
    let usual = if kinds.contains(&Kind::Hcps) {
        Kind::Hcps
    } else {
        first
    };
    let chosen = Kind::parse(&kind.get_untracked()).unwrap_or(usual);
    let existing = Existing::parse(&mode.get_untracked()).unwrap_or_default();
    let columns = kinds.clone();
    let has_modes = kinds.iter().any(|kind| kind.has_modes());
    view! {
        <Card title=tr!("import.upload")>
            {move || {
                let text = match fault.get().as_str() {
                    "empty" => Some(tr!("import.no_file")),
                    "unreadable" => Some(tr!("import.unreadable")),
                    _ => None,
                };
                text.map(|text| view! { <p class="alert alert-error mb-3 py-2" role="alert">{text}</p> })
            }}
            <form method="post" action="/import/upload" enctype="multipart/form-data" class="grid max-w-3xl gap-3 sm:grid-cols-2">
                <label>
                    <span class="mb-1 block text-sm font-medium">{tr!("import.kind")}</span>
                    <select name="kind" class="select w-full">
                        {kinds.into_iter().map(|kind| {
                            view! { <option value=kind.code() selected={kind == chosen}>{kind.label()}</option> }
                        }).collect_view()}
                    </select>
                </label>
                <label>
                    <span class="mb-1 block text-sm font-medium">{tr!("import.file")}</span>
                    <input type="file" name="file" class="file-input w-full" accept=".csv,.xlsx,.xls,.txt,.gift" required/>
                </label>
                {has_modes.then(|| view! { <fieldset class="sm:col-span-2">
                    <legend class="mb-1 text-sm font-medium">{tr!("import.mode.title")}</legend>
                    {Existing::ALL.into_iter().map(|mode| view! {
                        <label class="flex min-h-10 items-center gap-2">
                            <input type="radio" name="mode" value=mode.code() class="radio radio-sm" checked={mode == existing}/>
                            <span>{mode.label()}</span>
                        </label>
                    }).collect_view()}
                </fieldset> })}
                <div class="sm:col-span-2"><button class="btn btn-primary">{tr!("import.check")}</button></div>
            </form>
            <details class="mt-4 text-sm">
                <summary class="cursor-pointer py-2">{tr!("import.columns")}</summary>
                <p class="mb-2">{tr!("import.formats")}</p>
                {columns.into_iter().map(|kind| view! { <Columns kind=kind/> }).collect_view()}
            </details>
        </Card>
    }
}

/// The columns of a kind, what to know about them, and the template.
#[component]
fn Columns(kind: Kind) -> impl IntoView {
    let names = |required: bool| -> Vec<&'static str> {
        kind.columns()
            .iter()
            .filter(|(_, must)| *must == required)
            .map(|(name, _)| *name)
            .collect()
    };
    let notes = kind
        .columns()
        .iter()
        .filter_map(|(name, _)| kind.note(name).map(|note| (*name, note)))
        .map(|(name, note)| view! { <li><span class="font-medium">{name}</span>"："{note}</li> })
        .collect_view();
    view! {
        <section class="mb-3 border-t border-base-300 pt-3">
            <h3 class="font-medium">{kind.label()}</h3>
            <p><span class="text-base-content/70">{tr!("import.required")}"："</span>{names(true).join("、")}</p>
            <p><span class="text-base-content/70">{tr!("import.optional")}"："</span>{names(false).join("、")}</p>
            <ul class="list-disc ps-5">{notes}</ul>
            <a class="btn btn-sm mt-2 min-h-10" rel="external" download href=format!("/import/template/{}.xlsx", kind.code())>
                {tr!("import.template")}
            </a>
        </section>
    }
}

#[component]
fn JobItem(job: JobRow) -> impl IntoView {
    let badge = match job.progress.status.as_str() {
        "done" => "badge badge-success",
        "failed" => "badge badge-error",
        "cancelled" => "badge badge-ghost",
        _ => "badge badge-info",
    };
    view! {
        <li>
            <a class="flex flex-wrap items-center gap-x-3 py-3 hover:bg-base-200" href=format!("/import/{}", job.id)>
                <span class="me-auto min-w-0 break-all font-medium">{job.file_name}</span>
                <span class=badge>{status_label(&job.progress.status)}</span>
                <span class="num w-full text-sm text-base-content/70">
                    {job.kind.label()}" · "{tr!("import.rows_of", done = job.progress.rows_done, total = job.progress.rows_total)}
                    " · "{who(job.by)}" · "{job.at}
                </span>
            </a>
        </li>
    }
}
