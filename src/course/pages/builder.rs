//! A course on its page: what it holds, in an order that is changed by dragging or by buttons; its settings and acts.

use leptos::ev::DragEvent;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::{StateBadge, path_param};
use crate::course::api::*;
use crate::course::model::{
    Chapter, CourseState, CourseView, Lesson, LessonKind, category_label, clock,
};
use crate::exam::model::percent;
use crate::shared::Permission;
use crate::ui::boot::{Refresh, may, refresh};
use crate::ui::form::{Checkbox, Confirm, Field, PostForm, Select, Submit};
use crate::ui::list::param;
use crate::ui::parts::{Card, Empty, Loading, PageTitle, outcome};

/// A course with all that can be done with it.
#[component]
pub fn CoursePage() -> impl IntoView {
    let id = path_param("id");
    let course = Resource::new(move || (id.get(), refresh()), |(id, _)| get_course(id));
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(course.await, |course| view! { <Shown course=course/> }) })}
        </Suspense>
    }
}

#[component]
fn Shown(course: CourseView) -> impl IntoView {
    let writes = may(Permission::WriteCourses) && course.row.state != CourseState::Archived;
    let id = StoredValue::new(course.row.id.clone());
    let fault = param("fault").get_untracked();
    let facts = facts(&course);
    let lacks = course.lacks.clone();
    let (chapters, whole) = (
        StoredValue::new(course.contents.chapters.clone()),
        StoredValue::new(course.clone()),
    );
    let holds = !course.contents.chapters.is_empty()
        && (may(Permission::WriteCourses) || may(Permission::ReviewArticles));
    let rate = percent(course.row.completed, course.row.assigned);
    view! {
        <PageTitle title=course.row.title.clone()>
            <StateBadge state=course.row.state/>
            {(course.row.version > 0).then(|| view! { <a class="btn btn-sm min-h-10" href=format!("/courses/{}/coverage", id.get_value())>{tr!("learn_coverage.title")}" "<span class="num">{rate}</span></a> })}
            {holds.then(|| view! { <a class="btn btn-sm min-h-10" rel="external" href=format!("/learn/{}?preview=1", id.get_value())>{tr!("course.preview")}</a> })}
            {writes.then(|| view! { <a class="btn btn-sm min-h-10" href=format!("/courses/{}/edit", id.get_value())>{tr!("course.edit")}</a> })}
        </PageTitle>
        {(!fault.is_empty()).then(|| view! { <p role="alert" class="alert alert-error mb-4 py-2">{crate::ui::locale::lookup(&fault)}</p> })}
        <div class="grid items-start gap-4 lg:grid-cols-[2fr_1fr]">
            <div>
                <Card title=tr!("course.contents")>
                    {writes.then(|| view! { <p class="mb-3 hidden text-sm text-base-content/70 lg:block">{tr!("course.drag_hint")}</p> })}
                    <Contents id=id chapters=chapters.get_value() writes=writes/>
                </Card>
                {writes.then(|| view! { <AddLesson id=id chapters=chapters.get_value()/> })}
            </div>
            <div>
                <Card title=tr!("course.settings")>
                    {course.cover.clone().map(|src| view! { <img class="mb-3 aspect-video w-full rounded-box object-cover" src=src alt=""/> })}
                    {(!course.input.summary.is_empty()).then(|| view! { <p class="mb-3 whitespace-pre-line">{course.input.summary.clone()}</p> })}
                    <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
                        {facts.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| view! {
                            <dt class="text-base-content/70">{name}</dt><dd class="num min-w-0 break-words">{value}</dd>
                        }).collect_view()}
                    </dl>
                    {writes.then(|| view! {
                        <form method="post" action=format!("/courses/{}/cover", id.get_value()) enctype="multipart/form-data" class="mt-4">
                            <label class="block text-sm font-medium">{tr!("course.cover")}
                                <input type="file" name="file" accept="image/png,image/jpeg,image/webp" required class="file-input file-input-sm mt-1 w-full"/>
                            </label>
                            <button class="btn btn-sm mt-2 min-h-10">{tr!("course.cover_send")}</button>
                        </form>
                    })}
                </Card>
                {may(Permission::WriteCourses).then(|| view! {
                    <Card title=tr!("course.acts")><Acts id=id course=whole.get_value() lacks=lacks/></Card>
                })}
                {(may(Permission::ReviewArticles) && course.review == "in_review").then(|| view! { <Review id=id/> })}
                {(!course.editions.is_empty()).then(|| view! {
                    <Card title=tr!("course.editions")>
                        <ul class="divide-y divide-base-300">
                            {course.editions.iter().map(|e| view! {
                                <li class="py-2">
                                    <span class="num">{tr!("course.edition_line", edition = e.edition, version = e.version)}</span>
                                    <span class="num block text-sm text-base-content/70">{e.at.clone()}" · "{e.by.clone()}</span>
                                    {(!e.note.is_empty()).then(|| view! { <span class="block text-sm">{e.note.clone()}</span> })}
                                </li>
                            }).collect_view()}
                        </ul>
                    </Card>
                })}
            </div>
        </div>
    }
}

