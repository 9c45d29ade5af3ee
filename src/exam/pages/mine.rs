//! Exams that are set to oneself.

use leptos::prelude::*;

use super::{StateBadge, window};
use crate::exam::model::MyExam;

/// One's own exams, those to be taken first.
#[component]
pub fn MyExams(exams: Vec<MyExam>) -> impl IntoView {
    view! {
        <h2 class="mb-2 text-base font-semibold">{tr!("exam.mine")}</h2>
        <ul class="space-y-3">{exams.into_iter().map(|exam| view! { <Item exam=exam/> }).collect_view()}</ul>
    }
}

#[component]
fn Item(exam: MyExam) -> impl IntoView {
    let can = exam.can_take();
    let going = exam.open_attempt.is_some();
    let result = exam.best.clone().map(|(id, percent, passed)| {
        let class = if passed { "badge badge-success" } else { "badge badge-error" };
        let text = if passed { tr!("exam.passed") } else { tr!("exam.failed") };
        view! {
            <a class="flex min-h-11 items-center gap-2" rel="external" href=format!("/attempts/{id}")>
                <span class=class>{text}</span>
                <span class="num link">{tr!("exam.best", percent = crate::shared::one_decimal(percent))}</span>
            </a>
        }
    });
    let waits = exam.waits.clone().map(|id| {
        view! {
            <a class="flex min-h-11 items-center" rel="external" href=format!("/attempts/{id}")>
                <span class="badge badge-ghost">{tr!("exam.being_marked")}</span>
            </a>
        }
    });
    let limit = if exam.minutes > 0 {
        tr!("exam.minutes_n", n = exam.minutes)
    } else {
        tr!("exam.no_limit")
    };
    let tries = if exam.attempts > 0 {
        tr!("exam.tries", used = exam.used, most = exam.attempts)
    } else {
        tr!("exam.tries_any", used = exam.used)
    };
    view! {
        <li class="rounded-box border border-base-300 bg-base-100 p-4">
            <div class="flex flex-wrap items-center gap-2">
                <h2 class="me-auto text-base font-semibold">{exam.title}</h2>
                <StateBadge state=exam.state/>
            </div>
            {(!exam.intro.is_empty()).then(|| view! { <p class="mt-1 line-clamp-2 text-sm text-base-content/70">{exam.intro}</p> })}
            <p class="num mt-2 flex flex-wrap gap-x-4 gap-y-1 text-sm text-base-content/70">
                <span>{window(exam.opens, exam.closes)}</span><span>{limit}</span><span>{tries}</span>
                <span>{tr!("exam.pass_at", n = exam.pass_percent)}</span>
            </p>
            <div class="mt-2 flex flex-wrap items-center gap-3">
                {result}{waits}
                {can.then(|| {
                    let label = if going { tr!("exam.go_on") } else if exam.used > 0 { tr!("exam.once_more") } else { tr!("exam.start") };
                    view! {
                        <form method="post" action=format!("/exams/{}/start", exam.id) class="ms-auto">
                            <button class="btn btn-primary min-h-10">{label}</button>
                        </form>
                    }
                })}
            </div>
        </li>
    }
}
