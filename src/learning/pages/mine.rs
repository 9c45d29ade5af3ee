//! What is set to oneself.

use leptos::prelude::*;

use crate::course::model::category_label;
use crate::exam::api::my_exams;
use crate::exam::pages::MyExams;
use crate::learning::api::my_learning;
use crate::learning::model::MyCourse;
use crate::ui::boot::refresh;
use crate::ui::parts::{Empty, Loading, PageTitle, outcome};

/// 学习: one's own courses and exams, those to be done first, and the cards of the day.
#[component]
pub fn Learning() -> impl IntoView {
    let learning = Resource::new(refresh, |_| my_learning());
    let exams = Resource::new(refresh, |_| my_exams());
    view! {
        <PageTitle title=tr!("learning.title")>
            <a class="btn btn-sm min-h-10" href="/record">{tr!("learn_record.title")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                let (learning, exams) = (learning.await, exams.await);
                outcome(learning, move |learning| {
                    let none = learning.courses.is_empty() && exams.as_ref().is_ok_and(Vec::is_empty);
                    view! {
                        {(learning.cards > 0).then(|| view! {
                            <a class="mb-4 flex min-h-14 items-center gap-3 rounded-box border border-primary bg-base-100 p-4" rel="external" href="/review">
                                <span class="me-auto font-semibold">{tr!("review.title")}</span>
                                <span class="num">{tr!("review.due", n = learning.cards)}</span>
                            </a>
                        })}
                        {none.then(|| view! { <Empty text=tr!("learning.empty")/> })}
                        {(!learning.courses.is_empty()).then(|| view! {
                            <h2 class="mb-2 text-base font-semibold">{tr!("learn.title")}</h2>
                            <ul class="mb-6 grid gap-3 lg:grid-cols-2">
                                {learning.courses.into_iter().map(|course| view! { <Item course=course/> }).collect_view()}
                            </ul>
                        })}
                        {match exams {
                            Ok(exams) if exams.is_empty() => ().into_any(),
                            exams => outcome(exams, |exams| view! { <MyExams exams=exams/> }),
                        }}
                    }
                })
            })}
        </Suspense>
    }
}

#[component]
fn Item(course: MyCourse) -> impl IntoView {
    let percent = if course.lessons > 0 {
        course.done * 100 / course.lessons
    } else {
        0
    };
    let due = course.due.clone().map(|day| {
        if course.overdue {
            view! { <span class="num badge badge-error">{tr!("learn.overdue_since", day = day)}</span> }
        } else {
            view! { <span class="num badge badge-ghost">{tr!("learn.due_by", day = day)}</span> }
        }
    });
    let standing = match &course.completed {
        Some(at) => tr!("learn.completed_at", at = at),
        None => tr!(
            "learn.lessons_done",
            done = course.done,
            of = course.lessons
        ),
    };
    let (href, label) = match (&course.completed, &course.next) {
        (None, Some(lesson)) => (
            format!("/learn/{}/{lesson}", course.id),
            if course.done > 0 {
                tr!("learn.go_on")
            } else {
                tr!("learn.start")
            },
        ),
        _ => (format!("/learn/{}", course.id), tr!("learn.look")),
    };
    let class = if course.completed.is_some() {
        "btn min-h-10"
    } else {
        "btn btn-primary min-h-10"
    };
    view! {
        <li class="flex flex-col rounded-box border border-base-300 bg-base-100 p-4">
            <div class="flex flex-wrap items-center gap-2">
                <a class="link link-hover me-auto text-base font-semibold" rel="external" href=format!("/learn/{}", course.id)>{course.title}</a>
                {course.required.then(|| view! { <span class="badge badge-primary badge-outline">{tr!("course.required")}</span> })}
            </div>
            <p class="mt-1 text-sm text-base-content/70">{category_label(&course.category)}</p>
            {(!course.summary.is_empty()).then(|| view! { <p class="mt-1 line-clamp-2 text-sm text-base-content/70">{course.summary}</p> })}
            <div class="mt-auto pt-3">
                <progress class="progress progress-primary w-full" value=percent.to_string() max="100" aria-label=tr!("learn.progress")></progress>
                <div class="mt-2 flex flex-wrap items-center gap-2">
                    <span class="num me-auto text-sm">{standing}</span>
                    {due}
                    <a class=class rel="external" href=href>{label}</a>
                </div>
            </div>
        </li>
    }
}
