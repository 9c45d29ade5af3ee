//! The two pages written by hand: the statements of the application's own stores, and strings.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use mailuo::content::{markdown, store as content};
use mailuo::course::lesson;
use mailuo::server::guard::Actor;
use mailuo::server::{AppState, crypto, session, time};
use mailuo::shared::{AppError, Permission};
use mailuo::sharing::model::dwell_text;
use mailuo::sharing::{rules, store as sharing};
use mailuo::workbench::model::{Desk, HcpCounts, Metrics, PlanRow, RecentRead, Todo};

use crate::common::Outcome;

/// What stands around the first page: navigation and the like. It is the same text on each page, so it is taken from the
/// application's, without its scripts and marks.
pub struct Frame {
    before: String,
    after: String,
}

impl Frame {
    /// The frame of a page.
    pub fn of(html: &str) -> Outcome<Frame> {
        let html = without_scripts(html).replace("<!>", "");
        let (before, rest) = html.split_once("<main").ok_or("the page has a <main>")?;
        let (_, after) = rest.split_once("</main>").ok_or("which ends")?;
        Ok(Frame {
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }
}

/// A page without its scripts.
pub fn without_scripts(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, script)) = rest.split_once("<script") {
        out.push_str(before);
        rest = script
            .split_once("</script>")
            .map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

#[derive(Clone)]
struct Hand {
    state: AppState,
    frame: Arc<Frame>,
}

/// The pages at the paths that they have in the application.
pub fn router(state: AppState, frame: Frame) -> Router {
    let frame = Arc::new(frame);
    Router::new()
        .route("/s/{token}", get(reading))
        .route("/", get(first_page))
        .with_state(Hand { state, frame })
}

fn answer(page: Result<Page, AppError>) -> Response {
    match page {
        Ok(page) => Html(page.0).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// HTML as it grows.
struct Page(String);

impl Page {
    fn new() -> Page {
        Page(String::with_capacity(1 << 15))
    }

    /// Adds HTML.
    fn html(&mut self, html: &str) -> &mut Page {
        self.0.push_str(html);
        self
    }

    /// Adds a text, within an element or a quoted attribute.
    fn text(&mut self, text: &str) -> &mut Page {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                c => self.0.push(c),
            }
        }
        self
    }

    fn number(&mut self, n: i64) -> &mut Page {
        self.html(&n.to_string())
    }
}

/// `/s/{token}`, a reader's own address.
async fn reading(
    State(hand): State<Hand>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(try_reading(&hand.state, &token, &headers).await)
}

async fn try_reading(state: &AppState, token: &str, headers: &HeaderMap) -> Result<Page, AppError> {
    let link = sharing::find(&state.db, token)
        .await?
        .ok_or(AppError::NotFound)?;
    let article = content::article(&state.db, &link.article_id).await?;
    if link.closed || !article.is_shown(&state.zone.today()) || article.audience != "public" {
        return Err(AppError::NotFound);
    }
    let visitor = session::cookie(headers, "vid").ok_or(AppError::NotFound)?;
    let reader = format!("vis:{visitor}");
    if reader != link.sharer {
        return Err(AppError::NotFound);
    }
    let own = match &link.parent {
        // Twice the same, as the application asks: by the reader's name and by their browser's.
        Some(parent) => {
            sharing::is_below_own(&state.db, parent, &[reader.clone(), reader.clone()]).await?
        }
        None => false,
    };
    let handed = serde_json::json!({
        "id": crypto::new_id(),
        "article": article.id,
        "link": link.parent,
        "staff": link.root_staff_id,
        "reader": reader,
        "own": own,
        "at": time::now(),
        "expected": rules::expected_ms(article.han_count),
    });
    let view = state.keys.seal(&handed.to_string());
    let saved = content::is_favourite(&state.db, &reader, &article.id).await?;
    // The benchmark's article carries none.
    let _media = lesson::of_article(&state.db, &article.id).await?;
    let body = markdown::sanitise(&article.body_html);
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let url = format!("http://{host}/s/{token}");

    let mut page = Page::new();
    page.html("<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\"><meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\"><meta name=\"format-detection\" content=\"telephone=no\"><title>")
        .text(&article.title)
        .html(" · 脉络</title><link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"/pkg/mailuo.css\"></head><body class=\"bg-base-200\"><div class=\"mx-auto min-h-dvh max-w-2xl bg-base-100 px-4 py-5 sm:px-8\"><article data-view=\"")
        .text(&view)
        .html("\" id=\"article\"><h1 class=\"text-2xl font-semibold leading-snug\">")
        .text(&article.title)
        .html("</h1><p class=\"mt-2 text-sm text-base-content/70\">")
        .text(&article.author)
        .html("</p><p class=\"num text-sm text-base-content/70\">审批编号 ")
        .text(&article.approval_no)
        .html(" · 有效期至 ")
        .text(&article.expires_on)
        .html("</p><div class=\"prose-zh mt-5\">")
        .html(&body)
        .html("</div></article><nav class=\"mt-6 grid grid-cols-2 gap-2\"><form method=\"post\" action=\"/s/")
        .text(token)
        .html("/save\"><button class=\"btn btn-block\" aria-pressed=\"")
        .html(if saved { "true" } else { "false" })
        .html("\">")
        .html(if saved { "已收藏" } else { "收藏" })
        .html("</button></form><form method=\"post\" action=\"/s/")
        .text(token)
        .html("/share\" id=\"share\" data-url=\"")
        .text(&url)
        .html("\" data-title=\"")
        .text(&article.title)
        .html("\"><button class=\"btn btn-primary btn-block\">转发</button></form><a class=\"btn\" href=\"/library\">全部文章</a><a class=\"btn\" href=\"/onboard?next=/s/")
        .text(token)
        .html("\">我是医务人员</a></nav><footer class=\"mt-8 border-t border-base-300 pt-4 text-sm text-base-content/70\"><p>本页统计打开次数、页面可见时长、阅读进度和转发情况，仅凭保存在此浏览器中的本站随机编号区分访客。患者和访客始终不具名；医务人员的阅读仅在本人同意后具名。</p></footer><noscript><img src=\"/t/")
        .text(&view)
        .html("\" width=\"1\" height=\"1\" alt=\"\"></noscript><script src=\"/js/read.js\" defer></script></div></body></html>");
    Ok(page)
}

/// `/` as a rep.
async fn first_page(State(hand): State<Hand>, headers: HeaderMap) -> Response {
    answer(try_first_page(&hand, &headers).await)
}

async fn try_first_page(hand: &Hand, headers: &HeaderMap) -> Result<Page, AppError> {
    let state = &hand.state;
    let token = session::cookie(headers, "sid").ok_or(AppError::Unauthenticated)?;
    let actor = session::actor_of(state, &token, "bench")
        .await?
        .ok_or(AppError::Unauthenticated)?;
    actor.check(Permission::Workbench)?;
    let desk = mailuo::workbench::store::desk(state, &actor).await?;
    let mut page = Page::new();
    page.html(&hand.frame.before);
    cards(&mut page, &actor, &state.zone.today(), &desk);
    page.html(&hand.frame.after);
    Ok(page)
}

/// The heading and the cards in their order; those that a rep has no use for are not written.
fn cards(page: &mut Page, actor: &Actor, today: &str, desk: &Desk) {
    page.html("<main id=\"main\" class=\"mx-auto min-w-0 w-full max-w-6xl flex-1 p-4 pb-24 lg:p-6\"><div aria-live=\"polite\"></div><div class=\"mb-4 flex flex-wrap items-center gap-2\"><h1 class=\"me-auto text-xl font-semibold\">工作台</h1><a href=\"/?arrange=1\" class=\"btn btn-ghost btn-sm min-h-10\">整理卡片</a></div><p class=\"mb-4\"><span class=\"font-semibold\">")
        .text(&actor.name)
        .html("</span> · <span class=\"text-base-content/70\">学术代表 · <span class=\"num\">")
        .text(today)
        .html("</span></span></p><nav aria-label=\"快捷操作\" class=\"mb-4 grid grid-cols-3 gap-2 sm:max-w-2xl sm:grid-cols-5\"><a rel=\"external\" href=\"/checkin\" class=\"btn btn-primary min-h-12 px-2\">快速打卡</a><a rel=\"external\" href=\"/visits/new\" class=\"btn btn-primary min-h-12 px-2\">学术拜访</a><a href=\"/articles\" class=\"btn btn-secondary min-h-12 px-2\">分享内容</a><a href=\"/hcps?state=listed\" class=\"btn min-h-12 px-2\">邀请客户</a><a href=\"/adverse-events/new\" class=\"btn min-h-12 px-2\">上报不良事件</a></nav>");
    for card in &desk.layout {
        match card.as_str() {
            "todo" if !desk.todo.is_empty() => todo(page, &desk.todo),
            "plans" => {
                if let Some(rows) = &desk.plans {
                    plans(page, rows);
                }
            }
            "hcps" => {
                if let Some(counts) = &desk.hcps {
                    hcps(page, counts);
                }
            }
            "sharing" => {
                if let Some(metrics) = &desk.sharing {
                    numbers(page, metrics);
                }
            }
            "recent" if desk.sharing.is_some() => recent(page, &desk.recent),
            _ => {}
        }
    }
    page.html("</main>");
}

/// Begins a card.
fn card<'a>(page: &'a mut Page, title: &str) -> &'a mut Page {
    page.html("<section class=\"mb-4 rounded-box border border-base-300 bg-base-100 p-4\"><h2 class=\"mb-3 text-base font-semibold\">")
        .text(title)
        .html("</h2>")
}

