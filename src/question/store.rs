//! SQL of the question bank.

use std::collections::HashMap;

use serde_json::json;

use super::model::{Draft, QuestionList, QuestionRow, QuestionView, VersionRow};
use super::{formats, rules};
use crate::server::audit::{self, Event};
use crate::server::db::{
    Db, DbResult, Exec, Query, Rows, Tx, insert_many, internal, is_unique_violation, q,
};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, search, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, FieldError, Page, Saved};

/// Rows are counted up to here.
const COUNTED: i64 = 10_000;
/// Values that a filter offers.
const CHOICES: i64 = 500;

/// What the list can be narrowed by; empty fields do not narrow.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub text: String,
    /// A category with all below it.
    pub category: String,
    pub kind: String,
    pub tag: String,
    /// 1 to 5, or 0 for all.
    pub difficulty: i64,
    /// `archived`, `twins` for those with the same stem as others, `pictures`, or empty for all in use.
    pub state: String,
}

impl Filter {
    /// Appends the condition on `question x`.
    pub fn narrow(&self, query: &mut Query) {
        self.narrow_by(search::Way::Terms, query);
    }

    fn narrow_by(&self, way: search::Way, query: &mut Query) {
        query.push(if self.state == "archived" {
            "x.archived_at IS NOT NULL"
        } else {
            "x.archived_at IS NULL"
        });
        if self.state == "twins" {
            query.push(
                " AND EXISTS (SELECT 1 FROM question w WHERE w.stem_key = x.stem_key AND w.id <> x.id \
                 AND w.archived_at IS NULL)",
            );
        }
        if self.state == "pictures" {
            query.push(" AND x.pictures > 0");
        }
        if !self.category.is_empty() {
            // The category itself, and what begins with it and a slash: `0` comes behind `/`.
            query.push_with(
                " AND (x.category = ? OR (x.category >= ? AND x.category < ?))",
                [
                    self.category.clone(),
                    format!("{}/", self.category),
                    format!("{}0", self.category),
                ],
            );
        }
        if !self.kind.is_empty() {
            // A category says more than a kind, and SQLite would take the kind's index for its equality.
            query.push_with(
                if self.category.is_empty() {
                    " AND x.kind = ?"
                } else {
                    " AND x.kind || '' = ?"
                },
                [&self.kind],
            );
        }
        if self.difficulty > 0 {
            query.push_with(" AND x.difficulty = ?", [self.difficulty]);
        }
        if !self.tag.is_empty() {
            query.push_with(
                " AND x.id IN (SELECT question_id FROM question_tag WHERE tag = ?)",
                [&self.tag],
            );
        }
        search::condition_by(way, query, &self.text, &[("x.id", "question")]);
    }
}

/// One page of questions, the latest changed first; those with twins by their stem.
pub async fn list(db: &Db, filter: &Filter, page: i64) -> DbResult<QuestionList> {
    let mut count = q("SELECT COUNT(*) FROM (SELECT 1 AS one FROM question x WHERE ");
    filter.narrow(&mut count);
    count.push(&format!(" LIMIT {}) c", COUNTED + 1));
    let total = count.count(db).await?;
    // Beyond the bound of the count there are more.
    let page = if total > COUNTED {
        page.max(1)
    } else {
        within(page, total)
    };
    let mut ids = q("SELECT x.id, x.stem_key, x.updated_at FROM question x WHERE ");
    filter.narrow_by(
        if total > COUNTED {
            search::Way::Rows
        } else {
            search::Way::Terms
        },
        &mut ids,
    );
    let order = if filter.state == "twins" {
        "stem_key, id"
    } else {
        "updated_at DESC, id DESC"
    };
    ids.push_with(
        &format!(
            " ORDER BY {} LIMIT ? OFFSET ?",
            order
                .replace("stem_key", "x.stem_key")
                .replace("updated_at", "x.updated_at")
                .replace("id", "x.id")
        ),
        [PAGE_SIZE, offset(page)],
    );
    let ids: Vec<(String, String, i64)> = ids.all(db).await?;
    let mut rows = q(
        "SELECT x.id, COALESCE(x.code, '') AS code, x.kind, SUBSTR(x.stem, 1, 120) AS stem, x.category, x.difficulty, \
         x.version, x.archived_at IS NOT NULL AS archived, x.pictures, \
         (SELECT COUNT(*) FROM question w WHERE w.stem_key = x.stem_key AND w.id <> x.id AND w.archived_at IS NULL) \
         AS twins FROM question x WHERE x.id IN (''",
    );
    for (id, _, _) in &ids {
        rows.push_with(", ?", [id]);
    }
    rows.push(")");
    let mut found: HashMap<String, QuestionRow> = rows
        .all::<QuestionRow>(db)
        .await?
        .into_iter()
        .map(|row| (row.id.clone(), row))
        .collect();
    let rows = ids
        .iter()
        .filter_map(|(id, _, _)| found.remove(id))
        .collect();
    Ok(QuestionList {
        page: Page {
            rows,
            total: total.min(COUNTED),
            page,
        },
        more: total > COUNTED,
        categories: categories(db).await?,
        tags: tags(db).await?,
    })
}

