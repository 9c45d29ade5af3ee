//! A whole application over a fresh database, with one signed-in member a role.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use leptos::config::LeptosOptions;
use mailuo::identity::store::{self, PersonInput};
use mailuo::identity::{password, units};
use mailuo::server::config::Config;
use mailuo::server::db::{Db, q};
use mailuo::server::guard::Actor;
use mailuo::server::{AppState, router, session};
use mailuo::shared::Role;
use tower::ServiceExt;

/// Runs a test body on both engines: `on_both!(name, |app| async move { … })`.
macro_rules! on_both {
    ($name:ident, |$app:ident| $body:expr) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            async fn body($app: $crate::support::TestApp) {
                $body
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let app = $crate::support::TestApp::sqlite().await;
                let traces = app.traces();
                body(app).await;
                traces.clear().await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let app = $crate::support::TestApp::postgres().await;
                let traces = app.traces();
                body(app).await;
                traces.clear().await;
            }
        }
    };
}

/// The application under test.
pub struct TestApp {
    pub state: AppState,
    pub router: Router,
    pub dir: PathBuf,
    /// Units of the company: company, region A with district A1, region B with district B1.
    pub units: Units,
}

/// Ids of the units that every test has.
#[derive(Debug, Clone, Default)]
pub struct Units {
    pub company: String,
    pub region_a: String,
    pub district_a: String,
    pub district_b: String,
}

/// What a test leaves behind.
pub struct Traces {
    db: Db,
    dir: PathBuf,
    /// The name of its database, on Postgres.
    database: Option<String>,
}

impl Traces {
    /// Removes them: some hundred databases would fill a small disk. Not called when a test fails, so that they can be
    /// looked at.
    pub async fn clear(self) {
        self.db.close().await;
        let _ = std::fs::remove_dir_all(&self.dir);
        if let Some(name) = self.database {
            postgres_do(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// An answer with its body read.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn location(&self) -> String {
        self.headers
            .get(header::LOCATION)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("")
            .to_owned()
    }

    /// The value of a cookie that was set.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.headers
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .find_map(|v| {
                let (key, rest) = v.split_once('=')?;
                (key == name).then(|| rest.split(';').next().unwrap_or("").to_owned())
            })
    }
}

static COUNT: AtomicU32 = AtomicU32::new(0);

fn fresh_name() -> String {
    format!(
        "t{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

fn postgres_url() -> String {
    std::env::var("MAILUO_TEST_POSTGRES_URL")
        .expect("MAILUO_TEST_POSTGRES_URL names a Postgres that tests may make databases in; script/test starts one")
}

/// Runs a statement on the Postgres itself.
async fn postgres_do(sql: &str) {
    let pool = sqlx::PgPool::connect(&postgres_url())
        .await
        .expect("the test Postgres answers");
    sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&pool)
        .await
        .expect("databases can be made and dropped");
    pool.close().await;
}

/// A fresh Postgres database; its URL.
pub async fn fresh_postgres() -> String {
    let name = fresh_name();
    postgres_do(&format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
    ))
    .await;
    let base = postgres_url();
    let (front, _) = base.rsplit_once('/').expect("a URL with a database");
    format!("{front}/{name}")
}

pub fn fresh_dir() -> PathBuf {
    let dir = std::env::temp_dir().join("mailuo-tests").join(fresh_name());
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("the temporary folder can be written");
    dir
}

impl TestApp {
    pub async fn sqlite() -> TestApp {
        Self::open(String::new()).await
    }

    pub async fn postgres() -> TestApp {
        Self::open(fresh_postgres().await).await
    }

    /// What is to be removed once the test has passed.
    pub fn traces(&self) -> Traces {
        let url = &self.state.config.database.url;
        Traces {
            db: self.state.db.clone(),
            dir: self.dir.clone(),
            database: url.rsplit_once('/').map(|(_, name)| name.to_owned()),
        }
    }

    pub async fn open(url: String) -> TestApp {
        let dir = fresh_dir();
        let mut config = Config::default();
        config.database.url = url;
        config.files.data_dir.clone_from(&dir);
        let options = LeptosOptions::builder().output_name("mailuo").build();
        let state = AppState::open(config, options)
            .await
            .expect("the application opens");
        let router = router::router(state.clone());
        let mut app = TestApp {
            state,
            router,
            dir,
            units: Units::default(),
        };
        app.seed().await;
        app
    }

    /// Another server on the same database, key and files.
    pub async fn beside(&self) -> TestApp {
        let state = AppState::open(self.state.config.clone(), self.state.leptos.clone())
            .await
            .expect("the application opens beside");
        TestApp {
            router: router::router(state.clone()),
            state,
            dir: self.dir.clone(),
            units: self.units.clone(),
        }
    }

