//! Articles of every state and the products that they are about.

use mailuo::server::db::Rows;
use mailuo::server::time::shift_day;
use mailuo::shared::Role;

use super::{Dice, World, put, row};
use crate::support::TestApp;

pub(super) async fn content(app: &TestApp, dice: &mut Dice, world: &mut World) {
    for (title, audience, days) in [
        ("血压", "public", 900),
        ("血糖", "professional", 30),
        ("血脂", "professional", 31),
        ("睡眠", "public", 0),
        ("过期", "public", -1),
    ] {
        let expires = shift_day(&dice.today, days);
        world
            .articles
            .push(app.article(title, audience, &expires).await);
    }
    let marketer = app.id_of(Role::Marketer).await;
    let mut rows = Rows::new();
    for (n, status) in ["draft", "in_review", "in_review", "approved", "withdrawn"]
        .into_iter()
        .enumerate()
    {
        rows.push(row![
            format!("article{n}"),
            format!("文{n}"),
            "",
            "",
            "public",
            "",
            "",
            1200_i64,
            "",
            shift_day(&dice.today, 9),
            status,
            &marketer,
            1_i64,
            1_i64
        ]);
    }
    put(
        app,
        "article (id, title, summary, author, audience, body_md, body_html, han_count, approval_no, expires_on, status, \
         created_by, created_at, updated_at)",
        rows,
    )
    .await;
    let (mut products, mut links) = (Rows::new(), Rows::new());
    for n in 0..3 {
        let id = format!("product{n}");
        products.push(row![&id, &id, format!("药{n}"), "片", 1_i64, 1_i64]);
        // The last one has no article; the first two have one in common.
        for article in world
            .articles
            .iter()
            .skip(n)
            .take(if n < 2 { 2 } else { 0 })
        {
            links.push(row![&id, article]);
        }
        world.products.push(id);
    }
    links.push(row!["product0", "article1"]);
    put(
        app,
        "product (id, code, name, specification, created_at, updated_at)",
        products,
    )
    .await;
    put(app, "product_article (product_id, article_id)", links).await;
}
