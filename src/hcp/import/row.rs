//! What a row of the spreadsheet says.

use std::collections::HashSet;

use super::reference::{Hospital, Reference};
use crate::importing::model::Invalid;
use crate::importing::table::{Row, Table};
use crate::server::crypto::Keys;

/// The columns, each with what else people call them.
pub const NAMES: &[(&str, &[&str])] = &[
    ("姓名", &["客户姓名", "医生姓名", "医生", "name"]),
    (
        "手机号",
        &[
            "手机",
            "手机号码",
            "移动电话",
            "联系手机",
            "mobile",
            "phone",
        ],
    ),
    (
        "医院",
        &[
            "医院名称",
            "终端名称",
            "终端",
            "单位",
            "工作单位",
            "所在医院",
            "主要医院",
            "hospital",
        ],
    ),
    ("医院编码", &["终端编码", "医院代码", "终端代码"]),
    (
        "客户编码",
        &["客户代码", "客户编号", "医生编码", "HCP编码", "HCP Code"],
    ),
    ("类型", &["客户类型", "人员类型", "身份"]),
    ("科室", &["所在科室", "科室名称", "department"]),
    ("职称", &["技术职称", "title"]),
    ("专业", &["专业方向", "专长", "specialty"]),
    ("性别", &["sex", "gender"]),
    ("省份", &["省", "所在省份", "province"]),
    ("城市", &["市", "所在城市", "city"]),
    ("邮箱", &["电子邮箱", "邮件", "email", "e-mail"]),
    ("办公电话", &["座机", "固定电话", "科室电话"]),
    ("标签", &["客户标签", "tags"]),
    ("方便时间", &["方便的时间", "拜访时间"]),
    ("负责人", &["归属", "归属代表", "代表"]),
    ("负责人工号", &["代表工号"]),
    ("负责人手机号", &["负责人手机", "代表手机号"]),
];

/// What a row says; what it says nothing about is empty.
#[derive(Debug)]
pub struct Input<'a> {
    pub name: String,
    pub phone: Option<String>,
    pub code: String,
    pub kind: &'static str,
    pub hospital: Option<&'a Hospital>,
    pub owner: Option<&'a str>,
    pub department: String,
    pub title: String,
    pub specialty: String,
    pub sex: String,
    pub province: String,
    pub city: String,
    pub email: String,
    pub office_phone: String,
    pub preferred_times: String,
    pub tags: Vec<String>,
}

/// Phones and codes of the rows before.
#[derive(Debug, Default)]
pub struct Seen {
    phones: HashSet<String>,
    codes: HashSet<String>,
}

/// Reads a row and adds what is wrong with it to `faults`.
pub fn read<'a>(
    row: &Row<'_>,
    table: &Table,
    reference: &'a Reference,
    keys: &Keys,
    seen: &mut Seen,
    faults: &mut Vec<Invalid>,
) -> Input<'a> {
    let mut fault = |column: &str, reason: String| faults.push(row.invalid(column, reason));
    let name = row.get("姓名");
    if name.is_empty() && table.has("姓名") {
        fault("姓名", tr!("import.name_missing"));
    }
    let code = row.get("客户编码");
    let phone = if code.is_empty() || !row.get("手机号").is_empty() {
        row.phone(&mut seen.phones)
            .map_err(|invalid| fault(&invalid.field, invalid.reason))
            .ok()
    } else {
        None
    };
    if !code.is_empty() && !seen.codes.insert(code.clone()) {
        fault("客户编码", tr!("import.hcp_code_repeated"));
    }
    let hospital = reference
        .hospital_of(row)
        .unwrap_or_else(|(column, reason)| {
            fault(column, reason);
            None
        });
    let owner = reference
        .owner_of(row, keys)
        .unwrap_or_else(|(column, reason)| {
            fault(column, reason);
            None
        });
    let kind = kind(&row.get("类型")).unwrap_or_else(|| {
        fault("类型", tr!("import.hcp_kind_unknown"));
        ""
    });
    let email = row.get("邮箱");
    let office_phone = row.get("办公电话");
    for (column, text) in [("邮箱", &email), ("办公电话", &office_phone)] {
        if is_masked(text) {
            fault(column, tr!("import.masked"));
        }
    }
    if !email.is_empty() && !is_masked(&email) && !is_email(&email) {
        fault("邮箱", tr!("import.email_format"));
    }
    let tags = tags(&row.get("标签"));
    if tags.len() > 20 || tags.iter().any(|tag| tag.chars().count() > 20) {
        fault("标签", tr!("import.tags_long"));
    }
    for &(column, most) in LIMITS {
        if row.get(column).chars().count() > most {
            fault(column, tr!("import.too_long", column = column, n = most));
        }
    }
    Input {
        name,
        phone,
        code,
        kind,
        hospital,
        owner,
        department: row.get("科室"),
        title: row.get("职称"),
        specialty: row.get("专业"),
        sex: row.get("性别"),
        province: row.get("省份"),
        city: row.get("城市"),
        email,
        office_phone,
        preferred_times: row.get("方便时间"),
        tags,
    }
}

/// The most characters that a cell may have.
const LIMITS: &[(&str, usize)] = &[
    ("姓名", 40),
    ("客户编码", 40),
    ("科室", 60),
    ("职称", 60),
    ("专业", 60),
    ("性别", 10),
    ("省份", 40),
    ("城市", 40),
    ("邮箱", 120),
    ("办公电话", 40),
    ("方便时间", 200),
];

/// The code of a kind of HCP; empty where nothing is said, `None` for what is no kind.
fn kind(text: &str) -> Option<&'static str> {
    Some(match text.to_ascii_lowercase().as_str() {
        "" => "",
        "医生" | "医师" | "doctor" => "doctor",
        "药师" | "药剂师" | "pharmacist" => "pharmacist",
        "护士" | "护师" | "nurse" => "nurse",
        "店员" | "clerk" => "clerk",
        "商业联系人" | "联系人" | "contact" => "contact",
        _ => return None,
    })
}

/// The tags of a cell, in order, without repeats.
fn tags(text: &str) -> Vec<String> {
    let mut tags: Vec<String> = text
        .split(['、', ',', '，', ';', '；'])
        .map(|tag| tag.trim().to_owned())
        .filter(|tag| !tag.is_empty())
        .collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// Whether a cell comes from an export that hides contact data, as `w***@example.com` and `021****` do: taken as it
/// stands it would overwrite what it hides.
fn is_masked(text: &str) -> bool {
    text.contains("***")
}

fn is_email(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else {
        return false;
    };
    !user.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !text.contains(char::is_whitespace)
        && !host.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_cells_are_told_from_real_ones() {
        assert!(is_masked("w***@example.com") && is_masked("021****"));
        assert!(!is_masked("a*b@c.cn") && !is_masked(""));
    }

    #[test]
    fn cells_are_read_as_people_write_them() {
        assert_eq!(kind("药师"), Some("pharmacist"));
        assert_eq!(kind("Doctor"), Some("doctor"));
        assert_eq!(kind(""), Some(""));
        assert_eq!(kind("司机"), None);
        assert_eq!(tags("讲者、VIP，讲者;"), ["VIP", "讲者"]);
        assert!(is_email("a.b@c.cn") && !is_email("a@b") && !is_email("a b@c.cn"));
    }
}
