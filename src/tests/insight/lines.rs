//! All that can be counted, one by one, out of whole tables.

mod reach;
mod work;

use std::collections::{HashMap, HashSet};

use mailuo::server::db::{Row, q};
use mailuo::server::time::{DAY, HOUR, now, shift_day};

use crate::support::TestApp;

/// One of what a measure counts.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// Whose it is.
    pub person: Option<String>,
    /// The day, or the month, on which it counts.
    pub on: String,
    /// What stands for it where different ones are counted.
    pub key: String,
    pub marks: Vec<&'static str>,
    pub provinces: Vec<String>,
    pub specialties: Vec<String>,
    pub products: Vec<String>,
    pub article: String,
    pub course: String,
    /// The HCP by whom it may be asked for.
    pub hcp: String,
    /// The HCP who must be seen in the library.
    pub of: String,
}

impl Line {
    fn new(person: Option<String>, on: String) -> Line {
        Line {
            person,
            on,
            ..Line::default()
        }
    }

    fn mark(mut self, mark: &'static str, holds: bool) -> Line {
        if holds {
            self.marks.push(mark);
        }
        self
    }

    /// By this HCP it can be narrowed.
    fn of_hcp(mut self, hcp: Option<&Hcp>) -> Line {
        if let Some(hcp) = hcp {
            self.provinces.push(hcp.province.clone());
            self.specialties.push(hcp.specialty.clone());
            self.hcp.clone_from(&hcp.id);
        }
        self
    }
}

#[derive(Debug, Clone)]
pub struct Staff {
    pub id: String,
    /// Name and unit, as reports and rankings tell two of one name apart.
    pub called: String,
    pub role: String,
    pub unit: String,
    pub left: bool,
    /// Their unit and all above it.
    pub above: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Hcp {
    pub id: String,
    pub name: String,
    /// The name with the hospital.
    pub called: String,
    pub state: String,
    pub owner: Option<String>,
    pub province: String,
    /// The specialty, or the department where there is none.
    pub specialty: String,
    /// Whether they agree to be named.
    pub named: bool,
}

/// The whole database.
#[derive(Debug, Default)]
pub struct Data {
    pub facts: HashMap<&'static str, Vec<Line>>,
    pub staff: Vec<Staff>,
    pub units: HashMap<String, String>,
    /// Unit and who manages it.
    pub manages: Vec<(String, String)>,
    pub hcps: HashMap<String, Hcp>,
    /// HCP and the colleague who sees them.
    pub shared: Vec<(String, String)>,
    /// Id, title and audience; id, title and category.
    pub articles: Vec<(String, String, String)>,
    pub courses: Vec<(String, String, String)>,
    products: HashMap<String, Vec<String>>,
    provinces: HashMap<String, String>,
}

async fn all<T: Row>(app: &TestApp, sql: &str) -> Vec<T> {
    q(sql).all(&app.state.db).await.expect("rows")
}

/// The day in Shanghai, eight hours ahead of the epoch's.
fn day(at: i64) -> String {
    shift_day("1970-01-01", (at + 8 * HOUR).div_euclid(DAY))
}

fn staff_of(learner: &str) -> Option<String> {
    learner.strip_prefix("staff:").map(str::to_owned)
}

impl Data {
    pub async fn load(app: &TestApp) -> Data {
        let mut data = Data::default();
        data.people(app).await;
        data.library(app).await;
        data.sharing(app).await;
        data.onboarding(app).await;
        data.learning(app).await;
        data.field(app).await;
        data.rest(app).await;
        data
    }

    fn put(&mut self, fact: &'static str, lines: Vec<Line>) {
        self.facts.insert(fact, lines);
    }

