//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::shared::Page;
use crate::shared::history::ChangeRow;

/// Classes of products: prescription only (处方药) and over the counter (非处方药).
pub const CLASSES: [&str; 2] = ["rx", "otc"];

/// The name of a class in the current language; empty where it is not known.
pub fn class_label(class: &str) -> String {
    match class {
        "rx" => tr!("product.rx"),
        "otc" => tr!("product.otc"),
        _ => String::new(),
    }
}

/// A product's own row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct Product {
    pub id: String,
    pub code: String,
    /// Generic name (通用名称).
    pub name: String,
    /// Trade name (商品名).
    pub brand: String,
    pub specification: String,
    pub unit: String,
    /// Parts are separated by `/`.
    pub category: String,
    pub keywords: String,
    pub approval_no: String,
    pub manufacturer: String,
    /// One of [`CLASSES`], or empty.
    pub class: String,
    /// [`MAIN_LINE`](crate::terminal::model::MAIN_LINE) or another: who has a terminal in it is credited there.
    pub business_line: String,
    pub indication: String,
    /// Usage and dosage (用法用量).
    pub dosage: String,
    /// The latest clinical data.
    pub clinical: String,
    pub discontinued_at: Option<i64>,
    /// Epoch milliseconds.
    pub updated_at: i64,
}

/// A row of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct ProductRow {
    pub id: String,
    pub code: String,
    pub name: String,
    pub brand: String,
    pub specification: String,
    pub category: String,
    pub approval_no: String,
    pub discontinued: bool,
}

/// A page of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    pub page: Page<ProductRow>,
    pub categories: Vec<String>,
}

/// Kinds of prices: of the tender (中标价), to the distributor (供货价), to the patient (零售价).
pub const PRICE_KINDS: [&str; 3] = ["bid", "supply", "retail"];

/// The name of a kind of price in the current language.
pub fn price_label(kind: &str) -> String {
    match kind {
        "supply" => tr!("product.price_supply"),
        "retail" => tr!("product.price_retail"),
        _ => tr!("product.price_bid"),
    }
}

/// A price from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct PriceRow {
    /// One of [`PRICE_KINDS`].
    pub kind: String,
    /// Empty where it holds for all that have none of their own.
    pub province: String,
    pub starts_on: String,
    pub fen: i64,
    /// Whether it holds today.
    #[cfg_attr(feature = "ssr", sqlx(default))]
    pub in_force: bool,
}

/// A version of the label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct LabelRow {
    pub version: String,
    pub starts_on: String,
    pub body: String,
    #[cfg_attr(feature = "ssr", sqlx(default))]
    pub in_force: bool,
}

/// A product's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductView {
    pub product: Product,
    /// By kind, province and day, the latest first.
    pub prices: Vec<PriceRow>,
    /// The latest first.
    pub labels: Vec<LabelRow>,
    /// Published articles: id and title.
    pub articles: Vec<(String, String)>,
    /// Published articles that could be linked, for who may.
    pub choices: Vec<(String, String)>,
    pub provinces: Vec<String>,
    /// Business lines beside the main one.
    pub lines: Vec<String>,
    pub changes: Page<ChangeRow>,
}
