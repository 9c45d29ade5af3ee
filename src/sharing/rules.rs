//! Pure rules of tracking: what a view counts as, when an article is read, and how a tree is put together.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::model::{Metrics, NodeKind, TreeNode};

/// A view within 30 s of the reader's last counted one on the content does not count again.
pub const REPEAT_WITHIN: i64 = 30_000;
/// A counted view more than 30 min after the reader's last one on the content is a re-read.
pub const REREAD_AFTER: i64 = 30 * 60_000;
/// Visible time credited to one view at most.
pub const DWELL_MOST: i64 = 30 * 60_000;
/// Han characters read in a minute, by which the expected time is told.
pub const HAN_PER_MINUTE: i64 = 400;

/// Whether a view counts as PV, and whether it is a re-read, given the reader's last PV on the content.
pub fn judge(at: i64, last_pv: Option<i64>) -> (bool, bool) {
    match last_pv {
        Some(last) if at - last < REPEAT_WITHIN => (false, false),
        Some(last) => (true, at - last > REREAD_AFTER),
        None => (true, false),
    }
}

/// Milliseconds that reading an article of so many Han characters is expected to take.
pub fn expected_ms(han_count: i64) -> i64 {
    han_count * 60_000 / HAN_PER_MINUTE
}

/// Whether a view read the article to its end (读完).
pub fn is_finished(depth: i64, dwell_ms: i64, expected_ms: i64) -> bool {
    depth >= 90 && dwell_ms * 3 >= expected_ms
}

/// Whether a user agent is a crawler or a link preview. Those that fetch without running scripts or showing images
/// never report a view; this keeps out the others.
pub fn is_crawler(user_agent: &str) -> bool {
    const MARKS: [&str; 19] = [
        "bot",
        "spider",
        "crawl",
        "slurp",
        "preview",
        "facebookexternalhit",
        "whatsapp",
        "telegram",
        "curl/",
        "wget/",
        "python-requests",
        "go-http-client",
        "okhttp",
        "headless-fetch",
        "embedly",
        "quora link",
        "pinterest",
        "mediapartners",
        "lighthouse",
    ];
    let lower = user_agent.to_ascii_lowercase();
    lower.is_empty() || MARKS.iter().any(|mark| lower.contains(mark))
}

/// How the composite index weighs the numbers.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Weights {
    pub shares: f64,
    pub uv: f64,
    pub rereads: f64,
    pub finished: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            shares: 5.0,
            uv: 2.0,
            rereads: 1.0,
            finished: 1.0,
        }
    }
}

impl Weights {
    /// The index of these numbers.
    pub fn index(&self, m: &Metrics) -> f64 {
        self.shares * m.shares as f64
            + self.uv * m.uv as f64
            + self.rereads * m.rereads as f64
            + self.finished * m.finished as f64
    }

    /// The formula as text with the weights in it.
    pub fn formula(&self) -> String {
        tr!(
            "metrics.formula",
            shares = self.shares,
            uv = self.uv,
            rereads = self.rereads,
            finished = self.finished
        )
    }
}

/// A link of a tree.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct Link {
    pub token: String,
    pub parent: Option<String>,
    /// 'staff:…', 'hcp:…' or 'vis:…'.
    pub sharer: String,
    pub created_on: String,
    pub pressed: bool,
    pub opened: bool,
    /// Name of the HCP who shares, or for whom a root was made; `None` where the asker may not see them.
    pub name: Option<String>,
}

/// A counted view below a tree's links.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct Read {
    pub link: String,
    pub reader: String,
    pub reread: bool,
    pub dwell_ms: Option<i64>,
}

/// The median of numbers, the lower one of two.
pub fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

