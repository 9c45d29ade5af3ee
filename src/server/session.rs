//! Cookies and sessions: staff (`sid`), an HCP's bound browser (`hid`), and the first-party visitor id (`vid`).

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::db::{Db, DbResult, Tx, q};
use super::guard::Actor;
use super::{AppState, crypto, time};
use crate::shared::Role;

/// Where the client is: the peer, or behind a trusted proxy what the proxy says.
#[derive(Debug, Clone)]
pub struct ClientAddress(pub String);

/// Whether the client's connection is encrypted, which decides the cookies' form.
#[derive(Debug, Clone, Copy)]
pub struct Secure(pub bool);

/// The value of a cookie; with TLS it carries the `__Host-` prefix.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let host_name = format!("__Host-{name}");
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name || *key == host_name)
        .map(|(_, value)| value.to_owned())
}

/// A `Set-Cookie` value. `max_age` in seconds; 0 deletes.
pub fn set_cookie(secure: Secure, name: &str, value: &str, max_age: i64) -> HeaderValue {
    let (prefix, flag) = if secure.0 {
        ("__Host-", "; Secure")
    } else {
        ("", "")
    };
    HeaderValue::from_str(&format!(
        "{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{flag}"
    ))
    .unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Starts a session on a day of the configured zone and gives its token for the cookie.
pub async fn start(
    tx: &mut Tx,
    staff_id: &str,
    day: &str,
    address: &str,
    user_agent: &str,
) -> DbResult<String> {
    let token = crypto::random_token(32);
    let now = time::now();
    q("INSERT INTO session (id, token_hash, staff_id, created_at, last_seen_at, address, user_agent) \
       VALUES ($1, $2, $3, $4, $4, $5, $6)")
    .bind(crypto::new_id())
    .bind(crypto::sha256_hex(token.as_bytes()))
    .bind(staff_id)
    .bind(now)
    .bind(address)
    .bind(user_agent.chars().take(300).collect::<String>())
    .exec(&mut *tx)
    .await?;
    crate::insight::rollup::is_here(tx, staff_id, day).await?;
    Ok(token)
}

#[derive(sqlx::FromRow)]
struct Found {
    session_id: String,
    last_seen_at: i64,
    id: String,
    name: String,
    role: String,
    unit_id: String,
    locale: String,
    theme: String,
}

/// The actor of a session token, if the session stands and the person has not left.
pub async fn actor_of(state: &AppState, token: &str, address: &str) -> DbResult<Option<Actor>> {
    let now = time::now();
    let found: Option<Found> = q(
        "SELECT e.id AS session_id, e.last_seen_at, s.id, s.name, s.role, s.unit_id, \
         s.locale, s.theme FROM session e JOIN staff s ON s.id = e.staff_id \
         WHERE e.token_hash = $1 AND e.revoked_at IS NULL AND s.left_at IS NULL \
         AND e.last_seen_at > $2 AND e.created_at > $3",
    )
    .bind(crypto::sha256_hex(token.as_bytes()))
    .bind(now - state.config.session.idle_days * time::DAY)
    .bind(now - state.config.session.max_days * time::DAY)
    .optional(&state.db)
    .await?;
    let Some(found) = found else { return Ok(None) };
    let day = state.zone.day(now);
    let new_day = state.zone.day(found.last_seen_at) != day;
    if new_day {
        crate::insight::rollup::is_here(&state.db, &found.id, &day).await?;
    }
    if new_day || now - found.last_seen_at > 5 * time::MINUTE {
        q("UPDATE session SET last_seen_at = $1, address = $2 WHERE id = $3")
            .bind(now)
            .bind(address)
            .bind(&found.session_id)
            .exec(&state.db)
            .await?;
    }
    Ok(Role::parse(&found.role).map(|role| Actor {
        id: found.id,
        name: found.name,
        role,
        unit_id: found.unit_id,
        locale: found.locale,
        theme: found.theme,
        session_id: found.session_id,
        address: address.to_owned(),
    }))
}

/// The HCP whose browser holds this device token.
pub async fn hcp_of(db: &Db, token: &str) -> DbResult<Option<String>> {
    let row: Option<(String,)> =
        q("SELECT hcp_id FROM hcp_device WHERE token_hash = $1 AND revoked_at IS NULL")
            .bind(crypto::sha256_hex(token.as_bytes()))
            .optional(db)
            .await?;
    Ok(row.map(|(id,)| id))
}

/// Puts `Option<Actor>` into the request's extensions.
pub async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let address = request
        .extensions()
        .get::<ClientAddress>()
        .map_or_else(String::new, |a| a.0.clone());
    let actor = match cookie(request.headers(), "sid") {
        Some(token) => match actor_of(&state, &token, &address).await {
            Ok(actor) => actor,
            Err(error) => {
                tracing::error!(%error, "cannot read the session");
                None
            }
        },
        None => None,
    };
    request.extensions_mut().insert::<Option<Actor>>(actor);
    next.run(request).await
}
