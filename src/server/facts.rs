//! Small numbers and labels of many tables, asked for in one statement.

use super::db::{Db, DbResult, Query};

/// One row of the answer: what it is about, and what was found.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Fact {
    pub kind: String,
    pub id: String,
    pub text: String,
    pub n: i64,
}

/// Queries that are sent as one.
#[derive(Debug, Default)]
pub struct Facts {
    query: Query,
}

impl Facts {
    /// Asks for the one number of a query like `SELECT COUNT(*) …`.
    pub fn count(&mut self, kind: &'static str, count: Query) {
        self.arm(
            &format!("SELECT '{kind}' AS kind, '' AS id, '' AS text, ("),
            count,
            ") AS n",
        );
    }

    /// Asks for the rows of a query with the columns `id`, `text` and `n`; they come in no particular order.
    pub fn rows(&mut self, kind: &'static str, rows: Query) {
        self.arm(
            &format!("SELECT '{kind}' AS kind, r.id, r.text, CAST(r.n AS BIGINT) AS n FROM ("),
            rows,
            ") r",
        );
    }

    /// Asks for the rows of a query with all four columns, of many kinds.
    pub fn many(&mut self, rows: Query) {
        self.arm(
            "SELECT r.kind, r.id, r.text, CAST(r.n AS BIGINT) AS n FROM (",
            rows,
            ") r",
        );
    }

    fn arm(&mut self, head: &str, query: Query, tail: &str) {
        if self.query.is_empty() {
            self.query.push(head);
        } else {
            self.query.push(" UNION ALL ").push(head);
        }
        self.query.append(query).push(tail);
    }

    /// Asks.
    pub async fn read(self, db: &Db) -> DbResult<Found> {
        if self.query.is_empty() {
            return Ok(Found(Vec::new()));
        }
        Ok(Found(self.query.all(db).await?))
    }
}

/// Asks for two statements side by side: one of them alone would leave a second core idle.
pub async fn read_both(facts: [Facts; 2], db: &Db) -> DbResult<[Found; 2]> {
    let [some, others] = facts;
    let (some, others) = tokio::try_join!(some.read(db), others.read(db))?;
    Ok([some, others])
}

/// What was found.
#[derive(Debug)]
pub struct Found(Vec<Fact>);

impl Found {
    /// The number of a kind; 0 where it was not asked for.
    pub fn n(&self, kind: &str) -> i64 {
        self.of(kind).map(|fact| fact.n).sum()
    }

    /// All rows.
    pub fn all(&self) -> &[Fact] {
        &self.0
    }

    /// The rows of a kind.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Fact> {
        self.0.iter().filter(move |fact| fact.kind == kind)
    }
}
