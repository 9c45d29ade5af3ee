//! Pages of ownership: transfers, requests for sharing, groups, and what stands of it on an HCP's page.

mod card;
mod groups;
mod requests;
mod transfer_new;
mod transfers;

use leptos::prelude::*;

pub use self::card::OwnershipCard;
pub use self::groups::GroupList;
pub use self::requests::RequestList;
pub use self::transfer_new::TransferNew;
pub use self::transfers::{TransferList, TransferPage};
use super::model::MovedHcp;

/// Texts to choose from while typing in the input that names this list.
#[component]
fn Choices(id: &'static str, texts: Vec<String>) -> impl IntoView {
    view! {
        <datalist id=id>
            {texts.into_iter().map(|text| view! { <option value=text></option> }).collect_view()}
        </datalist>
    }
}

/// HCPs of a transfer, each with from whom and to whom.
#[component]
fn MovedList(hcps: Vec<MovedHcp>) -> impl IntoView {
    let name = |name: Option<String>| name.unwrap_or_else(|| tr!("ownership.nobody"));
    view! {
        <ul class="divide-y divide-base-300">
            {hcps.into_iter().map(|h| view! {
                <li class="flex flex-wrap items-center gap-x-3 py-2">
                    <a class="link link-hover py-1 font-medium" href=format!("/hcps/{}", h.id)>{h.name}</a>
                    <span class="text-sm text-base-content/70">{h.hospital}" "{h.department}</span>
                    <span class="ms-auto text-sm">{name(h.from_name)}" → "{name(h.to_name)}</span>
                </li>
            }).collect_view()}
        </ul>
    }
}
