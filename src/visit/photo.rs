//! Photos taken at a check-in.

use crate::server::db::q;
use crate::server::guard::Actor;
use crate::server::{AppState, files};
use crate::shared::AppError;

/// Bytes of a photo at most.
pub const PHOTO_MOST: usize = 10 * 1024 * 1024;

/// A photo without what the camera wrote into it (domain, Visits: photos lose their EXIF), and its media type.
pub fn bare_photo(bytes: Vec<u8>) -> Result<(Vec<u8>, &'static str), AppError> {
    use img_parts::{Bytes, DynImage, ImageEXIF, ImageICC};
    let refused = || AppError::field("photo", "field.photo");
    let kind = files::image_type(&bytes)
        .filter(|kind| matches!(*kind, "image/jpeg" | "image/png" | "image/webp"))
        .filter(|_| bytes.len() <= PHOTO_MOST)
        .ok_or_else(refused)?;
    let mut image = DynImage::from_bytes(Bytes::from(bytes))
        .ok()
        .flatten()
        .ok_or_else(refused)?;
    image.set_exif(None);
    image.set_icc_profile(None);
    if let DynImage::Jpeg(jpeg) = &mut image {
        // Makers put more of it into the application's own segments and comments.
        jpeg.segments_mut()
            .retain(|segment| !matches!(segment.marker(), 0xE1..=0xED | 0xEF | 0xFE));
    }
    Ok((image.encoder().bytes().to_vec(), kind))
}

/// The photo of a check-in within scope: its media type and its bytes.
pub async fn photo(
    state: &AppState,
    actor: &Actor,
    id: &str,
) -> Result<(String, Vec<u8>), AppError> {
    let mut query = q("SELECT c.photo_id, c.photo_type FROM checkin c WHERE ");
    actor.scope(&mut query, "c.staff_id");
    query.push_with(" AND c.id = ?", [id]);
    let (file, kind): (Option<String>, Option<String>) = query.one(&state.db).await?;
    let file = file.ok_or(AppError::NotFound)?;
    Ok((
        kind.unwrap_or_default(),
        files::get_sealed(state, &file).await?,
    ))
}
