//! Job: the insides of lists, tables and names with a value, for serde.
//! Takes: what a `Reader` met.
//! Gives: elements and entries, without those that were found wrong, with those that are missing.
//! Never: judges a value; the reader does.

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess};
use serde::de::{VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::fault::Fault;
use super::reader::{Reader, Trail};
use super::{Table, Written};
use crate::Place;

/// The elements of a list.
pub(super) struct Elements<'de, 't> {
    list: Reader<'de, 't>,
    left: std::iter::Enumerate<std::slice::Iter<'de, Written>>,
}

impl<'de, 't> Elements<'de, 't> {
    pub(super) fn new(list: Reader<'de, 't>, elements: &'de [Written]) -> Self {
        Self { list, left: elements.iter().enumerate() }
    }
}

impl<'de> SeqAccess<'de> for Elements<'de, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let state = self.list.state;
        for (index, written) in self.left.by_ref() {
            let trail = Trail::Index(self.list.trail, index);
            if !state.skips(&trail) {
                let read = seed.deserialize(Reader::new(written, &trail, state));
                return read.map(Some).map_err(|fault| fault.located(&trail, written));
            }
        }
        Ok(None)
    }
}

/// The entries of a table.
pub(super) struct Entries<'de, 't> {
    table: Reader<'de, 't>,
    left: std::slice::Iter<'de, (String, Option<Place>, Written)>,
    /// The keys a struct knows; a map takes any.
    known: Option<&'static [&'static str]>,
    /// Missing keys that are invented, so that what else is missing is found in the same reading.
    invented: Vec<&'static str>,
    next: Option<Next<'de>>,
}

enum Next<'de> {
    Written(&'de str, &'de Written),
    Invented,
}

impl<'de, 't> Entries<'de, 't> {
    pub(super) fn new(
        table: Reader<'de, 't>,
        entries: &'de Table,
        known: Option<&'static [&'static str]>,
    ) -> Self {
        let invented = table.state.invents(table.trail);
        Self { table, left: entries.entries.iter(), known, invented, next: None }
    }

    fn takes(&self, key: &str) -> bool {
        let known = self.known.is_none_or(|known| known.contains(&key));
        known && !self.table.state.skips(&Trail::Key(self.table.trail, key))
    }
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        while let Some((key, place, written)) = self.left.next() {
            if self.takes(key) {
                self.next = Some(Next::Written(key, written));
                let trail = Trail::Key(self.table.trail, key);
                let read = seed.deserialize(Word(key));
                return read.map(Some).map_err(|f| f.located_at(&trail, place.as_ref()));
            }
        }
        let Some(name) = self.invented.pop() else { return Ok(None) };
        self.next = Some(Next::Invented);
        seed.deserialize(Word(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        match self.next.take() {
            Some(Next::Written(key, written)) => {
                let trail = Trail::Key(self.table.trail, key);
                let read = seed.deserialize(Reader::new(written, &trail, self.table.state));
                read.map_err(|fault| fault.located(&trail, written))
            }
            _ => {
                let read = seed.deserialize(Invented);
                let Reader { trail, written, .. } = self.table;
                read.map_err(|_| Fault::invented().located(trail, written))
            }
        }
    }
}

/// A key as a value: text, or the name of a variant.
struct Word<'de>(&'de str);

impl<'de> Deserializer<'de> for Word<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.0))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The value of a missing key: as little as its type allows. It never leaves `read`.
struct Invented;

impl<'de> Deserializer<'de> for Invented {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str("")
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_bool(false)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_u64(1)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_u32(1)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(serde::de::value::SeqDeserializer::<_, Fault>::new(std::iter::empty::<
            &str,
        >()))
    }

    /// The first known name; one that takes no text fails, and nothing more is found there.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let first = known.first().copied().unwrap_or_default();
        let entry =
            serde::de::value::MapDeserializer::<_, Fault>::new(std::iter::once((first, "")));
        visitor.visit_enum(MapAccessDeserializer::new(entry))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

/// A name with a value, as `{ env = "TOKEN" }` is.
pub(super) struct Variant<'de, 't> {
    around: Reader<'de, 't>,
    key: &'de str,
    place: Option<&'de Place>,
    written: &'de Written,
}

impl<'de, 't> Variant<'de, 't> {
    pub(super) fn new(
        around: Reader<'de, 't>,
        key: &'de str,
        place: Option<&'de Place>,
        written: &'de Written,
    ) -> Self {
        Self { around, key, place, written }
    }

    fn read<T>(self, read: impl FnOnce(Reader<'de, '_>) -> Result<T, Fault>) -> Result<T, Fault> {
        let trail = Trail::Key(self.around.trail, self.key);
        let reader = Reader::new(self.written, &trail, self.around.state);
        read(reader).map_err(|fault| fault.located(&trail, self.written))
    }
}

impl<'de> EnumAccess<'de> for Variant<'de, '_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let name = StrDeserializer::<Fault>::new(self.key);
        let read = seed.deserialize(name);
        let read = read.map_err(|fault| fault.located_at(self.around.trail, self.place))?;
        Ok((read, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de, '_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        let expected = format!("`{}` as text, without a value", self.key);
        let found = self.written.value.word();
        self.read(|_| Err(Fault::wrong(&expected, found)))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        self.read(|reader| seed.deserialize(reader))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
        self.read(|reader| reader.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.read(|reader| reader.deserialize_struct("", known, visitor))
    }
}
