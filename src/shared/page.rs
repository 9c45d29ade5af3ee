//! Pages of rows.

use serde::{Deserialize, Serialize};

/// Rows on one page of a list.
pub const PAGE_SIZE: i64 = 20;

/// One page of a list and how many rows there are in all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows of this page, at most [`PAGE_SIZE`].
    pub rows: Vec<T>,
    /// Rows on all pages.
    pub total: i64,
    /// This page, from 1.
    pub page: i64,
}

impl<T> Page<T> {
    /// Number of pages, at least 1.
    pub fn pages(&self) -> i64 {
        within(i64::MAX, self.total)
    }
}

/// The page to show of so many rows: past the end, as an address may say after rows went, it is the last.
pub fn within(page: i64, total: i64) -> i64 {
    page.clamp(1, (total.max(1) + PAGE_SIZE - 1) / PAGE_SIZE)
}

/// The offset of a page counted from 1; nonsense is the first page.
pub fn offset(page: i64) -> i64 {
    (page.clamp(1, 1_000_000) - 1) * PAGE_SIZE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_the_end_is_the_last_page() {
        for (page, total, shown) in [
            (1, 0, 1),
            (9, 0, 1),
            (-1, 5, 1),
            (2, 20, 1),
            (2, 21, 2),
            (9, 41, 3),
        ] {
            assert_eq!(within(page, total), shown, "page {page} of {total} rows");
        }
    }
}
