//! Names of one thread, so that most identifiers are interned without a lock.

use std::{borrow::Cow, sync::OnceLock};

use rustc_hash::FxHashMap;

use crate::base::Symbol;

/// Symbols already seen by this thread.
#[derive(Default)]
pub(super) struct Names {
    seen: FxHashMap<&'static [u8], Symbol>,
}

impl Names {
    pub(super) fn symbol(&mut self, text: &[u8]) -> Symbol {
        if let Some(&symbol) = self.seen.get(text) {
            return symbol;
        }
        let symbol = match String::from_utf8_lossy(text) {
            Cow::Borrowed(text) => Symbol::new(text),
            // Not cached: the text it would be found by again is not the symbol's.
            Cow::Owned(text) => return Symbol::new(&text),
        };
        self.seen.insert(symbol.as_str().as_bytes(), symbol);
        symbol
    }
}

/// Names the language itself gives a meaning.
pub(super) struct Known {
    pub(super) blank: Symbol,
    pub(super) nil: Symbol,
    pub(super) r#true: Symbol,
    pub(super) r#false: Symbol,
    pub(super) iota: Symbol,
    pub(super) panic: Symbol,
    pub(super) new: Symbol,
    pub(super) make: Symbol,
    pub(super) init: Symbol,
    pub(super) c: Symbol,
}

impl Known {
    pub(super) fn get() -> &'static Self {
        static KNOWN: OnceLock<Known> = OnceLock::new();
        KNOWN.get_or_init(|| Self {
            blank: Symbol::new("_"),
            nil: Symbol::new("nil"),
            r#true: Symbol::new("true"),
            r#false: Symbol::new("false"),
            iota: Symbol::new("iota"),
            panic: Symbol::new("panic"),
            new: Symbol::new("new"),
            make: Symbol::new("make"),
            init: Symbol::new("init"),
            c: Symbol::new("C"),
        })
    }
}
