//! Keys, tokens, and the encryption of personal data.
//!
//! One master key of 32 bytes, in the data directory (mode 600) or `MAILUO_KEY` (64 hex digits), from which a key for
//! each use is derived.

use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// The keys derived from the master key.
#[derive(Clone)]
pub struct Keys {
    personal: [u8; 32],
    index: [u8; 32],
    token: [u8; 32],
    audit: [u8; 32],
    files: [u8; 32],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(***)")
    }
}

impl Keys {
    /// Derives all keys from the master key.
    pub fn derive(master: &[u8; 32]) -> Keys {
        let hkdf = Hkdf::<Sha256>::new(None, master);
        let key = |name: &str| {
            let mut out = [0; 32];
            hkdf.expand(name.as_bytes(), &mut out)
                .expect("32 bytes are within HKDF's limit");
            out
        };
        Keys {
            personal: key("personal data"),
            index: key("phone index"),
            token: key("tokens"),
            audit: key("audit chain"),
            files: key("sealed files"),
        }
    }

    /// The key of `MAILUO_KEY`, else that of `data_dir/key`, which is made if it is missing.
    pub fn load(data_dir: &Path) -> Result<Keys, String> {
        if let Ok(hex) = std::env::var("MAILUO_KEY") {
            return Self::from_hex(&hex)
                .ok_or_else(|| "MAILUO_KEY must be 64 hexadecimal digits".to_owned());
        }
        let path = data_dir.join("key");
        if !path.exists() {
            let mut master = [0; 32];
            fill_random(&mut master);
            write_private(&path, HEXLOWER.encode(&master).as_bytes())
                .map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        }
        let hex = std::fs::read_to_string(&path)
            .map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        Self::from_hex(hex.trim())
            .ok_or_else(|| format!("{} is not 64 hexadecimal digits", path.display()))
    }

    fn from_hex(hex: &str) -> Option<Keys> {
        let bytes = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?;
        Some(Keys::derive(&bytes.try_into().ok()?))
    }

    /// Encrypts a personal value such as a phone number.
    pub fn seal(&self, plain: &str) -> String {
        seal_with(&self.personal, plain)
    }

    /// Decrypts what [`Keys::seal`] made.
    pub fn open(&self, sealed: &str) -> Option<String> {
        open_with(&self.personal, sealed)
    }

    /// Encrypts the bytes of a file: the random nonce, then the cipher.
    pub fn seal_bytes(&self, plain: &[u8]) -> Vec<u8> {
        seal_bytes_with(&self.files, plain)
    }

    /// Decrypts what [`Keys::seal_bytes`] made.
    pub fn open_bytes(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        open_bytes_with(&self.files, sealed)
    }

    /// The keyed index under which a phone number is found.
    pub fn phone_index(&self, phone: &str) -> String {
        HEXLOWER.encode(&mac(&self.index, &[b"phone", phone.as_bytes()]))
    }

    /// A token that only this server can make from these parts: 128 bits, base64url.
    pub fn derived_token(&self, parts: &[&str]) -> String {
        let bytes: Vec<&[u8]> = parts.iter().map(|p| p.as_bytes()).collect();
        BASE64URL_NOPAD.encode(&mac(&self.token, &bytes)[..16])
    }

    /// Signs a text: `text.signature`.
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        format!("{text}.{}", self.derived_token(&["sign", purpose, text]))
    }

    /// The text of what [`Keys::sign`] made for the same purpose.
    pub fn verify<'a>(&self, purpose: &str, signed: &'a str) -> Option<&'a str> {
        let (text, signature) = signed.rsplit_once('.')?;
        constant_eq(signature, &self.derived_token(&["sign", purpose, text])).then_some(text)
    }

    /// The hash of a one-time code, bound to its purpose and phone.
    pub fn code_hash(&self, purpose: &str, phone_index: &str, code: &str) -> String {
        HEXLOWER.encode(&mac(
            &self.token,
            &[
                b"otp",
                purpose.as_bytes(),
                phone_index.as_bytes(),
                code.as_bytes(),
            ],
        ))
    }

    /// The keyed hash that links an audit row to the one before.
    pub fn audit_mac(&self, parts: &[&str]) -> String {
        let bytes: Vec<&[u8]> = parts.iter().map(|p| p.as_bytes()).collect();
        HEXLOWER.encode(&mac(&self.audit, &bytes))
    }
}

