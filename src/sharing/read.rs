//! The reading page: who reads, through which link, and at which address.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::store::{self, Found};
use super::tracker::{Hit, NewLink};
use super::{qr_svg, rules};
use crate::content::pages::approval_line;
use crate::content::store::Article;
use crate::content::{markdown, store as content};
use crate::onboarding;
use crate::server::web::{Visit, see_other};
use crate::server::{AppState, crypto, time};
use crate::shared::AppError;

/// How long a handed-out view id may come back.
const VIEW_VALID: i64 = time::DAY;
/// How long a first visit without a cookie is taken for a browser that keeps none.
const FRESH: i64 = 30_000;

/// A view as it is handed out: sealed into the page, recorded when it comes back.
#[derive(Debug, Serialize, Deserialize)]
pub struct Handed {
    id: String,
    article: String,
    link: Option<String>,
    staff: Option<String>,
    reader: String,
    /// The visitor id that an HCP's browser brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    visitor: Option<String>,
    own: bool,
    at: i64,
    expected: i64,
}

impl Handed {
    /// The hit of a view id that came back; `None` if it is forged or too old.
    pub fn hit(
        state: &AppState,
        sealed: &str,
        dwell_ms: Option<i64>,
        depth: Option<i64>,
    ) -> Option<Hit> {
        let view: Handed = serde_json::from_str(&state.keys.open(sealed)?).ok()?;
        let now = time::now();
        (now - view.at < VIEW_VALID).then_some(Hit {
            view_id: view.id,
            article_id: view.article,
            link: view.link,
            root_staff_id: view.staff,
            reader: view.reader,
            visitor: view.visitor,
            own: view.own,
            at: now,
            dwell_ms,
            depth,
            expected_ms: view.expected,
        })
    }
}

/// As whom a browser is known: staff, an HCP who agreed to be named, or its visitor id if it brought one.
pub async fn identity(state: &AppState, visit: &Visit) -> Result<Option<String>, AppError> {
    if let Some(actor) = &visit.actor {
        return Ok(Some(format!("staff:{}", actor.id)));
    }
    if let Some(hcp) = &visit.hcp
        && onboarding::store::may_track(&state.db, hcp).await?
    {
        return Ok(Some(format!("hcp:{hcp}")));
    }
    Ok(visit.visitor.as_ref().map(|id| format!("vis:{id}")))
}

/// All identities behind a browser, by which one's own links are told.
fn identities(visit: &Visit, reader: &str) -> Vec<String> {
    let mut all = vec![reader.to_owned()];
    all.extend(visit.actor.as_ref().map(|a| format!("staff:{}", a.id)));
    all.extend(visit.hcp.as_ref().map(|h| format!("hcp:{h}")));
    all.extend(visit.visitor.as_ref().map(|v| format!("vis:{v}")));
    all
}

/// Whether the request is a crawler's, a link preview's or a prefetch, which get the page and leave no trace.
fn is_machine(visit: &Visit) -> bool {
    let says_prefetch = ["sec-purpose", "purpose", "x-moz"].iter().any(|name| {
        visit
            .headers
            .get(*name)
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.contains("prefetch") || v.contains("prerender"))
    });
    says_prefetch || rules::is_crawler(&visit.user_agent)
}

/// The page that stands in place of an article that may not be shown to this reader; `None` if it may.
async fn barrier(
    state: &AppState,
    visit: &Visit,
    article: &Article,
    here: &str,
) -> Result<Option<Response>, AppError> {
    if !article.is_shown(&state.zone.today()) {
        let withdrawn = article.status == "withdrawn";
        return Ok(Some(visit.page_with(StatusCode::GONE, || tr!("read.gone_title"), || {
            view! {
                <main class="py-16 text-center">
                    <h1 class="text-xl font-semibold">{if withdrawn { tr!("read.withdrawn") } else { tr!("read.expired") }}</h1>
                    <p class="mt-6"><a class="btn" href="/library">{tr!("read.all_articles")}</a></p>
                </main>
            }
        })));
    }
    if article.audience == "professional"
        && !crate::content::routes::reader(state, visit)
            .await?
            .professional
    {
        let waits = visit.hcp.is_some();
        let next = serde_urlencoded::to_string([("next", here)]).unwrap_or_default();
        return Ok(Some(visit.page_with(StatusCode::FORBIDDEN, || tr!("read.professional_title"), || {
            view! {
                <main class="py-12 text-center">
                    <h1 class="text-xl font-semibold">{tr!("read.professional_title")}</h1>
                    <p class="mt-3">{if waits { tr!("welcome.waits") } else { tr!("read.professional_explain") }}</p>
                    <p class="mt-6 flex flex-wrap justify-center gap-2">
                        {(!waits).then(|| view! { <a class="btn btn-primary" href=format!("/onboard?{next}")>{tr!("read.i_am_hcp")}</a> })}
                        <a class="btn" href="/library">{tr!("read.all_articles")}</a>
                    </p>
                </main>
            }
        })));
    }
    Ok(None)
}

