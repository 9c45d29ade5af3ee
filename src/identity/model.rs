//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

/// A row of the list of people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct PersonRow {
    pub id: String,
    pub name: String,
    /// Code of the role.
    pub role: String,
    pub unit: String,
    /// `138****1234`.
    pub phone_masked: String,
    pub employee_no: Option<String>,
    /// Epoch milliseconds; `None` while employed.
    pub left_at: Option<i64>,
}

/// A person with what their page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub row: PersonRow,
    pub unit_id: String,
    /// Units they manage.
    pub manages: Vec<String>,
}

/// A unit of the org tree, in the tree's order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct Unit {
    pub id: String,
    pub parent_id: Option<String>,
    pub name: String,
    /// company, business_unit, region or district.
    pub kind: String,
    /// Steps below the company.
    pub depth: i64,
    /// People employed in this unit itself.
    pub people: i64,
    /// Names of those who manage it, joined by 、.
    pub managers: String,
}

/// What a browser calls itself, in two words: `Chrome · Android`. As it is where it is none that is known.
pub fn device(user_agent: &str) -> String {
    // The more particular first: each of them says that it is those after it, too.
    let first = |known: &[(&str, &'static str)]| {
        known
            .iter()
            .find(|(mark, _)| user_agent.contains(mark))
            .map(|(_, name)| *name)
    };
    let browser = first(&[
        ("MicroMessenger", "WeChat"),
        ("Edg", "Edge"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = first(&[
        ("HarmonyOS", "HarmonyOS"),
        ("OpenHarmony", "HarmonyOS"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        _ => user_agent.to_owned(),
    }
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: String,
    pub user_agent: String,
    pub address: String,
    /// Day and minute in the configured zone.
    pub last_seen: String,
    pub current: bool,
}

/// One's own account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountView {
    pub person: Person,
    pub sessions: Vec<SessionRow>,
    pub locale: String,
    pub theme: String,
}

/// A text message in the outbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SmsRow {
    pub at: String,
    pub to: String,
    pub text: String,
}

/// A row of the audit log as shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditRow {
    pub seq: i64,
    pub at: String,
    pub actor: String,
    /// `object.verb`, such as `hcp.invite`.
    pub action: String,
    pub object_kind: String,
    pub object_id: String,
    pub address: String,
    pub detail: String,
}

impl AuditRow {
    /// What was done, in the current language; the code of what has no name.
    pub fn act(&self) -> String {
        named("acts", &self.action)
    }

    /// What kind of thing it was done to, in the current language; the code of what has no name.
    pub fn kind(&self) -> String {
        named("audit.kind", &self.object_kind)
    }

    /// The page of what it was done to, if it has one.
    pub fn page(&self) -> Option<String> {
        let folder = match self.object_kind.as_str() {
            "hcp" => "hcps",
            "article" => "articles",
            "staff" => "people",
            "terminal" => "terminals",
            "course" => "courses",
            "exam" => "exams",
            "visit" => "visits",
            "adverse_event" => "adverse-events",
            "transfer" => "transfers",
            _ => return None,
        };
        Some(format!("/{folder}/{}", self.object_id))
    }
}

/// The name of a code among those of a family of texts, or the code.
fn named(family: &str, code: &str) -> String {
    let key = format!("{family}.{code}");
    let name = crate::ui::locale::lookup(&key);
    if name == key { code.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_as_people_know_it() {
        for (said, named) in [
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 7; wv) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0.55",
                "WeChat · Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari · iPhone",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0",
                "Edge · Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/130.0 Safari/537.36",
                "Chrome · macOS",
            ),
            ("curl/8.0", "curl/8.0"),
        ] {
            assert_eq!(device(said), named);
        }
    }
}
