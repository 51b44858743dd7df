//! Lexical scopes of one function body and of the functions around it.

use rustc_hash::FxHashMap;

use super::{LocalId, TypeDeclId, TypeParamOwner};
use crate::base::Symbol;

/// What a name stands for inside a function.
#[derive(Clone, Copy, Debug)]
pub(super) enum Binding {
    Local(LocalId),
    Type(TypeDeclId),
    TypeParam { owner: TypeParamOwner, index: u32 },
}

struct Entry {
    name: Symbol,
    binding: Binding,
    /// Number of scopes open when the name was declared.
    level: u32,
    /// The entry of the same name this one hides.
    shadowed: Option<u32>,
}

/// A stack of scopes. A name is found in constant time however many are open.
#[derive(Default)]
pub(super) struct Scopes {
    entries: Vec<Entry>,
    visible: FxHashMap<Symbol, u32>,
    /// Number of entries when each open scope began.
    starts: Vec<usize>,
}

impl Scopes {
    pub(super) fn open(&mut self) {
        self.starts.push(self.entries.len());
    }

    /// Ends the innermost scope; what its names hid is visible again.
    pub(super) fn close(&mut self) {
        let start = self.starts.pop().unwrap_or(0);
        for entry in self.entries.drain(start..).rev() {
            match entry.shadowed {
                Some(older) => self.visible.insert(entry.name, older),
                None => self.visible.remove(&entry.name),
            };
        }
    }

    /// Declares `name` in the innermost scope.
    pub(super) fn declare(&mut self, name: Symbol, binding: Binding) {
        let index = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let shadowed = self.visible.insert(name, index);
        self.entries.push(Entry { name, binding, level: self.level(), shadowed });
    }

    /// What `name` stands for, or `None` when no enclosing function declares it.
    pub(super) fn find(&self, name: Symbol) -> Option<Binding> {
        if self.entries.is_empty() {
            return None;
        }
        self.visible.get(&name).map(|&index| self.entries[index as usize].binding)
    }

    /// What `name` stands for if the innermost scope itself declares it.
    pub(super) fn find_innermost(&self, name: Symbol) -> Option<Binding> {
        let entry = &self.entries[*self.visible.get(&name)? as usize];
        (entry.level == self.level()).then_some(entry.binding)
    }

    fn level(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }
}
