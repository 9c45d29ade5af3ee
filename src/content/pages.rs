//! Pages of articles for staff.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::api::*;
use super::model::{ArticleRow, ArticleView, audience_label, status_label};
use crate::shared::Permission;
use crate::sharing::pages::MetricsGrid;
use crate::ui::boot::{may, refresh};
use crate::ui::form::{Confirm, Field, PostForm, Select, Submit, TextArea};
use crate::ui::list::{FilterSelect, FilterText, Filters, page_param, param, rows_or_empty};
use crate::ui::parts::{Card, Loading, PageTitle, outcome, who};

fn sees_drafts() -> bool {
    may(Permission::WriteArticles) || may(Permission::ReviewArticles) || may(Permission::ManageOrg)
}

#[component]
fn Badges(article: ArticleRow) -> impl IntoView {
    let class = match article.status.as_str() {
        "published" => "badge badge-success",
        "in_review" => "badge badge-warning",
        "approved" => "badge badge-info",
        _ => "badge badge-ghost",
    };
    view! {
        {sees_drafts().then(|| view! { <span class=class>{status_label(&article.status)}</span> })}
        <span class="badge badge-outline whitespace-nowrap">{audience_label(&article.audience)}</span>
    }
}

/// 内容: articles.
#[component]
pub fn ArticleList() -> impl IntoView {
    let (text, status, tag, page) = (param("text"), param("status"), param("tag"), page_param());
    let articles = Resource::new(
        move || (text.get(), status.get(), tag.get(), page.get(), refresh()),
        |(text, status, tag, page, _)| async move {
            Ok((
                list_articles(text, status, tag, page).await?,
                list_tags().await?,
            ))
        },
    );
    view! {
        <PageTitle title=tr!("article.list")>
            {may(Permission::WriteArticles).then(|| view! { <a class="btn btn-sm btn-primary" href="/articles/new">{tr!("article.new")}</a> })}
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(articles.await, |(page, tags)| {
                    let statuses = ["draft", "in_review", "approved", "published", "withdrawn"]
                        .map(|s| (s.to_owned(), status_label(s))).to_vec();
                    let tags = tags.into_iter().map(|t| (t.clone(), t)).collect();
                    view! {
                        <Filters action="/articles">
                            <FilterText name="text" label=tr!("article.search")/>
                            {sees_drafts().then(|| view! { <FilterSelect name="status" label=tr!("article.any_status") options=statuses/> })}
                            <FilterSelect name="tag" label=tr!("article.any_tag") options=tags/>
                        </Filters>
                        {rows_or_empty(page, tr!("article.empty"), |rows| view! {
                            <ul class="grid gap-3 lg:grid-cols-2">
                                {rows.into_iter().map(|a| view! {
                                    <li class="rounded-box border border-base-300 bg-base-100 hover:border-primary">
                                        <a class="block h-full p-4" href=format!("/articles/{}", a.id)>
                                            <span class="mb-1 flex flex-wrap items-center gap-2">
                                                <span class="me-auto font-semibold">{a.title.clone()}</span>
                                                <Badges article=a.clone()/>
                                            </span>
                                            <span class="block text-sm text-base-content/70">{a.summary}</span>
                                            <span class="num mt-2 block text-xs text-base-content/70">{approval_line(&a.approval_no, &a.expires_on)}</span>
                                        </a>
                                    </li>
                                }).collect_view()}
                            </ul>
                        })}
                    }
                })
            })}
        </Suspense>
    }
}

/// Approval number and last day, as they stand on every page with content.
pub fn approval_line(number: &str, expires: &str) -> impl IntoView + use<> {
    let until = (!number.is_empty() && !expires.is_empty()).then(|| {
        let text = tr!("article.valid_until", day = expires);
        // A day does not break at its hyphens.
        view! { " · "<span class="whitespace-nowrap">{text}</span> }
    });
    let number = if number.is_empty() {
        tr!("article.no_approval")
    } else {
        tr!("article.approval", number = number)
    };
    view! { {number}{until} }
}

