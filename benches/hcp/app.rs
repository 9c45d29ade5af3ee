//! The application over the benchmark's data, and requests to it.

use std::path::Path;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use mailuo::identity::store;
use mailuo::server::db::q;
use mailuo::server::guard::Actor;
use mailuo::server::{AppState, router, session};
use mailuo::shared::Role;
use tower::ServiceExt;

use crate::common::{self, request};
use crate::{FOLDER, Outcome, SEED};

/// The application over the benchmark's data.
pub struct Bench {
    pub state: AppState,
    pub engine: &'static str,
    router: Router,
}

/// Somebody signed in.
pub struct Person {
    pub actor: Actor,
    pub cookie: String,
}

impl Bench {
    /// Opens the engine's database, made first where it is not there or not whole.
    pub async fn open(engine: &'static str, hcps: usize) -> Outcome<Bench> {
        let dir = Path::new(FOLDER).join(engine);
        let mark = hcps.to_string();
        let mut state = Self::state(engine, &dir, false).await?;
        if !Self::is_whole(&state, &mark).await {
            state.db.close().await;
            println!("{engine}: making {hcps} HCPs");
            state = Self::state(engine, &dir, true).await?;
            mailuo::demo::load_library(&state, hcps, SEED).await?;
            q("INSERT INTO setting (name, value) VALUES ('bench', $1)")
                .bind(&mark)
                .exec(&state.db)
                .await?;
            if engine == "postgres" {
                // As its autovacuum does by itself a little later.
                q("ANALYZE").exec(&state.db).await?;
            }
        }
        let router = router::router(state.clone());
        Ok(Bench {
            state,
            router,
            engine,
        })
    }

    async fn state(engine: &str, dir: &Path, fresh: bool) -> Outcome<AppState> {
        common::state(engine, dir, "mailuo_bench", fresh).await
    }

    /// Whether the data were made to the end, with the key that lies beside them.
    async fn is_whole(state: &AppState, mark: &str) -> bool {
        let made: Result<Option<(String,)>, _> =
            q("SELECT value FROM setting WHERE name = 'bench'")
                .optional(&state.db)
                .await;
        let account = store::credentials(state, &mailuo::demo::account(Role::Admin)).await;
        matches!(made, Ok(Some((value,))) if value == mark) && matches!(account, Ok(Some(_)))
    }

    /// The demo account of a role, signed in.
    pub async fn person(&self, role: Role) -> Outcome<Person> {
        let id = store::credentials(&self.state, &mailuo::demo::account(role))
            .await?
            .ok_or("the account is there")?
            .id;
        let mut tx = self.state.db.begin().await?;
        let token = session::start(&mut tx, &id, "2026-01-01", "bench", "bench").await?;
        tx.commit().await?;
        let actor = session::actor_of(&self.state, &token, "bench")
            .await?
            .ok_or("the session holds")?;
        Ok(Person {
            actor,
            cookie: format!("sid={token}"),
        })
    }

    /// Gets a page to its last byte, on a thread of the pool; anything but 200 is an error.
    pub async fn get(&self, path: &str, cookie: &str) -> Outcome<()> {
        let request = request(Method::GET, path, cookie).body(Body::empty())?;
        self.send(request).await.map(drop)
    }

    /// Posts a form as the page's script does; gives the answer.
    pub async fn post(&self, path: &str, cookie: &str, form: &[(&str, &str)]) -> Outcome<Vec<u8>> {
        let request = request(Method::POST, path, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Body::from(serde_urlencoded::to_string(form)?))?;
        self.send(request).await
    }

    async fn send(&self, request: Request<Body>) -> Outcome<Vec<u8>> {
        let (router, path) = (self.router.clone(), request.uri().to_string());
        let answered = tokio::spawn(async move {
            let response = router.oneshot(request).await?;
            let status = response.status();
            let body = to_bytes(response.into_body(), 1 << 28).await?;
            Outcome::Ok((status, body.to_vec()))
        });
        let (status, body) = answered.await??;
        if status != StatusCode::OK {
            let text = String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
            return Err(format!("{path}: {status} {text}").into());
        }
        Ok(body)
    }
}
