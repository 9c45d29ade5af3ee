//! Two months of plausible sharing.

use std::collections::{HashMap, HashSet};

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::server::db::{Rows, Tx, insert_many, q};
use crate::server::{AppState, crypto, time};
use crate::shared::AppError;
use crate::sharing::rules;

struct Article {
    id: String,
    professional: bool,
    expected_ms: i64,
}

/// A link before it is written.
struct Link {
    token: String,
    article: usize,
    sharer: String,
    parent: Option<usize>,
    root: usize,
    staff: usize,
    level: i64,
    recipient: Option<String>,
    at: i64,
    pressed: bool,
    opened_at: Option<i64>,
}

/// A view before it is judged.
struct View {
    link: usize,
    reader: String,
    at: i64,
    dwell_ms: Option<i64>,
    depth: i64,
}

struct World<'a> {
    state: &'a AppState,
    rng: &'a mut StdRng,
    now: i64,
    articles: Vec<Article>,
    /// Rep's id and their onboarded HCPs who agreed to be named.
    reps: Vec<(String, Vec<String>)>,
    links: Vec<Link>,
    views: Vec<View>,
    visitors: u64,
    /// Tokens of readers' own links: one a reader and parent.
    seen: HashSet<String>,
}

/// Writes about `wanted` views and gives how many there are.
pub async fn load(
    state: &AppState,
    tx: &mut Tx,
    rng: &mut StdRng,
    wanted: usize,
) -> Result<usize, AppError> {
    let articles: Vec<(String, String, i64)> =
        q("SELECT id, audience, han_count FROM article WHERE status = 'published' ORDER BY approval_no").all(&mut *tx).await?;
    let staff: Vec<(String,)> = q("SELECT id FROM staff WHERE role = 'rep' ORDER BY employee_no")
        .all(&mut *tx)
        .await?;
    let named: Vec<(String, String)> = q("SELECT h.owner_id, h.id FROM hcp h JOIN consent c ON c.hcp_id = h.id \
         AND c.purpose = 'tracking' AND c.granted WHERE h.state = 'onboarded' ORDER BY h.pinyin, h.phone_masked, h.id")
    .all(&mut *tx)
    .await?;
    let mut own: HashMap<String, Vec<String>> = HashMap::new();
    for (owner, hcp) in named {
        own.entry(owner).or_default().push(hcp);
    }
    let mut world = World {
        state,
        rng,
        now: time::now(),
        articles: articles
            .into_iter()
            .map(|(id, audience, han)| Article {
                id,
                professional: audience == "professional",
                expected_ms: rules::expected_ms(han),
            })
            .collect(),
        reps: staff
            .into_iter()
            .map(|(id,)| {
                let hcps = own.remove(&id).unwrap_or_default();
                (id, hcps)
            })
            .collect(),
        links: Vec::new(),
        views: Vec::new(),
        visitors: 0,
        seen: HashSet::new(),
    };
    if world.articles.is_empty() || world.reps.is_empty() {
        return Ok(0);
    }
    while world.views.len() < wanted {
        world.root();
    }
    write(world, tx).await
}

