//! What other pages show of duplicates: hints while an HCP is entered, and a line on an HCP's page.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::duplicate::api::pairs_of;
use crate::duplicate::model::{EntryHint, MaskedHcp};
use crate::hcp::pages::HcpLine;
use crate::ownership::api::AskForSharing;
use crate::shared::Permission;
use crate::ui::boot::{may, refresh};
use crate::ui::form::{Field, PostForm, Submit};

/// Who on file may be the one that is being entered; must not stand inside a form. Those within scope lead to their
/// page; for the others one may ask to share.
#[component]
pub fn EntryHints(hints: Vec<EntryHint>) -> impl IntoView {
    (!hints.is_empty()).then(|| {
        view! {
            <section class="mb-4 rounded-box border border-warning bg-base-100 p-4" aria-labelledby="entry-hints">
                <h2 id="entry-hints" class="mb-1 text-base font-semibold">{tr!("duplicate.entry.title")}</h2>
                <p class="mb-2 text-sm text-base-content/70">{tr!("duplicate.entry.explain")}</p>
                <ul class="divide-y divide-base-300">
                    {hints.into_iter().map(|hint| view! { <Hint hint=hint/> }).collect_view()}
                </ul>
            </section>
        }
    })
}

#[component]
fn Hint(hint: EntryHint) -> impl IntoView {
    let EntryHint {
        reasons,
        row,
        masked,
        token,
        ..
    } = hint;
    let reasons = view! {
        <p class="mt-1 flex flex-wrap gap-1">
            {reasons.into_iter().map(|r| view! { <span class="badge badge-ghost badge-sm h-auto">{r}</span> }).collect_view()}
        </p>
    };
    match (row, masked) {
        (Some(row), _) => {
            let href = format!("/hcps/{}", row.id);
            view! {
                <li class="py-2">
                    <a class="block min-h-10 hover:bg-base-200" href=href><HcpLine hcp=row/></a>
                    {reasons}
                </li>
            }
            .into_any()
        }
        (None, Some(masked)) => view! {
            <li class="py-2">
                <MaskedLine hcp=masked/>
                {reasons}
                <p class="mt-1 text-sm text-base-content/70">{tr!("duplicate.entry.elsewhere")}</p>
                <PostForm to=AskForSharing::url() class="mt-2 flex flex-wrap items-end gap-x-2">
                    <input type="hidden" name="token" value=token/>
                    <div class="min-w-48 grow"><Field name="message" label=tr!("duplicate.entry.message")/></div>
                    <div class="mb-3"><Submit label=tr!("duplicate.entry.ask") class="btn"/></div>
                </PostForm>
            </li>
        }
        .into_any(),
        (None, None) => ().into_any(),
    }
}

#[component]
fn MaskedLine(hcp: MaskedHcp) -> impl IntoView {
    view! {
        <p class="flex flex-wrap gap-x-3">
            <span class="font-medium">{hcp.name}</span>
            <span class="text-sm text-base-content/70">{hcp.hospital}</span>
            <span class="text-sm text-base-content/70">{hcp.department}</span>
            <span class="num text-sm text-base-content/70">{hcp.phone}</span>
        </p>
    }
}

/// 「可能与 N 位客户重复」 on an HCP's page, for stewards; nothing for others, without pairs, or on an error.
#[component]
pub fn DuplicateHint(
    /// Id of the HCP.
    #[prop(into)]
    id: Memo<String>,
) -> impl IntoView {
    if !may(Permission::StewardHcps) {
        return ().into_any();
    }
    let pairs = Resource::new(move || (id.get(), refresh()), |(id, _)| pairs_of(id));
    view! {
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                let pairs = pairs.await.unwrap_or_default();
                (!pairs.is_empty()).then(|| view! {
                    <div class="alert alert-warning mb-4 flex flex-wrap gap-x-3 gap-y-1 py-2">
                        <span>{tr!("duplicate.hint", n = pairs.len())}</span>
                        {pairs.into_iter().enumerate().map(|(i, pair)| view! {
                            <a class="link inline-flex min-h-10 items-center" href=format!("/duplicates/{pair}")>{tr!("duplicate.hint_open", n = i + 1)}</a>
                        }).collect_view()}
                    </div>
                })
            })}
        </Suspense>
    }
    .into_any()
}
