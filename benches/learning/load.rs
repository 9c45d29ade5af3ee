//! The data, and what is asked of them.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use futures::future::try_join_all;
use mailuo::audience::Audience;
use mailuo::exam::model::ExamInput;
use mailuo::exam::parts::{self, PartInput};
use mailuo::exam::{attempt, store};
use mailuo::identity::store::{self as people, PersonInput};
use mailuo::identity::units;
use mailuo::learning::Learner;
use mailuo::question::store as questions;
use mailuo::server::db::q;
use mailuo::server::guard::Actor;
use mailuo::server::{AppState, router, session, time};
use mailuo::shared::Role;
use tower::ServiceExt;

use crate::FOLDER;
use crate::common::{self, Outcome, request};

/// Questions of the exam that all begin together.
const ASKED: i64 = 20;
/// How often single things are asked.
const TIMES: usize = 50;

pub struct Bench {
    state: AppState,
    router: Router,
    engine: &'static str,
    trainer: Actor,
    trainer_cookie: String,
    /// Id and cookie of each learner.
    learners: Vec<(String, String)>,
}

/// Times of calls, sorted.
struct Taken(Vec<Duration>);

impl Taken {
    fn of(mut taken: Vec<Duration>) -> Taken {
        taken.sort_unstable();
        Taken(taken)
    }

    /// In milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent).div_ceil(100).max(1) - 1;
        self.0.get(place).map_or(0.0, |t| t.as_secs_f64() * 1000.0)
    }

    fn row(&self, what: &str, note: &str) -> String {
        let row = format!(
            "| {what} | {} | {:.1} | {:.1} | {:.1} | {note} |\n",
            self.0.len(),
            self.percentile(50),
            self.percentile(99),
            self.percentile(100),
        );
        eprint!("{row}");
        row
    }
}

impl Bench {
    /// Opens the engine's database, made first where it is not there or not whole.
    pub async fn open(engine: &'static str, count: usize, bank: usize) -> Outcome<Bench> {
        let dir = Path::new(FOLDER).join(format!("learning-{engine}"));
        let mark = format!("{count}/{bank}");
        let mut state = common::state(engine, &dir, "mailuo_bench_learning", false).await?;
        let made: Option<(String,)> = q("SELECT value FROM setting WHERE name = 'bench'")
            .optional(&state.db)
            .await?;
        if made.is_none_or(|(value,)| value != mark) {
            state.db.close().await;
            println!("{engine}: making {count} people and {bank} questions");
            state = common::state(engine, &dir, "mailuo_bench_learning", true).await?;
            make(&state, count, bank).await?;
            q("INSERT INTO setting (name, value) VALUES ('bench', $1)")
                .bind(&mark)
                .exec(&state.db)
                .await?;
            if engine == "postgres" {
                q("ANALYZE").exec(&state.db).await?;
            }
        }
        let staff: Vec<(String, String)> = q("SELECT id, role FROM staff ORDER BY employee_no")
            .all(&state.db)
            .await?;
        let mut tx = state.db.begin().await?;
        let (mut learners, mut trainer) = (Vec::new(), String::new());
        let mut trainer_cookie = String::new();
        for (id, role) in staff {
            let token = session::start(&mut tx, &id, "2026-01-01", "bench", "bench").await?;
            if role == "trainer" {
                trainer.clone_from(&token);
                trainer_cookie = format!("sid={token}");
            } else {
                learners.push((id, format!("sid={token}")));
            }
        }
        tx.commit().await?;
        let trainer = session::actor_of(&state, &trainer, "bench")
            .await?
            .ok_or("the session holds")?;
        let router = router::router(state.clone());
        Ok(Bench {
            state,
            router,
            engine,
            trainer,
            trainer_cookie,
            learners,
        })
    }

    pub async fn close(self) {
        self.state.db.close().await;
    }

    /// Measures everything; a section of the report.
    pub async fn run(&self) -> Outcome<String> {
        let mut out = format!(
            "\n### {}\n\n| what | n | p50 ms | p99 ms | max ms | note |\n| --- | --- | --- | --- | --- | --- |\n",
            self.engine
        );
        out.push_str(&self.bank().await?);
        out.push_str(&self.exam().await?);
        out.push_str(&self.players().await?);
        Ok(out)
    }

