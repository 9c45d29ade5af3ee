//! Films, recordings and slides: sent in pieces that survive a broken line, checked by their bytes, stored once.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::model::MediaRow;
use super::probe::{Probed, probe};
use crate::server::db::{DbResult, Exec, Tx, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, files, time};
use crate::shared::AppError;

/// The most pages of slides.
const PAGES: usize = 300;
/// How long turning slides into pictures may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// An upload that is under way.
#[derive(Debug, Serialize, Deserialize)]
pub struct Upload {
    pub name: String,
    pub size: u64,
    pub by: String,
}

fn folder(state: &AppState) -> PathBuf {
    state.config.files.data_dir.join("files").join("uploads")
}

/// The two files of an upload: its bytes so far, and what is known of it.
fn paths(state: &AppState, id: &str) -> Result<(PathBuf, PathBuf), AppError> {
    let valid = id.len() == 22
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !valid {
        return Err(AppError::NotFound);
    }
    let at = folder(state).join(id);
    Ok((at.with_extension("part"), at.with_extension("json")))
}

/// Begins an upload of `size` bytes; gives its id.
pub async fn begin(
    state: &AppState,
    actor: &Actor,
    name: &str,
    size: u64,
) -> Result<String, AppError> {
    let most = state.config.files.max_media_mib as u64 * 1024 * 1024;
    if size == 0 || size > most {
        return Err(AppError::Conflict("field.media_size".into()));
    }
    let id = crypto::random_token(16);
    let (part, known) = paths(state, &id)?;
    tokio::fs::create_dir_all(folder(state))
        .await
        .map_err(internal)?;
    let upload = Upload {
        name: name.chars().take(120).collect(),
        size,
        by: actor.id.clone(),
    };
    let json = serde_json::to_vec(&upload).map_err(internal)?;
    tokio::fs::write(&known, json).await.map_err(internal)?;
    tokio::fs::write(&part, b"").await.map_err(internal)?;
    Ok(id)
}

/// Somebody's own upload and how many bytes of it are there.
pub async fn upload(state: &AppState, actor: &Actor, id: &str) -> Result<(Upload, u64), AppError> {
    let (part, known) = paths(state, id)?;
    let json = tokio::fs::read(&known)
        .await
        .map_err(|_| AppError::NotFound)?;
    let upload: Upload = serde_json::from_slice(&json).map_err(internal)?;
    if upload.by != actor.id {
        return Err(AppError::NotFound);
    }
    let have = tokio::fs::metadata(&part)
        .await
        .map_err(|_| AppError::NotFound)?
        .len();
    Ok((upload, have))
}

/// Adds a piece that begins at byte `at`; gives how many bytes are there. A piece that is there already, or that does
/// not follow, changes nothing: the answer says where to go on.
pub async fn append(
    state: &AppState,
    actor: &Actor,
    id: &str,
    at: u64,
    bytes: &[u8],
) -> Result<u64, AppError> {
    let (upload, have) = upload(state, actor, id).await?;
    if at != have || have + bytes.len() as u64 > upload.size {
        return Ok(have);
    }
    let (part, _) = paths(state, id)?;
    let mut file = tokio::fs::OpenOptions::new()
        .write(true)
        .open(&part)
        .await
        .map_err(internal)?;
    // At its place: a piece that comes twice at once is there once.
    file.seek(SeekFrom::Start(at)).await.map_err(internal)?;
    file.write_all(bytes).await.map_err(internal)?;
    file.flush().await.map_err(internal)?;
    Ok(have + bytes.len() as u64)
}

/// Takes a whole upload as the media they are.
pub async fn finish(
    state: &AppState,
    actor: &Actor,
    id: &str,
) -> Result<(MediaRow, i64), AppError> {
    let (upload, have) = upload(state, actor, id).await?;
    if have != upload.size {
        return Err(AppError::field("file", "field.media_incomplete"));
    }
    let (part, known) = paths(state, id)?;
    let taken = accept(state, actor, &part, &upload.name).await;
    // What cannot be taken is of no further use, and what was, lies elsewhere; after any other fault it is tried again.
    if matches!(taken, Ok(_) | Err(AppError::Invalid(_))) {
        let _ = tokio::fs::remove_file(&part).await;
        let _ = tokio::fs::remove_file(&known).await;
    }
    taken
}

