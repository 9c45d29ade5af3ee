//! Importing a folder of articles: Markdown with YAML front matter, images beside it. What carries an approval number
//! was approved before and is published at once; the rest become drafts. An article is known by that number, or by
//! its title.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::store::{self, Input};
use crate::importing::Mode;
use crate::server::db::{Lock, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, files, time};
use crate::shared::AppError;
use crate::workbench::model::{ImportReport, Invalid};

#[derive(Debug, Deserialize)]
struct Front {
    title: String,
    summary: String,
    author: String,
    audience: String,
    #[serde(default)]
    approval_no: String,
    expires_on: String,
    #[serde(default)]
    specialty: Vec<String>,
    #[serde(default)]
    disease: Vec<String>,
}

struct Image {
    id: String,
    media: &'static str,
    bytes: usize,
}

/// Imports the files of a folder; a report's row is the file's place in the list, from 1.
pub async fn import(
    state: &AppState,
    actor: &Actor,
    folder: &Path,
    paths: &[PathBuf],
    mode: Mode,
) -> Result<ImportReport, AppError> {
    let mut report = ImportReport {
        rows: paths.len() as i64,
        ..Default::default()
    };
    let mut tx = state.db.begin().await?;
    tx.serialise(Lock::Import).await?;
    // `created_by` needs a staff member; the command line acts as the first administrator.
    let author = author_id(&mut tx, actor).await?;
    for (i, path) in paths.iter().enumerate() {
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let invalid = |reason: String| Invalid {
            line: None,
            row: i as i64 + 1,
            field: name.clone(),
            reason,
        };
        let text = tokio::fs::read_to_string(path).await.map_err(internal)?;
        let (front, body) = match split(&text) {
            Ok(parts) => parts,
            Err(reason) => {
                report.invalid.push(invalid(reason));
                continue;
            }
        };
        if !time::is_day(&front.expires_on)
            || !["public", "professional"].contains(&front.audience.as_str())
        {
            report.invalid.push(invalid(tr!("import.front_matter")));
            continue;
        }
        let (body, images) = match embed(state, folder, body).await {
            Ok(done) => done,
            Err(reason) => {
                report.invalid.push(invalid(reason));
                continue;
            }
        };
        for image in images {
            files::register(&mut tx, &image.id, image.media, image.bytes, &actor.id).await?;
        }
        let input = Input {
            title: front.title,
            summary: front.summary,
            author: front.author,
            audience: front.audience,
            body_md: body,
            approval_no: front.approval_no,
            expires_on: front.expires_on,
            specialties: front.specialty,
            diseases: front.disease,
        };
        let known: Option<(String, String, String)> = q(
            "SELECT id, title, body_md FROM article WHERE status <> 'withdrawn' \
             AND ((approval_no <> '' AND approval_no = $1) OR (approval_no = '' AND title = $2))",
        )
        .bind(&input.approval_no)
        .bind(&input.title)
        .optional(&mut tx)
        .await?;
        match known {
            Some((_, title, body)) if title == input.title && body == input.body_md => {
                report.unchanged += 1
            }
            Some((id, _, _)) => {
                store::overwrite(&mut tx, &id, &input).await?;
                report.updated += 1;
            }
            None => {
                let id = store::insert(&mut tx, &author, &input, None).await?;
                if !input.approval_no.is_empty() {
                    let by = Actor {
                        id: author.clone(),
                        ..actor.clone()
                    };
                    store::publish_imported(&mut tx, &by, &id).await?;
                }
                report.created += 1;
            }
        }
    }
    if mode == Mode::SkipInvalid || (mode == Mode::All && report.invalid.is_empty()) {
        let event = crate::server::audit::Event::new("import.apply", "articles", "folder")
            .detail(serde_json::json!({ "created": report.created, "updated": report.updated }));
        crate::server::audit::record(&state.keys, &mut tx, actor, event).await?;
        tx.commit().await?;
        report.applied = true;
    }
    Ok(report)
}

async fn author_id(tx: &mut crate::server::db::Tx, actor: &Actor) -> Result<String, AppError> {
    let row: Option<(String,)> =
        q("SELECT id FROM staff WHERE id = $1 OR role IN ('marketer', 'admin') ORDER BY CASE WHEN id = $1 THEN 0 \
           WHEN role = 'marketer' THEN 1 ELSE 2 END, created_at, id LIMIT 1")
            .bind(&actor.id)
            .optional(tx)
            .await?;
    row.map(|(id,)| id)
        .ok_or_else(|| AppError::Conflict("import.no_author".into()))
}

fn split(text: &str) -> Result<(Front, &str), String> {
    let rest = text
        .strip_prefix("---\n")
        .ok_or_else(|| tr!("import.front_matter"))?;
    let (front, body) = rest
        .split_once("\n---\n")
        .ok_or_else(|| tr!("import.front_matter"))?;
    let front = serde_saphyr::from_str(front)
        .map_err(|e| format!("{}: {e}", tr!("import.front_matter")))?;
    Ok((front, body.trim()))
}

/// Stores the images that the text names by a path beside it, and points the text at them.
async fn embed(
    state: &AppState,
    folder: &Path,
    body: &str,
) -> Result<(String, Vec<Image>), String> {
    let mut out = String::with_capacity(body.len());
    let mut images = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find("](images/") {
        let start = at + 2;
        let end = rest[start..]
            .find(')')
            .map(|e| start + e)
            .ok_or_else(|| tr!("import.image"))?;
        let relative = &rest[start..end];
        if relative.contains("..") {
            return Err(tr!("import.image"));
        }
        let bytes = tokio::fs::read(folder.join(relative))
            .await
            .map_err(|_| format!("{} {relative}", tr!("import.image")))?;
        let media = files::image_type(&bytes)
            .ok_or_else(|| format!("{} {relative}", tr!("import.image")))?;
        let size = bytes.len();
        let id = files::put(state, bytes).await.map_err(|e| e.message())?;
        out.push_str(&rest[..start]);
        out.push_str(&format!("/files/{id}"));
        images.push(Image {
            id,
            media,
            bytes: size,
        });
        rest = &rest[end..];
    }
    out.push_str(rest);
    Ok((out, images))
}
