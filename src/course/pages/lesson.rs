//! A lesson as it is worked on.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::path_param;
use super::upload::Upload;
use crate::course::api::*;
use crate::course::model::{Lesson, LessonEdit, LessonKind, MediaRow, clock};
use crate::learning::rules::PAGE_MS;
use crate::question::model::Kind;
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, Field, FieldMessage, PostForm, Select, Submit, TextArea};
use crate::ui::list::param;
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// A lesson: its words, its media, the questions within it, and sharing it.
#[component]
pub fn LessonPage() -> impl IntoView {
    let (id, lesson, text) = (path_param("id"), path_param("lesson"), param("text"));
    let data = Resource::new(
        move || (id.get(), lesson.get(), text.get(), refresh()),
        |(id, lesson, text, _)| get_lesson(id, lesson, text),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, move |edit| view! { <Shown edit=edit text=text.get_untracked()/> })
            })}
        </Suspense>
    }
}

#[component]
fn Shown(edit: LessonEdit, text: String) -> impl IntoView {
    let (course, course_title) = edit.course.clone();
    let lesson = edit.lesson.clone();
    let fault = param("fault").get_untracked();
    let id = StoredValue::new(course.clone());
    let own = StoredValue::new(lesson.id.clone());
    let preview = format!("/learn/{course}/{}?preview=1", lesson.id);
    let carries = matches!(
        lesson.kind,
        LessonKind::Video | LessonKind::Audio | LessonKind::Slides
    );
    let (has_media, captioned, kind) = (
        lesson.media.is_some(),
        lesson.captions.is_some(),
        lesson.kind,
    );
    let (title, back) = (lesson.title.clone(), format!("/courses/{course}"));
    let (lesson, media) = (
        StoredValue::new(lesson),
        StoredValue::new(edit.media.clone()),
    );
    view! {
        <PageTitle title=title>
            <a class="btn btn-sm min-h-10" href=back>{tr!("course.back")}</a>
            <a class="btn btn-sm min-h-10" rel="external" href=preview>{tr!("course.preview")}</a>
        </PageTitle>
        <p class="mb-4 text-sm text-base-content/70">{course_title}" · "{kind.label()}</p>
        {(!fault.is_empty()).then(|| view! { <p role="alert" class="alert alert-error mb-4 py-2">{crate::ui::locale::lookup(&fault)}</p> })}
        <div class="grid items-start gap-4 lg:grid-cols-2">
            <div>
                <Card title=tr!("course.lesson_words")>
                    <Words id=id own=own lesson=lesson.get_value() articles=edit.articles.clone() exams=edit.exams.clone()/>
                </Card>
                {carries.then(|| view! {
                    <Card title=tr!("course.media")>
                        {media.get_value().map(|media| view! { <Media media=media/> })}
                        <Upload course=id.get_value() lesson=own.get_value() kind=kind replaces=has_media max_mib=edit.max_mib/>
                    </Card>
                })}
                {(has_media && kind.is_played()).then(|| view! { <Captions id=id own=own there=captioned/> })}
            </div>
            <div>
                {(has_media).then(|| view! { <Stops id=id own=own lesson=lesson.get_value() text=text questions=edit.questions.clone()/> })}
                {(has_media).then(|| view! { <Share id=id own=own shared=edit.shared.clone()/> })}
            </div>
        </div>
    }
}

#[component]
fn Words(
    id: StoredValue<String>,
    own: StoredValue<String>,
    lesson: Lesson,
    articles: Vec<(String, String)>,
    exams: Vec<(String, String)>,
) -> impl IntoView {
    let none = (String::new(), tr!("exam.choose"));
    let options = move |list: Vec<(String, String)>| [vec![none.clone()], list].concat();
    // Made within the form, which fields look for.
    let further = move || {
        match lesson.kind {
        LessonKind::Article => {
            view! { <Select name="article" label=tr!("course.article") options=options(articles) value=lesson.article.unwrap_or_default()/> }.into_any()
        }
        LessonKind::Quiz => {
            view! { <Select name="exam" label=tr!("course.exam") options=options(exams) value=lesson.exam.unwrap_or_default()/> }.into_any()
        }
        _ => ().into_any(),
    }
    };
    view! {
        <PostForm to=SaveLesson::url()>
            <input type="hidden" name="id" value=id.get_value()/>
            <input type="hidden" name="lesson" value=own.get_value()/>
            <Field name="title" label=tr!("course.lesson_name") value=lesson.title required=true/>
            <TextArea name="intro" label=tr!("course.lesson_intro") value=lesson.intro rows=3/>
            {further()}
            <Submit label=tr!("ui.save")/>
        </PostForm>
    }
}

#[component]
fn Media(media: MediaRow) -> impl IntoView {
    let size = if media.bytes < 1_000_000 {
        format!("{} KB", (media.bytes / 1_000).max(1))
    } else {
        format!("{:.1} MB", media.bytes as f64 / 1_000_000.0)
    };
    let length = if media.kind == "slides" {
        tr!("learn.pages_n", n = media.pages)
    } else {
        clock(media.duration_ms)
    };
    view! {
        <p class="num mb-3 break-words">{media.name}" · "{length}" · "{size}</p>
    }
}

