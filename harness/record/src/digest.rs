//! SHA-256 as lower-case hex.

use certbench_model::identity::lower_hex;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// 64 zeros: what the first line of a chain names as the line before.
pub(crate) const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A hash that grows with a file and can be asked at any length.
#[derive(Clone, Default)]
pub(crate) struct Growing(Sha256);

impl Growing {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn hex(&self) -> String {
        lower_hex(&self.0.clone().finalize())
    }
}

/// Size and SHA-256 of a file, read in pieces.
pub(crate) fn of_file(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hash = Growing::default();
    let mut piece = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            return Ok((bytes, hash.hex()));
        }
        hash.update(piece.get(..n).unwrap_or_default());
        bytes += n as u64;
    }
}
