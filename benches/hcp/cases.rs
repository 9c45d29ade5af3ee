//! What is measured.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Instant;

use mailuo::hcp::list_model::Filter;
use mailuo::server::db::q;
use mailuo::shared::Role;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::app::{Bench, Person};
use crate::measure::{self, Reading, measure, times};
use crate::{Outcome, SEED};

/// Two-character terms whose answers are compared with `LIKE`.
const TERMS: usize = 500;
/// HCPs given to somebody else in one act.
const ASSIGNED: i64 = 1_000;
/// HCPs in a spreadsheet.
const EXPORTED: i64 = 10_000;

/// A list with two filters and an order.
struct ListCase {
    name: &'static str,
    /// As in the address.
    query: &'static str,
}

/// Percent-encoded, as addresses are: 心血管内科 and 福建省.
const LISTS: &[ListCase] = &[
    ListCase {
        name: "state and department by last contact",
        query: "state=onboarded&department=%E5%BF%83%E8%A1%80%E7%AE%A1%E5%86%85%E7%A7%91&sort=contact",
    },
    ListCase {
        name: "state and province by hospital",
        query: "state=listed&province=%E7%A6%8F%E5%BB%BA%E7%9C%81&sort=hospital",
    },
];

impl Bench {
    /// Measures everything; a section of the report.
    pub async fn run(&self) -> Outcome<String> {
        let admin = self.person(Role::Admin).await?;
        let mut out = format!("\n### {}\n\n{}", self.engine, measure::head());
        for role in [Role::Admin, Role::Manager, Role::Rep] {
            let person = self.person(role).await?;
            for case in LISTS {
                out.push_str(&self.list(&person, role, case).await?);
            }
        }
        let terms = self.terms().await?;
        let mut single: Vec<String> = terms
            .iter()
            .filter_map(|term| term.chars().next().map(String::from))
            .collect();
        single.sort_unstable();
        single.dedup();
        for role in [Role::Admin, Role::Manager] {
            let person = self.person(role).await?;
            out.push_str(&self.search(&person, role, "two characters", &terms).await?);
            out.push_str(&self.search(&person, role, "one character", &single).await?);
            out.push_str(&self.choices(&person, role).await?);
        }
        out.push_str(&self.page().await?);
        out.push_str(&self.export(&admin).await?);
        out.push_str(&self.assign(&admin).await?);
        out.push_str(&self.recall(&admin, &terms).await?);
        Ok(out)
    }

    async fn list(&self, person: &Person, role: Role, case: &ListCase) -> Outcome<String> {
        let path = format!("/hcps?{}", case.query);
        let filter: Filter = serde_urlencoded::from_str(case.query)?;
        let page = measure(200, |_| self.get(&path, &person.cookie)).await?;
        let queries = times(200, |_| self.list_queries(person, &filter)).await?;
        let what = format!("list, {}, {}", case.name, role.code());
        Ok(page.row(&what, Some(queries)))
    }

    /// The queries of a page of the list.
    async fn list_queries(&self, person: &Person, filter: &Filter) -> Outcome<()> {
        mailuo::hcp::list::choices(&self.state.db, &person.actor).await?;
        mailuo::hcp::list::list(&self.state.db, &person.actor, filter, 1).await?;
        Ok(())
    }

    /// Two-character terms out of names, departments and hospitals, each known to stand somewhere.
    async fn terms(&self) -> Outcome<Vec<String>> {
        let mut rng = StdRng::seed_from_u64(SEED);
        let mut texts: Vec<String> = Vec::new();
        for sql in [
            "SELECT DISTINCT name FROM hcp WHERE state <> 'merged' ORDER BY name LIMIT 20000",
            "SELECT DISTINCT department FROM hcp ORDER BY department",
            "SELECT t.name FROM terminal t WHERE EXISTS (SELECT 1 FROM hcp h WHERE h.terminal_id = t.id) ORDER BY t.name",
        ] {
            let rows: Vec<(String,)> = q(sql).all(&self.state.db).await?;
            // As many of each kind, or the hundred thousand names would be all.
            let own: Vec<String> = (0..TERMS)
                .filter_map(|_| rows.choose(&mut rng).map(|(text,)| text.clone()))
                .collect();
            texts.extend(own);
        }
        let mut terms: Vec<String> = Vec::new();
        for _ in 0..100_000 {
            let Some(text) = texts.choose(&mut rng) else {
                break;
            };
            let han: Vec<char> = text
                .chars()
                .filter(|c| ('\u{4E00}'..='\u{9FFF}').contains(c))
                .collect();
            // Only where the filter took nothing out do two neighbours stand side by side.
            if han.len() < 2 || han.len() != text.chars().count() {
                continue;
            }
            let at = rng.random_range(0..han.len() - 1);
            let term: String = han[at..at + 2].iter().collect();
            if !terms.contains(&term) {
                terms.push(term);
            }
            if terms.len() == TERMS {
                break;
            }
        }
        Ok(terms)
    }

