//! Ed25519 keys as PEM files: PKCS#8 (RFC 8410) for the private one, SubjectPublicKeyInfo for the
//! public one, both as OpenSSL reads and writes them.

use crate::error::{RecordError, at};
use certbench_model::sha256_hex;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A private key.
pub struct Key(SigningKey);

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl Key {
    /// A new key from the kernel's random numbers.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn generate() -> Result<Key, RecordError> {
        let path = Path::new("/dev/urandom");
        let mut seed = [0; 32];
        let filled = File::open(path).and_then(|mut f| f.read_exact(&mut seed));
        filled.map_err(at("read", path))?;
        Ok(Key::from_seed(seed))
    }

    /// The key of a seed of 32 bytes (RFC 8032, 5.1.5).
    pub fn from_seed(seed: [u8; 32]) -> Key {
        Key(SigningKey::from_bytes(&seed))
    }

    /// Reads a PKCS#8 PEM file.
    ///
    /// # Errors
    /// [`RecordError::Io`], [`RecordError::Key`].
    pub fn read(path: &Path) -> Result<Key, RecordError> {
        let text = std::fs::read_to_string(path).map_err(at("read", path))?;
        let key = SigningKey::from_pkcs8_pem(&text);
        key.map(Key).map_err(|e| unreadable(path, &e))
    }

    /// Writes a PKCS#8 PEM file that only its owner can read; nothing is ever written over.
    ///
    /// # Errors
    /// [`RecordError::Io`], [`RecordError::Key`].
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        // Version 1, without the public key: OpenSSL 3.0 reads no other.
        let bytes = KeypairBytes {
            secret_key: self.0.to_bytes(),
            public_key: None,
        };
        let pem = bytes.to_pkcs8_pem(LineEnding::LF);
        let pem = pem.map_err(|e| unreadable(path, &e))?;
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        let written = file.and_then(|mut f| f.write_all(pem.as_bytes()).and(f.sync_all()));
        written.map_err(at("write", path))
    }

    /// The public key that belongs to it.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo PEM file.
    ///
    /// # Errors
    /// [`RecordError::Io`], [`RecordError::Key`].
    pub fn read(path: &Path) -> Result<PublicKey, RecordError> {
        let text = std::fs::read_to_string(path).map_err(at("read", path))?;
        let key = VerifyingKey::from_public_key_pem(&text);
        key.map(PublicKey).map_err(|e| unreadable(path, &e))
    }

    /// As SubjectPublicKeyInfo PEM.
    ///
    /// # Errors
    /// [`RecordError::Key`].
    pub fn pem(&self) -> Result<String, RecordError> {
        let pem = self.0.to_public_key_pem(LineEnding::LF);
        pem.map_err(|e| unreadable(Path::new("public key"), &e))
    }

    /// SHA-256 of its 32 bytes: what an envelope names it by. A hint, never a proof.
    pub fn id(&self) -> String {
        sha256_hex(self.0.as_bytes())
    }

    /// Its 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether `signature` is this key's over `message`; malleable ones are refused.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|s| self.0.verify_strict(message, &s).is_ok())
    }
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> RecordError {
    RecordError::Key(format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_key_of_a_known_seed() {
        // RFC 8032's algorithm over the seed 00 01 … 1f, computed elsewhere.
        let seed = std::array::from_fn(|i| i as u8);
        let public = Key::from_seed(seed).public();
        assert_eq!(
            certbench_model::identity::lower_hex(public.bytes()),
            "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
        );
    }

    #[test]
    fn rfc_8032_test_1_signs_the_empty_message() {
        let hex = |text: &str| -> Vec<u8> {
            let pairs = text.as_bytes().chunks(2);
            let pair = |p: &[u8]| u8::from_str_radix(std::str::from_utf8(p).unwrap(), 16).unwrap();
            pairs.map(pair).collect()
        };
        let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let key = Key::from_seed(seed.try_into().unwrap());
        let signature = hex(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        );
        assert_eq!(key.sign(b"").to_vec(), signature);
        assert!(key.public().signed(b"", &signature));
        assert!(!key.public().signed(b"x", &signature));
    }
}
