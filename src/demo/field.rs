//! Field work of the last four weeks: check-ins and records of visits with their reviews, plans of this week and the next,
//! and what a team writes to each other. Written in bulk, with the same rules as the records of today.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::acting;
use crate::learning::workdays;
use crate::server::db::{DbResult, Rows, Tx, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, time};
use crate::shared::{AppError, Role};
use crate::visit::model::{FEEDBACK, TOPICS};
use crate::visit::place::position;

/// Reps who have field work.
const REPS: i64 = 40;
/// Days back.
const DAYS: i64 = 28;

const NOTES: [&str; 6] = [
    "讨论了最新指南的目标值，医生愿意在门诊中试用评估量表。",
    "询问了联合用药的循证证据，已展示资料。",
    "医生关注老年患者的用药依从性。",
    "希望下次带来患者教育折页。",
    "科室近期组织学习，可安排一次科室会。",
    "",
];

const COMMENTS: [&str; 4] = [
    "记录清楚，继续保持。",
    "请补充医生提出的具体问题。",
    "反馈很有价值。",
    "",
];

/// An HCP of a rep: id, terminal, latitude, longitude, datum, name of the terminal.
type Met = (
    String,
    Option<String>,
    Option<f64>,
    Option<f64>,
    Option<String>,
    String,
);

/// Adds all of it. The draws are apart from the others'.
pub async fn load(state: &AppState, seed: u64) -> Result<(), AppError> {
    let mut rng = StdRng::seed_from_u64(seed.wrapping_add(0x6669_656c));
    let (rep, manager) = (
        acting(state, Role::Rep).await?,
        acting(state, Role::Manager).await?,
    );
    let reps: Vec<(String,)> = q(
        "SELECT s.id FROM staff s WHERE s.role IN ('rep', 'otc_rep') AND EXISTS (SELECT 1 FROM hcp h WHERE h.owner_id = s.id) \
         ORDER BY CASE WHEN s.id = $1 THEN 0 ELSE 1 END, s.employee_no, s.id LIMIT $2",
    )
    .bind(&rep.id)
    .bind(REPS)
    .all(&state.db)
    .await?;
    let articles: Vec<(String,)> =
        q("SELECT id FROM article WHERE status = 'published' ORDER BY id LIMIT 12")
            .all(&state.db)
            .await?;
    let mut tx = state.db.begin().await?;
    for (who,) in &reps {
        let people: Vec<Met> = q(
            "SELECT h.id, h.terminal_id, t.latitude, t.longitude, t.datum, COALESCE(t.name, '') FROM hcp h \
             LEFT JOIN terminal t ON t.id = h.terminal_id WHERE h.owner_id = $1 AND h.state IN ('listed', 'invited', 'onboarded') \
             AND h.terminal_id IS NOT NULL ORDER BY h.pinyin, h.id LIMIT 60",
        )
        .bind(who)
        .all(&mut tx)
        .await?;
        if people.is_empty() {
            continue;
        }
        weeks(
            state,
            &mut tx,
            &mut rng,
            who,
            &manager.id,
            &people,
            &articles,
        )
        .await?;
        ahead(state, &mut tx, &mut rng, who, &people).await?;
    }
    q("UPDATE hcp SET last_contact_at = (SELECT MAX(v.at) FROM visit_hcp x JOIN visit v ON v.id = x.visit_id WHERE x.hcp_id = hcp.id) \
       WHERE EXISTS (SELECT 1 FROM visit_hcp x JOIN visit v ON v.id = x.visit_id WHERE x.hcp_id = hcp.id \
       AND v.at > COALESCE(hcp.last_contact_at, 0))")
        .exec(&mut tx)
        .await?;
    tx.commit().await?;
    between_colleagues(state, &rep, &manager).await
}

