//! Server functions of products. All staff read them; administrators keep them.

use leptos::{server, server_fn};

use super::model::{Catalogue, ProductView};
use crate::shared::{AppResult, Saved};

#[cfg(feature = "ssr")]
use {
    super::model::{LabelRow, Product},
    super::store,
    crate::identity::rules::clean,
    crate::server::{guard, state::state},
    crate::shared::Permission,
    crate::terminal::rules::line_of,
};

/// The catalogue.
#[server(prefix = "/api", endpoint = "products/list", input = server_fn::codec::GetUrl)]
pub async fn list_products(
    #[server(default)] text: String,
    #[server(default)] category: String,
    #[server(default)] state_of: String,
    #[server(default)] page: i64,
) -> AppResult<Catalogue> {
    guard::require(Permission::ReadProducts).await?;
    let filter = store::Filter {
        text,
        category,
        state: state_of,
    };
    Ok(store::list(&state().db, &filter, page.max(1)).await?)
}

/// One product with a page of its history.
#[server(prefix = "/api", endpoint = "products/get", input = server_fn::codec::GetUrl)]
pub async fn get_product(id: String, #[server(default)] page: i64) -> AppResult<ProductView> {
    let actor = guard::require(Permission::ReadProducts).await?;
    store::view(&state(), &actor, &id, page.max(1)).await
}

/// Enters a product, or with an `id` changes one; `seen` is its `updated_at` when the form was made.
#[server(prefix = "/api", endpoint = "products/save")]
pub async fn save_product(
    #[server(default)] form_key: String,
    #[server(default)] id: String,
    #[server(default)] seen: i64,
    #[server(default)] code: String,
    #[server(default)] name: String,
    #[server(default)] brand: String,
    #[server(default)] specification: String,
    #[server(default)] unit: String,
    #[server(default)] category: String,
    #[server(default)] keywords: String,
    #[server(default)] approval_no: String,
    #[server(default)] manufacturer: String,
    #[server(default)] class: String,
    #[server(default)] business_line: String,
    #[server(default)] indication: String,
    #[server(default)] dosage: String,
    #[server(default)] clinical: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteProducts).await?;
    let text = |text: &str| text.trim().replace("\r\n", "\n");
    let product = Product {
        code: clean(&code),
        name: clean(&name),
        brand: clean(&brand),
        specification: clean(&specification),
        unit: clean(&unit),
        category: clean(&category),
        keywords: clean(&keywords),
        approval_no: clean(&approval_no),
        manufacturer: clean(&manufacturer),
        class,
        business_line: line_of(&business_line),
        indication: text(&indication),
        dosage: text(&dosage),
        clinical: text(&clinical),
        ..Product::default()
    };
    store::save(&state(), &actor, &form_key, &id, seen, product).await
}

/// Takes a product out of the catalogue, or with `undo` back in.
#[server(prefix = "/api", endpoint = "products/discontinue")]
pub async fn discontinue_product(id: String, #[server(default)] undo: bool) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteProducts).await?;
    store::discontinue(&state(), &actor, &id, undo).await
}

/// Sets a price in yuan from a day on, for a province or for all; `kind` is bid, supply or retail.
#[server(prefix = "/api", endpoint = "products/set_price")]
pub async fn set_price(
    id: String,
    #[server(default)] kind: String,
    #[server(default)] province: String,
    #[server(default)] starts_on: String,
    #[server(default)] yuan: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteProducts).await?;
    store::set_price(&state(), &actor, &id, &kind, &province, &starts_on, &yuan).await
}

/// Adds a version of the label.
#[server(prefix = "/api", endpoint = "products/add_label")]
pub async fn add_label(
    id: String,
    #[server(default)] version: String,
    #[server(default)] starts_on: String,
    #[server(default)] body: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteProducts).await?;
    let label = LabelRow {
        version,
        starts_on,
        body,
        in_force: false,
    };
    store::add_label(&state(), &actor, &id, label).await
}

/// Links a published article with a product, or with `remove` takes it away.
#[server(prefix = "/api", endpoint = "products/link_article")]
pub async fn link_article(
    id: String,
    #[server(default)] article: String,
    #[server(default)] remove: bool,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteProducts).await?;
    store::link(&state(), &actor, &id, &article, remove).await
}
