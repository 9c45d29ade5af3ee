//! Products with their prices and labels, and fourteen months of flow: closed months, one that is being confirmed, one
//! that has just begun; names under other spellings, and two appeals.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::{acting, import, read};
use crate::flow::rules::{month_of, shift_month};
use crate::flow::{appeals, import as importer, periods, sums};
use crate::importing::{Kind, Mode};
use crate::product::model::{LabelRow, Product};
use crate::product::store;
use crate::server::db::{DbResult, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, time};
use crate::shared::{AppError, Role};
use crate::terminal::model::MAIN_LINE;

/// Months of flow, this one included.
const MONTHS: i64 = 14;
/// Terminals that are delivered to.
const TERMINALS: i64 = 240;
/// Terminals of the demo's commercial rep.
const OF_TRADE_REP: i64 = 12;
/// One confirmed line in so many stays open when its month closes.
const LEFT_OPEN: usize = 40;
/// The line of what is sold over the counter, and the terminals that the OTC rep has in it.
const RETAIL: &str = "零售";
const OF_RETAIL: i64 = 4;

/// What the file of products does not say: code, trade name, category, keywords, indication, dosage, price in yuan.
type More = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const MORE: [More; 4] = [
    (
        "YZ-001",
        "演示平",
        "心血管",
        "高血压 冠心病 钙通道阻滞剂",
        "高血压；慢性稳定型心绞痛。（演示内容，以核准的说明书为准）",
        "整片吞服，不可咬碎或掰开。具体剂量遵医嘱。",
        "28.60",
    ),
    (
        "YZ-002",
        "演示双胍",
        "内分泌",
        "2型糖尿病 降糖",
        "单纯饮食控制和体育锻炼不能达到血糖控制的 2 型糖尿病。（演示内容，以核准的说明书为准）",
        "随餐整片吞服。具体剂量遵医嘱。",
        "19.80",
    ),
    (
        "YZ-003",
        "演示他汀",
        "心血管",
        "血脂 胆固醇 他汀",
        "高胆固醇血症；冠心病及其等危症的辅助治疗。（演示内容，以核准的说明书为准）",
        "每日一次，可在一天内任何时间服用。具体剂量遵医嘱。",
        "36.50",
    ),
    (
        "YZ-004",
        "演示思密",
        "消化",
        "腹泻 儿科",
        "成人及儿童急、慢性腹泻。（演示内容，以核准的说明书为准）",
        "倒入半杯温开水中混匀后服用。具体剂量遵医嘱。",
        "12.40",
    ),
];

/// Adds all of it. The draws are apart from the others'.
pub async fn load(state: &AppState, seed: u64) -> Result<(), AppError> {
    let mut rng = StdRng::seed_from_u64(seed.wrapping_add(0x666c_6f77));
    let admin = acting(state, Role::Admin).await?;
    products(state, &admin).await?;
    give_trade_rep(state, &admin).await?;
    retail(state, &admin).await?;
    campuses(state).await?;
    let file = file(state, &mut rng).await?;
    importer::from_file(state, &admin, "演示流向.csv", file, Mode::All).await?;
    confirmed(state, &mut rng).await?;
    months(state, &admin).await?;
    complaints(state, &admin).await
}

