//! Demo data: a company with four regions, the real hospitals, made-up HCPs, articles, and two months of sharing.
//!
//! The files lie in `demo/`. Hospitals, people, assignments, HCPs and articles go in through the importers; sharing is
//! written in bulk with the same rules that the tracker uses.

pub mod routes;
mod sharing;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::cli::Scale;
use crate::hcp::onboarding::TEXT_VERSION;
use crate::identity::rules::DEMO_PASSWORD;
use crate::identity::{password, store};
use crate::importing::{self, Kind, Mode};
use crate::server::db::{Tx, insert_many, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, time};
use crate::shared::{AppError, Role};

/// Where the demo's files lie.
const FOLDER: &str = "demo";

const REGIONS: [(&str, [&str; 3]); 4] = [
    ("华东大区", ["上海地区", "福建地区", "江浙地区"]),
    ("华北大区", ["北京地区", "天津地区", "河北地区"]),
    ("华中大区", ["武汉地区", "鄂西地区", "鄂东地区"]),
    ("西南大区", ["重庆地区", "成都地区", "云贵地区"]),
];

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林",
    "何", "郭", "马", "罗",
];
const GIVEN: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "磊", "洋", "艳", "勇", "杰", "娟", "涛", "明", "超", "秀英",
    "霞", "平", "建国", "文博", "雨欣", "子轩", "思远", "佳怡", "晓东",
];

/// Phone of the demo account of a role.
pub fn account(role: Role) -> String {
    let place = Role::ALL.iter().position(|r| *r == role).unwrap_or(0) + 1;
    format!("139000000{place:02}")
}

/// Fills an empty database; the same seed gives the same people, shares and views, counted back from today.
pub async fn load(state: &AppState, scale: Scale, seed: u64) -> Result<(), AppError> {
    if q("SELECT COUNT(*) FROM staff").count(&state.db).await? > 0 {
        return Err(AppError::Conflict("error.demo_not_empty".into()));
    }
    let mut rng = StdRng::seed_from_u64(seed);
    let actor = Actor::system();
    let clock = Clock::default();

    let hash = password::hash(DEMO_PASSWORD.to_owned()).await?;
    let mut tx = state.db.begin().await?;
    q("INSERT INTO setting (name, value) VALUES ('demo', $1)")
        .bind(seed.to_string())
        .exec(&mut tx)
        .await?;
    let reps = people(state, &mut tx, &actor, &mut rng, &hash).await?;
    tx.commit().await?;
    clock.step("people and units");

    import(state, &actor, Kind::Hospitals, &read("hospitals.csv")?).await?;
    clock.step("hospitals");
    let assignments = assignments(state, &reps).await?;
    import(state, &actor, Kind::Assignments, assignments.as_bytes()).await?;
    clock.step("assignments");
    let mut hcps = read("hcps.csv")?;
    if matches!(scale, Scale::Medium) {
        hcps.extend(more_hcps(&hcps, &mut rng).into_bytes());
    }
    import(state, &actor, Kind::Hcps, &hcps).await?;
    clock.step("HCPs");
    let report = importing::articles(
        state,
        &actor,
        &Path::new(FOLDER).join("articles"),
        Mode::All,
    )
    .await?;
    refused(&report.invalid)?;
    clock.step("articles");

    if state.db.engine() == "sqlite" {
        // A million views in one transaction: without room for its pages each would be written many times.
        q("PRAGMA cache_size = -1500000").exec(&state.db).await?;
    }
    let mut tx = state.db.begin().await?;
    onboard(state, &mut tx, &mut rng).await?;
    clock.step("onboarding");
    let views = match scale {
        Scale::Small => 9_000,
        Scale::Medium => 1_000_000,
    };
    let made = sharing::load(state, &mut tx, &mut rng, views).await?;
    tx.commit().await?;
    clock.step(&format!("{made} views"));
    unfinished(state).await
}