fn todo(page: &mut Page, todo: &[Todo]) {
    card(page, "待办").html("<ul class=\"divide-y divide-base-300\">");
    for Todo { kind, n } in todo {
        let (href, before, after) = match kind.as_str() {
            "tasks" => ("/tasks", "", " 件待办今天到期或已过期"),
            "memos" => ("/memos", "", " 条业务沟通未读"),
            "visit_change" => ("/visits?state=change", "", " 条拜访记录待补充"),
            "flow_confirm" => ("/flow", "", " 条流向待确认"),
            "flow_appeals" => ("/flow/appeals", "", " 个流向申诉待处理"),
            "exams" => ("/learning", "有 ", " 场考试待完成"),
            "courses" => ("/learning", "", " 门必修课程待完成"),
            "courses_overdue" => ("/learning", "", " 门必修课程已逾期"),
            "cards" => ("/review", "今天有 ", " 题待复习"),
            "inbox" => ("/inbox", "", " 条未读消息"),
            "comments" => ("/comments", "", " 条学员提问待回答"),
            _ => ("/requests", "有 ", " 条共享申请待处理"),
        };
        page.html("<li><a href=\"")
            .html(href)
            .html("\" class=\"link link-hover flex min-h-10 items-center\">")
            .html(before)
            .number(*n)
            .html(after)
            .html("</a></li>");
    }
    page.html("</ul></section>");
}

