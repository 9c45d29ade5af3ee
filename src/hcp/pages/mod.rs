//! Pages of HCPs, and the pieces that other pages show of them.

mod form;
mod list;
mod page;
mod selection;
mod tabs;

use leptos::prelude::*;

pub use self::form::{HcpEdit, HcpNew};
pub use self::list::HcpList;
pub use self::page::{HcpHistory, HcpPage};
pub use self::selection::SelectionPage;
use super::model::{HcpRow, state_label};
use crate::ui::boot::boot;

/// The state of an HCP as a badge, and another for who withdrew: they are asked with more care than who never was.
#[component]
pub fn StateBadge(
    state: String,
    /// Day on which they withdrew their registration, or empty.
    #[prop(optional, into)]
    withdrew: String,
) -> impl IntoView {
    let class = match state.as_str() {
        "onboarded" => "badge badge-success",
        "invited" => "badge badge-info",
        "pending" => "badge badge-warning",
        _ => "badge badge-ghost",
    };
    view! {
        <span class=format!("{class} whitespace-nowrap")>{state_label(&state)}</span>
        {(!withdrew.is_empty()).then(|| view! { <span class="badge badge-warning badge-sm whitespace-nowrap">{tr!("hcp.withdrew", day = withdrew)}</span> })}
    }
}

/// An HCP in two lines.
#[component]
pub fn HcpLine(hcp: HcpRow) -> impl IntoView {
    // One's own name on every line of one's own list says nothing.
    let me = boot().me.map(|me| me.name);
    let owner = hcp.owner.filter(|owner| me.as_ref() != Some(owner));
    view! {
        <span class="flex items-center gap-2">
            <span class="font-medium">{hcp.name}</span>
            <span class="text-sm text-base-content/70">{hcp.title}</span>
            <span class="ms-auto flex flex-wrap justify-end gap-1"><StateBadge state=hcp.state withdrew=hcp.withdrew/></span>
        </span>
        <span class="flex flex-wrap gap-x-3 text-sm text-base-content/70">
            <span>{hcp.hospital}</span>
            <span>{hcp.department}</span>
            <span class="num">{hcp.phone_masked}</span>
            {owner.map(|o| view! { <span>{tr!("hcp.owned_by", name = o)}</span> })}
        </span>
    }
}