/// All categories, read from value to value of the index.
pub async fn categories(db: &Db) -> DbResult<Vec<String>> {
    values(db, "question", "category").await
}

/// All tags.
pub async fn tags(db: &Db) -> DbResult<Vec<String>> {
    values(db, "question_tag", "tag").await
}

async fn values(db: &Db, table: &str, column: &str) -> DbResult<Vec<String>> {
    let rows: Vec<(String,)> = q(format!(
        "WITH RECURSIVE d(v) AS (SELECT MIN({column}) FROM {table} WHERE {column} > '' UNION ALL \
         SELECT (SELECT MIN(n.{column}) FROM {table} n WHERE n.{column} > d.v) FROM d WHERE d.v IS NOT NULL) \
         SELECT d.v FROM d WHERE d.v IS NOT NULL LIMIT {CHOICES}"
    ))
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(value,)| value).collect())
}

/// A version of a question, the newest with `version` 0.
pub async fn view(state: &AppState, id: &str, version: i64) -> Result<QuestionView, AppError> {
    let db = &state.db;
    let (latest, archived, stem_key): (i64, Option<i64>, String) =
        q("SELECT version, archived_at, stem_key FROM question WHERE id = $1")
            .bind(id)
            .one(db)
            .await?;
    let version = if version == 0 { latest } else { version };
    let draft = draft(db, id, version).await?;
    let versions: Vec<(i64, String, i64)> = q(
        "SELECT v.version, COALESCE(s.name, ''), v.created_at FROM question_version v \
         LEFT JOIN staff s ON s.id = v.created_by WHERE v.question_id = $1 ORDER BY v.version DESC LIMIT 100",
    )
    .bind(id)
    .all(db)
    .await?;
    let twins: Vec<(String, String)> = q(
        "SELECT id, SUBSTR(stem, 1, 80) FROM question WHERE stem_key = $1 AND id <> $2 AND archived_at IS NULL \
         ORDER BY created_at, id LIMIT 20",
    )
    .bind(stem_key)
    .bind(id)
    .all(db)
    .await?;
    Ok(QuestionView {
        id: id.to_owned(),
        draft,
        version,
        latest,
        archived: archived.is_some(),
        versions: versions
            .into_iter()
            .map(|(version, by, at)| VersionRow {
                version,
                by,
                at: state.zone.minute(at),
            })
            .collect(),
        twins,
    })
}

/// The draft of a version.
pub async fn draft<'a>(on: impl Into<Exec<'a>>, id: &str, version: i64) -> Result<Draft, AppError> {
    let (json,): (String,) =
        q("SELECT draft FROM question_version WHERE question_id = $1 AND version = $2")
            .bind(id)
            .bind(version)
            .one(on)
            .await?;
    serde_json::from_str(&json).map_err(internal)
}

