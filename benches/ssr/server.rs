//! The server: the application and the hand-written handlers over one database.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use mailuo::cli::Scale;
use mailuo::identity::store;
use mailuo::server::db::{q, statements_sent};
use mailuo::server::ending::Ending;
use mailuo::server::guard::Actor;
use mailuo::server::{AppState, crypto, http, router};
use mailuo::shared::Role;
use tokio::net::TcpListener;

use crate::common::{self, Outcome, request};
use crate::pages::{get, person, send};
use crate::{FOLDER, Pair, Plan, hand};

const SEED: u64 = 1;

/// Serves until it is killed. Tells first, as one line of JSON, where and what.
pub async fn serve(engine: &str) -> Outcome<()> {
    let state = open(engine).await?;
    let application = router::router(state.clone());
    let (actor, cookie) = person(&state, Role::Rep).await?;
    let frame = hand::Frame::of(&body(&application, "/", &cookie).await?)?;
    let by_hand = hand::router(state.clone(), frame);
    let (own_link, visitor) = own_link(&state, &application, &actor).await?;
    let pages = vec![
        pair(&application, &by_hand, "reading page", &own_link, &visitor).await?,
        pair(&application, &by_hand, "rep's first page", "/", &cookie).await?,
    ];
    let (a, b) = (
        TcpListener::bind("127.0.0.1:0").await?,
        TcpListener::bind("127.0.0.1:0").await?,
    );
    let plan = Plan {
        engine: engine.to_owned(),
        application: a.local_addr()?.to_string(),
        by_hand: b.local_addr()?.to_string(),
        pages,
    };
    println!("{}", serde_json::to_string(&plan)?);
    tokio::join!(
        http::serve(a, application, Ending::default(), Duration::ZERO),
        http::serve(b, by_hand, Ending::default(), Duration::ZERO),
    );
    Ok(())
}

/// Opens the engine's database, made first where it is not there or not whole.
async fn open(engine: &str) -> Outcome<AppState> {
    let dir = Path::new(FOLDER).join(format!("ssr-{engine}"));
    let name = "mailuo_bench_ssr";
    let state = common::state(engine, &dir, name, false).await?;
    // The plans of a rep's first page are today's.
    let today = state.zone.today();
    let made: Option<(String,)> = q("SELECT value FROM setting WHERE name = 'bench'")
        .optional(&state.db)
        .await?;
    // With the key that lies beside the data.
    let account = store::credentials(&state, &mailuo::demo::account(Role::Rep)).await;
    if made.is_some_and(|(day,)| day == today) && matches!(account, Ok(Some(_))) {
        return Ok(state);
    }
    state.db.close().await;
    let state = common::state(engine, &dir, name, true).await?;
    mailuo::demo::load(&state, Scale::Small, SEED).await?;
    q("INSERT INTO setting (name, value) VALUES ('bench', $1)")
        .bind(&today)
        .exec(&state.db)
        .await?;
    // As Postgres' autovacuum does by itself a little later.
    q("ANALYZE").exec(&state.db).await?;
    Ok(state)
}

/// A visitor's own address of an article that the rep shared, and their cookie.
async fn own_link(
    state: &AppState,
    application: &Router,
    rep: &Actor,
) -> Outcome<(String, String)> {
    let shared: Option<(String,)> = q(
        "SELECT l.token FROM share_link l JOIN article a ON a.id = l.article_id WHERE l.root_staff_id = $1 \
         AND l.parent IS NULL AND l.revoked_at IS NULL AND a.status = 'published' AND a.audience = 'public' \
         AND a.expires_on >= $2 AND NOT EXISTS (SELECT 1 FROM article_media m WHERE m.article_id = a.id) \
         ORDER BY l.token LIMIT 1",
    )
    .bind(&rep.id)
    .bind(state.zone.today())
    .optional(&state.db)
    .await?;
    let (token,) = shared.ok_or("the demo's rep shared a public article")?;
    let cookie = format!("vid={}", crypto::random_token(16));
    let ask = request(Method::GET, &format!("/s/{token}"), &cookie).body(Body::empty())?;
    let answer = send(application, ask).await?;
    let own = answer
        .headers()
        .get(header::LOCATION)
        .and_then(|value| value.to_str().ok())
        .ok_or("a reader is led to an address of their own")?;
    Ok((own.to_owned(), cookie))
}

/// A page as both sides have it. It is an error if they send different numbers of statements, or if one says much more
/// than the other.
async fn pair(
    application: &Router,
    by_hand: &Router,
    name: &str,
    path: &str,
    cookie: &str,
) -> Outcome<Pair> {
    let mut sent = Vec::new();
    let mut said = Vec::new();
    for side in [application, by_hand] {
        // The first may have to write: when the session was last seen.
        get(side, path, cookie).await?;
        let before = statements_sent();
        let html = body(side, path, cookie).await?;
        sent.push(statements_sent() - before);
        said.push((html.len(), text(&html).len()));
    }
    if sent[0] != sent[1] {
        return Err(format!("{name}: {} statements, by hand {}", sent[0], sent[1]).into());
    }
    if said[0].1.abs_diff(said[1].1) * 20 > said[0].1 {
        return Err(format!(
            "{name}: {} bytes of text, by hand {}: benches/ssr/hand.rs no longer writes what the page says",
            said[0].1, said[1].1
        )
        .into());
    }
    Ok(Pair {
        name: name.to_owned(),
        path: path.to_owned(),
        cookie: cookie.to_owned(),
        statements: sent[0],
        bytes: (said[0].0, said[1].0),
    })
}

/// The HTML of a page.
async fn body(router: &Router, path: &str, cookie: &str) -> Outcome<String> {
    let ask = request(Method::GET, path, cookie).body(Body::empty())?;
    let answer = send(router, ask).await?;
    match answer.status() {
        StatusCode::OK => Ok(String::from_utf8_lossy(answer.body()).into_owned()),
        status => Err(format!("{path}: {status}").into()),
    }
}

/// What a page says: no tags, no scripts, no blanks.
fn text(html: &str) -> String {
    let mut out = String::new();
    let mut within_tag = false;
    for c in hand::without_scripts(html).chars() {
        match c {
            '<' => within_tag = true,
            '>' => within_tag = false,
            c if !within_tag && !c.is_whitespace() => out.push(c),
            _ => {}
        }
    }
    out
}
