//! SQL of products.

use std::collections::{BTreeSet, HashSet};

use serde_json::json;

use super::model::{
    CLASSES, Catalogue, LabelRow, PRICE_KINDS, PriceRow, Product, ProductRow, ProductView,
    class_label,
};
use crate::flow;
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Query, Tx, is_unique_violation, q};
use crate::server::guard::Actor;
use crate::server::history::{self, Change};
use crate::server::{AppState, crypto, form_key, search, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Permission, Saved};
use crate::terminal::model::{MAIN_LINE, line_label};

/// What the catalogue can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub text: String,
    pub category: String,
    /// `all` shows discontinued ones too.
    pub state: String,
}

const PRODUCT: &str = "SELECT id, code, name, brand, specification, unit, category, keywords, approval_no, manufacturer, \
    class, business_line, indication, dosage, clinical, discontinued_at, updated_at FROM product";

/// One page of the catalogue.
pub async fn list(db: &Db, filter: &Filter, page: i64) -> DbResult<Catalogue> {
    let narrow = |query: &mut Query| {
        query.push(" FROM product p WHERE 1 = 1");
        search::condition(query, &filter.text, &[("p.id", "product")]);
        if !filter.category.is_empty() {
            query.push_with(" AND p.category = ?", [&filter.category]);
        }
        if filter.state != "all" {
            query.push(" AND p.discontinued_at IS NULL");
        }
    };
    let mut count = q("SELECT COUNT(*)");
    narrow(&mut count);
    let total = count.count(db).await?;
    let page = within(page, total);
    let mut query = q(
        "SELECT p.id, p.code, p.name, p.brand, p.specification, p.category, p.approval_no, \
         p.discontinued_at IS NOT NULL AS discontinued",
    );
    narrow(&mut query);
    query.push_with(
        " ORDER BY p.name COLLATE pinyin, p.specification, p.id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let rows: Vec<ProductRow> = query.all(db).await?;
    let categories: Vec<(String,)> =
        q("SELECT DISTINCT category FROM product WHERE category <> '' ORDER BY category LIMIT 200")
            .all(db)
            .await?;
    Ok(Catalogue {
        page: Page { rows, total, page },
        categories: categories.into_iter().map(|(c,)| c).collect(),
    })
}

/// Id and name with specification of all products, for choosing.
pub async fn choices(db: &Db) -> DbResult<Vec<(String, String)>> {
    q("SELECT id, name || ' ' || specification FROM product ORDER BY name COLLATE pinyin, specification, id LIMIT 1000")
        .all(db)
        .await
}

/// Business lines of products and of assignments, beside the main one.
pub async fn lines(db: &Db) -> DbResult<Vec<String>> {
    let rows: Vec<(String,)> = q(
        "SELECT business_line FROM product WHERE business_line <> $1 UNION SELECT business_line FROM terminal_assignment \
         WHERE business_line <> $1 ORDER BY 1 LIMIT 200",
    )
    .bind(MAIN_LINE)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(line,)| line).collect())
}

/// One product.
pub async fn get(db: &Db, id: &str) -> Result<Product, AppError> {
    Ok(q(format!("{PRODUCT} WHERE id = $1"))
        .bind(id)
        .one(db)
        .await?)
}

