//! 待办.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::api::*;
use super::model::TaskRow;
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, Field, PostForm, Submit, TextArea, came_back};
use crate::ui::list::{TabLinks, page_param, param, rows_or_empty};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// One's own to-dos.
#[component]
pub fn TaskList() -> impl IntoView {
    let (page, tab) = (page_param(), param("tab"));
    let tasks = Resource::new(
        move || (tab.get() == "done", page.get(), refresh()),
        |(done, page, _)| list_tasks(done, page),
    );
    view! {
        <PageTitle title=tr!("task.title")>
            <a class="btn btn-sm min-h-10" href="/plans">{tr!("task.to_calendar")}</a>
        </PageTitle>
        <details class="mb-4 rounded-box border border-base-300 bg-base-100 p-4" open=came_back(SaveTask::url(), "new").is_some()>
            <summary class="cursor-pointer font-medium">{tr!("task.new")}</summary>
            <div class="mt-3"><TaskForm task=None/></div>
        </details>
        <TabLinks path="/tasks" label=tr!("task.title") tabs=vec![("", tr!("task.open")), ("done", tr!("task.done"))]/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(tasks.await, |page| rows_or_empty(page, tr!("task.empty"), |rows| view! {
                    <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                        {rows.into_iter().map(|task| view! { <Line task=task/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

/// The form of a to-do.
#[component]
fn TaskForm(task: Option<TaskRow>) -> impl IntoView {
    let about = task.as_ref().map_or("new".to_owned(), |t| t.id.clone());
    let task = task.unwrap_or(TaskRow {
        id: String::new(),
        title: String::new(),
        note: String::new(),
        day: None,
        starts: String::new(),
        hcp: None,
        from: None,
        done: false,
        overdue: false,
    });
    view! {
        <PostForm to=SaveTask::url() about=about>
            <input type="hidden" name="id" value=task.id/>
            <Field name="title" label=tr!("task.what") value=task.title required=true/>
            <div class="grid grid-cols-2 gap-x-3">
                <Field name="day" kind="date" label=tr!("task.day") value=task.day.unwrap_or_default()/>
                <Field name="starts" kind="time" label=tr!("task.time") value=task.starts/>
            </div>
            <TextArea name="note" label=tr!("task.note") value=task.note rows=2/>
            <Submit label=tr!("ui.save")/>
        </PostForm>
    }
}

#[component]
fn Line(task: TaskRow) -> impl IntoView {
    let id = StoredValue::new(task.id.clone());
    let when = match (&task.day, task.starts.as_str()) {
        (Some(day), "") => day.clone(),
        (Some(day), starts) => format!("{day} {starts}"),
        (None, _) => String::new(),
    };
    let (done, overdue) = (task.done, task.overdue);
    let form = task.clone();
    let changing = came_back(SaveTask::url(), &task.id).is_some();
    view! {
        <li class="p-3">
            <div class="flex flex-wrap items-center gap-2">
                <div class="min-w-0 grow basis-64">
                    <p class="break-words" class:line-through=done>{task.title}</p>
                    <p class="num text-sm text-base-content/70">
                        {when}
                        {overdue.then(|| view! { <span class="badge badge-error badge-sm ms-2">{tr!("task.overdue")}</span> })}
                        {task.hcp.map(|(id, name)| view! { <a class="link ms-2" href=format!("/hcps/{id}")>{name}</a> })}
                        {task.from.map(|from| view! { <a class="link ms-2" href=from>{tr!("task.from")}</a> })}
                    </p>
                    {(!task.note.is_empty()).then(|| view! { <p class="mt-1 whitespace-pre-line break-words text-sm">{task.note}</p> })}
                </div>
                <PostForm to=FinishTask::url()>
                    <input type="hidden" name="id" value=id.get_value()/>
                    <input type="hidden" name="undo" value=done.to_string()/>
                    <Submit label=if done { tr!("task.reopen") } else { tr!("task.finish") } class="btn btn-sm min-h-10"/>
                </PostForm>
                <Confirm to=DeleteTask::url() label=tr!("task.delete") explain=tr!("task.delete_explain")>
                    <input type="hidden" name="id" value=id.get_value()/>
                </Confirm>
            </div>
            {(!done).then(|| view! {
                <details class="mt-1" open=changing>
                    <summary class="link inline-flex min-h-10 cursor-pointer items-center text-sm">{tr!("task.change")}</summary>
                    <Card><TaskForm task=Some(form)/></Card>
                </details>
            })}
        </li>
    }
}
