//! The page of a lesson. `public/js/learn.js` plays, measures and stops at questions.

use axum::response::Response;
use leptos::prelude::*;

use super::lesson::{Asking, Shown, article_body};
use crate::content::pages::approval_line;
use crate::course::model::{CommentRow, LessonKind};
use crate::exam::attempt::Answer;
use crate::exam::paper::Item;
use crate::exam::sheet;
use crate::learning::Learner;
use crate::learning::rules::{PAGE_MS, Spans};
use crate::learning::watch::read_spans;
use crate::question::model::Draft;
use crate::server::web::Visit;

/// Speeds that the player offers.
const SPEEDS: [&str; 5] = ["0.75", "1", "1.25", "1.5", "2"];

/// The page of a lesson. `opened` is the signed moment of its opening; `said` what was just done (`comment`, `early`),
/// or a comment that was refused.
pub fn page(
    visit: &Visit,
    learner: &Learner,
    shown: Shown,
    opened: &str,
    comments: Vec<CommentRow>,
    said: &str,
) -> Response {
    let title = format!("{} · {}", shown.lesson.title, shown.open.course.title);
    visit.page(|| title, || {
        let course = &shown.open.course;
        let preview = shown.open.preview;
        let query = if preview { "?preview=1" } else { "" };
        let at = |lesson: &str| format!("/learn/{}/{lesson}{query}", course.id);
        let (before, after) = shown.around.clone();
        let notice = match said {
            "comment" => Some(("alert alert-success", tr!("learn.comment_sent"))),
            "early" => Some(("alert alert-warning", tr!("learn.too_early"))),
            _ => None,
        };
        let refused = notice.is_none().then(|| said.to_owned());
        let for_hcp = matches!(learner, Learner::Hcp(_));
        view! {
            <main>
                <p class="mb-2"><a class="link" href=format!("/learn/{}{query}", course.id)>{course.title.clone()}</a></p>
                {preview.then(|| view! { <p role="status" class="alert alert-info mb-3 py-2">{tr!("learn.preview")}</p> })}
                {notice.map(|(class, text)| view! { <p role="status" class=format!("{class} mb-3 py-2")>{text}</p> })}
                <h1 class="text-xl font-semibold leading-snug">{shown.lesson.title.clone()}</h1>
                {for_hcp.then(|| view! { <p class="num text-sm text-base-content/70">{approval_line(&course.approval_no, &course.expires_on)}</p> })}
                {(!shown.lesson.intro.is_empty()).then(|| view! { <p class="mt-1 whitespace-pre-line text-base-content/70">{shown.lesson.intro.clone()}</p> })}
                {body(&shown, opened)}
                <nav class="mt-6 grid grid-cols-2 gap-2">
                    {match before {
                        Some(id) => view! { <a class="btn min-h-12" href=at(&id)>{tr!("learn.previous")}</a> }.into_any(),
                        None => view! { <span></span> }.into_any(),
                    }}
                    {match after {
                        Some(id) => view! { <a class="btn btn-primary min-h-12" id="next" href=at(&id)>{tr!("learn.next")}</a> }.into_any(),
                        None => view! { <a class="btn btn-primary min-h-12" id="next" href=format!("/learn/{}{query}", course.id)>{tr!("learn.to_course")}</a> }.into_any(),
                    }}
                </nav>
                {(!preview).then(|| discussion(&format!("/learn/{}/{}/comment", course.id, shown.lesson.id), comments, refused))}
            </main>
            <script src="/js/learn.js" defer></script>
        }
    })
}

fn done_line(done: bool) -> impl IntoView {
    view! {
        <p id="state" class="num mt-2 min-h-6 text-sm" role="status">
            {if done { tr!("learn.lesson_done") } else { String::new() }}
        </p>
    }
}

fn body(shown: &Shown, opened: &str) -> AnyView {
    let lesson = &shown.lesson;
    match lesson.kind {
        LessonKind::Video | LessonKind::Audio => played(shown).into_any(),
        LessonKind::Slides => slides(shown, opened).into_any(),
        LessonKind::Article => article(shown, opened).into_any(),
        LessonKind::Quiz => quiz(shown).into_any(),
    }
}

/// What the script needs to know of a lesson.
struct Data {
    base: String,
    query: &'static str,
    spans: String,
    frontier: String,
    position: String,
    duration: String,
    id: String,
}

