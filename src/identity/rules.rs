//! Pure rules about phone numbers, passwords and units.

/// A text as people mean it: full-width letters and digits made half-width, white space at the ends dropped.
pub fn clean(text: &str) -> String {
    let narrow: String = text
        .chars()
        .map(|c| match c {
            '\u{FF10}'..='\u{FF19}' | '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}' => {
                char::from_u32(c as u32 - 0xFEE0).unwrap_or(c)
            }
            '\u{3000}' | '\u{A0}' => ' ',
            _ => c,
        })
        .collect();
    narrow
        .trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}')
        .to_owned()
}

/// The 11 digits of a Chinese mobile number, from what somebody typed; `None` if it is not one.
pub fn phone(text: &str) -> Option<String> {
    let text: String = clean(text)
        .chars()
        .filter(|c| !matches!(c, ' ' | '-'))
        .collect();
    let digits = text.strip_prefix("+86").unwrap_or(&text);
    let valid = digits.len() == 11
        && digits.starts_with('1')
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (b'3'..=b'9').contains(&digits.as_bytes()[1]);
    valid.then(|| digits.to_owned())
}

/// `138****1234`.
pub fn mask_phone(phone: &str) -> String {
    if phone.len() == 11 && phone.is_ascii() {
        format!("{}****{}", &phone[..3], &phone[7..])
    } else {
        String::new()
    }
}

/// The first character of a name, and a star for each other.
pub fn mask_name(name: &str) -> String {
    let mut chars = name.chars();
    let first: String = chars.next().into_iter().collect();
    first + &"*".repeat(chars.count().clamp(1, 2))
}

/// The password of the demo accounts, refused outside demo data.
pub const DEMO_PASSWORD: &str = "mailuo-demo";

/// What is wrong with a new password, as a locale key.
pub fn password_fault(password: &str, demo: bool) -> Option<&'static str> {
    let length = password.chars().count();
    if password == DEMO_PASSWORD && !demo {
        Some("field.password_demo")
    } else if !(8..=128).contains(&length) {
        Some("field.password_length")
    } else {
        None
    }
}

/// The kind that a unit below a unit of `kind` has.
pub fn child_kind(kind: &str) -> &'static str {
    match kind {
        "company" => "business_unit",
        "business_unit" => "region",
        _ => "district",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_read_as_people_write_them() {
        assert_eq!(
            phone(" １３５９３７８６５７９ ").as_deref(),
            Some("13593786579")
        );
        assert_eq!(phone("+86 138-0013-8000").as_deref(), Some("13800138000"));
        assert_eq!(phone("136485253x"), None);
        assert_eq!(phone("12800138000"), None);
        assert_eq!(phone("1380013800"), None);
        assert_eq!(mask_phone("13800138000"), "138****8000");
    }

    #[test]
    fn names_are_masked() {
        assert_eq!(mask_name("王小明"), "王**");
        assert_eq!(mask_name("王"), "王*");
    }

    #[test]
    fn the_demo_password_is_for_demo_data() {
        assert!(password_fault(DEMO_PASSWORD, false).is_some());
        assert!(password_fault(DEMO_PASSWORD, true).is_none());
        assert!(password_fault("short", false).is_some());
    }
}
