//! A few line icons, drawn here so that no font or sprite must be loaded.

use leptos::prelude::*;

/// An icon of 20 by 20 pixels in the colour of the text.
#[component]
pub fn Icon(
    /// Name: home, people, article, me, chart, audit, import, org, sms, hospital, question, learn, course, inbox, exam, code, calendar, visit, alert, memo, month, feedback.
    name: &'static str,
) -> impl IntoView {
    let path = match name {
        "home" => "M3 11l9-8 9 8M5 9.5V21h5v-6h4v6h5V9.5",
        "people" => {
            "M9 11a4 4 0 100-8 4 4 0 000 8zM2 21c0-4 3-7 7-7s7 3 7 7M16 3.5a4 4 0 010 7.5M18 14.5c2.500.8 4 3 4 6.500"
        }
        "article" => "M5 3h10l4 4v14H5zM15 3v4h4M8 11h8M8 15h8M8 19h5",
        "me" => "M12 12a4.500 4.500 0 100-9 4.500 4.500 0 000 9zM4 21c0-4 3.500-7 8-7s8 3 8 7",
        "insight" => "M4 20h16M6 16l4-5 4 3 5-7M19 7v4M19 7h-4",
        "chart" => "M4 3v18h17M8 17v-5M12 17V7M16 17v-8",
        "audit" => "M12 3l8 3v6c0 5-3.500 8-8 9-4.500-1-8-4-8-9V6zM9 12l2 2 4-4",
        "import" => "M12 3v12M7 10l5 5 5-5M4 19v2h16v-2",
        "org" => "M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4",
        "sms" => "M4 4h16v12H9l-5 5z",
        "hospital" => "M4 21V5h10v16M14 9h6v12M2 21h20M9 8v5M6.500 10.500h5",
        "learn" => "M2 9l10-5 10 5-10 5zM6 11.500V17c2 2 10 2 12 0v-5.500M22 9v6",
        "product" => "M7 3h10a3 3 0 010 6H7a3 3 0 010-6zM12 3v6M5 12h14v9H5zM9 16h6",
        "flow" => {
            "M3 7h11v9H3zM14 10h4l3 3v3h-7zM7 19a2 2 0 100-4 2 2 0 000 4zM17 19a2 2 0 100-4 2 2 0 000 4z"
        }
        "course" => "M3 5h18v12H3zM10 8.500v5l4.500-2.500zM8 21h8",
        "place" => {
            "M12 21c5-6 7-9 7-12a7 7 0 10-14 0c0 3 2 6 7 12zM12 11.500a2.500 2.500 0 100-5 2.500 2.500 0 000 5z"
        }
        "settings" => {
            "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v4M12 18v4M2 12h4M18 12h4M5 5l3 3M16 16l3 3M19 5l-3 3M8 16l-3 3"
        }
        "consent" => "M5 3h14v18H5zM8 8h8M8 12h8M9 17l2 1.500 4-3.500",
        "inbox" => "M3 13l3-9h12l3 9v7H3zM3 13h5l1.500 3h5l1.500-3h5",
        "exam" => "M6 3h12v18H6zM9 8h6M9 12h6M9 16h3",
        "question" => "M9 9a3 3 0 116 0c0 2-3 2.500-3 4.500M12 17.500v.5M4 4h16v16H4z",
        "memo" => "M4 4h16v12H9l-5 5zM8 8h8M8 12h5",
        "month" => "M4 5h16v16H4zM4 10h16M8 3v4M16 3v4M8 18v-3M12 18v-5M16 18v-2",
        "feedback" => "M4 4h16v12H9l-5 5zM12 7v4M12 13v.500",
        "calendar" => "M4 5h16v16H4zM4 10h16M8 3v4M16 3v4M8 14h3M8 17.500h3",
        "visit" => "M5 3h14v18H5zM9 3v3h6V3M8 11l2 2 3-3M8 17h8",
        "alert" => "M12 3l10 18H2zM12 10v5M12 17.500v.500",
        "code" => "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h3v3h-3zM18 18h2v2h-2z",
        _ => "M12 3v18",
    };
    view! {
        <svg width="20" height="20" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d=path></path>
        </svg>
    }
}
