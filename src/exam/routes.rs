//! Taking an exam: plain pages without wasm, that work on a poor line and without JavaScript.

use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use leptos::prelude::*;
use serde::Deserialize;

use super::attempt::{self, Answer, Attempt, may_review};
use super::export;
use super::paper::Item;
use super::results::Filter;
use super::{sheet, store};
use crate::learning::Learner;
use crate::question::model::Draft;
use crate::server::web::{self, Visit, see_other};
use crate::server::{AppState, time};
use crate::shared::{AppError, Permission};

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/exams/{id}/start", post(start))
        .route("/exams/{id}/results.xlsx", get(workbook))
        .route("/attempts/{id}", get(show).post(send))
        .route("/attempts/{id}/answer", post(answer))
        .route("/attempts/{id}/event", post(event))
}

/// Who is not signed in signs in and comes back.
fn refuse(visit: &Visit, path: &str, error: &AppError) -> Response {
    if *error == AppError::Unauthenticated {
        return see_other(&format!("/sign-in?next={path}"));
    }
    visit.page_with(
        web::status(error),
        || tr!("error.title"),
        || {
            view! {
                <main class="py-16 text-center">
                    <h1 class="text-lg">{error.message()}</h1>
                    <p class="mt-6"><a class="btn" href="/learning">{tr!("exam.to_mine")}</a></p>
                </main>
            }
        },
    )
}

