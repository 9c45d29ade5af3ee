//! Exams of the demo: one that is open and half of the reps took, one that is being put together.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::acting;
use crate::audience::Audience;
use crate::exam::model::ExamInput;
use crate::exam::parts::{self, PartInput};
use crate::exam::store;
use crate::exam::{attempt, paper};
use crate::learning::Learner;
use crate::question::model::{Body, Draft};
use crate::question::rules::Given;
use crate::server::AppState;
use crate::server::db::q;
use crate::server::guard::Actor;
use crate::shared::{AppError, Role};

/// How many take the open exam; the account of the rep does not, so that it can be tried.
const TAKERS: i64 = 32;

/// Makes both, and the attempts.
pub async fn load(state: &AppState, seed: u64) -> Result<(), AppError> {
    let mut rng = StdRng::seed_from_u64(seed.wrapping_add(0x6578_616d));
    let trainer = acting(state, Role::Trainer).await?;
    let input = ExamInput {
        title: "心血管与合规基础（演示）".into(),
        intro: "闭卷完成，30 分钟。可以中途离开，答案随答随存。".into(),
        minutes: 30,
        attempts: 2,
        pass_percent: 60,
        shuffle_questions: true,
        shuffle_options: true,
        review: "wrong".into(),
        audience: Audience {
            roles: vec![Role::Rep, Role::OtcRep, Role::TradeRep, Role::Manager],
            ..Audience::default()
        },
        ..ExamInput::default()
    };
    let open = exam(
        state,
        &trainer,
        "demo-open",
        &input,
        &[("心血管", 8, 5), ("合规", 5, 8)],
    )
    .await?;
    store::publish(state, &trainer, &open).await?;
    let draft = ExamInput {
        title: "糖尿病用药专项（草稿）".into(),
        review: "closed".into(),
        ..input
    };
    exam(state, &trainer, "demo-draft", &draft, &[("内分泌", 10, 5)]).await?;
    let takers: Vec<(String, String)> = q(
        "SELECT id, name FROM staff WHERE role = 'rep' AND id <> $1 ORDER BY employee_no LIMIT $2",
    )
    .bind(acting(state, Role::Rep).await?.id)
    .bind(TAKERS)
    .all(&state.db)
    .await?;
    for (place, (id, name)) in takers.into_iter().enumerate() {
        let actor = Actor {
            id,
            name,
            role: Role::Rep,
            ..Actor::system()
        };
        take(state, &actor, &open, &mut rng, place % 8 == 7).await?;
    }
    // One account can look at what came of it.
    let account = acting(state, Role::TradeRep).await?;
    take(state, &account, &open, &mut rng, false).await
}

async fn exam(
    state: &AppState,
    trainer: &Actor,
    key: &str,
    input: &ExamInput,
    pools: &[(&str, i64, i64)],
) -> Result<String, AppError> {
    let saved = store::save(state, trainer, key, None, input).await?;
    let id = saved
        .next
        .unwrap_or_default()
        .trim_start_matches("/exams/")
        .to_owned();
    for (category, draws, points) in pools {
        let part = PartInput {
            category: (*category).to_owned(),
            draws: *draws,
            points: *points,
            ..PartInput::default()
        };
        parts::add_pool(state, trainer, &format!("{key}-{category}"), &id, &part).await?;
    }
    Ok(id)
}

/// One attempt with most answers right; `weak` people know half.
async fn take(
    state: &AppState,
    actor: &Actor,
    exam: &str,
    rng: &mut StdRng,
    weak: bool,
) -> Result<(), AppError> {
    let learner = Learner::from(actor);
    let id = attempt::begin(state, &learner, exam).await?;
    let own = attempt::own(state, &learner.key(), &id).await?;
    let items = own.items()?;
    let drafts = attempt::drafts(&state.db, &items).await?;
    let answers = items
        .iter()
        .zip(&drafts)
        .enumerate()
        .map(|(place, (item, draft))| {
            let knows = rng.random_bool(if weak { 0.45 } else { 0.85 });
            let given = if knows {
                right(draft)
            } else {
                wrong(draft, item, rng)
            };
            (place as i64, given)
        });
    let answers: Vec<(i64, Given)> = answers.collect();
    futures::future::try_join_all(
        answers
            .iter()
            .map(|(place, given)| attempt::answer(state, &own, *place, given)),
    )
    .await?;
    attempt::submit(state, &id, false).await
}

fn right(draft: &Draft) -> Given {
    match &draft.body {
        Body::Single { choices } | Body::Multiple { choices } => Given::Chosen(
            choices
                .iter()
                .enumerate()
                .filter(|(_, c)| c.right)
                .map(|(i, _)| i)
                .collect(),
        ),
        Body::TrueFalse { right } => Given::Truth(*right),
        Body::Fill { blanks } => Given::Texts(
            blanks
                .iter()
                .filter_map(|b| b.accept.first().cloned())
                .collect(),
        ),
        Body::Ordering { items } => Given::Order((0..items.len()).collect()),
        Body::Matching { pairs, .. } => Given::Pairs((0..pairs.len()).map(Some).collect()),
        Body::Short { model } => Given::Text(model.chars().take(60).collect()),
    }
}

fn wrong(draft: &Draft, item: &paper::Item, rng: &mut StdRng) -> Given {
    match &draft.body {
        Body::Single { choices } | Body::Multiple { choices } => {
            Given::Chosen(vec![rng.random_range(0..choices.len())])
        }
        Body::TrueFalse { right } => Given::Truth(!right),
        Body::Ordering { .. } => Given::Order(paper::order(draft, item.seed)),
        Body::Matching { pairs, .. } => Given::Pairs(vec![Some(0); pairs.len()]),
        _ => Given::Text("不清楚".into()),
    }
}