    async fn send(&self, request: Request<Body>) -> Outcome<(StatusCode, String, Vec<u8>)> {
        let router = self.router.clone();
        let answered = tokio::spawn(async move {
            let response = router.oneshot(request).await?;
            let status = response.status();
            let location = response
                .headers()
                .get(header::LOCATION)
                .and_then(|v| v.to_str().ok())
                .unwrap_or_default()
                .to_owned();
            let body = to_bytes(response.into_body(), 1 << 26).await?;
            Outcome::Ok((status, location, body.to_vec()))
        });
        answered.await?
    }

    /// Filter, search and draw over the whole bank.
    async fn bank(&self) -> Outcome<String> {
        let mut out = String::new();
        for (what, query) in [
            (
                "questions by category and kind",
                "category=%E7%B1%BB%E5%88%AB7&kind=single",
            ),
            ("questions by difficulty", "difficulty=3"),
            ("two-character search, rare", "text=%E7%97%9B%E9%A3%8E"),
            ("search of a character and a number", "text=%E9%A2%982499"),
            ("two-character search, frequent", "text=%E8%A1%80%E5%8E%8B"),
        ] {
            let path = format!("/api/questions/list?{query}");
            let mut taken = Vec::new();
            for i in 0..TIMES + 3 {
                let from = Instant::now();
                let ask = request(Method::GET, &path, &self.trainer_cookie).body(Body::empty())?;
                let (status, _, _) = self.send(ask).await?;
                if status != StatusCode::OK {
                    return Err(format!("{path}: {status}").into());
                }
                if i >= 3 {
                    taken.push(from.elapsed());
                }
            }
            out.push_str(&Taken::of(taken).row(what, ""));
        }
        let exam = self.exam_of(100, "draw").await?;
        let pools = store::pools(&self.state.db, &exam).await?;
        let mut taken = Vec::new();
        for seed in 0..TIMES as u64 {
            let from = Instant::now();
            let paper = mailuo::exam::paper::draw(&pools, true, true, seed);
            let drafts = attempt::drafts(&self.state.db, &paper).await?;
            taken.push(from.elapsed());
            if drafts.len() != 100 {
                return Err("a paper has 100 questions".into());
            }
        }
        out.push_str(&Taken::of(taken).row("draw of a paper of 100, with its questions read", ""));
        let filter = questions::Filter {
            category: "类别7".into(),
            ..questions::Filter::default()
        };
        let from = Instant::now();
        let available = questions::available(&self.state.db, &filter).await?;
        let _ = available;
        out.push_str(&Taken::of(vec![from.elapsed()]).row("count of a pool", ""));
        Ok(out)
    }

    /// An exam for all of so many questions; its id.
    async fn exam_of(&self, asked: i64, what: &str) -> Outcome<String> {
        let key = format!("{what}-{}", time::now());
        let input = ExamInput {
            title: format!("考试 {what}"),
            minutes: 60,
            attempts: 1,
            pass_percent: 60,
            shuffle_questions: true,
            shuffle_options: true,
            review: "wrong".into(),
            audience: Audience {
                all: true,
                ..Audience::default()
            },
            ..ExamInput::default()
        };
        let saved = store::save(&self.state, &self.trainer, &key, None, &input).await?;
        let id = saved
            .next
            .unwrap_or_default()
            .trim_start_matches("/exams/")
            .to_owned();
        let part = PartInput {
            category: "类别7".into(),
            draws: asked,
            points: 1,
            ..PartInput::default()
        };
        parts::add_pool(&self.state, &self.trainer, &format!("{key}-p"), &id, &part).await?;
        store::publish(&self.state, &self.trainer, &id).await?;
        Ok(id)
    }

