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
use super::paper::{Item, order};
use super::results::Filter;
use super::store;
use crate::question::model::{Body, Choice, Draft, Kind, letter};
use crate::question::rules::Given;
use crate::server::guard::Actor;
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

fn taker(visit: &Visit) -> Result<&Actor, AppError> {
    let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
    actor.check(Permission::Learn)?;
    Ok(actor)
}

/// Who is not signed in signs in and comes back.
fn refuse(visit: &Visit, path: &str, error: &AppError) -> Response {
    if *error == AppError::Unauthenticated {
        return see_other(&format!("/sign-in?next={path}"));
    }
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    visit.page_with(
        status,
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
    let begun = async { attempt::begin(&state, taker(&visit)?, &id).await };
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
    let actor = taker(visit)?;
    let attempt = attempt::own(state, actor, id).await?;
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
            .map(|(i, (item, draft, answer))| question(i, &item, &draft, answer.as_ref()))
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

/// The answer as it was kept.
fn given(answer: Option<&Answer>) -> Option<Given> {
    serde_json::from_str(&answer?.given).ok()
}

fn pictures(images: &[String]) -> impl IntoView + use<> {
    images
        .iter()
        .enumerate()
        .map(|(i, image)| {
            let src = format!("/questions/images/{image}");
            view! { <img class="my-2 max-h-96 max-w-full rounded-box" src=src alt=tr!("question.picture_n", n = i + 1)/> }
        })
        .collect_view()
}

/// One question with what there is to choose or to fill in.
fn question(
    place: usize,
    item: &Item,
    draft: &Draft,
    answer: Option<&Answer>,
) -> impl IntoView + use<> {
    let given = given(answer);
    let name = format!("a{place}");
    let shown = order(draft, item.seed);
    let choice = |kind: &'static str, value: String, text: String, checked: bool| {
        let name = name.clone();
        let class = if kind == "radio" {
            "radio mt-0.5"
        } else {
            "checkbox mt-0.5"
        };
        view! {
            <label class="flex min-h-11 items-start gap-3 rounded-field px-2 py-2 has-checked:bg-base-200">
                <input type=kind name=name value=value checked=checked class=class/>
                <span class="min-w-0 break-words whitespace-pre-line">{text}</span>
            </label>
        }
    };
    let chosen = |i: usize| matches!(&given, Some(Given::Chosen(places)) if places.contains(&i));
    let select = |name: String,
                  label: String,
                  options: Vec<(usize, String)>,
                  now: Option<usize>| {
        view! {
            <label class="my-2 flex flex-wrap items-center gap-2">
                <span class="min-w-0 grow break-words">{label}</span>
                <select name=name class="select w-auto max-w-full">
                    <option value="">{tr!("exam.choose")}</option>
                    {options.into_iter().map(|(value, text)| view! {
                        <option value=value.to_string() selected={now == Some(value)}>{text}</option>
                    }).collect_view()}
                </select>
            </label>
        }
    };
    let body = match &draft.body {
        Body::Single { choices } | Body::Multiple { choices } => {
            let kind = if draft.body.kind() == Kind::Single { "radio" } else { "checkbox" };
            shown
                .iter()
                .enumerate()
                .filter_map(|(at, i)| {
                    let option: &Choice = choices.get(*i)?;
                    Some(choice(kind, at.to_string(), format!("{}. {}", letter(at), option.text), chosen(*i)))
                })
                .collect_view()
                .into_any()
        }
        Body::TrueFalse { .. } => {
            let is = |value: bool| matches!(given, Some(Given::Truth(given)) if given == value);
            [(true, tr!("question.true")), (false, tr!("question.false"))]
                .map(|(value, text)| choice("radio", value.to_string(), text, is(value)))
                .into_iter()
                .collect_view()
                .into_any()
        }
        Body::Fill { blanks } => (0..blanks.len())
            .map(|i| {
                let value = match &given {
                    Some(Given::Texts(texts)) => texts.get(i).cloned().unwrap_or_default(),
                    _ => String::new(),
                };
                view! {
                    <label class="my-2 block">
                        <span class="mb-1 block text-sm">{tr!("exam.blank_n", n = i + 1)}</span>
                        <input type="text" class="input w-full" name=format!("a{place}_{i}") value=value autocomplete="off" maxlength="500"/>
                    </label>
                }
            })
            .collect_view()
            .into_any(),
        // Named by where it is shown: its own place is the answer.
        Body::Ordering { items } => {
            let places: Vec<(usize, String)> = (0..items.len())
                .map(|i| (i, tr!("exam.place_n", n = i + 1)))
                .collect();
            shown
                .iter()
                .enumerate()
                .filter_map(|(at, i)| {
                    let now = match &given {
                        Some(Given::Order(order)) => order.iter().position(|o| o == i),
                        _ => None,
                    };
                    Some(select(format!("a{place}_{at}"), items.get(*i)?.clone(), places.clone(), now))
                })
                .collect_view()
                .into_any()
        }
        Body::Matching { pairs, extra } => {
            let rights: Vec<&String> = pairs.iter().map(|(_, right)| right).chain(extra).collect();
            let options: Vec<(usize, String)> = shown
                .iter()
                .enumerate()
                .filter_map(|(at, i)| Some((at, (*rights.get(*i)?).clone())))
                .collect();
            pairs
                .iter()
                .enumerate()
                .map(|(i, (left, _))| {
                    let now = match &given {
                        Some(Given::Pairs(chosen)) => {
                            let right = chosen.get(i).copied().flatten();
                            right.and_then(|right| shown.iter().position(|s| *s == right))
                        }
                        _ => None,
                    };
                    select(format!("a{place}_{i}"), left.clone(), options.clone(), now)
                })
                .collect_view()
                .into_any()
        }
        Body::Short { .. } => {
            let text = match &given {
                Some(Given::Text(text)) => text.clone(),
                _ => String::new(),
            };
            view! { <textarea class="textarea w-full" rows="5" maxlength="4000" name=name.clone() aria-label=tr!("exam.your_answer")>{crate::ui::form::within_textarea(text)}</textarea> }
                .into_any()
        }
    };
    view! {
        <fieldset class="my-5" data-q=place.to_string()>
            <legend class="mb-2 w-full">
                <span class="text-sm text-base-content/70">{tr!("exam.question_head", n = place + 1, kind = draft.body.kind().label(), points = item.points)}</span>
                <span class="block break-words whitespace-pre-line font-medium">{draft.stem.clone()}</span>
            </legend>
            // Says that the question is in what is sent, though nothing of it be chosen.
            <input type="hidden" name=format!("q{place}") value="1"/>
            {pictures(&draft.images)}
            {body}
        </fieldset>
    }
}

/// The answer to a question that a form holds; nothing where the question is not in it, or nothing of it was touched.
/// What there is to choose is named by where `seed` shows it.
pub fn read(place: usize, seed: u64, draft: &Draft, form: &[(String, String)]) -> Option<Given> {
    let marker = format!("q{place}");
    if !form.iter().any(|(n, _)| *n == marker) {
        return None;
    }
    let shown = order(draft, seed);
    let name = format!("a{place}");
    let all = |name: &str| -> Vec<&str> {
        form.iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
            .collect()
    };
    let numbered = |i: usize| all(&format!("a{place}_{i}")).first().copied();
    let own = |text: &str| -> Option<usize> { shown.get(text.parse::<usize>().ok()?).copied() };
    Some(match &draft.body {
        Body::Single { .. } | Body::Multiple { .. } => {
            let mut places: Vec<usize> = all(&name).into_iter().filter_map(own).collect();
            places.sort_unstable();
            places.dedup();
            // A radio button is never taken back.
            if places.is_empty() && draft.body.kind() == Kind::Single {
                return None;
            }
            Given::Chosen(places)
        }
        Body::TrueFalse { .. } => Given::Truth(all(&name).first()?.parse().ok()?),
        Body::Fill { blanks } => Given::Texts(
            (0..blanks.len())
                .map(|i| numbered(i).unwrap_or_default().chars().take(500).collect())
                .collect(),
        ),
        Body::Ordering { items } => {
            // An order with gaps, or with two at one place, is kept as far as it goes.
            let mut places = vec![None; items.len()];
            for (at, i) in shown.iter().enumerate() {
                if let Some(rank) = numbered(at).and_then(|v| v.parse::<usize>().ok())
                    && let Some(slot) = places.get_mut(rank)
                {
                    *slot = Some(*i);
                }
            }
            Given::Order(places.into_iter().flatten().collect())
        }
        Body::Matching { pairs, .. } => Given::Pairs(
            (0..pairs.len())
                .map(|i| numbered(i).and_then(own))
                .collect(),
        ),
        Body::Short { .. } => {
            let text = all(&name).first()?.replace("\r\n", "\n");
            Given::Text(text.chars().take(4_000).collect())
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
        let actor = taker(&visit)?;
        let attempt = own_open(&state, actor, &id).await?;
        let position: usize = form
            .iter()
            .find(|(name, _)| name == "position")
            .and_then(|(_, v)| v.parse().ok())
            .ok_or(AppError::NotFound)?;
        let items = attempt.items()?;
        let item = items.get(position).ok_or(AppError::NotFound)?;
        let drafts = attempt::drafts(&state.db, std::slice::from_ref(item)).await?;
        if let Some(given) = read(position, item.seed, &drafts[0], &form) {
            attempt::answer(&state, actor, &attempt, position as i64, &given).await?;
        }
        Ok::<_, AppError>(())
    };
    match kept.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            Json(error),
        )
            .into_response(),
    }
}

/// One's own attempt as long as answers are taken: a little longer than the clock shows.
async fn own_open(state: &AppState, actor: &Actor, id: &str) -> Result<Attempt, AppError> {
    let attempt = attempt::of(&state.db, actor, id).await?;
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
        let actor = taker(&visit)?;
        let attempt = match own_open(&state, actor, &id).await {
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
            let Some(given) = read(place, items[place].seed, draft, &form) else {
                continue;
            };
            let earlier = before.get(&(place as i64));
            if !scripted && earlier.is_some_and(|a| a.saved_at > at) {
                continue;
            }
            let kept = self::given(earlier);
            if kept.as_ref() == Some(&given) || (kept.is_none() && given.is_empty()) {
                continue;
            }
            match attempt::answer(&state, actor, &attempt, place as i64, &given).await {
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
        let actor = taker(&visit)?;
        let attempt = attempt::of(&state.db, actor, &id).await?;
        attempt::event(&state, &attempt, &happened.kind).await
    };
    match noted.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => StatusCode::from_u16(error.status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            .into_response(),
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
            Some(true) => ("text-success", tr!("exam.passed")),
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
                <p class="mt-4"><a class="btn" href="/learning">{tr!("exam.to_mine")}</a></p>
                {hint.map(|hint| view! { <p class="mt-6 text-base-content/70">{hint}</p> })}
                <ol class="mt-6 divide-y divide-base-300">
                    {shown.into_iter().map(|(i, (item, draft, answer))| reviewed(i, &item, &draft, answer.as_ref())).collect_view()}
                </ol>
            </main>
            <script src="/js/exam.js" defer></script>
        }
    })
}

