//! One import: how far it is, what it would change, what was refused, and applying it.

use std::time::Duration;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use crate::flow::pages::FlowPreview;
use crate::importing::api::{ApplyImport, CancelImport, CheckImport, get_import, import_progress};
use crate::importing::model::{
    ChangedRow, Existing, Invalid, JobView, Kind, NewRow, Progress, Report, SimilarRow,
    status_label,
};
use crate::shared::AppError;
use crate::shared::history::field_label;
use crate::ui::boot::refresh;
use crate::ui::form::{Checkbox, Confirm, PostForm, Select, Submit};
use crate::ui::parts::{Card, Loading, PageTitle, Stat, outcome};

/// One import.
#[component]
pub fn ImportJob() -> impl IntoView {
    let params = use_params_map();
    let ended = RwSignal::new(0_u32);
    let job = Resource::new(
        move || {
            (
                params.with(|p| p.get("id").unwrap_or_default()),
                ended.get(),
                refresh(),
            )
        },
        |(id, _, _)| get_import(id),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(job.await, |job| {
                    let unfinished = job.row.progress.unfinished();
                    view! {
                        <PageTitle title=job.row.file_name.clone()>
                            <a class="btn btn-sm min-h-10" href="/import">{tr!("import.all_jobs")}</a>
                        </PageTitle>
                        <p class="num mb-4 text-sm text-base-content/70">
                            {job.row.kind.label()}" · "{job.row.by.clone()}" · "{job.row.at.clone()}
                        </p>
                        {if unfinished {
                            view! { <Running job=job ended=ended/> }.into_any()
                        } else {
                            view! { <Ended job=job/> }.into_any()
                        }}
                    }
                })
            })}
        </Suspense>
    }
}

/// A job that waits or runs. In the browser the numbers move by themselves; without JavaScript the page loads anew.
#[component]
fn Running(job: JobView, ended: RwSignal<u32>) -> impl IntoView {
    let id = job.row.id.clone();
    let at = RwSignal::new(job.row.progress.clone());
    {
        let id = id.clone();
        Effect::new(move |_| look_again(id.clone(), at, ended));
    }
    let explain = if job.applying {
        tr!("import.cancel_applying")
    } else {
        tr!("import.cancel_checking")
    };
    view! {
        <Card>
            <noscript inner_html="<meta http-equiv=\"refresh\" content=\"2\">"></noscript>
            <p class="mb-2 font-medium" role="status">{move || at.with(|at| status_label(&at.status))}</p>
            <progress
                class="progress progress-primary w-full"
                aria-label=tr!("import.progress")
                max=move || at.with(|at| at.rows_total.max(1).to_string())
                value=move || at.with(|at| at.rows_done.to_string())
            ></progress>
            <p class="num mb-4 text-sm text-base-content/70">
                {move || at.with(|at| tr!("import.rows_of", done = at.rows_done, total = at.rows_total))}
            </p>
            <Confirm to=CancelImport::url() label=tr!("import.cancel") explain=explain>
                <input type="hidden" name="id" value=id/>
            </Confirm>
        </Card>
    }
}

/// Asks every second how far a job is, until it has ended or the page is left.
fn look_again(id: String, at: RwSignal<Progress>, ended: RwSignal<u32>) {
    set_timeout(
        move || {
            leptos::task::spawn_local(async move {
                match import_progress(id.clone()).await {
                    Ok(now) => {
                        let unfinished = now.unfinished();
                        if at.try_set(now).is_some() {
                            return;
                        }
                        if unfinished {
                            look_again(id, at, ended);
                        } else {
                            ended.try_update(|n| *n += 1);
                        }
                    }
                    Err(AppError::Network(_)) => {
                        if at.try_get_untracked().is_some() {
                            look_again(id, at, ended);
                        }
                    }
                    Err(_) => {
                        ended.try_update(|n| *n += 1);
                    }
                }
            });
        },
        Duration::from_secs(1),
    );
}

#[component]
fn Ended(job: JobView) -> impl IntoView {
    let status = job.row.progress.status.clone();
    let (id, kind) = (job.row.id.clone(), job.row.kind);
    let done = status == "done";
    let note = match status.as_str() {
        "done" => Some(("alert alert-success mb-4 py-2", tr!("import.is_done"))),
        "cancelled" => Some(("alert alert-warning mb-4 py-2", tr!("import.is_cancelled"))),
        "failed" => {
            let why = job
                .error
                .as_ref()
                .map_or_else(|| tr!("error.invalid"), AppError::message);
            Some(("alert alert-error mb-4 py-2", why))
        }
        _ => None,
    };
    let existing = job.row.existing;
    let finished = job.finished_at.unwrap_or_default();
    let report = job.report;
    let links = done.then(|| view! { <Links kind=kind/> });
    view! {
        {note.map(|(class, text)| view! { <p class=class role="status">{text}</p> })}
        {report.map(|report| view! { <ReportView id=id.clone() done=done finished=finished report=report/> })}
        {links}
        {(!done).then(|| view! { <Again id=id.clone() kind=kind existing=existing/> })}
        {matches!(status.as_str(), "checked" | "failed").then(|| view! {
            <Confirm to=CancelImport::url() label=tr!("import.discard") explain=tr!("import.discard_explain")>
                <input type="hidden" name="id" value=id/>
            </Confirm>
        })}
    }
}

