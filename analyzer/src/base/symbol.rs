//! Interned names.
//!
//! One table for the process: names come from every file in parallel and are compared millions of times. The numbers
//! depend on the order of interning, so a `Symbol` has no order of its own: sort by its text.

use std::{
    fmt,
    hash::{BuildHasher, BuildHasherDefault},
    sync::{OnceLock, RwLock},
};

use rustc_hash::{FxHashMap, FxHasher};

/// An interned string: four bytes, equal exactly when the texts are equal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Symbol(u32);

/// The text of a symbol. It lives as long as the process.
pub type SymbolText = &'static str;

/// Number of independently locked parts of the table: enough that two or sixteen threads rarely meet.
const SHARD_BITS: u32 = 5;

#[derive(Default)]
struct Shard {
    ids: FxHashMap<SymbolText, u32>,
    texts: Vec<SymbolText>,
}

fn shards() -> &'static [RwLock<Shard>] {
    static SHARDS: OnceLock<Vec<RwLock<Shard>>> = OnceLock::new();
    SHARDS.get_or_init(|| (0..1 << SHARD_BITS).map(|_| RwLock::default()).collect())
}

impl Symbol {
    /// Interns `text`. The table only grows: names of one run are needed until its end.
    pub fn new(text: &str) -> Self {
        let hash = BuildHasherDefault::<FxHasher>::default().hash_one(text);
        let shard_number = (hash >> (64 - SHARD_BITS)) as u32;
        let shard = &shards()[shard_number as usize];
        let known = |shard: &Shard| shard.ids.get(text).map(|&id| Self(id << SHARD_BITS | shard_number));
        // A poisoned lock only means another thread panicked between two pushes that both always succeed.
        if let Some(symbol) = known(&shard.read().unwrap_or_else(|e| e.into_inner())) {
            return symbol;
        }
        let mut shard = shard.write().unwrap_or_else(|e| e.into_inner());
        if let Some(symbol) = known(&shard) {
            return symbol;
        }
        let id = u32::try_from(shard.texts.len()).unwrap_or(u32::MAX);
        let text: SymbolText = Box::leak(text.to_owned().into_boxed_str());
        shard.texts.push(text);
        shard.ids.insert(text, id);
        Self(id << SHARD_BITS | shard_number)
    }

    /// The text.
    pub fn as_str(self) -> SymbolText {
        let shard = &shards()[(self.0 & ((1 << SHARD_BITS) - 1)) as usize];
        shard.read().unwrap_or_else(|e| e.into_inner()).texts[(self.0 >> SHARD_BITS) as usize]
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
    fn equal_texts_share_a_symbol() {
        assert_eq!(Symbol::new("Close"), Symbol::new("Close"));
        assert_ne!(Symbol::new("Close"), Symbol::new("close"));
        assert_eq!(Symbol::new("Close").as_str(), "Close");
    }
}
