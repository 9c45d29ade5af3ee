//! The demo's HCPs beyond those of its file, and their onboarding.

use std::fmt::Write as _;

use rand::Rng;
use rand::rngs::StdRng;

use super::account;
use crate::onboarding::store::TEXT_VERSION;
use crate::server::db::{Tx, insert_many, q};
use crate::server::{AppState, crypto, time};
use crate::shared::{AppError, Role};

/// HCPs in the file.
pub const IN_FILE: usize = 5_000;
/// HCPs imported at once.
pub const BATCH: usize = 20_000;

/// Characters of made-up names: so many that few share one at the same hospital.
const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛\
    叶余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";
const GIVEN: &str = "伟芳娜敏静磊洋艳勇杰娟涛明超霞平建国文博雨欣子轩思远佳怡晓东志华玉兰春红海燕晨宇浩然梦琪雪松柏安宁俊辉嘉慧";

/// So many further HCPs as a spreadsheet, from number `first` on: at the hospitals of the file (`csv`) under other
/// names and numbers.
pub fn more(csv: &[u8], first: usize, count: usize, rng: &mut StdRng) -> String {
    let text = String::from_utf8_lossy(csv);
    let (surnames, given): (Vec<char>, Vec<char>) =
        (SURNAMES.chars().collect(), GIVEN.chars().collect());
    let mut lines = text.lines();
    let mut out = format!("{}\n", lines.next().unwrap_or_default());
    let lines: Vec<Vec<&str>> = lines
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|cells| cells.len() >= 8)
        .collect();
    if lines.is_empty() {
        return out;
    }
    for i in first..first + count {
        let mut cells = lines[i % lines.len()].clone();
        let mut name = String::from(surnames[rng.random_range(0..surnames.len())]);
        name.push(given[rng.random_range(0..given.len())]);
        if rng.random_bool(0.8) {
            name.push(given[rng.random_range(0..given.len())]);
        }
        // 13 apart, so that none is a number of the file.
        let phone = format!("1990{:07}", i * 13 + 1);
        (cells[0], cells[1]) = (&name, &phone);
        let _ = writeln!(out, "{}", cells.join(","));
    }
    out
}

/// A third of the HCPs is onboarded, a tenth invited; most of the onboarded agree to be named.
pub async fn onboard(state: &AppState, tx: &mut Tx, rng: &mut StdRng) -> Result<(), AppError> {
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
pub fn device_token(state: &AppState) -> String {
    state.keys.derived_token(&["demo", "hcp device"])
}