    async fn seed(&mut self) {
        let mut tx = self.state.db.begin().await.expect("begins");
        let company = units::ensure_unit(&mut tx, None, "公司", "company")
            .await
            .expect("unit");
        let region_a = units::ensure_unit(&mut tx, Some(&company), "甲大区", "region")
            .await
            .expect("unit");
        let region_b = units::ensure_unit(&mut tx, Some(&company), "乙大区", "region")
            .await
            .expect("unit");
        let district_a = units::ensure_unit(&mut tx, Some(&region_a), "甲一", "district")
            .await
            .expect("unit");
        let district_b = units::ensure_unit(&mut tx, Some(&region_b), "乙一", "district")
            .await
            .expect("unit");
        tx.commit().await.expect("commits");
        self.units = Units {
            company,
            region_a,
            district_a,
            district_b,
        };
        for role in Role::ALL {
            let (unit, manages) = match role {
                Role::Rep | Role::OtcRep | Role::TradeRep => (&self.units.district_a, None),
                Role::Manager => (&self.units.region_a, Some(&self.units.region_a)),
                _ => (&self.units.company, None),
            };
            self.person(role.code(), role, unit, manages, &phone(role))
                .await;
        }
    }

    /// Enters a person; gives their id.
    pub async fn person(
        &self,
        name: &str,
        role: Role,
        unit: &str,
        manages: Option<&String>,
        phone: &str,
    ) -> String {
        let input = PersonInput {
            name: name.to_owned(),
            role,
            unit_id: unit.to_owned(),
            phone: Some(phone.to_owned()),
            employee_no: None,
            manages: manages.cloned(),
            password_hash: None,
        };
        let mut tx = self.state.db.begin().await.expect("begins");
        let id = store::insert_person(&self.state, &mut tx, &Actor::system(), &input)
            .await
            .expect("is entered");
        tx.commit().await.expect("commits");
        id
    }

    /// The id of the member of a role.
    pub async fn id_of(&self, role: Role) -> String {
        store::credentials(&self.state, &phone(role))
            .await
            .expect("answers")
            .expect("is there")
            .id
    }

    /// Gives the member of a role a password; their id.
    pub async fn with_password(&self, role: Role, text: &str) -> String {
        let id = self.id_of(role).await;
        let hash = password::hash(text.to_owned()).await.expect("is hashed");
        store::set_password(&self.state, &Actor::system(), &id, &hash)
            .await
            .expect("is set");
        id
    }

    /// A session cookie of a person.
    pub async fn session(&self, staff_id: &str) -> String {
        let mut tx = self.state.db.begin().await.expect("begins");
        let token = session::start(&mut tx, staff_id, &self.state.zone.today(), "test", "test")
            .await
            .expect("starts");
        tx.commit().await.expect("commits");
        format!("sid={token}")
    }

    /// A session cookie of the member of a role.
    pub async fn cookie(&self, role: Role) -> String {
        let id = self.id_of(role).await;
        self.session(&id).await
    }

    /// The actor of a role.
    pub async fn actor(&self, role: Role) -> Actor {
        let cookie = self.cookie(role).await;
        let token = cookie.trim_start_matches("sid=");
        session::actor_of(&self.state, token, "test")
            .await
            .expect("answers")
            .expect("is signed in")
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("answers");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 26)
            .await
            .expect("the body is read")
            .to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(
            request(Method::GET, path, cookie)
                .body(Body::empty())
                .expect("a request"),
        )
        .await
    }

    /// Posts a form as the page's script does.
    pub async fn post(&self, path: &str, cookie: &str, form: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(form).expect("a form");
        let request = request(Method::POST, path, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Body::from(body))
            .expect("a request");
        self.send(request).await
    }

