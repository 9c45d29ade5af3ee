//! A question on a page without wasm: as it is asked, what a form answers, and how it was answered.

use leptos::prelude::*;

use super::attempt::Answer;
use super::paper::{Item, order};
use crate::question::model::{Body, Choice, Draft, Kind, letter};
use crate::question::rules::Given;

/// The answer as it was kept.
pub fn given(answer: Option<&Answer>) -> Option<Given> {
    serde_json::from_str(&answer?.given).ok()
}

fn pictures(images: &[String]) -> impl IntoView + use<> {
    images
        .iter()
        .enumerate()
        .map(|(i, image)| {
            let src = format!("/questions/images/{image}");
            view! { <img class="my-2 max-h-96 max-w-full rounded-box" src=src alt=tr!("question.picture_n", n = i + 1)/> }
        })
        .collect_view()
}

/// One question with what there is to choose or to fill in.
pub fn question(
    place: usize,
    item: &Item,
    draft: &Draft,
    answer: Option<&Answer>,
) -> impl IntoView + use<> {
    let given = given(answer);
    let name = format!("a{place}");
    let shown = order(draft, item.seed);
    let choice = |kind: &'static str, value: String, text: String, checked: bool| {
        let name = name.clone();
        let class = if kind == "radio" {
            "radio mt-0.5"
        } else {
            "checkbox mt-0.5"
        };
        view! {
            <label class="flex min-h-11 items-start gap-3 rounded-field px-2 py-2 has-checked:bg-base-200">
                <input type=kind name=name value=value checked=checked class=class/>
                <span class="min-w-0 break-words whitespace-pre-line">{text}</span>
            </label>
        }
    };
    let chosen = |i: usize| matches!(&given, Some(Given::Chosen(places)) if places.contains(&i));
    let select = |name: String,
                  label: String,
                  options: Vec<(usize, String)>,
                  now: Option<usize>| {
        view! {
            <label class="my-2 flex flex-wrap items-center gap-2">
                <span class="min-w-0 grow break-words">{label}</span>
                <select name=name class="select w-auto max-w-full">
                    <option value="">{tr!("exam.choose")}</option>
                    {options.into_iter().map(|(value, text)| view! {
                        <option value=value.to_string() selected={now == Some(value)}>{text}</option>
                    }).collect_view()}
                </select>
            </label>
        }
    };
    let body = match &draft.body {
        Body::Single { choices } | Body::Multiple { choices } => {
            let kind = if draft.body.kind() == Kind::Single { "radio" } else { "checkbox" };
            shown
                .iter()
                .enumerate()
                .filter_map(|(at, i)| {
                    let option: &Choice = choices.get(*i)?;
                    Some(choice(kind, at.to_string(), format!("{}. {}", letter(at), option.text), chosen(*i)))
                })
                .collect_view()
                .into_any()
        }
        Body::TrueFalse { .. } => {
            let is = |value: bool| matches!(given, Some(Given::Truth(given)) if given == value);
            [(true, tr!("question.true")), (false, tr!("question.false"))]
                .map(|(value, text)| choice("radio", value.to_string(), text, is(value)))
                .into_iter()
                .collect_view()
                .into_any()
        }
        Body::Fill { blanks } => (0..blanks.len())
            .map(|i| {
                let value = match &given {
                    Some(Given::Texts(texts)) => texts.get(i).cloned().unwrap_or_default(),
                    _ => String::new(),
                };
                view! {
                    <label class="my-2 block">
                        <span class="mb-1 block text-sm">{tr!("exam.blank_n", n = i + 1)}</span>
                        <input type="text" class="input w-full" name=format!("a{place}_{i}") value=value autocomplete="off" maxlength="500"/>
                    </label>
                }
            })
            .collect_view()
            .into_any(),
        // Named by where it is shown: its own place is the answer.
        Body::Ordering { items } => {
            let places: Vec<(usize, String)> = (0..items.len())
                .map(|i| (i, tr!("exam.place_n", n = i + 1)))
                .collect();
            shown
                .iter()
                .enumerate()
                .filter_map(|(at, i)| {
                    let now = match &given {
                        Some(Given::Order(order)) => order.iter().position(|o| o == i),
                        _ => None,
                    };
                    Some(select(format!("a{place}_{at}"), items.get(*i)?.clone(), places.clone(), now))
                })
                .collect_view()
                .into_any()
        }
        Body::Matching { pairs, extra } => {
            let rights: Vec<&String> = pairs.iter().map(|(_, right)| right).chain(extra).collect();
            let options: Vec<(usize, String)> = shown
                .iter()
                .enumerate()
                .filter_map(|(at, i)| Some((at, (*rights.get(*i)?).clone())))
                .collect();
            pairs
                .iter()
                .enumerate()
                .map(|(i, (left, _))| {
                    let now = match &given {
                        Some(Given::Pairs(chosen)) => {
                            let right = chosen.get(i).copied().flatten();
                            right.and_then(|right| shown.iter().position(|s| *s == right))
                        }
                        _ => None,
                    };
                    select(format!("a{place}_{i}"), left.clone(), options.clone(), now)
                })
                .collect_view()
                .into_any()
        }
        Body::Short { .. } => {
            let text = match &given {
                Some(Given::Text(text)) => text.clone(),
                _ => String::new(),
            };
            view! { <textarea class="textarea w-full" rows="5" maxlength="4000" name=name.clone() aria-label=tr!("exam.your_answer")>{crate::ui::form::within_textarea(text)}</textarea> }
                .into_any()
        }
    };
    view! {
        <fieldset class="my-5" data-q=place.to_string()>
            <legend class="mb-2 w-full">
                <span class="text-sm text-base-content/70">{tr!("exam.question_head", n = place + 1, kind = draft.body.kind().label(), points = item.points)}</span>
                <span class="block break-words whitespace-pre-line font-medium">{draft.stem.clone()}</span>
            </legend>
            // Says that the question is in what is sent, though nothing of it be chosen.
            <input type="hidden" name=format!("q{place}") value="1"/>
            {pictures(&draft.images)}
            {body}
        </fieldset>
    }
}

