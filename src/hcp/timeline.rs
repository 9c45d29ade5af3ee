//! The timeline of an HCP (客户轨迹): all that happened with them, out of the tables of every slice.
//!
//! A kind of entry is one line of [`KINDS`]: its name, a SELECT, and how a row of it reads. A later feature adds its
//! own line and nothing else.

use super::model::{Timeline, TimelineEntry, reason_label};
use super::store;
use crate::onboarding::model::{REJECTED, purpose_label};
use crate::onboarding::store::TRACKED;
use crate::server::AppState;
use crate::server::db::q;
use crate::server::guard::Actor;
use crate::shared::AppError;
use crate::shared::history::field_label;

/// Entries on one page.
pub const LENGTH: usize = 30;

/// A kind of entry.
struct Kind {
    /// In addresses.
    code: &'static str,
    /// Its name in the current language.
    label: fn() -> String,
    /// SELECT of `at`, `id` (unique within the timeline at one moment), `verb`, `by_name`, `subject`, `ref_id`, `a`
    /// and `b`, all but the first TEXT. `{hcp}` stands for the HCP's id, `{reader}` for `hcp:ID`, `{tracked}` for the
    /// condition that the HCP (`h`) agrees to be named.
    sql: &'static str,
    /// What a row of it says.
    read: fn(&Row) -> Said,
}

/// What an entry says.
#[derive(Default)]
struct Said {
    text: String,
    link: Option<(String, String)>,
    detail: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    at: i64,
    kind: String,
    id: String,
    verb: String,
    by_name: String,
    subject: String,
    ref_id: String,
    a: String,
    b: String,
}

impl Row {
    /// The article that the row is about.
    fn article(&self) -> Option<(String, String)> {
        Some((format!("/articles/{}", self.ref_id), self.subject.clone()))
    }
}

