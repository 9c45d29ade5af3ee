//! Hospitals and HCPs of every state, with their owners one after another and colleagues who see them as well.

use mailuo::server::db::Rows;
use mailuo::server::time::DAY;
use mailuo::shared::Role;

use super::{Dice, Hcp, World, put, row};
use crate::support::TestApp;

const PROVINCES: [&str; 3] = ["浙江省", "福建省", ""];

pub(super) async fn library(app: &TestApp, dice: &mut Dice, world: &mut World) {
    let mut rows = Rows::new();
    for n in 0..5 {
        let (id, province) = (format!("terminal{n}"), PROVINCES[n % 3]);
        rows.push(row![
            &id,
            &id,
            format!("第{n}医院"),
            "医院",
            province,
            "",
            "",
            "",
            1_i64,
            1_i64
        ]);
        world.terminals.push((id, province.to_owned()));
    }
    put(
        app,
        "terminal (id, code, name, kind, province, city, address, level, created_at, updated_at)",
        rows,
    )
    .await;
    let (mut hcps, mut owned, mut shared) = (Rows::new(), Rows::new(), Rows::new());
    for n in 0..42 {
        let id = format!("hcp{n:02}");
        let state = match n {
            0..=10 => "listed",
            11..=15 => "invited",
            16..=35 => "onboarded",
            36..=38 => "pending",
            _ => "merged",
        };
        let owner = (!dice.is(0.2)).then(|| dice.one(&world.field).clone());
        // Owners one after another up to today's; the first moment of each is the last one's end.
        let mut begins: Vec<i64> = (0..dice.n(4)).map(|_| dice.moment()).collect();
        begins.sort_unstable();
        begins.dedup();
        for (i, at) in begins.iter().enumerate() {
            let last = i + 1 == begins.len();
            let whose = if last {
                owner.clone()
            } else {
                (!dice.is(0.2)).then(|| dice.one(&world.field).clone())
            };
            let ends = begins.get(i + 1).copied();
            owned.push(row![
                format!("{id}-{i}"),
                &id,
                whose,
                *at,
                ends,
                "test",
                "test"
            ]);
        }
        let onboarded_at = match (state, begins.is_empty() || dice.is(0.6)) {
            ("onboarded", true) => Some(dice.moment()),
            // The very moment of a handover, or the last one before it.
            ("onboarded", false) => Some(*dice.one(&begins) - dice.n(2) as i64),
            ("pending", _) => Some(dice.moment()),
            _ => None,
        };
        let merged_into = (state == "merged").then(|| "hcp00".to_owned());
        let specialty = *dice.one(&["心血管内科", "内分泌科", ""]);
        let department = *dice.one(&["心血管内科", "老年科"]);
        let place = dice.n(world.terminals.len());
        hcps.push(row![
            &id,
            format!("医{n:02}"),
            "yi",
            "y",
            "",
            "",
            &world.terminals[place].0,
            department,
            "",
            *dice.one(&PROVINCES),
            "",
            state,
            &owner,
            merged_into,
            "test",
            onboarded_at,
            1_i64,
            1_i64,
            specialty,
        ]);
        // Shared with a colleague: it stands, it is over, it was ended.
        if n % 3 == 0 {
            let until = dice.now + DAY * *dice.one(&[-1, 1, 9]);
            let ended = dice.is(0.3).then_some(dice.now - DAY);
            shared.push(row![
                format!("access{n}"),
                &id,
                dice.one(&world.field),
                until,
                "test",
                1_i64,
                ended
            ]);
        }
        world.hcps.push(Hcp { id, state, owner });
    }
    // One of region B that a colleague of region A sees as well.
    let (_, foreign) = world
        .hcps
        .iter()
        .enumerate()
        .find(|(n, h)| n % 3 != 0 && h.owner.as_ref().is_some_and(|o| world.field_b.contains(o)))
        .expect("is there");
    shared.push(row![
        "access-foreign",
        &foreign.id,
        app.id_of(Role::OtcRep).await,
        dice.now + DAY,
        "test",
        1_i64,
        None::<i64>
    ]);
    put(
        app,
        "hcp (id, name, pinyin, initials, sex, phone_masked, terminal_id, department, title, province, city, state, \
         owner_id, merged_into, source, onboarded_at, created_at, updated_at, specialty)",
        hcps,
    )
    .await;
    put(
        app,
        "hcp_ownership (id, hcp_id, owner_id, starts_at, ends_at, reason, created_by)",
        owned,
    )
    .await;
    put(
        app,
        "hcp_access (id, hcp_id, staff_id, until_at, granted_by, at, ended_at)",
        shared,
    )
    .await;
}
