//! A small company full of borders: people in both regions, HCPs of every state, articles, courses, products.

mod consents;
mod content;
mod dice;
mod library;

use mailuo::identity::store::{self, PersonInput};
use mailuo::insight::rollup;
use mailuo::server::db::{Rows, insert_many, q};
use mailuo::server::guard::Actor;
use mailuo::server::session;
use mailuo::shared::Role;

use self::consents::{consents, withdraw};
use self::content::content;
pub use self::dice::Dice;
use self::library::library;
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