/// The answer to a question that a form holds; nothing where the question is not in it, or nothing of it was touched.
/// What there is to choose is named by where `seed` shows it.
pub fn read(place: usize, seed: u64, draft: &Draft, form: &[(String, String)]) -> Option<Given> {
    let marker = format!("q{place}");
    if !form.iter().any(|(n, _)| *n == marker) {
        return None;
    }
    let shown = order(draft, seed);
    let name = format!("a{place}");
    let all = |name: &str| -> Vec<&str> {
        form.iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
            .collect()
    };
    let numbered = |i: usize| all(&format!("a{place}_{i}")).first().copied();
    let own = |text: &str| -> Option<usize> { shown.get(text.parse::<usize>().ok()?).copied() };
    Some(match &draft.body {
        Body::Single { .. } | Body::Multiple { .. } => {
            let mut places: Vec<usize> = all(&name).into_iter().filter_map(own).collect();
            places.sort_unstable();
            places.dedup();
            // A radio button is never taken back.
            if places.is_empty() && draft.body.kind() == Kind::Single {
                return None;
            }
            Given::Chosen(places)
        }
        Body::TrueFalse { .. } => Given::Truth(all(&name).first()?.parse().ok()?),
        Body::Fill { blanks } => Given::Texts(
            (0..blanks.len())
                .map(|i| numbered(i).unwrap_or_default().chars().take(500).collect())
                .collect(),
        ),
        Body::Ordering { items } => {
            // An order with gaps, or with two at one place, is kept as far as it goes.
            let mut places = vec![None; items.len()];
            for (at, i) in shown.iter().enumerate() {
                if let Some(rank) = numbered(at).and_then(|v| v.parse::<usize>().ok())
                    && let Some(slot) = places.get_mut(rank)
                {
                    *slot = Some(*i);
                }
            }
            Given::Order(places.into_iter().flatten().collect())
        }
        Body::Matching { pairs, .. } => Given::Pairs(
            (0..pairs.len())
                .map(|i| numbered(i).and_then(own))
                .collect(),
        ),
        Body::Short { .. } => {
            let text = all(&name).first()?.replace("\r\n", "\n");
            Given::Text(text.chars().take(4_000).collect())
        }
    })
}

