//! A signed envelope: DSSE 1.0.2 (secure-systems-lab/dsse) with Ed25519.
//!
//! What is signed is never the payload alone but its type with it ([`pae`]); what was verified is
//! the only thing that is used.

use crate::error::RecordError;
use crate::key::{Key, PublicKey};
use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

/// The payload type of in-toto statements.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// A payload with its signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// The payload, base64.
    pub payload: String,
    /// Signatures over the pre-authentication encoding of type and payload.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeSignature {
    /// A hint at the key, [`PublicKey::id`].
    #[serde(default)]
    pub keyid: String,
    /// The signature, base64.
    pub sig: String,
}

/// Pre-authentication encoding: `DSSEv1 <length> <type> <length> <body>`.
pub fn pae(payload_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        body.len()
    );
    [head.as_bytes(), body].concat()
}

impl Envelope {
    /// Signs `body`.
    pub fn sign(payload_type: &str, body: &[u8], key: &Key) -> Envelope {
        let signature = key.sign(&pae(payload_type, body));
        Envelope {
            payload_type: payload_type.to_string(),
            payload: Base64::encode_string(body),
            signatures: vec![EnvelopeSignature {
                keyid: key.public().id(),
                sig: Base64::encode_string(&signature),
            }],
        }
    }

    /// The payload, if `key` signed it.
    ///
    /// # Errors
    /// [`RecordError::Signature`] says what does not hold.
    pub fn verify(&self, key: &PublicKey) -> Result<Vec<u8>, RecordError> {
        let wrong = |why: &str| RecordError::Signature(why.to_string());
        let body =
            Base64::decode_vec(&self.payload).map_err(|_| wrong("its payload is no base64"))?;
        let message = pae(&self.payload_type, &body);
        let by_key = |s: &EnvelopeSignature| {
            Base64::decode_vec(&s.sig).is_ok_and(|sig| key.signed(&message, &sig))
        };
        if self.signatures.iter().any(by_key) {
            return Ok(body);
        }
        Err(wrong(
            match self.signatures.iter().any(|s| s.keyid == key.id()) {
                true => "the signature does not fit what was signed",
                false => "it is not signed by this key",
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        // The example of the DSSE protocol, version 1.0.
        let encoded = pae("http://example.com/HelloWorld", b"hello world");
        assert_eq!(
            encoded,
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
    }

    #[test]
    fn nothing_of_an_envelope_can_be_changed() {
        let key = Key::from_seed([7; 32]);
        let envelope = Envelope::sign(IN_TOTO, b"{\"a\":1}", &key);
        assert_eq!(envelope.verify(&key.public()).unwrap(), b"{\"a\":1}");
        let mut other = envelope.clone();
        other.payload = Base64::encode_string(b"{\"a\":2}");
        assert!(other.verify(&key.public()).is_err());
        let mut other = envelope.clone();
        other.payload_type = "application/json".to_string();
        assert!(other.verify(&key.public()).is_err());
        let mut other = envelope.clone();
        other.signatures.clear();
        assert!(other.verify(&key.public()).is_err());
        assert!(envelope.verify(&Key::from_seed([8; 32]).public()).is_err());
    }
}