/// Saves a question from its form: a new one without `id`, else a new version where something changed since `seen`.
pub async fn save(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: Option<&str>,
    seen: i64,
    draft: &Draft,
) -> Result<Saved, AppError> {
    let faults = formats::check(draft);
    if !faults.is_empty() {
        return Err(AppError::Invalid(
            faults
                .into_iter()
                .map(|(field, reason)| FieldError {
                    field: field_name(field).to_owned(),
                    key: "question.fault.said".into(),
                    args: vec![("reason".into(), reason)],
                })
                .collect(),
        ));
    }
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let taken = |e: sqlx::Error| {
        if is_unique_violation(&e) {
            AppError::field("code", "field.question_code_taken")
        } else {
            e.into()
        }
    };
    let saved = match id {
        None => {
            let id = crypto::new_id();
            insert(&mut tx, actor, vec![(id.clone(), draft.clone())])
                .await
                .map_err(taken)?;
            let event = Event::new("question.create", "question", &id);
            audit::record(&state.keys, &mut tx, actor, event).await?;
            Saved::go("notice.question_saved", format!("/questions/{id}"))
        }
        Some(id) => {
            let (version,): (i64,) = q("SELECT version FROM question WHERE id = $1")
                .bind(id)
                .one(&mut tx)
                .await?;
            if version != seen {
                return Err(AppError::Conflict("error.changed_meanwhile".into()));
            }
            if self::draft(&mut tx, id, version).await? != *draft {
                change(&mut tx, actor, id, version, draft)
                    .await
                    .map_err(taken)?;
                let event = Event::new("question.update", "question", id)
                    .detail(json!({ "version": version + 1 }));
                audit::record(&state.keys, &mut tx, actor, event).await?;
            }
            Saved::go("notice.question_saved", format!("/questions/{id}"))
        }
    };
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// The field of the form for a column of the spreadsheet.
fn field_name(column: &str) -> &'static str {
    match column {
        "题干" => "stem",
        "选项" => "options",
        "答案" => "answer",
        "解析" => "explanation",
        "编号" => "code",
        "标题" => "title",
        "分类" => "category",
        "标签" => "tags",
        "难度" => "difficulty",
        _ => "",
    }
}

