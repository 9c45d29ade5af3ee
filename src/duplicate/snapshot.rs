//! An HCP's row as a merge keeps it, and the groups of columns that go together.

use serde::{Deserialize, Serialize};

use crate::hcp::model::{kind_label, sex_label, state_label};
use crate::server::db::{DbResult, Exec, Tx, q};
use crate::server::history::Change;

/// The columns of `hcp` that a merge can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Snapshot {
    pub id: String,
    pub name: String,
    pub pinyin: String,
    pub initials: String,
    pub kind: String,
    pub sex: String,
    pub phone_cipher: Option<String>,
    pub phone_index: Option<String>,
    pub phone_masked: String,
    pub office_phone: String,
    pub email: String,
    pub code: Option<String>,
    pub terminal_id: Option<String>,
    pub hospital_text: String,
    pub province: String,
    pub city: String,
    pub department: String,
    pub title: String,
    pub specialty: String,
    pub preferred_times: String,
    pub state: String,
    pub owner_id: Option<String>,
    pub claims_id: Option<String>,
    pub merged_into: Option<String>,
    pub public_code_id: Option<String>,
    pub onboarded_at: Option<i64>,
    pub last_contact_at: Option<i64>,
    pub updated_at: i64,
}

/// Fields between whose values a merge chooses, in the order in which they are shown. Each is a group of columns.
pub const CHOICES: [&str; 12] = [
    "name",
    "kind",
    "sex",
    "phone",
    "terminal_id",
    "department",
    "title",
    "specialty",
    "code",
    "email",
    "office_phone",
    "preferred_times",
];

/// What else a merge may change in the kept row.
pub const COMBINED: [&str; 6] = [
    "state",
    "owner",
    "claims_id",
    "public_code_id",
    "last_contact_at",
    "updated_at",
];

macro_rules! groups {
    ($($field:literal => [$($column:ident),+]),+ $(,)?) => {
        impl Snapshot {
            /// Takes the columns of a field from another row.
            pub fn take(&mut self, field: &str, from: &Snapshot) {
                match field {
                    $($field => { $(self.$column.clone_from(&from.$column);)+ })+
                    _ => {}
                }
            }

            /// Whether both rows hold the same in the columns of a field.
            pub fn same(&self, field: &str, other: &Snapshot) -> bool {
                // A number that was sealed anew is the same number.
                if field == "phone" {
                    return self.phone_index == other.phone_index;
                }
                match field {
                    $($field => [$(self.$column == other.$column),+].into_iter().all(|same| same),)+
                    _ => true,
                }
            }
        }
    };
}
groups! {
    "name" => [name, pinyin, initials],
    "kind" => [kind],
    "sex" => [sex],
    "phone" => [phone_cipher, phone_index, phone_masked],
    "terminal_id" => [terminal_id, hospital_text, province, city],
    "department" => [department],
    "title" => [title],
    "specialty" => [specialty],
    "code" => [code],
    "email" => [email],
    "office_phone" => [office_phone],
    "preferred_times" => [preferred_times],
    "state" => [state, onboarded_at],
    "owner" => [owner_id],
    "claims_id" => [claims_id],
    "public_code_id" => [public_code_id],
    "last_contact_at" => [last_contact_at],
    "updated_at" => [updated_at],
}

const COLUMNS: &str = "id, name, pinyin, initials, kind, sex, phone_cipher, phone_index, phone_masked, office_phone, \
    email, code, terminal_id, hospital_text, province, city, department, title, specialty, preferred_times, state, \
    owner_id, claims_id, merged_into, public_code_id, onboarded_at, last_contact_at, updated_at";