    /// What the fields of the filter offer.
    async fn choices(&self, person: &Person, role: Role) -> Outcome<String> {
        let asked = measure(50, |_| self.get("/api/hcps/choices", &person.cookie)).await?;
        Ok(asked.row(&format!("choices of the filter, {}", role.code()), None))
    }

    async fn search(
        &self,
        person: &Person,
        role: Role,
        of: &str,
        terms: &[String],
    ) -> Outcome<String> {
        let paths: Vec<String> = terms
            .iter()
            .map(|term| serde_urlencoded::to_string([("text", term)]))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .map(|query| format!("/api/hcps/list?{query}"))
            .collect();
        let asked = measure(paths.len(), |i| self.get(&paths[i], &person.cookie)).await?;
        let queries = times(terms.len(), |i| self.search_queries(person, &terms[i])).await?;
        Ok(asked.row(&format!("search, {of}, {}", role.code()), Some(queries)))
    }

    async fn search_queries(&self, person: &Person, term: &str) -> Outcome<()> {
        let filter = Filter {
            text: term.to_owned(),
            ..Filter::default()
        };
        mailuo::hcp::list::list(&self.state.db, &person.actor, &filter, 1).await?;
        Ok(())
    }

    /// The page of each of a hundred HCPs of the rep.
    async fn page(&self) -> Outcome<String> {
        let rep = self.person(Role::Rep).await?;
        let ids: Vec<(String,)> = q("SELECT id FROM hcp WHERE owner_id = $1 ORDER BY id LIMIT 100")
            .bind(&rep.actor.id)
            .all(&self.state.db)
            .await?;
        if ids.is_empty() {
            return Err("the rep has HCPs".into());
        }
        let paths: Vec<String> = ids.iter().map(|(id,)| format!("/hcps/{id}")).collect();
        let page = measure(200, |i| self.get(&paths[i % paths.len()], &rep.cookie)).await?;
        let queries = times(200, |i| self.page_queries(&rep, &ids[i % ids.len()].0)).await?;
        Ok(page.row("HCP page, rep", Some(queries)))
    }

    /// The queries of an HCP's page.
    async fn page_queries(&self, person: &Person, id: &str) -> Outcome<()> {
        mailuo::hcp::record::view::view(&self.state, &person.actor, id).await?;
        Ok(())
    }

    /// Ten thousand picked HCPs as a spreadsheet.
    async fn export(&self, admin: &Person) -> Outcome<String> {
        let picked = self.pick(admin, EXPORTED).await?;
        let path = "/hcps/export.xlsx?selection=true";
        let asked = measure(5, |_| self.get(path, &admin.cookie)).await?;
        let queries = times(5, |_| self.export_queries(admin)).await?;
        Ok(asked.row(&format!("export of {picked}, admin"), Some(queries)))
    }

    /// What such a spreadsheet holds, in one query.
    async fn export_queries(&self, admin: &Person) -> Outcome<()> {
        let rows: Vec<(String, String, String, String, Option<String>)> =
            q("SELECT h.id, h.name, h.title, COALESCE(t.name, h.hospital_text), s.name FROM hcp_selection p \
             JOIN hcp h ON h.id = p.hcp_id LEFT JOIN terminal t ON t.id = h.terminal_id \
             LEFT JOIN staff s ON s.id = h.owner_id WHERE p.staff_id = $1 AND h.state <> 'merged' ORDER BY h.id")
            .bind(&admin.actor.id)
            .all(&self.state.db)
            .await?;
        std::hint::black_box(rows);
        Ok(())
    }

