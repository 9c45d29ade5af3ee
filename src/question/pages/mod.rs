//! Pages of the question bank: the list, one question, its form.

mod form;
mod list;
mod page;

use leptos::prelude::*;

use super::model::{Body, letter};

pub use form::{QuestionEdit, QuestionNew};
pub use list::QuestionList;
pub use page::QuestionPage;

/// The options of a question with what is right among them.
#[component]
fn Answers(body: Body) -> impl IntoView {
    let right = || view! { <span class="badge badge-success badge-sm self-center">{tr!("question.right")}</span> };
    match body {
        Body::Single { choices } | Body::Multiple { choices } => view! {
            <ol class="space-y-1">
                {choices.into_iter().enumerate().map(|(i, choice)| view! {
                    <li class="flex gap-2">
                        <span class="num shrink-0 font-medium whitespace-nowrap">{format!("{}.", letter(i))}</span>
                        <span class="min-w-0 break-words whitespace-pre-line">{choice.text}</span>
                        {choice.right.then(right)}
                    </li>
                    {(!choice.feedback.is_empty()).then(|| view! { <li class="ps-6 text-sm text-base-content/70">{choice.feedback}</li> })}
                }).collect_view()}
            </ol>
        }
        .into_any(),
        Body::TrueFalse { right } => {
            let text = if right { tr!("question.true") } else { tr!("question.false") };
            view! { <p><span class="badge badge-success">{text}</span></p> }.into_any()
        }
        Body::Fill { blanks } => view! {
            <ol class="space-y-1">
                {blanks.into_iter().enumerate().map(|(i, blank)| {
                    let ranges = blank.ranges.iter().map(|(low, high)| if low == high {
                        low.to_string()
                    } else {
                        format!("{low} – {high}")
                    });
                    let texts: Vec<String> = blank.accept.iter().cloned().chain(ranges).collect();
                    view! {
                        <li class="flex gap-2">
                            <span class="num font-medium">{format!("({})", i + 1)}</span>
                            <span class="min-w-0 break-words">{texts.join(" / ")}</span>
                        </li>
                    }
                }).collect_view()}
            </ol>
        }
        .into_any(),
        Body::Ordering { items } => view! {
            <ol class="list-decimal ps-6 space-y-1">
                {items.into_iter().map(|item| view! { <li class="break-words">{item}</li> }).collect_view()}
            </ol>
        }
        .into_any(),
        Body::Matching { pairs, extra } => view! {
            <dl class="grid grid-cols-[auto_auto_1fr] gap-x-3 gap-y-1">
                {pairs.into_iter().map(|(left, right)| view! {
                    <dt class="break-words">{left}</dt><dd aria-hidden="true">"→"</dd><dd class="min-w-0 break-words">{right}</dd>
                }).collect_view()}
                {extra.into_iter().map(|right| view! {
                    <dt class="text-base-content/70">{tr!("question.fits_nothing")}</dt><dd aria-hidden="true">"→"</dd><dd class="min-w-0 break-words">{right}</dd>
                }).collect_view()}
            </dl>
        }
        .into_any(),
        Body::Short { model } if model.is_empty() => {
            view! { <p class="text-base-content/70">{tr!("question.no_model")}</p> }.into_any()
        }
        Body::Short { model } => view! { <p class="whitespace-pre-line break-words">{model}</p> }.into_any(),
    }
}
