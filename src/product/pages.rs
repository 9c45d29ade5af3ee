//! 产品: the catalogue, one product, its form.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::api::*;
use super::model::{
    CLASSES, LabelRow, PRICE_KINDS, PriceRow, Product, ProductView, class_label, price_label,
};
use crate::shared::Permission;
use crate::terminal::model::{MAIN_LINE, line_label};
use crate::terminal::pages::LineChoices;
use crate::ui::boot::{may, refresh};
use crate::ui::form::{Confirm, Field, PostForm, Select, Submit, TextArea, came_back};
use crate::ui::history::History;
use crate::ui::list::{FilterSelect, FilterText, Filters, page_param, param, rows_or_empty};
use crate::ui::money::yuan;
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// The catalogue.
#[component]
pub fn ProductList() -> impl IntoView {
    let (text, category, state, page) = (
        param("text"),
        param("category"),
        param("state"),
        page_param(),
    );
    let products = Resource::new(
        move || {
            (
                text.get(),
                category.get(),
                state.get(),
                page.get(),
                refresh(),
            )
        },
        |(text, category, state, page, _)| list_products(text, category, state, page),
    );
    view! {
        <PageTitle title=tr!("product.title")>
            {may(Permission::WriteProducts).then(|| view! {
                <a class="btn btn-sm min-h-10" href="/import?kind=products">{tr!("product.import")}</a>
                <a class="btn btn-sm btn-primary min-h-10" href="/products/new">{tr!("product.new")}</a>
            })}
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(products.await, |data| {
                    let categories = data.categories.into_iter().map(|c| (c.clone(), c)).collect();
                    view! {
                        <Filters action="/products">
                            <FilterText name="text" label=tr!("product.search")/>
                            <FilterSelect name="category" label=tr!("product.any_category") options=categories/>
                            <FilterSelect name="state" label=tr!("product.current") options=vec![("all".into(), tr!("product.all"))]/>
                        </Filters>
                        {rows_or_empty(data.page, tr!("product.empty"), |rows| view! {
                            <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                                {rows.into_iter().map(|p| view! {
                                    <li>
                                        <a class="block p-3 hover:bg-base-200" href=format!("/products/{}", p.id)>
                                            <span class="flex flex-wrap items-center gap-x-2">
                                                <span class="font-medium">{p.name}</span>
                                                {(!p.brand.is_empty()).then(|| view! { <span class="text-base-content/70">{p.brand}</span> })}
                                                <span>{p.specification}</span>
                                                {p.discontinued.then(|| view! { <span class="badge badge-ghost badge-sm">{tr!("product.discontinued")}</span> })}
                                            </span>
                                            <span class="num block text-sm text-base-content/70">
                                                {[p.code, p.category, p.approval_no].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · ")}
                                            </span>
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

/// One product.
#[component]
pub fn ProductPage() -> impl IntoView {
    let (params, page) = (use_params_map(), page_param());
    let product = Resource::new(
        move || {
            (
                params.with(|p| p.get("id").unwrap_or_default()),
                page.get(),
                refresh(),
            )
        },
        |(id, page, _)| get_product(id, page),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(product.await, |view| view! { <Whole view=view/> })
            })}
        </Suspense>
    }
}

#[component]
fn Whole(view: ProductView) -> impl IntoView {
    let product = view.product;
    let writes = may(Permission::WriteProducts);
    let (id, gone) = (product.id.clone(), product.discontinued_at.is_some());
    let title = format!("{} {}", product.name, product.specification);
    let mut changes = view.changes;
    for change in &mut changes.rows {
        change.field = format!("product.{}", change.field);
    }
    let texts = [
        (tr!("product.indication"), product.indication.clone()),
        (tr!("product.dosage"), product.dosage.clone()),
        (tr!("product.clinical"), product.clinical.clone()),
    ];
    let unit = product.unit.clone();
    let (price_id, label_id, link_id) = (id.clone(), id.clone(), id.clone());
    view! {
        <PageTitle title=title>
            <a class="btn btn-sm min-h-10" href="/products">{tr!("product.to_all")}</a>
            {writes.then(|| view! {
                <a class="btn btn-sm btn-primary min-h-10" href=format!("/products/{id}/edit")>{tr!("product.edit")}</a>
                <PostForm to=DiscontinueProduct::url()>
                    <input type="hidden" name="id" value=id.clone()/>
                    <input type="hidden" name="undo" value=gone.to_string()/>
                    <Submit label=if gone { tr!("product.resume") } else { tr!("product.discontinue") } class="btn btn-sm min-h-10"/>
                </PostForm>
            })}
        </PageTitle>
        {gone.then(|| view! { <p class="alert alert-warning mb-4 py-2">{tr!("product.is_discontinued")}</p> })}
        <div class="grid items-start gap-x-4 lg:grid-cols-2">
            <div>
                <Card title=tr!("product.facts")><Facts product=product/></Card>
                {texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| view! {
                    <Card title=name><p class="whitespace-pre-line break-words">{text}</p></Card>
                }).collect_view()}
            </div>
            <div>
                <Card title=tr!("product.prices")>
                    <Prices rows=view.prices unit=unit/>
                    {writes.then(|| view! { <PriceForm id=price_id provinces=view.provinces/> })}
                </Card>
                <Card title=tr!("product.labels")>
                    <Labels rows=view.labels/>
                    {writes.then(|| view! { <LabelForm id=label_id/> })}
                </Card>
                <Card title=tr!("product.articles")>
                    <Articles id=link_id rows=view.articles choices=view.choices writes=writes/>
                </Card>
            </div>
        </div>
        <Card title=tr!("product.history")><History changes=changes/></Card>
    }
}

#[component]
fn Facts(product: Product) -> impl IntoView {
    let facts = [
        (tr!("product.code"), product.code),
        (tr!("product.brand"), product.brand),
        (tr!("product.specification"), product.specification),
        (tr!("product.unit"), product.unit),
        (tr!("product.category"), product.category),
        (tr!("product.approval_no"), product.approval_no),
        (tr!("product.class"), class_label(&product.class)),
        (tr!("product.manufacturer"), product.manufacturer),
        (
            tr!("product.business_line"),
            line_label(&product.business_line),
        ),
        (tr!("product.keywords"), product.keywords),
    ];
    view! {
        <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
            {facts.into_iter().map(|(name, value)| {
                let value = if value.is_empty() { tr!("terminals.unknown") } else { value };
                view! {
                    <dt class="text-base-content/70">{name}</dt>
                    <dd class="num min-w-0 break-words">{value}</dd>
                }
            }).collect_view()}
        </dl>
    }
}

#[component]
fn Prices(rows: Vec<PriceRow>, unit: String) -> impl IntoView {
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!("/{unit}")
    };
    if rows.is_empty() {
        return view! { <p class="text-base-content/70">{tr!("product.no_prices")}</p> }.into_any();
    }
    view! {
        <ul class="divide-y divide-base-300">
            {rows.into_iter().map(|row| view! {
                <li class="flex flex-wrap items-center gap-x-3 py-2">
                    <span class="font-medium">{price_label(&row.kind)}</span>
                    <span class="me-auto">{if row.province.is_empty() { tr!("product.everywhere") } else { row.province }}</span>
                    {row.in_force.then(|| view! { <span class="badge badge-success badge-sm">{tr!("product.in_force")}</span> })}
                    <span class="num text-sm text-base-content/70">{tr!("product.since", day = row.starts_on)}</span>
                    <span class="num font-medium">{format!("¥{}{unit}", yuan(row.fen))}</span>
                </li>
            }).collect_view()}
        </ul>
    }
    .into_any()
}

#[component]
fn PriceForm(id: String, provinces: Vec<String>) -> impl IntoView {
    view! {
        <details class="mt-3" open=came_back(SetPrice::url(), "").is_some()>
            <summary class="link inline-flex min-h-10 cursor-pointer items-center text-sm">{tr!("product.set_price")}</summary>
            <PostForm to=SetPrice::url() class="mt-2">
                <input type="hidden" name="id" value=id/>
                <div class="grid grid-cols-2 gap-x-3">
                    <Select name="kind" label=tr!("product.price_kind") options=PRICE_KINDS.map(|k| (k.to_owned(), price_label(k))).to_vec()/>
                    <Select name="province" label=tr!("product.province") options=std::iter::once((String::new(), tr!("product.everywhere")))
                        .chain(provinces.into_iter().map(|p| (p.clone(), p))).collect()/>
                    <Field name="starts_on" kind="date" label=tr!("product.from_day") required=true/>
                    <Field name="yuan" mode="decimal" label=tr!("product.yuan") required=true/>
                </div>
                <Submit label=tr!("ui.save")/>
            </PostForm>
        </details>
    }
}

#[component]
fn Labels(rows: Vec<LabelRow>) -> impl IntoView {
    if rows.is_empty() {
        return view! { <p class="text-base-content/70">{tr!("product.no_labels")}</p> }.into_any();
    }
    view! {
        <ul class="divide-y divide-base-300">
            {rows.into_iter().map(|row| view! {
                <li class="py-2">
                    <details>
                        <summary class="flex min-h-10 cursor-pointer flex-wrap items-center gap-x-3">
                            <span class="me-auto font-medium">{row.version}</span>
                            {row.in_force.then(|| view! { <span class="badge badge-success badge-sm">{tr!("product.in_force")}</span> })}
                            <span class="num text-sm text-base-content/70">{tr!("product.since", day = row.starts_on)}</span>
                        </summary>
                        <p class="mt-2 whitespace-pre-line break-words text-sm">{row.body}</p>
                    </details>
                </li>
            }).collect_view()}
        </ul>
    }
    .into_any()
}

#[component]
fn LabelForm(id: String) -> impl IntoView {
    view! {
        <details class="mt-3" open=came_back(AddLabel::url(), "").is_some()>
            <summary class="link inline-flex min-h-10 cursor-pointer items-center text-sm">{tr!("product.add_label")}</summary>
            <PostForm to=AddLabel::url() class="mt-2">
                <input type="hidden" name="id" value=id/>
                <div class="grid grid-cols-2 gap-x-3">
                    <Field name="version" label=tr!("product.version") required=true/>
                    <Field name="starts_on" kind="date" label=tr!("product.from_day") required=true/>
                </div>
                <TextArea name="body" label=tr!("product.label_text") hint=tr!("product.label_hint") rows=8 required=true/>
                <label class="mb-3 flex items-start gap-2">
                    <input type="checkbox" required class="checkbox checkbox-sm mt-1"/>
                    <span>{tr!("product.label_sure")}</span>
                </label>
                <Submit label=tr!("ui.save")/>
            </PostForm>
        </details>
    }
}

#[component]
fn Articles(
    id: String,
    rows: Vec<(String, String)>,
    choices: Vec<(String, String)>,
    writes: bool,
) -> impl IntoView {
    let none = rows.is_empty();
    let of = StoredValue::new(id);
    view! {
        {none.then(|| view! { <p class="text-base-content/70">{tr!("product.no_articles")}</p> })}
        <ul class="divide-y divide-base-300">
            {rows.into_iter().map(|(article, title)| {
                let href = format!("/articles/{article}");
                view! {
                    <li class="flex flex-wrap items-center gap-2 py-2">
                        <a class="link me-auto min-w-0 break-words" href=href>{title}</a>
                        {writes.then(|| view! {
                            <Confirm to=LinkArticle::url() label=tr!("product.unlink") explain=tr!("product.unlink_explain")>
                                <input type="hidden" name="id" value=of.get_value()/>
                                <input type="hidden" name="article" value=article/>
                                <input type="hidden" name="remove" value="true"/>
                            </Confirm>
                        })}
                    </li>
                }
            }).collect_view()}
        </ul>
        {(writes && !choices.is_empty()).then(|| view! {
            <PostForm to=LinkArticle::url() class="mt-3">
                <input type="hidden" name="id" value=of.get_value()/>
                <Select name="article" label=tr!("product.link") options=choices/>
                <Submit label=tr!("product.link") class="btn"/>
            </PostForm>
        })}
    }
}

/// The form of a new product.
#[component]
pub fn ProductNew() -> impl IntoView {
    view! {
        <PageTitle title=tr!("product.new")/>
        <ProductForm product=Product::default() lines=Vec::new()/>
    }
}

/// The form of a product on file.
#[component]
pub fn ProductEdit() -> impl IntoView {
    let params = use_params_map();
    let product = Resource::new(
        move || params.with(|p| p.get("id").unwrap_or_default()),
        |id| get_product(id, 1),
    );
    view! {
        <PageTitle title=tr!("product.edit")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(product.await, |view| view! { <ProductForm product=view.product lines=view.lines/> })
            })}
        </Suspense>
    }
}

#[component]
fn ProductForm(product: Product, lines: Vec<String>) -> impl IntoView {
    let line = if product.business_line == MAIN_LINE {
        String::new()
    } else {
        product.business_line.clone()
    };
    let back = if product.id.is_empty() {
        "/products".to_owned()
    } else {
        format!("/products/{}", product.id)
    };
    view! {
        <LineChoices lines=lines/>
        <Card>
            <PostForm to=SaveProduct::url() class="max-w-3xl">
                <input type="hidden" name="id" value=product.id/>
                <input type="hidden" name="seen" value=product.updated_at.to_string()/>
                <div class="grid gap-x-3 sm:grid-cols-2">
                    <Field name="code" label=tr!("product.code") value=product.code required=true/>
                    <Field name="name" label=tr!("product.name") value=product.name required=true/>
                    <Field name="specification" label=tr!("product.specification") value=product.specification required=true/>
                    <Field name="brand" label=tr!("product.brand") value=product.brand/>
                    <Field name="unit" label=tr!("product.unit") value=product.unit/>
                    <Field name="category" label=tr!("product.category") value=product.category/>
                    <Field name="approval_no" label=tr!("product.approval_no") value=product.approval_no/>
                    <Field name="manufacturer" label=tr!("product.manufacturer") value=product.manufacturer/>
                    <Select name="class" label=tr!("product.class") value=product.class options=std::iter::once((String::new(), tr!("terminals.unknown")))
                        .chain(CLASSES.map(|c| (c.to_owned(), class_label(c)))).collect()/>
                    <Field name="keywords" label=tr!("product.keywords") value=product.keywords hint=tr!("product.keywords_hint")/>
                    <Field name="business_line" label=tr!("product.business_line") value=line list="lines" hint=tr!("product.business_line_hint")/>
                </div>
                <TextArea name="indication" label=tr!("product.indication") value=product.indication/>
                <TextArea name="dosage" label=tr!("product.dosage") value=product.dosage/>
                <TextArea name="clinical" label=tr!("product.clinical") value=product.clinical rows=6/>
                <div class="flex flex-wrap gap-2">
                    <Submit label=tr!("ui.save")/>
                    <a class="btn" href=back>{tr!("hcp_form.cancel")}</a>
                </div>
            </PostForm>
        </Card>
    }
}
