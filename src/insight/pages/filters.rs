//! The filters that boards and reports share.

use leptos::prelude::*;

use crate::insight::model::{Choices, Slice};
use crate::ui::list::{FilterDay, FilterSelect};

/// The days: a span, or from when to when.
#[component]
pub fn Days(slice: Slice) -> impl IntoView {
    let spans = [
        ("week", tr!("insight.span.week")),
        ("month", tr!("insight.span.month")),
        ("last_month", tr!("insight.span.last_month")),
        ("quarter", tr!("insight.span.quarter")),
        ("year", tr!("insight.span.year")),
        ("days", tr!("insight.span.days")),
    ];
    view! {
        <FilterSelect name="span" label=tr!("insight.span.days30") options=options(spans)/>
        <FilterDay name="from" label=tr!("insight.from") value=slice.from/>
        <FilterDay name="to" label=tr!("insight.to") value=slice.to/>
    }
}

/// A list of choices as filters take it.
pub fn options<const N: usize>(list: [(&str, String); N]) -> Vec<(String, String)> {
    list.into_iter()
        .map(|(code, name)| (code.to_owned(), name))
        .collect()
}

/// Unit, province, specialty, product.
#[component]
pub fn Narrow(choices: Choices) -> impl IntoView {
    view! {
        <FilterSelect name="unit" label=tr!("insight.any_unit") options=choices.units/>
        <FilterSelect name="province" label=tr!("insight.any_province") options=choices.provinces/>
        <FilterSelect name="specialty" label=tr!("insight.any_specialty") options=choices.specialties/>
        <FilterSelect name="product" label=tr!("insight.any_product") options=choices.products/>
    }
}