fn facts(course: &CourseView) -> Vec<(String, String)> {
    let input = &course.input;
    let due = match input.due_kind.as_str() {
        "assigned" => tr!("course.due_in", n = input.due_days),
        "joined" => tr!("course.due_joined_in", n = input.due_days),
        "fixed" => input.due_on.clone(),
        _ => String::new(),
    };
    let flag = |on: bool| {
        if on {
            tr!("ui.is_so")
        } else {
            tr!("ui.is_not")
        }
    };
    let review = match course.review.as_str() {
        "in_review" => tr!("course.in_review"),
        "approved" => tr!("course.approved"),
        "stale" => tr!("course.stale"),
        _ => String::new(),
    };
    vec![
        (tr!("course.category"), category_label(&input.category)),
        (
            tr!("course.lecturer"),
            course.lecturer.clone().unwrap_or_default(),
        ),
        (tr!("course.required"), flag(input.required)),
        (tr!("course.no_skip"), flag(input.no_skip)),
        (tr!("course.due"), due),
        (tr!("audience.title"), course.audience.join("、")),
        (
            tr!("course.version"),
            if course.row.version > 0 {
                course.row.version.to_string()
            } else {
                String::new()
            },
        ),
        (tr!("course.review"), review),
        (tr!("article.approval_no"), course.approval_no.clone()),
        (tr!("article.expires_on"), course.expires_on.clone()),
    ]
}

#[component]
fn Contents(id: StoredValue<String>, chapters: Vec<Chapter>, writes: bool) -> impl IntoView {
    if chapters.is_empty() {
        return view! { <Empty text=tr!("course.no_lessons")/> }.into_any();
    }
    // What is being dragged.
    let dragged = RwSignal::new(None::<String>);
    let last = chapters.len() - 1;
    chapters
        .into_iter()
        .enumerate()
        .map(|(i, chapter)| {
            view! { <ChapterPart id=id chapter=chapter first=i == 0 last=i == last writes=writes dragged=dragged/> }
        })
        .collect_view()
        .into_any()
}

/// Puts what is dragged where it was dropped.
#[cfg(feature = "hydrate")]
fn dropped(id: String, item: String, target: String, done: Option<Refresh>) {
    leptos::task::spawn_local(async move {
        if place_item(id, item, target).await.is_ok()
            && let Some(refresh) = done
        {
            refresh.0.update(|n| *n += 1);
        }
    });
}

#[cfg(not(feature = "hydrate"))]
fn dropped(_: String, _: String, _: String, _: Option<Refresh>) {}

/// What happens when something is dropped on `target`.
fn on_drop(
    id: StoredValue<String>,
    target: StoredValue<String>,
    dragged: RwSignal<Option<String>>,
) -> impl Fn(DragEvent) + Copy + 'static {
    let done = use_context::<Refresh>();
    move |event: DragEvent| {
        event.prevent_default();
        event.stop_propagation();
        if let Some(item) = dragged.get_untracked() {
            dragged.set(None);
            dropped(id.get_value(), item, target.get_value(), done);
        }
    }
}

