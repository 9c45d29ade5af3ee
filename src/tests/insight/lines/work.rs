//! What staff do: courses and questions, visits and plans, flow, articles, adverse events, acts in the audit log.

use mailuo::server::time::{DAY, now};

use super::{Data, Hcp, Line, all, day, staff_of};
use crate::support::TestApp;

impl Data {
    pub(super) async fn learning(&mut self, app: &TestApp) {
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

    pub(super) async fn field(&mut self, app: &TestApp) {
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

    pub(super) async fn rest(&mut self, app: &TestApp) {
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