    async fn people(&mut self, app: &TestApp) {
        let units: Vec<(String, Option<String>, String)> =
            all(app, "SELECT id, parent_id, name FROM org_unit").await;
        let parents: HashMap<String, Option<String>> = units
            .iter()
            .map(|(id, parent, _)| (id.clone(), parent.clone()))
            .collect();
        let rows: Vec<(String, String, String, String, Option<i64>)> =
            all(app, "SELECT id, name, role, unit_id, left_at FROM staff").await;
        for (id, name, role, unit, left) in rows {
            let mut above = vec![unit.clone()];
            while let Some(Some(parent)) = above.last().and_then(|u| parents.get(u)) {
                above.push(parent.clone());
            }
            let in_unit = units.iter().find(|(id, ..)| *id == unit);
            let called = format!("{name} · {}", in_unit.map_or("", |(_, _, name)| name));
            self.staff.push(Staff {
                id,
                called,
                role,
                unit,
                left: left.is_some(),
                above,
            });
        }
        self.units = units.into_iter().map(|(id, _, name)| (id, name)).collect();
        self.manages = all(app, "SELECT unit_id, staff_id FROM unit_manager").await;
        let people = self.staff.iter().filter(|s| !s.left);
        let lines = people
            .map(|s| Line::new(Some(s.id.clone()), String::new()))
            .collect();
        self.put("staff", lines);
        let days: Vec<(String, String)> = all(app, "SELECT staff_id, day FROM active_day").await;
        let lines = days
            .into_iter()
            .map(|(staff, day)| Line {
                key: staff.clone(),
                ..Line::new(Some(staff), day)
            })
            .collect();
        self.put("active", lines);
    }

    async fn library(&mut self, app: &TestApp) {
        let terminals: Vec<(String, String)> = all(app, "SELECT id, province FROM terminal").await;
        self.provinces = terminals.into_iter().collect();
        let links: Vec<(String, String)> =
            all(app, "SELECT article_id, product_id FROM product_article").await;
        for (article, product) in links {
            self.products.entry(article).or_default().push(product);
        }
        self.articles = all(app, "SELECT id, title, audience FROM article").await;
        self.courses = all(app, "SELECT id, title, category FROM course").await;
        let agreed: Vec<(String, String, bool, Option<i64>)> = all(
            app,
            "SELECT hcp_id, purpose, granted, withdrawn_at FROM consent",
        )
        .await;
        let named: HashSet<String> = agreed
            .into_iter()
            .filter(|(_, purpose, granted, withdrawn)| {
                purpose == "tracking" && *granted && withdrawn.is_none()
            })
            .map(|(hcp, ..)| hcp)
            .collect();
        type Kept = (
            String,
            String,
            String,
            String,
            Option<String>,
            String,
            String,
            String,
        );
        let rows: Vec<Kept> = all(
            app,
            "SELECT p.id, p.name, t.name, p.state, p.owner_id, p.province, p.specialty, p.department \
             FROM hcp p JOIN terminal t ON t.id = p.terminal_id",
        )
        .await;
        for (id, name, hospital, state, owner, province, specialty, department) in rows {
            let hcp = Hcp {
                named: named.contains(&id),
                id: id.clone(),
                called: format!("{name} · {hospital}"),
                name,
                state,
                owner,
                province,
                specialty: if specialty.is_empty() {
                    department
                } else {
                    specialty
                },
            };
            self.hcps.insert(id, hcp);
        }
        let shared: Vec<(String, String, i64, Option<i64>)> = all(
            app,
            "SELECT hcp_id, staff_id, until_at, ended_at FROM hcp_access",
        )
        .await;
        self.shared = shared
            .into_iter()
            .filter(|(_, _, until, ended)| *until > now() && ended.is_none())
            .map(|(hcp, staff, ..)| (hcp, staff))
            .collect();
        let lines = self.hcps.values().map(|h| {
            let line = Line::new(h.owner.clone(), String::new())
                .mark("invited", h.state == "invited")
                .mark("onboarded", h.state == "onboarded")
                .of_hcp(Some(h));
            Line {
                of: h.id.clone(),
                ..line
            }
        });
        let lines = lines
            .filter(|l| {
                matches!(
                    self.hcps[&l.of].state.as_str(),
                    "listed" | "invited" | "onboarded"
                )
            })
            .collect();
        self.put("hcp", lines);
    }

    /// The HCP of a sharer or reader, while they agree to be named.
    fn named(&self, who: &str) -> Option<&Hcp> {
        self.hcps.get(who.strip_prefix("hcp:")?).filter(|h| h.named)
    }

    fn about(&self, article: &str) -> Vec<String> {
        self.products.get(article).cloned().unwrap_or_default()
    }

    /// A line that lies where a terminal is.
    fn at(&self, mut line: Line, terminal: Option<&str>) -> Line {
        line.provinces = terminal
            .and_then(|id| self.provinces.get(id))
            .cloned()
            .into_iter()
            .collect();
        line
    }
}
