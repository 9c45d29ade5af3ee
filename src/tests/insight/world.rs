//! A small company full of borders: people in both regions, HCPs of every state, articles, courses, products.

use mailuo::identity::store::{self, PersonInput};
use mailuo::insight::rollup;
use mailuo::server::db::{Rows, insert_many, q};
use mailuo::server::guard::Actor;
use mailuo::server::session;
use mailuo::server::time::{DAY, shift_day};
use mailuo::shared::Role;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{field, sharing};
use crate::support::TestApp;

/// Values of a row.
macro_rules! row {
    ($($value:expr),+ $(,)?) => {
        vec![$(mailuo::server::db::Arg::from($value)),+]
    };
}
pub(super) use row;

/// Inserts rows; `head` is the table with its columns.
pub async fn put(app: &TestApp, head: &str, rows: Rows) {
    let mut tx = app.state.db.begin().await.expect("begins");
    insert_many(&mut tx, &format!("INSERT INTO {head}"), rows, "")
        .await
        .expect("go in");
    tx.commit().await.expect("commits");
}

/// What falls out of it is the same each time.
pub struct Dice {
    pub rng: StdRng,
    pub now: i64,
    pub today: String,
    /// The first millisecond of today.
    start: i64,
}

impl Dice {
    pub fn new(app: &TestApp, seed: u64) -> Dice {
        let now = mailuo::server::time::now();
        let today = app.state.zone.day(now);
        Dice {
            rng: StdRng::seed_from_u64(seed),
            now,
            start: app.state.zone.start_of(&today).expect("a day"),
            today,
        }
    }

    /// From 0 up to, but not, `below`.
    pub fn n(&mut self, below: usize) -> usize {
        self.rng.random_range(0..below)
    }

    pub fn is(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }

    pub fn one<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.n(from.len())]
    }

    /// Days back from today, up to 70; often where a month or a window begins or ends.
    pub fn back(&mut self) -> i64 {
        let of_month: i64 = self.today[8..].parse().expect("a day of a month");
        match self.n(5) {
            0 => *self.one(&[0, 1, 6, 7, 29, 30, 59, 60, 69]),
            1 => of_month - *self.one(&[0, 1]),
            _ => self.rng.random_range(0..70),
        }
    }

    pub fn day(&mut self) -> String {
        let back = self.back();
        shift_day(&self.today, -back)
    }

    /// A moment so many days back; often the day's first or last millisecond.
    pub fn on(&mut self, back: i64) -> i64 {
        let start = self.start - back * DAY;
        let at = match self.n(5) {
            0 => start,
            1 => start + DAY - 1,
            _ => start + self.rng.random_range(0..DAY),
        };
        at.min(self.now - 1_000)
    }

    pub fn moment(&mut self) -> i64 {
        let back = self.back();
        self.on(back)
    }
}

/// An HCP of the world.
#[derive(Debug, Clone)]
pub struct Hcp {
    pub id: String,
    pub state: &'static str,
    pub owner: Option<String>,
}

/// What was made, by id.
#[derive(Debug, Default)]
pub struct World {
    pub region_b: String,
    pub manager_b: String,
    /// Works in one region and manages a district of the other.
    pub crossing: String,
    /// Left the company.
    pub gone: String,
    /// Moves from region A to region B.
    pub mover: String,
    /// Who shares and visits: reps, OTC reps, managers.
    pub field: Vec<String>,
    /// Those of them in region B.
    pub field_b: Vec<String>,
    pub everybody: Vec<String>,
    pub hcps: Vec<Hcp>,
    /// Id and province.
    pub terminals: Vec<(String, String)>,
    pub products: Vec<String>,
    pub articles: Vec<String>,
    pub courses: Vec<String>,
    /// Who agreed to be named for as long as the world was made, and took it back at its end.
    pub withdrew: Vec<String>,
    /// Who agreed to be named and still does.
    pub named: Vec<String>,
}

/// The actor of a person.
pub async fn actor_of(app: &TestApp, id: &str) -> Actor {
    let cookie = app.session(id).await;
    session::actor_of(&app.state, cookie.trim_start_matches("sid="), "test")
        .await
        .expect("answers")
        .expect("is signed in")
}

