//! Staff pages in chunks: the browser loads the code of a page with that of its neighbours when it first opens one of
//! them, instead of all pages at once. On the server nothing is loaded.
//!
//! Few chunks on purpose: what two of them share becomes a file of its own.

// The split points are declared `extern` by the macro.
#![allow(unsafe_code)]

use leptos::prelude::*;
use leptos_router::ChooseView;

macro_rules! chunk {
    ($(#[$doc:meta])* $kind:ident in $load:ident, $preload:ident: $($page:ident => $view:path),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        #[repr(u32)]
        pub enum $kind {
            $($page),+
        }

        #[lazy]
        fn $load(page: u32) -> AnyView {
            match page {
                $(page if page == $kind::$page as u32 => $view().into_any(),)+
                _ => ().into_any(),
            }
        }

        impl ChooseView for $kind {
            async fn choose(self) -> AnyView {
                $load(self as u32).await
            }

            /// Loads the chunk, so that hydration finds the page's code there.
            async fn preload(&self) {
                #[cfg(target_arch = "wasm32")]
                $preload().await;
            }
        }
    };
}

chunk! {
    /// HCPs and what reps do with them.
    Library in load_library, __preload_load_library:
    HcpList => crate::hcp::pages::HcpList,
    HcpNew => crate::hcp::pages::HcpNew,
    SelectionPage => crate::hcp::pages::SelectionPage,
    HcpPage => crate::hcp::pages::HcpPage,
    HcpEdit => crate::hcp::pages::HcpEdit,
    HcpHistory => crate::hcp::pages::HcpHistory,
    InvitationSheet => crate::onboarding::pages::InvitationSheet,
    InvitationCode => crate::onboarding::pages::InvitationCode,
    CodeList => crate::onboarding::pages::CodeList,
    CodeNew => crate::onboarding::pages::CodeNew,
    CodePage => crate::onboarding::pages::CodePage,
    CodeSheet => crate::onboarding::pages::CodeSheet,
    Coverage => crate::onboarding::pages::Coverage,
    GroupList => crate::ownership::pages::GroupList,
    RequestList => crate::ownership::pages::RequestList,
}

chunk! {
    /// Articles and their sharing.
    Content in load_content, __preload_load_content:
    ArticleList => crate::content::pages::ArticleList,
    ArticleNew => crate::content::pages::ArticleNew,
    ArticlePage => crate::content::pages::ArticlePage,
    ArticleEdit => crate::content::pages::ArticleEdit,
    ShareArticle => crate::sharing::pages::ShareArticle,
    ArticleTree => crate::sharing::pages::ArticleTree,
    ShareReport => crate::sharing::pages::ShareReport,
}

chunk! {
    /// What trainers do.
    Teaching in load_teaching, __preload_load_teaching:
    QuestionList => crate::question::pages::QuestionList,
    QuestionNew => crate::question::pages::QuestionNew,
    QuestionPage => crate::question::pages::QuestionPage,
    QuestionEdit => crate::question::pages::QuestionEdit,
    ExamList => crate::exam::pages::ExamList,
    ExamNew => crate::exam::pages::ExamNew,
    ExamPage => crate::exam::pages::ExamPage,
    ExamEdit => crate::exam::pages::ExamEdit,
    ExamResults => crate::exam::pages::ExamResults,
    ExamAccuracy => crate::exam::pages::ExamAccuracy,
    MarkingQueue => crate::exam::pages::MarkingQueue,
    CourseList => crate::course::pages::CourseList,
    CourseNew => crate::course::pages::CourseNew,
    CoursePage => crate::course::pages::CoursePage,
    CourseEdit => crate::course::pages::CourseEdit,
    LessonPage => crate::course::pages::LessonPage,
    CommentQueue => crate::course::pages::CommentQueue,
    CourseCoverage => crate::learning::pages::CourseCoverage,
}

chunk! {
    /// What stewards, managers and administrators do at a desk.
    Office in load_office, __preload_load_office:
    PendingList => crate::onboarding::pages::PendingList,
    ConsentTexts => crate::onboarding::pages::ConsentTexts,
    TransferList => crate::ownership::pages::TransferList,
    TransferNew => crate::ownership::pages::TransferNew,
    TransferPage => crate::ownership::pages::TransferPage,
    DuplicateList => crate::duplicate::pages::DuplicateList,
    DuplicatePair => crate::duplicate::pages::DuplicatePair,
    MergeList => crate::duplicate::pages::MergeList,
    TerminalList => crate::terminal::pages::TerminalList,
    TerminalNew => crate::terminal::pages::TerminalNew,
    TerminalView => crate::terminal::pages::TerminalView,
    TerminalEdit => crate::terminal::pages::TerminalEdit,
    TerminalMove => crate::terminal::pages::TerminalMove,
    PeopleList => crate::identity::pages::PeopleList,
    PersonNew => crate::identity::pages::PersonNew,
    PersonPage => crate::identity::pages::PersonPage,
    UnitList => crate::identity::pages::UnitList,
    SmsOutbox => crate::identity::pages::SmsOutbox,
    AuditLog => crate::identity::pages::AuditLog,
    IndexSettings => crate::sharing::pages::IndexSettings,
    ImportList => crate::importing::pages::ImportList,
    ImportJob => crate::importing::pages::ImportJob,
}

chunk! {
    /// Field work, and what colleagues say to each other.
    Field in load_field, __preload_load_field:
    CheckinSheet => crate::visit::pages::CheckinSheet,
    VisitList => crate::visit::pages::VisitList,
    VisitPage => crate::visit::pages::VisitPage,
    VisitCompare => crate::visit::pages::VisitCompare,
    Plans => crate::visit::pages::Plans,
    TaskList => crate::task::pages::TaskList,
    MemoList => crate::memo::pages::MemoList,
    MemoNew => crate::memo::pages::MemoNew,
    MemoPage => crate::memo::pages::MemoPage,
    EventList => crate::safety::pages::EventList,
    EventNew => crate::safety::pages::EventNew,
    EventPage => crate::safety::pages::EventPage,
    Complaints => crate::complaint::pages::Complaints,
    ComplaintQueue => crate::complaint::pages::ComplaintQueue,
}

chunk! {
    /// Products and flow.
    Goods in load_goods, __preload_load_goods:
    ProductList => crate::product::pages::ProductList,
    ProductNew => crate::product::pages::ProductNew,
    ProductPage => crate::product::pages::ProductPage,
    ProductEdit => crate::product::pages::ProductEdit,
    ConfirmList => crate::flow::pages::ConfirmList,
    TerminalMonth => crate::flow::pages::TerminalMonth,
    AppealList => crate::flow::pages::AppealList,
    AppealNew => crate::flow::pages::AppealNew,
    AppealView => crate::flow::pages::AppealView,
    MatchingList => crate::flow::pages::MatchingList,
    PeriodList => crate::flow::pages::PeriodList,
    FlowReport => crate::flow::pages::FlowReportPage,
    FileList => crate::flow::pages::FileList,
}

chunk! {
    /// Dashboards.
    Insight in load_insight, __preload_load_insight:
    Dashboard => crate::insight::pages::Dashboard,
    Drilldown => crate::insight::pages::Drilldown,
    Reports => crate::insight::pages::Reports,
    Measures => crate::insight::pages::Measures,
}

chunk! {
    /// What everybody has of their own beside the first page.
    Own in load_own, __preload_load_own:
    Learning => crate::learning::pages::Learning,
    LearningRecord => crate::learning::pages::LearningRecord,
    Inbox => crate::inbox::pages::Inbox,
    Account => crate::identity::pages::Account,
    MonthReport => crate::workbench::pages::MonthReport,
}