/// What waits for somebody: a personal code, a draft, an article in review, a self-registration.
async fn unfinished(state: &AppState) -> Result<(), AppError> {
    use crate::content::store::{Input, Move, advance, insert};
    use crate::hcp::onboarding::{Consents, From, Registration, register};
    let rep = acting(state, Role::Rep).await?;
    let listed: Option<(String,)> = q(
        "SELECT id FROM hcp WHERE owner_id = $1 AND state = 'listed' ORDER BY pinyin, id LIMIT 1",
    )
    .bind(&rep.id)
    .optional(&state.db)
    .await?;
    if let Some((hcp,)) = listed {
        crate::hcp::store::invite(state, &rep, &hcp).await?;
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
struct Clock(std::cell::Cell<Instant>);

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

fn refused(invalid: &[crate::workbench::model::Invalid]) -> Result<(), AppError> {
    match invalid.first() {
        None => Ok(()),
        Some(first) => Err(internal(format!(
            "the demo's file has a bad row {}: {}",
            first.row, first.reason
        ))),
    }
}

/// A rep with the district in which they work.
struct DemoRep {
    phone: String,
    district: usize,
}

async fn people(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    rng: &mut StdRng,
    hash: &str,
) -> Result<Vec<DemoRep>, AppError> {
    let company = store::ensure_unit(tx, None, &state.config.server.company, "company").await?;
    let business = store::ensure_unit(tx, Some(&company), "慢病事业部", "business_unit").await?;
    let mut number = 0;
    let name = |rng: &mut StdRng| {
        format!(
            "{}{}",
            SURNAMES.choose(rng).unwrap_or(&"王"),
            GIVEN.choose(rng).unwrap_or(&"伟")
        )
    };
    let mut phone = || {
        number += 1;
        format!("13900000{:03}", 10 + number)
    };
    let mut reps = Vec::new();
    let mut first_rep = true;
    for (r, (region, districts)) in REGIONS.iter().enumerate() {
        let region_id = store::ensure_unit(tx, Some(&business), region, "region").await?;
        let manager_phone = if r == 0 {
            account(Role::Manager)
        } else {
            phone()
        };
        add(
            state,
            tx,
            actor,
            &name(rng),
            Role::Manager,
            &region_id,
            &manager_phone,
            Some(&region_id),
            hash,
        )
        .await?;
        for (d, district) in districts.iter().enumerate() {
            let district_id =
                store::ensure_unit(tx, Some(&region_id), district, "district").await?;
            let manager_phone = phone();
            add(
                state,
                tx,
                actor,
                &name(rng),
                Role::Manager,
                &district_id,
                &manager_phone,
                Some(&district_id),
                hash,
            )
            .await?;
            for _ in 0..5 {
                let rep_phone = if std::mem::take(&mut first_rep) {
                    account(Role::Rep)
                } else {
                    phone()
                };
                add(
                    state,
                    tx,
                    actor,
                    &name(rng),
                    Role::Rep,
                    &district_id,
                    &rep_phone,
                    None,
                    hash,
                )
                .await?;
                reps.push(DemoRep {
                    phone: rep_phone,
                    district: r * 3 + d,
                });
            }
        }
    }
    for role in Role::ALL
        .into_iter()
        .filter(|r| !matches!(r, Role::Rep | Role::Manager))
    {
        add(
            state,
            tx,
            actor,
            &name(rng),
            role,
            &company,
            &account(role),
            None,
            hash,
        )
        .await?;
    }
    Ok(reps)
}

async fn add(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    name: &str,
    role: Role,
    unit: &str,
    phone: &str,
    manages: Option<&str>,
    hash: &str,
) -> Result<(), AppError> {
    let input = store::PersonInput {
        name: name.to_owned(),
        role,
        unit_id: unit.to_owned(),
        phone: Some(phone.to_owned()),
        employee_no: Some(format!("E{}", &phone[7..])),
        manages: manages.map(str::to_owned),
        password_hash: Some(hash.to_owned()),
    };
    store::insert_person(state, tx, actor, &input).await?;
    Ok(())
}

/// Every hospital goes to a rep of a region by its province; some stay without one.
async fn assignments(state: &AppState, reps: &[DemoRep]) -> Result<String, AppError> {
    let hospitals: Vec<(String, String)> = q("SELECT code, province FROM terminal ORDER BY code")
        .all(&state.db)
        .await?;
    let from = time::shift_day(&state.zone.today(), -90);
    let mut out = String::from("终端编码,负责人手机号,开始日期\n");
    let mut turn = [0_usize; 4];
    for (i, (code, province)) in hospitals.iter().enumerate() {
        let region = match province.as_str() {
            "上海市" | "福建省" | "江苏省" | "浙江省" => 0,
            "北京市" | "天津市" | "河北省" => 1,
            "湖北省" => 2,
            "" => continue,
            _ => 3,
        };
        if i % 40 == 39 {
            continue;
        }
        let own: Vec<&DemoRep> = reps.iter().filter(|r| r.district / 3 == region).collect();
        let rep = own[turn[region] % own.len()];
        turn[region] += 1;
        let _ = writeln!(out, "{code},{},{from}", rep.phone);
    }
    Ok(out)
}

/// As many HCPs again, at the same hospitals under other names and numbers.
fn more_hcps(csv: &[u8], rng: &mut StdRng) -> String {
    let text = String::from_utf8_lossy(csv);
    let mut out = String::new();
    for (i, line) in text.lines().skip(1).enumerate() {
        let mut cells: Vec<&str> = line.split(',').collect();
        if cells.len() < 8 {
            continue;
        }
        let name = format!(
            "{}{}",
            SURNAMES.choose(rng).unwrap_or(&"王"),
            GIVEN.choose(rng).unwrap_or(&"伟")
        );
        let phone = format!("1990{:07}", i * 13 + 1);
        (cells[0], cells[1]) = (&name, &phone);
        let _ = writeln!(out, "{}", cells.join(","));
    }
    out
}

/// A third of the HCPs is onboarded, a tenth invited; most of the onboarded agree to be named.
async fn onboard(state: &AppState, tx: &mut Tx, rng: &mut StdRng) -> Result<(), AppError> {
    let hcps: Vec<(String,)> =
        q("SELECT id FROM hcp WHERE owner_id IS NOT NULL ORDER BY pinyin, phone_masked, id")
            .all(&mut *tx)
            .await?;
    let now = time::now();
    let mut consents = Vec::new();
    let (mut onboarded, mut invited) = (Vec::new(), Vec::new());
    for (id,) in hcps {
        match rng.random_range(0..30) {
            0..10 => {
                let at = now - rng.random_range(60..85) * time::DAY;
                for (purpose, granted) in [
                    ("profile", true),
                    ("push", rng.random_bool(0.8)),
                    ("tracking", rng.random_bool(0.85)),
                ] {
                    consents.push(vec![
                        crypto::new_id().into(),
                        (&id).into(),
                        purpose.into(),
                        TEXT_VERSION.into(),
                        granted.into(),
                        "personal_code".into(),
                        at.into(),
                    ]);
                }
                onboarded.push((id, at));
            }
            10..13 => invited.push(id),
            _ => {}
        }
    }
    insert_many(
        tx,
        "INSERT INTO consent (id, hcp_id, purpose, text_version, granted, channel, at)",
        consents,
        "",
    )
    .await?;
    for chunk in onboarded.chunks(500) {
        let mut update = q("UPDATE hcp SET state = 'onboarded', onboarded_at = CASE id");
        for (id, at) in chunk {
            update
                .push_with(" WHEN ?", [id.as_str()])
                .push_with(" THEN ?", [*at]);
        }
        update.push(" ELSE NULL END WHERE id IN (''");
        for (id, _) in chunk {
            update.push_with(", ?", [id.as_str()]);
        }
        update.push(")");
        update.exec(&mut *tx).await?;
    }
    for chunk in invited.chunks(500) {
        let mut update = q("UPDATE hcp SET state = 'invited' WHERE id IN (''");
        for id in chunk {
            update.push_with(", ?", [id.as_str()]);
        }
        update.push(")");
        update.exec(&mut *tx).await?;
    }
    // One bound browser, so that an HCP's pages can be looked at.
    let owned: Option<(String,)> = q(
        "SELECT h.id FROM hcp h JOIN staff s ON s.id = h.owner_id WHERE h.state = 'onboarded' \
         AND s.phone_index = $1 ORDER BY h.pinyin, h.id LIMIT 1",
    )
    .bind(state.keys.phone_index(&account(Role::Rep)))
    .optional(&mut *tx)
    .await?;
    if let Some((id,)) = owned {
        q("INSERT INTO hcp_device (id, token_hash, hcp_id, user_agent, bound_at) VALUES ($1, $2, $3, 'demo', $4)")
            .bind(crypto::new_id())
            .bind(crypto::sha256_hex(device_token(state).as_bytes()))
            .bind(id)
            .bind(now)
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// The token of the demo HCP's browser; only who has the server's key can make it.
fn device_token(state: &AppState) -> String {
    state.keys.derived_token(&["demo", "hcp device"])
}
