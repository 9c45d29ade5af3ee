//! Links and views of seventy days in the order of time, written through the app's own code where sums are kept.

use std::collections::BTreeMap;

use mailuo::insight::rollup::{Change, Column};
use mailuo::server::db::q;
use mailuo::server::time::{MINUTE, shift_day};
use mailuo::sharing::tracker::{self, Hit, NewLink};
use mailuo::sharing::{rules, store};

use super::world::{Dice, World, actor_of, move_to};
use crate::support::TestApp;

/// Han characters of the articles that [`TestApp::article`] writes.
pub const HAN: i64 = 1200;

/// A link that was made.
#[derive(Debug, Clone)]
pub struct Made {
    pub token: String,
    pub article: String,
    pub parent: Option<String>,
    pub root: String,
    pub staff: Option<String>,
    pub level: i64,
    pub sharer: String,
}

enum Act {
    /// A rep makes a link.
    Root,
    /// An HCP shares from the library.
    OwnRoot,
    /// Somebody opens some link.
    View,
    /// A view of the library.
    Library,
    /// The same reader opens the same link again.
    Again(Box<Hit>),
    /// The same view goes on.
    On(Box<Hit>),
    Press(String),
    Move,
}

pub struct Sharing<'a> {
    app: &'a TestApp,
    world: &'a World,
    pub links: Vec<Made>,
    views: usize,
    queue: BTreeMap<(i64, usize), Act>,
    queued: usize,
}

/// Two months of sharing, and some of today through the very functions of the pages.
pub async fn fill(app: &TestApp, dice: &mut Dice, world: &World) {
    let mut sharing = Sharing::new(app, world);
    for back in (0..70).rev() {
        for _ in 0..dice.n(3) {
            let at = dice.on(back);
            sharing.push(at, Act::Root);
        }
        let busy = if matches!(back, 0 | 1 | 29 | 30) {
            12
        } else {
            7
        };
        for _ in 0..dice.n(busy) {
            let at = dice.on(back);
            sharing.push(at, Act::View);
        }
        if dice.is(0.2) {
            let at = dice.on(back);
            sharing.push(at, Act::OwnRoot);
            let at = dice.on(back);
            sharing.push(at, Act::Library);
        }
    }
    // Somebody moves in the middle of it all.
    let at = dice.on(25);
    sharing.push(at, Act::Move);
    // Every act is done at its moment and none after now.
    sharing.run(dice).await;
    for id in world.field.iter().step_by(2) {
        let actor = actor_of(app, id).await;
        if !actor.role.may(mailuo::shared::Permission::Share) {
            continue;
        }
        let mut listed = world.hcps.iter().filter(|h| h.owner.as_ref() == Some(id));
        let to: Vec<String> = listed
            .find(|h| h.state == "listed")
            .map(|h| h.id.clone())
            .into_iter()
            .collect();
        store::share(
            &app.state,
            &actor,
            &format!("k-{id}"),
            &world.articles[0],
            &to,
        )
        .await
        .expect("is shared");
    }
}

