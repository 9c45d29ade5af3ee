//! Types of the list of HCPs that cross between server and browser.

use serde::{Deserialize, Serialize};

use super::model::{kind_label, state_label};
use crate::shared::Page;

/// What the list can be narrowed by, as it stands in the address; empty fields do not narrow, and neither do values
/// that nothing knows. The list, "select all" and the export read the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Name, pinyin, hospital, department, title, specialty or code.
    pub text: String,
    /// listed, invited, onboarded or pending.
    pub state: String,
    /// doctor, pharmacist, nurse, clerk or contact.
    pub kind: String,
    pub department: String,
    pub title: String,
    pub specialty: String,
    pub tag: String,
    /// Id, name, or number and name of a staff member; `none` for HCPs that belong to nobody.
    pub owner: String,
    pub province: String,
    pub city: String,
    /// Id of the main hospital.
    pub terminal: String,
    /// Id of one of the asker's own groups.
    pub group: String,
    /// `true`: those whom the asker follows.
    pub followed: String,
    /// `true`: those shared with the asker.
    pub shared: String,
    /// `7`, `30`, `90`: last contact within so many days; `never`; `old`: longer ago than 90 days, or never.
    pub contact: String,
    /// One of [`SORTS`]; empty is `pinyin`.
    pub sort: String,
    /// The index of a whole phone number that stood in place of a text; the server's alone.
    #[serde(skip)]
    pub phone: String,
    /// The number itself.
    #[serde(skip)]
    pub digits: String,
}

/// Orders of the list.
pub const SORTS: [&str; 6] = [
    "pinyin",
    "contact",
    "contact_old",
    "created",
    "hospital",
    "department",
];
/// States to choose from; registrations that wait have a list of their own.
pub const STATES: [&str; 3] = ["listed", "invited", "onboarded"];
/// Choices of the filter by last contact.
pub const CONTACTS: [&str; 5] = ["7", "30", "90", "old", "never"];

impl Filter {
    /// The filter of an address; `value` gives the value of a parameter.
    pub fn read(value: impl Fn(&str) -> Option<String>) -> Filter {
        let value = |name: &str| value(name).unwrap_or_default();
        Filter {
            text: value("text"),
            state: value("state"),
            kind: value("kind"),
            department: value("department"),
            title: value("title"),
            specialty: value("specialty"),
            tag: value("tag"),
            owner: value("owner"),
            province: value("province"),
            city: value("city"),
            terminal: value("terminal"),
            group: value("group"),
            followed: value("followed"),
            shared: value("shared"),
            contact: value("contact"),
            sort: value("sort"),
            ..Filter::default()
        }
    }

    /// Names and values of the parameters that are set, the order among them.
    pub fn parameters(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("text", &self.text),
            ("state", &self.state),
            ("kind", &self.kind),
            ("department", &self.department),
            ("title", &self.title),
            ("specialty", &self.specialty),
            ("tag", &self.tag),
            ("owner", &self.owner),
            ("province", &self.province),
            ("city", &self.city),
            ("terminal", &self.terminal),
            ("group", &self.group),
            ("followed", &self.followed),
            ("shared", &self.shared),
            ("contact", &self.contact),
            ("sort", &self.sort),
        ];
        all.into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, value.as_str()))
            .collect()
    }

    /// Names and values of the filters that are set, without the order.
    pub fn set(&self) -> Vec<(&'static str, &str)> {
        let mut set = self.parameters();
        set.retain(|(name, _)| *name != "sort");
        // That a number was looked for, not which.
        if !self.phone.is_empty() {
            set.push(("text", "1**********"));
        }
        set
    }

    /// Whether one of the filters is set that the page keeps folded away.
    pub fn has_more(&self) -> bool {
        self.set()
            .iter()
            .any(|(name, _)| !matches!(*name, "text" | "state" | "department"))
    }
}

/// The name of a filter in the current language; nothing for those that need no value to be understood.
pub fn filter_name(name: &str) -> String {
    match name {
        "text" => tr!("hcp_list.text"),
        "state" => tr!("record.state"),
        "kind" => tr!("record.kind"),
        "department" => tr!("record.department"),
        "title" => tr!("record.title"),
        "specialty" => tr!("record.specialty"),
        "tag" => tr!("record.tags"),
        "owner" => tr!("record.owner"),
        "province" => tr!("record.province"),
        "city" => tr!("record.city"),
        "terminal" => tr!("record.hospital"),
        "group" => tr!("hcp_list.group"),
        "contact" => tr!("hcp_list.last_contact"),
        _ => String::new(),
    }
}

