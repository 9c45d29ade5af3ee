//! Numbers and money as people read them.

/// Fen as yuan with two decimals.
pub fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", grouped((fen / 100) as i64), fen % 100)
}

/// Fen as whole yuan with their sign of money, for where room is short.
pub fn whole_yuan(fen: i64) -> String {
    format!("¥{}", grouped((fen as f64 / 100.0).round() as i64))
}

/// A number with its thousands set apart.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + 5);
    if number < 0 {
        out.push('-');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Change in per cent against an earlier value, with one decimal; `None` where there is nothing to compare with.
pub fn growth(now: i64, before: i64) -> Option<f64> {
    (before > 0).then(|| ((now - before) as f64 / before as f64 * 1000.0).round() / 10.0)
}

/// A change in per cent with its sign; a dash where there is nothing to compare with.
pub fn growth_text(now: i64, before: i64) -> String {
    growth(now, before).map_or_else(|| "–".to_owned(), |growth| format!("{growth:+.1}%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_growth_is_signed() {
        assert_eq!(yuan(-123_456_705), "-1,234,567.05");
        assert_eq!(whole_yuan(5_246_750), "¥52,468");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(growth_text(150, 120), "+25.0%");
        assert_eq!(growth_text(1, 0), "–");
    }
}