#[component]
fn ChapterPart(
    id: StoredValue<String>,
    chapter: Chapter,
    first: bool,
    last: bool,
    writes: bool,
    dragged: RwSignal<Option<String>>,
) -> impl IntoView {
    let own = StoredValue::new(chapter.id.clone());
    let title = chapter.title.clone();
    let drop = on_drop(id, own, dragged);
    let lessons = chapter.lessons.len();
    view! {
        <section class="mb-4 rounded-box border border-base-300 p-3" on:dragover=move |e: DragEvent| e.prevent_default() on:drop=drop>
            <div class="flex flex-wrap items-center gap-2" draggable=writes.to_string()
                on:dragstart=move |_| dragged.set(Some(own.get_value()))>
                <h3 class="me-auto font-semibold">{chapter.title.clone()}</h3>
                {writes.then(|| view! { <Moves id=id item=own what=title.clone() first=first last=last/> })}
            </div>
            {writes.then(|| view! {
                <details class="text-sm">
                    <summary class="cursor-pointer py-1 text-base-content/70">{tr!("course.rename")}</summary>
                    <PostForm to=SaveChapter::url() class="flex flex-wrap items-end gap-2">
                        <input type="hidden" name="id" value=id.get_value()/>
                        <input type="hidden" name="chapter" value=own.get_value()/>
                        <Field name="title" label=tr!("course.chapter_name") value=title.clone()/>
                        <div class="mb-3"><Submit label=tr!("ui.save") class="btn btn-sm min-h-10"/></div>
                    </PostForm>
                </details>
            })}
            {(lessons == 0).then(|| view! { <p class="py-2 text-sm text-base-content/70">{tr!("course.empty_chapter")}</p> })}
            <ol class="divide-y divide-base-300">
                {chapter.lessons.into_iter().enumerate().map(|(i, lesson)| view! {
                    <LessonLine id=id lesson=lesson writes=writes dragged=dragged first=first && i == 0 last=last && i + 1 == lessons/>
                }).collect_view()}
            </ol>
        </section>
    }
}

#[component]
fn LessonLine(
    id: StoredValue<String>,
    lesson: Lesson,
    writes: bool,
    dragged: RwSignal<Option<String>>,
    first: bool,
    last: bool,
) -> impl IntoView {
    let own = StoredValue::new(lesson.id.clone());
    let drop = on_drop(id, own, dragged);
    let ready = match lesson.kind {
        LessonKind::Article => lesson.article.is_some(),
        LessonKind::Quiz => lesson.exam.is_some(),
        _ => lesson.media.is_some(),
    };
    let length = match lesson.kind {
        kind if kind.is_played() && ready => clock(lesson.duration_ms),
        LessonKind::Slides if ready => tr!("learn.pages_n", n = lesson.pages),
        _ => String::new(),
    };
    let name = lesson.title.clone();
    let title = if writes {
        view! { <a class="link link-hover break-words font-medium" href=format!("/courses/{}/lessons/{}", id.get_value(), lesson.id)>{lesson.title.clone()}</a> }.into_any()
    } else {
        view! { <span class="break-words font-medium">{lesson.title.clone()}</span> }.into_any()
    };
    view! {
        <li class="flex flex-wrap items-center gap-2 py-2" draggable=writes.to_string()
            on:dragstart=move |e: DragEvent| { e.stop_propagation(); dragged.set(Some(own.get_value())); }
            on:dragover=move |e: DragEvent| e.prevent_default() on:drop=drop>
            <span class="me-auto min-w-0 basis-48 grow">
                {title}
                <span class="num block text-sm text-base-content/70">
                    {lesson.kind.label()}" "{length}
                    {(!lesson.stops.is_empty()).then(|| format!(" · {}", tr!("course.stops_n", n = lesson.stops.len())))}
                </span>
            </span>
            {(!ready).then(|| view! { <span class="badge badge-warning">{tr!("course.without_media")}</span> })}
            {writes.then(|| view! { <Moves id=id item=own what=name first=first last=last/> })}
        </li>
    }
}

/// Buttons that move an item and take it out.
#[component]
fn Moves(
    id: StoredValue<String>,
    item: StoredValue<String>,
    what: String,
    first: bool,
    last: bool,
) -> impl IntoView {
    let button = move |direction: &'static str, sign: &'static str, label: String| {
        view! {
            <PostForm to=MoveItem::url()>
                <input type="hidden" name="id" value=id.get_value()/>
                <input type="hidden" name="item" value=item.get_value()/>
                <input type="hidden" name="direction" value=direction/>
                <button class="btn btn-ghost btn-sm min-h-10 min-w-10" aria-label=label>{sign}</button>
            </PostForm>
        }
    };
    view! {
        <span class="flex items-center gap-1">
            {(!first).then(|| button("up", "↑", tr!("course.move_up", what = what)))}
            {(!last).then(|| button("down", "↓", tr!("course.move_down", what = what)))}
            <Confirm to=RemoveItem::url() label=tr!("exam.remove") explain=tr!("course.remove_explain") class="btn btn-ghost btn-sm min-h-10">
                <input type="hidden" name="id" value=id.get_value()/>
                <input type="hidden" name="item" value=item.get_value()/>
            </Confirm>
        </span>
    }
}

