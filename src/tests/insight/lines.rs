//! All that can be counted, one by one, out of whole tables.

use std::collections::{HashMap, HashSet};

use mailuo::server::db::{Row, q};
use mailuo::server::time::{DAY, HOUR, now, shift_day};

use super::sharing::HAN;
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
    pub name: String,
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
            self.staff.push(Staff {
                id,
                name,
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
            Option<String>,
            String,
            String,
            String,
        );
        let rows: Vec<Kept> = all(
            app,
            "SELECT id, name, state, owner_id, province, specialty, department FROM hcp",
        )
        .await;
        for (id, name, state, owner, province, specialty, department) in rows {
            let hcp = Hcp {
                named: named.contains(&id),
                id: id.clone(),
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

    async fn sharing(&mut self, app: &TestApp) {
        #[derive(sqlx::FromRow)]
        struct Link {
            token: String,
            article_id: String,
            sharer: String,
            parent: Option<String>,
            recipient_id: Option<String>,
            created_at: i64,
            pressed_at: Option<i64>,
        }
        #[derive(sqlx::FromRow)]
        struct View {
            article_id: String,
            link: Option<String>,
            reader: String,
            at: i64,
            kind: String,
            reread: bool,
            dwell_ms: Option<i64>,
            depth: Option<i64>,
        }
        let links: Vec<Link> = all(
            app,
            "SELECT token, article_id, sharer, parent, recipient_id, created_at, pressed_at FROM share_link",
        )
        .await;
        let views: Vec<View> = all(
            app,
            "SELECT article_id, link, reader, at, kind, reread, dwell_ms, depth FROM article_view",
        )
        .await;
        /// The first of the links above one.
        fn top<'a>(by_token: &HashMap<&str, &'a Link>, token: &str) -> &'a Link {
            let mut at = by_token[token];
            while let Some(parent) = &at.parent {
                at = by_token[parent.as_str()];
            }
            at
        }
        /// 400 Han characters a minute; a third of that time and nine tenths of the depth.
        fn is_finished(view: &View) -> bool {
            let expected = HAN * 60_000 / 400;
            view.depth.unwrap_or(0) >= 90 && view.dwell_ms.unwrap_or(0) * 3 >= expected
        }
        let by_token: HashMap<&str, &Link> = links.iter().map(|l| (l.token.as_str(), l)).collect();
        let counted: Vec<&View> = views.iter().filter(|v| v.kind == "pv").collect();
        let opened: HashSet<&str> = counted.iter().filter_map(|v| v.link.as_deref()).collect();
        let mut read: HashSet<&str> = HashSet::new();
        let mut passed: HashSet<&str> = HashSet::new();
        let mut reopened: HashSet<&str> = HashSet::new();
        for view in counted.iter().filter(|v| is_finished(v)) {
            if let Some(link) = &view.link {
                read.insert(&top(&by_token, link).token);
            }
        }
        for link in links.iter().filter(|l| l.parent.is_some()) {
            let root = top(&by_token, &link.token).token.as_str();
            if opened.contains(link.token.as_str()) {
                reopened.insert(root);
                passed.insert(root);
            }
            if link.pressed_at.is_some() {
                passed.insert(root);
            }
        }
        let seen = counted.iter().filter_map(|v| {
            let staff = staff_of(&top(&by_token, v.link.as_deref()?).sharer)?;
            let line = Line::new(Some(staff), day(v.at))
                .mark("hcp", v.reader.starts_with("hcp:"))
                .mark("reread", v.reread)
                .mark("finished", is_finished(v))
                .of_hcp(self.named(&v.reader));
            Some(Line {
                key: v.reader.clone(),
                article: v.article_id.clone(),
                products: self.about(&v.article_id),
                ..line
            })
        });
        let seen: Vec<Line> = seen.collect();
        let (mut made, mut on) = (Vec::new(), Vec::new());
        for link in &links {
            let token = link.token.as_str();
            let Some(staff) = staff_of(&top(&by_token, token).sharer) else {
                continue;
            };
            let line = Line {
                article: link.article_id.clone(),
                products: self.about(&link.article_id),
                ..Line::new(Some(staff), day(link.created_at))
            };
            if link.parent.is_none() {
                let to = link.recipient_id.as_ref().and_then(|id| self.hcps.get(id));
                let line = line
                    .mark("opened", opened.contains(token))
                    .mark("read", read.contains(token))
                    .mark("passed", passed.contains(token))
                    .mark("reopened", reopened.contains(token))
                    .of_hcp(to);
                // What came of a link tells of its recipient: asked for by name only while they agree.
                let hcp = to.filter(|h| h.named).map(|h| h.id.clone());
                made.push(Line {
                    hcp: hcp.unwrap_or_default(),
                    ..line
                });
            } else if opened.contains(token) {
                on.push(line.of_hcp(self.named(&link.sharer)));
            }
        }
        self.put("view", seen);
        self.put("link", made);
        self.put("passed", on);
    }

    async fn onboarding(&mut self, app: &TestApp) {
        type Owned = (String, Option<String>, i64, Option<i64>);
        let owned: Vec<Owned> = all(
            app,
            "SELECT hcp_id, owner_id, starts_at, ends_at FROM hcp_ownership",
        )
        .await;
        let onboarded: Vec<(String, String, Option<i64>)> =
            all(app, "SELECT id, state, onboarded_at FROM hcp").await;
        let mut lines = Vec::new();
        for (id, state, at) in onboarded {
            let (true, Some(at)) = (state == "onboarded", at) else {
                continue;
            };
            // Whoever owned them then, or was the first to do so afterwards.
            let owner = owned
                .iter()
                .filter(|(hcp, owner, _, to)| {
                    *hcp == id && owner.is_some() && to.is_none_or(|to| to > at)
                })
                .min_by_key(|(_, _, from, _)| *from)
                .and_then(|(_, owner, ..)| owner.clone());
            lines.push(Line::new(owner, day(at)).of_hcp(self.hcps.get(&id)));
        }
        self.put("onboarded", lines);
        let invited: Vec<(String, String, i64)> =
            all(app, "SELECT hcp_id, staff_id, created_at FROM invitation").await;
        let lines = invited
            .into_iter()
            .map(|(hcp, staff, at)| Line::new(Some(staff), day(at)).of_hcp(self.hcps.get(&hcp)))
            .collect();
        self.put("invited", lines);
        let codes: Vec<(String, String, Option<String>)> =
            all(app, "SELECT id, staff_id, terminal_id FROM public_code").await;
        let steps: Vec<(String, String, i64)> =
            all(app, "SELECT code_id, step, at FROM public_code_step").await;
        let lines = steps
            .into_iter()
            .map(|(code, step, at)| {
                let (_, staff, terminal) = codes.iter().find(|c| c.0 == code).expect("is there");
                let line = Line::new(Some(staff.clone()), day(at))
                    .mark("scanned", step == "scanned")
                    .mark("verified", step == "verified")
                    .mark("completed", step == "completed")
                    .mark("confirmed", step == "confirmed");
                self.at(line, terminal.as_deref())
            })
            .collect();
        self.put("code_step", lines);
        type Consent = (String, String, String, i64, Option<i64>);
        let consents: Vec<Consent> = all(
            app,
            "SELECT id, hcp_id, purpose, at, withdrawn_at FROM consent",
        )
        .await;
        let merged: HashSet<(String, i64)> = all::<(String, i64)>(
            app,
            "SELECT i.row_key, m.at FROM hcp_merge_item i JOIN hcp_merge m ON m.id = i.merge_id \
             WHERE i.table_name = 'consent.withdrawn'",
        )
        .await
        .into_iter()
        .collect();
        let mut lines = Vec::new();
        for (id, hcp, purpose, _, withdrawn) in &consents {
            let Some(at) = *withdrawn else { continue };
            // One that a later one took the place of, or that ended with a merge, nobody took back.
            let superseded = consents
                .iter()
                .any(|d| d.1 == *hcp && d.2 == *purpose && d.0 != *id && d.3 == at);
            if superseded || merged.contains(&(id.clone(), at)) {
                continue;
            }
            let hcp = &self.hcps[hcp];
            lines.push(Line {
                of: hcp.id.clone(),
                ..Line::new(hcp.owner.clone(), day(at)).of_hcp(Some(hcp))
            });
        }
        self.put("withdrawn", lines);
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

    async fn learning(&mut self, app: &TestApp) {
        type Course = (String, bool, i64, Option<i64>, Option<i64>);
        let courses: Vec<Course> = all(
            app,
            "SELECT id, required, version, published_at, archived_at FROM course",
        )
        .await;
        let audience: Vec<(String, String, String)> =
            all(app, "SELECT course_id, kind, value FROM course_audience").await;
        let done: Vec<(String, i64, String, i64)> = all(
            app,
            "SELECT course_id, version, learner, completed_at FROM course_completion",
        )
        .await;
        let mut lines = Vec::new();
        for (course, required, version, published, archived) in &courses {
            if !required || published.is_none() || archived.is_some() {
                continue;
            }
            for staff in self.staff.iter().filter(|s| !s.left) {
                let is_set = audience.iter().any(|(of, kind, value)| {
                    of == course
                        && match kind.as_str() {
                            "all" => true,
                            "role" => *value == staff.role,
                            "person" => *value == staff.id,
                            "unit" => staff.above.contains(value),
                            _ => false,
                        }
                });
                if !is_set {
                    continue;
                }
                let completed = done.iter().any(|(of, in_version, learner, _)| {
                    of == course
                        && in_version == version
                        && staff_of(learner).as_ref() == Some(&staff.id)
                });
                let line = Line::new(Some(staff.id.clone()), String::new())
                    .mark("completed", completed)
                    .mark("missing", !completed);
                lines.push(Line {
                    course: course.clone(),
                    ..line
                });
            }
        }
        self.put("assignment", lines);
        let lines = done
            .into_iter()
            .filter_map(|(course, _, learner, at)| {
                Some(Line {
                    course,
                    ..Line::new(Some(staff_of(&learner)?), day(at))
                })
            })
            .collect();
        self.put("completion", lines);
        let lessons: Vec<(String, String, Option<i64>)> = all(
            app,
            "SELECT learner, course_id, completed_at FROM lesson_progress",
        )
        .await;
        let lines = lessons
            .into_iter()
            .filter_map(|(learner, course, at)| {
                let staff = staff_of(&learner)?;
                Some(Line {
                    key: staff.clone(),
                    course,
                    ..Line::new(Some(staff), day(at?))
                })
            })
            .collect();
        self.put("lesson", lines);
        let answers: Vec<(String, bool, i64)> =
            all(app, "SELECT learner, correct, at FROM first_answer").await;
        let lines = answers
            .into_iter()
            .filter_map(|(learner, correct, at)| {
                let line = Line::new(Some(staff_of(&learner)?), day(at));
                Some(line.mark("correct", correct))
            })
            .collect();
        self.put("answer", lines);
    }

    async fn field(&mut self, app: &TestApp) {
        type Visit = (String, String, Option<String>, i64, String, String);
        let visits: Vec<Visit> = all(
            app,
            "SELECT id, staff_id, terminal_id, at, review, flags FROM visit",
        )
        .await;
        let met: Vec<(String, String)> = all(app, "SELECT visit_id, hcp_id FROM visit_hcp").await;
        let (mut lines, mut people) = (Vec::new(), Vec::new());
        for (id, staff, terminal, at, review, flags) in visits {
            let hcps: Vec<&Hcp> = met
                .iter()
                .filter(|m| m.0 == id)
                .map(|m| &self.hcps[&m.1])
                .collect();
            people.extend(hcps.iter().map(|h| Line {
                key: h.id.clone(),
                ..Line::new(Some(staff.clone()), day(at)).of_hcp(Some(*h))
            }));
            let line = Line::new(Some(staff.clone()), day(at))
                .mark("reviewed", review != "new")
                .mark("flagged", flags != "[]");
            lines.push(Line {
                key: staff,
                specialties: hcps.iter().map(|h| h.specialty.clone()).collect(),
                ..self.at(line, terminal.as_deref())
            });
        }
        self.put("visit", lines);
        self.put("met", people);
        type Plan = (
            String,
            Option<String>,
            Option<String>,
            String,
            Option<String>,
            Option<i64>,
        );
        let plans: Vec<Plan> = all(
            app,
            "SELECT staff_id, terminal_id, hcp_id, day, visit_id, cancelled_at FROM visit_plan",
        )
        .await;
        let today = day(now());
        let lines = plans
            .into_iter()
            .filter(|plan| plan.5.is_none() && plan.3 <= today)
            .map(|(staff, terminal, hcp, day, visit, _)| {
                let line = Line::new(Some(staff), day)
                    .mark("kept", visit.is_some())
                    .of_hcp(hcp.and_then(|hcp| self.hcps.get(&hcp)));
                self.at(line, terminal.as_deref())
            })
            .collect();
        self.put("plan", lines);
        let checkins: Vec<(String, String, Option<String>, i64, String)> = all(
            app,
            "SELECT staff_id, kind, terminal_id, at, flags FROM checkin",
        )
        .await;
        let lines = checkins
            .into_iter()
            .filter(|c| c.1 == "in")
            .map(|(staff, _, terminal, at, flags)| {
                let line = Line::new(Some(staff), day(at)).mark("flagged", flags != "[]");
                self.at(line, terminal.as_deref())
            })
            .collect();
        self.put("checkin", lines);
    }

    async fn rest(&mut self, app: &TestApp) {
        type Sold = (
            String,
            Option<String>,
            Option<String>,
            Option<String>,
            String,
        );
        let lines: Vec<Sold> = all(
            app,
            "SELECT month, terminal_id, product_id, credited_id, state FROM flow_line",
        )
        .await;
        let lines = lines
            .into_iter()
            .filter(|l| matches!(l.4.as_str(), "open" | "confirmed" | "appealed"))
            .map(|(month, terminal, product, credited, state)| {
                let line = Line::new(credited, month).mark("confirmed", state == "confirmed");
                Line {
                    products: product.into_iter().collect(),
                    ..self.at(line, terminal.as_deref())
                }
            })
            .collect();
        self.put("line", lines);
        let appeals: Vec<(String, Option<String>, String, String, i64)> = all(
            app,
            "SELECT terminal_id, product_id, state, staff_id, created_at FROM flow_appeal",
        )
        .await;
        let (mut lines, mut open) = (Vec::new(), Vec::new());
        for (terminal, product, state, staff, at) in appeals {
            let line = Line {
                products: product.into_iter().collect(),
                ..self.at(Line::new(Some(staff), day(at)), Some(&terminal))
            };
            if matches!(state.as_str(), "manager" | "operations") {
                open.push(line.clone());
            }
            lines.push(line);
        }
        self.put("appeal", lines);
        self.put("open_appeal", open);
        let (today, soon) = (day(now()), day(now() + 30 * DAY));
        let articles: Vec<(String, String, String)> =
            all(app, "SELECT id, status, expires_on FROM article").await;
        let lines = articles
            .into_iter()
            .map(|(id, status, expires)| {
                let shown = status == "published" && expires >= today;
                let line = Line::new(None, String::new())
                    .mark("published", shown)
                    .mark("review", status == "in_review")
                    .mark("expiring", shown && expires <= soon);
                Line {
                    products: self.about(&id),
                    article: id,
                    ..line
                }
            })
            .collect();
        self.put("article", lines);
        type Told = (String, i64, String, Option<i64>, Option<i64>, Option<i64>);
        let events: Vec<Told> = all(
            app,
            "SELECT staff_id, created_at, due_day, first_step_at, submitted_at, closed_at FROM adverse_event",
        )
        .await;
        let (mut lines, mut open) = (Vec::new(), Vec::new());
        for (staff, at, due, step, submitted, closed) in events {
            let late = (step.is_none() && at < now() - DAY) || (submitted.is_none() && due < today);
            let line = Line::new(Some(staff), day(at)).mark("late", late);
            if closed.is_none() {
                open.push(line.clone());
            }
            lines.push(line);
        }
        self.put("event", lines);
        self.put("open_event", open);
        let acts: Vec<(String, i64, String)> =
            all(app, "SELECT actor_id, at, action FROM audit_log").await;
        let lines = acts
            .into_iter()
            .map(|(actor, at, action)| {
                let out = action.ends_with(".export") || action.ends_with(".download");
                Line::new(Some(actor), day(at))
                    .mark("revealed", action == "hcp.reveal_phone")
                    .mark("exported", out)
            })
            .collect();
        self.put("audit", lines);
    }
}