/// HMAC-SHA256 over the parts, each with its length before it.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Encrypts under a key of one's own (XChaCha20-Poly1305, random nonce in front, base64url).
pub fn seal_with(key: &[u8; 32], plain: &str) -> String {
    BASE64URL_NOPAD.encode(&seal_bytes_with(key, plain.as_bytes()))
}

/// Decrypts what [`seal_with`] made under the same key.
pub fn open_with(key: &[u8; 32], sealed: &str) -> Option<String> {
    let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
    String::from_utf8(open_bytes_with(key, &bytes)?).ok()
}

fn seal_bytes_with(key: &[u8; 32], plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; 24];
    fill_random(&mut nonce);
    let mut out = nonce.to_vec();
    out.extend(
        XChaCha20Poly1305::new(Key::from_slice(key))
            .encrypt(XNonce::from_slice(&nonce), plain)
            .expect("encrypting in memory cannot fail"),
    );
    out
}

fn open_bytes_with(key: &[u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, cipher) = sealed.split_at_checked(24)?;
    XChaCha20Poly1305::new(Key::from_slice(key))
        .decrypt(XNonce::from_slice(nonce), cipher)
        .ok()
}

/// `bytes` random bytes as base64url.
pub fn random_token(bytes: usize) -> String {
    let mut out = vec![0; bytes];
    fill_random(&mut out);
    BASE64URL_NOPAD.encode(&out)
}

/// A fresh 32-byte key.
pub fn random_key() -> [u8; 32] {
    let mut out = [0; 32];
    fill_random(&mut out);
    out
}

/// Six random digits.
pub fn random_code() -> String {
    let mut bytes = [0; 8];
    fill_random(&mut bytes);
    format!("{:06}", u64::from_be_bytes(bytes) % 1_000_000)
}

fn fill_random(out: &mut [u8]) {
    getrandom::fill(out).expect("the operating system gives random bytes");
}

/// SHA-256 in hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Compares without telling by the time taken where two texts differ.
pub fn constant_eq(a: &str, b: &str) -> bool {
    a.len() == b.len()
        && a.bytes()
            .zip(b.bytes())
            .fold(0, |acc, (x, y)| acc | (x ^ y))
            == 0
}

/// Writes a new file that its owner alone may read.
#[cfg(unix)]
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?
        .write_all(bytes)
}

/// Writes a new file.
#[cfg(not(unix))]
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::write(path, bytes)
}

/// Makes a folder where there is none; what is made, others on the machine may not look into.
#[cfg(unix)]
pub fn private_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// Makes a folder where there is none.
#[cfg(not(unix))]
pub fn private_folder(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)
}

/// A new time-ordered id (UUIDv7).
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_values_open_only_unchanged() {
        let keys = Keys::derive(&[7; 32]);
        let sealed = keys.seal("13800000000");
        assert_ne!(sealed, keys.seal("13800000000"));
        assert_eq!(keys.open(&sealed).as_deref(), Some("13800000000"));
        let flipped = format!(
            "{}{}",
            if sealed.starts_with('A') { 'B' } else { 'A' },
            &sealed[1..]
        );
        assert_eq!(keys.open(&flipped), None);

        let mut bytes = keys.seal_bytes(b"a file");
        assert_eq!(keys.open_bytes(&bytes).as_deref(), Some(&b"a file"[..]));
        bytes[30] ^= 1;
        assert_eq!(keys.open_bytes(&bytes), None);
        assert_eq!(keys.open_bytes(b"short"), None);
    }

    #[test]
    fn signatures_hold_for_their_purpose_only() {
        let keys = Keys::derive(&[7; 32]);
        let signed = keys.sign("view", "a.b");
        assert_eq!(keys.verify("view", &signed), Some("a.b"));
        assert_eq!(keys.verify("other", &signed), None);
        assert_eq!(keys.verify("view", &signed.replace("a.b", "a.c")), None);
    }
}
