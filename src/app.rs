//! The frame of staff pages and the one table of their routes.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::lazy::{Content, Field, Goods, Insight, Library, Office, Own, Teaching};
use crate::ui::boot::Boot;
use crate::ui::layout::StaffLayout;
use crate::ui::parts::ErrorView;
use crate::workbench;

/// Where the start data stands in the page.
pub const BOOT_ID: &str = "boot";

/// The HTML around the app. `hydrate` is false in the answer to a form posted without JavaScript, whose address is
/// not the page's.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    use crate::ui::boot::Flash;
    let boot = expect_context::<Boot>();
    let hydrate = use_context::<Flash>().is_none();
    let theme = boot
        .me
        .as_ref()
        .map(|me| me.theme.clone())
        .filter(|t| t != "system");
    let texts = boot.texts.clone();
    // `<` would end the script element early.
    let json = serde_json::to_string(&boot)
        .unwrap_or_default()
        .replace('<', "\\u003c");
    view! {
        <!DOCTYPE html>
        <html lang=boot.locale.code() data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <leptos_meta::HashedStylesheet options=options.clone() id="css"/>
                <script type="application/json" id=BOOT_ID inner_html=json></script>
                {hydrate.then(|| view! {
                    <link rel="preload" r#as="fetch" crossorigin="anonymous" href=texts/>
                    <HydrationScripts options=options.clone()/>
                })}
                <leptos_meta::MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The document's title until a page says its own. As soon as the formatter hydrates, leptos_meta empties a document
/// whose pages have said none yet; theirs come only with their chunk. Till then the title that the server sent stays.
#[cfg(feature = "hydrate")]
fn title_so_far() -> impl Fn() -> String + Send + Sync + 'static {
    let path = || window().location().pathname().unwrap_or_default();
    let (first, title) = (path(), document().title());
    let name = tr!("app.name");
    let title = title
        .strip_suffix(name.as_str())
        .and_then(|title| title.strip_suffix(" · "))
        .unwrap_or_default()
        .to_owned();
    // It is this page's and no other's.
    move || {
        if path() == first {
            title.clone()
        } else {
            String::new()
        }
    }
}

#[cfg(not(feature = "hydrate"))]
fn title_so_far() -> impl Fn() -> String + Send + Sync + 'static {
    String::new
}

