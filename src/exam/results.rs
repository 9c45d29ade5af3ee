//! What came of an exam: people and questions.

use super::model::{AccuracyRow, ResultRow, Results};
use super::store::{self, ASSIGNED};
use crate::server::AppState;
use crate::server::db::{DbResult, Query, containing, q};
use crate::server::guard::Actor;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page};

/// Who is shown.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of a name or a number.
    pub text: String,
    /// `missing`, `failed`, `passed`, or empty for all.
    pub state: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    staff_id: String,
    name: String,
    unit: String,
    employee_no: String,
    attempts: i64,
    attempt_id: Option<String>,
    score: Option<f64>,
    points: Option<f64>,
    passed: Option<bool>,
    submitted_at: Option<i64>,
    left_times: i64,
    assigned: bool,
}

/// People of an exam within scope: those it is set to today, and those who took it and work here.
fn people(query: &mut Query, actor: &Actor, exam: &str, filter: &Filter) {
    // The attempt that counts: passed before not, more points before fewer, the later of two alike.
    query.push(
        " FROM exam e JOIN staff s ON s.left_at IS NULL JOIN org_unit u ON u.id = s.unit_id \
         LEFT JOIN exam_attempt t ON t.id = (SELECT b.id FROM exam_attempt b WHERE b.exam_id = e.id \
         AND b.learner = 'staff:' || s.id AND b.submitted_at IS NOT NULL \
         ORDER BY CASE WHEN b.passed THEN 0 ELSE 1 END, COALESCE(b.score, -1) DESC, b.submitted_at DESC LIMIT 1) ",
    );
    query.push_with("WHERE e.id = ? AND ", [exam]);
    actor.scope(query, "s.id");
    query.push(" AND ((");
    query.push(&ASSIGNED);
    query.push(") OR t.id IS NOT NULL)");
    match filter.state.as_str() {
        "missing" => {
            query.push(" AND t.id IS NULL");
        }
        "failed" => {
            query.push(" AND t.id IS NOT NULL AND NOT t.passed");
        }
        "passed" => {
            query.push(" AND t.passed");
        }
        _ => {}
    }
    if !filter.text.trim().is_empty() {
        query.push_with(
            " AND (s.name LIKE ? ESCAPE '!' OR s.employee_no = ?)",
            [containing(&filter.text), filter.text.trim().to_owned()],
        );
    }
}

async fn rows(
    state: &AppState,
    actor: &Actor,
    exam: &str,
    filter: &Filter,
    limit: Option<(i64, i64)>,
) -> DbResult<Vec<ResultRow>> {
    let mut query = q(
        "SELECT s.id AS staff_id, s.name, u.name AS unit, COALESCE(s.employee_no, '') AS employee_no, \
         (SELECT COUNT(*) FROM exam_attempt c WHERE c.exam_id = e.id AND c.learner = 'staff:' || s.id) AS attempts, \
         t.id AS attempt_id, t.score, t.points, t.passed, t.submitted_at, \
         (SELECT COUNT(*) FROM exam_event v WHERE v.attempt_id = t.id AND v.kind = 'left') AS left_times, (",
    );
    query.push(&ASSIGNED);
    query.push(") AS assigned");
    people(&mut query, actor, exam, filter);
    query.push(" ORDER BY u.name COLLATE pinyin, s.name COLLATE pinyin, s.id");
    if let Some((size, from)) = limit {
        query.push_with(" LIMIT ? OFFSET ?", [size, from]);
    }
    let rows: Vec<Row> = query.all(&state.db).await?;
    Ok(rows
        .into_iter()
        .map(|row| ResultRow {
            staff_id: row.staff_id,
            name: row.name,
            unit: row.unit,
            employee_no: row.employee_no,
            attempts: row.attempts,
            attempt_id: row.attempt_id,
            percent: row
                .score
                .map(|score| score * 100.0 / row.points.unwrap_or(1.0).max(1.0)),
            passed: row.passed,
            at: row.submitted_at.map(|at| state.zone.minute(at)),
            left: row.left_times,
            assigned: row.assigned,
        })
        .collect())
}

