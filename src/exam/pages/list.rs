//! The list of exams.

use leptos::prelude::*;

use super::{StateBadge, window};
use crate::exam::api::list_exams;
use crate::exam::model::{ExamRow, percent};
use crate::shared::Permission;
use crate::ui::boot::{may, refresh};
use crate::ui::list::{FilterText, Filters, page_param, param, rows_or_empty};
use crate::ui::parts::{Loading, PageTitle, outcome};

/// 考试: all exams with how many took and passed them.
#[component]
pub fn ExamList() -> impl IntoView {
    let (text, page) = (param("text"), page_param());
    let exams = Resource::new(
        move || (text.get(), page.get(), refresh()),
        |(text, page, _)| list_exams(text, page),
    );
    let writes = may(Permission::WriteExams);
    view! {
        <PageTitle title=tr!("exam.title")>
            {writes.then(|| view! {
                <a class="btn btn-sm min-h-10" href="/exams/marking">{tr!("exam.marking")}</a>
                <a class="btn btn-sm btn-primary min-h-10" href="/exams/new">{tr!("exam.new")}</a>
            })}
        </PageTitle>
        <Filters action="/exams"><FilterText name="text" label=tr!("exam.search")/></Filters>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(exams.await, |page| rows_or_empty(page, tr!("exam.empty"), |rows| view! {
                    <ul class="rounded-box border border-base-300 bg-base-100 divide-y divide-base-300">
                        {rows.into_iter().map(|row| view! { <Item row=row/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn Item(row: ExamRow) -> impl IntoView {
    view! {
        <li>
            <a class="block px-4 py-3 hover:bg-base-200" href=format!("/exams/{}", row.id)>
                <span class="flex flex-wrap items-center gap-2">
                    <span class="me-auto font-medium">{row.title}</span>
                    {(row.unmarked > 0).then(|| view! { <span class="badge badge-warning">{tr!("exam.unmarked_n", n = row.unmarked)}</span> })}
                    <StateBadge state=row.state/>
                </span>
                <span class="num mt-1 flex flex-wrap gap-x-4 text-sm text-base-content/70">
                    <span>{window(row.opens, row.closes)}</span>
                    <span>{tr!("exam.taken_of", taken = row.taken, assigned = row.assigned, rate = percent(row.taken, row.assigned))}</span>
                    <span>{tr!("exam.passed_of", passed = row.passed, assigned = row.assigned, rate = percent(row.passed, row.assigned))}</span>
                </span>
            </a>
        </li>
    }
}