/// Takes questions out of use, or back into it. Papers that were drawn keep them.
pub async fn archive(
    state: &AppState,
    actor: &Actor,
    id: &str,
    on: bool,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    q("SELECT id FROM question WHERE id = $1")
        .bind(id)
        .one::<(String,)>(&mut tx)
        .await?;
    let condition = if on { "NULL" } else { "NOT NULL" };
    let changed = q(format!(
        "UPDATE question SET archived_at = $1 WHERE id = $2 AND archived_at IS {condition}"
    ))
    .bind(on.then(time::now))
    .bind(id)
    .exec(&mut tx)
    .await?;
    if changed > 0 {
        let action = if on {
            "question.archive"
        } else {
            "question.restore"
        };
        audit::record(
            &state.keys,
            &mut tx,
            actor,
            Event::new(action, "question", id),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(Saved::stay(if on {
        "notice.question_archived"
    } else {
        "notice.question_restored"
    }))
}

/// Inserts new questions with their ids, many at a time.
pub async fn insert(tx: &mut Tx, actor: &Actor, drafts: Vec<(String, Draft)>) -> DbResult<()> {
    let now = time::now();
    let (mut rows, mut versions, mut tags, mut terms) =
        (Rows::new(), Rows::new(), Rows::new(), Rows::new());
    for (id, draft) in drafts {
        rows.push(vec![
            (&id).into(),
            code(&draft).into(),
            draft.body.kind().code().into(),
            (&draft.stem).into(),
            rules::content_key(&draft).into(),
            rules::stem_key(&draft).into(),
            (&draft.category).into(),
            draft.difficulty.into(),
            (draft.images.len() as i64).into(),
            1_i64.into(),
            (&actor.id).into(),
            now.into(),
            now.into(),
        ]);
        for tag in &draft.tags {
            tags.push(vec![tag.into(), (&id).into()]);
        }
        terms.extend(words(&id, &draft));
        versions.push(vec![
            (&id).into(),
            1_i64.into(),
            serde_json::to_string(&draft).unwrap_or_default().into(),
            (&actor.id).into(),
            now.into(),
        ]);
    }
    insert_many(
        tx,
        "INSERT INTO question (id, code, kind, stem, content_key, stem_key, category, difficulty, pictures, version, \
         created_by, created_at, updated_at)",
        rows,
        "",
    )
    .await?;
    insert_many(
        tx,
        "INSERT INTO question_version (question_id, version, draft, created_by, created_at)",
        versions,
        "",
    )
    .await?;
    insert_many(
        tx,
        "INSERT INTO question_tag (tag, question_id)",
        tags,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    search::insert(tx, terms).await
}

fn code(draft: &Draft) -> Option<String> {
    Some(draft.code.clone()).filter(|code| !code.is_empty())
}

/// Under which words a question is found: its stem, title, number and tags.
fn words(id: &str, draft: &Draft) -> Rows {
    let tags = draft.tags.join(" ");
    search::rows(
        "question",
        id,
        &[&draft.stem, &draft.title, &draft.code, &tags],
    )
}

/// Writes the version behind `version`.
pub async fn change(
    tx: &mut Tx,
    actor: &Actor,
    id: &str,
    version: i64,
    draft: &Draft,
) -> DbResult<()> {
    let now = time::now();
    q("INSERT INTO question_version (question_id, version, draft, created_by, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(version + 1)
        .bind(serde_json::to_string(draft).unwrap_or_default())
        .bind(&actor.id)
        .bind(now)
        .exec(&mut *tx)
        .await?;
    q("UPDATE question SET code = $1, kind = $2, stem = $3, content_key = $4, stem_key = $5, category = $6, \
       difficulty = $7, pictures = $8, version = $9, updated_at = $10 WHERE id = $11")
    .bind(code(draft))
    .bind(draft.body.kind().code())
    .bind(&draft.stem)
    .bind(rules::content_key(draft))
    .bind(rules::stem_key(draft))
    .bind(&draft.category)
    .bind(draft.difficulty)
    .bind(draft.images.len() as i64)
    .bind(version + 1)
    .bind(now)
    .bind(id)
    .exec(&mut *tx)
    .await?;
    q("DELETE FROM question_tag WHERE question_id = $1")
        .bind(id)
        .exec(&mut *tx)
        .await?;
    let tags: Rows = draft
        .tags
        .iter()
        .map(|tag| vec![tag.into(), id.into()])
        .collect();
    insert_many(
        tx,
        "INSERT INTO question_tag (tag, question_id)",
        tags,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    search::remove(tx, "question", id).await?;
    search::insert(tx, words(id, draft)).await
}

/// Ids and newest versions of questions for a paper: those that a filter leaves, the easiest to draw from an index.
pub async fn pool<'a>(on: impl Into<Exec<'a>>, filter: &Filter) -> DbResult<Vec<(String, i64)>> {
    let mut query = q("SELECT x.id, x.version FROM question x WHERE ");
    filter.narrow(&mut query);
    query.push(" ORDER BY x.id");
    query.all(on).await
}

/// How many questions a filter leaves.
pub async fn available<'a>(on: impl Into<Exec<'a>>, filter: &Filter) -> DbResult<i64> {
    let mut query = q("SELECT COUNT(*) FROM question x WHERE ");
    filter.narrow(&mut query);
    query.count(on).await
}

/// The most pictures of a question.
const PICTURES: usize = 6;

/// Puts a stored picture on a question, or takes it off; either makes a version.
pub async fn picture(
    state: &AppState,
    actor: &Actor,
    id: &str,
    image: &str,
    on: bool,
) -> Result<(), AppError> {
    let mut tx = state.db.begin().await?;
    let (version,): (i64,) = q("SELECT version FROM question WHERE id = $1")
        .bind(id)
        .one(&mut tx)
        .await?;
    let mut draft = draft(&mut tx, id, version).await?;
    let there = draft.images.iter().any(|i| i == image);
    if there == on {
        return Ok(());
    }
    if on {
        if draft.images.len() >= PICTURES {
            return Err(AppError::Conflict("error.too_many_pictures".into()));
        }
        draft.images.push(image.to_owned());
    } else {
        draft.images.retain(|i| i != image);
    }
    change(&mut tx, actor, id, version, &draft).await?;
    let event =
        Event::new("question.update", "question", id).detail(json!({ "version": version + 1 }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(())
}
