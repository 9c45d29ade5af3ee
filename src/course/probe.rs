//! What an uploaded file is, told by its bytes and never by its name.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// video, audio or slides.
    pub kind: &'static str,
    pub media_type: &'static str,
    /// Milliseconds; 0 of slides.
    pub duration_ms: i64,
}

/// Looks at a file. The error is the locale key of what is wrong with it.
pub fn probe(path: &Path) -> Result<Probed, &'static str> {
    let unreadable = |_| "field.media_unreadable";
    let mut file = File::open(path).map_err(unreadable)?;
    let mut head = [0_u8; 16];
    let read = file.read(&mut head).map_err(unreadable)?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    match &head[..read] {
        [b'%', b'P', b'D', b'F', b'-', ..] => Ok(Probed {
            kind: "slides",
            media_type: "application/pdf",
            duration_ms: 0,
        }),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => mp4(file),
        [b'I', b'D', b'3', ..] => mp3(path),
        [0xFF, second, ..] if second & 0xE6 == 0xE2 => mp3(path),
        _ => Err("field.media_type"),
    }
}

/// MPEG-4: H.264 in films, since every browser plays it; sound alone is a recording.
fn mp4(file: File) -> Result<Probed, &'static str> {
    let size = file.metadata().map_err(|_| "field.media_unreadable")?.len();
    let read = mp4::Mp4Reader::read_header(BufReader::new(file), size)
        .map_err(|_| "field.media_unreadable")?;
    let tracks: Vec<_> = read.tracks().values().collect();
    let of = |kind| {
        tracks
            .iter()
            .find(move |t| t.track_type().is_ok_and(|found| found == kind))
    };
    let duration_ms = read.duration().as_millis() as i64;
    if !(1_000..=12 * 3_600_000).contains(&duration_ms) {
        return Err("field.media_length");
    }
    if let Some(film) = of(mp4::TrackType::Video) {
        let plays = film.media_type().is_ok_and(|t| t == mp4::MediaType::H264);
        return if plays {
            Ok(Probed {
                kind: "video",
                media_type: "video/mp4",
                duration_ms,
            })
        } else {
            Err("field.media_codec")
        };
    }
    match of(mp4::TrackType::Audio) {
        Some(_) => Ok(Probed {
            kind: "audio",
            media_type: "audio/mp4",
            duration_ms,
        }),
        None => Err("field.media_unreadable"),
    }
}

fn mp3(path: &Path) -> Result<Probed, &'static str> {
    use lofty::config::ParseOptions;
    use lofty::file::AudioFile;
    let mut file = File::open(path).map_err(|_| "field.media_unreadable")?;
    let read = lofty::mpeg::MpegFile::read_from(&mut file, ParseOptions::new().read_tags(false))
        .map_err(|_| "field.media_unreadable")?;
    let duration_ms = read.properties().duration().as_millis() as i64;
    if !(1_000..=12 * 3_600_000).contains(&duration_ms) {
        return Err("field.media_length");
    }
    Ok(Probed {
        kind: "audio",
        media_type: "audio/mpeg",
        duration_ms,
    })
}

/// Whether a text is WebVTT whose cues can be shown; the error is the line at fault, from 1.
pub fn captions(text: &str) -> Result<(), usize> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate();
    let is_head = |line: &str| {
        line == "WEBVTT" || line.starts_with("WEBVTT ") || line.starts_with("WEBVTT\t")
    };
    match lines.next() {
        Some((_, line)) if is_head(line) => {}
        _ => return Err(1),
    }
    let (mut cues, mut last) = (0, -1_i64);
    for (i, line) in lines {
        let Some((from, rest)) = line.split_once("-->") else {
            continue;
        };
        let to = rest.split_whitespace().next().unwrap_or("");
        match (stamp(from.trim()), stamp(to)) {
            (Some(from), Some(to)) if from < to && from >= last => last = from,
            _ => return Err(i + 1),
        }
        cues += 1;
    }
    if cues == 0 { Err(1) } else { Ok(()) }
}

/// A time of WebVTT, `mm:ss.ttt` or `h:mm:ss.ttt`, in milliseconds.
fn stamp(text: &str) -> Option<i64> {
    let (whole, thousandths) = text.split_once('.')?;
    let parts: Vec<&str> = whole.split(':').collect();
    if thousandths.len() != 3 || !(2..=3).contains(&parts.len()) {
        return None;
    }
    let mut seconds = 0_i64;
    for part in parts {
        seconds = seconds * 60 + part.parse::<u32>().ok()? as i64;
    }
    Some(seconds * 1000 + thousandths.parse::<u32>().ok()? as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_name_the_line_at_fault() {
        let good = "WEBVTT\n\n00:01.000 --> 00:02.500\n血压\n\n1\n00:00:03.000 --> 00:00:04.000 line:0\n目标\n";
        assert_eq!(captions(good), Ok(()));
        assert_eq!(captions("1\n00:00:01,000 --> 00:00:02,000\nSRT\n"), Err(1));
        assert_eq!(captions("WEBVTT\n\n00:02.000 --> 00:01.000\nx\n"), Err(3));
        assert_eq!(captions("WEBVTT\n\n00:02,000 --> 00:03.000\nx\n"), Err(3));
        assert_eq!(captions("WEBVTT\n"), Err(1));
    }

    #[test]
    fn a_file_is_what_its_bytes_are() {
        let dir = std::env::temp_dir().join(format!("mailuo-probe-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("can be written");
        let path = dir.join("a.mp4");
        for (bytes, says) in [
            (&b"MZ\x90\0program"[..], "field.media_type"),
            (b"<html><script>", "field.media_type"),
            (b"\0\0\0\x18ftypisom\0\0\0\0cut", "field.media_unreadable"),
            (b"", "field.media_type"),
        ] {
            std::fs::write(&path, bytes).expect("is written");
            assert_eq!(probe(&path), Err(says));
        }
        let _ = std::fs::remove_dir_all(dir);
    }
}