async fn products(state: &AppState, admin: &Actor) -> Result<(), AppError> {
    import(
        state,
        &Actor::system(),
        Kind::Products,
        &read("products.csv")?,
    )
    .await?;
    let day = time::shift_day(&state.zone.today(), -400);
    let published: Vec<(String, String)> =
        q("SELECT id, title FROM article WHERE status = 'published' ORDER BY id")
            .all(&state.db)
            .await?;
    for (code, brand, category, keywords, indication, dosage, price) in MORE {
        let mut tx = state.db.begin().await?;
        let codes = std::collections::BTreeSet::from([code.to_owned()]);
        let Some(before) = store::by_code(&mut tx, &codes).await?.into_iter().next() else {
            continue;
        };
        let after = Product {
            brand: brand.into(),
            category: category.into(),
            keywords: keywords.into(),
            indication: indication.into(),
            dosage: dosage.into(),
            unit: "盒".into(),
            class: if code == "YZ-004" { "otc" } else { "rx" }.into(),
            business_line: if code == "YZ-004" { RETAIL } else { MAIN_LINE }.into(),
            manufacturer: "演示药业有限公司".into(),
            clinical: "演示内容：此处列出已发表的临床研究及其文献出处，由医学部维护。".into(),
            ..before.clone()
        };
        let id = store::write(&mut tx, admin, Some(&before), &after, "form").await?;
        tx.commit().await?;
        for kind in ["bid", "retail"] {
            store::set_price(state, admin, &id, kind, "", &day, price).await?;
        }
        let label = LabelRow {
            version: "2025 年修订".into(),
            starts_on: day.clone(),
            body: format!(
                "演示内容，未经医学审核，不是核准的说明书。\n\n【适应症】{indication}\n【用法用量】{dosage}\n【注意事项】请按医嘱使用，详见包装内说明书。"
            ),
            in_force: false,
        };
        store::add_label(state, admin, &id, label).await?;
        let about = match code {
            "YZ-001" => "血压",
            "YZ-002" => "糖尿病",
            "YZ-003" => "胆固醇",
            _ => "腹泻",
        };
        if let Some((article, _)) = published.iter().find(|(_, title)| title.contains(about)) {
            store::link(state, admin, &id, article, false).await?;
        }
    }
    Ok(())
}