impl World<'_> {
    /// A rep shares an article, now and then with nobody in particular.
    fn root(&mut self) {
        // Some share much more than others.
        let staff = (self.rng.random::<f64>().powf(1.6) * self.reps.len() as f64) as usize;
        let article = (self.rng.random::<f64>().powf(1.4) * self.articles.len() as f64) as usize;
        let day = self.rng.random_range(0..60);
        let at = self.now
            - day * time::DAY
            - self.rng.random_range(0..12) * time::HOUR
            - self.rng.random_range(0..time::HOUR);
        let recipient = if self.rng.random_bool(0.75) {
            self.reps[staff].1.choose(self.rng).cloned()
        } else {
            None
        };
        let index = self.links.len();
        self.links.push(Link {
            token: crypto::random_token(16),
            article,
            sharer: format!("staff:{}", self.reps[staff].0),
            parent: None,
            root: index,
            staff,
            level: 1,
            recipient: recipient.clone(),
            at,
            pressed: true,
            opened_at: None,
        });
        if let Some(hcp) = recipient
            && self.rng.random_bool(0.85)
        {
            self.reader(index, format!("hcp:{hcp}"));
        }
        let more = self.rng.random_range(0..3);
        for _ in 0..more {
            self.somebody(index);
        }
    }

    /// Another reader of a link: a colleague, or a visitor where the article is public.
    fn somebody(&mut self, link: usize) {
        let (staff, professional) = (
            self.links[link].staff,
            self.articles[self.links[link].article].professional,
        );
        if professional || self.rng.random_bool(0.25) {
            if let Some(hcp) = self.reps[staff].1.choose(self.rng) {
                let reader = format!("hcp:{hcp}");
                self.reader(link, reader);
            }
        } else {
            self.visitors += 1;
            self.reader(link, format!("vis:demo{:018}", self.visitors));
        }
    }

    fn reader(&mut self, link: usize, reader: String) {
        let (article, level, at) = (
            self.links[link].article,
            self.links[link].level,
            self.links[link].at,
        );
        let below_own = std::iter::successors(Some(link), |l| self.links[*l].parent)
            .any(|l| self.links[l].sharer == reader);
        if below_own {
            return;
        }
        let first = at + self.rng.random_range(time::MINUTE..2 * time::DAY);
        let token = self.state.keys.derived_token(&[
            "link",
            &self.links[link].token,
            &self.articles[article].id,
            &reader,
        ]);
        if first >= self.now || !self.seen.insert(token.clone()) {
            return;
        }
        let mut when = first;
        loop {
            let expected = self.articles[article].expected_ms as f64;
            let dwell = (expected * (0.08 + self.rng.random::<f64>().powi(2) * 1.4)) as i64;
            let dwell_ms = self
                .rng
                .random_bool(0.92)
                .then(|| dwell.min(rules::DWELL_MOST));
            let depth = (100.0 * self.rng.random::<f64>().sqrt()).round() as i64;
            self.views.push(View {
                link,
                reader: reader.clone(),
                at: when,
                dwell_ms,
                depth,
            });
            when += self.rng.random_range(10_000..3 * time::DAY);
            if when >= self.now || !self.rng.random_bool(0.22) {
                break;
            }
        }
        let own = self.links.len();
        let (root, staff) = (self.links[link].root, self.links[link].staff);
        self.links.push(Link {
            token,
            article,
            sharer: reader,
            parent: Some(link),
            root,
            staff,
            level: level + 1,
            recipient: None,
            at: first,
            pressed: false,
            opened_at: None,
        });
        let passes_on = if level < 5 {
            [0.0, 0.45, 0.3, 0.18, 0.1][level as usize]
        } else {
            0.0
        };
        if self.rng.random_bool(passes_on) {
            self.links[own].pressed = self.rng.random_bool(0.7);
            let readers = self.rng.random_range(1..5);
            for _ in 0..readers {
                self.somebody(own);
            }
        }
    }
}

/// Judges the views in the order of time and writes everything in bulk.
async fn write(mut world: World<'_>, tx: &mut Tx) -> Result<usize, AppError> {
    world.views.sort_by_key(|v| v.at);
    let mut last: HashMap<(String, usize), i64> = HashMap::new();
    let zone = &world.state.zone;
    let mut rows: Rows = Vec::with_capacity(world.views.len());
    for view in &world.views {
        let link = &world.links[view.link];
        let article = &world.articles[link.article];
        let key = (view.reader.clone(), link.article);
        let (counts, reread) = rules::judge(view.at, last.get(&key).copied());
        if counts {
            last.insert(key, view.at);
        }
        let finished =
            rules::is_finished(view.depth, view.dwell_ms.unwrap_or(0), article.expected_ms);
        rows.push(vec![
            crypto::new_id().into(),
            (&article.id).into(),
            (&link.token).into(),
            (&world.reps[link.staff].0).into(),
            (&view.reader).into(),
            view.at.into(),
            zone.day(view.at).into(),
            if counts { "pv" } else { "repeat" }.into(),
            reread.into(),
            view.dwell_ms.into(),
            view.dwell_ms.map(|_| view.depth).into(),
            finished.into(),
        ]);
        if counts {
            let opened = &mut world.links[view.link].opened_at;
            *opened = Some(opened.map_or(view.at, |at| at.min(view.at)));
        }
    }
    let made = rows.len();
    let mut links = Rows::new();
    for link in &world.links {
        let channel = if link.parent.is_some() {
            "reader"
        } else if link.recipient.is_some() {
            "hcp"
        } else {
            "link"
        };
        links.push(vec![
            (&link.token).into(),
            (&world.articles[link.article].id).into(),
            (&link.sharer).into(),
            link.parent.map(|p| world.links[p].token.clone()).into(),
            (&world.links[link.root].token).into(),
            (&world.reps[link.staff].0).into(),
            link.level.into(),
            channel.into(),
            (&link.recipient).into(),
            link.at.into(),
            zone.day(link.at).into(),
            link.pressed.then_some(link.at).into(),
            link.opened_at.into(),
        ]);
    }
    let head = "INSERT INTO share_link (token, article_id, sharer, parent, root, root_staff_id, level, channel, \
                recipient_id, created_at, created_on, pressed_at, opened_at)";
    insert_many(tx, head, links, "").await?;
    q("INSERT INTO share_closure (ancestor, descendant) WITH RECURSIVE up (ancestor, descendant, above) AS \
       (SELECT token, token, parent FROM share_link UNION ALL \
       SELECT l.token, u.descendant, l.parent FROM up u JOIN share_link l ON l.token = u.above) \
       SELECT ancestor, descendant FROM up ORDER BY ancestor, descendant")
        .exec(&mut *tx)
        .await?;
    let head = "INSERT INTO article_view (id, article_id, link, root_staff_id, reader, at, viewed_on, kind, reread, \
                dwell_ms, depth, finished)";
    insert_many(tx, head, rows, "").await?;
    Ok(made)
}
