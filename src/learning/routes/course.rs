//! A learner's courses, and one of them with its lessons.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use leptos::prelude::*;

use super::{Asked, home, refuse};
use crate::course::model::{Lesson, category_label, clock};
use crate::learning::access::{self, Open};
use crate::learning::model::MyCourse;
use crate::learning::watch::{self, Progress};
use crate::learning::{Learner, record};
use crate::server::AppState;
use crate::server::db::q;
use crate::server::web::{Visit, see_other};
use crate::shared::AppError;

/// `/learn`: an HCP's courses. Staff have a page of their own.
pub async fn list(State(state): State<AppState>, visit: Visit) -> Response {
    let made = async {
        let learner = Learner::of(&state, &visit).await?;
        if let Learner::Staff(_) = learner {
            return Ok(see_other("/learning"));
        }
        let courses = record::courses(&state, &learner).await?;
        Ok(courses_page(&visit, courses))
    };
    made.await
        .unwrap_or_else(|error: AppError| refuse(&visit, "/learn", &error))
}

fn courses_page(visit: &Visit, courses: Vec<MyCourse>) -> Response {
    visit.page(|| tr!("learn.title"), || {
        view! {
            <main>
                <header class="mb-4 flex flex-wrap items-center gap-2">
                    <h1 class="me-auto text-xl font-semibold">{tr!("learn.title")}</h1>
                    <a class="btn btn-sm" href="/library">{tr!("read.all_articles")}</a>
                    <a class="btn btn-sm" href="/me">{tr!("me.title")}</a>
                </header>
                {if courses.is_empty() {
                    view! { <p class="rounded-box border border-dashed border-base-300 p-8 text-center text-base-content/70">{tr!("learn.none_for_hcp")}</p> }.into_any()
                } else {
                    view! {
                        <ul class="divide-y divide-base-300">
                            {courses.into_iter().map(|course| view! {
                                <li class="py-3">
                                    <a class="block" href=format!("/learn/{}", course.id)>
                                        <span class="font-semibold">{course.title.clone()}</span>
                                        <span class="mt-1 block text-sm text-base-content/70">{course.summary.clone()}</span>
                                        <span class="num mt-1 block text-sm">{standing(&course)}</span>
                                    </a>
                                </li>
                            }).collect_view()}
                        </ul>
                    }.into_any()
                }}
            </main>
        }
    })
}

fn standing(course: &MyCourse) -> String {
    match &course.completed {
        Some(at) => tr!("learn.completed_at", at = at),
        None => tr!(
            "learn.lessons_done",
            done = course.done,
            of = course.lessons
        ),
    }
}

/// `/learn/{course}`: what it is about, and its lessons with how far one is.
pub async fn show(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let made = async {
        let learner = Learner::of(&state, &visit).await?;
        let open = access::open(&state, &learner, &id, asked.preview()).await?;
        let progress = if open.preview {
            Default::default()
        } else {
            watch::progress(&state.db, &learner.key(), &id, open.course.version).await?
        };
        let lecturer: Option<(String,)> = match &open.course.lecturer_id {
            Some(id) => {
                q("SELECT name FROM staff WHERE id = $1")
                    .bind(id)
                    .optional(&state.db)
                    .await?
            }
            None => None,
        };
        let own = record::courses(&state, &learner).await?;
        let own = own.into_iter().find(|course| course.id == id);
        Ok(page(
            &visit,
            &learner,
            &open,
            own,
            lecturer.map(|(name,)| name),
            |lesson| progress.get(lesson).cloned(),
        ))
    };
    made.await
        .unwrap_or_else(|error: AppError| refuse(&visit, &format!("/learn/{id}"), &error))
}

