//! Products: the catalogue that everybody reads, prices by region and day, versions of the label, linked articles.
//!
//! Writes: `product`, `product_price`, `product_label`, `product_article`; the product of flow lines that waited for it.

pub mod api;
#[cfg(feature = "ssr")]
pub mod import;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod store;