/// Takes bytes that came in one piece.
pub async fn take(
    state: &AppState,
    actor: &Actor,
    name: &str,
    bytes: &[u8],
) -> Result<(MediaRow, i64), AppError> {
    let id = begin(state, actor, name, bytes.len() as u64).await?;
    append(state, actor, &id, 0, bytes).await?;
    finish(state, actor, &id).await
}

/// Checks a file, stores it and registers it: the media and their pages.
async fn accept(
    state: &AppState,
    actor: &Actor,
    part: &Path,
    name: &str,
) -> Result<(MediaRow, i64), AppError> {
    let path = part.to_owned();
    let probed = tokio::task::spawn_blocking(move || probe(&path))
        .await
        // A file that makes a reader panic is one that cannot be read.
        .unwrap_or(Err("field.media_unreadable"))
        .map_err(|key| AppError::field("file", key))?;
    let id = hash(part).await?;
    if let Some(known) = find(&state.db, &id).await? {
        let pages = pages(&state.db, &id).await?.len() as i64;
        return Ok((known, pages));
    }
    let slides = match probed.kind {
        "slides" => render(part).await?,
        _ => Vec::new(),
    };
    let bytes = tokio::fs::metadata(part).await.map_err(internal)?.len();
    let target = files::path(state, &id).ok_or(AppError::NotFound)?;
    if let Some(parent) = target.parent() {
        tokio::fs::create_dir_all(parent).await.map_err(internal)?;
    }
    tokio::fs::rename(part, &target).await.map_err(internal)?;
    let mut pictures = Vec::new();
    for (picture, text) in slides {
        let size = picture.len();
        pictures.push((files::put(state, picture).await?, size, text));
    }
    let mut tx = state.db.begin().await?;
    let media = register(&mut tx, actor, &id, name, bytes as i64, &probed).await?;
    for (page, (file, size, text)) in (1_i64..).zip(&pictures) {
        files::register(&mut tx, file, "image/jpeg", *size, &actor.id).await?;
        q("INSERT INTO media_page (media_id, page, file_id, text) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
            .bind(&id)
            .bind(page)
            .bind(file)
            .bind(text)
            .exec(&mut tx)
            .await?;
    }
    tx.commit().await?;
    Ok((media, pictures.len() as i64))
}

async fn register(
    tx: &mut Tx,
    actor: &Actor,
    id: &str,
    name: &str,
    bytes: i64,
    probed: &Probed,
) -> DbResult<MediaRow> {
    q("INSERT INTO media (id, kind, media_type, name, bytes, duration_ms, created_by, created_at) \
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING")
    .bind(id)
    .bind(probed.kind)
    .bind(probed.media_type)
    .bind(name)
    .bind(bytes)
    .bind(probed.duration_ms)
    .bind(&actor.id)
    .bind(time::now())
    .exec(&mut *tx)
    .await?;
    Ok(MediaRow {
        id: id.to_owned(),
        kind: probed.kind.to_owned(),
        media_type: probed.media_type.to_owned(),
        name: name.to_owned(),
        bytes,
        duration_ms: probed.duration_ms,
        pages: 0,
    })
}

/// The media of an id.
pub async fn find<'a>(on: impl Into<Exec<'a>>, id: &str) -> DbResult<Option<MediaRow>> {
    q("SELECT id, kind, media_type, name, bytes, duration_ms, \
       (SELECT COUNT(*) FROM media_page p WHERE p.media_id = m.id) AS pages FROM media m WHERE id = $1")
        .bind(id)
        .optional(on)
        .await
}

/// The pages of slides: picture and text.
pub async fn pages<'a>(on: impl Into<Exec<'a>>, id: &str) -> DbResult<Vec<(String, String)>> {
    q("SELECT file_id, text FROM media_page WHERE media_id = $1 ORDER BY page")
        .bind(id)
        .all(on)
        .await
}

