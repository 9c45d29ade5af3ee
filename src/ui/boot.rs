//! What a staff page knows from its first byte: who is signed in, the language, the day. It stands in the page as
//! JSON, so that the browser's first view is the server's.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::locale::Locale;
use crate::shared::{Permission, Role};

/// The signed-in staff member as their own pages know them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Me {
    pub id: String,
    pub name: String,
    pub role: Role,
    /// "light", "dark" or "system".
    pub theme: String,
}

/// The start data of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boot {
    pub me: Option<Me>,
    pub locale: Locale,
    /// Address of the interface's texts in that language.
    pub texts: String,
    /// Address of the script that draws charts; empty where the site lacks it.
    pub charts: String,
    /// Part of every form's key on this page.
    pub form_key: String,
    /// The company's name.
    pub company: String,
    /// Today in the configured zone, `YYYY-MM-DD`.
    pub today: String,
    /// Path and query that the page was made for.
    pub path: String,
}

impl Boot {
    /// Whether the signed-in member has the permission; the server decides again.
    pub fn may(&self, permission: Permission) -> bool {
        self.me.as_ref().is_some_and(|me| me.role.may(permission))
    }
}

/// The start data of this page.
pub fn boot() -> Boot {
    expect_context::<Boot>()
}

/// Whether the signed-in member has the permission.
pub fn may(permission: Permission) -> bool {
    boot().may(permission)
}

/// Whether the page that the server sent is hydrated: what is made from then on is made in the browser.
#[cfg(feature = "hydrate")]
pub fn is_hydrated() -> bool {
    document()
        .document_element()
        .is_some_and(|root| root.has_attribute("data-hydrated"))
}

/// Pages count on this to load their data anew after a write.
#[derive(Debug, Clone, Copy)]
pub struct Refresh(pub RwSignal<u32>);

/// A number that changes whenever data must be loaded anew; read it in a resource's source.
pub fn refresh() -> u32 {
    use_context::<Refresh>().map_or(0, |r| r.0.get())
}

/// The notice shown at the top of the page: a locale key.
#[derive(Debug, Clone, Copy)]
pub struct Notice(pub RwSignal<Option<String>>);

/// What the server has to say about the form that was posted without JavaScript: present only in that answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Flash {
    /// Path the form was posted to.
    pub to: String,
    /// Why it failed.
    pub error: Option<crate::shared::AppError>,
    /// What was typed.
    pub values: Vec<(String, String)>,
}
