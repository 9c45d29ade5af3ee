//! HCPs who are in the demo's library already, entered once more: pairs for the finder of duplicates.

use std::fmt::Write as _;

use crate::server::AppState;
use crate::server::db::{DbResult, q};
use crate::server::guard::Actor;
use crate::shared::AppError;

/// Surnames that sound alike.
const HOMOPHONES: [(char, char); 5] = [
    ('张', '章'),
    ('王', '汪'),
    ('陈', '程'),
    ('林', '凌'),
    ('李', '黎'),
];

/// An HCP as the import's file has them, without a phone.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Twin {
    name: String,
    hospital: String,
    department: String,
    title: String,
    sex: String,
    province: String,
    city: String,
}

const TWIN: &str = "SELECT h.name, t.name AS hospital, h.department, h.title, h.sex, h.province, h.city \
    FROM hcp h JOIN terminal t ON t.id = h.terminal_id WHERE h.state = 'listed' \
    AND (h.owner_id IS NULL OR h.owner_id <> $1) AND (SELECT COUNT(*) FROM terminal u WHERE u.name = t.name) = 1";

/// A spreadsheet of HCPs who are in the library already, under other phones: the same name at the same hospital, in the
/// same and in another department; at a hospital with a similar name; with a surname that sounds alike; with the same
/// name, department and title in the same city.
pub async fn spreadsheet(state: &AppState, rep: &Actor) -> Result<String, AppError> {
    let known: Vec<Twin> = q(format!(
        "{TWIN} AND h.city <> '' ORDER BY h.phone_masked, h.pinyin, h.id LIMIT 400"
    ))
    .bind(&rep.id)
    .all(&state.db)
    .await?;
    let mut twins: Vec<Twin> = Vec::new();
    if let [same, moved, far, ..] = known.as_slice() {
        twins.push(same.clone());
        twins.push(Twin {
            department: if moved.department == "全科医学科" {
                "急诊科".into()
            } else {
                "全科医学科".into()
            },
            ..moved.clone()
        });
        let elsewhere = known
            .iter()
            .find(|k| k.city == far.city && k.hospital != far.hospital);
        twins.extend(elsewhere.map(|k| Twin {
            hospital: k.hospital.clone(),
            ..far.clone()
        }));
    }
    let alike = known.iter().skip(3).find_map(|k| {
        let (first, rest) = (k.name.chars().next()?, k.name.chars().skip(1));
        let (_, other) = HOMOPHONES.iter().find(|(surname, _)| *surname == first)?;
        let name = std::iter::once(*other).chain(rest).collect();
        Some(Twin { name, ..k.clone() })
    });
    twins.extend(alike);
    twins.extend(at_similar_hospital(state, rep).await?);
    let mut out = String::from("姓名,手机号,医院,科室,职称,性别,省份,城市\n");
    for (i, t) in twins.iter().enumerate() {
        let cells = [
            &t.hospital,
            &t.department,
            &t.title,
            &t.sex,
            &t.province,
            &t.city,
        ]
        .map(String::as_str)
        .join(",");
        let _ = writeln!(out, "{},1991{:07},{cells}", t.name, i + 1);
    }
    Ok(out)
}

/// An HCP put at another hospital of the city, whose name goes on where its own ends.
async fn at_similar_hospital(state: &AppState, rep: &Actor) -> DbResult<Option<Twin>> {
    let hospitals: Vec<(String, String)> = q(
        "SELECT a.name, b.name FROM terminal a JOIN terminal b ON b.province = a.province \
         AND b.city = a.city AND b.name LIKE a.name || '%' AND LENGTH(b.name) > LENGTH(a.name) \
         WHERE LENGTH(a.name) >= 6 AND a.city <> '' \
         ORDER BY LENGTH(b.name) - LENGTH(a.name), LENGTH(a.name) DESC, a.name, b.name LIMIT 40",
    )
    .all(&state.db)
    .await?;
    for (here, there) in hospitals {
        let found: Option<Twin> = q(format!(
            "{TWIN} AND t.name = $2 ORDER BY h.phone_masked, h.id LIMIT 1"
        ))
        .bind(&rep.id)
        .bind(&here)
        .optional(&state.db)
        .await?;
        let only_one = q("SELECT COUNT(*) FROM terminal WHERE name = $1")
            .bind(&there)
            .count(&state.db)
            .await?
            == 1;
        if let Some(twin) = found.filter(|_| only_one) {
            return Ok(Some(Twin {
                hospital: there,
                ..twin
            }));
        }
    }
    Ok(None)
}
