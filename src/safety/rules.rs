//! The clocks of an adverse event.
//!
//! domain, Compliance: Day 0 is when the first employee knew; four elements: patient, reporter, product, event; death at
//! once, serious or new within 15 days, others 30; the company's own first step within 24 h.

/// What an event can be, the gravest first.
pub const SEVERITIES: [&str; 4] = ["death", "serious", "new", "other"];

/// Within how many days after Day 0 the authority must have it.
pub fn days(severity: &str) -> i64 {
    match severity {
        "death" => 0,
        "serious" | "new" => 15,
        _ => 30,
    }
}

/// The company's own first step is due within this many milliseconds.
pub const FIRST_STEP_MS: i64 = 24 * 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_are_those_of_the_rule() {
        assert_eq!(SEVERITIES.map(days), [0, 15, 15, 30]);
        assert_eq!(FIRST_STEP_MS, 86_400_000);
    }
}
