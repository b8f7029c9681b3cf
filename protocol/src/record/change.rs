//! Changes: what a person did to a record. Bounded canonical CBOR with deps and puts of scalars at distinct keys of one
//! flat map; there are no deletes, emptying a field puts null (design 4).

use minicbor::{Decode, Encode};
use std::fmt;

use crate::codec::{self, CodecError, cbor_bytes, hex};
use crate::id::{ChangeId, Hash};
use crate::keys::PublicKey;
use crate::log::Origin;

/// Bounds of protocol version 1.
pub mod limits {
    /// Longest change payload, in bytes.
    pub const CHANGE_MAX: usize = 128 * 1024;
    /// Most puts in one change.
    pub const PUTS_MAX: usize = 256;
    /// Longest value, in bytes; longer text is an attachment.
    pub const VALUE_MAX: usize = 16 * 1024;
    /// Longest key, in bytes.
    pub const KEY_MAX: usize = 128;
    /// Most changes that one change may name as seen.
    pub const DEPS_MAX: usize = 64;
    /// Most changes of one record in one log; later ones do not count. A graph of `n` changes takes about n²/16 bytes, so
    /// one log costs at most 1 MiB.
    pub const LOG_CHANGES_MAX: usize = 4096;
    /// Random bytes of a change in the clear.
    pub const SALT: usize = 16;
    /// Random bytes of a sealed change.
    pub const SEALED_SALT: usize = 32;
}

/// A scalar.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// The field is empty.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number, or a decimal scaled by its field's definition.
    Int(i64),
    /// Text, an option's id, a date, an instant or a record's id, as the field's definition says.
    Text(String),
    /// Canonical CBOR that is always written whole, or a hash.
    Bytes(Vec<u8>),
}

impl Value {
    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    fn len(&self) -> usize {
        match self {
            Value::Null | Value::Bool(_) | Value::Int(_) => 9,
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => s.serialize_none(),
            Value::Bool(value) => s.serialize_bool(*value),
            Value::Int(value) => s.serialize_i64(*value),
            Value::Text(value) => s.serialize_str(value),
            Value::Bytes(value) => s.serialize_str(&hex(value)),
        }
    }
}

impl<C> Encode<C> for Value {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        match self {
            Value::Null => e.null()?,
            Value::Bool(value) => e.bool(*value)?,
            Value::Int(value) => e.i64(*value)?,
            Value::Text(value) => e.str(value)?,
            Value::Bytes(value) => e.bytes(value)?,
        };
        Ok(())
    }
}
impl<'b, C> Decode<'b, C> for Value {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        use minicbor::data::Type;
        match d.datatype()? {
            Type::Null => d.null().map(|()| Value::Null),
            Type::Bool => d.bool().map(Value::Bool),
            Type::String => d.str().map(|text| Value::Text(text.to_owned())),
            Type::Bytes => d.bytes().map(|bytes| Value::Bytes(bytes.to_vec())),
            _ => d.i64().map(Value::Int),
        }
    }
}

/// One operation of a change. The key `f:name` is a field; the key `e:` is an event, whose full key is derived from the
/// change's own hash, so that it cannot be guessed, reused or overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Put {
    /// `f:` and a field's key, or `e:` alone.
    #[n(0)]
    pub key: String,
    /// The value; for an event the canonical bytes of its body.
    #[n(1)]
    pub value: Value,
}

impl Put {
    /// The key of events.
    pub const EVENT: &'static str = "e:";

    /// Puts a field.
    pub fn field(name: &str, value: Value) -> Self {
        Put {
            key: format!("f:{name}"),
            value,
        }
    }

    /// Adds an event.
    pub fn event(event: &super::Event) -> Self {
        Put {
            key: Self::EVENT.to_owned(),
            value: Value::Bytes(event.to_bytes()),
        }
    }

    /// The field's key without `f:`.
    pub fn field_name(&self) -> Option<&str> {
        self.key.strip_prefix("f:")
    }

    /// Whether this is an event.
    pub fn is_event(&self) -> bool {
        self.key == Self::EVENT
    }
}

/// The payload of a change.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Change {
    /// 16 random bytes (32 in an annex): nobody guesses a payload from its hash.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub salt: Vec<u8>,
    /// The changes of this record that the author had seen and that no other of them covers, sorted.
    #[n(2)]
    pub deps: Vec<ChangeId>,
    /// Hash of the ledger definition that the author wrote by.
    #[n(3)]
    pub definition: Hash,
    /// The operations, in order.
    #[n(4)]
    pub puts: Vec<Put>,
}