const KINDS: &[Kind] = &[
    Kind {
        code: "share",
        label: || tr!("timeline.share"),
        sql: "SELECT l.created_at AS at, 'share:' || SUBSTR(l.token, 1, 8) AS id, 'share' AS verb, \
              COALESCE(s.name, '') AS by_name, a.title AS subject, a.id AS ref_id, '' AS a, '' AS b \
              FROM share_link l JOIN article a ON a.id = l.article_id LEFT JOIN staff s ON s.id = l.root_staff_id \
              WHERE l.recipient_id = {hcp} AND l.parent IS NULL",
        read: |row| Said {
            text: tr!("timeline.shared"),
            link: row.article(),
            ..Said::default()
        },
    },
    Kind {
        code: "pass_on",
        label: || tr!("timeline.pass_on"),
        sql: "SELECT l.pressed_at AS at, 'press:' || SUBSTR(l.token, 1, 8) AS id, 'press' AS verb, '' AS by_name, \
              a.title AS subject, a.id AS ref_id, '' AS a, '' AS b \
              FROM share_link l JOIN article a ON a.id = l.article_id JOIN hcp h ON h.id = {hcp} \
              WHERE l.sharer = {reader} AND l.pressed_at IS NOT NULL AND {tracked} \
              UNION ALL SELECT l.opened_at, 'open:' || SUBSTR(l.token, 1, 8), 'open', '', a.title, a.id, '', '' \
              FROM share_link l JOIN article a ON a.id = l.article_id JOIN hcp h ON h.id = {hcp} \
              WHERE l.sharer = {reader} AND l.opened_at IS NOT NULL AND {tracked}",
        read: |row| Said {
            text: if row.verb == "press" {
                tr!("timeline.pressed")
            } else {
                tr!("timeline.opened")
            },
            link: row.article(),
            ..Said::default()
        },
    },
    Kind {
        code: "read",
        label: || tr!("timeline.read"),
        sql: "SELECT v.at AS at, 'read:' || v.id AS id, CASE WHEN v.finished THEN 'finish' ELSE 'read' END AS verb, \
              '' AS by_name, a.title AS subject, a.id AS ref_id, COALESCE(CAST(v.dwell_ms AS TEXT), '') AS a, \
              COALESCE(CAST(v.depth AS TEXT), '') AS b \
              FROM article_view v JOIN article a ON a.id = v.article_id JOIN hcp h ON h.id = {hcp} \
              WHERE v.reader = {reader} AND v.kind = 'pv' AND {tracked}",
        read: |row| Said {
            text: if row.verb == "finish" {
                tr!("timeline.finished")
            } else {
                tr!("timeline.opened_article")
            },
            link: row.article(),
            detail: match row.a.parse() {
                Ok(ms) => tr!(
                    "timeline.dwell",
                    time = crate::sharing::model::dwell_text(Some(ms))
                ),
                Err(_) => String::new(),
            },
        },
    },
    Kind {
        code: "learn",
        label: || tr!("timeline.learn"),
        // What somebody learns is about them as what they read is: it shows while they agree to be named.
        sql: "SELECT p.completed_at AS at, 'lesson:' || p.lesson_id || p.version AS id, 'lesson' AS verb, '' AS by_name, \
              c.title AS subject, c.id AS ref_id, '' AS a, '' AS b FROM lesson_progress p JOIN course c ON c.id = p.course_id \
              JOIN hcp h ON h.id = {hcp} WHERE p.learner = {reader} AND p.completed_at IS NOT NULL AND {tracked} \
              UNION ALL SELECT d.completed_at, 'course:' || d.course_id || d.version, 'course', '', c.title, c.id, '', '' \
              FROM course_completion d JOIN course c ON c.id = d.course_id JOIN hcp h ON h.id = {hcp} \
              WHERE d.learner = {reader} AND {tracked}",
        read: |row| Said {
            text: if row.verb == "course" {
                tr!("timeline.completed_course")
            } else {
                tr!("timeline.completed_lesson")
            },
            detail: row.subject.clone(),
            ..Said::default()
        },
    },
    Kind {
        code: "visit",
        label: || tr!("timeline.visit"),
        // The record itself is for its maker and their managers; that there was a visit is about the HCP.
        sql: "SELECT v.at AS at, 'visit:' || v.id AS id, v.channel AS verb, COALESCE(s.name, '') AS by_name, '' AS subject, \
              '' AS ref_id, v.feedback AS a, '' AS b FROM visit_hcp x JOIN visit v ON v.id = x.visit_id \
              LEFT JOIN staff s ON s.id = v.staff_id WHERE x.hcp_id = {hcp}",
        read: |row| Said {
            text: tr!(
                "timeline.visited",
                channel = crate::visit::model::channel_label(&row.verb)
            ),
            detail: if row.a.is_empty() {
                String::new()
            } else {
                crate::visit::model::feedback_label(&row.a)
            },
            ..Said::default()
        },
    },
    Kind {
        code: "consent",
        label: || tr!("timeline.consent"),
        // What another consent superseded at its own moment, or a merge settled, was not withdrawn by anybody.
        sql: "SELECT c.at AS at, 'consent:' || c.id AS id, CASE WHEN c.granted THEN 'grant' ELSE 'decline' END AS verb, \
              '' AS by_name, c.purpose AS subject, '' AS ref_id, c.text_version AS a, '' AS b \
              FROM consent c WHERE c.hcp_id = {hcp} \
              UNION ALL SELECT c.withdrawn_at, 'withdrawn:' || c.id, 'withdraw', COALESCE(s.name, ''), c.purpose, '', \
              '', COALESCE(c.withdrawn_note, '') \
              FROM consent c LEFT JOIN staff s ON s.id = c.withdrawn_by \
              WHERE c.hcp_id = {hcp} AND c.withdrawn_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM consent d \
              WHERE d.hcp_id = c.hcp_id AND d.purpose = c.purpose AND d.id <> c.id AND d.at = c.withdrawn_at) \
              AND NOT EXISTS (SELECT 1 FROM hcp_merge m JOIN hcp_merge_item i ON i.merge_id = m.id \
              WHERE m.at = c.withdrawn_at AND i.table_name = 'consent.withdrawn' AND i.row_key = c.id)",
        read: |row| {
            let purpose = purpose_label(&row.subject);
            Said {
                text: match row.verb.as_str() {
                    "grant" => tr!("timeline.granted", purpose = purpose),
                    "decline" => tr!("timeline.declined", purpose = purpose),
                    _ => tr!("timeline.withdrawn", purpose = purpose),
                },
                detail: if row.b == REJECTED {
                    tr!("consent.rejected")
                } else if row.a.is_empty() {
                    row.b.clone()
                } else {
                    tr!("consent.version", version = &row.a)
                },
                ..Said::default()
            }
        },
    },
    Kind {
        code: "invitation",
        label: || tr!("timeline.invitation"),
        sql: "SELECT i.created_at AS at, 'invite:' || i.id AS id, 'made' AS verb, COALESCE(s.name, '') AS by_name, \
              '' AS subject, '' AS ref_id, '' AS a, '' AS b \
              FROM invitation i LEFT JOIN staff s ON s.id = i.staff_id WHERE i.hcp_id = {hcp} \
              UNION ALL SELECT i.used_at, 'used:' || i.id, 'used', '', '', '', '', '' \
              FROM invitation i WHERE i.hcp_id = {hcp} AND i.used_at IS NOT NULL \
              UNION ALL SELECT i.revoked_at, 'revoke:' || i.id, 'revoked', '', '', '', '', '' \
              FROM invitation i WHERE i.hcp_id = {hcp} AND i.revoked_at IS NOT NULL",
        read: |row| Said {
            text: match row.verb.as_str() {
                "made" => tr!("timeline.code_made"),
                "used" => tr!("timeline.code_used"),
                _ => tr!("timeline.code_revoked"),
            },
            ..Said::default()
        },
    },
    Kind {
        code: "onboarding",
        label: || tr!("timeline.onboarding"),
        sql: "SELECT h.onboarded_at AS at, 'onboard:' || h.id AS id, 'onboarded' AS verb, '' AS by_name, \
              '' AS subject, '' AS ref_id, '' AS a, '' AS b FROM hcp h \
              WHERE h.id = {hcp} AND h.onboarded_at IS NOT NULL",
        read: |_| Said {
            text: tr!("timeline.onboarded"),
            ..Said::default()
        },
    },
    Kind {
        code: "entry",
        label: || tr!("timeline.entry"),
        sql: "SELECT h.created_at AS at, 'entered:' || h.id AS id, 'entered' AS verb, '' AS by_name, \
              h.source AS subject, '' AS ref_id, '' AS a, '' AS b FROM hcp h WHERE h.id = {hcp}",
        read: |row| Said {
            text: match row.subject.as_str() {
                "form" => tr!("timeline.entered_form"),
                "self" => tr!("timeline.entered_self"),
                "code" => tr!("timeline.entered_code"),
                "import" => tr!("timeline.entered_import"),
                _ => tr!("timeline.entered"),
            },
            ..Said::default()
        },
    },
    Kind {
        code: "ownership",
        label: || tr!("timeline.ownership"),
        sql: "SELECT o.starts_at AS at, 'owner:' || o.id AS id, 'owner' AS verb, COALESCE(b.name, '') AS by_name, \
              COALESCE(s.name, '') AS subject, '' AS ref_id, o.reason AS a, '' AS b \
              FROM hcp_ownership o LEFT JOIN staff s ON s.id = o.owner_id LEFT JOIN staff b ON b.id = o.created_by \
              WHERE o.hcp_id = {hcp} \
              UNION ALL SELECT x.at, 'access:' || x.id, 'access', COALESCE(b.name, ''), COALESCE(s.name, ''), '', '', '' \
              FROM hcp_access x LEFT JOIN staff s ON s.id = x.staff_id LEFT JOIN staff b ON b.id = x.granted_by \
              WHERE x.hcp_id = {hcp}",
        read: |row| match (row.verb.as_str(), row.subject.as_str()) {
            ("access", name) => Said {
                text: tr!("timeline.access", name = name),
                ..Said::default()
            },
            (_, "") => Said {
                text: tr!("timeline.no_owner"),
                detail: reason_label(&row.a),
                ..Said::default()
            },
            (_, name) => Said {
                text: tr!("timeline.owner", name = name),
                detail: reason_label(&row.a),
                ..Said::default()
            },
        },
    },
    Kind {
        code: "merge",
        label: || tr!("timeline.merge"),
        sql: "SELECT m.at AS at, 'merge:' || m.id AS id, CASE WHEN m.kept_id = {hcp} THEN 'kept' ELSE 'gone' END AS verb, \
              m.by_name AS by_name, '' AS subject, '' AS ref_id, '' AS a, '' AS b \
              FROM hcp_merge m WHERE (m.kept_id = {hcp} OR m.gone_id = {hcp}) \
              UNION ALL SELECT m.undone_at, 'unmerge:' || m.id, 'undone', COALESCE(s.name, ''), '', '', '', '' \
              FROM hcp_merge m LEFT JOIN staff s ON s.id = m.undone_by \
              WHERE (m.kept_id = {hcp} OR m.gone_id = {hcp}) AND m.undone_at IS NOT NULL",
        read: |row| Said {
            text: match row.verb.as_str() {
                "kept" => tr!("timeline.merged_kept"),
                "gone" => tr!("timeline.merged_gone"),
                _ => tr!("timeline.unmerged"),
            },
            ..Said::default()
        },
    },
    Kind {
        code: "note",
        label: || tr!("timeline.note"),
        sql: "SELECT n.at AS at, 'note:' || n.id AS id, 'note' AS verb, COALESCE(s.name, '') AS by_name, \
              SUBSTR(n.text, 1, 200) AS subject, '' AS ref_id, '' AS a, '' AS b \
              FROM hcp_note n LEFT JOIN staff s ON s.id = n.staff_id WHERE n.hcp_id = {hcp} AND n.deleted_at IS NULL",
        read: |row| Said {
            text: tr!("timeline.noted"),
            detail: row.subject.clone(),
            ..Said::default()
        },
    },
    Kind {
        code: "change",
        label: || tr!("timeline.change"),
        sql: "SELECT r.at AS at, 'change:' || r.id AS id, r.source AS verb, r.by_name AS by_name, \
              r.field AS subject, '' AS ref_id, r.before_value AS a, r.after_value AS b \
              FROM record_change r WHERE r.object_id = {hcp}",
        read: |row| {
            let shown = |value: &str| {
                if value.is_empty() {
                    tr!("record.empty")
                } else {
                    value.to_owned()
                }
            };
            Said {
                text: tr!("timeline.changed", field = field_label(&row.subject)),
                detail: format!("{} → {}", shown(&row.a), shown(&row.b)),
                ..Said::default()
            }
        },
    },
];