    /// Picks so many HCPs that the rep does not own, and no others; gives how many there were.
    async fn pick(&self, by: &Person, most: i64) -> Outcome<u64> {
        let rep = self.person(Role::Rep).await?;
        q("DELETE FROM hcp_selection WHERE staff_id = $1")
            .bind(&by.actor.id)
            .exec(&self.state.db)
            .await?;
        let picked = q("INSERT INTO hcp_selection (staff_id, hcp_id, at) SELECT CAST($1 AS TEXT), id, CAST($2 AS BIGINT) FROM hcp \
             WHERE state IN ('listed', 'invited', 'onboarded') AND owner_id IS NOT NULL AND owner_id <> $3 \
             ORDER BY id LIMIT $4")
        .bind(&by.actor.id)
        .bind(0_i64)
        .bind(&rep.actor.id)
        .bind(most)
        .exec(&self.state.db)
        .await?;
        Ok(picked)
    }

    /// A thousand picked HCPs go to the rep, and back: five times.
    async fn assign(&self, admin: &Person) -> Outcome<String> {
        let rep = self.person(Role::Rep).await?;
        let picked = self.pick(admin, ASSIGNED).await?;
        let mut taken = Vec::new();
        for turn in 0..5 {
            let from = Instant::now();
            let transfer = self.transfer(admin, &rep, picked, turn).await?;
            taken.push(from.elapsed());
            self.undo(admin, &transfer).await?;
        }
        self.pick(admin, 0).await?;
        let reading = Reading {
            taken,
            at_once: None,
        };
        Ok(reading.row(&format!("bulk assign of {picked}, admin"), None))
    }

    /// Gives the picked HCPs to a person; the transfer's id.
    async fn transfer(&self, admin: &Person, to: &Person, seen: u64, turn: u32) -> Outcome<String> {
        let (key, seen) = (format!("bench-{}-{turn}", admin.cookie), seen.to_string());
        let form = [
            ("form_key", key.as_str()),
            ("kind", "selection"),
            ("to", to.actor.id.as_str()),
            ("reason", "bench"),
            ("seen", seen.as_str()),
        ];
        let answer = self
            .post("/api/ownership/transfer", &admin.cookie, &form)
            .await?;
        let saved: serde_json::Value = serde_json::from_slice(&answer)?;
        let next = saved["next"].as_str().unwrap_or_default();
        Ok(next
            .trim_start_matches("/transfers/")
            .split('?')
            .next()
            .unwrap_or_default()
            .to_owned())
    }

    async fn undo(&self, admin: &Person, transfer: &str) -> Outcome<()> {
        let form = [("id", transfer)];
        self.post("/api/ownership/undo_transfer", &admin.cookie, &form)
            .await?;
        Ok(())
    }

    /// Whether the search finds all that `LIKE` finds; what it misses is named.
    async fn recall(&self, admin: &Person, terms: &[String]) -> Outcome<String> {
        let db = &self.state.db;
        let (mut expected, mut missed, mut misses) = (0, 0, String::new());
        for term in terms {
            let pattern = format!("%{term}%");
            let mut like = q(
                "SELECT h.id FROM hcp h LEFT JOIN terminal t ON t.id = h.terminal_id WHERE h.state <> 'merged'",
            );
            like.push_with(
                " AND (h.name LIKE ? OR h.department LIKE ? OR h.title LIKE ? OR t.name LIKE ?)",
                [&pattern; 4],
            );
            let like: Vec<(String,)> = like.all(db).await?;
            let filter = Filter {
                text: term.clone(),
                ..Filter::default()
            };
            let found: HashSet<String> =
                mailuo::hcp::list::ids(db, &admin.actor, &filter, 1_000_000)
                    .await?
                    .into_iter()
                    .collect();
            let lost = like.iter().filter(|(id,)| !found.contains(id)).count();
            if lost > 0 {
                let _ = writeln!(misses, "- {term}: {lost} of {} missed", like.len());
            }
            expected += like.len();
            missed += lost;
        }
        let share = 100.0 * (expected - missed) as f64 / expected.max(1) as f64;
        Ok(format!(
            "\nRecall of {} two-character terms against LIKE over name, department, title and hospital: {share:.3} % \
             ({missed} of {expected} missed)\n{misses}",
            terms.len()
        ))
    }
}
