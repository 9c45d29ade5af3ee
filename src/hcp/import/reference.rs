//! What rows refer to: hospitals, who looks after them, and staff. Loaded once for an import.

use std::collections::HashMap;

use crate::identity::rules;
use crate::importing::table::Row;
use crate::server::crypto::Keys;
use crate::server::db::{DbResult, Exec, q};

/// A hospital (or another terminal).
#[derive(Debug, sqlx::FromRow)]
pub struct Hospital {
    pub id: String,
    code: String,
    pub name: String,
    pub province: String,
    pub city: String,
}

#[derive(Debug, sqlx::FromRow)]
struct Person {
    id: String,
    name: String,
    employee_no: Option<String>,
    phone_index: String,
    /// Whether HCPs can be given to them.
    owns: bool,
}

/// A fault: the column, and the reason in the current language.
pub type Fault = (&'static str, String);

/// All that rows refer to.
#[derive(Debug, Default)]
pub struct Reference {
    hospitals: Vec<Hospital>,
    by_id: HashMap<String, usize>,
    by_code: HashMap<String, usize>,
    /// Names as they stand; aliases apart, since a name goes first.
    by_name: HashMap<String, Vec<usize>>,
    by_alias: HashMap<String, Vec<usize>>,
    keepers: HashMap<String, String>,
    people: Vec<Person>,
    names: HashMap<String, usize>,
    by_no: HashMap<String, usize>,
    by_phone: HashMap<String, usize>,
    by_person_name: HashMap<String, Vec<usize>>,
}

impl Reference {
    /// Reads it all; hospitals are looked after by whoever does on the day `today` (`YYYY-MM-DD`).
    pub async fn load(exec: &mut Exec<'_>, today: &str) -> DbResult<Reference> {
        let mut found = Reference {
            hospitals: q("SELECT id, code, name, province, city FROM terminal")
                .all(super::plan::again(exec))
                .await?,
            ..Reference::default()
        };
        for (i, hospital) in found.hospitals.iter().enumerate() {
            found.by_id.insert(hospital.id.clone(), i);
            found.by_code.insert(hospital.code.clone(), i);
            found
                .by_name
                .entry(hospital.name.clone())
                .or_default()
                .push(i);
        }
        let aliases: Vec<(String, String)> = q("SELECT alias, terminal_id FROM terminal_alias")
            .all(super::plan::again(exec))
            .await?;
        for (alias, id) in aliases {
            if let Some(i) = found.by_id.get(&id) {
                found.by_alias.entry(alias).or_default().push(*i);
            }
        }
        found.keepers =
            crate::terminal::assignment::owners(super::plan::again(exec), today).await?;
        found.people = q(
            "SELECT id, name, employee_no, phone_index, (left_at IS NULL AND \
             role IN ('rep', 'otc_rep', 'trade_rep', 'manager')) AS owns FROM staff",
        )
        .all(super::plan::again(exec))
        .await?;
        for (i, person) in found.people.iter().enumerate() {
            found.names.insert(person.id.clone(), i);
            if !person.owns {
                continue;
            }
            if let Some(no) = &person.employee_no {
                found.by_no.insert(no.clone(), i);
            }
            found.by_phone.insert(person.phone_index.clone(), i);
            found
                .by_person_name
                .entry(person.name.clone())
                .or_default()
                .push(i);
        }
        Ok(found)
    }

    /// The hospital of an id.
    pub fn hospital(&self, id: &str) -> Option<&Hospital> {
        self.by_id.get(id).map(|i| &self.hospitals[*i])
    }

    /// Who looks after a hospital today.
    pub fn keeper(&self, hospital: &str) -> Option<&String> {
        self.keepers.get(hospital)
    }

    /// The name of a member of staff, or nothing.
    pub fn person_name(&self, id: Option<&str>) -> String {
        id.and_then(|id| self.names.get(id))
            .map(|i| self.people[*i].name.clone())
            .unwrap_or_default()
    }

    /// The hospital of a row: by its code, else by name or alias, and where several bear it by province and city;
    /// `None` where the row names none. A code and a name that disagree need a person.
    pub fn hospital_of(&self, row: &Row<'_>) -> Result<Option<&Hospital>, Fault> {
        let (code, name) = (row.get("医院编码"), row.get("医院"));
        if !code.is_empty() {
            let Some(i) = self.by_code.get(&code) else {
                return Err(("医院编码", tr!("import.hospital_code_unknown")));
            };
            let bears = |names: &HashMap<String, Vec<usize>>| {
                names.get(&name).is_some_and(|same| same.contains(i))
            };
            if !name.is_empty() && !bears(&self.by_name) && !bears(&self.by_alias) {
                return Err(("医院编码", tr!("import.hospital_differs")));
            }
            return Ok(Some(&self.hospitals[*i]));
        }
        if name.is_empty() {
            return Ok(None);
        }
        let Some(same) = self.by_name.get(&name).or_else(|| self.by_alias.get(&name)) else {
            return Err(("医院", tr!("import.hospital_unknown")));
        };
        if let [only] = same.as_slice() {
            return Ok(Some(&self.hospitals[*only]));
        }
        let (province, city) = (row.get("省份"), row.get("城市"));
        let mut near = same
            .iter()
            .map(|i| &self.hospitals[*i])
            .filter(|h| h.province == province && h.city == city);
        match (near.next(), near.next()) {
            (Some(only), None) => Ok(Some(only)),
            _ => Err(("医院", tr!("import.hospital_several"))),
        }
    }

    /// The owner that a row names: by employee number, mobile number, or a name that one person bears; `None` where
    /// it names nobody.
    pub fn owner_of(&self, row: &Row<'_>, keys: &Keys) -> Result<Option<&str>, Fault> {
        let unknown = |column| (column, tr!("import.person_unknown"));
        let of = |i: Option<&usize>| i.map(|i| self.people[*i].id.as_str());
        let no = row.get("负责人工号");
        if !no.is_empty() {
            return of(self.by_no.get(&no))
                .map(Some)
                .ok_or_else(|| unknown("负责人工号"));
        }
        let by_phone = |text: &str| {
            rules::phone(text).and_then(|phone| of(self.by_phone.get(&keys.phone_index(&phone))))
        };
        let phone = row.get("负责人手机号");
        if !phone.is_empty() {
            return by_phone(&phone)
                .map(Some)
                .ok_or_else(|| unknown("负责人手机号"));
        }
        let text = row.get("负责人");
        if text.is_empty() {
            return Ok(None);
        }
        // As pages show a person: the employee number, then the name.
        let first = text.split_whitespace().next().unwrap_or_default();
        if let Some(found) = of(self.by_no.get(&text))
            .or_else(|| of(self.by_no.get(first)))
            .or_else(|| by_phone(&text))
        {
            return Ok(Some(found));
        }
        match self.by_person_name.get(&text).map(Vec::as_slice) {
            Some([only]) => Ok(of(Some(only))),
            Some(_) => Err(("负责人", tr!("import.person_several"))),
            None => Err(unknown("负责人")),
        }
    }
}