/// The value of a filter as people read it; `names` holds what the ids among them stand for.
pub fn filter_value(name: &str, value: &str, names: &[(String, String)]) -> String {
    match (name, value) {
        ("state", state) => state_label(state),
        ("kind", kind) => kind_label(kind),
        ("contact", contact) => contact_label(contact),
        ("followed", _) => tr!("hcp_list.followed"),
        ("shared", _) => tr!("hcp_list.shared"),
        ("owner", "none") => tr!("hcp_list.no_owner"),
        _ => names
            .iter()
            .find(|(of, _)| of == name)
            .map_or_else(|| value.to_owned(), |(_, label)| label.clone()),
    }
}

/// A choice of the filter by last contact in the current language.
pub fn contact_label(contact: &str) -> String {
    match contact {
        "never" => tr!("hcp_list.contact_never"),
        "old" => tr!("hcp_list.contact_old"),
        days => tr!("hcp_list.contact_within", days = days),
    }
}

/// An order in the current language.
pub fn sort_label(sort: &str) -> String {
    match sort {
        "contact" => tr!("hcp_list.sort.contact"),
        "contact_old" => tr!("hcp_list.sort.contact_old"),
        "created" => tr!("hcp_list.sort.created"),
        "hospital" => tr!("hcp_list.sort.hospital"),
        "department" => tr!("hcp_list.sort.department"),
        _ => tr!("hcp_list.sort.pinyin"),
    }
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct HcpItem {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub phone_masked: String,
    pub hospital: String,
    pub department: String,
    pub title: String,
    pub state: String,
    pub owner: Option<String>,
    /// Epoch milliseconds.
    pub last_contact_at: Option<i64>,
    /// Epoch milliseconds.
    pub withdrew_at: Option<i64>,
    /// Whether the asker has picked them for a bulk act.
    pub picked: bool,
    #[cfg_attr(feature = "ssr", sqlx(skip))]
    pub tags: Vec<String>,
    /// Day of the last contact in the configured zone; empty if there was none.
    #[cfg_attr(feature = "ssr", sqlx(skip))]
    pub last_contact: String,
    /// Day on which they withdrew their registration; empty unless they did and have not registered again.
    #[cfg_attr(feature = "ssr", sqlx(skip))]
    pub withdrew: String,
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HcpList {
    /// Its total is exact unless [`HcpList::more`].
    pub page: Page<HcpItem>,
    /// Whether there are more than the total says: beyond it nobody counted.
    pub more: bool,
    /// HCPs whom the asker has picked, on this page and others.
    pub selected: i64,
    /// Self-registered HCPs that wait for a steward; only told to stewards.
    pub pending: Option<i64>,
    /// What the ids in the filter stand for: name of the filter and its label.
    pub names: Vec<(String, String)>,
}

/// What the fields of the filter offer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Choices {
    pub departments: Vec<String>,
    pub titles: Vec<String>,
    pub tags: Vec<String>,
    pub provinces: Vec<String>,
    /// Staff within scope, for those who see more than their own.
    pub owners: Vec<String>,
    /// Whether there are more: they are found by name or number.
    pub owners_cut: bool,
    /// The asker's own groups: id and name.
    pub groups: Vec<(String, String)>,
}

/// A page of the HCPs that the asker has picked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    pub page: Page<HcpItem>,
    /// How many of them can be invited.
    pub invitable: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_told_again() {
        let filter = Filter::read(|name| match name {
            "state" => Some("listed".to_owned()),
            "tag" => Some("重点".to_owned()),
            "sort" => Some("contact".to_owned()),
            _ => None,
        });
        assert_eq!(
            filter.parameters(),
            [("state", "listed"), ("tag", "重点"), ("sort", "contact")]
        );
        assert_eq!(filter.set().len(), 2);
        assert!(filter.has_more());
        assert!(!Filter::read(|name| (name == "text").then(|| "王".to_owned())).has_more());
    }
}
