//! Which program this is. Plans are understood for certain only by the very program that made them.

use ring::digest::{Context, SHA256};
use std::{io::Read, path::Path, sync::OnceLock};

/// The running program's; see [`identity_of`].
pub fn identity() -> std::io::Result<&'static str> {
    static KNOWN: OnceLock<String> = OnceLock::new();
    match KNOWN.get() {
        Some(known) => Ok(known),
        None => identity_of(&std::env::current_exe()?).map(|own| KNOWN.get_or_init(|| own).as_str()),
    }
}

/// The version, and what the file of the program hashes to.
pub fn identity_of(program: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(program)?;
    let (mut hash, mut part) = (Context::new(&SHA256), vec![0; 1 << 20]);
    loop {
        match file.read(&mut part)? {
            0 => break,
            read => hash.update(&part[..read]),
        }
    }
    let hash: String = hash.finish().as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{}+{hash}", env!("CARGO_PKG_VERSION")))
}