/// What a reader asked for beside the article.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// A sealed moment: this browser was just sent here and brought no cookie.
    pub n: String,
    /// "1": show how to pass the article on.
    pub shared: String,
}

/// `/s/{token}`: an article through a link.
pub async fn through_link(
    state: &AppState,
    visit: &Visit,
    token: &str,
    asked: &Asked,
) -> Result<Response, AppError> {
    let link = store::find(&state.db, token)
        .await?
        .ok_or(AppError::NotFound)?;
    let article = content::article(&state.db, &link.article_id).await?;
    if link.closed {
        return Ok(visit.page_with(StatusCode::GONE, || tr!("read.gone_title"), || {
            view! {
                <main class="py-16 text-center">
                    <h1 class="text-xl font-semibold">{tr!("read.link_closed")}</h1>
                    <p class="mt-6"><a class="btn" href="/library">{tr!("read.all_articles")}</a></p>
                </main>
            }
        }));
    }
    if let Some(page) = barrier(state, visit, &article, &format!("/s/{token}")).await? {
        return Ok(page);
    }
    if is_machine(visit) {
        return page(
            state,
            visit,
            &article,
            &format!("/s/{token}"),
            None,
            None,
            false,
        )
        .await;
    }
    let fresh = state
        .keys
        .verify(&fresh_for(visit, token), &asked.n)
        .and_then(|at| at.parse::<i64>().ok());
    let keeps_no_cookie =
        visit.visitor.is_none() && fresh.is_some_and(|at| time::now() - at < FRESH);
    let known = identity(state, visit).await?;
    let (reader, cookie) = match known {
        Some(reader) => (reader, None),
        // The address was made for this very browser a moment ago.
        None if keeps_no_cookie => (link.sharer.clone(), None),
        None => {
            let (id, cookie) = visit.visitor_or_new();
            (format!("vis:{id}"), cookie)
        }
    };
    if reader == link.sharer || reader.starts_with("staff:") {
        let counted = if reader == link.sharer {
            link.parent.clone()
        } else {
            Some(link.token.clone())
        };
        // A rep's own root has no parent: their look at it is shown apart on the root itself.
        let counted = counted.or_else(|| reader.starts_with("staff:").then(|| link.token.clone()));
        return own_address(
            state,
            visit,
            &article,
            &link,
            reader,
            counted,
            asked.shared == "1",
        )
        .await;
    }
    let own = own_link(state, Some(&link), &article.id, &reader);
    redirect(state, visit, own, cookie).await
}

/// `/a/{id}`: an article from the library. Readers are sent to their own root, so that whatever way they pass it on
/// their links are known.
pub async fn from_library(state: &AppState, visit: &Visit, id: &str) -> Result<Response, AppError> {
    let article = content::article(&state.db, id).await?;
    if article.status == "draft" || article.status == "in_review" || article.status == "approved" {
        return Err(AppError::NotFound);
    }
    let here = format!("/a/{id}");
    if let Some(page) = barrier(state, visit, &article, &here).await? {
        return Ok(page);
    }
    if is_machine(visit) || visit.actor.is_some() {
        return page(state, visit, &article, &here, None, None, false).await;
    }
    let (reader, cookie) = match identity(state, visit).await? {
        Some(reader) => (reader, None),
        None => {
            let (id, cookie) = visit.visitor_or_new();
            (format!("vis:{id}"), cookie)
        }
    };
    let own = own_link(state, None, &article.id, &reader);
    redirect(state, visit, own, cookie).await
}

/// The one link that this reader has below `parent` (or as a root of their own): derived, so the same every time.
fn own_link(state: &AppState, parent: Option<&Found>, article_id: &str, reader: &str) -> NewLink {
    let token = state.keys.derived_token(&[
        "link",
        parent.map_or("", |p| p.token.as_str()),
        article_id,
        reader,
    ]);
    NewLink {
        article_id: article_id.to_owned(),
        sharer: reader.to_owned(),
        parent: parent.map(|p| p.token.clone()),
        root: parent.map_or_else(|| token.clone(), |p| p.root.clone()),
        root_staff_id: parent.and_then(|p| p.root_staff_id.clone()),
        level: parent.map_or(1, |p| p.level + 1),
        at: time::now(),
        token,
    }
}

/// What the mark of a first visit is signed for: this address and this browser, so that passed on to another it is
/// worth nothing.
fn fresh_for(visit: &Visit, token: &str) -> String {
    format!("fresh {token} {} {}", visit.address, visit.user_agent)
}