/// Where to go after an import.
#[component]
fn Links(kind: Kind) -> impl IntoView {
    let (href, text) = match kind {
        Kind::People => ("/people", tr!("nav.people")),
        Kind::Hospitals | Kind::Assignments => ("/terminals", tr!("terminals.title")),
        Kind::Hcps => ("/hcps?sort=created", tr!("hcp.title")),
        Kind::Questions => ("/questions", tr!("question.title")),
        Kind::Checkins => ("/checkins", tr!("visit.sheet")),
        Kind::Products => ("/products", tr!("product.title")),
        Kind::Flow => ("/flow/matching", tr!("flow.match.title")),
    };
    view! {
        <p class="mb-4 flex flex-wrap gap-2">
            <a class="btn btn-primary" href=href>{text}</a>
            {(kind == Kind::Hcps).then(|| view! { <a class="btn" href="/duplicates">{tr!("import.to_duplicates")}</a> })}
            <a class="btn" href=format!("/import?kind={}", kind.code())>{tr!("import.another")}</a>
        </p>
    }
}

/// The form that checks the file once more.
#[component]
fn Again(id: String, kind: Kind, existing: Existing) -> impl IntoView {
    let modes = if kind.has_modes() {
        Existing::ALL.to_vec()
    } else {
        vec![Existing::Overwrite]
    };
    let options = modes
        .into_iter()
        .map(|mode| (mode.code().to_owned(), mode.label()))
        .collect();
    view! {
        <Card title=tr!("import.again")>
            <PostForm to=CheckImport::url() class="max-w-xl">
                <input type="hidden" name="id" value=id/>
                <Select name="mode" label=tr!("import.mode.title") options=options value=existing.code()/>
                <Submit label=tr!("import.check_again") class="btn"/>
            </PostForm>
        </Card>
    }
}

#[component]
fn ReportView(id: String, done: bool, finished: String, report: Report) -> impl IntoView {
    let changes = report.created + report.updated;
    let invalid = report.invalid;
    let title = if done {
        tr!("import.result")
    } else {
        tr!("import.preview")
    };
    // Flow keeps refused rows aside by itself.
    let skips = invalid > 0 && report.flow.is_none();
    let action = if done {
        view! { <p class="num mt-3 text-sm text-base-content/70">{tr!("import.finished_at", at = finished)}</p> }
            .into_any()
    } else if changes == 0 {
        view! { <p class="mt-4">{tr!("import.nothing_to_do")}</p> }.into_any()
    } else {
        let id = id.clone();
        view! {
            <PostForm to=ApplyImport::url() class="mt-4">
                <input type="hidden" name="id" value=id/>
                {skips.then(|| view! { <Checkbox name="skip_invalid" label=tr!("import.skip_invalid", n = invalid)/> })}
                <Submit label=tr!("import.apply", n = changes)/>
            </PostForm>
        }
        .into_any()
    };
    let more = (report.updated - report.changes.len() as i64).max(0);
    if let Some(flow) = report.flow {
        return view! {
            <FlowPreview id=id.clone() report=flow invalid=invalid done=done/>
            <Card title=title>{action}</Card>
            {(invalid > 0).then(|| view! { <Refused id=id rows=invalid faults=report.faults/> })}
        }
        .into_any();
    }
    view! {
        <Card title=title>
            <div class="grid grid-cols-2 gap-2 sm:grid-cols-6">
                <Stat name=tr!("import.rows") value=report.rows.to_string()/>
                <Stat name=tr!("import.created") value=report.created.to_string()/>
                <Stat name=tr!("import.updated") value=report.updated.to_string()/>
                <Stat name=tr!("import.unchanged") value=report.unchanged.to_string()/>
                <Stat name=tr!("import.skipped") value=report.skipped.to_string()/>
                <Stat name=tr!("import.invalid") value=invalid.to_string()/>
            </div>
            {action}
        </Card>
        {(report.similar > 0).then(|| view! { <Similar n=report.similar rows=report.similar_rows/> })}
        {(!report.new_rows.is_empty()).then(|| view! { <NewRows rows=report.new_rows total=report.created/> })}
        {(!report.changes.is_empty()).then(|| view! { <Changes rows=report.changes more=more/> })}
        {(invalid > 0).then(|| view! { <Refused id=id rows=invalid faults=report.faults/> })}
    }
    .into_any()
}