#[component]
fn ArticleForm(article: Option<ArticleView>) -> impl IntoView {
    let images = article
        .as_ref()
        .map(|a| a.images.clone())
        .unwrap_or_default();
    let article = StoredValue::new(article);
    let text = move |f: fn(&ArticleView) -> String| {
        article.with_value(|a| a.as_ref().map(f).unwrap_or_default())
    };
    let audiences = ["public", "professional"]
        .map(|a| (a.to_owned(), audience_label(a)))
        .to_vec();
    let id = text(|a| a.row.id.clone());
    let target = format!("/articles/{id}/images");
    let upload = (!id.is_empty()).then(|| {
        view! {
            <Card title=tr!("article.images")>
                <ul class="mb-3 flex flex-wrap gap-3">
                    {images.into_iter().map(|src| view! {
                        <li class="w-40"><img class="rounded" src=src.clone() alt=""/><input class="input input-xs mt-1 w-full" readonly value=format!("![]({src})")/></li>
                    }).collect_view()}
                </ul>
                <form method="post" enctype="multipart/form-data" action=target class="flex flex-wrap gap-2">
                    <input type="file" name="file" accept="image/png,image/jpeg,image/webp,image/gif" class="file-input" required aria-label=tr!("article.image")/>
                    <button class="btn">{tr!("article.upload")}</button>
                </form>
                <p class="mt-2 text-sm text-base-content/70">{tr!("article.images_hint")}</p>
            </Card>
        }
    });
    view! {
        <Card>
            <PostForm to=SaveArticle::url()>
                <input type="hidden" name="id" value=id/>
                <Field name="title" label=tr!("article.title") value=text(|a| a.row.title.clone()) required=true/>
                <TextArea name="summary" label=tr!("article.summary") value=text(|a| a.row.summary.clone()) rows=2/>
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Field name="author" label=tr!("article.author") value=text(|a| a.author.clone()) required=true/>
                    <Select name="audience" label=tr!("article.audience") options=audiences value=text(|a| a.row.audience.clone())/>
                    <Field name="specialties" label=tr!("article.specialties") value=text(|a| a.specialties.join("、")) hint=tr!("article.tags_hint")/>
                    <Field name="diseases" label=tr!("article.diseases") value=text(|a| a.diseases.join("、")) hint=tr!("article.tags_hint")/>
                    <Field name="expires_on" label=tr!("article.expires_on") kind="date" value=text(|a| a.row.expires_on.clone()) required=true/>
                </div>
                <TextArea name="body_md" label=tr!("article.body") value=text(|a| a.body_md.clone()) rows=20 hint=tr!("article.body_hint")/>
                <Submit label=tr!("ui.save")/>
            </PostForm>
        </Card>
        {upload}
    }
}

/// A new article.
#[component]
pub fn ArticleNew() -> impl IntoView {
    view! {
        <PageTitle title=tr!("article.new")/>
        <ArticleForm article=None/>
    }
}

fn one_article() -> Resource<Result<ArticleView, crate::shared::AppError>> {
    let params = use_params_map();
    Resource::new(
        move || (params.with(|p| p.get("id").unwrap_or_default()), refresh()),
        |(id, _)| get_article(id),
    )
}

/// Changing a draft.
#[component]
pub fn ArticleEdit() -> impl IntoView {
    let article = one_article();
    view! {
        <PageTitle title=tr!("article.edit_title")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(article.await, |article| if article.editable {
                    view! { <ArticleForm article=Some(article)/> }.into_any()
                } else {
                    view! { <p class="alert alert-warning">{tr!("error.not_draft")}</p> }.into_any()
                })
            })}
        </Suspense>
    }
}

/// One article with its review and what came of it.
#[component]
pub fn ArticlePage() -> impl IntoView {
    let article = one_article();
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(article.await, |article| view! { <ArticleCards article=article/> }) })}
        </Suspense>
    }
}

