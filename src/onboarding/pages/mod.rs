//! Pages of onboarding for staff.

mod codes;
mod consents;
mod coverage;
mod invitation;
mod pending;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub use self::codes::{CodeList, CodeNew, CodePage, CodeSheet};
pub use self::consents::{ConsentCard, ConsentTexts};
pub use self::coverage::Coverage;
pub use self::invitation::{InvitationCode, InvitationSheet};
pub use self::pending::PendingList;

/// The id in the address.
fn id_param() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|p| p.get("id").unwrap_or_default()))
}
