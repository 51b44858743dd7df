//! The table of types: equal types have equal ids, and any thread may add to it.
//!
//! Rows never move, so a type is handed out by reference while other threads add further ones: the rows stand in
//! chunks of doubling size, each made once.

use std::{
    hash::{BuildHasher, BuildHasherDefault},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use super::model::{Basic, Reason, Type, TypeId};
use crate::base::Idx;

/// Rows of the first chunk, as a power of two.
const FIRST_CHUNK_BITS: u32 = 10;
/// Chunks: with doubling sizes enough for all `u32` ids.
const CHUNKS: usize = 33 - FIRST_CHUNK_BITS as usize;
/// Number of independently locked parts of the index.
const SHARD_BITS: u32 = 5;

/// All basic types, in the order of their ids.
const BASICS: [Basic; 23] = [
    Basic::Bool,
    Basic::String,
    Basic::Int,
    Basic::Int8,
    Basic::Int16,
    Basic::Int32,
    Basic::Int64,
    Basic::Uint,
    Basic::Uint8,
    Basic::Uint16,
    Basic::Uint32,
    Basic::Uint64,
    Basic::Uintptr,
    Basic::Float32,
    Basic::Float64,
    Basic::Complex64,
    Basic::Complex128,
    Basic::UnsafePointer,
    Basic::UntypedBool,
    Basic::UntypedInt,
    Basic::UntypedRune,
    Basic::UntypedFloat,
    Basic::UntypedString,
];

type Chunk = Box<[OnceLock<Type>]>;

/// The interner of types.
pub(super) struct Types {
    chunks: [OnceLock<Chunk>; CHUNKS],
    len: AtomicU32,
    shards: Vec<Mutex<HashTable<TypeId>>>,
}

fn hash_of(ty: &Type) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(ty)
}

/// Chunk and row inside it of a type's number.
fn position(id: TypeId) -> (usize, usize) {
    let shifted = id.index() + (1 << FIRST_CHUNK_BITS);
    let chunk = shifted.ilog2() - FIRST_CHUNK_BITS;
    (chunk as usize, shifted - (1 << (chunk + FIRST_CHUNK_BITS)))
}

impl Types {
    /// A table with the basic types in it.
    pub(super) fn new() -> Self {
        let types = Self {
            chunks: [const { OnceLock::new() }; CHUNKS],
            len: AtomicU32::new(0),
            shards: (0..1 << SHARD_BITS).map(|_| Mutex::default()).collect(),
        };
        types.intern(Type::Nil);
        for basic in BASICS {
            types.intern(Type::Basic(basic));
        }
        types
    }

    /// The id of a type.
    pub(super) fn intern(&self, ty: Type) -> TypeId {
        let hash = hash_of(&ty);
        let shard = &self.shards[(hash >> (64 - SHARD_BITS)) as usize];
        // A poisoned lock only means that another thread panicked while it hashed or compared types.
        let mut shard = shard.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(&id) = shard.find(hash, |&id| *self.get(id) == ty) {
            return id;
        }
        let id = TypeId::new(self.len.fetch_add(1, Ordering::Relaxed) as usize);
        let (chunk, row) = position(id);
        let rows = self.chunks[chunk]
            .get_or_init(|| (0..1usize << (chunk as u32 + FIRST_CHUNK_BITS)).map(|_| OnceLock::new()).collect());
        let _ = rows[row].set(ty);
        shard.insert_unique(hash, id, |&id| hash_of(self.get(id)));
        id
    }

    /// The type of an id of this table.
    #[inline]
    pub(super) fn get(&self, id: TypeId) -> &Type {
        let (chunk, row) = position(id);
        static FOREIGN: Type = Type::Unknown(Reason::Budget);
        self.chunks.get(chunk).and_then(OnceLock::get).and_then(|rows| rows[row].get()).unwrap_or(&FOREIGN)
    }

    /// A basic type.
    pub(super) fn basic(&self, basic: Basic) -> TypeId {
        TypeId::new(1 + basic as usize)
    }

    /// The type of `nil`.
    pub(super) fn nil(&self) -> TypeId {
        TypeId::new(0)
    }

    /// A type that is not known.
    pub(super) fn unknown(&self, reason: Reason) -> TypeId {
        self.intern(Type::Unknown(reason))
    }

    /// `*T`.
    pub(super) fn pointer(&self, to: TypeId) -> TypeId {
        self.intern(Type::Pointer(to))
    }

    /// Number of types.
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_types_share_an_id_across_threads() {
        let types = Types::new();
        let int = types.basic(Basic::Int);
        assert_eq!(types.get(int), &Type::Basic(Basic::Int));
        let nest = || {
            let mut ids = vec![int];
            for _ in 0..5000 {
                ids.push(types.pointer(ids[ids.len() - 1]));
            }
            ids
        };
        let (a, b) = std::thread::scope(|s| {
            let (a, b) = (s.spawn(nest), s.spawn(nest));
            (a.join().ok(), b.join().ok())
        });
        assert_eq!(a, b);
        assert_eq!(types.len(), 5000 + 24);
    }
}