/// A stretch of the timeline of an HCP within scope: of the asked kinds (codes with commas between; none means all),
/// from `before` on, which is [`Timeline::next`] of the stretch above or empty.
pub async fn of(
    state: &AppState,
    actor: &Actor,
    id: &str,
    kinds: &str,
    before: &str,
) -> Result<Timeline, AppError> {
    store::row(&state.db, actor, id).await?;
    let asked: Vec<&str> = kinds.split(',').collect();
    let mut chosen: Vec<&Kind> = KINDS.iter().filter(|k| asked.contains(&k.code)).collect();
    if chosen.is_empty() {
        chosen = KINDS.iter().collect();
    }
    let mut query = q("SELECT at, kind, id, verb, by_name, subject, ref_id, a, b FROM (");
    let hcp = query.arg(id);
    // An argument that no kind asks for would have no type on Postgres.
    let reader = if chosen.iter().any(|k| k.sql.contains("{reader}")) {
        query.arg(format!("hcp:{id}"))
    } else {
        String::new()
    };
    // Two things of one moment stand in the order of their ids, so that a page can end between them.
    let from = before
        .split_once('.')
        .and_then(|(at, id)| Some((at.parse::<i64>().ok()?, id.to_owned())));
    let after = match from {
        Some((at, id)) => {
            let (at, id) = (query.arg(at), query.arg(id));
            format!(" WHERE (x.at < {at} OR (x.at = {at} AND x.id < {id}))")
        }
        None => String::new(),
    };
    for (i, kind) in chosen.iter().enumerate() {
        if i > 0 {
            query.push(" UNION ALL ");
        }
        let sql = kind
            .sql
            .replace("{hcp}", &hcp)
            .replace("{reader}", &reader)
            .replace("{tracked}", TRACKED);
        // Each kind gives no more than a page, so that a busy one costs no more than a quiet one.
        query.push(&format!(
            "SELECT * FROM (SELECT x.at AS at, '{}' AS kind, x.id AS id, x.verb AS verb, x.by_name AS by_name, \
             x.subject AS subject, x.ref_id AS ref_id, x.a AS a, x.b AS b FROM ({sql}) AS x{after} \
             ORDER BY x.at DESC, x.id DESC LIMIT {}) AS k{i}",
            kind.code,
            LENGTH + 1
        ));
    }
    query.push(&format!(
        ") AS found ORDER BY at DESC, id DESC LIMIT {}",
        LENGTH + 1
    ));
    let mut rows: Vec<Row> = query.all(&state.db).await?;
    let more = rows.len() > LENGTH;
    rows.truncate(LENGTH);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|row| format!("{}.{}", row.at, row.id));
    let entries = rows
        .into_iter()
        .filter_map(|row| {
            let kind = KINDS.iter().find(|k| k.code == row.kind)?;
            let said = (kind.read)(&row);
            Some(TimelineEntry {
                at: state.zone.minute(row.at),
                kind: (kind.label)(),
                text: said.text,
                link: said.link,
                detail: said.detail,
                by: row.by_name,
            })
        })
        .collect();
    Ok(Timeline {
        kinds: KINDS
            .iter()
            .map(|k| (k.code.to_owned(), (k.label)()))
            .collect(),
        entries,
        next,
    })
}
