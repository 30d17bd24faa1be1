//! Job: the signature of Standard Webhooks 1.0: HMAC-SHA256 over id, timestamp and body.
//! Takes: a secret as it is written, and a request.
//! Gives: `v1,` and the signature in base64.
//! Never: shows a key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::Revealed;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What stands before a secret that is written in base64.
const PREFIX: &str = "whsec_";

/// A key to sign with.
pub(crate) struct Key(Hmac<Sha256>);

impl Key {
    /// The key that a secret means: the bytes after `whsec_` in base64, else the text itself.
    ///
    /// # Errors
    /// Says what is wrong with the secret, without any of it.
    pub(crate) fn of(secret: &Revealed) -> Result<Self, &'static str> {
        let text = secret.text().map_or(secret.bytes(), |text| text.trim().as_bytes());
        let bytes = match text.strip_prefix(PREFIX.as_bytes()) {
            Some(encoded) => {
                let decoded = STANDARD.decode(encoded);
                Revealed::new(decoded.map_err(|_| "what follows whsec_ is no base64")?)
            }
            None => Revealed::new(text.to_vec()),
        };
        if bytes.bytes().is_empty() {
            return Err("it is empty");
        }
        let keyed = Hmac::<Sha256>::new_from_slice(bytes.bytes());
        keyed.map(Self).map_err(|_| "it cannot be a key")
    }

    /// The signature of a request, as its header has it.
    pub(crate) fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mut hmac = self.0.clone();
        for piece in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            hmac.update(piece);
        }
        format!("v1,{}", STANDARD.encode(hmac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> Result<Key, &'static str> {
        Key::of(&Revealed::new(secret.as_bytes().to_vec()))
    }

    /// The vector that the standard's own libraries are tested with.
    #[test]
    fn the_published_vector_is_signed_as_published() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").ok().unwrap();
        let signed =
            key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_its_own_text_or_base64_after_the_prefix() {
        let plain = key("a text of our own").ok().unwrap();
        let encoded = key("whsec_YSB0ZXh0IG9mIG91ciBvd24=\n").ok().unwrap();
        assert_eq!(plain.sign("a", "1", b"x"), encoded.sign("a", "1", b"x"));
        for wrong in ["whsec_***", "whsec_", "", "  "] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
    }
}
