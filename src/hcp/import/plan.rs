//! What happens to each row: a new HCP, a change field by field, nothing, or a refusal with its reason.

use std::collections::{HashMap, HashSet};

use super::reference::Reference;
use super::row::{self, Input, Seen};
use crate::hcp::model::kind_label;
use crate::identity::rules::mask_phone;
use crate::importing::model::{ChangedRow, FieldChange, Invalid, NewRow};
use crate::importing::table::{Row, Table};
use crate::importing::{Existing, Findings};
use crate::server::AppState;
use crate::server::db::{DbResult, Exec, Query, q};
use crate::server::history::Change;

/// How many new or changed records a report shows.
const SHOWN_CHANGES: usize = 200;
/// Arguments of one statement; see `insert_many` for why so few.
pub const ARGS: usize = 400;

/// What an import reads and writes of an HCP.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct Record {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub sex: String,
    pub phone_cipher: Option<String>,
    pub phone_index: Option<String>,
    pub phone_masked: String,
    pub terminal_id: Option<String>,
    pub department: String,
    pub title: String,
    pub specialty: String,
    pub code: Option<String>,
    pub province: String,
    pub city: String,
    pub email: String,
    pub office_phone: String,
    pub preferred_times: String,
    pub state: String,
    pub owner_id: Option<String>,
    pub updated_at: i64,
}

const RECORD: &str = "SELECT id, name, kind, sex, phone_cipher, phone_index, phone_masked, terminal_id, department, title, \
    specialty, code, province, city, email, office_phone, preferred_times, state, owner_id, updated_at FROM hcp WHERE ";

/// What is to be written for a row.
#[derive(Debug)]
pub enum Verdict {
    New(Box<New>),
    Changed(Box<Changed>),
    /// An HCP merged into another still holds a phone or code that a row needs: they let go of both.
    Freed(String),
}

/// A new HCP; `record` has no id yet.
#[derive(Debug)]
pub struct New {
    pub row: i64,
    pub record: Record,
    /// The number in the clear, to be sealed.
    pub phone: Option<String>,
    pub tags: Vec<String>,
    /// Whether the file named the owner, rather than the hospital.
    pub owner_named: bool,
}

/// An HCP on file whose record changes.
#[derive(Debug)]
pub struct Changed {
    pub before: Record,
    pub after: Record,
    /// The new number in the clear, to be sealed.
    pub phone: Option<String>,
    /// The tags from now on, if they change.
    pub tags: Option<Vec<String>>,
    pub changes: Vec<Change>,
}

/// The executor once more, for the next query.
pub fn again<'b>(exec: &'b mut Exec<'_>) -> Exec<'b> {
    match exec {
        Exec::Db(db) => Exec::Db(db),
        Exec::Tx(tx) => Exec::Tx(tx),
    }
}

/// Appends `column IN (…)`.
pub fn any_of(query: &mut Query, column: &str, values: &[String]) {
    let places = vec!["?"; values.len()].join(", ");
    query.push_with(&format!("{column} IN ({places})"), values);
}

/// Decides about rows, chunk by chunk, and remembers what earlier chunks said.
pub struct Planner<'a> {
    state: &'a AppState,
    table: &'a Table,
    existing: Existing,
    reference: Reference,
    seen: Seen,
    /// HCPs on file that a row spoke of.
    touched: HashSet<String>,
    /// Numbers that such a row took from an HCP.
    released: HashSet<String>,
}