impl Snapshot {
    /// The row as it stands.
    pub async fn load<'a>(on: impl Into<Exec<'a>>, id: &str) -> DbResult<Snapshot> {
        q(format!("SELECT {COLUMNS} FROM hcp WHERE id = $1"))
            .bind(id)
            .one(on)
            .await
    }

    /// Makes the row what this says.
    pub async fn store(&self, tx: &mut Tx) -> DbResult<()> {
        q("UPDATE hcp SET name = $1, pinyin = $2, initials = $3, kind = $4, sex = $5, phone_cipher = $6, \
           phone_index = $7, phone_masked = $8, office_phone = $9, email = $10, code = $11, terminal_id = $12, \
           hospital_text = $13, province = $14, city = $15, department = $16, title = $17, specialty = $18, \
           preferred_times = $19, state = $20, owner_id = $21, claims_id = $22, merged_into = $23, \
           public_code_id = $24, onboarded_at = $25, last_contact_at = $26, updated_at = $27 WHERE id = $28")
        .bind(&self.name)
        .bind(&self.pinyin)
        .bind(&self.initials)
        .bind(&self.kind)
        .bind(&self.sex)
        .bind(&self.phone_cipher)
        .bind(&self.phone_index)
        .bind(&self.phone_masked)
        .bind(&self.office_phone)
        .bind(&self.email)
        .bind(&self.code)
        .bind(&self.terminal_id)
        .bind(&self.hospital_text)
        .bind(&self.province)
        .bind(&self.city)
        .bind(&self.department)
        .bind(&self.title)
        .bind(&self.specialty)
        .bind(&self.preferred_times)
        .bind(&self.state)
        .bind(&self.owner_id)
        .bind(&self.claims_id)
        .bind(&self.merged_into)
        .bind(&self.public_code_id)
        .bind(self.onboarded_at)
        .bind(self.last_contact_at)
        .bind(self.updated_at)
        .bind(&self.id)
        .exec(tx)
        .await?;
        Ok(())
    }

    /// The fields that people read, by name; the phone masked, the hospital and the owner by their names.
    pub async fn shown<'a>(
        &self,
        on: impl Into<Exec<'a>>,
    ) -> DbResult<Vec<(&'static str, String)>> {
        let (hospital, owner): (Option<String>, Option<String>) = q(
            "SELECT COALESCE(t.name, h.hospital_text), s.name FROM hcp h \
             LEFT JOIN terminal t ON t.id = $1 LEFT JOIN staff s ON s.id = $2 WHERE h.id = $3",
        )
        .bind(&self.terminal_id)
        .bind(&self.owner_id)
        .bind(&self.id)
        .one(on)
        .await?;
        let hospital = match &self.terminal_id {
            Some(_) => hospital.unwrap_or_default(),
            None => self.hospital_text.clone(),
        };
        Ok(vec![
            ("name", self.name.clone()),
            ("kind", kind_label(&self.kind)),
            (
                "sex",
                if self.sex.is_empty() {
                    String::new()
                } else {
                    sex_label(&self.sex)
                },
            ),
            ("phone", self.phone_masked.clone()),
            ("terminal_id", hospital),
            ("department", self.department.clone()),
            ("title", self.title.clone()),
            ("specialty", self.specialty.clone()),
            ("code", self.code.clone().unwrap_or_default()),
            ("email", self.email.clone()),
            ("office_phone", self.office_phone.clone()),
            ("preferred_times", self.preferred_times.clone()),
            ("state", state_label(&self.state)),
            ("owner", owner.unwrap_or_default()),
        ])
    }

    /// What changes on the way to another state of the same HCP, as the history of the record shows it.
    pub async fn changes(&self, tx: &mut Tx, to: &Snapshot) -> DbResult<Vec<Change>> {
        let before = self.shown(&mut *tx).await?;
        let after = to.shown(tx).await?;
        Ok(before
            .iter()
            .zip(&after)
            .filter_map(|((field, before), (_, after))| Change::of(field, before, after))
            .collect())
    }
}

/// What is sealed with a merge: both rows before it, and the kept one after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    pub kept: Snapshot,
    pub gone: Snapshot,
    pub after: Snapshot,
}
