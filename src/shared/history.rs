//! The history of a record as pages show it.

use serde::{Deserialize, Serialize};

/// One field's change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRow {
    /// Column name of the field, such as `department`; its label is the locale key `record.{field}`.
    pub field: String,
    pub before: String,
    pub after: String,
    /// Who changed it.
    pub by: String,
    /// form, import, merge, unmerge, registration, flow or self.
    pub source: String,
    /// Day and minute.
    pub at: String,
}

/// The label of a field of an HCP, a terminal or a product.
pub fn field_label(field: &str) -> String {
    match field {
        "name" => tr!("record.name"),
        "terminal_name" => tr!("terminals.name"),
        "kind" => tr!("record.kind"),
        "sex" => tr!("record.sex"),
        "phone" => tr!("record.phone"),
        "office_phone" => tr!("record.office_phone"),
        "email" => tr!("record.email"),
        "code" => tr!("record.code"),
        "terminal_id" => tr!("record.terminal_id"),
        "hospital" => tr!("record.hospital"),
        "workplaces" => tr!("record.workplaces"),
        "department" => tr!("record.department"),
        "title" => tr!("record.title"),
        "specialty" => tr!("record.specialty"),
        "province" => tr!("record.province"),
        "city" => tr!("record.city"),
        "tags" => tr!("record.tags"),
        "preferred_times" => tr!("record.preferred_times"),
        "state" => tr!("record.state"),
        "owner" => tr!("record.owner"),
        "level" => tr!("record.level"),
        "address" => tr!("record.address"),
        "latitude" => tr!("record.latitude"),
        "longitude" => tr!("record.longitude"),
        "aliases" => tr!("record.aliases"),
        "departments" => tr!("record.departments"),
        "windows" => tr!("record.windows"),
        "note" => tr!("record.note"),
        "status" => tr!("terminals.status"),
        "parent" => tr!("terminals.parent"),
        "product.code" => tr!("product.code"),
        "product.name" => tr!("product.name"),
        "product.brand" => tr!("product.brand"),
        "product.specification" => tr!("product.specification"),
        "product.unit" => tr!("product.unit"),
        "product.category" => tr!("product.category"),
        "product.keywords" => tr!("product.keywords"),
        "product.approval_no" => tr!("product.approval_no"),
        "product.manufacturer" => tr!("product.manufacturer"),
        "product.class" => tr!("product.class"),
        "product.business_line" => tr!("product.business_line"),
        "product.indication" => tr!("product.indication"),
        "product.dosage" => tr!("product.dosage"),
        "product.clinical" => tr!("product.clinical"),
        other => other.to_owned(),
    }
}

/// How a change came about.
pub fn source_label(source: &str) -> String {
    match source {
        "form" => tr!("record.by_form"),
        "import" => tr!("record.by_import"),
        "merge" => tr!("record.by_merge"),
        "unmerge" => tr!("record.by_unmerge"),
        "registration" => tr!("record.by_registration"),
        "flow" => tr!("record.by_flow"),
        _ => tr!("record.by_self"),
    }
}
