//! Server functions of ownership.

use leptos::{server, server_fn};

use super::model::{
    GroupRow, Leaver, OwnershipView, RequestPage, TransferForm, TransferRow, TransferView,
};
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::{access, card, groups, people, requests, transfer},
    crate::server::{guard, state::state},
    crate::shared::{AppError, Permission},
};

/// The page of a new transfer with its preview.
#[server(prefix = "/api", endpoint = "ownership/transfer_form", input = server_fn::codec::GetUrl)]
pub async fn plan_transfer(
    #[server(default)] kind: String,
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] hospital: String,
    #[server(default)] department: String,
    #[server(default)] which: String,
    #[server(default)] hcp: String,
) -> AppResult<TransferForm> {
    let actor = guard::require(Permission::AssignHcps).await?;
    let asked = transfer::Asked {
        kind,
        from,
        to,
        hospital,
        department,
        which,
        hcp,
    };
    transfer::form(&state(), &actor, &asked).await
}

/// Moves HCPs as the preview showed; `seen` is its number.
#[server(prefix = "/api", endpoint = "ownership/transfer")]
pub async fn apply_transfer(
    #[server(default)] form_key: String,
    #[server(default)] kind: String,
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] hospital: String,
    #[server(default)] department: String,
    #[server(default)] which: String,
    #[server(default)] hcp: String,
    #[server(default)] reason: String,
    #[server(default)] seen: i64,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::AssignHcps).await?;
    let asked = transfer::Asked {
        kind,
        from,
        to,
        hospital,
        department,
        which,
        hcp,
    };
    transfer::apply(&state(), &actor, &form_key, &asked, &reason, seen).await
}

/// Takes a transfer back within a day.
#[server(prefix = "/api", endpoint = "ownership/undo_transfer")]
pub async fn undo_transfer(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::AssignHcps).await?;
    transfer::undo(&state(), &actor, &id).await
}

/// Transfers made by people within scope.
#[server(prefix = "/api", endpoint = "ownership/transfers", input = server_fn::codec::GetUrl)]
pub async fn list_transfers(#[server(default)] page: i64) -> AppResult<Page<TransferRow>> {
    let actor = guard::require(Permission::AssignHcps).await?;
    Ok(transfer::list(&state(), &actor, page.max(1)).await?)
}

/// One transfer with its HCPs.
#[server(prefix = "/api", endpoint = "ownership/get_transfer", input = server_fn::codec::GetUrl)]
pub async fn get_transfer(id: String, #[server(default)] page: i64) -> AppResult<TransferView> {
    let actor = guard::require(Permission::AssignHcps).await?;
    Ok(transfer::view(&state(), &actor, &id, page.max(1)).await?)
}

/// People within scope who left and still own HCPs.
#[server(prefix = "/api", endpoint = "ownership/left_behind", input = server_fn::codec::GetUrl)]
pub async fn left_behind() -> AppResult<Vec<Leaver>> {
    let actor = guard::require(Permission::AssignHcps).await?;
    Ok(people::left_behind(&state(), &actor).await?)
}

/// What the HCP's page shows of ownership.
#[server(prefix = "/api", endpoint = "ownership/card", input = server_fn::codec::GetUrl)]
pub async fn get_ownership(id: String) -> AppResult<OwnershipView> {
    let actor = guard::require(Permission::ReadHcps).await?;
    card::card(&state(), &actor, &id).await
}

/// Shares an HCP with a colleague until a day.
#[server(prefix = "/api", endpoint = "ownership/share")]
pub async fn share_hcp(
    id: String,
    #[server(default)] colleague: String,
    #[server(default)] until: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    access::share(&state(), &actor, &id, &colleague, &until).await
}

/// Ends a sharing early.
#[server(prefix = "/api", endpoint = "ownership/end_access")]
pub async fn end_access(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    access::end(&state(), &actor, &id).await
}

/// Asks the owner of the HCP of a masked hint to share.
#[server(prefix = "/api", endpoint = "ownership/ask")]
pub async fn ask_for_sharing(
    #[server(default)] form_key: String,
    token: String,
    #[server(default)] message: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    requests::ask(&state(), &actor, &form_key, &token, &message).await
}

/// Requests: one's own (`tab=mine`), or those that wait for the actor.
#[server(prefix = "/api", endpoint = "ownership/requests", input = server_fn::codec::GetUrl)]
pub async fn list_requests(
    #[server(default)] tab: String,
    #[server(default)] page: i64,
) -> AppResult<RequestPage> {
    let actor = guard::require(Permission::WriteHcps).await?;
    Ok(requests::list(&state(), &actor, tab == "mine", page.max(1)).await?)
}

/// Decides about a request: `grant` until a day, or `decline`.
#[server(prefix = "/api", endpoint = "ownership/decide")]
pub async fn decide_request(
    id: String,
    #[server(default)] decision: String,
    #[server(default)] until: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    let grant = match decision.as_str() {
        "grant" => true,
        "decline" => false,
        _ => return Err(AppError::field("decision", "field.required")),
    };
    requests::decide(&state(), &actor, &id, grant, &until).await
}

/// Follows an HCP, or no longer.
#[server(prefix = "/api", endpoint = "ownership/follow")]
pub async fn follow_hcp(id: String, #[server(default)] on: bool) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    groups::follow(&state(), &actor, &id, on).await
}

/// One's own groups.
#[server(prefix = "/api", endpoint = "ownership/groups", input = server_fn::codec::GetUrl)]
pub async fn list_groups() -> AppResult<Vec<GroupRow>> {
    let actor = guard::require(Permission::WriteHcps).await?;
    Ok(groups::list(&state().db, &actor).await?)
}

/// Makes a group.
#[server(prefix = "/api", endpoint = "ownership/create_group")]
pub async fn create_group(
    #[server(default)] form_key: String,
    #[server(default)] name: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    groups::create(&state(), &actor, &form_key, &name).await
}

/// Renames a group.
#[server(prefix = "/api", endpoint = "ownership/rename_group")]
pub async fn rename_group(id: String, #[server(default)] name: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    groups::rename(&state(), &actor, &id, &name).await
}

/// Deletes a group; its members stay HCPs.
#[server(prefix = "/api", endpoint = "ownership/delete_group")]
pub async fn delete_group(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    groups::delete(&state(), &actor, &id).await
}

/// Adds the picked HCPs to a group by its name, which is made if it is new.
#[server(prefix = "/api", endpoint = "ownership/group_selection")]
pub async fn group_selection(#[server(default)] group: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    groups::add_selection(&state(), &actor, &group).await
}

/// Puts an HCP into exactly the chosen ones of the groups shown, and into that of a new name if one is given.
#[server(prefix = "/api", endpoint = "ownership/set_groups")]
pub async fn set_groups(
    id: String,
    #[server(default)] shown: Vec<String>,
    #[server(default)] chosen: Vec<String>,
    #[server(default)] group: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    groups::set_of(&state(), &actor, &id, &shown, &chosen, &group).await
}