/// What was done in the last weeks, up to yesterday.
async fn weeks(
    state: &AppState,
    tx: &mut Tx,
    rng: &mut StdRng,
    who: &str,
    manager: &str,
    people: &[Met],
    articles: &[(String,)],
) -> DbResult<()> {
    let today = state.zone.today();
    let mut plans = Rows::new();
    let (mut checkins, mut visits, mut met, mut shown, mut reviews) = (
        Rows::new(),
        Rows::new(),
        Rows::new(),
        Rows::new(),
        Rows::new(),
    );
    for back in 1..=DAYS {
        let day = time::shift_day(&today, -back);
        if !workdays::is_workday(&day) || rng.random_bool(0.2) {
            continue;
        }
        let starts = state.zone.start_of(&day).unwrap_or_default();
        for stop in 0..rng.random_range(1..=3) {
            let Some((hcp, terminal, latitude, longitude, datum, place)) = people.choose(rng)
            else {
                continue;
            };
            let at = starts
                + 9 * time::HOUR
                + stop * 2 * time::HOUR
                + rng.random_range(0..50) * time::MINUTE;
            // Some tens of metres from the door.
            let here = position(*latitude, *longitude, datum.as_deref());
            let (lat, long) = here.map_or((30.25, 120.17), |p| (p.latitude, p.longitude));
            let (lat, long) = (
                Some(lat + rng.random_range(-0.000_6..0.000_6)),
                Some(long + rng.random_range(-0.000_6..0.000_6)),
            );
            let metres = here.and_then(|p| {
                crate::visit::rules::Position::new(lat?, long?).map(|q| q.metres_to(p))
            });
            let checkin = crypto::new_id();
            checkins.push(vec![
                (&checkin).into(),
                who.into(),
                "in".into(),
                terminal.into(),
                place.into(),
                lat.into(),
                long.into(),
                "WGS-84".into(),
                rng.random_range(10.0..60.0).into(),
                metres.into(),
                "[]".into(),
                at.into(),
                at.into(),
                at.into(),
                (&day).into(),
                "phone".into(),
            ]);
            let visit = crypto::new_id();
            let review = match (back, rng.random_range(0..10)) {
                (1, _) | (_, 0..=2) => "new",
                (_, 3) => "change",
                _ => "reviewed",
            };
            let topic = TOPICS[rng.random_range(0..TOPICS.len())];
            let note = NOTES[rng.random_range(0..NOTES.len())];
            visits.push(vec![
                (&visit).into(),
                who.into(),
                terminal.into(),
                "face".into(),
                format!("[\"{topic}\"]").into(),
                FEEDBACK[rng.random_range(0..FEEDBACK.len())].into(),
                note.into(),
                (&checkin).into(),
                "[]".into(),
                review.into(),
                (at + 30 * time::MINUTE).into(),
                (at + 30 * time::MINUTE).into(),
                (&day).into(),
            ]);
            met.push(vec![(&visit).into(), hcp.into()]);
            // Most were planned, and some that were planned did not come about.
            if rng.random_bool(0.7) {
                let kept = rng.random_bool(0.85).then(|| visit.clone());
                plans.push(vec![
                    crypto::new_id().into(),
                    who.into(),
                    terminal.into(),
                    hcp.into(),
                    (&day).into(),
                    "".into(),
                    "face".into(),
                    "".into(),
                    kept.into(),
                    at.into(),
                ]);
            }
            if rng.random_bool(0.5)
                && let Some((article,)) = articles.choose(rng)
            {
                shown.push(vec![
                    (&visit).into(),
                    article.into(),
                    rng.random_range(20_i64..180).into(),
                ]);
            }
            if review != "new" && who != manager {
                reviews.push(vec![
                    (&visit).into(),
                    manager.into(),
                    rng.random_range(3_i64..=5).into(),
                    if review == "change" {
                        COMMENTS[1]
                    } else {
                        COMMENTS[rng.random_range(0..COMMENTS.len())]
                    }
                    .into(),
                    (review == "change").into(),
                    (at + 10 * time::HOUR).into(),
                ]);
            }
        }
    }
    insert_many(
        tx,
        "INSERT INTO checkin (id, staff_id, kind, terminal_id, place, latitude, longitude, datum, accuracy_m, distance_m, \
         flags, device_at, received_at, at, day, source)",
        checkins,
        "",
    )
    .await?;
    insert_many(
        tx,
        "INSERT INTO visit (id, staff_id, terminal_id, channel, topics, feedback, note, checkin_id, flags, review, received_at, at, day)",
        visits,
        "",
    )
    .await?;
    insert_many(tx, "INSERT INTO visit_hcp (visit_id, hcp_id)", met, "").await?;
    insert_many(
        tx,
        "INSERT INTO visit_plan (id, staff_id, terminal_id, hcp_id, day, starts, channel, note, visit_id, created_at)",
        plans,
        "",
    )
    .await?;
    insert_many(
        tx,
        "INSERT INTO visit_material (visit_id, article_id, seconds)",
        shown,
        "",
    )
    .await?;
    insert_many(
        tx,
        "INSERT INTO visit_review (visit_id, staff_id, stars, comment, change_asked, at)",
        reviews,
        "",
    )
    .await?;
    Ok(())
}