    /// All begin one exam in the same moment, and answer its questions.
    async fn exam(&self) -> Outcome<String> {
        let exam = self.exam_of(ASKED, "together").await?;
        let path = format!("/exams/{exam}/start");
        let whole = Instant::now();
        let begun = try_join_all(self.learners.iter().map(|(_, cookie)| {
            let path = &path;
            async move {
                let from = Instant::now();
                let ask = request(Method::POST, path, cookie).body(Body::empty())?;
                let (status, location, _) = self.send(ask).await?;
                if status != StatusCode::SEE_OTHER || !location.starts_with("/attempts/") {
                    return Outcome::Err(format!("{path}: {status} {location}").into());
                }
                Ok((location, from.elapsed()))
            }
        }))
        .await?;
        let took = whole.elapsed().as_secs_f64();
        let (attempts, taken): (Vec<String>, Vec<Duration>) = begun.into_iter().unzip();
        let mut out = Taken::of(taken).row(
            &format!("{} begin one exam at once", attempts.len()),
            &format!("all begun after {took:.1} s"),
        );
        let whole = Instant::now();
        let answered = try_join_all(self.learners.iter().zip(&attempts).map(
            |((_, cookie), attempt)| async move {
                let mut taken = Vec::new();
                for place in 0..ASKED {
                    let form = format!("position={place}&q{place}=1&a{place}={}", place % 4);
                    let ask = request(Method::POST, &format!("{attempt}/answer"), cookie)
                        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                        .body(Body::from(form))?;
                    let from = Instant::now();
                    let (status, _, body) = self.send(ask).await?;
                    if status != StatusCode::NO_CONTENT {
                        let said = String::from_utf8_lossy(&body).into_owned();
                        return Outcome::Err(format!("an answer: {status} {said}").into());
                    }
                    taken.push(from.elapsed());
                }
                Ok(taken)
            },
        ))
        .await?;
        let took = whole.elapsed().as_secs_f64();
        let taken: Vec<Duration> = answered.into_iter().flatten().collect();
        let per_second = taken.len() as f64 / took;
        out.push_str(&Taken::of(taken).row(
            &format!("each answers {ASKED}, one after the other"),
            &format!("{per_second:.0} a second, {took:.1} s in all"),
        ));
        let kept = q("SELECT COUNT(*) FROM exam_answer a JOIN exam_attempt t ON t.id = a.attempt_id WHERE t.exam_id = $1")
            .bind(&exam)
            .count(&self.state.db)
            .await?;
        let wanted = self.learners.len() as i64 * ASKED;
        let one_each = q("SELECT COUNT(DISTINCT learner) FROM exam_attempt WHERE exam_id = $1")
            .bind(&exam)
            .count(&self.state.db)
            .await?;
        let _ = writeln!(
            out,
            "\n{kept} answers kept of {wanted}, {one_each} attempts of {}.\n",
            self.learners.len()
        );
        if kept != wanted || one_each != self.learners.len() as i64 {
            return Err(format!("{kept} of {wanted} answers, {one_each} attempts").into());
        }
        let _ = writeln!(
            out,
            "| what | n | p50 ms | p99 ms | max ms | note |\n| --- | --- | --- | --- | --- | --- |"
        );
        Ok(out)
    }