impl<'a> Sharing<'a> {
    pub fn new(app: &'a TestApp, world: &'a World) -> Sharing<'a> {
        Sharing {
            app,
            world,
            links: Vec::new(),
            views: 0,
            queue: BTreeMap::new(),
            queued: 0,
        }
    }

    fn push(&mut self, at: i64, act: Act) {
        self.queued += 1;
        self.queue.insert((at, self.queued), act);
    }

    async fn run(&mut self, dice: &mut Dice) {
        while let Some(((at, _), act)) = self.queue.pop_first() {
            if at > dice.now {
                continue;
            }
            match act {
                Act::Root => self.root(dice, at).await,
                Act::OwnRoot => self.own_root(dice, at).await,
                Act::View => self.view(dice, at).await,
                Act::Library => self.library(dice, at).await,
                Act::Again(hit) => {
                    let hit = Hit {
                        view_id: self.fresh(),
                        at,
                        ..*hit
                    };
                    record(self.app, &hit).await;
                }
                Act::On(hit) => record(self.app, &Hit { at, ..*hit }).await,
                Act::Press(token) => {
                    store::press(&self.app.state.db, &token)
                        .await
                        .expect("is pressed");
                }
                Act::Move => {
                    move_to(self.app, &self.world.mover, &self.app.units.district_b).await;
                }
            }
        }
    }

    fn fresh(&mut self) -> String {
        self.views += 1;
        format!("view{}", self.views)
    }

    /// A rep's link of an earlier day, as `store::share` makes one of today.
    async fn root(&mut self, dice: &mut Dice, at: i64) {
        let rep = dice.one(&self.world.field).clone();
        let own: Vec<&str> = self
            .world
            .hcps
            .iter()
            .filter(|h| h.owner.as_ref() == Some(&rep))
            .map(|h| h.id.as_str())
            .collect();
        let recipient = if own.is_empty() || dice.is(0.5) {
            None
        } else {
            Some(*dice.one(&own))
        };
        let token = format!("root{}", self.links.len());
        let article = dice.one(&self.world.articles).clone();
        let day = self.app.state.zone.day(at);
        let mut tx = self.app.state.db.begin().await.expect("begins");
        q("INSERT INTO share_link (token, article_id, sharer, root, root_staff_id, level, channel, recipient_id, \
           created_at, created_on, pressed_at) VALUES ($1, $2, $3, $1, $4, 1, 'link', $5, $6, $7, $6)")
        .bind(&token)
        .bind(&article)
        .bind(format!("staff:{rep}"))
        .bind(&rep)
        .bind(recipient)
        .bind(at)
        .bind(&day)
        .exec(&mut tx)
        .await
        .expect("is made");
        tracker::insert_closure(&mut tx, &token, None)
            .await
            .expect("is tied");
        let mut change = Change::default();
        change.add(&day, &rep, &article, Column::Created, 1);
        change.write(&mut tx).await.expect("is summed");
        tx.commit().await.expect("commits");
        self.links.push(Made {
            root: token.clone(),
            token,
            article,
            parent: None,
            staff: Some(rep.clone()),
            level: 1,
            sharer: format!("staff:{rep}"),
        });
    }

    async fn own_root(&mut self, dice: &mut Dice, at: i64) {
        let sharer = format!("hcp:{}", dice.one(&self.world.named));
        let token = format!("own{}", self.links.len());
        let made = Made {
            root: token.clone(),
            token,
            article: dice.one(&self.world.articles).clone(),
            parent: None,
            staff: None,
            level: 1,
            sharer,
        };
        insert(self.app, &made, at).await;
        self.links.push(made);
    }

    /// The readers: named HCPs, visitors, and staff, who never count.
    fn reader(&self, dice: &mut Dice) -> (String, Option<String>, bool) {
        match dice.n(10) {
            0..=3 => {
                let pool = if dice.is(0.5) {
                    &self.world.withdrew
                } else {
                    &self.world.named
                };
                let hcp = dice.one(pool);
                (format!("hcp:{hcp}"), Some(format!("browser-{hcp}")), false)
            }
            4..=8 => (format!("vis:v{}", dice.n(14)), None, false),
            _ => {
                let staff = dice.one(&self.world.everybody);
                (format!("staff:{staff}"), None, true)
            }
        }
    }

    async fn view(&mut self, dice: &mut Dice, at: i64) {
        if self.links.is_empty() {
            return;
        }
        let link = dice.one(&self.links).clone();
        let (reader, visitor, staff) = self.reader(dice);
        let own = staff || self.above(&link).iter().any(|l| l.sharer == reader);
        let address = format!("{}+{reader}", link.token);
        if !own && !self.links.iter().any(|l| l.token == address) {
            let made = Made {
                token: address.clone(),
                article: link.article.clone(),
                parent: Some(link.token.clone()),
                root: link.root.clone(),
                staff: link.staff.clone(),
                level: link.level + 1,
                sharer: reader.clone(),
            };
            insert(self.app, &made, at).await;
            self.links.push(made);
        }
        let hit = Hit {
            view_id: self.fresh(),
            article_id: link.article.clone(),
            link: Some(link.token.clone()),
            root_staff_id: link.staff.clone(),
            reader,
            visitor,
            own,
            at,
            dwell_ms: dice.is(0.6).then(|| dice.n(15_000) as i64),
            depth: Some(dice.n(101) as i64),
            expected_ms: rules::expected_ms(HAN),
        };
        record(self.app, &hit).await;
        // Minutes later the reader has come further: to the end, or not quite.
        if dice.is(0.5) {
            let deep = *dice.one(&[50, 89, 90, 100]);
            let dwell = *dice.one(&[59_999, 60_000, 200_000, 40 * MINUTE]);
            let on = Hit {
                dwell_ms: Some(dwell),
                depth: Some(deep),
                ..hit.clone()
            };
            let later = at + dice.one(&[1, 2, 35]) * MINUTE;
            self.push(later, Act::On(Box::new(on)));
        }
        if dice.is(0.3) {
            let later = *dice.one(&[
                1_000,
                29_999,
                30_000,
                30 * MINUTE,
                30 * MINUTE + 1,
                50 * MINUTE,
            ]);
            self.push(at + later, Act::Again(Box::new(hit)));
        }
        if !own && dice.is(0.2) {
            self.push(at + MINUTE, Act::Press(address));
        }
    }

    async fn library(&mut self, dice: &mut Dice, at: i64) {
        let (reader, visitor, own) = self.reader(dice);
        let hit = Hit {
            view_id: self.fresh(),
            article_id: dice.one(&self.world.articles).clone(),
            link: None,
            root_staff_id: None,
            reader,
            visitor,
            own,
            at,
            dwell_ms: None,
            depth: None,
            expected_ms: rules::expected_ms(HAN),
        };
        record(self.app, &hit).await;
    }

    /// The link with those above it.
    fn above(&self, link: &Made) -> Vec<&Made> {
        let mut out = Vec::new();
        let mut at = Some(link.token.clone());
        while let Some(found) = self.links.iter().find(|l| Some(&l.token) == at.as_ref()) {
            out.push(found);
            at.clone_from(&found.parent);
        }
        out
    }
}

