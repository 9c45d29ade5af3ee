//! Batches of views as the tracker writes them: many readers and reps, days in any order. Counted again the sums are the
//! same.

use mailuo::insight::rollup::{Change, Column};
use mailuo::server::db::q;
use mailuo::server::time::{HOUR, shift_day};
use mailuo::shared::Role;
use mailuo::sharing::tracker::{self, Hit};

use super::sums::differing;
use super::world::{Dice, World};
use crate::support::TestApp;

/// A rep's link: token, article, rep.
type Root = (String, String, String);

/// A link of each rep for each article, made some days ago.
async fn roots(app: &TestApp, reps: &[String], articles: &[String]) -> Vec<Root> {
    let zone = &app.state.zone;
    let day = shift_day(&zone.today(), -9);
    let at = zone.start_of(&day).expect("a day");
    let mut tx = app.state.db.begin().await.expect("begins");
    let mut change = Change::default();
    let mut out: Vec<Root> = Vec::new();
    for rep in reps {
        for article in articles {
            let token = format!("batch{}", out.len());
            q("INSERT INTO share_link (token, article_id, sharer, root, root_staff_id, level, channel, created_at, \
               created_on, pressed_at) VALUES ($1, $2, $3, $1, $4, 1, 'link', $5, $6, $5)")
            .bind(&token)
            .bind(article)
            .bind(format!("staff:{rep}"))
            .bind(rep)
            .bind(at)
            .bind(&day)
            .exec(&mut tx)
            .await
            .expect("is made");
            tracker::insert_closure(&mut tx, &token, None)
                .await
                .expect("is tied");
            change.add(&day, rep, article, Column::Created, 1);
            out.push((token, article.clone(), rep.clone()));
        }
    }
    change.write(&mut tx).await.expect("is summed");
    tx.commit().await.expect("commits");
    out
}

/// Writes views as one batch: of each its link, reader and moment.
async fn batch(app: &TestApp, name: &str, views: &[(&Root, String, i64)]) {
    let mut tx = app.state.db.begin().await.expect("begins");
    let mut change = Change::default();
    for (n, (link, reader, at)) in views.iter().enumerate() {
        let (token, article, rep) = *link;
        let hit = Hit {
            view_id: format!("{name}-{n}"),
            article_id: article.clone(),
            link: Some(token.clone()),
            root_staff_id: Some(rep.clone()),
            reader: reader.clone(),
            visitor: None,
            own: false,
            at: *at,
            dwell_ms: None,
            depth: None,
            expected_ms: 1,
        };
        tracker::record(&mut tx, &app.state.zone, &hit, &mut change)
            .await
            .expect("is recorded");
    }
    change.write(&mut tx).await.expect("is summed");
    tx.commit().await.expect("commits");
}

on_both!(batches_in_any_order_are_summed_right, |app| {
    let world = World::build(&app).await;
    let links = roots(&app, &world.field, &world.articles).await;
    assert_eq!(differing(&app).await, [], "as it was made");
    let mut dice = Dice::new(&app, 41);
    // The large one has more readers than one statement asks for, the others the same few again and again.
    for (n, size) in [1, 2, 3, 5, 8, 600, 1, 2, 5, 60].into_iter().enumerate() {
        let visitors = if size > 100 { 2_000 } else { 6 };
        let mut views: Vec<(&Root, String, i64)> = Vec::new();
        for _ in 0..size {
            let reader = if dice.is(0.3) {
                format!("hcp:{}", dice.one(&world.named))
            } else {
                format!("vis:b{}", dice.n(visitors))
            };
            // Mostly yesterday and today; days before come after them as well.
            let back = *dice.one(&[0, 0, 1, 1, 2, 4]);
            let at = dice.on(back);
            views.push((dice.one(&links), reader, at));
        }
        batch(&app, &format!("batch{n}"), &views).await;
        assert_eq!(differing(&app).await, [], "after batch {n}");
    }
});

on_both!(a_day_that_is_written_late_lies_between, |app| {
    let rep = app.id_of(Role::Rep).await;
    let mut articles = Vec::new();
    for title in ["血压", "血糖", "血脂"] {
        articles.push(app.article(title, "public", "2099-01-01").await);
    }
    let links = roots(&app, &[rep], &articles).await;
    let zone = &app.state.zone;
    let today = zone.today();
    let day = |back: i64| shift_day(&today, -back);
    let chains = [
        (1, vec![(day(1), String::new())]),
        (3, vec![(day(3), String::new()), (day(1), day(3))]),
        (
            2,
            vec![(day(3), String::new()), (day(2), day(3)), (day(1), day(2))],
        ),
    ];
    for (link, (back, chain)) in links.iter().zip(chains) {
        let at = zone.start_of(&day(back)).expect("a day") + HOUR;
        let view = (link, "vis:late".to_owned(), at);
        batch(&app, &format!("late{back}"), &[view]).await;
        let expected: Vec<(String, String, i64)> = chain
            .into_iter()
            .map(|(day, before)| (day, before, 1))
            .collect();
        for unit in [&app.units.company, &app.units.district_a] {
            let rows: Vec<(String, String, i64)> =
                q("SELECT day, prev_on, n FROM reach WHERE unit_id = $1 AND n <> 0 ORDER BY day")
                    .bind(unit)
                    .all(&app.state.db)
                    .await
                    .expect("rows");
            assert_eq!(rows, expected, "after {back} days back");
        }
        assert_eq!(differing(&app).await, []);
    }
    // An article has a chain of its own: what of it was read before, and not the days of the others.
    let (_, article, _) = &links[1];
    for (back, expected) in [
        (2, vec![(day(3), String::new()), (day(2), day(3))]),
        (
            1,
            vec![(day(3), String::new()), (day(2), day(3)), (day(1), day(2))],
        ),
    ] {
        let at = zone.start_of(&day(back)).expect("a day") + HOUR;
        let view = (&links[1], "vis:late".to_owned(), at);
        batch(&app, &format!("article{back}"), &[view]).await;
        let rows: Vec<(String, String)> = q(
            "SELECT day, prev_on FROM unit_article_reach WHERE unit_id = $1 AND article_id = $2 AND n = 1 ORDER BY day",
        )
        .bind(&app.units.company)
        .bind(article)
        .all(&app.state.db)
        .await
        .expect("rows");
        assert_eq!(rows, expected, "of the article after {back} days back");
        assert_eq!(differing(&app).await, []);
    }
});
