//! A lesson: the page with its player, and what the player reports.

use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::StatusCode};
use serde::{Deserialize, Serialize};

use super::{Asked, player, refuse, refuse_json};
use crate::content::markdown;
use crate::content::store::{self as content, Article};
use crate::course::comments;
use crate::course::model::{Lesson, LessonKind};
use crate::exam::attempt;
use crate::exam::paper::Item;
use crate::exam::sheet;
use crate::learning::Learner;
use crate::learning::access::{self, Open, Rules};
use crate::learning::watch::{self, Answer, Beat, Begin, Progress, Read, Watch};
use crate::question::model::Draft;
use crate::question::rules::grade;
use crate::server::db::internal;
use crate::server::web::{Visit, see_other};
use crate::server::{AppState, crypto, time};
use crate::shared::AppError;

/// How a question within a lesson is asked.
pub struct Asking {
    pub stop: String,
    pub at_ms: i64,
    pub item: Item,
    pub draft: Draft,
    /// As it was answered: JSON, and whether it was right.
    pub answered: Option<(String, bool)>,
}

/// Everything that a lesson's page shows.
pub struct Shown {
    pub open: Open,
    /// Whose page it is.
    pub who: String,
    pub lesson: Lesson,
    pub progress: Progress,
    pub asking: Vec<Asking>,
    pub article: Option<Article>,
    /// Texts of the pages of slides.
    pub pages: Vec<String>,
    pub exam: Option<crate::exam::store::Exam>,
    /// The lessons before and after.
    pub around: (Option<String>, Option<String>),
    pub complete: bool,
}

/// The paper item of a stop: the options always in the same order, so that the form is read as it was shown.
fn item(question: &str, version: i64) -> Item {
    Item {
        question_id: question.to_owned(),
        version,
        points: 1,
        seed: 11,
    }
}

async fn load(
    state: &AppState,
    learner: &Learner,
    open: Open,
    lesson: &str,
) -> Result<Shown, AppError> {
    let db = &state.db;
    let me = learner.key();
    let lesson = open.lesson(lesson)?.clone();
    let version = open.course.version;
    let (progress, answers) = if open.preview {
        (Progress::default(), Vec::new())
    } else {
        let mut all = watch::progress(db, &me, &open.course.id, version).await?;
        let answers = watch::answers(db, &me, &lesson.id, version).await?;
        (all.remove(&lesson.id).unwrap_or_default(), answers)
    };
    let items: Vec<Item> = lesson
        .stops
        .iter()
        .map(|s| item(&s.question_id, s.version))
        .collect();
    let drafts = attempt::drafts(db, &items).await?;
    let asking = lesson
        .stops
        .iter()
        .zip(items)
        .zip(drafts)
        .map(|((stop, item), draft)| Asking {
            stop: stop.id.clone(),
            at_ms: stop.at_ms,
            item,
            draft: (*draft).clone(),
            answered: answers
                .iter()
                .find(|(id, _, _)| *id == stop.id)
                .map(|(_, given, right)| (given.clone(), *right)),
        })
        .collect();
    let article = match &lesson.article {
        Some(id) => {
            let article = content::article(db, id).await?;
            let shown = article.is_shown(&state.zone.today());
            Some(article).filter(|_| shown)
        }
        None => None,
    };
    let pages = match (&lesson.media, lesson.kind) {
        (Some(media), LessonKind::Slides) => crate::course::media::pages(db, media)
            .await?
            .into_iter()
            .map(|(_, text)| text)
            .collect(),
        _ => Vec::new(),
    };
    let exam = match &lesson.exam {
        Some(id) => Some(crate::exam::store::exam(db, id).await?),
        None => None,
    };
    let ids: Vec<&String> = open.contents.lessons().map(|l| &l.id).collect();
    let at = ids.iter().position(|id| **id == lesson.id).unwrap_or(0);
    let around = (
        at.checked_sub(1)
            .and_then(|i| ids.get(i))
            .map(|id| (*id).clone()),
        ids.get(at + 1).map(|id| (*id).clone()),
    );
    Ok(Shown {
        who: learner.key(),
        complete: progress.completed_at.is_some(),
        lesson,
        progress,
        asking,
        article,
        pages,
        exam,
        around,
        open,
    })
}

