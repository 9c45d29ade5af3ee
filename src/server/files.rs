//! Uploaded files, stored once by the SHA-256 of their bytes. Images lie as they are; spreadsheets, which name people,
//! lie sealed beside them under the same name with `.sealed`.

use std::path::{Path, PathBuf};

use super::db::{Tx, internal, q};
use super::{AppState, crypto, time};
use crate::shared::AppError;

/// The media type that the first bytes prove, among those that may be shown in a page.
pub fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        _ => None,
    }
}

/// Where a file lies. `id` is 64 hexadecimal digits.
pub fn path(state: &AppState, id: &str) -> Option<PathBuf> {
    let valid = id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit());
    valid.then(|| {
        state
            .config
            .files
            .data_dir
            .join("files")
            .join(&id[..2])
            .join(id)
    })
}

/// Writes the bytes (atomically, once) and gives their id.
pub async fn put(state: &AppState, bytes: Vec<u8>) -> Result<String, AppError> {
    let id = crypto::sha256_hex(&bytes);
    let target = path(state, &id).ok_or(AppError::NotFound)?;
    if !tokio::fs::try_exists(&target).await.map_err(internal)? {
        write(&target, &bytes).await?;
    }
    Ok(id)
}

/// Reads a file.
pub async fn get(state: &AppState, id: &str) -> Result<Vec<u8>, AppError> {
    let path = path(state, id).ok_or(AppError::NotFound)?;
    tokio::fs::read(path).await.map_err(|_| AppError::NotFound)
}

/// Writes the bytes encrypted (atomically) and gives their id: the SHA-256 of the bytes themselves.
pub async fn put_sealed(state: &AppState, bytes: &[u8]) -> Result<String, AppError> {
    let id = crypto::sha256_hex(bytes);
    let target = sealed_path(state, &id).ok_or(AppError::NotFound)?;
    write(&target, &state.keys.seal_bytes(bytes)).await?;
    Ok(id)
}

/// Reads what [`put_sealed`] wrote. `NotFound` if it is not there any more.
pub async fn get_sealed(state: &AppState, id: &str) -> Result<Vec<u8>, AppError> {
    let path = sealed_path(state, id).ok_or(AppError::NotFound)?;
    let sealed = tokio::fs::read(path)
        .await
        .map_err(|_| AppError::NotFound)?;
    state
        .keys
        .open_bytes(&sealed)
        .filter(|bytes| crypto::sha256_hex(bytes) == id)
        .ok_or_else(|| internal(format!("the sealed file {id} does not open")))
}

/// Removes what [`put_sealed`] wrote; harmless if it is gone.
pub async fn remove_sealed(state: &AppState, id: &str) -> Result<(), AppError> {
    let path = sealed_path(state, id).ok_or(AppError::NotFound)?;
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(internal(error)),
        _ => Ok(()),
    }
}

fn sealed_path(state: &AppState, id: &str) -> Option<PathBuf> {
    path(state, id).map(|path| path.with_extension("sealed"))
}

/// Writes beside the target and renames, so that nobody reads half a file.
async fn write(target: &Path, bytes: &[u8]) -> Result<(), AppError> {
    let folder = target.parent().unwrap_or(target);
    tokio::fs::create_dir_all(folder).await.map_err(internal)?;
    let part = folder.join(format!("{}.part", crypto::random_token(9)));
    tokio::fs::write(&part, bytes).await.map_err(internal)?;
    tokio::fs::rename(&part, target).await.map_err(internal)
}

/// Registers an image that [`put`] stored.
pub async fn register(
    tx: &mut Tx,
    id: &str,
    media_type: &str,
    bytes: usize,
    by: &str,
) -> Result<(), AppError> {
    q("INSERT INTO file (id, media_type, bytes, created_by, created_at) VALUES ($1, $2, $3, $4, $5) \
       ON CONFLICT DO NOTHING")
    .bind(id)
    .bind(media_type)
    .bind(bytes as i64)
    .bind(by)
    .bind(time::now())
    .exec(tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_by_content() {
        assert_eq!(image_type(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(image_type(b"<svg onload=alert(1)>"), None);
        assert_eq!(image_type(b"MZ"), None);
    }
}
