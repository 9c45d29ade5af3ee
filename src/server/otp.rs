//! One-time codes by SMS: six digits, hashed, single use, valid 5 minutes and 5 tries, a new one every 60 seconds at
//! most, with caps per phone and day and per address and hour (the latter wide enough for a meeting behind one NAT).

use serde_json::json;

use super::db::{Db, DbResult, Lock, Tx, q};
use super::{AppState, crypto, time};
use crate::shared::AppError;

const VALID: i64 = 5 * time::MINUTE;
const TRIES: i64 = 5;
const PAUSE: i64 = time::MINUTE;

/// What a code is for; a code for one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    SignIn,
    Onboard,
    OldPhone,
    NewPhone,
}

impl Purpose {
    fn code(self) -> &'static str {
        match self {
            Purpose::SignIn => "sign_in",
            Purpose::Onboard => "onboard",
            Purpose::OldPhone => "old_phone",
            Purpose::NewPhone => "new_phone",
        }
    }
}

/// A code that was right; using it up is part of the act that it permits.
#[derive(Debug)]
pub struct Pass {
    id: String,
}

/// Sends a code to `phone` (11 digits).
pub async fn send(
    state: &AppState,
    purpose: Purpose,
    phone: &str,
    address: &str,
) -> Result<(), AppError> {
    send_if(state, purpose, phone, address, true).await
}

/// The seconds to wait where a code was refused because one was sent just now, which is still good.
pub fn just_sent(error: &AppError) -> Option<u64> {
    match error {
        AppError::TooMany(seconds) if *seconds <= (PAUSE / 1000) as u64 => Some(*seconds),
        _ => None,
    }
}

/// Like [`send`], but hands the message over only if `known`; the limits count either way, so that the answers do not
/// tell whose phone is known.
pub async fn send_if(
    state: &AppState,
    purpose: Purpose,
    phone: &str,
    address: &str,
    known: bool,
) -> Result<(), AppError> {
    let phone_index = state.keys.phone_index(phone);
    let now = time::now();
    let mut tx = state.db.begin().await?;
    tx.serialise(Lock::Otp).await?;
    let last: Option<(i64,)> =
        q("SELECT created_at FROM otp WHERE phone_index = $1 AND purpose = $2 ORDER BY created_at DESC LIMIT 1")
            .bind(&phone_index)
            .bind(purpose.code())
            .optional(&mut tx)
            .await?;
    if let Some((at,)) = last
        && now - at < PAUSE
    {
        return Err(AppError::TooMany(
            ((PAUSE - (now - at)) as u64).div_ceil(1000),
        ));
    }
    let today = q("SELECT COUNT(*) FROM otp WHERE phone_index = $1 AND created_at > $2")
        .bind(&phone_index)
        .bind(now - time::DAY)
        .count(&mut tx)
        .await?;
    let here = q("SELECT COUNT(*) FROM otp WHERE address = $1 AND created_at > $2")
        .bind(address)
        .bind(now - time::HOUR)
        .count(&mut tx)
        .await?;
    if today >= state.config.sms.phone_daily_cap || here >= state.config.sms.address_hourly_cap {
        return Err(AppError::TooMany(3600));
    }
    let code = crypto::random_code();
    q("INSERT INTO otp (id, purpose, phone_index, code_hash, address, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(crypto::new_id())
        .bind(purpose.code())
        .bind(&phone_index)
        .bind(state.keys.code_hash(purpose.code(), &phone_index, &code))
        .bind(address)
        .bind(now)
        .exec(&mut tx)
        .await?;
    tx.commit().await?;
    if !known {
        return Ok(());
    }
    let text = format!(
        "【{}】验证码 {code}，5 分钟内有效。请勿告诉他人。",
        state.config.server.company
    );
    state
        .sms
        .send(
            phone,
            &text,
            json!({ "code": code, "purpose": purpose.code() }),
        )
        .await
}

/// Checks a code and counts the try. `Err(Invalid)` on field `code` if it is wrong, used or too old.
pub async fn check(
    state: &AppState,
    purpose: Purpose,
    phone: &str,
    code: &str,
) -> Result<Pass, AppError> {
    let phone_index = state.keys.phone_index(phone);
    let row: Option<(String, String)> = q(
        "UPDATE otp SET tries = tries + 1 WHERE id = (SELECT id FROM otp \
         WHERE phone_index = $1 AND purpose = $2 ORDER BY created_at DESC LIMIT 1) \
         AND used_at IS NULL AND tries < $3 AND created_at > $4 RETURNING id, code_hash",
    )
    .bind(&phone_index)
    .bind(purpose.code())
    .bind(TRIES)
    .bind(time::now() - VALID)
    .returning(&state.db)
    .await?;
    let hash = state
        .keys
        .code_hash(purpose.code(), &phone_index, code.trim());
    match row {
        Some((id, stored)) if crypto::constant_eq(&stored, &hash) => Ok(Pass { id }),
        _ => Err(AppError::field("code", "field.code_wrong")),
    }
}

/// Uses the code up; of several at once only one succeeds.
pub async fn consume(tx: &mut Tx, pass: Pass) -> Result<(), AppError> {
    let used = q("UPDATE otp SET used_at = $1 WHERE id = $2 AND used_at IS NULL")
        .bind(time::now())
        .bind(pass.id)
        .exec(tx)
        .await?;
    if used == 1 {
        Ok(())
    } else {
        Err(AppError::field("code", "field.code_wrong"))
    }
}

/// Counts an event against a bucket; `TooMany` if there were `most` within `window` milliseconds already.
pub async fn throttle(db: &Db, bucket: &str, most: i64, window: i64) -> Result<(), AppError> {
    if count(db, bucket, window).await? >= most {
        return Err(AppError::TooMany((window / 1000) as u64));
    }
    Ok(())
}

async fn count(db: &Db, bucket: &str, window: i64) -> DbResult<i64> {
    q("SELECT COUNT(*) FROM throttle WHERE bucket = $1 AND at > $2")
        .bind(bucket)
        .bind(time::now() - window)
        .count(db)
        .await
}

/// Puts an event into a bucket.
pub async fn tally(db: &Db, bucket: &str) -> DbResult<()> {
    q("INSERT INTO throttle (id, bucket, at) VALUES ($1, $2, $3)")
        .bind(crypto::new_id())
        .bind(bucket)
        .bind(time::now())
        .exec(db)
        .await?;
    Ok(())
}