/// Moves a person as the page of people does.
pub async fn move_to(app: &TestApp, id: &str, unit: &str) {
    let (name, role): (String, String) = q("SELECT name, role FROM staff WHERE id = $1")
        .bind(id)
        .one(&app.state.db)
        .await
        .expect("is there");
    let input = PersonInput {
        name,
        role: Role::parse(&role).expect("is a role"),
        unit_id: unit.to_owned(),
        phone: None,
        employee_no: None,
        manages: None,
        password_hash: None,
    };
    let mut tx = app.state.db.begin().await.expect("begins");
    store::update_person(&app.state, &mut tx, &Actor::system(), id, &input)
        .await
        .expect("moves");
    tx.commit().await.expect("commits");
}

impl World {
    pub async fn build(app: &TestApp) -> World {
        let mut dice = Dice::new(app, 11);
        let mut world = people(app).await;
        library(app, &mut dice, &mut world).await;
        content(app, &mut dice, &mut world).await;
        consents(app, &mut dice, &mut world).await;
        sharing::fill(app, &mut dice, &world).await;
        withdraw(app, &mut dice, &world).await;
        field::fill(app, &mut dice, &mut world).await;
        let admin = app.actor(Role::Admin).await;
        store::leave(&app.state, &admin, &world.gone)
            .await
            .expect("leaves");
        rollup::refresh(&app.state).await.expect("is written anew");
        mailuo::flow::reports::rebuild(&app.state)
            .await
            .expect("is summed");
        world
    }
}

async fn people(app: &TestApp) -> World {
    let units = &app.units;
    let region_b = app
        .text(&format!(
            "SELECT parent_id FROM org_unit WHERE id = '{}'",
            units.district_b
        ))
        .await;
    let mut world = World {
        region_b: region_b.clone(),
        ..World::default()
    };
    for (n, (name, role, unit, manages)) in [
        ("赵甲代", Role::Rep, &units.district_a, None),
        ("钱甲代", Role::Rep, &units.district_a, None),
        ("孙甲店", Role::OtcRep, &units.district_a, None),
        ("李甲商", Role::TradeRep, &units.region_a, None),
        ("周乙代", Role::Rep, &units.district_b, None),
        ("吴乙代", Role::Rep, &units.district_b, None),
        ("郑乙店", Role::OtcRep, &units.district_b, None),
        ("王乙商", Role::TradeRep, &units.district_b, None),
        ("冯离职", Role::Rep, &units.district_a, None),
        ("陈调岗", Role::Rep, &units.district_a, None),
        ("褚乙经理", Role::Manager, &region_b, Some(&region_b)),
        (
            "卫跨区",
            Role::Manager,
            &units.district_b,
            Some(&units.district_a),
        ),
        ("蒋总部代", Role::Rep, &units.company, None),
    ]
    .into_iter()
    .enumerate()
    {
        let id = app
            .person(name, role, unit, manages, &format!("136000000{n:02}"))
            .await;
        match name {
            "冯离职" => world.gone.clone_from(&id),
            "陈调岗" => world.mover.clone_from(&id),
            "褚乙经理" => world.manager_b.clone_from(&id),
            "卫跨区" => world.crossing.clone_from(&id),
            _ => {}
        }
        if name.contains('乙') {
            world.field_b.push(id.clone());
        }
        world.field.push(id);
    }
    for role in [Role::Rep, Role::OtcRep, Role::Manager] {
        world.field.push(app.id_of(role).await);
    }
    world.everybody.clone_from(&world.field);
    for role in [Role::TradeRep, Role::Trainer, Role::Marketer, Role::Admin] {
        world.everybody.push(app.id_of(role).await);
    }
    world
}

const PROVINCES: [&str; 3] = ["浙江省", "福建省", ""];