impl<'a> Planner<'a> {
    /// Loads what rows refer to.
    pub async fn load(
        state: &'a AppState,
        mut exec: Exec<'_>,
        table: &'a Table,
        existing: Existing,
    ) -> DbResult<Planner<'a>> {
        Ok(Planner {
            state,
            table,
            existing,
            reference: Reference::load(&mut exec, &state.zone.today()).await?,
            seen: Seen::default(),
            touched: HashSet::new(),
            released: HashSet::new(),
        })
    }

    /// Decides about some rows, counts them in `findings`, and gives what is to be written.
    pub async fn plan(
        &mut self,
        exec: &mut Exec<'_>,
        rows: &[Row<'_>],
        findings: &mut Findings,
    ) -> DbResult<Vec<Verdict>> {
        let Planner {
            state,
            table,
            existing,
            reference,
            seen,
            touched,
            released,
        } = self;
        let reference = &*reference;
        let mut read = Vec::with_capacity(rows.len());
        for row in rows {
            let mut faults = Vec::new();
            let input = row::read(row, table, reference, &state.keys, seen, &mut faults);
            let index = input.phone.as_deref().map(|p| state.keys.phone_index(p));
            read.push((row, input, index, faults));
        }
        let phones: Vec<String> = read.iter().filter_map(|(_, _, i, _)| i.clone()).collect();
        let codes: Vec<String> = read
            .iter()
            .map(|(_, input, _, _)| input.code.clone())
            .filter(|code| !code.is_empty())
            .collect();
        let known = Known::look_up(exec, &phones, &codes, table.has("标签")).await?;
        let mut verdicts: Vec<Verdict> = known.merged.iter().cloned().map(Verdict::Freed).collect();
        for (row, input, index, mut faults) in read {
            let found = match known.find(&input, index.as_deref()) {
                Ok(found) => found,
                Err((column, reason)) => {
                    faults.push(row.invalid(column, reason));
                    None
                }
            };
            if found.is_none() && faults.is_empty() {
                missing(row, &input, &mut faults);
            }
            if index.as_ref().is_some_and(|i| released.contains(i)) {
                faults.push(row.invalid("手机号", tr!("import.hcp_repeated")));
            }
            if let Some(on_file) = found
                && faults.is_empty()
                && !touched.insert(on_file.id.clone())
            {
                faults.push(row.invalid("客户编码", tr!("import.hcp_repeated")));
            }
            if !faults.is_empty() {
                findings.report.invalid.append(&mut faults);
                continue;
            }
            let Some(before) = found else {
                findings.report.created += 1;
                if findings.new_rows.len() < SHOWN_CHANGES {
                    findings.new_rows.push(NewRow {
                        row: row.number,
                        name: input.name.clone(),
                        hospital: input.hospital.map(|h| h.name.clone()).unwrap_or_default(),
                        department: input.department.clone(),
                        phone: input.phone.as_deref().map(mask_phone).unwrap_or_default(),
                    });
                }
                verdicts.push(Verdict::New(Box::new(new(row, input, index, reference))));
                continue;
            };
            if *existing == Existing::Skip {
                findings.report.skipped += 1;
                continue;
            }
            let tags = known.tags.get(&before.id).map_or(&[][..], Vec::as_slice);
            let changed = change(before, tags, &input, index, *existing, reference);
            if changed.changes.is_empty() {
                findings.report.unchanged += 1;
                continue;
            }
            findings.report.updated += 1;
            if changed.phone.is_some() {
                released.extend(before.phone_index.clone());
            }
            if findings.changes.len() < SHOWN_CHANGES {
                findings.changes.push(shown(row, &changed));
            }
            verdicts.push(Verdict::Changed(Box::new(changed)));
        }
        Ok(verdicts)
    }
}

/// What a new HCP must have and a row does not say.
fn missing(row: &Row<'_>, input: &Input<'_>, faults: &mut Vec<Invalid>) {
    if input.name.is_empty() {
        faults.push(row.invalid("姓名", tr!("import.name_missing")));
    }
    if input.hospital.is_none() {
        faults.push(row.invalid("医院", tr!("import.hospital_missing")));
    }
}

/// HCPs on file whom the rows of a chunk name.
struct Known {
    records: Vec<Record>,
    by_phone: HashMap<String, usize>,
    by_code: HashMap<String, usize>,
    tags: HashMap<String, Vec<String>>,
    merged: Vec<String>,
}

