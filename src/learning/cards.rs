//! 随时学: what somebody got wrong comes back when they are about to forget it (FSRS-6 by the crate `fsrs`).

use fsrs::{FSRS, MemoryState};

use crate::question::model::Draft;
use crate::question::rules::{Given, grade};
use crate::server::AppState;
use crate::server::db::{Db, DbResult, Query, Rows, Tx, insert_many, internal, q};
use crate::server::time;
use crate::shared::AppError;

/// How surely something is to be known when it is asked again.
const RETENTION: f32 = 0.9;

/// A card as it is stored.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Card {
    pub question_id: String,
    pub version: i64,
    pub stability: Option<f64>,
    pub difficulty: Option<f64>,
    pub last_on: Option<String>,
    pub due_on: String,
    pub times: i64,
    pub lapses: i64,
}

const CARD: &str = "SELECT question_id, version, stability, difficulty, last_on, due_on, times, lapses FROM review_card";

/// Makes cards of questions that were answered wrongly: due at once. One that is there stays as it is.
pub async fn add(tx: &mut Tx, learner: &str, wrong: &[(String, i64)]) -> DbResult<()> {
    let now = time::now();
    let rows: Rows = wrong
        .iter()
        .map(|(question, version)| {
            vec![
                learner.into(),
                question.into(),
                (*version).into(),
                // Before any day: due from the first.
                "0000-00-00".into(),
                0.into(),
                0.into(),
                now.into(),
            ]
        })
        .collect();
    insert_many(
        tx,
        "INSERT INTO review_card (learner, question_id, version, due_on, times, lapses, created_at)",
        rows,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    Ok(())
}

/// Counts the cards that are due on a day. What a person would mark is not asked.
pub fn due(learner: &str, today: &str) -> Query {
    q(
        "SELECT COUNT(*) FROM review_card r JOIN question x ON x.id = r.question_id \
       WHERE r.learner = $1 AND r.due_on <= $2 AND x.archived_at IS NULL AND x.kind <> 'short'",
    )
    .bind(learner)
    .bind(today)
}

/// The card to ask next: the longest overdue. `after` is left out if there is another.
pub async fn next(db: &Db, learner: &str, today: &str) -> DbResult<Option<(Card, i64)>> {
    let found: Option<Card> = q(
        "SELECT r.question_id, x.version, r.stability, r.difficulty, r.last_on, r.due_on, r.times, r.lapses \
         FROM review_card r JOIN question x ON x.id = r.question_id \
         WHERE r.learner = $1 AND r.due_on <= $2 AND x.archived_at IS NULL AND x.kind <> 'short' \
         ORDER BY r.due_on, r.created_at, r.question_id LIMIT 1",
    )
    .bind(learner)
    .bind(today)
    .optional(db)
    .await?;
    Ok(found.map(|card| {
        let version = card.version;
        (card, version)
    }))
}

/// A learner's card of a question.
pub async fn card(db: &Db, learner: &str, question: &str) -> Result<Card, AppError> {
    Ok(q(format!("{CARD} WHERE learner = $1 AND question_id = $2"))
        .bind(learner)
        .bind(question)
        .one(db)
        .await?)
}

/// When a card comes back after an answer on a day, and what is remembered of it.
pub fn schedule(card: &Card, right: bool, today: &str) -> Result<Card, AppError> {
    let memory = match (card.stability, card.difficulty) {
        (Some(stability), Some(difficulty)) => Some(MemoryState {
            stability: stability as f32,
            difficulty: difficulty as f32,
        }),
        _ => None,
    };
    let elapsed = card
        .last_on
        .as_deref()
        .map_or(0, |last| days_from(last, today));
    let next = FSRS::default()
        .next_states(memory, RETENTION, elapsed)
        .map_err(|e| internal(format!("{e:?}")))?;
    let state = if right { next.good } else { next.again };
    // Not again on the same day: who answers wrongly was just shown why.
    let days = (state.interval.round() as i64).clamp(1, 3_650);
    Ok(Card {
        stability: Some(f64::from(state.memory.stability)),
        difficulty: Some(f64::from(state.memory.difficulty)),
        last_on: Some(today.to_owned()),
        due_on: time::shift_day(today, days),
        times: card.times + 1,
        lapses: card.lapses + i64::from(!right),
        ..card.clone()
    })
}

fn days_from(from: &str, to: &str) -> u32 {
    use jiff::civil::Date;
    match (from.parse::<Date>(), to.parse::<Date>()) {
        (Ok(from), Ok(to)) => (to - from).get_days().max(0) as u32,
        _ => 0,
    }
}

/// Notes the answer to a card; gives whether it was right and the day of its return. Answered again on the same day it
/// changes nothing.
pub async fn answer(
    state: &AppState,
    learner: &str,
    question: &str,
    draft: &Draft,
    given: &Given,
) -> Result<(bool, String), AppError> {
    let right = grade(&draft.body, given).is_some_and(|share| share >= 1.0);
    let card = card(&state.db, learner, question).await?;
    let today = state.zone.today();
    if card.last_on.as_deref() == Some(&today) {
        return Ok((right, card.due_on));
    }
    let next = schedule(&card, right, &today)?;
    q("UPDATE review_card SET stability = $1, difficulty = $2, last_on = $3, due_on = $4, times = $5, lapses = $6 \
       WHERE learner = $7 AND question_id = $8 AND times = $9")
    .bind(next.stability)
    .bind(next.difficulty)
    .bind(&today)
    .bind(&next.due_on)
    .bind(next.times)
    .bind(next.lapses)
    .bind(learner)
    .bind(question)
    .bind(card.times)
    .exec(&state.db)
    .await?;
    Ok((right, next.due_on))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> Card {
        Card {
            question_id: "q".into(),
            version: 1,
            stability: None,
            difficulty: None,
            last_on: None,
            due_on: "0000-00-00".into(),
            times: 0,
            lapses: 0,
        }
    }

    #[test]
    fn what_is_known_comes_back_later_each_time() {
        let mut card = new();
        let mut gaps = Vec::new();
        let mut day = "2026-11-26".to_owned();
        for _ in 0..4 {
            card = schedule(&card, true, &day).expect("is planned");
            gaps.push(days_from(&day, &card.due_on));
            day.clone_from(&card.due_on);
        }
        assert!(gaps.windows(2).all(|w| w[0] < w[1]), "{gaps:?}");
        let forgotten = schedule(&card, false, &day).expect("is planned");
        assert!(days_from(&day, &forgotten.due_on) < gaps[3]);
        assert_eq!(forgotten.lapses, 1);
        assert_eq!(
            schedule(&new(), false, "2026-11-26")
                .expect("is planned")
                .due_on,
            "2026-11-27"
        );
    }
}
