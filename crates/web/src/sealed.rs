//! What must be read again although the database may fall into wrong hands (the secrets of second factors) is kept
//! encrypted: XChaCha20-Poly1305 with a key that is not in the database.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use engine::{Error, Result};
use sha2::{Digest, Sha256};
use std::{fs, io::Write, path::Path};

const FILE: &str = "secret.key";
const NONCE_BYTES: usize = 24;
/// A key given as text must not be shorter.
pub const KEY_MINIMUM: usize = 32;

pub(crate) struct Seal(XChaCha20Poly1305);

impl Seal {
    /// With the key that was set, else with the one in the data folder, which is made when it is missing.
    pub fn open(given: Option<&str>, folder: &Path) -> Result<Seal> {
        let key = match given {
            Some(given) => given.to_owned(),
            None => key_in(folder)
                .map_err(|error| Error::Internal(format!("{}: {error}", folder.join(FILE).display())))?,
        };
        Ok(Seal(XChaCha20Poly1305::new(&Sha256::digest(key.as_bytes()))))
    }

    /// `place` says what it is and whose: sealed text that is copied to another place does not open there.
    pub fn close(&self, place: &str, secret: &[u8]) -> Result<String> {
        let nonce = crate::secret::random::<NONCE_BYTES>()?;
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).map_err(|_| wrong("closed"))?;
        Ok(STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    pub fn unseal(&self, place: &str, text: &str) -> Result<Vec<u8>> {
        let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| wrong("read"))?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or_else(|| wrong("read"))?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| wrong("opened"))
    }
}

fn wrong(what: &str) -> Error {
    let remedy = "is it the secret_key (or secret.key of the data folder) it was closed with?";
    Error::Internal(format!("a sealed secret cannot be {what}: {remedy}"))
}

/// Whoever comes first makes the file; it appears whole or not at all.
fn key_in(folder: &Path) -> std::io::Result<String> {
    let path = folder.join(FILE);
    if !path.exists() {
        let key = crate::secret::new_token().map_err(std::io::Error::other)?;
        let own = folder.join(format!("{FILE}.{}", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&own)?;
        file.write_all(key.as_bytes())?;
        file.sync_all()?;
        let linked = fs::hard_link(&own, &path);
        fs::remove_file(&own)?;
        linked.or_else(|error| if path.exists() { Ok(()) } else { Err(error) })?;
    }
    fs::read_to_string(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_with_its_key_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::open(None, folder.path()).unwrap();
        let text = seal.close("factor:1", b"secret").unwrap();
        assert!(!text.contains("secret"));
        assert_ne!(text, seal.close("factor:1", b"secret").unwrap());
        let again = Seal::open(None, folder.path()).unwrap();
        assert_eq!(again.unseal("factor:1", &text).unwrap(), b"secret");
        assert!(again.unseal("factor:2", &text).is_err());
        let other = Seal::open(Some("another key of enough characters"), folder.path()).unwrap();
        assert!(other.unseal("factor:1", &text).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_for_the_programs_user_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        Seal::open(None, folder.path()).unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