#[component]
fn ArticleCards(article: ArticleView) -> impl IntoView {
    let row = article.row.clone();
    let id = row.id.clone();
    let live = row.status == "published";
    let published = live && !article.expired;
    let tags = article
        .specialties
        .iter()
        .chain(&article.diseases)
        .cloned()
        .collect::<Vec<_>>();
    view! {
        <PageTitle title=row.title.clone()>
            {(published && may(Permission::Share)).then(|| view! { <a class="btn btn-primary" href=format!("/articles/{id}/share")>{tr!("article.share")}</a> })}
            {(live && may(Permission::ReadShares)).then(|| view! { <a class="btn" href=format!("/articles/{id}/tree")>{tr!("article.tree")}</a> })}
            {article.editable.then(|| view! { <a class="btn" href=format!("/articles/{id}/edit")>{tr!("article.edit")}</a> })}
        </PageTitle>
        {article.expired.then(|| view! { <p class="alert alert-warning mb-4 py-2">{tr!("article.expired")}</p> })}
        <ReviewSteps article=article.clone()/>
        {article.metrics.clone().map(|metrics| view! { <Card title=tr!("article.metrics")><MetricsGrid metrics=metrics/></Card> })}
        <Card>
            <p class="mb-2 flex flex-wrap items-center gap-2">
                <Badges article=row.clone()/>
                {tags.into_iter().map(|t| view! { <span class="badge badge-ghost">{t}</span> }).collect_view()}
            </p>
            <p class="text-sm text-base-content/70">{article.author}</p>
            <p class="num text-sm text-base-content/70">{approval_line(&row.approval_no, &row.expires_on)}</p>
            {article.media.clone().map(|(kind, pages, captions)| crate::course::carried(&article.row.id, &article.row.title, &kind, pages, captions))}
            <div class="prose-zh mt-4" inner_html=article.body_html></div>
        </Card>
    }
}

/// The review so far, and the step that the signed-in member may make next.
#[component]
fn ReviewSteps(article: ArticleView) -> impl IntoView {
    let row = article.row;
    let id = StoredValue::new(row.id.clone());
    let hidden = move |step: &'static str| {
        view! { <input type="hidden" name="id" value=id.get_value()/><input type="hidden" name="step" value=step/> }
    };
    let next = match row.status.as_str() {
        "draft" if may(Permission::WriteArticles) => Some(view! {
            <PostForm to=AdvanceArticle::url()>
                {hidden("submit")}
                <Submit label=tr!("article.submit")/>
            </PostForm>
        }.into_any()),
        "in_review" if may(Permission::ReviewArticles) => Some(view! {
            <div class="grid gap-4 sm:grid-cols-2">
                <PostForm to=AdvanceArticle::url()>
                    {hidden("approve")}
                    <Field name="approval_no" label=tr!("article.approval_no") value=row.approval_no.clone() required=true/>
                    <Field name="expires_on" label=tr!("article.expires_on") kind="date" value=row.expires_on.clone() required=true/>
                    <Submit label=tr!("article.approve")/>
                </PostForm>
                <PostForm to=AdvanceArticle::url()>
                    {hidden("send_back")}
                    <TextArea name="comment" label=tr!("article.comment") rows=3/>
                    <Submit label=tr!("article.send_back") class="btn btn-outline btn-error"/>
                </PostForm>
            </div>
        }.into_any()),
        "approved" if may(Permission::WriteArticles) => Some(view! {
            <PostForm to=AdvanceArticle::url()>
                {hidden("publish")}
                <Submit label=tr!("article.publish")/>
            </PostForm>
        }.into_any()),
        "published" if may(Permission::ReviewArticles) => Some(view! {
            <Confirm to=AdvanceArticle::url() label=tr!("article.withdraw") explain=tr!("article.withdraw_explain")>
                {hidden("withdraw")}
                <TextArea name="comment" label=tr!("article.comment") rows=2/>
            </Confirm>
        }.into_any()),
        "published" | "withdrawn" if may(Permission::WriteArticles) => Some(view! {
            <PostForm to=ReviseArticle::url()>
                <input type="hidden" name="id" value=id.get_value()/>
                <Submit label=tr!("article.revise") class="btn"/>
            </PostForm>
        }.into_any()),
        _ => None,
    };
    let shown = sees_drafts() && (next.is_some() || !article.steps.is_empty());
    shown.then(|| {
        view! {
            <Card title=tr!("article.review")>
                <ol class="mb-3">
                    {article.steps.into_iter().map(|s| { let remark = s.remark(); view! {
                        <li class="flex flex-wrap gap-x-3 py-0.5 text-sm">
                            <span class="num text-base-content/70">{s.at}</span>
                            <span class="font-medium">{status_label(&s.status)}</span>
                            <span>{who(s.by)}</span>
                            <span class="text-base-content/70">{remark}</span>
                        </li>
                    } }).collect_view()}
                </ol>
                {next}
            </Card>
        }
    })
}
