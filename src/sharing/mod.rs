//! Sharing and its tracking (多层追踪): links, views, the tree, and the numbers of layer 1 and layer 2.
//!
//! Writes: `share_link`, `share_closure`, `article_view`, and the setting `index_weights`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod export;
#[cfg(feature = "ssr")]
pub mod metrics;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod read;
#[cfg(feature = "ssr")]
pub mod routes;
pub mod rules;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod tracker;

/// A QR code as SVG, dark on light whatever the theme.
#[cfg(feature = "ssr")]
pub fn qr_svg(text: &str) -> crate::shared::AppResult<String> {
    use qrcode::{EcLevel, QrCode, render::svg};
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(crate::server::db::internal)?;
    let svg = code
        .render::<svg::Color<'_>>()
        .min_dimensions(256, 256)
        .quiet_zone(true)
        .build();
    // The XML declaration has no place inside a page.
    Ok(svg
        .find("<svg")
        .map_or(String::new(), |at| svg[at..].to_owned()))
}