#[component]
fn Captions(id: StoredValue<String>, own: StoredValue<String>, there: bool) -> impl IntoView {
    let action = format!(
        "/courses/{}/lessons/{}/captions",
        id.get_value(),
        own.get_value()
    );
    view! {
        <Card title=tr!("course.captions")>
            <p class="mb-2 text-sm text-base-content/70">{if there { tr!("course.captions_there") } else { tr!("course.captions_hint") }}</p>
            <form method="post" action=action enctype="multipart/form-data" class="flex flex-wrap items-end gap-2">
                <input type="file" name="file" accept=".vtt,text/vtt" required class="file-input grow" aria-label=tr!("course.captions")/>
                <button class="btn min-h-10">{tr!("course.send_file")}</button>
            </form>
            {there.then(|| view! {
                <PostForm to=RemoveCaptions::url() class="mt-2">
                    <input type="hidden" name="id" value=id.get_value()/>
                    <input type="hidden" name="lesson" value=own.get_value()/>
                    <Submit label=tr!("exam.remove") class="btn btn-sm btn-ghost min-h-10"/>
                </PostForm>
            })}
        </Card>
    }
}

#[component]
fn Stops(
    id: StoredValue<String>,
    own: StoredValue<String>,
    lesson: Lesson,
    text: String,
    questions: Vec<(String, String, String)>,
) -> impl IntoView {
    let slides = lesson.kind == LessonKind::Slides;
    let here = format!("/courses/{}/lessons/{}", id.get_value(), own.get_value());
    let at_label = if slides {
        tr!("course.after_page")
    } else {
        tr!("course.at_time")
    };
    let at_label = StoredValue::new(at_label);
    let searched = !text.is_empty();
    let nothing = searched && questions.is_empty();
    view! {
        <Card title=tr!("course.stops")>
            <p class="mb-2 text-sm text-base-content/70">{tr!("course.stops_hint")}</p>
            <ul class="divide-y divide-base-300">
                {lesson.stops.into_iter().map(|stop| {
                    let at = if slides {
                        tr!("learn.page_n", n = stop.at_ms / PAGE_MS)
                    } else {
                        clock(stop.at_ms)
                    };
                    view! {
                        <li class="flex items-center gap-3 py-2">
                            <span class="num whitespace-nowrap">{at}</span>
                            <span class="min-w-0 grow break-words">{stop.stem}</span>
                            <PostForm to=RemoveStop::url()>
                                <input type="hidden" name="id" value=id.get_value()/>
                                <input type="hidden" name="lesson" value=own.get_value()/>
                                <input type="hidden" name="stop" value=stop.id/>
                                <Submit label=tr!("exam.remove") class="btn btn-sm btn-ghost min-h-10 whitespace-nowrap"/>
                            </PostForm>
                        </li>
                    }
                }).collect_view()}
            </ul>
            <form method="get" action=here class="my-3 flex gap-2" role="search" autocomplete="off">
                <input type="search" name="text" class="input w-full" value=text placeholder=tr!("course.find_question") aria-label=tr!("course.find_question")/>
                <button class="btn">{tr!("ui.search")}</button>
            </form>
            {nothing.then(|| view! { <p class="text-base-content/70">{tr!("course.no_question")}</p> })}
            <ul class="divide-y divide-base-300">
                {questions.into_iter().map(|(question, kind, stem)| view! {
                    <li class="py-2">
                        <p class="break-words">{Kind::parse(&kind).map(|k| view! { <span class="badge badge-ghost badge-sm me-2">{k.label()}</span> })}{stem}</p>
                        <PostForm to=AddStop::url() class="flex flex-wrap items-end gap-2">
                            <input type="hidden" name="id" value=id.get_value()/>
                            <input type="hidden" name="lesson" value=own.get_value()/>
                            <input type="hidden" name="question" value=question/>
                            <label class="grow text-sm">{at_label.get_value()}
                                <input name="at" class="input input-sm mt-1 w-full" placeholder=if slides { "3" } else { "1:30" } autocomplete="off"/>
                            </label>
                            <Submit label=tr!("course.put_in") class="btn btn-sm min-h-10"/>
                            <FieldMessage name="at"/>
                        </PostForm>
                    </li>
                }).collect_view()}
            </ul>
        </Card>
    }
}

#[component]
fn Share(
    id: StoredValue<String>,
    own: StoredValue<String>,
    shared: Option<(String, String)>,
) -> impl IntoView {
    let audiences = vec![
        ("professional".to_owned(), tr!("article.professional")),
        ("public".to_owned(), tr!("article.public")),
    ];
    let gone = shared
        .as_ref()
        .is_none_or(|(_, status)| status == "withdrawn");
    view! {
        <Card title=tr!("course.share")>
            <p class="mb-3 text-sm text-base-content/70">{tr!("course.share_hint")}</p>
            {shared.map(|(article, status)| view! {
                <p class="mb-3"><a class="link" href=format!("/articles/{article}")>{tr!("course.shared_as")}</a>" "<span class="badge">{crate::content::model::status_label(&status)}</span></p>
            })}
            {gone.then(|| view! {
                <Confirm to=ShareLesson::url() label=tr!("course.make_article") explain=tr!("course.make_article_explain") class="btn min-h-10">
                    <input type="hidden" name="id" value=id.get_value()/>
                    <input type="hidden" name="lesson" value=own.get_value()/>
                    <Select name="audience" label=tr!("article.audience") options=audiences/>
                </Confirm>
            })}
        </Card>
    }
}