impl Known {
    async fn look_up(
        exec: &mut Exec<'_>,
        phones: &[String],
        codes: &[String],
        with_tags: bool,
    ) -> DbResult<Known> {
        let mut records: HashMap<String, Record> = HashMap::new();
        for (column, values) in [("phone_index", phones), ("code", codes)] {
            for values in values.chunks(ARGS) {
                let mut query = q(RECORD);
                any_of(&mut query, column, values);
                for record in query.all::<Record>(again(exec)).await? {
                    records.insert(record.id.clone(), record);
                }
            }
        }
        let mut known = Known {
            records: Vec::with_capacity(records.len()),
            by_phone: HashMap::new(),
            by_code: HashMap::new(),
            tags: HashMap::new(),
            merged: Vec::new(),
        };
        for (id, record) in records {
            if record.state == "merged" {
                known.merged.push(id);
                continue;
            }
            let place = known.records.len();
            if let Some(index) = &record.phone_index {
                known.by_phone.insert(index.clone(), place);
            }
            if let Some(code) = &record.code {
                known.by_code.insert(code.clone(), place);
            }
            known.records.push(record);
        }
        if with_tags {
            let ids: Vec<String> = known.records.iter().map(|r| r.id.clone()).collect();
            for ids in ids.chunks(ARGS) {
                let mut query = q("SELECT hcp_id, tag FROM hcp_tag WHERE ");
                any_of(&mut query, "hcp_id", ids);
                query.push(" ORDER BY tag");
                for (id, tag) in query.all::<(String, String)>(again(exec)).await? {
                    known.tags.entry(id).or_default().push(tag);
                }
            }
        }
        Ok(known)
    }

    /// Whom a row means: by code, else by phone. Both must name the same one, and a code is never given to somebody
    /// who has another.
    fn find(
        &self,
        input: &Input<'_>,
        index: Option<&str>,
    ) -> Result<Option<&Record>, (&'static str, String)> {
        let record = |place: Option<&usize>| place.map(|i| &self.records[*i]);
        let by_phone = record(index.and_then(|i| self.by_phone.get(i)));
        let by_code = record(self.by_code.get(&input.code));
        let found = match (by_code, by_phone) {
            (Some(a), Some(b)) if a.id != b.id => {
                return Err(("客户编码", tr!("import.code_phone_differ")));
            }
            (Some(record), _) => record,
            (None, Some(record)) if record.code.is_some() && !input.code.is_empty() => {
                return Err(("客户编码", tr!("import.phone_other_code")));
            }
            (None, Some(record)) => record,
            (None, None) => return Ok(None),
        };
        if found.state == "pending" {
            return Err(("手机号", tr!("import.waits_review")));
        }
        Ok(Some(found))
    }
}

fn new(row: &Row<'_>, input: Input<'_>, index: Option<String>, reference: &Reference) -> New {
    let mut record = Record {
        kind: "doctor".into(),
        ..Record::default()
    };
    write(&mut record, &input, Existing::Overwrite);
    record.phone_index = index;
    record.phone_masked = input.phone.as_deref().map(mask_phone).unwrap_or_default();
    record.code = Some(input.code).filter(|code| !code.is_empty());
    let owner_named = record.owner_id.is_some();
    if !owner_named {
        record.owner_id = record
            .terminal_id
            .as_deref()
            .and_then(|id| reference.keeper(id))
            .cloned();
    }
    New {
        row: row.number,
        record,
        phone: input.phone,
        tags: input.tags,
        owner_named,
    }
}

/// Puts the cells that say something where they may go.
fn write(record: &mut Record, input: &Input<'_>, existing: Existing) {
    let all = existing == Existing::Overwrite;
    let put = |slot: &mut String, cell: &str| {
        if !cell.is_empty() && (all || slot.is_empty()) {
            cell.clone_into(slot);
        }
    };
    put(&mut record.name, &input.name);
    put(&mut record.kind, input.kind);
    put(&mut record.sex, &input.sex);
    put(&mut record.department, &input.department);
    put(&mut record.title, &input.title);
    put(&mut record.specialty, &input.specialty);
    put(&mut record.email, &input.email);
    put(&mut record.office_phone, &input.office_phone);
    put(&mut record.preferred_times, &input.preferred_times);
    if let Some(hospital) = input.hospital
        && (all || record.terminal_id.is_none())
        && record.terminal_id.as_ref() != Some(&hospital.id)
    {
        record.terminal_id = Some(hospital.id.clone());
        // The region follows the hospital, unless the row says it.
        if input.province.is_empty() && input.city.is_empty() {
            put(&mut record.province, &hospital.province);
            put(&mut record.city, &hospital.city);
        }
    }
    put(&mut record.province, &input.province);
    put(&mut record.city, &input.city);
    if let Some(owner) = input.owner
        && (all || record.owner_id.is_none())
    {
        record.owner_id = Some(owner.to_owned());
    }
}