/// Why a payload is no change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Not canonical.
    #[error("change: {0}")]
    Codec(#[from] CodecError),
    /// The salt is not of the length that the kind of payload has: 16 bytes in the clear, 32 sealed.
    #[error("the salt has {0} bytes; a change in the clear has 16, a sealed one 32")]
    Salt(usize),
    /// Not sorted, or too many.
    #[error("deps are at most {max} different hashes, sorted", max = limits::DEPS_MAX)]
    Deps,
    /// None or too many.
    #[error("a change has 1 to {max} puts", max = limits::PUTS_MAX)]
    Puts,
    /// Neither `e:` nor `f:` with a name.
    #[error("key {0:?} is neither an event nor a field's key")]
    Key(String),
    /// Two puts of one key.
    #[error("key {0:?} is put twice")]
    Twice(String),
    /// Too long.
    #[error("value of {key:?} is {len} bytes; at most {max} are allowed", max = limits::VALUE_MAX)]
    Value {
        /// Key.
        key: String,
        /// Bytes of the value.
        len: usize,
    },
    /// The body of an event.
    #[error("event {position}: {error}")]
    Event {
        /// Position among the puts.
        position: usize,
        /// What is wrong.
        error: super::EventError,
    },
}

impl Change {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Whether it writes part of what its record says: a field, or an event that is no signature over what others wrote.
    pub fn is_content(&self) -> bool {
        self.puts.iter().any(|put| match &put.value {
            Value::Bytes(body) if put.is_event() => {
                super::Event::parse(body).is_ok_and(|event| event.kind().is_content())
            }
            _ => true,
        })
    }

    /// Reads a change in the clear and checks every bound.
    pub fn parse(bytes: &[u8]) -> Result<Self, ChangeError> {
        Self::parse_salted(bytes, limits::SALT)
    }

    /// Reads a change that was sealed, as it stands inside; see [`super::open_sealed`].
    pub(super) fn parse_sealed(bytes: &[u8]) -> Result<Self, ChangeError> {
        Self::parse_salted(bytes, limits::SEALED_SALT)
    }

    fn parse_salted(bytes: &[u8], salt: usize) -> Result<Self, ChangeError> {
        let change: Change = codec::decode(bytes, limits::CHANGE_MAX)?;
        change.check()?;
        if change.salt.len() != salt {
            return Err(ChangeError::Salt(change.salt.len()));
        }
        Ok(change)
    }

    /// Checks every bound; of the salt, that it fits a change in the clear or a sealed one. What is written here passes it
    /// before it is signed.
    pub fn check(&self) -> Result<(), ChangeError> {
        if ![limits::SALT, limits::SEALED_SALT].contains(&self.salt.len()) {
            return Err(ChangeError::Salt(self.salt.len()));
        }
        if self.deps.len() > limits::DEPS_MAX || !self.deps.is_sorted_by(|a, b| a < b) {
            return Err(ChangeError::Deps);
        }
        if self.puts.is_empty() || self.puts.len() > limits::PUTS_MAX {
            return Err(ChangeError::Puts);
        }
        let mut fields: Vec<&str> = Vec::with_capacity(self.puts.len());
        for (position, put) in self.puts.iter().enumerate() {
            if put.value.len() > limits::VALUE_MAX {
                return Err(ChangeError::Value {
                    key: put.key.clone(),
                    len: put.value.len(),
                });
            }
            if put.is_event() {
                let body = match &put.value {
                    Value::Bytes(body) => body,
                    _ => return Err(ChangeError::Key(put.key.clone())),
                };
                super::Event::parse(body).map_err(|error| ChangeError::Event { position, error })?;
            } else {
                check_key(put)?;
                fields.push(&put.key);
            }
        }
        fields.sort_unstable();
        match fields.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(ChangeError::Twice(pair[0].to_owned())),
            None => Ok(()),
        }
    }
}

/// A field's key: segments of lowercase letters, digits, `_` and `-`, joined by `/`.
fn check_key(put: &Put) -> Result<(), ChangeError> {
    let bad = || ChangeError::Key(put.key.chars().take(limits::KEY_MAX).collect());
    match is_field_key(&put.key) {
        true => Ok(()),
        false => Err(bad()),
    }
}