/// Plans of today and the days to come.
async fn ahead(
    state: &AppState,
    tx: &mut Tx,
    rng: &mut StdRng,
    who: &str,
    people: &[Met],
) -> DbResult<()> {
    let today = state.zone.today();
    let mut plans = Rows::new();
    for on in 0..10 {
        let day = time::shift_day(&today, on);
        // The demo's rep sees something on whatever day it is looked at.
        if on != 0 && !workdays::is_workday(&day) {
            continue;
        }
        for i in 0..rng.random_range(1..=3) {
            let Some((hcp, terminal, ..)) = people.choose(rng) else {
                continue;
            };
            let starts = if i == 0 { "09:30" } else { "" };
            plans.push(vec![
                crypto::new_id().into(),
                who.into(),
                terminal.into(),
                hcp.into(),
                (&day).into(),
                starts.into(),
                "face".into(),
                "".into(),
                time::now().into(),
            ]);
        }
    }
    insert_many(
        tx,
        "INSERT INTO visit_plan (id, staff_id, terminal_id, hcp_id, day, starts, channel, note, created_at)",
        plans,
        "",
    )
    .await?;
    Ok(())
}

/// A message of the manager, a to-do, an adverse event, a suggestion.
async fn between_colleagues(
    state: &AppState,
    rep: &Actor,
    manager: &Actor,
) -> Result<(), AppError> {
    let today = state.zone.today();
    // In a large company others have the same name.
    let (number,): (String,) = q("SELECT COALESCE(employee_no, '') FROM staff WHERE id = $1")
        .bind(&rep.id)
        .one(&state.db)
        .await?;
    let memo = crate::memo::store::NewMemo {
        title: "本周重点：指南更新的学术沟通".into(),
        body: "请在本周拜访中向心血管内科医生介绍更新要点，并记录反馈。\n有问题在这里回复。".into(),
        people: number,
        due: time::shift_day(&today, 5),
        ..Default::default()
    };
    crate::memo::store::send(state, manager, "demo-memo", memo).await?;
    let task = crate::task::store::NewTask {
        title: "准备科室会的资料".into(),
        day: today,
        ..Default::default()
    };
    crate::task::store::save(state, rep, "demo-task", "", task).await?;
    let event = crate::safety::store::NewEvent {
        patient: "女，六十余岁（演示）".into(),
        reporter: "某院药师（演示）".into(),
        product: "演示产品".into(),
        event: "服药第二天出现皮疹，停药后好转。演示内容。".into(),
        severity: "other".into(),
        ..Default::default()
    };
    crate::safety::store::report(state, rep, "demo-event", event).await?;
    crate::complaint::store::send(
        state,
        rep,
        "demo-complaint",
        "suggestion",
        "希望拜访记录支持语音转文字。演示内容。",
    )
    .await?;
    Ok(())
}