fn page(
    visit: &Visit,
    learner: &Learner,
    open: &Open,
    own: Option<MyCourse>,
    lecturer: Option<String>,
    progress: impl Fn(&str) -> Option<Progress>,
) -> Response {
    let course = &open.course;
    let query = if open.preview { "?preview=1" } else { "" };
    visit.page(|| course.title.clone(), || {
        let done = own.as_ref().map_or(0, |c| c.done);
        let all = open.contents.lessons().count() as i64;
        let percent = if all > 0 { done * 100 / all } else { 0 };
        let next = own.as_ref().and_then(|c| c.next.clone());
        let completed = own.as_ref().and_then(|c| c.completed.clone());
        let due = own.as_ref().and_then(|c| {
            let due = c.due.clone()?;
            Some(if c.overdue { tr!("learn.overdue_since", day = due) } else { tr!("learn.due_by", day = due) })
        });
        let late = own.as_ref().is_some_and(|c| c.overdue);
        let for_hcp = matches!(learner, Learner::Hcp(_));
        view! {
            <main>
                <p class="mb-2"><a class="link" href=home(learner)>{tr!("learn.to_mine")}</a></p>
                {open.preview.then(|| view! { <p role="status" class="alert alert-info mb-3 py-2">{tr!("learn.preview")}</p> })}
                {course.cover.is_some().then(|| view! { <img class="mb-3 aspect-video w-full rounded-box object-cover" src=format!("/learn/{}/cover{query}", course.id) alt=""/> })}
                <h1 class="text-2xl font-semibold leading-snug">{course.title.clone()}</h1>
                <p class="mt-1 text-sm text-base-content/70">
                    {category_label(&course.category)}
                    {lecturer.map(|name| format!(" · {}", tr!("course.lecturer_line", name = name)))}
                </p>
                {for_hcp.then(|| view! { <p class="num text-sm text-base-content/70">{crate::content::pages::approval_line(&course.approval_no, &course.expires_on)}</p> })}
                <p class="mt-2 whitespace-pre-line">{course.summary.clone()}</p>
                {(!open.preview).then(|| view! {
                    <div class="my-4 rounded-box bg-base-200 p-4">
                        <div class="flex flex-wrap items-center gap-x-4 gap-y-1">
                            <span class="num me-auto">{match &completed {
                                Some(at) => tr!("learn.completed_at", at = at),
                                None => tr!("learn.lessons_done", done = done, of = all),
                            }}</span>
                            {due.map(|text| view! { <span class=if late { "num text-error" } else { "num" }>{text}</span> })}
                        </div>
                        <progress class="progress progress-primary mt-2 w-full" value=percent.to_string() max="100" aria-label=tr!("learn.progress")></progress>
                        {next.map(|lesson| view! {
                            <a class="btn btn-primary mt-3 min-h-12 w-full" href=format!("/learn/{}/{lesson}", course.id)>{if done > 0 { tr!("learn.go_on") } else { tr!("learn.start") }}</a>
                        })}
                    </div>
                })}
                {open.contents.chapters.iter().map(|chapter| view! {
                    <section class="mt-5">
                        <h2 class="text-base font-semibold">{chapter.title.clone()}</h2>
                        <ol class="divide-y divide-base-300">
                            {chapter.lessons.iter().map(|lesson| {
                                let href = format!("/learn/{}/{}{query}", course.id, lesson.id);
                                line(lesson, href, progress(&lesson.id))
                            }).collect_view()}
                        </ol>
                    </section>
                }).collect_view()}
            </main>
        }
    })
}

fn line(lesson: &Lesson, href: String, progress: Option<Progress>) -> impl IntoView + use<> {
    let done = progress.as_ref().is_some_and(|p| p.completed_at.is_some());
    let percent = progress
        .map(|p| p.watched_ms * 100 / lesson.duration_ms.max(1))
        .unwrap_or(0)
        .min(99);
    let length = match lesson.kind {
        kind if kind.is_played() => clock(lesson.duration_ms),
        crate::course::model::LessonKind::Slides => tr!("learn.pages_n", n = lesson.pages),
        _ => String::new(),
    };
    let (class, state) = match (done, percent) {
        (true, _) => ("badge badge-success", tr!("learn.lesson_done")),
        (false, 0) => ("badge badge-ghost", tr!("learn.lesson_new")),
        (false, n) => ("badge badge-info", format!("{n}%")),
    };
    view! {
        <li>
            <a class="flex min-h-14 items-center gap-3 py-2" href=href>
                <span class="min-w-0 grow">
                    <span class="block break-words font-medium">{lesson.title.clone()}</span>
                    <span class="num text-sm text-base-content/70">{lesson.kind.label()}" "{length}</span>
                </span>
                <span class=class>{state}</span>
            </a>
        </li>
    }
}