/// Whether a key is that of a field, as a put carries it.
pub(super) fn is_field_key(key: &str) -> bool {
    let segment = |s: &str| {
        !s.is_empty()
            && s.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
    };
    key.len() <= limits::KEY_MAX
        && key
            .strip_prefix("f:")
            .is_some_and(|name| name.split('/').all(segment))
}

/// Who counts operations: 16 bytes of the hash of log origin and author key (design 4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor(pub [u8; 16]);
cbor_bytes!(Actor, 16);

impl Actor {
    /// The actor of `author` in log `origin`.
    pub fn of(origin: &Origin, author: &PublicKey) -> Self {
        let digest = Hash::of(
            "lianzhan/actor/v1",
            &[origin.as_str().as_bytes(), &[0], author.ed25519_bytes()],
        );
        let mut actor = [0; 16];
        actor.copy_from_slice(&digest.0[..16]);
        Actor(actor)
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// The id of an operation. Total, and extends causal order: the counter is one more than the greatest in the causal past
/// over all verified changes, whatever their verdict (design 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct OpId {
    /// From 1.
    #[n(0)]
    pub counter: u64,
    /// Who.
    #[n(1)]
    pub actor: Actor,
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{:?}", self.counter, self.actor)
    }
}

impl serde::Serialize for OpId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn change(puts: Vec<Put>) -> Change {
        Change {
            salt: vec![1; 16],
            deps: vec![],
            definition: Hash([0; 32]),
            puts,
        }
    }

    #[test]
    fn bounds_hold_before_anything_is_believed() {
        let ok = change(vec![Put::field("gist", "路灯坏了".into())]);
        assert_eq!(Change::parse(&ok.to_bytes()), Ok(ok.clone()));
        let twice = change(vec![
            Put::field("gist", Value::Null),
            Put::field("gist", Value::Null),
        ]);
        assert_eq!(
            Change::parse(&twice.to_bytes()),
            Err(ChangeError::Twice("f:gist".into()))
        );
        for key in ["gist", "f:", "f:a//b", "f:Gist", "e:1", "f:../x"] {
            let bad = change(vec![Put {
                key: key.into(),
                value: Value::Null,
            }]);
            assert!(
                matches!(Change::parse(&bad.to_bytes()), Err(ChangeError::Key(_))),
                "{key}"
            );
        }
        let long = change(vec![Put::field(
            "gist",
            Value::Text("x".repeat(limits::VALUE_MAX + 1)),
        )]);
        assert!(matches!(
            Change::parse(&long.to_bytes()),
            Err(ChangeError::Value { .. })
        ));
        let many = change(
            (0..300)
                .map(|n| Put::field(&format!("f{n}"), Value::Null))
                .collect(),
        );
        assert_eq!(Change::parse(&many.to_bytes()), Err(ChangeError::Puts));
        let unsorted = Change {
            deps: vec![ChangeId([2; 32]), ChangeId([1; 32])],
            ..change(vec![Put::field("a", Value::Null)])
        };
        assert_eq!(Change::parse(&unsorted.to_bytes()), Err(ChangeError::Deps));
    }

    #[test]
    fn a_salt_is_as_long_as_its_payload_is_secret() {
        for (len, plain, sealed) in [
            (16, true, false),
            (32, false, true),
            (0, false, false),
            (17, false, false),
        ] {
            let change = Change {
                salt: vec![1; len],
                ..change(vec![Put::field("a", Value::Null)])
            };
            let bytes = change.to_bytes();
            assert_eq!(Change::parse(&bytes).is_ok(), plain, "{len} in the clear");
            assert_eq!(Change::parse_sealed(&bytes).is_ok(), sealed, "{len} sealed");
            assert_eq!(change.check().is_ok(), plain || sealed, "{len}");
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            // dcbor asks for Unicode NFC beyond RFC 8949, so the text is such that has no other form.
            "[ -~一-龥]{0,20}".prop_map(Value::Text),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(all in proptest::collection::btree_map("[a-z]{1,8}", values(), 1..10)) {
            let change = change(all.into_iter().map(|(name, value)| Put::field(&name, value)).collect());
            let bytes = change.to_bytes();
            prop_assert_eq!(Change::parse(&bytes), Ok(change));
            prop_assert!(dcbor::CBOR::try_from_data(&bytes).is_ok(), "RFC 8949 4.2 by another implementation");
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Change::parse(&bytes);
        }
    }
}
