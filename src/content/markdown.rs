//! Markdown in, HTML out, sanitised when it is written and again when it is read.

use pulldown_cmark::{Options, Parser, html};

/// The HTML of a text. Raw HTML in it does not survive, nor do links and images of other schemes.
pub fn render(markdown: &str) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let mut out = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut out, Parser::new_ext(markdown, options));
    sanitise(&out)
}

/// HTML without anything that could run or reach out: images only from this site.
pub fn sanitise(html: &str) -> String {
    ammonia::Builder::default()
        .url_schemes(["https", "http", "mailto"].into())
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(|element, attribute, value| match (element, attribute) {
            ("img", "src") if !value.starts_with("/files/") => None,
            _ => Some(value.into()),
        })
        .clean(html)
        .to_string()
}

/// Number of Han characters of a text, by which the expected reading time is told.
pub fn han_count(text: &str) -> i64 {
    text.chars()
        .filter(|c| matches!(c, '\u{3400}'..='\u{9FFF}'))
        .count() as i64
}

/// Ids of the files that a text shows.
pub fn files(markdown: &str) -> Vec<String> {
    let mut ids: Vec<String> = markdown
        .split("/files/")
        .skip(1)
        .map(|rest| {
            rest.chars()
                .take_while(char::is_ascii_hexdigit)
                .collect::<String>()
        })
        .filter(|id| id.len() == 64)
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_runs_and_nothing_reaches_out() {
        let html = render(
            "# 标题\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![y](http://evil/x.png) <img src=x onerror=alert(1)>\n\n|a|b|\n|-|-|\n|1|2|\n",
        );
        for bad in ["<script", "javascript:", "onerror", "evil"] {
            assert!(!html.contains(bad), "{bad} in {html}");
        }
        assert!(html.contains("<table>") && html.contains("标题"));
    }

    #[test]
    fn files_are_found() {
        let id = "a".repeat(64);
        assert_eq!(files(&format!("![x](/files/{id}) /files/short")), [id]);
        assert_eq!(han_count("血压 120 mmHg"), 2);
    }
}