/// An answer in words.
pub fn words(draft: &Draft, given: Option<&Given>) -> String {
    let text = match (&draft.body, given) {
        (Body::Single { choices } | Body::Multiple { choices }, Some(Given::Chosen(places))) => {
            places
                .iter()
                .filter_map(|i| choices.get(*i).map(|c| c.text.clone()))
                .collect::<Vec<_>>()
                .join(&tr!("ui.semicolon"))
        }
        (Body::TrueFalse { .. }, Some(Given::Truth(true))) => tr!("question.true"),
        (Body::TrueFalse { .. }, Some(Given::Truth(false))) => tr!("question.false"),
        (Body::Fill { .. }, Some(Given::Texts(texts))) => texts.join(&tr!("ui.semicolon")),
        (Body::Ordering { items }, Some(Given::Order(order))) => order
            .iter()
            .filter_map(|i| items.get(*i).cloned())
            .collect::<Vec<_>>()
            .join(" → "),
        (Body::Matching { pairs, extra }, Some(Given::Pairs(chosen))) => {
            let rights: Vec<&String> = pairs.iter().map(|(_, r)| r).chain(extra).collect();
            pairs
                .iter()
                .zip(chosen)
                .filter_map(|((left, _), at)| Some(format!("{left} → {}", rights.get((*at)?)?)))
                .collect::<Vec<_>>()
                .join(&tr!("ui.semicolon"))
        }
        (Body::Short { .. }, Some(Given::Text(text))) => text.clone(),
        _ => String::new(),
    };
    if text.trim().is_empty() {
        tr!("exam.no_answer")
    } else {
        text
    }
}

/// The right answer in words.
pub fn right_words(draft: &Draft) -> String {
    match &draft.body {
        Body::Single { choices } | Body::Multiple { choices } => {
            let places = choices
                .iter()
                .enumerate()
                .filter(|(_, c)| c.right)
                .map(|(i, _)| i)
                .collect();
            words(draft, Some(&Given::Chosen(places)))
        }
        Body::TrueFalse { right } => words(draft, Some(&Given::Truth(*right))),
        Body::Fill { .. } => draft.body.written().1,
        Body::Ordering { items } => words(draft, Some(&Given::Order((0..items.len()).collect()))),
        Body::Matching { pairs, .. } => words(
            draft,
            Some(&Given::Pairs((0..pairs.len()).map(Some).collect())),
        ),
        Body::Short { model } => model.clone(),
    }
}

pub fn reviewed(
    place: usize,
    item: &Item,
    draft: &Draft,
    answer: Option<&Answer>,
) -> impl IntoView + use<> {
    let given = given(answer);
    let (class, mark) = match answer.map(|a| a.share) {
        Some(None) => ("badge badge-ghost", tr!("exam.being_marked")),
        Some(Some(share)) if share >= 1.0 => ("badge badge-success", tr!("question.right")),
        Some(Some(share)) if share > 0.0 => ("badge badge-warning", tr!("exam.partly")),
        _ => ("badge badge-error", tr!("exam.wrong")),
    };
    let comment = answer.map(|a| a.comment.clone()).filter(|c| !c.is_empty());
    let right = right_words(draft);
    let feedback: Vec<String> = match (&draft.body, &given) {
        (Body::Single { choices } | Body::Multiple { choices }, Some(Given::Chosen(places))) => {
            places
                .iter()
                .filter_map(|i| choices.get(*i))
                .map(|c| c.feedback.clone())
                .filter(|text| !text.is_empty())
                .collect()
        }
        _ => Vec::new(),
    };
    view! {
        <li class="py-4">
            <p class="flex flex-wrap items-center gap-2 text-sm text-base-content/70">
                {tr!("exam.question_head", n = place + 1, kind = draft.body.kind().label(), points = item.points)}
                <span class=class>{mark}</span>
            </p>
            <p class="mt-1 break-words whitespace-pre-line font-medium">{draft.stem.clone()}</p>
            {pictures(&draft.images)}
            <dl class="mt-2 grid grid-cols-[auto_1fr] gap-x-3 gap-y-1">
                <dt class="text-base-content/70">{tr!("exam.your_answer")}</dt>
                <dd class="min-w-0 break-words whitespace-pre-line">{words(draft, given.as_ref())}</dd>
                {(!right.is_empty()).then(|| view! {
                    <dt class="text-base-content/70">{tr!("exam.right_answer")}</dt>
                    <dd class="min-w-0 break-words whitespace-pre-line">{right}</dd>
                })}
            </dl>
            {feedback.into_iter().map(|text| view! { <p class="mt-1 text-sm">{text}</p> }).collect_view()}
            {(!draft.explanation.is_empty()).then(|| view! { <p class="mt-2 whitespace-pre-line text-sm text-base-content/70">{draft.explanation.clone()}</p> })}
            {comment.map(|text| view! { <p class="mt-2 text-sm">{tr!("exam.comment_line", text = text)}</p> })}
        </li>
    }
}