#[component]
fn AddLesson(id: StoredValue<String>, chapters: Vec<Chapter>) -> impl IntoView {
    let kinds = [
        LessonKind::Video,
        LessonKind::Audio,
        LessonKind::Slides,
        LessonKind::Article,
        LessonKind::Quiz,
    ]
    .map(|k| (k.code().to_owned(), k.label()))
    .to_vec();
    let last = chapters.last().map(|c| c.id.clone()).unwrap_or_default();
    let places: Vec<(String, String)> = chapters.into_iter().map(|c| (c.id, c.title)).collect();
    view! {
        <Card title=tr!("course.add_lesson")>
            <PostForm to=AddLesson::url() class="grid gap-x-4 sm:grid-cols-2">
                <input type="hidden" name="id" value=id.get_value()/>
                <Field name="title" label=tr!("course.lesson_name") required=true/>
                <Select name="kind" label=tr!("course.kind") options=kinds/>
                {(!places.is_empty()).then(|| view! { <Select name="chapter" label=tr!("course.chapter") options=places value=last/> })}
                <div class="self-end mb-3"><Submit label=tr!("course.add") class="btn btn-primary min-h-10"/></div>
            </PostForm>
            <div class="divider my-1"></div>
            <PostForm to=SaveChapter::url() class="flex flex-wrap items-end gap-2">
                <input type="hidden" name="id" value=id.get_value()/>
                <Field name="title" label=tr!("course.new_chapter")/>
                <div class="mb-3"><Submit label=tr!("course.add_chapter") class="btn min-h-10"/></div>
            </PostForm>
        </Card>
    }
}

#[component]
fn Acts(id: StoredValue<String>, course: CourseView, lacks: Vec<String>) -> impl IntoView {
    let archived = course.row.state == CourseState::Archived;
    let published = course.row.version > 0;
    let changed = course.row.state != CourseState::Published;
    let asks_review = course.row.for_hcps && matches!(course.review.as_str(), "" | "stale");
    let act = move |step: &'static str, label: String| {
        view! {
            <PostForm to=AdvanceCourse::url()>
                <input type="hidden" name="id" value=id.get_value()/>
                <input type="hidden" name="step" value=step/>
                <Submit label=label class="btn btn-sm min-h-10"/>
            </PostForm>
        }
    };
    view! {
        {(!lacks.is_empty() && !archived).then(|| view! {
            <ul class="mb-3 list-disc ps-5 text-sm">
                {lacks.iter().map(|key| view! { <li>{crate::ui::locale::lookup(key)}</li> }).collect_view()}
            </ul>
        })}
        {(lacks.is_empty() && !archived && (changed || published)).then(|| view! {
            <PostForm to=PublishCourse::url() class="mb-4">
                <input type="hidden" name="id" value=id.get_value()/>
                {published.then(|| view! {
                    <Field name="note" label=tr!("course.note") hint=tr!("course.note_hint")/>
                    <Checkbox name="renew" label=tr!("course.renew_label")/>
                })}
                <Submit label=if published { tr!("course.publish_again") } else { tr!("course.publish") } class="btn btn-primary min-h-10"/>
            </PostForm>
        })}
        <div class="flex flex-wrap gap-2">
            {(asks_review && !archived).then(|| act("ask_review", tr!("course.ask_review")))}
            {act("copy", tr!("exam.copy"))}
            {if archived {
                act("restore", tr!("course.restore")).into_any()
            } else {
                view! {
                    <Confirm to=AdvanceCourse::url() label=tr!("course.archive") explain=tr!("course.archive_explain") class="btn btn-sm btn-outline btn-error min-h-10">
                        <input type="hidden" name="id" value=id.get_value()/>
                        <input type="hidden" name="step" value="archive"/>
                    </Confirm>
                }.into_any()
            }}
        </div>
    }
}

#[component]
fn Review(id: StoredValue<String>) -> impl IntoView {
    view! {
        <Card title=tr!("course.review")>
            <PostForm to=ReviewCourse::url()>
                <input type="hidden" name="id" value=id.get_value()/>
                <Field name="approval_no" label=tr!("article.approval_no")/>
                <Field name="expires_on" kind="date" label=tr!("article.expires_on")/>
                <div class="flex flex-wrap gap-2">
                    <Submit label=tr!("course.approve") class="btn btn-primary min-h-10" choice=("decision", "approve")/>
                    <Submit label=tr!("course.send_back") class="btn min-h-10" choice=("decision", "send_back")/>
                </div>
            </PostForm>
        </Card>
    }
}
