//! Argon2id on blocking threads, few at a time: sign-in is the cheapest way to exhaust a machine.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::server::{crypto, db::internal};
use crate::shared::AppError;

static TURNS: Semaphore = Semaphore::const_new(2);

/// A hash of nothing in particular, so that an unknown phone takes as long as a wrong password.
static DECOY: LazyLock<String> = LazyLock::new(|| hash_now("decoy").unwrap_or_default());

fn argon() -> Argon2<'static> {
    let params =
        Params::new(19_456, 2, 1, None).expect("the parameters are within argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &str) -> Option<String> {
    let salt = SaltString::encode_b64(&crypto::random_key()[..16]).ok()?;
    Some(
        argon()
            .hash_password(password.as_bytes(), &salt)
            .ok()?
            .to_string(),
    )
}

/// The hash to store for a password.
pub async fn hash(password: String) -> Result<String, AppError> {
    let _turn = TURNS.acquire().await.map_err(internal)?;
    tokio::task::spawn_blocking(move || hash_now(&password))
        .await
        .map_err(internal)?
        .ok_or_else(|| internal("the password could not be hashed"))
}

/// Whether the password is that of the stored hash; without one it takes as long and is false.
pub async fn verify(password: String, stored: Option<String>) -> Result<bool, AppError> {
    let _turn = TURNS.acquire().await.map_err(internal)?;
    tokio::task::spawn_blocking(move || {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| DECOY.clone());
        let right = PasswordHash::new(&stored)
            .is_ok_and(|hash| argon().verify_password(password.as_bytes(), &hash).is_ok());
        known && right
    })
    .await
    .map_err(internal)
}