/// Puts a tree together. Roots are the links whose parent is not among `links`. Visitors at one place stand together
/// in one node, so that nobody among them can be told apart.
pub fn tree(links: &[Link], reads: &[Read]) -> Vec<TreeNode> {
    let known: HashSet<&str> = links.iter().map(|l| l.token.as_str()).collect();
    let mut children: HashMap<&str, Vec<&Link>> = HashMap::new();
    let mut roots: Vec<&Link> = Vec::new();
    for link in links {
        match link.parent.as_deref().filter(|p| known.contains(p)) {
            Some(parent) => children.entry(parent).or_default().push(link),
            None => roots.push(link),
        }
    }
    let mut by_link: HashMap<&str, Vec<&Read>> = HashMap::new();
    for read in reads {
        by_link.entry(&read.link).or_default().push(read);
    }
    let forest = Forest { children, by_link };
    roots
        .into_iter()
        .map(|root| forest.node(NodeKind::Root, &[root]))
        .collect()
}

struct Forest<'a> {
    children: HashMap<&'a str, Vec<&'a Link>>,
    by_link: HashMap<&'a str, Vec<&'a Read>>,
}

impl<'a> Forest<'a> {
    /// The node of links that stand together: one of an HCP or a root, or all of the visitors at one place.
    fn node(&self, kind: NodeKind, links: &[&'a Link]) -> TreeNode {
        let below: Vec<&Link> = links
            .iter()
            .flat_map(|l| {
                self.children
                    .get(l.token.as_str())
                    .into_iter()
                    .flatten()
                    .copied()
            })
            .collect();
        let own: Vec<&Read> = links.iter().flat_map(|l| self.reads(l)).collect();
        let mut all = own.clone();
        self.collect(&below, &mut all);
        let brought = links.iter().flat_map(|l| {
            let parent = l.parent.as_deref().and_then(|p| self.by_link.get(p));
            parent
                .into_iter()
                .flatten()
                .filter(|r| r.reader == l.sharer)
        });
        let reads = if kind == NodeKind::Root {
            0
        } else {
            brought.count() as i64
        };
        let (mut persons, mut visitors): (BTreeMap<&str, Vec<&Link>>, Vec<&Link>) =
            Default::default();
        for link in &below {
            if link.sharer.starts_with("vis:") {
                visitors.push(link);
            } else {
                persons.entry(&link.sharer).or_default().push(link);
            }
        }
        let mut nodes: Vec<TreeNode> = persons
            .into_values()
            .map(|links| {
                let named = links.iter().any(|l| l.name.is_some());
                self.node(
                    if named {
                        NodeKind::Hcp
                    } else {
                        NodeKind::OtherHcp
                    },
                    &links,
                )
            })
            .collect();
        nodes.sort_by(|a, b| {
            b.total_pv
                .cmp(&a.total_pv)
                .then_with(|| a.name.cmp(&b.name))
        });
        if !visitors.is_empty() {
            nodes.push(self.node(NodeKind::Visitors, &visitors));
        }
        let people: HashSet<&str> = links.iter().map(|l| l.sharer.as_str()).collect();
        let sharer = links.first().map_or("", |l| l.sharer.as_str());
        let name = links
            .iter()
            .find_map(|l| l.name.clone())
            .unwrap_or_default();
        TreeNode {
            kind,
            hcp_id: (kind == NodeKind::Hcp).then(|| sharer.trim_start_matches("hcp:").to_owned()),
            name: if kind == NodeKind::Visitors {
                String::new()
            } else {
                name
            },
            since: links
                .iter()
                .map(|l| l.created_on.clone())
                .min()
                .unwrap_or_default(),
            people: people.len() as i64,
            reads,
            shares: links.iter().filter(|l| l.opened).count() as i64,
            created: links.iter().filter(|l| l.opened || l.pressed).count() as i64,
            pv: own.len() as i64,
            uv: distinct(&own),
            total_pv: all.len() as i64,
            total_uv: distinct(&all),
            total_rereads: all.iter().filter(|r| r.reread).count() as i64,
            dwell_median_ms: median(all.iter().filter_map(|r| r.dwell_ms).collect()),
            children: nodes,
        }
    }

    fn reads(&self, link: &Link) -> impl Iterator<Item = &'a Read> + use<'a, '_> {
        self.by_link
            .get(link.token.as_str())
            .into_iter()
            .flatten()
            .copied()
    }