fn data(shown: &Shown) -> Data {
    let spans: Spans = read_spans(&shown.progress.spans);
    let (course, lesson) = (&shown.open.course, &shown.lesson);
    Data {
        base: format!("/learn/{}/{}", course.id, lesson.id),
        query: if shown.open.preview { "?preview=1" } else { "" },
        frontier: spans.frontier().to_string(),
        spans: serde_json::to_string(spans.parts()).unwrap_or_default(),
        position: shown.progress.position_ms.to_string(),
        duration: lesson.duration_ms.to_string(),
        id: format!("{}:{}:{}", shown.who, lesson.id, course.version),
    }
}

fn played(shown: &Shown) -> impl IntoView + use<> {
    let lesson = &shown.lesson;
    let d = data(shown);
    let holds_back = shown.open.course.no_skip && !shown.complete && !shown.open.preview;
    let captions = lesson.captions.is_some().then(|| {
        view! { <track kind="captions" srclang="zh-CN" label="中文" src=format!("{}/captions.vtt{}", d.base, d.query) default=true/> }
    });
    let src = format!("{}/media{}", d.base, d.query);
    let media = if lesson.kind == LessonKind::Video {
        view! {
            <video id="media" class="w-full rounded-box bg-black" controls playsinline preload="metadata" controlslist="nodownload noplaybackrate"
                disablepictureinpicture src=src aria-label=lesson.title.clone()>{captions}</video>
        }
        .into_any()
    } else {
        // A recording is a film without a picture: only so its captions can be read.
        view! {
            <video id="media" class="h-40 w-full rounded-box bg-neutral" controls playsinline preload="metadata" controlslist="nodownload noplaybackrate"
                src=src aria-label=lesson.title.clone()>{captions}</video>
        }
        .into_any()
    };
    view! {
        <div id="player" class="relative mt-3" data-kind=lesson.kind.code() data-id=d.id data-base=d.base data-query=d.query data-spans=d.spans
            data-frontier=d.frontier data-position=d.position data-duration=d.duration
            data-holds=holds_back.to_string() data-complete=shown.complete.to_string() data-preview=shown.open.preview.to_string()
            data-watched=tr!("learn.watched") data-done=tr!("learn.lesson_done") data-held=tr!("learn.no_skip_here")
            data-offline=tr!("learn.offline") data-ask=tr!("learn.question_waits") data-broken=tr!("learn.media_broken")>
            {media}
            <div class="mt-2 flex flex-wrap items-center gap-1" role="group" aria-label=tr!("learn.speed")>
                {SPEEDS.map(|speed| view! {
                    <button type="button" class="btn btn-sm min-h-10 aria-pressed:bg-primary aria-pressed:text-primary-content" data-speed=speed aria-pressed=(speed == "1").to_string()>{speed}"×"</button>
                }).into_iter().collect_view()}
            </div>
            {done_line(shown.complete)}
            {holds_back.then(|| view! { <p class="text-sm text-base-content/70">{tr!("learn.no_skip")}</p> })}
            <noscript><p class="alert alert-warning mt-2">{tr!("learn.needs_script")}</p></noscript>
            {questions(&shown.asking)}
        </div>
    }
}

/// The questions within a lesson: hidden until the player reaches them.
fn questions(asking: &[Asking]) -> impl IntoView + use<> {
    asking
        .iter()
        .enumerate()
        .map(|(place, ask)| {
            let answered = ask.answered.as_ref().map(|(given, right)| {
                reviewed(place, &ask.item, &ask.draft, given, Some(*right)).into_any()
            });
            let done = answered.is_some();
            view! {
                <section class="stop mt-4 rounded-box border border-primary p-4" hidden=!done data-at=ask.at_ms.to_string() data-stop=ask.stop.clone()
                    data-answered=done.to_string() tabindex="-1" aria-label=tr!("learn.question")>
                    {match answered {
                        Some(view) => view,
                        None => view! {
                            <form autocomplete="off">
                                <input type="hidden" name="stop" value=ask.stop.clone()/>
                                {sheet::question(place, &ask.item, &ask.draft, None)}
                                <p class="said min-h-6 text-sm text-error" role="alert"></p>
                                <button class="btn btn-primary min-h-12 w-full">{tr!("review.check")}</button>
                            </form>
                        }.into_any(),
                    }}
                </section>
            }
        })
        .collect_view()
}