fn change(
    before: &Record,
    tags: &[String],
    input: &Input<'_>,
    index: Option<String>,
    existing: Existing,
    reference: &Reference,
) -> Changed {
    let all = existing == Existing::Overwrite;
    let mut after = before.clone();
    write(&mut after, input, existing);
    if after.code.is_none() && !input.code.is_empty() {
        after.code = Some(input.code.clone());
    }
    let mut phone = None;
    if index.is_some() && index != before.phone_index && (all || before.phone_index.is_none()) {
        after.phone_index = index;
        after.phone_masked = input.phone.as_deref().map(mask_phone).unwrap_or_default();
        phone.clone_from(&input.phone);
    }
    let tags_after = Some(&input.tags)
        .filter(|new| !new.is_empty() && (all || tags.is_empty()) && new.as_slice() != tags)
        .cloned();
    let hospital = |record: &Record| {
        record
            .terminal_id
            .as_deref()
            .and_then(|id| reference.hospital(id))
            .map(|h| h.name.clone())
            .unwrap_or_default()
    };
    let code = |record: &Record| record.code.clone().unwrap_or_default();
    let owner = |record: &Record| reference.person_name(record.owner_id.as_deref());
    let mut changes: Vec<Change> = [
        Change::of("name", &before.name, &after.name),
        Change::of("code", &code(before), &code(&after)),
        Change::of("sex", &before.sex, &after.sex),
        Change::of("department", &before.department, &after.department),
        Change::of("title", &before.title, &after.title),
        Change::of("specialty", &before.specialty, &after.specialty),
        Change::of("province", &before.province, &after.province),
        Change::of("city", &before.city, &after.city),
        Change::of("email", &before.email, &after.email),
        Change::of("office_phone", &before.office_phone, &after.office_phone),
        Change::of(
            "preferred_times",
            &before.preferred_times,
            &after.preferred_times,
        ),
        tags_after
            .as_ref()
            .and_then(|new| Change::of("tags", &tags.join("、"), &new.join("、"))),
    ]
    .into_iter()
    .flatten()
    .collect();
    // Two numbers may look the same masked, two hospitals or people may bear one name: what changed is told by ids.
    let mut also = |field, changed: bool, before: String, after: String| {
        if changed {
            changes.push(Change {
                field,
                before,
                after,
            });
        }
    };
    also(
        "kind",
        before.kind != after.kind,
        kind_label(&before.kind),
        kind_label(&after.kind),
    );
    also(
        "phone",
        phone.is_some(),
        before.phone_masked.clone(),
        after.phone_masked.clone(),
    );
    also(
        "terminal_id",
        before.terminal_id != after.terminal_id,
        hospital(before),
        hospital(&after),
    );
    also(
        "owner",
        before.owner_id != after.owner_id,
        owner(before),
        owner(&after),
    );
    Changed {
        before: before.clone(),
        after,
        phone,
        tags: tags_after,
        changes,
    }
}

fn shown(row: &Row<'_>, changed: &Changed) -> ChangedRow {
    ChangedRow {
        row: row.number,
        id: changed.before.id.clone(),
        name: changed.before.name.clone(),
        fields: changed
            .changes
            .iter()
            .map(|c| FieldChange {
                field: c.field.into(),
                before: c.before.clone(),
                after: c.after.clone(),
            })
            .collect(),
    }
}