fn plans(page: &mut Page, plans: &[PlanRow]) {
    card(page, "今日拜访计划");
    if plans.is_empty() {
        page.html("<p class=\"text-base-content/70\">今天没有拜访计划。</p>");
    }
    page.html("<ol>");
    for plan in plans {
        page.html("<li class=\"flex min-h-10 flex-wrap items-center gap-2 border-b border-base-300 py-1 last:border-0\">");
        if !plan.starts.is_empty() {
            page.html("<span class=\"num\">")
                .text(&plan.starts)
                .html("</span>");
        }
        match &plan.visit_id {
            Some(visit) => page
                .html("<a href=\"/visits/")
                .text(visit)
                .html("\" class=\"link link-hover min-w-0 break-words line-through\">"),
            None => page
                .html("<a rel=\"external\" href=\"/visits/new?plan=")
                .text(&plan.id)
                .html("\" class=\"link link-hover min-w-0 break-words\">"),
        };
        if let Some((_, name)) = &plan.hcp {
            page.text(name).html(" ");
        }
        page.text(&plan.place).html("</a>");
        for warning in &plan.warnings {
            page.html("<span class=\"badge badge-warning badge-sm\">")
                .html(match warning.as_str() {
                    "window" => "不在医院接待时间",
                    "appointment" => "医院需预约",
                    "cap" => "超过每月拜访上限",
                    _ => "时间冲突",
                })
                .html("</span>");
        }
        page.html("</li>");
    }
    page.html("</ol><a href=\"/plans\" class=\"btn btn-sm mt-3 min-h-10\">日程</a></section>");
}

