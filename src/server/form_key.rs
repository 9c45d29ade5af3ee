//! Every form carries a key; a form that was carried out answers a second sending with its first answer.

use super::db::{Tx, q};
use super::{guard::Actor, time};
use crate::shared::{AppError, Saved};

/// The earlier answer to this key, if there is one. Call first in the transaction; on `None` go on and [`keep`].
pub async fn earlier(tx: &mut Tx, actor: &Actor, key: &str) -> Result<Option<Saved>, AppError> {
    if key.is_empty() {
        return Err(AppError::field("", "error.form_key"));
    }
    let fresh = q("INSERT INTO form_key (actor_id, form_key, saved, at) VALUES ($1, $2, '', $3) ON CONFLICT DO NOTHING")
        .bind(&actor.id)
        .bind(key)
        .bind(time::now())
        .exec(&mut *tx)
        .await?;
    if fresh == 1 {
        return Ok(None);
    }
    let (saved,): (String,) = q("SELECT saved FROM form_key WHERE actor_id = $1 AND form_key = $2")
        .bind(&actor.id)
        .bind(key)
        .one(tx)
        .await?;
    serde_json::from_str(&saved)
        .map(Some)
        .map_err(super::db::internal)
}

/// Keeps the answer within the transaction that carries the form out.
pub async fn keep(tx: &mut Tx, actor: &Actor, key: &str, saved: &Saved) -> Result<(), AppError> {
    let json = serde_json::to_string(saved).map_err(super::db::internal)?;
    q("UPDATE form_key SET saved = $1 WHERE actor_id = $2 AND form_key = $3")
        .bind(json)
        .bind(&actor.id)
        .bind(key)
        .exec(tx)
        .await?;
    Ok(())
}