fn reviewed(
    place: usize,
    item: &Item,
    draft: &Draft,
    given: &str,
    right: Option<bool>,
) -> impl IntoView + use<> {
    let answer = Answer {
        position: place as i64,
        given: given.to_owned(),
        saved_at: 0,
        share: right.map(|right| f64::from(u8::from(right))),
        comment: String::new(),
    };
    view! { <ol>{sheet::reviewed(place, item, draft, Some(&answer))}</ol> }
}

/// The part of the page that takes the place of an answered question.
pub fn answered(
    visit: &Visit,
    place: usize,
    item: &Item,
    draft: &Draft,
    given: &str,
    right: Option<bool>,
    complete: bool,
) -> Response {
    visit.fragment(|| {
        view! {
            <div data-complete=complete.to_string()>
                {reviewed(place, item, draft, given, right)}
                <button type="button" class="go-on btn btn-primary min-h-12 w-full">{tr!("learn.go_on_playing")}</button>
            </div>
        }
    })
}

fn slides(shown: &Shown, opened: &str) -> impl IntoView + use<> {
    let d = data(shown);
    let read = format!("{}/read", d.base);
    let (base, query) = (d.base.clone(), d.query);
    let count = shown.pages.len();
    view! {
        <div id="player" class="mt-3" data-kind="slides" data-id=d.id data-base=d.base data-query=d.query data-spans=d.spans data-frontier=d.frontier
            data-position=d.position data-duration=d.duration data-page-ms=PAGE_MS.to_string()
            data-holds="false" data-complete=shown.complete.to_string() data-preview=shown.open.preview.to_string()
            data-watched=tr!("learn.pages_seen") data-done=tr!("learn.lesson_done") data-offline=tr!("learn.offline") data-ask=tr!("learn.question_waits")>
            <div id="pages" class="space-y-3" tabindex="0" role="region" aria-roledescription="carousel" aria-label=shown.lesson.title.clone()>
                {shown.pages.iter().enumerate().map(|(i, text)| {
                    // The text of a page is what a screen reader reads of it.
                    let alt = if text.is_empty() { tr!("learn.page_n", n = i + 1) } else { text.clone() };
                    view! {
                        <img class="page w-full rounded-box border border-base-300" loading=if i < 2 { "eager" } else { "lazy" } width="1600" height="900"
                            src=format!("{base}/pages/{}{query}", i + 1) alt=alt/>
                    }
                }).collect_view()}
            </div>
            <div id="turn" class="mt-2 flex items-center gap-2" hidden>
                <button type="button" class="btn min-h-12" id="back">{tr!("learn.page_back")}</button>
                <span class="num grow text-center" id="place" aria-live="polite">{format!("1 / {count}")}</span>
                <button type="button" class="btn btn-primary min-h-12" id="forth">{tr!("learn.page_forth")}</button>
            </div>
            {done_line(shown.complete)}
            {questions(&shown.asking)}
            {read_form(shown, &read, opened)}
        </div>
    }
}

/// For browsers without JavaScript.
fn read_form(shown: &Shown, action: &str, opened: &str) -> Option<impl IntoView + use<>> {
    let (action, opened) = (action.to_owned(), opened.to_owned());
    (!shown.complete && !shown.open.preview && shown.asking.is_empty()).then(|| {
        view! {
            <noscript>
                <form method="post" action=action class="mt-3">
                    <input type="hidden" name="opened" value=opened/>
                    <button class="btn btn-primary min-h-12 w-full">{tr!("learn.i_have_read")}</button>
                </form>
            </noscript>
        }
    })
}