/// SHA-256 of a file, read piece by piece.
async fn hash(path: &Path) -> Result<String, AppError> {
    let mut file = tokio::fs::File::open(path).await.map_err(internal)?;
    let mut sum = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer).await.map_err(internal)?;
        if read == 0 {
            break;
        }
        sum.update(&buffer[..read]);
    }
    Ok(data_encoding::HEXLOWER.encode(&sum.finalize()))
}

/// Turns a PDF into pictures with the text of each page, by poppler's tools.
async fn render(pdf: &Path) -> Result<Vec<(Vec<u8>, String)>, AppError> {
    let work = pdf.with_extension("pages");
    tokio::fs::create_dir_all(&work).await.map_err(internal)?;
    let made = tokio::time::timeout(PATIENCE, pictures(pdf, &work))
        .await
        .unwrap_or_else(|_| Err(AppError::field("file", "field.slides_slow")));
    let _ = tokio::fs::remove_dir_all(&work).await;
    made
}

async fn pictures(pdf: &Path, work: &Path) -> Result<Vec<(Vec<u8>, String)>, AppError> {
    let run = async |tool: &str, arguments: &[&str]| -> Result<(), AppError> {
        let mut command = tokio::process::Command::new(tool);
        command
            .args(arguments)
            .arg(pdf)
            .arg(work.join(if tool == "pdftotext" { "text" } else { "page" }))
            .kill_on_drop(true);
        let done = command.output().await.map_err(|error| {
            tracing::error!(%error, tool, "slides cannot be read: poppler-utils are not installed");
            AppError::Conflict("error.no_poppler".into())
        })?;
        if done.status.success() {
            Ok(())
        } else {
            tracing::warn!(tool, said = %String::from_utf8_lossy(&done.stderr), "slides were refused");
            Err(AppError::field("file", "field.media_unreadable"))
        }
    };
    let last = (PAGES + 1).to_string();
    run(
        "pdftoppm",
        &[
            "-jpeg",
            "-jpegopt",
            "quality=80",
            "-scale-to",
            "1600",
            "-l",
            &last,
        ],
    )
    .await?;
    // Form feeds part the pages.
    run("pdftotext", &["-enc", "UTF-8", "-l", &last]).await?;
    let mut found = Vec::new();
    let mut entries = tokio::fs::read_dir(work).await.map_err(internal)?;
    while let Some(entry) = entries.next_entry().await.map_err(internal)? {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "jpg") {
            found.push(path);
        }
    }
    // Numbered with as many digits as the last has.
    found.sort();
    if found.is_empty() {
        return Err(AppError::field("file", "field.media_unreadable"));
    }
    if found.len() > PAGES {
        return Err(AppError::field("file", "field.slides_pages"));
    }
    let text = tokio::fs::read_to_string(work.join("text"))
        .await
        .unwrap_or_default();
    let mut texts = text.split('\u{c}');
    let mut out = Vec::new();
    for path in found {
        let words = texts
            .next()
            .unwrap_or("")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        out.push((
            tokio::fs::read(path).await.map_err(internal)?,
            words.chars().take(4_000).collect(),
        ));
    }
    Ok(out)
}

/// Removes uploads that nobody went on with for two days.
pub async fn sweep(state: &AppState) -> Result<(), AppError> {
    let Ok(mut entries) = tokio::fs::read_dir(folder(state)).await else {
        return Ok(());
    };
    while let Some(entry) = entries.next_entry().await.map_err(internal)? {
        let age = entry
            .metadata()
            .await
            .ok()
            .and_then(|m| m.modified().ok()?.elapsed().ok());
        if age.is_some_and(|age| age > Duration::from_secs(2 * 86_400)) {
            let path = entry.path();
            let _ = if path.is_dir() {
                tokio::fs::remove_dir_all(path).await
            } else {
                tokio::fs::remove_file(path).await
            };
        }
    }
    Ok(())
}