/// A number with its name and what it counts.
fn stat(page: &mut Page, name: &str, value: &str, note: &str) {
    page.html("<div class=\"rounded-box border border-base-300 bg-base-100 px-4 py-3\"><div class=\"text-sm text-base-content/70\">")
        .text(name)
        .html("</div><div class=\"num text-2xl font-semibold\">")
        .text(value)
        .html("</div>");
    if !note.is_empty() {
        page.html("<div class=\"text-xs text-base-content/70\">")
            .text(note)
            .html("</div>");
    }
    page.html("</div>");
}

fn hcps(page: &mut Page, counts: &HcpCounts) {
    let all = counts.listed + counts.invited + counts.onboarded;
    card(page, &format!("客户（{all}）")).html("<div class=\"grid grid-cols-3 gap-2\">");
    for (state, name, n) in [
        ("listed", "未入库", counts.listed),
        ("invited", "已邀请", counts.invited),
        ("onboarded", "已入库", counts.onboarded),
    ] {
        page.html("<a href=\"/hcps?state=").html(state).html("\">");
        stat(page, name, &n.to_string(), "");
        page.html("</a>");
    }
    page.html("</div></section>");
}

fn numbers(page: &mut Page, m: &Metrics) {
    card(page, "分享效果（近 30 天）")
        .html("<div class=\"grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-6\">");
    for (name, value, note) in [
        (
            "分享次数",
            m.shares.to_string(),
            format!("已发起 {}", m.created),
        ),
        (
            "浏览量 PV",
            m.pv.to_string(),
            format!("另有自看 {}", m.self_views),
        ),
        ("访客数 UV", m.uv.to_string(), String::new()),
        ("复读", m.rereads.to_string(), String::new()),
        (
            "阅读时长（中位数）",
            dwell_text(m.dwell_median_ms),
            format!("{} 次浏览有记录", m.dwell_views),
        ),
        ("读完", m.finished.to_string(), String::new()),
    ] {
        stat(page, name, &value, &note);
    }
    page.html("</div><details class=\"mt-2 text-sm text-base-content/70\"><summary class=\"cursor-pointer\">指标说明</summary><ul class=\"mt-1 list-disc ps-5\"><li>浏览量 PV：一个人打开一次计 1 次；爬虫、链接预览和预加载不计；距该访客对同一内容的上一次 PV 不足 30 秒的不计；员工的浏览和本人自己传播链内的浏览单列为自看。</li><li>访客数 UV：统计期内去重后的访客数；不同链接、内容、人员或日期的 UV 不能相加。</li><li>复读：同一访客对同一内容的 PV，距其上一次 PV 开始超过 30 分钟，不论通过哪个链接。</li><li>分享次数：本人发起、并被其他访客打开过的链接数；已发起：按过转发或被打开过的链接数。</li><li>阅读时长：只计页面可见的时间，每次浏览最多计 30 分钟；取有时长记录的浏览的中位数。</li><li>读完：阅读深度达到 90%，且阅读时长不少于预计时间的三分之一（按每分钟 400 字计）。</li></ul></details><a href=\"/shares\" class=\"btn btn-sm mt-3\">分享报表</a></section>");
}

fn recent(page: &mut Page, reads: &[RecentRead]) {
    card(page, "最近阅读");
    if reads.is_empty() {
        page.html("<p class=\"text-base-content/70\">还没有具名的阅读记录。</p></section>");
        return;
    }
    page.html("<ul class=\"divide-y divide-base-300\">");
    for read in reads {
        page.html("<li class=\"py-2\"><a href=\"/hcps/")
            .text(&read.hcp_id)
            .html("\" class=\"link link-hover font-medium\">")
            .text(&read.hcp)
            .html("</a> 阅读了 <a href=\"/articles/")
            .text(&read.article_id)
            .html("\" class=\"link link-hover\">")
            .text(&read.title)
            .html("</a><span class=\"num block text-sm text-base-content/70\">")
            .text(&read.at)
            .html("</span></li>");
    }
    page.html("</ul></section>");
}