    /// Everybody plays a film and reports at the same moment, as they do every ten seconds.
    async fn players(&self) -> Outcome<String> {
        let db = &self.state.db;
        let (course, lesson) = ("bench-course", "bench-lesson");
        let contents = format!(
            r#"{{"chapters":[{{"id":"c","title":"章","lessons":[{{"id":"{lesson}","title":"课","intro":"","kind":"video","media":"m","duration_ms":3600000}}]}}]}}"#
        );
        q("INSERT INTO course (id, title, summary, category, required, no_skip, due_kind, due_days, due_on, contents, \
           contents_at, review, approval_no, expires_on, version, edition, created_by, created_at, updated_at, published_at, \
           version_at) VALUES ($1, '课程', '', 'general', 1 = 1, 1 = 1, 'none', 0, '', $2, 1, '', '', '', 1, 1, 'x', 1, 1, 1, 1) \
           ON CONFLICT DO NOTHING")
        .bind(course)
        .bind(&contents)
        .exec(db)
        .await?;
        q("INSERT INTO course_edition (course_id, edition, version, contents, note, published_by, published_at) \
           VALUES ($1, 1, 1, $2, '', 'x', 1) ON CONFLICT DO NOTHING")
        .bind(course)
        .bind(&contents)
        .exec(db)
        .await?;
        q("INSERT INTO course_audience (course_id, kind, value) VALUES ($1, 'all', '') ON CONFLICT DO NOTHING")
            .bind(course)
            .exec(db)
            .await?;
        let base = format!("/learn/{course}/{lesson}");
        let json = |path: String, cookie: &str, body: String| {
            request(Method::POST, &path, cookie)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body))
        };
        let sessions = try_join_all(self.learners.iter().map(|(_, cookie)| {
            let (base, json) = (&base, &json);
            async move {
                let (status, _, body) = self
                    .send(json(format!("{base}/begin"), cookie, "{}".into())?)
                    .await?;
                if status != StatusCode::OK {
                    return Outcome::Err(format!("play begins: {status}").into());
                }
                let begun: serde_json::Value = serde_json::from_slice(&body)?;
                Ok(begun["session"].as_str().unwrap_or_default().to_owned())
            }
        }))
        .await?;
        let mut out = String::new();
        for round in 1..=3_i64 {
            // Ten seconds pass.
            for sql in [
                "UPDATE watch_session SET began_at = began_at - 10000",
                "UPDATE watch_account SET settled_at = settled_at - 10000",
            ] {
                q(sql).exec(db).await?;
            }
            let to = round * 10_000;
            let whole = Instant::now();
            let taken = try_join_all(self.learners.iter().zip(&sessions).map(
                |((_, cookie), session)| {
                    let (base, json) = (&base, &json);
                    async move {
                        let body = format!(
                            r#"{{"session":"{session}","spans":[[{},{to}]],"position":{to}}}"#,
                            to - 10_000
                        );
                        let ask = json(format!("{base}/beat"), cookie, body)?;
                        let from = Instant::now();
                        let (status, _, body) = self.send(ask).await?;
                        if status != StatusCode::OK {
                            let said = String::from_utf8_lossy(&body).into_owned();
                            return Outcome::Err(format!("a heartbeat: {status} {said}").into());
                        }
                        Ok(from.elapsed())
                    }
                },
            ))
            .await?;
            let took = whole.elapsed().as_secs_f64();
            out.push_str(&Taken::of(taken).row(
                &format!("{} heartbeats at once", self.learners.len()),
                &format!(
                    "{took:.1} s in all; every 10 s they take {:.0} % of the time",
                    took * 10.0
                ),
            ));
        }
        let watched = q("SELECT CAST(COALESCE(SUM(watched_ms), 0) AS BIGINT) FROM lesson_progress WHERE lesson_id = $1")
            .bind(lesson)
            .count(db)
            .await?;
        let wanted = self.learners.len() as i64 * 30_000;
        let _ = writeln!(out, "\n{watched} ms credited of {wanted}.");
        if watched != wanted {
            return Err(format!("{watched} of {wanted} ms credited").into());
        }
        let me = Learner::from(&self.trainer);
        q("DELETE FROM lesson_progress WHERE lesson_id = $1 AND learner <> $2")
            .bind(lesson)
            .bind(me.key())
            .exec(db)
            .await?;
        Ok(out)
    }
}

/// Fills an empty database.
async fn make(state: &AppState, count: usize, bank: usize) -> Outcome<()> {
    let actor = Actor::system();
    let mut tx = state.db.begin().await?;
    let company = units::ensure_unit(&mut tx, None, "公司", "company").await?;
    for i in 0..=count {
        let input = PersonInput {
            name: format!("人{i}"),
            role: if i == 0 { Role::Trainer } else { Role::Rep },
            unit_id: company.clone(),
            phone: Some(format!("138{i:08}")),
            employee_no: Some(format!("E{i:06}")),
            manages: None,
            password_hash: None,
        };
        people::insert_person(state, &mut tx, &actor, &input).await?;
    }
    tx.commit().await?;
    mailuo::demo::bulk::questions(state, bank).await?;
    Ok(())
}
