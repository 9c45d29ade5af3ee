//! What the demo's library holds beside its HCPs: specialties and tags, hospitals' master data, public codes with their
//! funnel, notes, groups, sharing between colleagues, a transfer, and pairs that look like duplicates.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::{Clock, account, acting, import, read, twins};
use crate::importing::Kind;
use crate::server::db::{DbResult, Rows, Tx, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, search, time};
use crate::shared::{AppError, Role};

/// What specialists of a department look after.
const SPECIALTIES: [(&str, &str); 15] = [
    ("心血管内科", "高血压与冠心病"),
    ("呼吸内科", "慢阻肺与哮喘"),
    ("肾内科", "慢性肾脏病"),
    ("内分泌科", "糖尿病"),
    ("神经内科", "脑卒中"),
    ("消化内科", "幽门螺杆菌"),
    ("肿瘤科", "肺部肿瘤"),
    ("骨科", "骨质疏松"),
    ("儿科", "儿童哮喘"),
    ("皮肤科", "银屑病"),
    ("全科医学科", "慢病管理"),
    ("妇产科", "围产保健"),
    ("麻醉科", "围术期镇痛"),
    ("急诊科", "胸痛救治"),
    ("药剂科", "临床药学"),
];

/// Tags and how many of those who were invited bear them.
const TAGS: [(&str, f64); 4] = [
    ("讲者", 0.06),
    ("学科带头人", 0.08),
    ("重点维护", 0.15),
    ("偏好线上沟通", 0.2),
];

const PLACES: [&str; 4] = ["门诊楼示教室", "住院部医生办公室", "药剂科接待室", ""];

const NOTES: [&str; 3] = [
    "关注高血压联合用药的新指南，希望收到解读文章。",
    "周三上午出门诊，下午方便沟通。",
    "对患者教育材料感兴趣，已分享血压测量科普。",
];

/// Adds all of it. The draws are apart from those of the HCPs and their reading, which stay the same.
pub async fn enrich(state: &AppState, seed: u64, clock: &Clock) -> Result<(), AppError> {
    let mut rng = StdRng::seed_from_u64(seed.wrapping_add(0x6c69_6272));
    let rep = acting(state, Role::Rep).await?;
    let manager = acting(state, Role::Manager).await?;
    let mut tx = state.db.begin().await?;
    profiles(&mut tx).await?;
    tags(&mut tx, &mut rng).await?;
    contacts(&mut tx).await?;
    hospitals(&mut tx, &mut rng, &rep).await?;
    codes(&mut tx, &rep).await?;
    own_work(&mut tx, &rep).await?;
    let others: Vec<(String,)> = q(
        "SELECT s.id FROM staff s WHERE s.role = 'rep' AND s.id <> $1 \
         AND EXISTS (SELECT 1 FROM hcp h WHERE h.owner_id = s.id) ORDER BY s.employee_no LIMIT 2",
    )
    .bind(&rep.id)
    .all(&mut tx)
    .await?;
    if let [(first,), (second,)] = others.as_slice() {
        between_colleagues(&mut tx, &rep, first).await?;
        transfer(&mut tx, &manager, first, second).await?;
    }
    tx.commit().await?;
    clock.step("the library's particulars");
    distributors(state).await?;
    clock.step("distributors and their contacts");
    let pairs = twins::spreadsheet(state, &rep).await?;
    import(state, &Actor::system(), Kind::Hcps, pairs.as_bytes()).await?;
    clock.step("HCPs entered twice");
    Ok(())
}

/// Distributors, looked after by the commercial rep, and those who work there.
async fn distributors(state: &AppState) -> Result<(), AppError> {
    let actor = Actor::system();
    let file = read("distributors.csv")?;
    import(state, &actor, Kind::Hospitals, &file).await?;
    let from = time::shift_day(&state.zone.today(), -90);
    let mut assignments = String::from("终端编码,负责人手机号,开始日期\n");
    for line in String::from_utf8_lossy(&file).lines().skip(1) {
        let code = line.split(',').next().unwrap_or_default();
        assignments += &format!("{code},{},{from}\n", account(Role::TradeRep));
    }
    import(state, &actor, Kind::Assignments, assignments.as_bytes()).await?;
    import(state, &actor, Kind::Hcps, &read("contacts.csv")?).await
}