/// A product's page.
pub async fn view(
    state: &AppState,
    actor: &Actor,
    id: &str,
    page: i64,
) -> Result<ProductView, AppError> {
    let db = &state.db;
    let product = get(db, id).await?;
    let today = state.zone.today();
    let mut prices: Vec<PriceRow> = q(
        "SELECT kind, province, starts_on, fen FROM product_price WHERE product_id = $1 \
         ORDER BY kind, province, starts_on DESC",
    )
    .bind(id)
    .all(db)
    .await?;
    let mut seen = HashSet::new();
    for price in &mut prices {
        let of = (price.kind.clone(), price.province.clone());
        price.in_force = price.starts_on <= today && seen.insert(of);
    }
    let mut labels: Vec<LabelRow> = q(
        "SELECT version, starts_on, body FROM product_label WHERE product_id = $1 ORDER BY starts_on DESC, created_at DESC",
    )
    .bind(id)
    .all(db)
    .await?;
    if let Some(label) = labels.iter_mut().find(|label| label.starts_on <= today) {
        label.in_force = true;
    }
    let published = "x.status = 'published' AND (x.expires_on IS NULL OR x.expires_on >= $1)";
    let articles = q(format!(
        "SELECT x.id, x.title FROM product_article a JOIN article x ON x.id = a.article_id \
         WHERE a.product_id = $2 AND {published} ORDER BY x.title COLLATE pinyin, x.id"
    ))
    .bind(&today)
    .bind(id)
    .all(db)
    .await?;
    let (choices, provinces) = if actor.role.may(Permission::WriteProducts) {
        let choices = q(format!(
            "SELECT x.id, x.title FROM article x WHERE {published} AND NOT EXISTS (SELECT 1 FROM product_article a \
             WHERE a.product_id = $2 AND a.article_id = x.id) ORDER BY x.title COLLATE pinyin, x.id LIMIT 500"
        ))
        .bind(&today)
        .bind(id)
        .all(db)
        .await?;
        let provinces: Vec<(String,)> =
            q("SELECT DISTINCT province FROM terminal WHERE province <> '' ORDER BY province")
                .all(db)
                .await?;
        (choices, provinces.into_iter().map(|(p,)| p).collect())
    } else {
        (Vec::new(), Vec::new())
    };
    Ok(ProductView {
        product,
        prices,
        labels,
        articles,
        choices,
        provinces,
        lines: lines(db).await?,
        changes: history::of(state, id, page).await?,
    })
}

/// A business line in the history; the main one stands for none.
fn line_name(line: &str) -> String {
    if line.is_empty() || line == MAIN_LINE {
        String::new()
    } else {
        line_label(line)
    }
}

