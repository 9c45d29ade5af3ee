//! Work that nobody waits for: the hourly sweep and the nightly search for duplicates.

use std::time::Duration;

use super::db::{Db, DbResult, q};
use super::{AppState, time};
use crate::shared::AppError;

/// Deletes what is past use: counted events, one-time codes and form keys after two days, playings after 30, ended
/// sessions after 90.
pub async fn sweep(db: &Db) -> DbResult<()> {
    let now = time::now();
    let two_days = now - 2 * time::DAY;
    q("DELETE FROM throttle WHERE at < $1")
        .bind(two_days)
        .exec(db)
        .await?;
    q("DELETE FROM otp WHERE created_at < $1")
        .bind(two_days)
        .exec(db)
        .await?;
    q("DELETE FROM watch_session WHERE began_at < $1")
        .bind(now - 30 * time::DAY)
        .exec(db)
        .await?;
    q("DELETE FROM form_key WHERE at < $1")
        .bind(two_days)
        .exec(db)
        .await?;
    q("DELETE FROM session WHERE last_seen_at < $1")
        .bind(now - 90 * time::DAY)
        .exec(db)
        .await?;
    Ok(())
}

/// One round: the sweep, old imports, and at night what is due once a day.
async fn round(state: &AppState) -> Result<(), AppError> {
    sweep(&state.db).await?;
    if let Err(error) = crate::importing::jobs::sweep(state).await {
        tracing::error!(%error, "old imports stay for now");
    }
    if let Err(error) = crate::course::media::sweep(state).await {
        tracing::error!(%error, "old uploads stay for now");
    }
    crate::terminal::assignment::begin_due(state).await?;
    if let Err(error) = crate::learning::reminders::run(state).await {
        tracing::error!(%error, "reminders were not sent");
    }
    if let Err(error) = crate::safety::store::remind(state).await {
        tracing::error!(%error, "nobody was reminded of adverse events");
    }
    if let Err(error) = crate::flow::confirm::remind(state).await {
        tracing::error!(%error, "nobody was reminded of flow to confirm");
    }
    if let Err(error) = crate::flow::appeals::remind(state).await {
        tracing::error!(%error, "nobody was reminded of appeals");
    }
    if (1..5).contains(&state.zone.hour(time::now())) {
        crate::duplicate::finder::nightly(state).await?;
        crate::insight::rollup::nightly(state).await?;
        state.db.analyze().await?;
    }
    Ok(())
}

/// Hands in attempts whose time is over, every quarter of a minute.
pub async fn expire_attempts(state: AppState) {
    loop {
        if let Err(error) = crate::exam::attempt::expire(&state).await {
            tracing::error!(%error, "attempts whose time is over were not handed in");
        }
        if state.ending.within(Duration::from_secs(15)).await {
            return;
        }
    }
}

/// Writes the sums of units anew whose people changed, every quarter of a minute.
pub async fn refresh_sums(state: AppState) {
    loop {
        if let Err(error) = crate::insight::rollup::refresh(&state).await {
            tracing::error!(%error, "the sums of units whose people changed were not written anew");
        }
        if state.ending.within(Duration::from_secs(15)).await {
            return;
        }
    }
}

/// A round every hour, for as long as the server runs.
pub async fn run(state: AppState) {
    loop {
        if let Err(error) = round(&state).await {
            tracing::error!(%error, "the hourly round failed");
        }
        if state.ending.within(Duration::from_secs(3600)).await {
            return;
        }
    }
}