/// Kinds by title, and specialties of senior staff by department.
async fn profiles(tx: &mut Tx) -> DbResult<()> {
    for (kind, title) in [("nurse", "%护师"), ("pharmacist", "%药师")] {
        q("UPDATE hcp SET kind = $1 WHERE title LIKE $2")
            .bind(kind)
            .bind(title)
            .exec(&mut *tx)
            .await?;
    }
    for (department, specialty) in SPECIALTIES {
        q("UPDATE hcp SET specialty = $1 WHERE department = $2 AND (title LIKE '主任%' OR title LIKE '副主任%')")
            .bind(specialty)
            .bind(department)
            .exec(&mut *tx)
            .await?;
        for term in search::terms(specialty) {
            q("INSERT INTO search_term (kind, term, object_id) SELECT 'hcp', CAST($1 AS TEXT), id FROM hcp \
               WHERE department = $2 AND specialty = $3 ON CONFLICT DO NOTHING")
            .bind(term)
            .bind(department)
            .bind(specialty)
            .exec(&mut *tx)
            .await?;
        }
    }
    Ok(())
}

async fn tags(tx: &mut Tx, rng: &mut StdRng) -> DbResult<()> {
    let hcps: Vec<(String,)> = q("SELECT id FROM hcp WHERE state IN ('invited', 'onboarded') ORDER BY pinyin, phone_masked, id")
        .all(&mut *tx)
        .await?;
    let mut rows: Rows = Vec::new();
    for (id,) in hcps {
        for (tag, share) in TAGS {
            if rng.random_bool(share) {
                rows.push(vec![(&id).into(), tag.into()]);
            }
        }
    }
    insert_many(tx, "INSERT INTO hcp_tag (hcp_id, tag)", rows, "").await?;
    Ok(())
}