/// An answer in words.
fn words(draft: &Draft, given: Option<&Given>) -> String {
    let text = match (&draft.body, given) {
        (Body::Single { choices } | Body::Multiple { choices }, Some(Given::Chosen(places))) => {
            places
                .iter()
                .filter_map(|i| choices.get(*i).map(|c| c.text.clone()))
                .collect::<Vec<_>>()
                .join("；")
        }
        (Body::TrueFalse { .. }, Some(Given::Truth(true))) => tr!("question.true"),
        (Body::TrueFalse { .. }, Some(Given::Truth(false))) => tr!("question.false"),
        (Body::Fill { .. }, Some(Given::Texts(texts))) => texts.join("；"),
        (Body::Ordering { items }, Some(Given::Order(order))) => order
            .iter()
            .filter_map(|i| items.get(*i).cloned())
            .collect::<Vec<_>>()
            .join(" → "),
        (Body::Matching { pairs, extra }, Some(Given::Pairs(chosen))) => {
            let rights: Vec<&String> = pairs.iter().map(|(_, r)| r).chain(extra).collect();
            pairs
                .iter()
                .zip(chosen)
                .filter_map(|((left, _), at)| Some(format!("{left} → {}", rights.get((*at)?)?)))
                .collect::<Vec<_>>()
                .join("；")
        }
        (Body::Short { .. }, Some(Given::Text(text))) => text.clone(),
        _ => String::new(),
    };
    if text.trim().is_empty() {
        tr!("exam.no_answer")
    } else {
        text
    }
}

