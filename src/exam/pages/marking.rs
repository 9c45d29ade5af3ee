//! The queue of answers to be marked.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::exam::api::{MarkAnswer, marking_queue};
use crate::exam::model::MarkRow;
use crate::ui::boot::refresh;
use crate::ui::form::{Field, PostForm, Submit};
use crate::ui::list::{page_param, param, rows_or_empty};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// 阅卷: short answers that wait, without who gave them.
#[component]
pub fn MarkingQueue() -> impl IntoView {
    let (exam, page) = (param("exam"), page_param());
    let rows = Resource::new(
        move || (exam.get(), page.get(), refresh()),
        |(exam, page, _)| marking_queue(exam, page),
    );
    view! {
        <PageTitle title=tr!("exam.marking")>
            <a class="btn btn-sm min-h-10" href="/exams">{tr!("exam.all")}</a>
        </PageTitle>
        <p class="mb-3 text-sm text-base-content/70">{tr!("exam.marking_note")}</p>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(rows.await, |page| rows_or_empty(page, tr!("exam.nothing_to_mark"), |rows| {
                    rows.into_iter().map(|row| view! { <Item row=row/> }).collect_view()
                }))
            })}
        </Suspense>
    }
}

#[component]
fn Item(row: MarkRow) -> impl IntoView {
    view! {
        <Card>
            <p class="num text-sm text-base-content/70">{row.exam}" · "{row.at}</p>
            <p class="mt-1 whitespace-pre-line break-words font-medium">{row.stem}</p>
            <div class="mt-3 grid gap-3 sm:grid-cols-2">
                <div class="rounded-box bg-base-200 p-3">
                    <h2 class="mb-1 text-sm font-semibold">{tr!("exam.given_answer")}</h2>
                    <p class="whitespace-pre-line break-words">{row.given}</p>
                </div>
                <div class="rounded-box border border-base-300 p-3">
                    <h2 class="mb-1 text-sm font-semibold">{tr!("exam.model_answer")}</h2>
                    <p class="whitespace-pre-line break-words">{if row.model.is_empty() { tr!("question.no_model") } else { row.model }}</p>
                </div>
            </div>
            <PostForm to=MarkAnswer::url() class="mt-3 grid gap-x-4 sm:grid-cols-[8rem_1fr_auto] sm:items-end">
                <input type="hidden" name="attempt" value=row.attempt_id/>
                <input type="hidden" name="position" value=row.position.to_string()/>
                <Field name="points" kind="number" mode="decimal" label=tr!("exam.points_of", n = row.points) required=true/>
                <Field name="comment" label=tr!("exam.comment")/>
                <div class="mb-3"><Submit label=tr!("exam.mark") class="btn btn-primary min-h-10"/></div>
            </PostForm>
        </Card>
    }
}
