//! Kept sums through all that happens to them: counted again they are the same, and what is broken is mended.

use std::collections::BTreeMap;

use mailuo::duplicate::merge;
use mailuo::insight::model::BoardFilter;
use mailuo::insight::rollup;
use mailuo::server::crypto;
use mailuo::server::db::q;
use mailuo::server::time::{MINUTE, now};
use mailuo::shared::{Permission, Role};
use mailuo::sharing::tracker::{Hit, NewLink};
use mailuo::sharing::{rules, store};

use super::boards::{Found, boards};
use super::lines::Data;
use super::recount::Recount;
use super::sharing::{HAN, over_midnight};
use super::world::{Dice, World, actor_of, move_to, put, row};
use super::worst;
use crate::duplicate::exec;
use crate::support::TestApp;

const SUMS: &str =
    "pv, rereads, finished, created, opened, was_read, was_passed, was_reopened, passed";

/// All kept sums as text; a row of noughts is as good as none.
async fn dump(app: &TestApp) -> BTreeMap<&'static str, Vec<String>> {
    let nines = SUMS.replace(", ", " <> 0 OR ") + " <> 0";
    let flow = "quantity, fen, line_count, open_count, confirmed_count, appealed_count";
    let tables = [
        ("share_day", format!("staff_id, day, {SUMS}"), nines.clone()),
        ("unit_day", format!("unit_id, day, {SUMS}"), nines.clone()),
        (
            "article_day",
            format!("article_id, day, {SUMS}"),
            nines.clone(),
        ),
        (
            "unit_article_day",
            format!("unit_id, day, article_id, {SUMS}"),
            nines,
        ),
        (
            "reach",
            "unit_id, day, prev_on, kind, n".into(),
            "n <> 0".into(),
        ),
        (
            "unit_article_reach",
            "unit_id, article_id, day, prev_on, kind, n".into(),
            "n <> 0".into(),
        ),
        (
            "share_link",
            "token, CASE WHEN was_read THEN 1 ELSE 0 END, CASE WHEN was_passed THEN 1 ELSE 0 END, \
             CASE WHEN was_reopened THEN 1 ELSE 0 END"
                .into(),
            "1 = 1".into(),
        ),
        (
            "flow_sum",
            format!("month, terminal_id, product_id, distributor_id, credited_id, {flow}"),
            "1 = 1".into(),
        ),
        (
            "flow_terminal_sum",
            format!("month, terminal_id, credited_id, {flow}"),
            "1 = 1".into(),
        ),
    ];
    let mut out = BTreeMap::new();
    for (table, columns, some) in tables {
        // Between the columns stands a stroke.
        let mut text = String::new();
        let mut depth = 0;
        for c in columns.chars() {
            depth += i32::from(c == '(') - i32::from(c == ')');
            match c {
                ',' if depth == 0 => text.push_str(" AS TEXT) || '|' || CAST("),
                c => text.push(c),
            }
        }
        let rows: Vec<(String,)> = q(format!(
            "SELECT CAST({text} AS TEXT) AS line FROM {table} WHERE {some}"
        ))
        .all(&app.state.db)
        .await
        .expect("rows");
        let mut rows: Vec<String> = rows.into_iter().map(|(line,)| line).collect();
        rows.sort();
        out.insert(table, rows);
    }
    out
}

/// What a recount finds to differ.
pub async fn differing(app: &TestApp) -> Vec<(String, i64)> {
    let found = rollup::recount(&app.state).await.expect("recounts");
    found.into_iter().filter(|(_, n)| *n != 0).collect()
}

/// Links and readers as they are now: token, article, root, rep, level.
type Link = (String, String, String, Option<String>, i64, String);

struct Acts<'a> {
    app: &'a TestApp,
    world: World,
    dice: Dice,
    n: usize,
    /// Views that may go on.
    open: Vec<Hit>,
}

