//! 学习考试记录.

use leptos::prelude::*;

use crate::exam::model::percent;
use crate::learning::api::learning_record;
use crate::learning::model::{Record, RecordRow};
use crate::ui::boot::boot;
use crate::ui::list::{page_param, param, rows_or_empty};
use crate::ui::parts::{Loading, PageTitle, Stat, outcome};

/// One's own record, or that of somebody within scope.
#[component]
pub fn LearningRecord() -> impl IntoView {
    let (person, page) = (param("person"), page_param());
    let data = Resource::new(
        move || (person.get(), page.get()),
        |(person, page)| learning_record(person, page),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(data.await, |record| view! { <Shown record=record/> }) })}
        </Suspense>
    }
}

#[component]
fn Shown(record: Record) -> impl IntoView {
    let own = boot().me.is_some_and(|me| me.id == record.staff_id);
    let title = if own {
        tr!("learn_record.title")
    } else {
        tr!("learn_record.title_of_person", name = record.name)
    };
    let file = format!("/record.xlsx?person={}", record.staff_id);
    view! {
        <PageTitle title=title>
            <a class="btn btn-sm min-h-10" rel="external" href=file download="">{tr!("learn_record.export")}</a>
        </PageTitle>
        <p class="num mb-4 text-sm text-base-content/70">{record.name}" "{record.employee_no}" · "{record.unit}</p>
        <div class="mb-4 grid grid-cols-2 gap-2 sm:grid-cols-3">
            <Stat name=tr!("learn_record.completed") value=record.completed.to_string()/>
            <Stat name=tr!("learn_record.passed") value=record.passed.to_string()/>
            <Stat name=tr!("learn_record.accuracy") value=percent(record.correct, record.answers) note=tr!("learn_record.accuracy_of", correct = record.correct, answers = record.answers)/>
        </div>
        {rows_or_empty(record.rows, tr!("learn_record.empty"), |rows| view! {
            <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                {rows.into_iter().map(|row| view! { <Line row=row/> }).collect_view()}
            </ul>
        })}
    }
}

#[component]
fn Line(row: RecordRow) -> impl IntoView {
    let what = if row.kind == "exam" {
        tr!("learn_record.attempt_n", n = row.version)
    } else {
        tr!("course.version_n", n = row.version)
    };
    let class = match (row.passed, row.lessons) {
        (Some(false), _) => "badge badge-error",
        (None, Some(_)) => "badge badge-ghost",
        (None, None) if row.kind == "exam" => "badge badge-ghost",
        _ => "badge badge-success",
    };
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3">
            <span class="me-auto min-w-0">
                <span class="block break-words font-medium">{row.title.clone()}</span>
                <span class="num text-sm text-base-content/70">{what}" · "{row.at.clone()}</span>
            </span>
            {row.percent.map(|percent| view! { <span class="num">{format!("{percent:.1}%")}</span> })}
            <span class=class>{row.outcome()}</span>
        </li>
    }
}