/// The last contact: onboarded, shared with, read.
async fn contacts(tx: &mut Tx) -> DbResult<()> {
    q("UPDATE hcp SET last_contact_at = onboarded_at WHERE onboarded_at IS NOT NULL")
        .exec(&mut *tx)
        .await?;
    for latest in [
        "SELECT recipient_id AS hcp_id, MAX(created_at) AS at FROM share_link WHERE recipient_id IS NOT NULL \
         GROUP BY recipient_id",
        "SELECT SUBSTR(reader, 5) AS hcp_id, MAX(at) AS at FROM article_view WHERE reader LIKE 'hcp:%' AND kind = 'pv' \
         GROUP BY reader",
    ] {
        q(format!(
            "UPDATE hcp SET last_contact_at = c.at FROM ({latest}) c WHERE c.hcp_id = hcp.id \
             AND (hcp.last_contact_at IS NULL OR hcp.last_contact_at < c.at)"
        ))
        .exec(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Aliases, departments and reception windows of some of the rep's hospitals.
async fn hospitals(tx: &mut Tx, rng: &mut StdRng, rep: &Actor) -> DbResult<()> {
    let own: Vec<(String, String, String)> = q("SELECT t.id, t.name, t.city FROM terminal t \
         JOIN terminal_assignment a ON a.terminal_id = t.id AND a.ends_on IS NULL WHERE a.staff_id = $1 \
         ORDER BY t.code LIMIT 12")
    .bind(&rep.id)
    .all(&mut *tx)
    .await?;
    let (mut aliases, mut windows): (Rows, Rows) = Default::default();
    for (id, name, city) in &own {
        q("INSERT INTO terminal_department (terminal_id, name) SELECT DISTINCT terminal_id, department FROM hcp \
           WHERE terminal_id = $1 AND department <> '' ON CONFLICT DO NOTHING")
        .bind(id)
        .exec(&mut *tx)
        .await?;
        if let Some(alias) = alias(name, city) {
            aliases.push(vec![id.into(), alias.into()]);
        }
        for (weekday, starts, ends) in [
            (rng.random_range(1..=2_i64), "09:30", "11:00"),
            (rng.random_range(3..=5_i64), "14:30", "16:30"),
        ] {
            windows.push(vec![
                crypto::new_id().into(),
                id.into(),
                weekday.into(),
                starts.into(),
                ends.into(),
                PLACES.choose(rng).copied().unwrap_or_default().into(),
                rng.random_bool(0.5).into(),
            ]);
        }
    }
    let head = "INSERT INTO terminal_alias (terminal_id, alias)";
    insert_many(tx, head, aliases, "").await?;
    let head =
        "INSERT INTO terminal_window (id, terminal_id, weekday, starts, ends, place, appointment)";
    insert_many(tx, head, windows, "").await?;
    for (id, _, _) in &own {
        crate::terminal::store::reindex(tx, id).await?;
    }
    Ok(())
}

/// How people there call a hospital: without the city, where enough is left to tell it by.
fn alias(name: &str, city: &str) -> Option<String> {
    let rest = name.strip_prefix(city).filter(|_| !city.is_empty())?;
    (rest.chars().count() >= 4).then(|| rest.to_owned())
}

/// A meeting's and a poster's public code, each with what visitors did.
async fn codes(tx: &mut Tx, rep: &Actor) -> DbResult<()> {
    let hospital: Option<(String, String)> = q("SELECT t.id, t.name FROM terminal t \
         JOIN terminal_assignment a ON a.terminal_id = t.id AND a.ends_on IS NULL WHERE a.staff_id = $1 \
         ORDER BY t.code LIMIT 1")
    .bind(&rep.id)
    .optional(&mut *tx)
    .await?;
    let came: Vec<(String,)> = q(
        "SELECT id FROM hcp WHERE owner_id = $1 AND state = 'onboarded' \
         ORDER BY pinyin, phone_masked, id LIMIT 12",
    )
    .bind(&rep.id)
    .all(&mut *tx)
    .await?;
    let (meeting, poster) = came.split_at(came.len() * 2 / 3);
    let (terminal, place) = hospital.unzip();
    let now = time::now();
    for (i, (name, kind, terminal, came)) in [
        ("秋季心血管学术会".to_owned(), "meeting", None, meeting),
        (
            format!("{}门诊海报", place.unwrap_or_default()),
            if terminal.is_some() {
                "hospital"
            } else {
                "poster"
            },
            terminal,
            poster,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let (id, made) = (crypto::new_id(), now - 30 * time::DAY);
        q("INSERT INTO public_code (id, code, name, kind, terminal_id, staff_id, created_at, expires_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(&id)
        .bind(crypto::random_token(9))
        .bind(name)
        .bind(kind)
        .bind(terminal)
        .bind(&rep.id)
        .bind(made)
        .bind(now + 60 * time::DAY)
        .exec(&mut *tx)
        .await?;
        let done = came.len();
        let mut steps: Rows = Vec::new();
        for (step, visitors) in [
            ("scanned", done * 2 + 9),
            ("verified", done + 6),
            ("completed", done + 2),
            ("confirmed", done),
        ] {
            for visitor in 0..visitors {
                let hcp = came
                    .get(visitor)
                    .filter(|_| step == "confirmed")
                    .map(|(id,)| id.as_str());
                steps.push(vec![
                    (&id).into(),
                    step.into(),
                    format!("code{i}{visitor:017}").into(),
                    (made + (visitor as i64 + 1) * time::HOUR).into(),
                    hcp.into(),
                ]);
            }
        }
        let head = "INSERT INTO public_code_step (code_id, step, visitor, at, hcp_id)";
        insert_many(tx, head, steps, "").await?;
        for (hcp,) in came {
            q("UPDATE hcp SET public_code_id = $1 WHERE id = $2")
                .bind(&id)
                .bind(hcp)
                .exec(&mut *tx)
                .await?;
        }
    }
    Ok(())
}

/// The rep's notes, a group with members, and followed HCPs.
async fn own_work(tx: &mut Tx, rep: &Actor) -> DbResult<()> {
    let own: Vec<(String,)> = q(
        "SELECT id FROM hcp WHERE owner_id = $1 AND state = 'onboarded' \
         ORDER BY pinyin, phone_masked, id LIMIT 8",
    )
    .bind(&rep.id)
    .all(&mut *tx)
    .await?;
    let now = time::now();
    let notes: Rows = own
        .iter()
        .zip(NOTES)
        .zip(1_i64..)
        .map(|(((hcp,), text), days)| {
            vec![
                crypto::new_id().into(),
                hcp.into(),
                (&rep.id).into(),
                text.into(),
                (now - days * time::DAY).into(),
            ]
        })
        .collect();
    let head = "INSERT INTO hcp_note (id, hcp_id, staff_id, text, at)";
    insert_many(tx, head, notes, "").await?;
    let group = crypto::new_id();
    q("INSERT INTO hcp_group (id, staff_id, name, created_at) VALUES ($1, $2, '重点随访', $3)")
        .bind(&group)
        .bind(&rep.id)
        .bind(now)
        .exec(&mut *tx)
        .await?;
    let members: Rows = own
        .iter()
        .map(|(hcp,)| vec![(&group).into(), hcp.into(), now.into()])
        .collect();
    let head = "INSERT INTO hcp_group_member (group_id, hcp_id, at)";
    insert_many(tx, head, members, "").await?;
    let followed: Rows = own
        .iter()
        .take(5)
        .map(|(hcp,)| vec![(&rep.id).into(), hcp.into(), now.into()])
        .collect();
    let head = "INSERT INTO hcp_follow (staff_id, hcp_id, at)";
    insert_many(tx, head, followed, "").await?;
    Ok(())
}

/// A colleague asks for one of the rep's HCPs, and shares one of theirs for a month.
async fn between_colleagues(tx: &mut Tx, rep: &Actor, colleague: &str) -> DbResult<()> {
    let now = time::now();
    if let Some(asked) = onboarded_of(tx, &rep.id).await? {
        q("INSERT INTO hcp_access_request (id, hcp_id, staff_id, message, at, status) VALUES ($1, $2, $3, $4, $5, 'open')")
            .bind(crypto::new_id())
            .bind(asked)
            .bind(colleague)
            .bind("下月联合科室会，想一起邀请这位老师。")
            .bind(now - 3 * time::HOUR)
            .exec(&mut *tx)
            .await?;
    }
    if let Some(shared) = onboarded_of(tx, colleague).await? {
        q("INSERT INTO hcp_access (id, hcp_id, staff_id, until_at, granted_by, at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(crypto::new_id())
            .bind(shared)
            .bind(&rep.id)
            .bind(now + 30 * time::DAY)
            .bind(colleague)
            .bind(now - time::DAY)
            .exec(tx)
            .await?;
    }
    Ok(())
}

async fn onboarded_of(tx: &mut Tx, owner: &str) -> DbResult<Option<String>> {
    let found: Option<(String,)> = q(
        "SELECT id FROM hcp WHERE owner_id = $1 AND state = 'onboarded' \
         ORDER BY pinyin, phone_masked, id LIMIT 1",
    )
    .bind(owner)
    .optional(tx)
    .await?;
    Ok(found.map(|(id,)| id))
}

/// The manager gave three HCPs of one rep to another.
async fn transfer(tx: &mut Tx, manager: &Actor, from: &str, to: &str) -> DbResult<()> {
    let moved: Vec<(String,)> = q(
        "SELECT id FROM hcp WHERE owner_id = $1 AND state = 'listed' \
         ORDER BY pinyin, phone_masked, id LIMIT 3",
    )
    .bind(from)
    .all(&mut *tx)
    .await?;
    let (id, now) = (crypto::new_id(), time::now());
    q(
        "INSERT INTO hcp_transfer (id, kind, to_id, reason, by_id, by_name, at, moved) \
       VALUES ($1, 'selection', $2, $3, $4, $5, $6, $7)",
    )
    .bind(&id)
    .bind(to)
    .bind("区域调整，由新的负责人跟进")
    .bind(&manager.id)
    .bind(&manager.name)
    .bind(now)
    .bind(moved.len() as i64)
    .exec(&mut *tx)
    .await?;
    for (hcp,) in &moved {
        crate::hcp::store::set_owner(tx, hcp, to, "assignment", &manager.id).await?;
        q("UPDATE hcp_ownership SET transfer_id = $1 WHERE hcp_id = $2 AND ends_at IS NULL")
            .bind(&id)
            .bind(hcp)
            .exec(&mut *tx)
            .await?;
    }
    let items: Rows = moved
        .iter()
        .map(|(hcp,)| vec![(&id).into(), hcp.into(), from.into(), to.into()])
        .collect();
    let head = "INSERT INTO hcp_transfer_item (transfer_id, hcp_id, from_id, to_id)";
    insert_many(tx, head, items, "").await?;
    Ok(())
}