/// What changes between two states of a product, by the names that the page shows.
pub fn changes(before: &Product, after: &Product) -> Vec<Change> {
    let fields: [(&'static str, &String, &String); 12] = [
        ("code", &before.code, &after.code),
        ("name", &before.name, &after.name),
        ("brand", &before.brand, &after.brand),
        ("specification", &before.specification, &after.specification),
        ("unit", &before.unit, &after.unit),
        ("category", &before.category, &after.category),
        ("keywords", &before.keywords, &after.keywords),
        ("approval_no", &before.approval_no, &after.approval_no),
        ("manufacturer", &before.manufacturer, &after.manufacturer),
        ("indication", &before.indication, &after.indication),
        ("dosage", &before.dosage, &after.dosage),
        ("clinical", &before.clinical, &after.clinical),
    ];
    fields
        .into_iter()
        .filter_map(|(field, before, after)| Change::of(field, before, after))
        .chain(Change::of(
            "class",
            &class_label(&before.class),
            &class_label(&after.class),
        ))
        .chain(Change::of(
            "business_line",
            &line_name(&before.business_line),
            &line_name(&after.business_line),
        ))
        .collect()
}

/// Checks what was typed.
pub fn check(product: &Product) -> Result<(), AppError> {
    let mut checks = Checks::default();
    checks
        .text(&product.code, "code", 40)
        .text(&product.name, "name", 80)
        .text(&product.specification, "specification", 60);
    for (value, field, most) in [
        (&product.brand, "brand", 80),
        (&product.unit, "unit", 10),
        (&product.category, "category", 60),
        (&product.keywords, "keywords", 200),
        (&product.approval_no, "approval_no", 60),
        (&product.manufacturer, "manufacturer", 80),
        (&product.business_line, "business_line", 40),
        (&product.indication, "indication", 4_000),
        (&product.dosage, "dosage", 4_000),
        (&product.clinical, "clinical", 8_000),
    ] {
        checks.ensure(value.chars().count() <= most, field, "field.too_long");
    }
    let known = product.class.is_empty() || CLASSES.contains(&product.class.as_str());
    checks.ensure(known, "class", "field.required").done()
}

/// Writes a product, new where it has no id; gives its id. Lines of flow that waited for its code get it.
pub async fn write(
    tx: &mut Tx,
    actor: &Actor,
    before: Option<&Product>,
    after: &Product,
    source: &str,
) -> Result<String, AppError> {
    let now = time::now();
    let id = before.map_or_else(crypto::new_id, |before| before.id.clone());
    let written = if before.is_some() {
        q("UPDATE product SET code = $1, name = $2, brand = $3, specification = $4, unit = $5, category = $6, keywords = $7, \
           approval_no = $8, manufacturer = $9, class = $10, business_line = $11, indication = $12, dosage = $13, \
           clinical = $14, updated_at = $15 WHERE id = $16")
    } else {
        q("INSERT INTO product (code, name, brand, specification, unit, category, keywords, approval_no, manufacturer, \
           class, business_line, indication, dosage, clinical, created_at, updated_at, id) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16)")
    }
    .bind(&after.code)
    .bind(&after.name)
    .bind(&after.brand)
    .bind(&after.specification)
    .bind(&after.unit)
    .bind(&after.category)
    .bind(&after.keywords)
    .bind(&after.approval_no)
    .bind(&after.manufacturer)
    .bind(&after.class)
    .bind(&after.business_line)
    .bind(&after.indication)
    .bind(&after.dosage)
    .bind(&after.clinical)
    .bind(now)
    .bind(&id)
    .exec(&mut *tx)
    .await;
    match written {
        Err(error) if is_unique_violation(&error) => {
            return Err(AppError::field("code", "field.product_code_taken"));
        }
        other => other?,
    };
    let empty = Product::default();
    let changed = changes(before.unwrap_or(&empty), after);
    history::record(tx, actor, "product", &id, source, changed).await?;
    let (pinyin, initials) = search::pinyin(&after.name);
    let texts = [
        &after.code,
        &after.name,
        &after.brand,
        &after.category,
        &after.keywords,
        &pinyin,
        &initials,
    ];
    search::index(tx, "product", &id, &texts.map(String::as_str)).await?;
    let moved = before.is_some_and(|before| before.business_line != after.business_line);
    flow::store::link_product(tx, &id, after, moved).await?;
    Ok(id)
}

/// Enters a product, or with an `id` changes one; `seen` is its `updated_at` when the form was made.
pub async fn save(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    seen: i64,
    after: Product,
) -> Result<Saved, AppError> {
    check(&after)?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let before = if id.is_empty() {
        None
    } else {
        let held = q("UPDATE product SET updated_at = updated_at WHERE id = $1")
            .bind(id)
            .exec(&mut tx)
            .await?;
        if held == 0 {
            return Err(AppError::NotFound);
        }
        let before: Product = q(format!("{PRODUCT} WHERE id = $1"))
            .bind(id)
            .one(&mut tx)
            .await?;
        if before.updated_at != seen {
            return Err(AppError::Conflict("error.changed_meanwhile".into()));
        }
        Some(before)
    };
    let id = write(&mut tx, actor, before.as_ref(), &after, "form").await?;
    let saved = Saved::go("notice.saved", format!("/products/{id}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    let event = Event::new("product.save", "product", &id).detail(json!({ "code": after.code }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Takes a product out of the catalogue, or back in. Its lines stay.
pub async fn discontinue(
    state: &AppState,
    actor: &Actor,
    id: &str,
    undo: bool,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let now = time::now();
    let changed = q("UPDATE product SET discontinued_at = $1, updated_at = $2 WHERE id = $3")
        .bind((!undo).then_some(now))
        .bind(now)
        .bind(id)
        .exec(&mut tx)
        .await?;
    if changed == 0 {
        return Err(AppError::NotFound);
    }
    let event = Event::new("product.discontinue", "product", id).detail(json!({ "undo": undo }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// Sets a price from a day on; the same kind, day and province again replaces it.
pub async fn set_price(
    state: &AppState,
    actor: &Actor,
    id: &str,
    kind: &str,
    province: &str,
    starts_on: &str,
    yuan: &str,
) -> Result<Saved, AppError> {
    get(&state.db, id).await?;
    let fen = flow::rules::fen(yuan).filter(|fen| (1..1_000_000_000).contains(fen));
    Checks::default()
        .ensure(PRICE_KINDS.contains(&kind), "kind", "field.required")
        .ensure(fen.is_some(), "yuan", "field.price")
        .ensure(time::is_day(starts_on), "starts_on", "field.day")
        .ensure(province.chars().count() <= 20, "province", "field.too_long")
        .done()?;
    let mut tx = state.db.begin().await?;
    q("INSERT INTO product_price (product_id, kind, province, starts_on, fen, created_by, created_at) \
       VALUES ($1, $7, $2, $3, $4, $5, $6) ON CONFLICT (product_id, kind, province, starts_on) DO UPDATE SET fen = $4, \
       created_by = $5, created_at = $6")
        .bind(id)
        .bind(province)
        .bind(starts_on)
        .bind(fen)
        .bind(&actor.id)
        .bind(time::now())
        .bind(kind)
        .exec(&mut tx)
        .await?;
    let event = Event::new("product.price", "product", id)
        .detail(json!({ "kind": kind, "province": province, "from": starts_on, "fen": fen }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// Adds a version of the label. It is never changed afterwards.
pub async fn add_label(
    state: &AppState,
    actor: &Actor,
    id: &str,
    label: LabelRow,
) -> Result<Saved, AppError> {
    get(&state.db, id).await?;
    Checks::default()
        .text(&label.version, "version", 40)
        .text(&label.body, "body", 60_000)
        .ensure(time::is_day(&label.starts_on), "starts_on", "field.day")
        .done()?;
    let mut tx = state.db.begin().await?;
    let new = q(
        "INSERT INTO product_label (product_id, version, starts_on, body, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(label.version.trim())
    .bind(&label.starts_on)
    .bind(label.body.trim().replace("\r\n", "\n"))
    .bind(&actor.id)
    .bind(time::now())
    .exec(&mut tx)
    .await?;
    if new == 0 {
        return Err(AppError::field("version", "field.version_taken"));
    }
    let event = Event::new("product.label", "product", id)
        .detail(json!({ "version": label.version, "from": label.starts_on }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// Links an article with a product, or takes it away.
pub async fn link(
    state: &AppState,
    actor: &Actor,
    id: &str,
    article: &str,
    remove: bool,
) -> Result<Saved, AppError> {
    get(&state.db, id).await?;
    let mut tx = state.db.begin().await?;
    if remove {
        q("DELETE FROM product_article WHERE product_id = $1 AND article_id = $2")
            .bind(id)
            .bind(article)
            .exec(&mut tx)
            .await?;
    } else {
        let there = q("SELECT COUNT(*) FROM article WHERE id = $1 AND status = 'published'")
            .bind(article)
            .count(&mut tx)
            .await?;
        if there == 0 {
            return Err(AppError::field("article", "field.required"));
        }
        q("INSERT INTO product_article (product_id, article_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(id)
            .bind(article)
            .exec(&mut tx)
            .await?;
    }
    let event = Event::new("product.article", "product", id)
        .detail(json!({ "article": article, "remove": remove }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// Products of these codes as they stand.
pub async fn by_code(tx: &mut Tx, codes: &BTreeSet<String>) -> DbResult<Vec<Product>> {
    let mut query = q(format!("{PRODUCT} WHERE code IN (''"));
    for code in codes {
        query.push_with(", ?", [code]);
    }
    query.push(")");
    query.all(tx).await
}
