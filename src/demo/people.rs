//! The people of the demo's company, and which hospitals they look after.

use std::fmt::Write as _;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::account;
use crate::identity::{store, units};
use crate::server::db::{Tx, q};
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::{AppError, Role};

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

/// How many people there are: each district of [`REGIONS`] is split into so many of its region's number, with a
/// manager each.
pub struct Staffing {
    splits: [usize; 4],
    /// People in the field, spread evenly over the districts.
    field: usize,
    /// Whether a third of them are OTC and trade reps.
    mixed: bool,
}

impl Staffing {
    /// 83 people.
    pub const SMALL: Staffing = Staffing {
        splits: [1; 4],
        field: 60,
        mixed: false,
    };
    /// 3,000 people, by region about as the hospitals are.
    pub const LARGE: Staffing = Staffing {
        splits: [45, 6, 18, 11],
        field: 2_749,
        mixed: true,
    };

    fn role(&self, place: usize) -> Role {
        match place % 6 {
            2 if self.mixed => Role::OtcRep,
            5 if self.mixed => Role::TradeRep,
            _ => Role::Rep,
        }
    }
}

/// A rep with the region (its place in [`REGIONS`]) in which they work.
pub struct DemoRep {
    phone: String,
    region: usize,
}

/// Enters the units and the people; gives the reps.
pub async fn enter(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    rng: &mut StdRng,
    hash: &str,
    staffing: &Staffing,
) -> Result<Vec<DemoRep>, AppError> {
    let company = units::ensure_unit(tx, None, &state.config.server.company, "company").await?;
    let business = units::ensure_unit(tx, Some(&company), "慢病事业部", "business_unit").await?;
    let mut number = 10;
    let mut phone = || {
        number += 1;
        format!("139{number:08}")
    };
    let districts_in_all = 3 * staffing.splits.iter().sum::<usize>();
    let (mut place, mut district_place) = (0, 0);
    let mut reps = Vec::new();
    for (r, (region, districts)) in REGIONS.iter().enumerate() {
        let region_id = units::ensure_unit(tx, Some(&business), region, "region").await?;
        let manager = Newcomer {
            name: name(rng),
            role: Role::Manager,
            unit: &region_id,
            phone: if r == 0 {
                account(Role::Manager)
            } else {
                phone()
            },
            manages: true,
        };
        add(state, tx, actor, manager, hash).await?;
        for district in districts {
            for part in 1..=staffing.splits[r] {
                let title = if staffing.splits[r] == 1 {
                    (*district).to_owned()
                } else {
                    format!("{district}{part}组")
                };
                let unit = units::ensure_unit(tx, Some(&region_id), &title, "district").await?;
                let manager = Newcomer {
                    name: name(rng),
                    role: Role::Manager,
                    unit: &unit,
                    phone: phone(),
                    manages: true,
                };
                add(state, tx, actor, manager, hash).await?;
                let one_more = usize::from(district_place < staffing.field % districts_in_all);
                for _ in 0..staffing.field / districts_in_all + one_more {
                    let person = Newcomer {
                        name: name(rng),
                        role: staffing.role(place),
                        unit: &unit,
                        phone: if place == 0 {
                            account(Role::Rep)
                        } else {
                            phone()
                        },
                        manages: false,
                    };
                    place += 1;
                    if person.role == Role::Rep {
                        reps.push(DemoRep {
                            phone: person.phone.clone(),
                            region: r,
                        });
                    }
                    add(state, tx, actor, person, hash).await?;
                }
                district_place += 1;
            }
        }
    }
    for role in Role::ALL
        .into_iter()
        .filter(|r| !matches!(r, Role::Rep | Role::Manager))
    {
        let person = Newcomer {
            name: name(rng),
            role,
            unit: &company,
            phone: account(role),
            manages: false,
        };
        add(state, tx, actor, person, hash).await?;
    }
    Ok(reps)
}

fn name(rng: &mut StdRng) -> String {
    format!(
        "{}{}",
        SURNAMES.choose(rng).unwrap_or(&"王"),
        GIVEN.choose(rng).unwrap_or(&"伟")
    )
}

struct Newcomer<'a> {
    name: String,
    role: Role,
    unit: &'a str,
    phone: String,
    /// Whether they manage their unit.
    manages: bool,
}

async fn add(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    person: Newcomer<'_>,
    hash: &str,
) -> Result<(), AppError> {
    let input = store::PersonInput {
        name: person.name,
        role: person.role,
        unit_id: person.unit.to_owned(),
        employee_no: Some(format!("E{}", &person.phone[7..])),
        phone: Some(person.phone),
        manages: person.manages.then(|| person.unit.to_owned()),
        password_hash: Some(hash.to_owned()),
    };
    store::insert_person(state, tx, actor, &input).await?;
    Ok(())
}

/// Every hospital goes to a rep of a region by its province; some stay without one.
pub async fn assignments(state: &AppState, reps: &[DemoRep]) -> Result<String, AppError> {
    let hospitals: Vec<(String, String)> = q("SELECT code, province FROM terminal ORDER BY code")
        .all(&state.db)
        .await?;
    let from = time::shift_day(&state.zone.today(), -430);
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
        let own: Vec<&DemoRep> = reps.iter().filter(|r| r.region == region).collect();
        let rep = own[turn[region] % own.len()];
        turn[region] += 1;
        let _ = writeln!(out, "{code},{},{from}", rep.phone);
    }
    Ok(out)
}