    fn collect(&self, links: &[&'a Link], out: &mut Vec<&'a Read>) {
        let mut open: Vec<&Link> = links.to_vec();
        while let Some(link) = open.pop() {
            out.extend(
                self.by_link
                    .get(link.token.as_str())
                    .into_iter()
                    .flatten()
                    .copied(),
            );
            open.extend(
                self.children
                    .get(link.token.as_str())
                    .into_iter()
                    .flatten()
                    .copied(),
            );
        }
    }
}

fn distinct(reads: &[&Read]) -> i64 {
    reads
        .iter()
        .map(|r| r.reader.as_str())
        .collect::<HashSet<_>>()
        .len() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_and_rereads() {
        assert_eq!(judge(100_000, None), (true, false));
        assert_eq!(judge(100_000, Some(70_001)), (false, false));
        assert_eq!(judge(100_000, Some(70_000)), (true, false));
        assert_eq!(judge(REREAD_AFTER, Some(0)), (true, false));
        assert_eq!(judge(REREAD_AFTER + 1, Some(0)), (true, true));
    }

    #[test]
    fn finished_needs_depth_and_time() {
        let expected = expected_ms(1200);
        assert_eq!(expected, 180_000);
        assert!(is_finished(90, 60_000, expected));
        assert!(!is_finished(89, 60_000, expected));
        assert!(!is_finished(100, 59_999, expected));
    }

    #[test]
    fn crawlers_are_told_apart_from_wechat() {
        assert!(is_crawler("Mozilla/5.0 (compatible; Baiduspider/2.0)"));
        assert!(is_crawler(""));
        assert!(!is_crawler(
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 MicroMessenger/8.0.50"
        ));
    }

    fn link(
        token: &str,
        parent: Option<&str>,
        sharer: &str,
        opened: bool,
        name: Option<&str>,
    ) -> Link {
        Link {
            token: token.into(),
            parent: parent.map(Into::into),
            sharer: sharer.into(),
            created_on: "2026-11-01".into(),
            pressed: false,
            opened,
            name: name.map(Into::into),
        }
    }

    fn read(link: &str, reader: &str) -> Read {
        Read {
            link: link.into(),
            reader: reader.into(),
            reread: false,
            dwell_ms: None,
        }
    }

    #[test]
    fn visitors_stand_together_and_uv_do_not_add_up() {
        // The rep's root is read by 王 and by visitor 1; 王's link by visitors 1 and 2; visitor 2's by visitor 3.
        let links = [
            link("r", None, "staff:a", true, None),
            link("h", Some("r"), "hcp:w", true, Some("王")),
            link("v1", Some("r"), "vis:1", false, None),
            link("h1", Some("h"), "vis:1", false, None),
            link("h2", Some("h"), "vis:2", true, None),
            link("h23", Some("h2"), "vis:3", false, None),
        ];
        let reads = [
            read("r", "hcp:w"),
            read("r", "hcp:w"),
            read("r", "vis:1"),
            read("h", "vis:1"),
            read("h", "vis:2"),
            read("h2", "vis:3"),
        ];
        let roots = tree(&links, &reads);
        assert_eq!(roots.len(), 1);
        let root = &roots[0];
        assert_eq!(
            (root.pv, root.uv, root.total_pv, root.total_uv),
            (3, 2, 6, 4)
        );
        let wang = &root.children[0];
        assert_eq!(
            (wang.kind, wang.name.as_str(), wang.reads, wang.shares),
            (NodeKind::Hcp, "王", 2, 1)
        );
        assert_eq!(
            (wang.pv, wang.uv, wang.total_pv, wang.total_uv),
            (2, 2, 3, 3)
        );
        let visitors = &wang.children[0];
        assert_eq!(
            (
                visitors.kind,
                visitors.people,
                visitors.reads,
                visitors.total_pv
            ),
            (NodeKind::Visitors, 2, 2, 1)
        );
        assert_eq!(root.children[1].kind, NodeKind::Visitors);
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3, 1, 2]), Some(2));
        assert_eq!(median(vec![4, 1, 2, 3]), Some(2));
    }
}
