//! Sweeping what has had its time.

use std::time::Duration;

use super::db::{Db, DbResult, q};
use super::time;

/// Deletes what is past use: counted events, one-time codes and form keys after two days, ended sessions after 90.
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

/// Sweeps every hour, for as long as the server runs.
pub async fn run(db: Db) {
    loop {
        if let Err(error) = sweep(&db).await {
            tracing::error!(%error, "sweeping failed");
        }
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}