async fn start(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Response {
    let begun = async { attempt::begin(&state, &Learner::of(&state, &visit).await?, &id).await };
    match begun.await {
        Ok(id) => see_other(&format!("/attempts/{id}")),
        Err(error) => refuse(&visit, "/learning", &error),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Saved {
    saved: String,
}

async fn show(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Query(note): Query<Saved>,
) -> Response {
    match page(&state, &visit, &id, !note.saved.is_empty()).await {
        Ok(response) => response,
        Err(error) => refuse(&visit, &format!("/attempts/{id}"), &error),
    }
}

/// The paper while the attempt is under way, else what came of it.
async fn page(
    state: &AppState,
    visit: &Visit,
    id: &str,
    saved: bool,
) -> Result<Response, AppError> {
    let learner = Learner::of(state, visit).await?;
    let attempt = attempt::own(state, &learner.key(), id).await?;
    let exam = store::exam(&state.db, &attempt.exam_id).await?;
    let items = attempt.items()?;
    let drafts = attempt::drafts(&state.db, &items).await?;
    let answers = attempt::answers(&state.db, id).await?;
    let questions: Vec<(Item, Draft, Option<Answer>)> = items
        .into_iter()
        .zip(drafts)
        .enumerate()
        .map(|(i, (item, draft))| (item, (*draft).clone(), answers.get(&(i as i64)).cloned()))
        .collect();
    Ok(if attempt.submitted_at.is_none() {
        paper(visit, &exam, &attempt, questions, saved)
    } else {
        let under_way = attempt::under_way(&state.db, &exam.id).await?;
        outcome(visit, &exam, &attempt, questions, under_way)
    })
}

fn paper(
    visit: &Visit,
    exam: &store::Exam,
    attempt: &Attempt,
    questions: Vec<(Item, Draft, Option<Answer>)>,
    saved: bool,
) -> Response {
    let left = attempt.due_at.map(|due| (due - time::now()).max(0));
    let count = questions.len();
    let done = questions.iter().filter(|(_, _, a)| a.is_some()).count();
    visit.page(|| exam.title.clone(), || {
        let fields = questions
            .into_iter()
            .enumerate()
            .map(|(i, (item, draft, answer))| sheet::question(i, &item, &draft, answer.as_ref()))
            .collect_view();
        let minutes = left.map(|left| tr!("exam.minutes_left", n = (left + 59_999) / 60_000));
        view! {
            <main>
                <h1 class="text-xl font-semibold">{exam.title.clone()}</h1>
                {(!exam.intro.is_empty()).then(|| view! { <p class="mt-1 whitespace-pre-line text-base-content/70">{exam.intro.clone()}</p> })}
                {saved.then(|| view! { <p role="status" class="alert alert-success my-3 py-2">{tr!("exam.saved_all")}</p> })}
                <form method="post" id="attempt" autocomplete="off" action=format!("/attempts/{}", attempt.id)
                    data-id=attempt.id.clone() data-left=left.map(|l| l.to_string())
                    data-saving=tr!("exam.saving") data-saved=tr!("exam.saved") data-unsaved=tr!("exam.unsaved")
                    data-sure=tr!("exam.sure_open") data-minutes=tr!("exam.clock")>
                    <input type="hidden" name="at" value=time::now().to_string()/>
                    <div class="sticky top-0 z-10 -mx-4 flex items-center gap-4 border-b border-base-300 bg-base-100 px-4 py-2 text-sm sm:-mx-8 sm:px-8">
                        <span class="num" id="count">{format!("{done} / {count}")}</span>
                        <span id="saved" class="text-base-content/70" aria-live="polite"></span>
                        <span class="num ms-auto text-base font-semibold" id="clock" role="timer">{minutes}</span>
                    </div>
                    {fields}
                    <div class="my-6 flex gap-2">
                        <button class="btn grow" name="step" value="save">{tr!("exam.save")}</button>
                        <button class="btn btn-primary grow" name="step" value="submit">{tr!("exam.submit")}</button>
                    </div>
                </form>
            </main>
            <script src="/js/exam.js" defer></script>
        }
    })
}

/// One answer, from the script.
async fn answer(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let kept = async {
        let learner = Learner::of(&state, &visit).await?;
        let attempt = own_open(&state, &learner, &id).await?;
        let position: usize = form
            .iter()
            .find(|(name, _)| name == "position")
            .and_then(|(_, v)| v.parse().ok())
            .ok_or(AppError::NotFound)?;
        let items = attempt.items()?;
        let item = items.get(position).ok_or(AppError::NotFound)?;
        let drafts = attempt::drafts(&state.db, std::slice::from_ref(item)).await?;
        if let Some(given) = sheet::read(position, item.seed, &drafts[0], &form) {
            attempt::answer(&state, &attempt, position as i64, &given).await?;
        }
        Ok::<_, AppError>(())
    };
    match kept.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (web::status(&error), Json(error)).into_response(),
    }
}

/// One's own attempt as long as answers are taken: a little longer than the clock shows.
async fn own_open(state: &AppState, learner: &Learner, id: &str) -> Result<Attempt, AppError> {
    let attempt = attempt::of(&state.db, &learner.key(), id).await?;
    if attempt.submitted_at.is_some() {
        return Err(AppError::Conflict("error.attempt_over".into()));
    }
    Ok(attempt)
}

/// The whole form: keeps all answers, and with `step=submit` hands in.
async fn send(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let sent = async {
        let learner = Learner::of(&state, &visit).await?;
        let attempt = match own_open(&state, &learner, &id).await {
            Ok(attempt) => attempt,
            // Sent twice, or after the end: what came of it is shown.
            Err(AppError::Conflict(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        let items = attempt.items()?;
        let drafts = attempt::drafts(&state.db, &items).await?;
        let before = attempt::answers(&state.db, &id).await?;
        // When the page was made: what was kept since, on another device say, is newer than its fields.
        let at = form
            .iter()
            .find(|(name, _)| name == "at")
            .and_then(|(_, v)| v.parse().ok())
            .unwrap_or(i64::MAX);
        // The script sends only what it could not send before, which is newer than whatever is there.
        let scripted = form.iter().any(|(name, _)| name == "scripted");
        for (place, draft) in drafts.iter().enumerate() {
            let Some(given) = sheet::read(place, items[place].seed, draft, &form) else {
                continue;
            };
            let earlier = before.get(&(place as i64));
            if !scripted && earlier.is_some_and(|a| a.saved_at > at) {
                continue;
            }
            let kept = sheet::given(earlier);
            if kept.as_ref() == Some(&given) || (kept.is_none() && given.is_empty()) {
                continue;
            }
            match attempt::answer(&state, &attempt, place as i64, &given).await {
                Err(AppError::Conflict(_)) => return Ok(false),
                kept => kept?,
            }
        }
        let submits = form
            .iter()
            .any(|(name, value)| name == "step" && value == "submit");
        if submits {
            attempt::submit(&state, &id, false).await?;
        }
        Ok(!submits)
    };
    match sent.await {
        // Led away from the answer to a POST, so that loading anew sends nothing again.
        Ok(true) => see_other(&format!("/attempts/{id}?saved=1")),
        Ok(false) => see_other(&format!("/attempts/{id}")),
        Err(error) => refuse(&visit, &format!("/attempts/{id}"), &error),
    }
}

#[derive(Debug, Deserialize)]
struct Happened {
    kind: String,
}

async fn event(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Form(happened): Form<Happened>,
) -> Response {
    let noted = async {
        let learner = Learner::of(&state, &visit).await?;
        let attempt = attempt::of(&state.db, &learner.key(), &id).await?;
        attempt::event(&state, &attempt, &happened.kind).await
    };
    match noted.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => web::status(&error).into_response(),
    }
}

/// What came of an attempt, with as much of the paper as the exam shows.
fn outcome(
    visit: &Visit,
    exam: &store::Exam,
    attempt: &Attempt,
    questions: Vec<(Item, Draft, Option<Answer>)>,
    under_way: bool,
) -> Response {
    let (shows, wrong_only) = may_review(exam, time::now(), under_way);
    visit.page(|| exam.title.clone(), || {
        let (class, headline) = match attempt.passed {
            Some(true) => ("text-base-content", tr!("exam.passed")),
            Some(false) => ("text-error", tr!("exam.failed")),
            None => ("", tr!("exam.being_marked")),
        };
        let score = attempt.score.map(|score| {
            let percent = attempt.percent().unwrap_or(0.0);
            tr!(
                "exam.score_line",
                score = format!("{score:.1}"),
                points = format!("{:.0}", attempt.points),
                percent = format!("{percent:.1}"),
                pass = exam.pass_percent
            )
        });
        let shown: Vec<_> = questions
            .into_iter()
            .enumerate()
            .filter(|(_, (_, _, answer))| {
                let right = answer.as_ref().and_then(|a| a.share).is_some_and(|s| s >= 1.0);
                shows && !(wrong_only && right)
            })
            .collect();
        let hint = match (shows, exam.review.as_str(), shown.is_empty()) {
            (false, "closed", _) => Some(tr!("exam.review_later")),
            (false, _, _) => Some(tr!("exam.review_none")),
            (true, _, true) => Some(tr!("exam.all_right")),
            (true, _, false) => None,
        };
        view! {
            <main id="attempt-done" data-id=attempt.id.clone()>
                <p class="text-sm text-base-content/70">{exam.title.clone()}</p>
                <h1 class=format!("mt-1 text-3xl font-semibold {class}")>{headline}</h1>
                {score.map(|line| view! { <p class="num mt-2">{line}</p> })}
                {attempt.timed_out.then(|| view! { <p class="mt-1 text-sm text-base-content/70">{tr!("exam.timed_out")}</p> })}
                <p class="mt-4"><a class="btn" href=if visit.actor.is_some() { "/learning" } else { "/learn" }>{tr!("exam.to_mine")}</a></p>
                {hint.map(|hint| view! { <p class="mt-6 text-base-content/70">{hint}</p> })}
                <ol class="mt-6 divide-y divide-base-300">
                    {shown.into_iter().map(|(i, (item, draft, answer))| sheet::reviewed(i, &item, &draft, answer.as_ref())).collect_view()}
                </ol>
            </main>
            <script src="/js/exam.js" defer></script>
        }
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    text: String,
    state: String,
}

/// The results as a workbook.
async fn workbook(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let made = async {
        let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
        actor.check(Permission::ReadResults)?;
        let filter = Filter {
            text: asked.text,
            state: asked.state,
        };
        let book = visit
            .speaking(export::workbook(&state, actor, &id, &filter))
            .await?;
        web::xlsx("mailuo-exam-results.xlsx", book)
    };
    made.await
        .unwrap_or_else(|error: AppError| visit.error(&error))
}