async fn library(app: &TestApp, dice: &mut Dice, world: &mut World) {
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

async fn content(app: &TestApp, dice: &mut Dice, world: &mut World) {
    for (title, audience, days) in [
        ("血压", "public", 900),
        ("血糖", "professional", 30),
        ("血脂", "professional", 31),
        ("睡眠", "public", 0),
        ("过期", "public", -1),
    ] {
        let expires = shift_day(&dice.today, days);
        world
            .articles
            .push(app.article(title, audience, &expires).await);
    }
    let marketer = app.id_of(Role::Marketer).await;
    let mut rows = Rows::new();
    for (n, status) in ["draft", "in_review", "in_review", "approved", "withdrawn"]
        .into_iter()
        .enumerate()
    {
        rows.push(row![
            format!("article{n}"),
            format!("文{n}"),
            "",
            "",
            "public",
            "",
            "",
            1200_i64,
            "",
            shift_day(&dice.today, 9),
            status,
            &marketer,
            1_i64,
            1_i64
        ]);
    }
    put(
        app,
        "article (id, title, summary, author, audience, body_md, body_html, han_count, approval_no, expires_on, status, \
         created_by, created_at, updated_at)",
        rows,
    )
    .await;
    let (mut products, mut links) = (Rows::new(), Rows::new());
    for n in 0..3 {
        let id = format!("product{n}");
        products.push(row![&id, &id, format!("药{n}"), "片", 1_i64, 1_i64]);
        // The last one has no article; the first two have one in common.
        for article in world
            .articles
            .iter()
            .skip(n)
            .take(if n < 2 { 2 } else { 0 })
        {
            links.push(row![&id, article]);
        }
        world.products.push(id);
    }
    links.push(row!["product0", "article1"]);
    put(
        app,
        "product (id, code, name, specification, created_at, updated_at)",
        products,
    )
    .await;
    put(app, "product_article (product_id, article_id)", links).await;
}

const CONSENT: &str =
    "consent (id, hcp_id, purpose, text_version, granted, channel, at, withdrawn_at, withdrawn_by)";

/// Those who are onboarded agreed, declined, or agreed anew in a later version. All who will withdraw still agree.
async fn consents(app: &TestApp, dice: &mut Dice, world: &mut World) {
    let mut rows = Rows::new();
    for (n, hcp) in world.hcps.iter().enumerate() {
        if !matches!(hcp.state, "onboarded" | "pending") {
            continue;
        }
        let at = dice.moment();
        for purpose in ["profile", "push", "tracking"] {
            let id = format!("{}-{purpose}", hcp.id);
            let granted = purpose != "tracking" || n % 4 != 0;
            // A later version of the text: the earlier consent ends at its very moment, and nobody withdrew.
            if granted && n % 5 == 1 {
                let earlier = at - DAY;
                rows.push(row![
                    format!("{id}-1"),
                    &hcp.id,
                    purpose,
                    "1",
                    true,
                    "test",
                    earlier,
                    Some(at),
                    Some(hcp.id.clone())
                ]);
            }
            rows.push(row![
                id,
                &hcp.id,
                purpose,
                "2",
                granted,
                "test",
                at,
                None::<i64>,
                None::<String>
            ]);
        }
        if n % 4 != 0 {
            if n % 4 == 1 {
                world.withdrew.push(hcp.id.clone());
            } else {
                world.named.push(hcp.id.clone());
            }
        }
    }
    put(app, CONSENT, rows).await;
}

/// Some take back that they are named, some something else; one agrees again later.
async fn withdraw(app: &TestApp, dice: &mut Dice, world: &World) {
    let mut tx = app.state.db.begin().await.expect("begins");
    let others = world
        .named
        .iter()
        .step_by(3)
        .map(|hcp| format!("{hcp}-push"));
    let tracking = world.withdrew.iter().map(|hcp| format!("{hcp}-tracking"));
    for id in tracking.chain(others) {
        q("UPDATE consent SET withdrawn_at = $1, withdrawn_by = hcp_id WHERE id = $2")
            .bind(dice.moment())
            .bind(id)
            .exec(&mut tx)
            .await
            .expect("is withdrawn");
    }
    tx.commit().await.expect("commits");
    let again = world.hcps.iter().find(|h| h.state == "listed");
    let again = again.expect("is there");
    let at = dice.on(20);
    let row = |id: &str, from: i64, to: Option<i64>| {
        row![
            id,
            &again.id,
            "tracking",
            "1",
            true,
            "test",
            from,
            to,
            to.map(|_| again.id.clone())
        ]
    };
    put(
        app,
        CONSENT,
        vec![
            row("again-1", at, Some(at + DAY)),
            row("again-2", at + 2 * DAY, None),
        ],
    )
    .await;
}
