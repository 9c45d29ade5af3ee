//! Demo data: a company with four regions, the real hospitals, made-up HCPs, articles, and two months of sharing.
//!
//! The files lie in `demo/`. Hospitals, people, assignments, HCPs and articles go in through the importers; sharing is
//! written in bulk with the same rules that the tracker uses, and so is what the library holds beside its HCPs.

mod activity;
pub mod bulk;
mod courses;
mod exams;
mod field;
mod flow;
mod hcps;
mod library;
mod people;
pub mod routes;
mod sharing;
mod twins;

use std::path::Path;
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::cli::Scale;
use crate::identity::rules::DEMO_PASSWORD;
use crate::identity::{password, store};
use crate::importing::model::Invalid;
use crate::importing::{self, Kind, Mode};
use crate::server::db::{internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::{AppError, Role};
use people::Staffing;

/// Where the demo's files lie.
const FOLDER: &str = "demo";

/// Phone of the demo account of a role.
pub fn account(role: Role) -> String {
    let place = Role::ALL.iter().position(|r| *r == role).unwrap_or(0) + 1;
    format!("139000000{place:02}")
}

/// How much there is of everything.
struct Plan {
    staffing: Staffing,
    /// HCPs in all; the first 5,000 stand in a file.
    hcps: usize,
    /// Views of shared articles, about, before they are copied.
    views: usize,
    /// What is multiplied in the end.
    more: Option<bulk::More>,
}

impl Plan {
    fn of(scale: Scale) -> Plan {
        let small = Plan {
            staffing: Staffing::SMALL,
            hcps: 5_000,
            views: 9_000,
            more: None,
        };
        match scale {
            Scale::Small => small,
            Scale::Medium => Plan {
                hcps: 10_000,
                views: 1_000_000,
                ..small
            },
            Scale::Large => Plan {
                staffing: Staffing::LARGE,
                hcps: 100_000,
                views: 500_000,
                // Ten times as many views and nearly as many links: ten million events of tracking.
                more: Some(bulk::More {
                    copies: 9,
                    lines: 5_000_000,
                    months: 24,
                    questions: 250_000,
                }),
            },
        }
    }
}

/// Fills an empty database; the same seed gives the same people, shares and views, counted back from today.
pub async fn load(state: &AppState, scale: Scale, seed: u64) -> Result<(), AppError> {
    let (plan, clock) = (Plan::of(scale), Clock::default());
    let mut rng = StdRng::seed_from_u64(seed);
    if plan.more.is_some() {
        bulk::room(state, true).await?;
    }
    base(state, &plan, seed, &mut rng, &clock).await?;
    let report = importing::articles(
        state,
        &Actor::system(),
        &Path::new(FOLDER).join("articles"),
        Mode::All,
    )
    .await?;
    refused(&report.invalid)?;
    clock.step("articles");
    import(
        state,
        &Actor::system(),
        Kind::Questions,
        &read("questions.txt")?,
    )
    .await?;
    clock.step("questions");

    let mut tx = state.db.begin().await?;
    hcps::onboard(state, &mut tx, &mut rng).await?;
    tx.commit().await?;
    clock.step("onboarding");
    let indexes = match &plan.more {
        Some(_) => bulk::drop_indexes(state, &bulk::SHARING).await?,
        None => Vec::new(),
    };
    let mut tx = state.db.begin().await?;
    if plan.more.is_some() {
        bulk::trust(state, &mut tx).await?;
    }
    let made = sharing::load(state, &mut tx, &mut rng, plan.views).await?;
    tx.commit().await?;
    bulk::make_indexes(state, indexes).await?;
    clock.step(&format!("{made} views"));
    if plan.more.is_none() {
        bulk::marks(state).await?;
        bulk::sums(state).await?;
        clock.step("sums of sharing");
    }
    library::enrich(state, seed, &clock).await?;
    exams::load(state, seed).await?;
    clock.step("exams");
    courses::load(state, seed).await?;
    clock.step("courses");
    field::load(state, seed).await?;
    clock.step("field work");
    flow::load(state, seed).await?;
    clock.step("products and flow");
    if let Some(more) = &plan.more {
        bulk::enlarge(state, more, &clock).await?;
        bulk::room(state, false).await?;
    }
    let clock = Clock::default();
    activity::load(state, seed).await?;
    clock.step("activity");
    unfinished(state).await?;
    let note = crate::duplicate::finder::nightly(state).await?;
    clock.step(&format!("duplicates: {note}"));
    Ok(())
}

/// Fills an empty database with the large company and that many HCPs, and nothing to read: what the library's
/// benchmark needs.
pub async fn load_library(state: &AppState, hcps: usize, seed: u64) -> Result<(), AppError> {
    let plan = Plan {
        hcps,
        views: 0,
        ..Plan::of(Scale::Large)
    };
    let clock = Clock::default();
    let mut rng = StdRng::seed_from_u64(seed);
    base(state, &plan, seed, &mut rng, &clock).await?;
    let mut tx = state.db.begin().await?;
    hcps::onboard(state, &mut tx, &mut rng).await?;
    tx.commit().await?;
    clock.step("onboarding");
    library::enrich(state, seed, &clock).await
}

/// People, hospitals, who looks after which, and HCPs.
async fn base(
    state: &AppState,
    plan: &Plan,
    seed: u64,
    rng: &mut StdRng,
    clock: &Clock,
) -> Result<(), AppError> {
    if q("SELECT COUNT(*) FROM staff").count(&state.db).await? > 0 {
        return Err(AppError::Conflict("error.demo_not_empty".into()));
    }
    let actor = Actor::system();
    let hash = password::hash(DEMO_PASSWORD.to_owned()).await?;
    let mut tx = state.db.begin().await?;
    q("INSERT INTO setting (name, value) VALUES ('demo', $1)")
        .bind(seed.to_string())
        .exec(&mut tx)
        .await?;
    let reps = people::enter(state, &mut tx, &actor, rng, &hash, &plan.staffing).await?;
    tx.commit().await?;
    clock.step("people and units");

    import(state, &actor, Kind::Hospitals, &read("hospitals.csv")?).await?;
    clock.step("hospitals");
    let assignments = people::assignments(state, &reps).await?;
    import(state, &actor, Kind::Assignments, assignments.as_bytes()).await?;
    clock.step("assignments");
    if state.db.engine() == "sqlite" {
        // A million rows in one transaction: without room for its pages each would be written many times.
        q("PRAGMA cache_size = -1500000").exec(&state.db).await?;
    }
    let file = read("hcps.csv")?;
    import(state, &actor, Kind::Hcps, &file).await?;
    clock.step("HCPs of the file");
    let mut made = hcps::IN_FILE;
    while made < plan.hcps {
        // In batches, so that memory does not grow with the number.
        let batch = (plan.hcps - made).min(hcps::BATCH);
        let more = hcps::more(&file, made - hcps::IN_FILE, batch, rng);
        import(state, &actor, Kind::Hcps, more.as_bytes()).await?;
        made += batch;
        clock.step(&format!("{made} HCPs"));
    }
    Ok(())
}

/// What waits for somebody: a personal code, a draft, an article in review, a self-registration.
async fn unfinished(state: &AppState) -> Result<(), AppError> {
    use crate::content::store::{Input, Move, advance, insert};
    use crate::onboarding::store::{Consents, From, Registration, register};
    let rep = acting(state, Role::Rep).await?;
    let listed: Option<(String,)> = q(
        "SELECT id FROM hcp WHERE owner_id = $1 AND state = 'listed' ORDER BY pinyin, id LIMIT 1",
    )
    .bind(&rep.id)
    .optional(&state.db)
    .await?;
    if let Some((hcp,)) = listed {
        crate::onboarding::invitation::invite(state, &rep, &hcp).await?;
    }
    let marketer = acting(state, Role::Marketer).await?;
    for (title, submitted) in [
        ("科普：秋冬季节的血压波动", false),
        ("科普：认识心房颤动", true),
    ] {
        let input = Input {
            title: title.into(),
            summary: "演示用的未完成稿件，用来查看撰写与审核流程。".into(),
            author: "演示作者".into(),
            audience: "public".into(),
            body_md:
                "> 演示内容，未经医学审核。\n\n## 提纲\n\n- 为什么要写\n- 写给谁看\n- 引用哪些指南"
                    .into(),
            expires_on: time::shift_day(&state.zone.today(), 365),
            specialties: vec!["心血管内科".into()],
            ..Default::default()
        };
        let mut tx = state.db.begin().await?;
        let id = insert(&mut tx, &marketer.id, &input, None).await?;
        tx.commit().await?;
        if submitted {
            advance(state, &marketer, &id, Move::Submit, "", None).await?;
        }
    }
    let same: (String, String) = q(
        "SELECT name, COALESCE(terminal_id, '') FROM hcp WHERE owner_id = $1 AND state = 'listed' \
         ORDER BY pinyin DESC, id LIMIT 1",
    )
    .bind(&rep.id)
    .one(&state.db)
    .await?;
    let registration = Registration {
        name: same.0,
        terminal_id: same.1,
        hospital: String::new(),
        department: "全科医学科".into(),
        title: "主治医师".into(),
        claims: None,
    };
    let from = From {
        address: "demo",
        user_agent: "demo",
        channel: "self_registration",
    };
    let consents = Consents {
        profile: true,
        push: false,
        tracking: false,
    };
    register(state, "19800000001", &registration, consents, &from).await?;
    Ok(())
}

/// The demo account of a role as an actor.
async fn acting(state: &AppState, role: Role) -> Result<Actor, AppError> {
    let person = store::credentials(state, &account(role))
        .await?
        .ok_or(AppError::NotFound)?;
    Ok(Actor {
        id: person.id,
        name: person.name,
        role,
        ..Actor::system()
    })
}

/// Prints how long each step took.
#[derive(Debug)]
pub struct Clock(std::cell::Cell<Instant>);

impl Default for Clock {
    fn default() -> Self {
        Clock(std::cell::Cell::new(Instant::now()))
    }
}

impl Clock {
    fn step(&self, what: &str) {
        println!(
            "demo: {what} ({:.1} s)",
            self.0.replace(Instant::now()).elapsed().as_secs_f64()
        );
    }
}

fn read(name: &str) -> Result<Vec<u8>, AppError> {
    let path = Path::new(FOLDER).join(name);
    std::fs::read(&path).map_err(|e| {
        internal(format!(
            "{}: {e} (run from the project's folder)",
            path.display()
        ))
    })
}

async fn import(state: &AppState, actor: &Actor, kind: Kind, bytes: &[u8]) -> Result<(), AppError> {
    let report = importing::run(state, actor, kind, bytes, Mode::All).await?;
    refused(&report.invalid)
}

fn refused(invalid: &[Invalid]) -> Result<(), AppError> {
    match invalid.first() {
        None => Ok(()),
        Some(first) => Err(internal(format!(
            "the demo's file has a bad row {}: {}",
            first.row, first.reason
        ))),
    }
}
