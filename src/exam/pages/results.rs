//! What came of an exam.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::id_param;
use crate::exam::api::{exam_accuracy, exam_results};
use crate::exam::model::{AccuracyRow, ResultRow, percent};
use crate::question::model::Kind;
use crate::ui::boot::refresh;
use crate::ui::list::{FilterSelect, FilterText, page_param, param, rows_or_empty};
use crate::ui::parts::{Loading, PageTitle, Stat, outcome};

/// 考试成绩: who took it and how, within scope.
#[component]
pub fn ExamResults() -> impl IntoView {
    let id = id_param();
    let (text, state, page) = (param("text"), param("state"), page_param());
    let query = use_query_map();
    let results = Resource::new(
        move || (id.get(), text.get(), state.get(), page.get(), refresh()),
        |(id, text, state, page, _)| exam_results(id, text, state, page),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(results.await, |data| {
                    let (exam, title) = data.exam;
                    let action = format!("/exams/{exam}/results");
                    let file = move || {
                        let mut map = query.get();
                        map.remove("page");
                        format!("/exams/{}/results.xlsx{}", id.get(), map.to_query_string())
                    };
                    let states = vec![
                        ("missing".to_owned(), tr!("exam.not_taken")),
                        ("failed".to_owned(), tr!("exam.failed")),
                        ("passed".to_owned(), tr!("exam.passed")),
                    ];
                    view! {
                        <PageTitle title=title>
                            <a class="btn btn-sm min-h-10" href=format!("/exams/{exam}")>{tr!("exam.back")}</a>
                            <a class="btn btn-sm min-h-10" rel="external" download href=file>{tr!("coverage.export")}</a>
                        </PageTitle>
                        <div class="mb-4 grid grid-cols-3 gap-2">
                            <Stat name=tr!("exam.assigned") value=data.assigned.to_string()/>
                            <Stat name=tr!("exam.taken") value=data.taken.to_string() note=percent(data.taken, data.assigned)/>
                            <Stat name=tr!("exam.passed") value=data.passed.to_string() note=percent(data.passed, data.assigned)/>
                        </div>
                        <form method="get" action=action class="mb-4 flex flex-wrap items-end gap-2" role="search" autocomplete="off">
                            <FilterText name="text" label=tr!("exam.search_people")/>
                            <FilterSelect name="state" label=tr!("exam.any_state") options=states/>
                            <button class="btn btn-primary">{tr!("ui.search")}</button>
                        </form>
                        {rows_or_empty(data.page, tr!("exam.nobody"), |rows| view! {
                            <ul class="rounded-box border border-base-300 bg-base-100 divide-y divide-base-300">
                                {rows.into_iter().map(|row| view! { <Item row=row/> }).collect_view()}
                            </ul>
                        })}
                    }
                })
            })}
        </Suspense>
    }
}

#[component]
fn Item(row: ResultRow) -> impl IntoView {
    let class = match (row.attempt_id.is_some(), row.passed) {
        (false, _) => "badge badge-ghost",
        (true, None) => "badge badge-info",
        (true, Some(true)) => "badge badge-success",
        (true, Some(false)) => "badge badge-error",
    };
    let outcome = row.outcome();
    view! {
        <li class="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
            <span class="me-auto min-w-0">
                <span class="font-medium">{row.name}</span>
                <span class="num block text-sm text-base-content/70">{row.employee_no}" "{row.unit}</span>
            </span>
            {row.percent.map(|p| view! { <span class="num font-semibold">{crate::shared::one_decimal(p) + "%"}</span> })}
            <span class=class>{outcome}</span>
            <span class="num w-full text-sm text-base-content/70 sm:w-auto">
                {tr!("exam.attempts_n", n = row.attempts)}
                {row.at.map(|at| format!(" · {at}"))}
                {(row.left > 0).then(|| format!(" · {}", tr!("exam.left_n", n = row.left)))}
                {(!row.assigned).then(|| format!(" · {}", tr!("exam.no_longer")))}
            </span>
        </li>
    }
}

/// 试题正确率: first answers, the worst first.
#[component]
pub fn ExamAccuracy() -> impl IntoView {
    let (id, page) = (id_param(), page_param());
    let rows = Resource::new(
        move || (id.get(), page.get(), refresh()),
        |(id, page, _)| exam_accuracy(id, page),
    );
    view! {
        <PageTitle title=tr!("exam.accuracy")>
            <a class="btn btn-sm min-h-10" href=move || format!("/exams/{}", id.get())>{tr!("exam.back")}</a>
        </PageTitle>
        <p class="mb-3 text-sm text-base-content/70">{tr!("exam.accuracy_note")}</p>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(rows.await, |page| rows_or_empty(page, tr!("exam.no_answers"), |rows| view! {
                    <ul class="rounded-box border border-base-300 bg-base-100 divide-y divide-base-300">
                        {rows.into_iter().map(|row| view! { <Accuracy row=row/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn Accuracy(row: AccuracyRow) -> impl IntoView {
    let rate = percent(row.correct, row.answers);
    view! {
        <li class="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 sm:flex-nowrap">
            <a class="link link-hover me-auto min-w-0 break-words" href=format!("/questions/{}?version={}", row.question_id, row.version)>{row.stem}</a>
            <span class="flex shrink-0 items-center gap-x-4">
                <span class="badge badge-outline badge-sm">{Kind::parse(&row.kind).map(Kind::label)}</span>
                <span class="num font-semibold">{rate}</span>
                <span class="num text-sm text-base-content/70">{format!("{} / {}", row.correct, row.answers)}</span>
            </span>
        </li>
    }
}