impl Acts<'_> {
    async fn links(&self) -> Vec<Link> {
        q("SELECT token, article_id, root, root_staff_id, level, sharer FROM share_link ORDER BY token")
            .all(&self.app.state.db)
            .await
            .expect("rows")
    }

    /// One random act; gives what it was.
    async fn act(&mut self) -> &'static str {
        self.n += 1;
        match self.dice.n(10) {
            0..=4 => self.view().await,
            5 => self.go_on().await,
            6 => {
                let links = self.links().await;
                let token = self.dice.one(&links).0.clone();
                store::press(&self.app.state.db, &token)
                    .await
                    .expect("is pressed");
                "press"
            }
            7 => self.share().await,
            8 => {
                let units = &self.app.units;
                let units = [
                    &units.region_a,
                    &units.district_a,
                    &self.world.region_b,
                    &units.district_b,
                ];
                let unit = (*self.dice.one(&units)).clone();
                let who = [
                    &self.world.mover,
                    &self.world.field[0],
                    &self.world.field[4],
                ];
                let who = (*self.dice.one(&who)).clone();
                move_to(self.app, &who, &unit).await;
                "move"
            }
            _ => self.merge_or_undo().await,
        }
    }

    /// Somebody opens a link, through the queue, and has an address of their own from then on.
    async fn view(&mut self) -> &'static str {
        let links = self.links().await;
        let (token, article, root, staff, level, sharer) = self.dice.one(&links).clone();
        let (reader, visitor) = if self.dice.is(0.4) {
            let hcp = self.dice.one(&self.world.named).clone();
            (format!("hcp:{hcp}"), Some(format!("browser-{hcp}")))
        } else {
            (format!("vis:v{}", self.dice.n(14)), None)
        };
        let address = format!("{token}+{reader}");
        // Deep enough that trees do not grow without end.
        if level < 6 && sharer != reader && !links.iter().any(|l| l.0 == address) {
            let own = NewLink {
                token: address,
                article_id: article.clone(),
                sharer: reader.clone(),
                parent: Some(token.clone()),
                root,
                root_staff_id: staff.clone(),
                level: level + 1,
                at: now(),
            };
            assert!(self.app.state.tracker.link(own).await);
        }
        let own =
            store::is_below_own(&self.app.state.db, &token, std::slice::from_ref(&reader)).await;
        let hit = Hit {
            view_id: format!("act{}", self.n),
            article_id: article,
            link: Some(token),
            root_staff_id: staff,
            reader,
            visitor,
            own: own.expect("answers"),
            at: now(),
            dwell_ms: None,
            depth: Some(20),
            expected_ms: rules::expected_ms(HAN),
        };
        assert!(self.app.state.tracker.hit(hit.clone()).await);
        self.open.push(hit);
        "view"
    }

    /// A view goes on to its end.
    async fn go_on(&mut self) -> &'static str {
        if let Some(hit) = self.open.pop() {
            let on = Hit {
                at: hit.at + 5 * MINUTE,
                dwell_ms: Some(4 * MINUTE),
                depth: Some(*self.dice.one(&[60, 95])),
                ..hit
            };
            assert!(self.app.state.tracker.hit(on).await);
        }
        "finish"
    }

    async fn share(&mut self) -> &'static str {
        let who = self.dice.one(&self.world.field).clone();
        if who == self.world.gone {
            return "nothing";
        }
        let actor = actor_of(self.app, &who).await;
        if actor.role.may(Permission::Share) {
            let key = format!("act{}", self.n);
            store::share(&self.app.state, &actor, &key, &self.world.articles[0], &[])
                .await
                .expect("is shared");
        }
        "share"
    }

    async fn merge_or_undo(&mut self) -> &'static str {
        let app = self.app;
        let steward = app.actor(Role::Compliance).await;
        let last: Option<(String,)> =
            q("SELECT id FROM hcp_merge WHERE undone_at IS NULL ORDER BY at DESC, id DESC LIMIT 1")
                .optional(&app.state.db)
                .await
                .expect("answers");
        if let Some((id,)) = last
            && self.dice.is(0.6)
        {
            merge::undo(&app.state, &steward, &id)
                .await
                .expect("is undone");
            return "undo";
        }
        let standing: Vec<(String,)> =
            q("SELECT id FROM hcp WHERE state = 'onboarded' ORDER BY id")
                .all(&app.state.db)
                .await
                .expect("rows");
        let (a, b) = (
            self.dice.one(&standing).0.clone(),
            self.dice.one(&standing).0.clone(),
        );
        if a == b {
            return "nothing";
        }
        let (first, second) = (a.clone().min(b.clone()), a.clone().max(b));
        exec(
            app,
            &format!("DELETE FROM hcp_duplicate WHERE a_id = '{first}' AND b_id = '{second}'"),
        )
        .await;
        let pair = crypto::new_id();
        put(
            app,
            "hcp_duplicate (id, a_id, b_id, score, reasons, status, found_at)",
            vec![row![&pair, first, second, 90_i64, "[]", "open", 1_i64]],
        )
        .await;
        merge::merge(&app.state, &steward, &pair, &a, &[])
            .await
            .expect("merges");
        "merge"
    }
}