pub async fn insert(app: &TestApp, made: &Made, at: i64) {
    let link = NewLink {
        token: made.token.clone(),
        article_id: made.article.clone(),
        sharer: made.sharer.clone(),
        parent: made.parent.clone(),
        root: made.root.clone(),
        root_staff_id: made.staff.clone(),
        level: made.level,
        at,
    };
    let mut tx = app.state.db.begin().await.expect("begins");
    tracker::insert_link(&mut tx, &app.state.zone, &link)
        .await
        .expect("is made");
    tx.commit().await.expect("commits");
}

pub async fn record(app: &TestApp, hit: &Hit) {
    let mut tx = app.state.db.begin().await.expect("begins");
    let mut change = Change::default();
    tracker::record(&mut tx, &app.state.zone, hit, &mut change)
        .await
        .expect("is recorded");
    change.write(&mut tx).await.expect("is summed");
    tx.commit().await.expect("commits");
}

/// A batch that holds the last moment of a day and the first of the next: one reader, two articles.
pub async fn over_midnight(app: &TestApp, rep: &str, articles: [&str; 2]) {
    let zone = &app.state.zone;
    let midnight = zone.start_of(&zone.today()).expect("a day");
    let yesterday = shift_day(&zone.today(), -1);
    let mut tx = app.state.db.begin().await.expect("begins");
    let mut change = Change::default();
    for (n, (article, at)) in articles
        .into_iter()
        .zip([midnight - 1, midnight])
        .enumerate()
    {
        let token = format!("midnight{n}");
        q("INSERT INTO share_link (token, article_id, sharer, root, root_staff_id, level, channel, created_at, \
           created_on, pressed_at) VALUES ($1, $2, $3, $1, $4, 1, 'link', $5, $6, $5)")
        .bind(&token)
        .bind(article)
        .bind(format!("staff:{rep}"))
        .bind(rep)
        .bind(midnight - MINUTE)
        .bind(&yesterday)
        .exec(&mut tx)
        .await
        .expect("is made");
        tracker::insert_closure(&mut tx, &token, None)
            .await
            .expect("is tied");
        change.add(&yesterday, rep, article, Column::Created, 1);
        let hit = Hit {
            view_id: format!("{token}-view"),
            article_id: article.to_owned(),
            link: Some(token),
            root_staff_id: Some(rep.to_owned()),
            reader: "vis:night".into(),
            visitor: None,
            own: false,
            at,
            dwell_ms: None,
            depth: None,
            expected_ms: 1,
        };
        tracker::record(&mut tx, zone, &hit, &mut change)
            .await
            .expect("is recorded");
    }
    change.write(&mut tx).await.expect("is summed");
    tx.commit().await.expect("commits");
}
