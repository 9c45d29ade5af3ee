//! Courses (课程): what is taught, to whom, and by when.
//!
//! A course is worked on freely; publishing makes an *edition* of what it holds then, and learners see the edition in
//! force. An edition that begins a new *version* asks for learning again; a correction does not. What HCPs learn
//! passes medical-legal review first (domain: compliance).
//!
//! Writes: `course`, `course_edition`, `course_audience`, `course_exam`, `course_comment`, `media`, `media_page`,
//! `article_media`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod comments;
#[cfg(feature = "ssr")]
pub mod contents;
#[cfg(feature = "ssr")]
pub mod lesson;
#[cfg(feature = "ssr")]
pub mod media;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
mod probe;
#[cfg(feature = "ssr")]
pub mod publishing;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
pub mod store;

#[cfg(feature = "ssr")]
pub use routes::routes;

use leptos::prelude::*;

/// The film, recording or slides that an article carries, in a page of either kind.
pub fn carried(
    article: &str,
    title: &str,
    kind: &str,
    pages: i64,
    captions: bool,
) -> impl IntoView + use<> {
    let base = format!("/a/{article}");
    if kind == "slides" {
        return (1..=pages)
            .map(|n| {
                view! {
                    <img class="mt-3 w-full rounded-box border border-base-300" loading="lazy" width="1600" height="900"
                        src=format!("{base}/pages/{n}") alt=tr!("learn.page_n", n = n)/>
                }
            })
            .collect_view()
            .into_any();
    }
    let track = captions.then(|| {
        view! { <track kind="captions" srclang="zh-CN" label="中文" src=format!("{base}/captions.vtt") default=true/> }
    });
    let class = if kind == "video" {
        "mt-4 w-full rounded-box bg-black"
    } else {
        "mt-4 h-40 w-full rounded-box bg-neutral"
    };
    view! {
        <video class=class controls playsinline preload="metadata" src=format!("{base}/media") aria-label=title.to_owned()>{track}</video>
    }
    .into_any()
}