/// `/learn/{course}/{lesson}`.
pub async fn show(
    State(state): State<AppState>,
    visit: Visit,
    Path((course, lesson)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let made = async {
        let learner = Learner::of(&state, &visit).await?;
        let open = access::open(&state, &learner, &course, asked.preview()).await?;
        let said = comments::of_lesson(&state, &learner.key(), &course, &lesson).await?;
        let shown = load(&state, &learner, open, &lesson).await?;
        let opened = state.keys.sign(
            &format!("read {} {lesson}", learner.key()),
            &time::now().to_string(),
        );
        Ok(player::page(
            &visit,
            &learner,
            shown,
            &opened,
            said,
            &asked.said,
        ))
    };
    let here = format!("/learn/{course}/{lesson}");
    made.await
        .unwrap_or_else(|error: AppError| refuse(&visit, &here, &error))
}

/// Somebody's open course and its lesson, where something is to be recorded.
async fn recorded(
    state: &AppState,
    visit: &Visit,
    course: &str,
    lesson: &str,
) -> Result<(Learner, Open, Rules), AppError> {
    let learner = Learner::of(state, visit).await?;
    let open = access::open(state, &learner, course, false).await?;
    let rules = Rules::of(&open, open.lesson(lesson)?);
    Ok((learner, open, rules))
}

fn not_stored() -> AppError {
    internal("what a player reported was not stored")
}

#[derive(Debug, Serialize)]
struct Begun {
    session: String,
}

/// Play begins.
pub async fn begin(
    State(state): State<AppState>,
    visit: Visit,
    Path((course, lesson)): Path<(String, String)>,
) -> Response {
    let made = async {
        let (learner, open, _) = recorded(&state, &visit, &course, &lesson).await?;
        let session = crypto::random_token(16);
        let work = Begin {
            session: session.clone(),
            learner: learner.key(),
            lesson_id: lesson,
            version: open.course.version,
            course_id: course,
            at: time::now(),
        };
        state
            .watch
            .run(Watch::Begin(work))
            .await
            .ok_or_else(not_stored)?;
        Ok(Json(Begun { session }).into_response())
    };
    made.await
        .unwrap_or_else(|error: AppError| refuse_json(&error))
}

/// What was played, as the script sends it.
#[derive(Debug, Deserialize)]
pub struct Played {
    session: String,
    /// Intervals in milliseconds.
    spans: Vec<(i64, i64)>,
    position: i64,
}

#[derive(Debug, Serialize)]
struct Heard {
    spans: Vec<(i64, i64)>,
    /// How far it was played without a gap, in milliseconds.
    frontier: i64,
    complete: bool,
}

/// The most intervals that one report may bring.
const INTERVALS: usize = 2_000;

/// A heartbeat. The playing was allowed to begin, so who learns is all that is asked here.
pub async fn beat(
    State(state): State<AppState>,
    visit: Visit,
    Path((course, lesson)): Path<(String, String)>,
    Json(played): Json<Played>,
) -> Response {
    let made = async {
        let learner = Learner::of(&state, &visit).await?;
        if played.spans.len() > INTERVALS {
            return Err(AppError::Conflict("error.too_many_spans".into()));
        }
        let rules = access::rules(&state.db, &course, &lesson).await?;
        let work = Beat {
            session: played.session,
            learner: learner.key(),
            claimed: played.spans,
            position_ms: played.position,
            rules,
            at: time::now(),
        };
        let standing = state
            .watch
            .run(Watch::Beat(work))
            .await
            .ok_or_else(not_stored)?;
        if !standing.known {
            return Err(AppError::NotFound);
        }
        let frontier = crate::learning::rules::Spans::of(standing.spans.iter().copied()).frontier();
        Ok(Json(Heard {
            frontier,
            spans: standing.spans,
            complete: standing.complete,
        })
        .into_response())
    };
    made.await
        .unwrap_or_else(|error: AppError| refuse_json(&error))
}

/// An answer to a question within a lesson: kept at once, checked, and shown with what is right.
pub async fn answer(
    State(state): State<AppState>,
    visit: Visit,
    Path((course, lesson)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let made = async {
        let learner = Learner::of(&state, &visit).await?;
        let open = access::open(&state, &learner, &course, asked.preview()).await?;
        let found = open.lesson(&lesson)?.clone();
        let wanted = form
            .iter()
            .find(|(n, _)| n == "stop")
            .map(|(_, v)| v.as_str());
        let (place, stop) = found
            .stops
            .iter()
            .enumerate()
            .find(|(_, s)| Some(s.id.as_str()) == wanted)
            .ok_or(AppError::NotFound)?;
        let item = item(&stop.question_id, stop.version);
        let drafts = attempt::drafts(&state.db, std::slice::from_ref(&item)).await?;
        let draft = drafts.first().ok_or(AppError::NotFound)?;
        let Some(given) = sheet::read(place, item.seed, draft, &form).filter(|g| !g.is_empty())
        else {
            return Err(AppError::Conflict("error.answer_first".into()));
        };
        let json = serde_json::to_string(&given).map_err(internal)?;
        let correct = grade(&draft.body, &given).map(|share| share >= 1.0);
        let mut complete = false;
        if !open.preview {
            let work = Answer {
                learner: learner.key(),
                stop_id: stop.id.clone(),
                question: (item.question_id.clone(), item.version),
                given: json.clone(),
                correct,
                rules: Rules::of(&open, &found),
                at: time::now(),
            };
            let standing = state
                .watch
                .run(Watch::Answer(work))
                .await
                .ok_or_else(not_stored)?;
            complete = standing.complete;
        }
        Ok(player::answered(
            &visit, place, &item, draft, &json, correct, complete,
        ))
    };
    made.await
        .unwrap_or_else(|error: AppError| refuse_json(&error))
}

#[derive(Debug, Deserialize)]
pub struct WasRead {
    opened: String,
}

/// "I have read it", of a browser without JavaScript: credited if the page was open long enough. What is played along
/// a line of time cannot be learned so.
pub async fn read(
    State(state): State<AppState>,
    visit: Visit,
    Path((course, lesson)): Path<(String, String)>,
    Form(form): Form<WasRead>,
) -> Response {
    let here = format!("/learn/{course}/{lesson}");
    let made = async {
        let (learner, open, rules) = recorded(&state, &visit, &course, &lesson).await?;
        let kind = open.lesson(&lesson)?.kind;
        if !matches!(kind, LessonKind::Slides | LessonKind::Article) {
            return Err(AppError::NotFound);
        }
        let opened = state
            .keys
            .verify(&format!("read {} {lesson}", learner.key()), &form.opened)
            .and_then(|at| at.parse::<i64>().ok())
            .ok_or(AppError::NotFound)?;
        let at = time::now();
        if at - opened < rules.duration_ms {
            return Ok(see_other(&format!("{here}?said=early")));
        }
        let work = Read {
            learner: learner.key(),
            rules,
            at,
        };
        state
            .watch
            .run(Watch::Read(work))
            .await
            .ok_or_else(not_stored)?;
        Ok(see_other(&here))
    };
    made.await
        .unwrap_or_else(|error: AppError| refuse(&visit, &here, &error))
}

#[derive(Debug, Deserialize)]
pub struct Written {
    text: String,
}

/// A comment or question below a lesson.
pub async fn comment(
    State(state): State<AppState>,
    visit: Visit,
    Path((course, lesson)): Path<(String, String)>,
    Form(form): Form<Written>,
) -> Response {
    let here = format!("/learn/{course}/{lesson}");
    let made = async {
        let (learner, open, _) = recorded(&state, &visit, &course, &lesson).await?;
        match comments::write(&state, &learner, &open.course, &lesson, &form.text).await {
            Ok(()) => Ok(see_other(&format!("{here}?said=comment#comments"))),
            // What was typed stays: the form is shown again with it.
            Err(AppError::Invalid(_)) => {
                let said = comments::of_lesson(&state, &learner.key(), &course, &lesson).await?;
                let shown = load(&state, &learner, open, &lesson).await?;
                let mut page = player::page(&visit, &learner, shown, "", said, &form.text);
                *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
                Ok(page)
            }
            Err(error) => Err(error),
        }
    };
    made.await
        .unwrap_or_else(|error: AppError| refuse(&visit, &here, &error))
}

/// The body of an article as a lesson shows it.
pub fn article_body(article: &Article) -> String {
    markdown::sanitise(&article.body_html)
}
