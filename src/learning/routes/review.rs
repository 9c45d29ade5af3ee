//! 随时学: one card after the other.

use axum::extract::{Form, State};
use axum::response::Response;
use leptos::prelude::*;

use super::{home, refuse};
use crate::exam::attempt::{self, Answer};
use crate::exam::paper::Item;
use crate::exam::sheet;
use crate::learning::{Learner, cards, record};
use crate::question::model::Draft;
use crate::server::AppState;
use crate::server::db::{internal, q};
use crate::server::web::Visit;
use crate::shared::AppError;

/// The question of a card as a paper would ask it.
async fn asked(state: &AppState, question: &str, version: i64) -> Result<(Item, Draft), AppError> {
    let item = Item {
        question_id: question.to_owned(),
        version,
        points: 1,
        // A fresh order each day would be guessed less, but the form must be read as it was shown.
        seed: 7,
    };
    let drafts = attempt::drafts(&state.db, std::slice::from_ref(&item)).await?;
    let draft = drafts.first().ok_or(AppError::NotFound)?;
    Ok((item, (**draft).clone()))
}

/// `/review`: the card that is due longest, or what else there is to learn.
pub async fn show(State(state): State<AppState>, visit: Visit) -> Response {
    let made = async {
        let learner = Learner::of(&state, &visit).await?;
        let me = learner.key();
        let today = state.zone.today();
        let left = cards::due(&me, &today).count(&state.db).await?;
        match cards::next(&state.db, &me, &today).await? {
            Some((card, version)) => {
                let (item, draft) = asked(&state, &card.question_id, version).await?;
                Ok(card_page(&visit, &learner, &item, &draft, left))
            }
            None => {
                let courses = record::courses(&state, &learner).await?;
                let next = courses
                    .into_iter()
                    .filter(|c| {
                        c.completed.is_none() && (c.required || matches!(learner, Learner::Hcp(_)))
                    })
                    .find_map(|c| Some((format!("/learn/{}/{}", c.id, c.next?), c.title)));
                let any = q("SELECT COUNT(*) FROM review_card WHERE learner = $1")
                    .bind(&me)
                    .count(&state.db)
                    .await?;
                Ok(done_page(&visit, &learner, any > 0, next))
            }
        }
    };
    made.await
        .unwrap_or_else(|error: AppError| refuse(&visit, "/review", &error))
}

fn card_page(visit: &Visit, learner: &Learner, item: &Item, draft: &Draft, left: i64) -> Response {
    visit.page(|| tr!("review.title"), || {
        view! {
            <main>
                <header class="flex flex-wrap items-center gap-2">
                    <h1 class="me-auto text-xl font-semibold">{tr!("review.title")}</h1>
                    <span class="num text-sm text-base-content/70">{tr!("review.left", n = left)}</span>
                </header>
                <form method="post" action="/review" autocomplete="off">
                    <input type="hidden" name="question" value=item.question_id.clone()/>
                    <input type="hidden" name="version" value=item.version.to_string()/>
                    {sheet::question(0, item, draft, None)}
                    <button class="btn btn-primary min-h-12 w-full">{tr!("review.check")}</button>
                </form>
                <p class="mt-6"><a class="link" href=home(learner)>{tr!("learn.to_mine")}</a></p>
            </main>
        }
    })
}

/// Nothing is due: `any` says whether there is anything to review at all.
fn done_page(
    visit: &Visit,
    learner: &Learner,
    any: bool,
    next: Option<(String, String)>,
) -> Response {
    visit.page(|| tr!("review.title"), || {
        view! {
            <main class="py-12 text-center">
                <h1 class="text-xl font-semibold">{if any { tr!("review.done") } else { tr!("review.nothing") }}</h1>
                <p class="mt-2 text-base-content/70">{tr!("review.done_explain")}</p>
                {next.map(|(href, title)| view! {
                    <div class="mt-6 rounded-box bg-base-200 p-4 text-start">
                        <p class="text-sm text-base-content/70">{tr!("review.next_lesson")}</p>
                        <p class="mt-1 font-semibold">{title}</p>
                        <a class="btn btn-primary mt-3 min-h-12 w-full" href=href>{tr!("learn.go_on")}</a>
                    </div>
                })}
                <p class="mt-6"><a class="btn" href=home(learner)>{tr!("learn.to_mine")}</a></p>
            </main>
        }
    })
}

/// Checks the answer to a card and says when it comes back.
pub async fn answer(
    State(state): State<AppState>,
    visit: Visit,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let made = async {
        let learner = Learner::of(&state, &visit).await?;
        let field = |name: &str| {
            form.iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.as_str())
        };
        let question = field("question").ok_or(AppError::NotFound)?;
        let version = field("version")
            .and_then(|v| v.parse().ok())
            .ok_or(AppError::NotFound)?;
        // Somebody else's card is not there.
        cards::card(&state.db, &learner.key(), question).await?;
        let (item, draft) = asked(&state, question, version).await?;
        let Some(given) = sheet::read(0, item.seed, &draft, &form) else {
            let left = cards::due(&learner.key(), &state.zone.today())
                .count(&state.db)
                .await?;
            return Ok(card_page(&visit, &learner, &item, &draft, left));
        };
        let (right, due) = cards::answer(&state, &learner.key(), question, &draft, &given).await?;
        let answer = Answer {
            position: 0,
            given: serde_json::to_string(&given).map_err(internal)?,
            saved_at: 0,
            share: Some(f64::from(u8::from(right))),
            comment: String::new(),
        };
        let left = cards::due(&learner.key(), &state.zone.today())
            .count(&state.db)
            .await?;
        Ok(visit.page(|| tr!("review.title"), || {
            view! {
                <main>
                    <h1 class="text-xl font-semibold">{tr!("review.title")}</h1>
                    <ol>{sheet::reviewed(0, &item, &draft, Some(&answer))}</ol>
                    <p class="num text-sm text-base-content/70">{tr!("review.back_on", day = due)}</p>
                    <a class="btn btn-primary mt-4 min-h-12 w-full" href="/review">{if left > 0 { tr!("review.next") } else { tr!("review.finish") }}</a>
                </main>
            }
        }))
    };
    made.await
        .unwrap_or_else(|error: AppError| refuse(&visit, "/review", &error))
}