fn article(shown: &Shown, opened: &str) -> impl IntoView + use<> {
    let d = data(shown);
    let read = format!("{}/read", d.base);
    let body = match &shown.article {
        Some(article) => view! {
            <article class="mt-3">
                <h2 class="text-lg font-semibold">{article.title.clone()}</h2>
                <p class="num text-sm text-base-content/70">{approval_line(&article.approval_no, &article.expires_on)}</p>
                <div class="prose-zh mt-3" inner_html=article_body(article)></div>
            </article>
        }
        .into_any(),
        // Expired or withdrawn: nothing else of it is shown (domain, Compliance).
        None => view! { <p class="mt-6 rounded-box bg-base-200 p-6 text-center">{tr!("read.expired")}</p> }.into_any(),
    };
    view! {
        <div id="player" data-kind="article" data-id=d.id data-base=d.base data-query=d.query data-spans=d.spans data-frontier=d.frontier
            data-position=d.position data-duration=d.duration data-holds="false" data-complete=shown.complete.to_string()
            data-preview=shown.open.preview.to_string() data-watched=tr!("learn.reading") data-done=tr!("learn.lesson_done") data-offline=tr!("learn.offline")>
            {body}
            {done_line(shown.complete)}
            {shown.article.is_some().then(|| read_form(shown, &read, opened))}
        </div>
    }
}

fn quiz(shown: &Shown) -> impl IntoView + use<> {
    let complete = shown.complete;
    let start = shown.exam.as_ref().map(|exam| {
        let limit = if exam.minutes > 0 {
            tr!("exam.minutes_n", n = exam.minutes)
        } else {
            tr!("exam.no_limit")
        };
        let pass = tr!("exam.pass_at", n = exam.pass_percent);
        (
            exam.id.clone(),
            exam.title.clone(),
            exam.intro.clone(),
            format!("{limit} · {pass}"),
        )
    });
    view! {
        <div class="mt-3 rounded-box bg-base-200 p-4">
            {start.map(|(id, title, intro, facts)| view! {
                <h2 class="text-base font-semibold">{title}</h2>
                {(!intro.is_empty()).then(|| view! { <p class="mt-1 whitespace-pre-line">{intro}</p> })}
                <p class="num mt-1 text-sm text-base-content/70">{facts}</p>
                {done_line(complete)}
                {(!shown.open.preview).then(|| view! {
                    <form method="post" action=format!("/exams/{id}/start")>
                        <button class="btn btn-primary min-h-12 w-full">{if complete { tr!("exam.once_more") } else { tr!("exam.start") }}</button>
                    </form>
                })}
            })}
        </div>
    }
}

fn discussion(
    action: &str,
    comments: Vec<CommentRow>,
    refused: Option<String>,
) -> impl IntoView + use<> {
    let refused = refused.filter(|text| !text.is_empty());
    let fault = refused.is_some();
    let typed = crate::ui::form::within_textarea(refused.unwrap_or_default());
    view! {
        <section class="mt-8 border-t border-base-300 pt-4" id="comments">
            <h2 class="text-base font-semibold">{tr!("learn.comments")}</h2>
            <form method="post" action=action.to_owned() class="mt-2">
                <textarea name="text" rows="2" maxlength="1000" required class="textarea w-full" placeholder=tr!("learn.comment_hint") aria-label=tr!("learn.comment_hint")>{typed}</textarea>
                {fault.then(|| view! { <p class="mt-1 text-sm text-error" role="alert">{tr!("field.too_long")}</p> })}
                <button class="btn mt-2 min-h-10">{tr!("learn.comment_send")}</button>
            </form>
            {if comments.is_empty() {
                view! { <p class="mt-3 text-base-content/70">{tr!("learn.no_comments")}</p> }.into_any()
            } else {
                view! { <ul class="mt-3 divide-y divide-base-300">{comments.into_iter().map(said).collect_view()}</ul> }.into_any()
            }}
        </section>
    }
}

fn said(comment: CommentRow) -> impl IntoView {
    let head = |c: &CommentRow| {
        let lecturer = c.by_lecturer.then(
            || view! { <span class="badge badge-primary badge-sm">{tr!("course.lecturer")}</span> },
        );
        view! {
            <p class="flex flex-wrap items-center gap-2 text-sm text-base-content/70">
                <span class="font-medium text-base-content">{c.author.clone()}</span>{lecturer}<span class="num">{c.at.clone()}</span>
            </p>
        }
    };
    view! {
        <li class="py-3">
            {head(&comment)}
            <p class="break-words whitespace-pre-line">{comment.text.clone()}</p>
            {comment.answers.iter().map(|answer| view! {
                <div class="mt-2 border-s-2 border-primary ps-3">
                    {head(answer)}
                    <p class="break-words whitespace-pre-line">{answer.text.clone()}</p>
                </div>
            }).collect_view()}
        </li>
    }
}