    /// Posts a form as a browser without JavaScript does, from a page.
    pub async fn submit(
        &self,
        path: &str,
        from: &str,
        cookie: &str,
        form: &[(&str, &str)],
    ) -> Answer {
        let body = serde_urlencoded::to_string(form).expect("a form");
        let request = request(Method::POST, path, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html,application/xhtml+xml")
            .header(header::REFERER, format!("http://localhost{from}"))
            .body(Body::from(body))
            .expect("a request");
        self.send(request).await
    }

    /// Posts the parts of a form that may hold a file, whose part is named `file`.
    pub async fn post_parts(&self, path: &str, cookie: &str, parts: &[(&str, &[u8])]) -> Answer {
        let mut body = Vec::new();
        for (name, bytes) in parts {
            let file = if *name == "file" {
                "; filename=\"a\""
            } else {
                ""
            };
            let head =
                format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            body.extend(head.bytes());
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--x--\r\n");
        self.post_body(path, cookie, "multipart/form-data; boundary=x", body)
            .await
    }

    /// Posts a body of a media type, as a script does.
    pub async fn post_body(
        &self,
        path: &str,
        cookie: &str,
        kind: &str,
        body: impl Into<Body>,
    ) -> Answer {
        let request = request(Method::POST, path, cookie)
            .header(header::CONTENT_TYPE, kind)
            .body(body.into())
            .expect("a request");
        self.send(request).await
    }

    /// The number that a query counts.
    pub async fn count(&self, sql: &str) -> i64 {
        q(sql).count(&self.state.db).await.expect("counts")
    }

    /// The one text that a query gives.
    pub async fn text(&self, sql: &str) -> String {
        let row = q(sql).one::<(String,)>(&self.state.db).await;
        row.expect("is there").0
    }

    /// The last one-time code that was sent to a phone.
    pub fn code_for(&self, phone: &str) -> String {
        let text = std::fs::read_to_string(self.dir.join("sms.jsonl")).expect("a message was sent");
        let line = text
            .lines()
            .rev()
            .find(|l| l.contains(phone))
            .expect("to this phone");
        let sms: serde_json::Value = serde_json::from_str(line).expect("is JSON");
        sms["params"]["code"]
            .as_str()
            .expect("has a code")
            .to_owned()
    }

    /// Imports the hospitals of the demo's file, assigned to nobody.
    pub async fn hospitals(&self) {
        self.import(
            mailuo::importing::Kind::Hospitals,
            &demo_file("hospitals.csv"),
        )
        .await;
    }

    /// Imports bytes; all rows must go in.
    pub async fn import(
        &self,
        kind: mailuo::importing::Kind,
        bytes: &[u8],
    ) -> mailuo::workbench::model::ImportReport {
        let report = mailuo::importing::run(
            &self.state,
            &Actor::system(),
            kind,
            bytes,
            mailuo::importing::Mode::All,
        )
        .await
        .expect("is imported");
        assert_eq!(report.invalid, []);
        report
    }

    /// A listed HCP of a hospital of their own, owned by a person.
    pub async fn hcp(&self, name: &str, phone: &str, owner: Option<&str>) -> String {
        use mailuo::server::{crypto, search, time};
        let id = crypto::new_id();
        let (pinyin, initials) = search::pinyin(name);
        let mut tx = self.state.db.begin().await.expect("begins");
        q("INSERT INTO hcp (id, name, pinyin, initials, sex, phone_cipher, phone_index, phone_masked, department, title, \
           province, city, state, source, created_at, updated_at) \
           VALUES ($1, $2, $3, $4, '', $5, $6, $7, '心血管内科', '主任医师', '', '', 'listed', 'test', $8, $8)")
        .bind(&id)
        .bind(name)
        .bind(pinyin)
        .bind(initials)
        .bind(self.state.keys.seal(phone))
        .bind(self.state.keys.phone_index(phone))
        .bind(mailuo::identity::rules::mask_phone(phone))
        .bind(time::now())
        .exec(&mut tx)
        .await
        .expect("is entered");
        mailuo::hcp::store::reindex(&mut tx, &id)
            .await
            .expect("is indexed");
        if let Some(owner) = owner {
            mailuo::hcp::store::set_owner(&mut tx, &id, owner, "hospital", "test")
                .await
                .expect("is owned");
        }
        tx.commit().await.expect("commits");
        id
    }

    /// A published article.
    pub async fn article(&self, title: &str, audience: &str, expires_on: &str) -> String {
        use mailuo::content::store::{Input, insert, publish_imported};
        let marketer = self.actor(Role::Marketer).await;
        let input = Input {
            title: title.into(),
            summary: "摘要".into(),
            author: "作者".into(),
            audience: audience.into(),
            body_md: "高血压".repeat(400),
            approval_no: format!("T-{title}"),
            expires_on: expires_on.into(),
            ..Default::default()
        };
        let mut tx = self.state.db.begin().await.expect("begins");
        let id = insert(&mut tx, &marketer.id, &input, None)
            .await
            .expect("is written");
        publish_imported(&mut tx, &marketer, &id)
            .await
            .expect("is published");
        tx.commit().await.expect("commits");
        id
    }

    /// An HCP's bound browser: its cookie. The HCP is onboarded with these consents.
    pub async fn bound(&self, hcp: &str, tracking: bool) -> String {
        use mailuo::onboarding::store::{Consents, From, register};
        let phone = mailuo::hcp::store::phone(&self.state, hcp)
            .await
            .expect("answers")
            .expect("has a phone");
        let from = From {
            address: "test",
            user_agent: "test",
            channel: "personal_code",
        };
        let consents = Consents {
            profile: true,
            push: true,
            tracking,
        };
        let (token, waits) = register(&self.state, &phone, &Default::default(), consents, &from)
            .await
            .expect("is onboarded");
        assert!(!waits);
        format!("hid={token}")
    }
}

pub fn phone(role: Role) -> String {
    let place = Role::ALL
        .iter()
        .position(|r| *r == role)
        .expect("is a role");
    format!("138000000{place:02}")
}

pub fn demo_file(name: &str) -> Vec<u8> {
    std::fs::read(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("demo")
            .join(name),
    )
    .expect("the demo's file")
}

/// What a phone's browser sends.
pub const BROWSER: &str = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36";

fn request(method: Method, path: &str, cookie: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost")
        .header(header::USER_AGENT, BROWSER)
        .header("sec-fetch-site", "same-origin")
        .header(header::COOKIE, cookie)
}