/// New ones who look like somebody on file.
#[component]
fn Similar(n: i64, rows: Vec<SimilarRow>) -> impl IntoView {
    view! {
        <Card title=tr!("import.similar", n = n)>
            <p class="mb-2 text-sm">{tr!("import.similar_explain")}</p>
            <ul class="divide-y divide-base-300">
                {rows.into_iter().map(|row| view! {
                    <li class="py-2">
                        <span class="num text-base-content/70">{tr!("import.row_n", n = row.row)}</span>
                        " "<span class="font-medium">{row.name}</span>" ≈ "
                        <a class="link" href=format!("/hcps/{}", row.id)>{row.on_file}</a>
                        <span class="block text-sm text-base-content/70">
                            {row.hospital}" "{row.department}" · "{tr!("import.likeness", n = row.score)}
                        </span>
                    </li>
                }).collect_view()}
            </ul>
        </Card>
    }
}

/// Who is new.
#[component]
fn NewRows(rows: Vec<NewRow>, total: i64) -> impl IntoView {
    let more = (total - rows.len() as i64).max(0);
    view! {
        <Card title=tr!("import.new_ones")>
            <div tabindex="0" role="region" aria-label=tr!("import.new_ones") class="max-h-96 overflow-auto">
                <table class="table table-sm">
                    <thead>
                        <tr>
                            <th>{tr!("import.row")}</th><th>{tr!("import.customer")}</th><th>{tr!("record.phone")}</th>
                            <th>{tr!("record.hospital")}</th><th>{tr!("record.department")}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {rows.into_iter().map(|r| view! {
                            <tr>
                                <td class="num">{r.row}</td><td class="whitespace-nowrap">{r.name}</td>
                                <td class="num">{r.phone}</td><td class="min-w-40">{r.hospital}</td><td class="min-w-24">{r.department}</td>
                            </tr>
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
            {(more > 0).then(|| view! { <p class="mt-2 text-sm">{tr!("import.more_new", n = more)}</p> })}
        </Card>
    }
}

/// What changes, field by field.
#[component]
fn Changes(rows: Vec<ChangedRow>, more: i64) -> impl IntoView {
    let lines = rows
        .into_iter()
        .flat_map(|row| {
            let ChangedRow { row, id, name, fields } = row;
            fields.into_iter().enumerate().map(move |(i, field)| {
                let who = (i == 0).then(|| {
                    view! { <a class="link link-hover" href=format!("/hcps/{id}")>{name.clone()}</a> }
                });
                let empty = |text: String| if text.is_empty() { tr!("record.empty") } else { text };
                view! {
                    <tr>
                        <td class="num">{row}</td>
                        <td class="whitespace-nowrap">{who}</td>
                        <td class="whitespace-nowrap">{field_label(&field.field)}</td>
                        <td class="min-w-32 text-base-content/70">{empty(field.before)}</td>
                        <td class="min-w-32">{empty(field.after)}</td>
                    </tr>
                }
            })
        })
        .collect_view();
    view! {
        <Card title=tr!("import.changes")>
            <div tabindex="0" role="region" aria-label=tr!("import.changes") class="overflow-x-auto">
                <table class="table table-sm">
                    <thead>
                        <tr>
                            <th>{tr!("import.row")}</th><th>{tr!("import.customer")}</th><th>{tr!("import.item")}</th>
                            <th>{tr!("import.before")}</th><th>{tr!("import.after")}</th>
                        </tr>
                    </thead>
                    <tbody>{lines}</tbody>
                </table>
            </div>
            {(more > 0).then(|| view! { <p class="mt-2 text-sm">{tr!("import.more_changes", n = more)}</p> })}
        </Card>
    }
}

/// What was refused and why, and the workbook in which it can be mended.
#[component]
fn Refused(id: String, rows: i64, faults: Vec<Invalid>) -> impl IntoView {
    let mut shown: Vec<i64> = faults.iter().map(|f| f.row).collect();
    shown.dedup();
    let more = rows - shown.len() as i64;
    view! {
        <Card title=tr!("import.invalid")>
            <p class="mb-3 text-sm">{tr!("import.mend")}</p>
            <a class="btn btn-sm mb-3 min-h-10" rel="external" download href=format!("/import/{id}/failed.xlsx")>
                {tr!("import.download", n = rows)}
            </a>
            <div tabindex="0" role="region" aria-label=tr!("import.invalid") class="overflow-x-auto">
                <table class="table table-sm">
                    <thead><tr><th>{tr!("import.row")}</th><th>{tr!("import.field")}</th><th>{tr!("import.reason")}</th></tr></thead>
                    <tbody>
                        {faults.into_iter().map(|i| view! { <tr><td class="num">{match i.line { Some(line) => tr!("import.row_line", row = i.row, line = line), None => i.row.to_string() }}</td><td class="whitespace-nowrap">{i.field}</td><td class="min-w-48">{i.reason}</td></tr> }).collect_view()}
                    </tbody>
                </table>
            </div>
            {(more > 0).then(|| view! { <p class="mt-2 text-sm">{tr!("import.more_invalid", n = more)}</p> })}
        </Card>
    }
}
