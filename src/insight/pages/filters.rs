//! The filters that boards and reports share.

use leptos::prelude::*;

use crate::insight::model::{Choices, Slice};
use crate::ui::list::{FilterDays, FilterSelect};

/// The days: a span, or from when to when. Days that are typed beside an unchanged span are meant.
#[component]
pub fn Days(slice: Slice, span: String) -> impl IntoView {
    let spans = [
        ("days30", tr!("insight.span.days30")),
        ("week", tr!("insight.span.week")),
        ("month", tr!("insight.span.month")),
        ("last_month", tr!("insight.span.last_month")),
        ("quarter", tr!("insight.span.quarter")),
        ("year", tr!("insight.span.year")),
        ("days", tr!("insight.span.days")),
    ]
    .map(|(code, name)| {
        let selected = code == span;
        view! { <option value=code selected=selected>{name}</option> }
    })
    .into_iter()
    .collect_view();
    let typed = span == "days";
    let (from, to) = if typed {
        (slice.from, slice.to)
    } else {
        (String::new(), String::new())
    };
    view! {
        <input type="hidden" name="span0" value=span/>
        <label class="text-sm">
            <span class="block text-base-content/70">{tr!("insight.period")}</span>
            <select name="span" class="select w-auto">{spans}</select>
        </label>
        <FilterDays labels=[tr!("insight.from"), tr!("insight.to")] values=[from.into(), to.into()]/>
    }
}

/// What is shown otherwise than it was asked for.
#[component]
pub fn Changed(notices: Vec<String>) -> impl IntoView {
    (!notices.is_empty()).then(move || {
        let lines = notices
            .into_iter()
            .map(|text| view! { <p>{text}</p> })
            .collect_view();
        view! { <div class="alert alert-warning mt-2 py-2" role="status"><div class="num">{lines}</div></div> }
    })
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
