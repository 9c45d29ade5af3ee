//! Pages of duplicates and merges, and the pieces that other pages show of them.

mod hints;
mod list;
mod merges;
mod pair;

pub use self::hints::{DuplicateHint, EntryHints};
pub use self::list::DuplicateList;
pub use self::merges::MergeList;
pub use self::pair::DuplicatePair;