/// One page of an exam's results.
pub async fn page(
    state: &AppState,
    actor: &Actor,
    exam: &str,
    filter: &Filter,
    page: i64,
) -> Result<Results, AppError> {
    let found = published(state, exam).await?;
    let mut count = q("SELECT COUNT(*)");
    people(&mut count, actor, exam, filter);
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let mut sums = q("SELECT COUNT(*), COUNT(t.id), COUNT(CASE WHEN t.passed THEN 1 END)");
    people(&mut sums, actor, exam, &Filter::default());
    sums.push(" AND ").push(&ASSIGNED);
    let (assigned, taken, passed): (i64, i64, i64) = sums.one(&state.db).await?;
    Ok(Results {
        exam: (found.id, found.title),
        page: Page {
            rows: rows(state, actor, exam, filter, Some((PAGE_SIZE, offset(page)))).await?,
            total,
            page,
        },
        assigned,
        taken,
        passed,
    })
}

/// A published exam: drafts have no results.
async fn published(state: &AppState, exam: &str) -> Result<store::Exam, AppError> {
    let found = store::exam(&state.db, exam).await?;
    if found.published_at.is_none() {
        return Err(AppError::NotFound);
    }
    Ok(found)
}

/// All results of an exam within scope, with its title.
pub async fn all(
    state: &AppState,
    actor: &Actor,
    exam: &str,
    filter: &Filter,
) -> Result<(String, Vec<ResultRow>), AppError> {
    let found = published(state, exam).await?;
    Ok((found.title, rows(state, actor, exam, filter, None).await?))
}

/// How the questions that an exam can ask were answered for the first time (domain: accuracy), the worst first.
pub async fn accuracy(
    state: &AppState,
    exam: &str,
    page: i64,
) -> Result<Page<AccuracyRow>, AppError> {
    published(state, exam).await?;
    let pools = store::pools(&state.db, exam).await?;
    let mut versions: Vec<(String, i64)> = pools.into_iter().flat_map(|p| p.candidates).collect();
    versions.sort();
    versions.dedup();
    let mut found: Vec<AccuracyRow> = Vec::new();
    for some in versions.chunks(200) {
        let mut query = q(
            "SELECT f.question_id, f.version, x.kind, SUBSTR(x.stem, 1, 120), \
             COUNT(CASE WHEN f.correct THEN 1 END), COUNT(*) FROM (VALUES ",
        );
        for (i, (id, version)) in some.iter().enumerate() {
            query.push_with(if i == 0 { "(?" } else { ", (?" }, [id]);
            query.push_with(", ?)", [*version]);
        }
        query.push(
            ") w JOIN first_answer f ON f.question_id = w.column1 AND f.version = w.column2 \
             JOIN question x ON x.id = f.question_id GROUP BY f.question_id, f.version, x.kind, x.stem",
        );
        let rows: Vec<(String, i64, String, String, i64, i64)> = query.all(&state.db).await?;
        found.extend(rows.into_iter().map(
            |(question_id, version, kind, stem, correct, answers)| AccuracyRow {
                question_id,
                version,
                kind,
                stem,
                correct,
                answers,
            },
        ));
    }
    found.sort_by(|a, b| {
        let rate = |row: &AccuracyRow| row.correct * 1_000_000 / row.answers.max(1);
        rate(a)
            .cmp(&rate(b))
            .then_with(|| a.question_id.cmp(&b.question_id))
    });
    let total = found.len() as i64;
    let page = within(page, total);
    let rows = found
        .into_iter()
        .skip(offset(page) as usize)
        .take(PAGE_SIZE as usize)
        .collect();
    Ok(Page { rows, total, page })
}
