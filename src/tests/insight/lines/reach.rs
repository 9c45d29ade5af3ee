//! What reaches HCPs, and how they came: links, views, invitations, codes, consents.

use std::collections::{HashMap, HashSet};

use super::super::sharing::HAN;
use super::{Data, Line, all, day, staff_of};
use crate::support::TestApp;

impl Data {
    pub(super) async fn sharing(&mut self, app: &TestApp) {
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

    pub(super) async fn onboarding(&mut self, app: &TestApp) {
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
}
