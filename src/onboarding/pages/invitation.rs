//! The personal code on the rep's phone, and the printed sheet of those made in bulk.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::id_param;
use crate::onboarding::api::*;
use crate::onboarding::model::{SheetCode, SheetView};
use crate::ui::boot::{boot, refresh};
use crate::ui::form::{Confirm, PostForm, Submit};
use crate::ui::list::page_param;
use crate::ui::parts::{Empty, Loading, PageTitle, outcome};

/// 个人专属二维码: the personal code, full-screen on the rep's phone.
#[component]
pub fn InvitationCode() -> impl IntoView {
    let id = id_param();
    let code = Resource::new(move || (id.get(), refresh()), |(id, _)| get_invitation(id));
    view! {
        <PageTitle title=tr!("invitation.title")>
            <a class="btn btn-sm" href=move || format!("/hcps/{}", id.get())>{tr!("ui.back")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(code.await, |data| {
                    let id = StoredValue::new(data.hcp.id.clone());
                    view! {
                        <div class="mx-auto max-w-md text-center">
                            <p class="text-lg font-semibold">{data.hcp.name}</p>
                            <p class="text-base-content/70">{data.hcp.hospital}" "{data.hcp.department}</p>
                            {match data.code {
                                Some(code) => view! {
                                    <div class="mx-auto my-4 aspect-square w-full max-w-[22rem] rounded-box bg-white p-4 [&>svg]:h-full [&>svg]:w-full" role="img" aria-label=tr!("invitation.alt") inner_html=code.svg></div>
                                    <p class="num">{tr!("invitation.expires", at = code.expires)}</p>
                                    <p class="mt-1 text-sm text-base-content/70">{tr!("invitation.explain")}</p>
                                    <p class="mt-2"><input class="input input-sm w-full" readonly value=code.url aria-label=tr!("invitation.url")/></p>
                                    <div class="mt-4 flex justify-center gap-2">
                                        <PostForm to=InviteHcp::url()>
                                            <input type="hidden" name="id" value=id.get_value()/>
                                            <Submit label=tr!("invitation.refresh") class="btn"/>
                                        </PostForm>
                                        <Confirm to=RevokeInvitation::url() label=tr!("invitation.revoke") explain=tr!("invitation.revoke_explain") class="btn btn-outline btn-error">
                                            <input type="hidden" name="id" value=id.get_value()/>
                                        </Confirm>
                                    </div>
                                }.into_any(),
                                None => view! {
                                    <p class="my-8">{tr!("invitation.none")}</p>
                                    <PostForm to=InviteHcp::url()>
                                        <input type="hidden" name="id" value=id.get_value()/>
                                        <Submit label=tr!("hcp.make_code")/>
                                    </PostForm>
                                }.into_any(),
                            }}
                        </div>
                    }
                })
            })}
        </Suspense>
    }
}

/// The personal codes made in bulk, six to a page of A4, to be printed, cut and handed out.
#[component]
pub fn InvitationSheet() -> impl IntoView {
    let page = page_param();
    let sheet = Resource::new(move || (page.get(), refresh()), |(page, _)| get_sheet(page));
    view! {
        <div class="print:hidden">
            <PageTitle title=tr!("invitation.sheet")>
                <a class="btn btn-sm" href="/hcps">{tr!("ui.back")}</a>
            </PageTitle>
            <p class="mb-4 text-sm text-base-content/70">{tr!("invitation.sheet_explain")}</p>
        </div>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(sheet.await, |data| view! { <Sheet data=data/> }) })}
        </Suspense>
    }
}

#[component]
fn Sheet(data: SheetView) -> impl IntoView {
    if data.codes.is_empty() {
        return view! { <Empty text=tr!("invitation.sheet_empty")/> }.into_any();
    }
    let (page, pages, rep) = (data.page, data.pages, StoredValue::new(data.rep));
    let company = StoredValue::new(boot().company);
    let papers: Vec<Vec<SheetCode>> = data.codes.chunks(6).map(<[SheetCode]>::to_vec).collect();
    let link = |to: i64| format!("/hcps/sheet?page={to}");
    view! {
        <nav class="mb-4 flex items-center justify-between gap-2 text-sm print:hidden" aria-label=tr!("ui.pages")>
            <span class="num text-base-content/70">{tr!("ui.rows", total = data.total)}</span>
            <span class="flex items-center gap-1">
                {(page > 1).then(|| view! { <a class="btn btn-sm" href=link(page - 1)>{tr!("ui.previous")}</a> })}
                <span class="num self-center px-3">{format!("{page} / {pages}")}</span>
                {(page < pages).then(|| view! { <a class="btn btn-sm" href=link(page + 1)>{tr!("ui.next")}</a> })}
            </span>
        </nav>
        // Paper is light whatever the screen is.
        <div data-theme="light" class="rounded-box bg-base-100 p-2 text-base-content print:p-0">
            {papers.into_iter().map(|codes| view! {
                <div class="grid grid-cols-2 print:break-after-page">
                    {codes.into_iter().map(|code| view! {
                        <section class="break-inside-avoid border border-dashed border-base-300 p-3 text-center">
                            <h2 class="font-semibold">{code.name}</h2>
                            <p class="text-sm">{code.hospital}" "{code.department}</p>
                            <div class="mx-auto my-2 aspect-square w-full max-w-40 bg-white [&>svg]:h-full [&>svg]:w-full" role="img" aria-label=tr!("invitation.alt") inner_html=code.svg></div>
                            <p class="text-sm">{tr!("invitation.sheet_scan", company = company.get_value())}</p>
                            <p class="num text-xs">{tr!("invitation.sheet_line", rep = rep.get_value(), at = code.expires)}</p>
                        </section>
                    }).collect_view()}
                </div>
            }).collect_view()}
        </div>
    }
    .into_any()
}
