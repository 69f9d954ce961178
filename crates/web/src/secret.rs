//! Secrets: made from the system's randomness, kept only as SHA-256.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use engine::{Error, Result};
use rand::{TryRng, rngs::SysRng};
use sha2::{Digest, Sha256};

/// 256 random bits as text for a cookie or a header.
pub fn new_token() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0u8; N];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Error::Unavailable(format!("no randomness: {error}")))?;
    Ok(bytes)
}

/// What the database keeps of a token: tokens are random, so a plain hash is enough.
pub fn digest(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}
