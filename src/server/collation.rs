//! The order of names, as a Chinese reader looks for them: digits, Han characters by pinyin, then Latin letters.
//!
//! SQL asks for it by `COLLATE pinyin`. Both engines have it from CLDR: SQLite by this program, Postgres by its ICU. No
//! index is made with it, so that a newer CLDR needs none made anew. All else is ordered by code point.

use std::cmp::Ordering;
use std::sync::LazyLock;

use icu_collator::CollatorBorrowed;
use icu_locale_core::locale;
use sqlx::sqlite::SqliteConnectOptions;

use super::db::{Db, Lock, q};

static PINYIN: LazyLock<Option<CollatorBorrowed<'static>>> = LazyLock::new(|| {
    let made = CollatorBorrowed::try_new(locale!("zh-u-co-pinyin").into(), Default::default());
    made.inspect_err(|e| tracing::error!("names are ordered by code point: {e}"))
        .ok()
});

/// Compares two names.
pub fn compare(a: &str, b: &str) -> Ordering {
    PINYIN
        .as_ref()
        .map_or_else(|| a.cmp(b), |pinyin| pinyin.compare(a, b))
}

/// Gives connections to SQLite the collation.
pub fn with_pinyin(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options.collation("pinyin", compare)
}

/// Makes the collation on Postgres where it is missing.
///
/// # Errors
/// What to do about a Postgres that cannot.
pub async fn create(db: &Db) -> Result<(), String> {
    let made = async {
        let mut tx = db.begin().await?;
        // Two servers that begin at once would both find it missing.
        tx.serialise(Lock::Collation).await?;
        q("CREATE COLLATION IF NOT EXISTS pinyin (provider = icu, locale = 'zh-u-co-pinyin')")
            .exec(&mut tx)
            .await?;
        // Postgres would warn on each connection once its ICU is another. Nothing is stored in the old order.
        let other = q(
            "SELECT COUNT(*) FROM pg_collation WHERE collname = 'pinyin' \
                       AND collversion <> pg_collation_actual_version(oid)",
        );
        if other.count(&mut tx).await? > 0 {
            q("ALTER COLLATION pinyin REFRESH VERSION")
                .exec(&mut tx)
                .await?;
        }
        tx.commit().await
    };
    made.await.map_err(|e: sqlx::Error| {
        format!(
            "cannot make the collation pinyin: {e}. Mailuo needs a Postgres that was built with ICU, and a role that may \
             create objects in its schema"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_by_pinyin_between_digits_and_letters() {
        let mut names = [
            "赵敏", "王伟", "abbott", "安琪", "李娜", "李安", "3M", "陈晨",
        ];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(
            names,
            [
                "3M", "安琪", "陈晨", "李安", "李娜", "王伟", "赵敏", "abbott"
            ]
        );
    }
}
