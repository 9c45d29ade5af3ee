//! The history of a record: who changed what and when.

use leptos::prelude::*;

use super::list::rows_or_empty;
use super::parts::who;
use crate::shared::Page;
use crate::shared::history::{ChangeRow, field_label, source_label};

/// A page of changes, the latest first.
#[component]
pub fn History(changes: Page<ChangeRow>) -> impl IntoView {
    rows_or_empty(changes, tr!("record.unchanged"), move |rows| {
        view! {
            <ul class="divide-y divide-base-300">
                {rows.into_iter().map(|c| view! {
                    <li class="py-2">
                        <div class="flex flex-wrap gap-x-2">
                            <span class="font-medium">{field_label(&c.field)}</span>
                            // What was not there before is not struck out.
                            {(!c.before.is_empty()).then(|| view! {
                                <del class="break-all text-base-content/70">{c.before}</del>
                                <span aria-hidden="true">"→"</span>
                            })}
                            <ins class="break-all no-underline">{if c.after.is_empty() { tr!("record.empty") } else { c.after }}</ins>
                        </div>
                        <div class="text-sm text-base-content/70">
                            <span class="num">{c.at}</span>" · "{who(c.by)}" · "{source_label(&c.source)}
                        </div>
                    </li>
                }).collect_view()}
            </ul>
        }
    })
}