on_both!(sums_survive_what_happens, |app| {
    let world = World::build(&app).await;
    assert_eq!(differing(&app).await, [], "as the world was made");
    let mut acts = Acts {
        app: &app,
        world,
        dice: Dice::new(&app, 23),
        n: 0,
        open: Vec::new(),
    };
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    let mut last = Vec::new();
    for n in 0..160 {
        let act = acts.act().await;
        *done.entry(act).or_default() += 1;
        last.push(act);
        // Before the marked units are written anew, nothing else differs; afterwards nothing at all.
        if n % 4 == 0 || matches!(act, "merge" | "undo" | "move") {
            assert_eq!(differing(&app).await, [], "after {last:?}");
            last.clear();
        }
        if n % 8 == 0 {
            rollup::refresh(&app.state).await.expect("is written anew");
            assert_eq!(app.count("SELECT COUNT(*) FROM rollup_stale").await, 0);
            assert_eq!(differing(&app).await, [], "after act {n} and a refresh");
        }
    }
    for act in ["view", "finish", "press", "share", "move", "merge", "undo"] {
        assert!(done.contains_key(act), "{act} happened: {done:?}");
    }
    // The boards say the same while units wait, and once they were written anew.
    let who = &acts.world.field[4];
    let sql = format!("SELECT unit_id FROM staff WHERE id = '{who}'");
    let units = [&app.units.district_a, &app.units.district_b];
    let here = app.text(&sql).await;
    let unit = units.into_iter().find(|unit| **unit != here);
    move_to(&app, who, unit.expect("another one")).await;
    let mut wrong = Vec::new();
    for stale in [true, false] {
        let waiting = app.count("SELECT COUNT(*) FROM rollup_stale").await;
        assert_eq!(waiting > 0, stale);
        for id in [
            app.id_of(Role::Marketer).await,
            app.id_of(Role::Manager).await,
        ] {
            let actor = actor_of(&app, &id).await;
            let data = Data::load(&app).await;
            let recount = Recount::new(&data, &actor);
            let mut found = Found {
                recount: Some(&recount),
                place: format!("{:?}, stale: {stale}", actor.role),
                ..Found::default()
            };
            for (board, other) in boards(&app, &actor, &BoardFilter::default()).await {
                found.board(&board, &other);
            }
            wrong.append(&mut found.wrong);
        }
        rollup::refresh(&app.state).await.expect("is written anew");
    }
    assert!(wrong.is_empty(), "{}", worst(&wrong));

    let before = dump(&app).await;
    assert!(before.values().all(|rows| !rows.is_empty()));
    let found = rollup::rebuild(&app.state).await.expect("rebuilds");
    assert!(found.iter().all(|(_, n)| *n == 0), "{found:?}");
    assert_eq!(dump(&app).await, before, "rebuilt they are the same");
});

on_both!(what_is_broken_is_found_and_mended, |app| {
    World::build(&app).await;
    let whole = dump(&app).await;
    for (n, (table, sql)) in [
        (
            "share_day",
            "UPDATE share_day SET pv = pv + 1 WHERE day = (SELECT MAX(day) FROM share_day)",
        ),
        (
            "unit_day",
            "DELETE FROM unit_day WHERE day = (SELECT MAX(day) FROM unit_day)",
        ),
        ("article_day", "UPDATE article_day SET created = created - 1"),
        (
            "unit_article_day",
            "UPDATE unit_article_day SET finished = finished + 1 WHERE day = (SELECT MIN(day) FROM unit_article_day)",
        ),
        ("reach", "DELETE FROM reach WHERE prev_on = ''"),
        (
            "reach",
            "INSERT INTO reach (unit_id, day, prev_on, kind, n) SELECT id, '2020-01-01', '', 'vis', 1 FROM org_unit",
        ),
        ("unit_article_reach", "UPDATE unit_article_reach SET n = n + 1"),
        ("unit_article_reach", "DELETE FROM unit_article_reach WHERE prev_on = ''"),
        (
            "unit_article_reach",
            "INSERT INTO unit_article_reach (unit_id, article_id, day, prev_on, kind, n) \
             SELECT u.id, a.id, '2020-01-01', '', 'vis', 1 FROM org_unit u CROSS JOIN article a",
        ),
        (
            "share_link",
            "UPDATE share_link SET was_read = NOT was_read WHERE parent IS NULL",
        ),
        ("flow_sum", "UPDATE flow_sum SET open_count = open_count + 1"),
        ("flow_terminal_sum", "DELETE FROM flow_terminal_sum"),
    ]
    .into_iter()
    .enumerate()
    {
        exec(&app, sql).await;
        let broken = dump(&app).await;
        assert_ne!(broken, whole, "{sql}");
        let found = differing(&app).await;
        assert!(found.iter().any(|(name, _)| name == table), "{sql}: {found:?}");
        assert_eq!(dump(&app).await, broken, "a recount changes nothing");
        // Not twice in one night.
        if n == 0 {
            rollup::nightly(&app.state).await.expect("runs");
            assert_eq!(dump(&app).await, whole, "{sql}");
            exec(&app, sql).await;
            rollup::nightly(&app.state).await.expect("runs");
            assert_eq!(dump(&app).await, broken, "it ran a moment ago");
            exec(&app, "UPDATE job_run SET started_at = 1 WHERE name = 'rollup'").await;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            rollup::nightly(&app.state).await.expect("runs");
        } else {
            rollup::rebuild(&app.state).await.expect("rebuilds");
        }
        assert_eq!(dump(&app).await, whole, "{sql}");
        assert_eq!(differing(&app).await, [], "{sql}");
    }
    // What the nights found stands on the page of measures.
    let checks = rollup::checks(&app.state).await.expect("answers");
    assert!(!checks.is_empty());
    let noted = checks
        .iter()
        .flat_map(|check| &check.differing)
        .any(|(name, n)| name == "share_day" && *n > 0);
    assert!(noted, "{checks:?}");
});

on_both!(a_batch_over_midnight_is_summed_right, |app| {
    let rep = app.id_of(Role::Rep).await;
    let one = app.article("血压", "public", "2099-01-01").await;
    let other = app.article("血糖", "public", "2099-01-01").await;
    over_midnight(&app, &rep, [&one, &other]).await;
    assert_eq!(differing(&app).await, []);
});