/// The right answer in words.
fn right_words(draft: &Draft) -> String {
    match &draft.body {
        Body::Single { choices } | Body::Multiple { choices } => {
            let places = choices
                .iter()
                .enumerate()
                .filter(|(_, c)| c.right)
                .map(|(i, _)| i)
                .collect();
            words(draft, Some(&Given::Chosen(places)))
        }
        Body::TrueFalse { right } => words(draft, Some(&Given::Truth(*right))),
        Body::Fill { .. } => draft.body.written().1,
        Body::Ordering { items } => words(draft, Some(&Given::Order((0..items.len()).collect()))),
        Body::Matching { pairs, .. } => words(
            draft,
            Some(&Given::Pairs((0..pairs.len()).map(Some).collect())),
        ),
        Body::Short { model } => model.clone(),
    }
}

fn reviewed(
    place: usize,
    item: &Item,
    draft: &Draft,
    answer: Option<&Answer>,
) -> impl IntoView + use<> {
    let given = given(answer);
    let (class, mark) = match answer.map(|a| a.share) {
        Some(None) => ("badge badge-ghost", tr!("exam.being_marked")),
        Some(Some(share)) if share >= 1.0 => ("badge badge-success", tr!("question.right")),
        Some(Some(share)) if share > 0.0 => ("badge badge-warning", tr!("exam.partly")),
        _ => ("badge badge-error", tr!("exam.wrong")),
    };
    let comment = answer.map(|a| a.comment.clone()).filter(|c| !c.is_empty());
    let right = right_words(draft);
    let feedback: Vec<String> = match (&draft.body, &given) {
        (Body::Single { choices } | Body::Multiple { choices }, Some(Given::Chosen(places))) => {
            places
                .iter()
                .filter_map(|i| choices.get(*i))
                .map(|c| c.feedback.clone())
                .filter(|text| !text.is_empty())
                .collect()
        }
        _ => Vec::new(),
    };
    view! {
        <li class="py-4">
            <p class="flex flex-wrap items-center gap-2 text-sm text-base-content/70">
                {tr!("exam.question_head", n = place + 1, kind = draft.body.kind().label(), points = item.points)}
                <span class=class>{mark}</span>
            </p>
            <p class="mt-1 break-words whitespace-pre-line font-medium">{draft.stem.clone()}</p>
            {pictures(&draft.images)}
            <dl class="mt-2 grid grid-cols-[auto_1fr] gap-x-3 gap-y-1">
                <dt class="text-base-content/70">{tr!("exam.your_answer")}</dt>
                <dd class="min-w-0 break-words whitespace-pre-line">{words(draft, given.as_ref())}</dd>
                {(!right.is_empty()).then(|| view! {
                    <dt class="text-base-content/70">{tr!("exam.right_answer")}</dt>
                    <dd class="min-w-0 break-words whitespace-pre-line">{right}</dd>
                })}
            </dl>
            {feedback.into_iter().map(|text| view! { <p class="mt-1 text-sm">{text}</p> }).collect_view()}
            {(!draft.explanation.is_empty()).then(|| view! { <p class="mt-2 whitespace-pre-line text-sm text-base-content/70">{draft.explanation.clone()}</p> })}
            {comment.map(|text| view! { <p class="mt-2 text-sm">{tr!("exam.comment_line", text = text)}</p> })}
        </li>
    }
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
        let owner = Owner::new();
        let book = owner.with(|| {
            provide_context(visit.locale);
            leptos::reactive::computed::ScopedFuture::new_untracked(export::workbook(
                &state, actor, &id, &filter,
            ))
        });
        web::xlsx("mailuo-exam-results.xlsx", book.await?)
    };
    made.await
        .unwrap_or_else(|error: AppError| visit.error(&error))
}
