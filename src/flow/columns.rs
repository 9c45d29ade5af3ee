//! Which column of a distributor's file holds what.

use std::collections::HashMap;

use crate::identity::rules::clean;
use crate::server::crypto;

/// A field, its column's usual name, whether a row cannot be read without it, and what else files call it.
type Field = (&'static str, &'static str, bool, &'static [&'static str]);

/// The fields of a line.
pub const FIELDS: &[Field] = &[
    (
        "document",
        "单据号",
        false,
        &[
            "单据编号",
            "单号",
            "出库单号",
            "销售单号",
            "订单号",
            "随货单号",
            "发票号",
        ],
    ),
    ("line", "行号", false, &["明细号", "单据行号"]),
    (
        "distributor",
        "商业公司",
        true,
        &[
            "商业名称",
            "供货单位",
            "销售方",
            "销售单位",
            "经销商",
            "经销商名称",
            "供应商",
            "供货商",
            "公司名称",
        ],
    ),
    (
        "terminal_code",
        "终端编码",
        false,
        &[
            "客户编码",
            "购货单位编码",
            "客户代码",
            "终端代码",
            "医院编码",
        ],
    ),
    (
        "terminal",
        "终端名称",
        true,
        &[
            "客户名称",
            "购货单位",
            "购买方",
            "购货方",
            "收货单位",
            "客户",
            "终端",
            "医院名称",
            "采购单位",
            "往来单位",
        ],
    ),
    (
        "product_code",
        "产品编码",
        false,
        &[
            "商品编码",
            "货号",
            "品种编码",
            "药品编码",
            "产品代码",
            "商品代码",
        ],
    ),
    (
        "product",
        "通用名称",
        true,
        &[
            "产品名称",
            "商品名称",
            "品名",
            "药品名称",
            "通用名",
            "品种",
            "产品",
        ],
    ),
    (
        "specification",
        "规格",
        false,
        &["商品规格", "产品规格", "规格型号", "药品规格"],
    ),
    ("batch", "批号", false, &["产品批号", "生产批号", "批次"]),
    (
        "expires",
        "有效期至",
        false,
        &["有效期", "失效日期", "效期"],
    ),
    (
        "quantity",
        "数量",
        true,
        &[
            "销售数量",
            "出库数量",
            "销量",
            "发货数量",
            "数量（盒）",
            "数量(盒)",
        ],
    ),
    ("unit", "单位", false, &["计量单位", "包装单位"]),
    (
        "price",
        "单价",
        false,
        &["销售单价", "含税单价", "价格", "售价"],
    ),
    ("amount", "金额", false, &["销售金额", "含税金额", "总金额"]),
    (
        "sold_on",
        "销售日期",
        true,
        &[
            "出库日期",
            "开票日期",
            "日期",
            "业务日期",
            "单据日期",
            "发货日期",
            "销售时间",
        ],
    ),
];

/// Rows at the top of a file among which its header is looked for.
const TOP: usize = 30;

/// Column of each field: its place in the header.
pub type Columns = HashMap<&'static str, usize>;

fn bare(text: &str) -> String {
    clean(text)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '：' | ':'))
        .collect()
}

/// The field that a column's name means.
fn field_of(name: &str) -> Option<&'static str> {
    let name = bare(name);
    FIELDS
        .iter()
        .find(|(_, usual, _, others)| bare(usual) == name || others.iter().any(|o| bare(o) == name))
        .map(|(field, _, _, _)| *field)
}

/// The place of the header among the rows: the one that names the most fields.
pub fn header_at(rows: &[(i64, Vec<String>)]) -> usize {
    let known = |cells: &[String]| -> usize {
        let mut fields: Vec<&str> = cells.iter().filter_map(|cell| field_of(cell)).collect();
        fields.sort_unstable();
        fields.dedup();
        fields.len()
    };
    rows.iter()
        .take(TOP)
        .enumerate()
        .map(|(i, (_, cells))| (known(cells), i))
        .max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)))
        .filter(|(n, _)| *n >= 2)
        .map_or(0, |(_, i)| i)
}

/// The columns that a header suggests.
pub fn suggested(header: &[String]) -> Columns {
    let mut columns = Columns::new();
    for (at, name) in header.iter().enumerate() {
        if let Some(field) = field_of(name) {
            columns.entry(field).or_insert(at);
        }
    }
    columns
}

/// By what a header is remembered.
pub fn key(header: &[String]) -> String {
    let names: Vec<String> = header.iter().map(|name| bare(name)).collect();
    crypto::sha256_hex(names.join("\u{1f}").as_bytes())
}

/// What a field is called.
pub fn name_of(field: &str) -> &'static str {
    FIELDS
        .iter()
        .find(|(code, _, _, _)| *code == field)
        .map_or("", |(_, name, _, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> (i64, Vec<String>) {
        (1, cells.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_header_is_found_below_a_title() {
        let rows = [
            row(&["华东医药 2026 年 9 月流向"]),
            row(&["制表：张三", "日期：2026-10-01"]),
            row(&[
                "出库日期",
                "客户名称",
                "品名",
                "规格",
                "批号",
                "销售数量",
                "单 价",
            ]),
            row(&["2026-09-01", "甲医院", "药", "1g", "B1", "3", "2"]),
        ];
        assert_eq!(header_at(&rows), 2);
        let columns = suggested(&rows[2].1);
        assert_eq!(columns.get("sold_on"), Some(&0));
        assert_eq!(columns.get("quantity"), Some(&5));
        assert_eq!(columns.get("price"), Some(&6));
        assert!(!columns.contains_key("distributor"));
        assert_eq!(key(&rows[2].1), key(&rows[2].1.clone()));
    }
}