/// The commercial rep looks after some terminals that are nobody's.
async fn give_trade_rep(state: &AppState, admin: &Actor) -> Result<(), AppError> {
    let rep = acting(state, Role::TradeRep).await?;
    let free: Vec<(String,)> = q(
        "SELECT t.id FROM terminal t WHERE t.kind = '医院' AND NOT EXISTS (SELECT 1 FROM terminal_assignment a \
         WHERE a.terminal_id = t.id) ORDER BY t.code LIMIT $1",
    )
    .bind(OF_TRADE_REP)
    .all(&state.db)
    .await?;
    let from = time::shift_day(&state.zone.today(), -430);
    let mut tx = state.db.begin().await?;
    for (terminal,) in free {
        crate::terminal::assignment::assign(
            state, &mut tx, admin, &terminal, &rep.id, MAIN_LINE, &from,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The OTC rep has the commercial rep's first terminals in a line of their own.
async fn retail(state: &AppState, admin: &Actor) -> Result<(), AppError> {
    let (rep, trade) = (
        acting(state, Role::OtcRep).await?,
        acting(state, Role::TradeRep).await?,
    );
    let places: Vec<(String,)> = q(
        "SELECT t.id FROM terminal t JOIN terminal_assignment a ON a.terminal_id = t.id \
         WHERE a.staff_id = $1 ORDER BY t.code LIMIT $2",
    )
    .bind(&trade.id)
    .bind(OF_RETAIL)
    .all(&state.db)
    .await?;
    let from = time::shift_day(&state.zone.today(), -200);
    let mut tx = state.db.begin().await?;
    for (terminal,) in places {
        crate::terminal::assignment::assign(
            state, &mut tx, admin, &terminal, &rep.id, RETAIL, &from,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A hospital's further campuses (院区) are its branches.
async fn campuses(state: &AppState) -> Result<(), AppError> {
    let mut tx = state.db.begin().await?;
    q("UPDATE terminal SET parent_id = (SELECT p.id FROM terminal p WHERE p.id <> terminal.id AND p.city = terminal.city \
       AND LENGTH(p.name) >= 8 AND p.name NOT LIKE '%院区%' AND terminal.name LIKE p.name || '%' ORDER BY p.code LIMIT 1) \
       WHERE name LIKE '%院区%'")
        .exec(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Terminals that are delivered to, those of the demo's reps first: code and name.
async fn terminals(state: &AppState) -> Result<Vec<(String, String)>, AppError> {
    let (rep, trade) = (
        acting(state, Role::Rep).await?,
        acting(state, Role::TradeRep).await?,
    );
    Ok(q(
        "SELECT t.code, t.name FROM terminal t JOIN terminal_assignment a ON a.terminal_id = t.id AND a.ends_on IS NULL \
         AND a.business_line = 'default' \
         ORDER BY CASE WHEN a.staff_id IN ($1, $2) THEN 0 ELSE 1 END, t.code LIMIT $3",
    )
    .bind(&rep.id)
    .bind(&trade.id)
    .bind(TERMINALS)
    .all(&state.db)
    .await?)
}

/// A distributor's file of all months.
async fn file(state: &AppState, rng: &mut StdRng) -> Result<Vec<u8>, AppError> {
    let terminals = terminals(state).await?;
    let products: Vec<(String, String, String, i64)> = q(
        "SELECT p.code, p.name, p.specification, COALESCE((SELECT MAX(r.fen) FROM product_price r WHERE r.product_id = p.id), 1000) \
         FROM product p ORDER BY p.code",
    )
    .all(&state.db)
    .await?;
    let distributors = [
        "华东医药配送有限公司",
        "北方医药物流有限公司",
        "中部药业股份有限公司",
    ];
    let today = state.zone.today();
    let mut out = String::from(
        "单据号,商业公司,终端编码,终端名称,产品编码,通用名称,规格,批号,有效期至,数量,单位,单价,销售日期\n",
    );
    let mut number = 0;
    for back in (0..MONTHS).rev() {
        let month = shift_month(month_of(&today), -back);
        for (i, (code, name)) in terminals.iter().enumerate() {
            for (product, generic, specification, fen) in &products {
                // Not every product every month; a terminal begins and another stops now and then.
                if !rng.random_bool(0.3) || (i % 29 == 7 && back > 1) || (i % 31 == 9 && back < 2) {
                    continue;
                }
                let day = format!("{month}-{:02}", rng.random_range(1..=28));
                if day > today {
                    continue;
                }
                number += 1;
                let quantity = rng.random_range(5..160) + (MONTHS - back) * 2;
                // Some print no code and shorten the name; where that means several terminals, a person decides.
                let (code, name) = match number % 53 {
                    0 if back < 2 => (String::new(), name.replace('市', "")),
                    1 if back < 2 => (
                        String::new(),
                        format!("{}大药房", &name.chars().take(4).collect::<String>()),
                    ),
                    2..=6 => (String::new(), name.clone()),
                    _ => (code.clone(), name.clone()),
                };
                let distributor = distributors.choose(rng).copied().unwrap_or_default();
                let expires = format!("{}-28", shift_month(&month, 24));
                out.push_str(&format!(
                    "S{number:08},{distributor},{code},\"{name}\",{product},{generic},{specification},B{:06},{expires},{quantity},盒,{}.{:02},{day}\n",
                    rng.random_range(240_000..269_999),
                    fen / 100,
                    fen % 100,
                ));
            }
        }
    }
    Ok(out.into_bytes())
}

/// Lines that their owners confirmed: all but a few of the past, and of the last month some.
async fn confirmed(state: &AppState, rng: &mut StdRng) -> Result<(), AppError> {
    let today = state.zone.today();
    let (this, last) = (
        month_of(&today).to_owned(),
        shift_month(month_of(&today), -1),
    );
    let rep = acting(state, Role::Rep).await?;
    let mut tx = state.db.begin().await?;
    let all: Vec<(String, String, Option<String>)> = q(
        "SELECT id, month, credited_id FROM flow_line WHERE state = 'open' AND credited_id IS NOT NULL ORDER BY id",
    )
    .all(&mut tx)
    .await?;
    let chosen: Vec<String> = all
        .into_iter()
        .filter(|(_, month, owner)| {
            if *month == this {
                false
            } else if *month == last {
                owner.as_ref() != Some(&rep.id) && rng.random_bool(0.55)
            } else {
                rng.random_range(0..LEFT_OPEN) != 0
            }
        })
        .map(|(id, ..)| id)
        .collect();
    for some in chosen.chunks(400) {
        let mut query = q("UPDATE flow_line SET state = 'confirmed', confirmed_by = credited_id, confirmed_at = $1 WHERE ")
            .bind(time::now());
        query.push_among("id", some);
        query.exec(&mut tx).await?;
    }
    sums::resum_all(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Closes the months that are past; the last one is being confirmed.
async fn months(state: &AppState, admin: &Actor) -> Result<(), AppError> {
    let today = state.zone.today();
    let last = shift_month(month_of(&today), -1);
    let until = time::shift_day(&today, 5);
    let months: Vec<(String,)> =
        q("SELECT month FROM flow_period WHERE month <= $1 ORDER BY month")
            .bind(&last)
            .all(&state.db)
            .await?;
    for (month,) in months {
        let to = if month == last {
            &["confirming"][..]
        } else {
            &["confirming", "closed"]
        };
        for to in to {
            periods::advance(state, admin, &crypto::new_id(), &month, to, &until, "").await?;
        }
    }
    Ok(())
}

/// An appeal that waits for the manager, and one that was decided.
async fn complaints(state: &AppState, admin: &Actor) -> Result<(), AppError> {
    let (rep, manager) = (
        acting(state, Role::Rep).await?,
        acting(state, Role::Manager).await?,
    );
    let open: Vec<(String, i64)> = rep_lines(state, &rep).await?;
    let [(waiting, n), (decided, m), ..] = open.as_slice() else {
        return Ok(());
    };
    let new = |line: &str, quantity: i64, body: &str| appeals::NewAppeal {
        line_id: line.to_owned(),
        reason: "quantity".into(),
        quantity: quantity.to_string(),
        body: body.to_owned(),
        ..appeals::NewAppeal::default()
    };
    let key = crypto::new_id;
    let first = new(waiting, n - 4, "医院入库单上少 4 盒，照片随后补充。");
    appeals::raise(state, &rep, &key(), first).await?;
    let second = new(decided, m + 10, "随货同行单为准，文件中少记 10 盒。");
    appeals::raise(state, &rep, &key(), second).await?;
    let (id,): (String,) = q("SELECT id FROM flow_appeal WHERE line_id = $1")
        .bind(decided)
        .one(&state.db)
        .await?;
    // Where nobody is the rep's manager it is with operations already.
    let held = appeals::get(state, &manager, &id).await;
    if held.is_ok_and(|appeal| appeal.may_support) {
        appeals::step(
            state,
            &manager,
            &key(),
            &id,
            "support",
            "已向医院药剂科核实。",
        )
        .await?;
    }
    let decision = appeals::Decision {
        accept: true,
        correction: "quantity".into(),
        quantity: (m + 10).to_string(),
        body: "商业公司已确认。".into(),
        ..appeals::Decision::default()
    };
    appeals::decide(state, admin, &key(), &id, decision).await?;
    Ok(())
}

/// Lines of the month that is being confirmed at a rep's terminals: id and quantity.
async fn rep_lines(state: &AppState, rep: &Actor) -> DbResult<Vec<(String, i64)>> {
    q("SELECT l.id, l.quantity FROM flow_line l JOIN flow_period p ON p.month = l.month AND p.state = 'confirming' \
       JOIN terminal_assignment a ON a.terminal_id = l.terminal_id AND a.ends_on IS NULL AND a.staff_id = $1 \
       WHERE l.state = 'open' ORDER BY l.id LIMIT 2")
        .bind(&rep.id)
        .all(&state.db)
        .await
}
