//! Days on which staff used Mailuo, for the dashboards.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::learning::workdays;
use crate::server::AppState;
use crate::server::db::{insert_many, q};
use crate::server::time;
use crate::shared::AppError;

/// Days back.
const DAYS: i64 = 70;

/// Adds them: most people on most workdays, few on others. The draws are apart from the others'.
pub async fn load(state: &AppState, seed: u64) -> Result<(), AppError> {
    let mut rng = StdRng::seed_from_u64(seed.wrapping_add(0x6461_7973));
    let people: Vec<(String,)> = q("SELECT id FROM staff WHERE left_at IS NULL ORDER BY id")
        .all(&state.db)
        .await?;
    let today = state.zone.today();
    let mut rows = Vec::new();
    for back in 0..DAYS {
        let day = time::shift_day(&today, -back);
        let share = if workdays::is_workday(&day) {
            0.72
        } else {
            0.12
        };
        for (id,) in &people {
            if rng.random_bool(share) {
                rows.push(vec![day.as_str().into(), id.into()]);
            }
        }
    }
    let mut tx = state.db.begin().await?;
    insert_many(
        &mut tx,
        "INSERT INTO active_day (day, staff_id)",
        rows,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