async fn redirect(
    state: &AppState,
    visit: &Visit,
    own: NewLink,
    cookie: Option<HeaderValue>,
) -> Result<Response, AppError> {
    let token = own.token.clone();
    if !state.tracker.link(own).await {
        return Err(crate::server::db::internal("a link was not stored"));
    }
    let Some(cookie) = cookie else {
        return Ok(see_other(&format!("/s/{token}")));
    };
    let fresh = state
        .keys
        .sign(&fresh_for(visit, &token), &time::now().to_string());
    let mut response = see_other(&format!("/s/{token}?n={fresh}"));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn own_address(
    state: &AppState,
    visit: &Visit,
    article: &Article,
    link: &Found,
    reader: String,
    counted: Option<String>,
    shared: bool,
) -> Result<Response, AppError> {
    let own = match &counted {
        _ if reader.starts_with("staff:") => true,
        Some(counted) => {
            store::is_below_own(&state.db, counted, &identities(visit, &reader)).await?
        }
        None => false,
    };
    let handed = Handed {
        id: crypto::new_id(),
        article: article.id.clone(),
        staff: counted
            .is_some()
            .then(|| link.root_staff_id.clone())
            .flatten(),
        link: counted,
        reader: reader.clone(),
        visitor: visit.visitor.clone().filter(|_| reader.starts_with("hcp:")),
        own,
        at: time::now(),
        expected: rules::expected_ms(article.han_count),
    };
    let json = serde_json::to_string(&handed).map_err(crate::server::db::internal)?;
    let view = state.keys.seal(&json);
    page(
        state,
        visit,
        article,
        &format!("/s/{}", link.token),
        Some(view),
        Some(reader),
        shared,
    )
    .await
}

async fn page(
    state: &AppState,
    visit: &Visit,
    article: &Article,
    here: &str,
    view: Option<String>,
    reader: Option<String>,
    shared: bool,
) -> Result<Response, AppError> {
    let saved = match &reader {
        Some(reader) => content::is_favourite(&state.db, reader, &article.id).await?,
        None => false,
    };
    let url = format!("{}{here}", visit.origin);
    let qr = if shared { Some(qr_svg(&url)?) } else { None };
    let body = markdown::sanitise(&article.body_html);
    let media = crate::course::lesson::of_article(&state.db, &article.id).await?;
    let is_hcp = visit.hcp.is_some();
    Ok(visit.page(|| article.title.clone(), || {
        view! {
            <main>
                <article data-view=view.clone() id="article">
                    <h1 class="text-2xl font-semibold leading-snug">{article.title.clone()}</h1>
                    <p class="mt-2 text-sm text-base-content/70">{article.author.clone()}</p>
                    <p class="num text-sm text-base-content/70">{approval_line(&article.approval_no, &article.expires_on)}</p>
                    {media.map(|(media, captions)| crate::course::carried(&article.id, &article.title, &media.kind, media.pages, captions.is_some()))}
                    <div class="prose-zh mt-5" inner_html=body></div>
                </article>
                {qr.map(|svg| view! {
                    <section class="mt-6 rounded-box bg-base-200 p-4 text-center" id="shared">
                        <h2 class="font-semibold">{tr!("read.pass_on")}</h2>
                        <p class="text-sm text-base-content/70">{tr!("read.pass_on_how")}</p>
                        <div class="mx-auto my-3 aspect-square w-56 bg-white p-2 [&>svg]:h-full [&>svg]:w-full" inner_html=svg></div>
                        <input class="input w-full" readonly value=url.clone() aria-label=tr!("read.link")/>
                    </section>
                })}
                <nav class="mt-6 grid grid-cols-2 gap-2">
                    {view.is_some().then(|| view! {
                        <form method="post" action=format!("{here}/save")>
                            <button class="btn btn-block" aria-pressed=saved.to_string()>{if saved { tr!("read.saved") } else { tr!("read.save") }}</button>
                        </form>
                        <form method="post" action=format!("{here}/share") id="share" data-url=url.clone() data-title=article.title.clone()>
                            <button class="btn btn-primary btn-block">{tr!("read.share")}</button>
                        </form>
                    })}
                    <a class="btn" href="/library">{tr!("read.all_articles")}</a>
                    {if is_hcp {
                        view! { <a class="btn" href="/me">{tr!("me.title")}</a> }.into_any()
                    } else {
                        view! { <a class="btn" href=format!("/onboard?next={here}")>{tr!("read.i_am_hcp")}</a> }.into_any()
                    }}
                </nav>
            </main>
            <footer class="mt-8 border-t border-base-300 pt-4 text-sm text-base-content/70">
                <p>{tr!("read.privacy")}</p>
            </footer>
            {view.clone().map(|view| view! {
                <noscript><img src=format!("/t/{view}") width="1" height="1" alt=""/></noscript>
                <script src="/js/read.js" defer></script>
            })}
        }
    }))
}