/// All staff pages. Public pages are `server::web`'s and ship no wasm.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let boot = expect_context::<Boot>();
    provide_context(boot.locale);
    view! {
        <Title text=title_so_far() formatter=|text: String| if text.is_empty() { tr!("app.name") } else { format!("{text} · {}", tr!("app.name")) }/>
        <Router>
            <Routes fallback=|| view! { <ErrorView error=crate::shared::AppError::NotFound/> }>
                <ParentRoute path=path!("") view=StaffLayout ssr=SsrMode::Async>
                    <Route path=path!("/") view=workbench::pages::Workbench ssr=SsrMode::Async/>
                    <Route path=path!("/insight") view=Insight::Dashboard ssr=SsrMode::Async/>
                    <Route path=path!("/insight/rows") view=Insight::Drilldown ssr=SsrMode::Async/>
                    <Route path=path!("/insight/report") view=Insight::Reports ssr=SsrMode::Async/>
                    <Route path=path!("/insight/measures") view=Insight::Measures ssr=SsrMode::Async/>
                    <Route path=path!("/hcps") view=Library::HcpList ssr=SsrMode::Async/>
                    <Route path=path!("/hcps/new") view=Library::HcpNew ssr=SsrMode::Async/>
                    <Route path=path!("/hcps/selection") view=Library::SelectionPage ssr=SsrMode::Async/>
                    <Route path=path!("/hcps/sheet") view=Library::InvitationSheet ssr=SsrMode::Async/>
                    <Route path=path!("/hcps/pending") view=Office::PendingList ssr=SsrMode::Async/>
                    <Route path=path!("/hcps/:id") view=Library::HcpPage ssr=SsrMode::Async/>
                    <Route path=path!("/hcps/:id/edit") view=Library::HcpEdit ssr=SsrMode::Async/>
                    <Route path=path!("/hcps/:id/history") view=Library::HcpHistory ssr=SsrMode::Async/>
                    <Route path=path!("/hcps/:id/code") view=Library::InvitationCode ssr=SsrMode::Async/>
                    <Route path=path!("/groups") view=Library::GroupList ssr=SsrMode::Async/>
                    <Route path=path!("/requests") view=Library::RequestList ssr=SsrMode::Async/>
                    <Route path=path!("/transfers") view=Office::TransferList ssr=SsrMode::Async/>
                    <Route path=path!("/transfers/new") view=Office::TransferNew ssr=SsrMode::Async/>
                    <Route path=path!("/transfers/:id") view=Office::TransferPage ssr=SsrMode::Async/>
                    <Route path=path!("/duplicates") view=Office::DuplicateList ssr=SsrMode::Async/>
                    <Route path=path!("/duplicates/:id") view=Office::DuplicatePair ssr=SsrMode::Async/>
                    <Route path=path!("/merges") view=Office::MergeList ssr=SsrMode::Async/>
                    <Route path=path!("/codes") view=Library::CodeList ssr=SsrMode::Async/>
                    <Route path=path!("/codes/new") view=Library::CodeNew ssr=SsrMode::Async/>
                    <Route path=path!("/codes/:id") view=Library::CodePage ssr=SsrMode::Async/>
                    <Route path=path!("/codes/:id/sheet") view=Library::CodeSheet ssr=SsrMode::Async/>
                    <Route path=path!("/consents") view=Office::ConsentTexts ssr=SsrMode::Async/>
                    <Route path=path!("/coverage") view=Library::Coverage ssr=SsrMode::Async/>
                    <Route path=path!("/articles") view=Content::ArticleList ssr=SsrMode::Async/>
                    <Route path=path!("/articles/new") view=Content::ArticleNew ssr=SsrMode::Async/>
                    <Route path=path!("/articles/:id") view=Content::ArticlePage ssr=SsrMode::Async/>
                    <Route path=path!("/articles/:id/edit") view=Content::ArticleEdit ssr=SsrMode::Async/>
                    <Route path=path!("/articles/:id/share") view=Content::ShareArticle ssr=SsrMode::Async/>
                    <Route path=path!("/articles/:id/tree") view=Content::ArticleTree ssr=SsrMode::Async/>
                    <Route path=path!("/shares") view=Content::ShareReport ssr=SsrMode::Async/>
                    <Route path=path!("/terminals") view=Office::TerminalList ssr=SsrMode::Async/>
                    <Route path=path!("/terminals/new") view=Office::TerminalNew ssr=SsrMode::Async/>
                    <Route path=path!("/terminals/move") view=Office::TerminalMove ssr=SsrMode::Async/>
                    <Route path=path!("/terminals/:id") view=Office::TerminalView ssr=SsrMode::Async/>
                    <Route path=path!("/terminals/:id/edit") view=Office::TerminalEdit ssr=SsrMode::Async/>
                    <Route path=path!("/people") view=Office::PeopleList ssr=SsrMode::Async/>
                    <Route path=path!("/people/new") view=Office::PersonNew ssr=SsrMode::Async/>
                    <Route path=path!("/people/:id") view=Office::PersonPage ssr=SsrMode::Async/>
                    <Route path=path!("/units") view=Office::UnitList ssr=SsrMode::Async/>
                    <Route path=path!("/settings") view=Office::IndexSettings ssr=SsrMode::Async/>
                    <Route path=path!("/import") view=Office::ImportList ssr=SsrMode::Async/>
                    <Route path=path!("/import/:id") view=Office::ImportJob ssr=SsrMode::Async/>
                    <Route path=path!("/questions") view=Teaching::QuestionList ssr=SsrMode::Async/>
                    <Route path=path!("/questions/new") view=Teaching::QuestionNew ssr=SsrMode::Async/>
                    <Route path=path!("/questions/:id") view=Teaching::QuestionPage ssr=SsrMode::Async/>
                    <Route path=path!("/questions/:id/edit") view=Teaching::QuestionEdit ssr=SsrMode::Async/>
                    <Route path=path!("/learning") view=Own::Learning ssr=SsrMode::Async/>
                    <Route path=path!("/checkins") view=Field::CheckinSheet ssr=SsrMode::Async/>
                    <Route path=path!("/visits") view=Field::VisitList ssr=SsrMode::Async/>
                    <Route path=path!("/visits/compare") view=Field::VisitCompare ssr=SsrMode::Async/>
                    <Route path=path!("/visits/:id") view=Field::VisitPage ssr=SsrMode::Async/>
                    <Route path=path!("/plans") view=Field::Plans ssr=SsrMode::Async/>
                    <Route path=path!("/tasks") view=Field::TaskList ssr=SsrMode::Async/>
                    <Route path=path!("/memos") view=Field::MemoList ssr=SsrMode::Async/>
                    <Route path=path!("/memos/new") view=Field::MemoNew ssr=SsrMode::Async/>
                    <Route path=path!("/memos/:id") view=Field::MemoPage ssr=SsrMode::Async/>
                    <Route path=path!("/adverse-events") view=Field::EventList ssr=SsrMode::Async/>
                    <Route path=path!("/adverse-events/new") view=Field::EventNew ssr=SsrMode::Async/>
                    <Route path=path!("/adverse-events/:id") view=Field::EventPage ssr=SsrMode::Async/>
                    <Route path=path!("/complaints") view=Field::Complaints ssr=SsrMode::Async/>
                    <Route path=path!("/complaints/queue") view=Field::ComplaintQueue ssr=SsrMode::Async/>
                    <Route path=path!("/products") view=Goods::ProductList ssr=SsrMode::Async/>
                    <Route path=path!("/products/new") view=Goods::ProductNew ssr=SsrMode::Async/>
                    <Route path=path!("/products/:id") view=Goods::ProductPage ssr=SsrMode::Async/>
                    <Route path=path!("/products/:id/edit") view=Goods::ProductEdit ssr=SsrMode::Async/>
                    <Route path=path!("/flow") view=Goods::ConfirmList ssr=SsrMode::Async/>
                    <Route path=path!("/flow/terminals/:id") view=Goods::TerminalMonth ssr=SsrMode::Async/>
                    <Route path=path!("/flow/appeals") view=Goods::AppealList ssr=SsrMode::Async/>
                    <Route path=path!("/flow/appeals/new") view=Goods::AppealNew ssr=SsrMode::Async/>
                    <Route path=path!("/flow/appeals/:id") view=Goods::AppealView ssr=SsrMode::Async/>
                    <Route path=path!("/flow/matching") view=Goods::MatchingList ssr=SsrMode::Async/>
                    <Route path=path!("/flow/periods") view=Goods::PeriodList ssr=SsrMode::Async/>
                    <Route path=path!("/flow/report") view=Goods::FlowReport ssr=SsrMode::Async/>
                    <Route path=path!("/flow/files") view=Goods::FileList ssr=SsrMode::Async/>
                    <Route path=path!("/month") view=Own::MonthReport ssr=SsrMode::Async/>
                    <Route path=path!("/record") view=Own::LearningRecord ssr=SsrMode::Async/>
                    <Route path=path!("/inbox") view=Own::Inbox ssr=SsrMode::Async/>
                    <Route path=path!("/comments") view=Teaching::CommentQueue ssr=SsrMode::Async/>
                    <Route path=path!("/courses") view=Teaching::CourseList ssr=SsrMode::Async/>
                    <Route path=path!("/courses/new") view=Teaching::CourseNew ssr=SsrMode::Async/>
                    <Route path=path!("/courses/:id") view=Teaching::CoursePage ssr=SsrMode::Async/>
                    <Route path=path!("/courses/:id/edit") view=Teaching::CourseEdit ssr=SsrMode::Async/>
                    <Route path=path!("/courses/:id/coverage") view=Teaching::CourseCoverage ssr=SsrMode::Async/>
                    <Route path=path!("/courses/:id/lessons/:lesson") view=Teaching::LessonPage ssr=SsrMode::Async/>
                    <Route path=path!("/exams") view=Teaching::ExamList ssr=SsrMode::Async/>
                    <Route path=path!("/exams/new") view=Teaching::ExamNew ssr=SsrMode::Async/>
                    <Route path=path!("/exams/marking") view=Teaching::MarkingQueue ssr=SsrMode::Async/>
                    <Route path=path!("/exams/:id") view=Teaching::ExamPage ssr=SsrMode::Async/>
                    <Route path=path!("/exams/:id/edit") view=Teaching::ExamEdit ssr=SsrMode::Async/>
                    <Route path=path!("/exams/:id/results") view=Teaching::ExamResults ssr=SsrMode::Async/>
                    <Route path=path!("/exams/:id/accuracy") view=Teaching::ExamAccuracy ssr=SsrMode::Async/>
                    <Route path=path!("/sms") view=Office::SmsOutbox ssr=SsrMode::Async/>
                    <Route path=path!("/audit") view=Office::AuditLog ssr=SsrMode::Async/>
                    <Route path=path!("/account") view=Own::Account ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// What a page's server functions ask for, by its path: the layout shows the refusal at once, and lists of pages name
/// the roles. The functions themselves decide.
pub fn page_permission(path: &str) -> crate::shared::Permission {
    use crate::shared::Permission as P;
    let mut parts = path.split('/').filter(|p| !p.is_empty());
    match (parts.next().unwrap_or(""), parts.next_back().unwrap_or("")) {
        ("hcps", "pending") => P::StewardHcps,
        ("hcps", "code" | "sheet") => P::InviteHcps,
        ("hcps", "new" | "edit") | ("groups" | "requests", _) => P::WriteHcps,
        ("hcps" | "coverage", _) => P::ReadHcps,
        ("transfers", _) => P::AssignHcps,
        ("duplicates" | "merges", _) => P::StewardHcps,
        ("codes", _) => P::MakeCodes,
        ("consents", _) => P::ConsentTexts,
        ("articles", "new" | "edit") => P::WriteArticles,
        ("articles", "share") => P::Share,
        ("articles", "tree") | ("shares", _) => P::ReadShares,
        ("articles", _) => P::ReadArticles,
        ("terminals", "new" | "edit" | "move") => P::ManageOrg,
        ("terminals", _) => P::ReadTerminals,
        ("people" | "units" | "settings" | "sms", _) => P::ManageOrg,
        ("questions", _) => P::WriteQuestions,
        ("checkins", _) => P::CheckIn,
        ("visits", "new") => P::RecordVisits,
        ("visits", _) => P::ReadVisits,
        ("memos", "new") => P::SendMemos,
        ("complaints", "queue") => P::AnswerComplaints,
        ("learning" | "record" | "comments", _) => P::Learn,
        ("courses", "new" | "edit") => P::WriteCourses,
        ("courses", _) if path.contains("/lessons/") => P::WriteCourses,
        ("courses", _) => P::ReadResults,
        ("exams", "new" | "edit" | "marking" | "accuracy") => P::WriteExams,
        ("exams", _) => P::ReadResults,
        ("products", "new" | "edit") => P::WriteProducts,
        ("products", _) => P::ReadProducts,
        ("flow", "matching" | "files") => P::OperateFlow,
        ("flow", "report" | "periods") => P::ReadFlow,
        ("flow", "new") => P::ConfirmFlow,
        ("flow", _) if path.starts_with("/flow/appeals") || path.starts_with("/flow/terminals") => {
            P::SeeAppeals
        }
        ("flow", _) => P::ConfirmFlow,
        ("insight", _) => P::ReadInsight,
        ("import", _) => P::OwnImports,
        ("audit", _) => P::ReadAudit,
        ("account", _) => P::OwnAccount,
        _ => P::Workbench,
    }
}

/// Whether the address no longer is the page's: who presses back before a page has hydrated may get the address of one
/// page with the HTML of another. Such a page is loaded anew, once.
#[cfg(feature = "hydrate")]
fn leads_elsewhere(path: &str) -> bool {
    const TRIED: &str = "reloaded";
    let location = window().location();
    let here = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    let Ok(Some(storage)) = window().session_storage() else {
        return false;
    };
    if path == here {
        let _ = storage.remove_item(TRIED);
        return false;
    }
    // A proxy that rewrites addresses must not make it load for ever.
    if storage.get_item(TRIED).ok().flatten().as_deref() == Some(here.as_str()) {
        return false;
    }
    let _ = storage.set_item(TRIED, &here);
    location.reload().is_ok()
}

/// Attaches the app to the page that the server sent.
#[cfg(feature = "hydrate")]
pub fn hydrate() {
    let json = document()
        .get_element_by_id(BOOT_ID)
        .and_then(|e| e.text_content())
        .unwrap_or_default();
    let Ok(boot) = serde_json::from_str::<Boot>(&json) else {
        leptos::logging::error!("the page carries no start data");
        return;
    };
    if leads_elsewhere(&boot.path) {
        return;
    }
    // From here until the page has hydrated as well: the router would go on with the code of another page.
    // A jump within the page is none of it.
    let path = boot.path.clone();
    let early = window_event_listener(leptos::ev::popstate, move |event| {
        if leads_elsewhere(&path) {
            event.stop_immediate_propagation();
        }
    });
    crate::ui::locale::set_for_page(boot.locale);
    wasm_bindgen_futures::spawn_local(async move {
        if crate::ui::locale::load(&boot.texts).await {
            attach(boot, early);
        } else {
            // The page works as one without JavaScript.
            leptos::logging::error!("the texts of the interface could not be loaded");
        }
    });
}

#[cfg(feature = "hydrate")]
fn attach(boot: Boot, early: WindowListenerHandle) {
    let Some(body) = document().body() else {
        return;
    };
    wasm_bindgen_futures::spawn_local(async move {
        let app = move || {
            provide_context(boot);
            view! { <App/> }
        };
        leptos::mount::hydrate_from_async(body, app).await.forget();
        // Once the code of the page has come and its listeners are attached; what waited for data comes in this frame.
        request_animation_frame(move || {
            early.remove();
            if let Some(root) = document().document_element() {
                let _ = root.set_attribute("data-hydrated", "");
            }
        });
    });
}
