//! Interned names.
//!
//! One table for the process: names come from every file in parallel and are compared millions of times. The numbers
//! depend on the order of interning, so a `Symbol` has no order of its own: sort by its text.

use std::{
    fmt,
    hash::{BuildHasher, BuildHasherDefault},
    num::NonZeroU32,
    sync::{OnceLock, RwLock},
};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// An interned string: four bytes, also as an `Option`; equal exactly when the texts are equal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Symbol(NonZeroU32);

/// The text of a symbol. It lives as long as the process.
pub type SymbolText = &'static str;

/// Number of independently locked parts of the table: enough that two or sixteen threads rarely meet.
const SHARD_BITS: u32 = 5;

/// Rows of the first chunk of [`Texts`], as a power of two.
const FIRST_CHUNK_BITS: u32 = 6;
const CHUNKS: usize = (u32::BITS - FIRST_CHUNK_BITS) as usize;

/// Texts by number, in chunks that never move, each twice as long as the one before: a text is found without a lock.
#[derive(Default)]
struct Texts([OnceLock<Box<[OnceLock<SymbolText>]>>; CHUNKS]);

impl Texts {
    /// Chunk and row of a number.
    fn place(id: u32) -> (usize, usize) {
        let at = u64::from(id) + (1 << FIRST_CHUNK_BITS);
        let bits = at.ilog2();
        ((bits - FIRST_CHUNK_BITS) as usize, (at - (1 << bits)) as usize)
    }

    fn get(&self, id: u32) -> SymbolText {
        let (chunk, row) = Self::place(id);
        self.0[chunk].get().and_then(|rows| rows[row].get()).copied().unwrap_or_default()
    }

    fn set(&self, id: u32, text: SymbolText) {
        let (chunk, row) = Self::place(id);
        let rows = self.0[chunk].get_or_init(|| {
            let length = 1_usize << (chunk as u32 + FIRST_CHUNK_BITS);
            (0..length).map(|_| OnceLock::new()).collect()
        });
        // A number is given once.
        let _ = rows[row].set(text);
    }
}

#[derive(Default)]
struct Shard {
    /// Numbers of texts, found by what they stand for.
    ids: RwLock<HashTable<u32>>,
    texts: Texts,
}

fn hash_of(text: &str) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(text)
}

fn shards() -> &'static [Shard] {
    static SHARDS: OnceLock<Vec<Shard>> = OnceLock::new();
    SHARDS.get_or_init(|| (0..1 << SHARD_BITS).map(|_| Shard::default()).collect())
}

impl Symbol {
    /// Interns `text`. The table only grows: names of one run are needed until its end.
    pub fn new(text: &str) -> Self {
        let hash = hash_of(text);
        // Bits that a table does not look at: it takes the first and the last.
        let shard_number = (hash >> 40) as u32 & ((1 << SHARD_BITS) - 1);
        let shard = &shards()[shard_number as usize];
        let symbol = |id: u32| Self(NonZeroU32::MIN.saturating_add(id << SHARD_BITS | shard_number));
        // A poisoned lock only means another thread panicked between two steps that both always succeed.
        let same = |id: &u32| shard.texts.get(*id) == text;
        if let Some(&id) = shard.ids.read().unwrap_or_else(|e| e.into_inner()).find(hash, same) {
            return symbol(id);
        }
        let mut ids = shard.ids.write().unwrap_or_else(|e| e.into_inner());
        if let Some(&id) = ids.find(hash, same) {
            return symbol(id);
        }
        let id = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let text: SymbolText = Box::leak(text.to_owned().into_boxed_str());
        shard.texts.set(id, text);
        ids.insert_unique(hash, id, |&id| hash_of(shard.texts.get(id)));
        symbol(id)
    }

    /// The text.
    #[inline]
    pub fn as_str(self) -> SymbolText {
        let number = self.0.get() - 1;
        let shard = &shards()[(number & ((1 << SHARD_BITS) - 1)) as usize];
        shard.texts.get(number >> SHARD_BITS)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<&str> for Symbol {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_many_symbols_are_found_again() {
        let names: Vec<String> = (0..20_000).map(|number| format!("name{number}")).collect();
        let symbols: Vec<Symbol> = names.iter().map(|name| Symbol::new(name)).collect();
        assert!(symbols.iter().zip(&names).all(|(symbol, name)| symbol.as_str() == name));
        assert!(symbols.iter().zip(&names).all(|(symbol, name)| *symbol == Symbol::new(name)));
    }

    #[test]
    fn equal_texts_share_a_symbol() {
        assert_eq!(Symbol::new("Close"), Symbol::new("Close"));
        assert_ne!(Symbol::new("Close"), Symbol::new("close"));
        assert_eq!(Symbol::new("Close").as_str(), "Close");
    }
}
