//! 消息.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::MessageRow;
use super::api::{ReadMessage, list_messages};
use crate::ui::boot::refresh;
use crate::ui::form::{PostForm, Submit};
use crate::ui::list::{page_param, rows_or_empty};
use crate::ui::locale::filled;
use crate::ui::parts::{Loading, PageTitle, outcome};

/// One's own messages.
#[component]
pub fn Inbox() -> impl IntoView {
    let page = page_param();
    let messages = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| list_messages(page),
    );
    view! {
        <PageTitle title=tr!("inbox.title")>
            <PostForm to=ReadMessage::url()>
                <Submit label=tr!("inbox.read_all") class="btn btn-sm min-h-10"/>
            </PostForm>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(messages.await, |page| rows_or_empty(page, tr!("inbox.empty"), |rows| view! {
                    <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                        {rows.into_iter().map(|message| view! { <Line message=message/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn Line(message: MessageRow) -> impl IntoView {
    let words = filled(&message.kind, &message.args);
    let state = if message.read {
        tr!("inbox.read")
    } else {
        tr!("inbox.unread")
    };
    let class = if message.read {
        "badge badge-ghost badge-sm"
    } else {
        "badge badge-primary badge-sm"
    };
    // Plain pages are not the router's: a whole new page is asked for, after the message is noted as read.
    view! {
        <li class="flex flex-wrap items-center gap-3 p-3">
            <div class="min-w-0 grow basis-56">
                <p class="break-words">{words}</p>
                <p class="num text-sm text-base-content/70">{message.at}" "<span class=class>{state}</span></p>
            </div>
            <PostForm to=ReadMessage::url()>
                <input type="hidden" name="id" value=message.id/>
                <input type="hidden" name="path" value=message.path/>
                <Submit label=tr!("inbox.open") class="btn btn-sm min-h-10"/>
            </PostForm>
        </li>
    }
}
