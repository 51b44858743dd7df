//! Symbols of functions, in the form the Go linker and the race detector print them.
//!
//! After `cmd/compile/internal/ir.closureName`: literals are numbered per outermost function (`F.func1`) and below
//! per literal (`F.func1.2`); `init` functions (`p.init.0`) and the literals of package variables (`p.init.func1`)
//! over the whole package. Go numbers the latter in the order of initialisation, see [`super::initorder`].
//!
//! Absent on purpose: `gowrap`, `deferwrap` and `-range` functions, which are no functions of the source, and names
//! that inlining makes (`F.G.func1`); `locate` knows about them.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    declare::Declarations,
    model::{FuncId, PackageId},
};
use crate::{
    base::{Idx, InPieces, IndexVec, Symbol},
    source::{FileId, SourceSet},
    syntax::{FileFacts, FuncIndex, FuncKind},
};

/// Gives every function its symbol and key. Literals of package variables are numbered in source order;
/// [`renumber`] puts that right where initialisation has another.
pub(super) fn name_functions(all: &mut Declarations, sources: &SourceSet, facts: &IndexVec<FileId, Arc<FileFacts>>) {
    let named = all.packages.par_ids().one_by_one().map(|package| names_in(all, sources, facts, package));
    for (id, names) in named.collect::<Vec<_>>().into_iter().flatten() {
        (all.funcs[id].symbol, all.funcs[id].key) = names;
    }
}

/// Symbol and key of the functions of a package.
fn names_in(
    all: &Declarations,
    sources: &SourceSet,
    facts: &IndexVec<FileId, Arc<FileFacts>>,
    package: PackageId,
) -> Vec<(FuncId, (Symbol, Symbol))> {
    let path = all.packages[package].path.as_str();
    let prefix = symbol_prefix(path, all.packages[package].name.as_str());
    let mut inits = 0;
    let mut literals = 0;
    let mut out = Vec::new();
    for file in compile_order(&all.packages[package].files, sources) {
        let first = out.len();
        for (index, function) in facts[file].functions.iter_enumerated() {
            let Some(id) = all.func(file, index) else { continue };
            let (symbol, key) = match &function.kind {
                FuncKind::Decl { name, receiver: Some(receiver), .. } => {
                    // The receiver may be written as an alias; the symbol has the type's own name.
                    let base = all.funcs[id].receiver.map_or(receiver.type_name, |named| all.named[named].name);
                    let symbol = match receiver.pointer {
                        true => format!("{prefix}.(*{base}).{name}"),
                        false => format!("{prefix}.{base}.{name}"),
                    };
                    (symbol, format!("{path}.{base}.{name}"))
                }
                FuncKind::Decl { name, .. } if name.as_str() == "init" => {
                    inits += 1;
                    (format!("{prefix}.init.{}", inits - 1), format!("{path}.init.{}", inits - 1))
                }
                FuncKind::Decl { name, .. } => (format!("{prefix}.{name}"), format!("{path}.{name}")),
                FuncKind::VarInit => (format!("{prefix}.init"), format!("{path}.init")),
                FuncKind::Literal { parent, number } => {
                    let of_variable = matches!(facts[file].functions[*parent].kind, FuncKind::VarInit);
                    literals += u32::from(of_variable);
                    let number = if of_variable { literals } else { *number };
                    // Functions of a file are consecutive, and a literal follows its parent.
                    let Some(&(_, outer)) = out.get(first + parent.index()) else { continue };
                    out.push((id, literal_names(&facts[file], *parent, outer, number)));
                    continue;
                }
            };
            out.push((id, (Symbol::new(&symbol), Symbol::new(&key))));
        }
    }
    out
}

/// Symbol and key of a literal in a function that has its own.
fn literal_names(facts: &FileFacts, parent: FuncIndex, outer: (Symbol, Symbol), number: u32) -> (Symbol, Symbol) {
    let suffix = match facts.functions[parent].kind {
        FuncKind::Literal { .. } => ".",
        FuncKind::Decl { .. } | FuncKind::VarInit => ".func",
    };
    let name = |outer: Symbol| Symbol::new(&format!("{outer}{suffix}{number}"));
    (name(outer.0), name(outer.1))
}

/// Names the literals of a package's variables anew, and all literals inside of them: `numbers` has the literals
/// directly in initialisers.
pub(super) fn renumber(
    all: &mut Declarations,
    facts: &IndexVec<FileId, Arc<FileFacts>>,
    files: &[FileId],
    numbers: &FxHashMap<FuncId, u32>,
) {
    for &file in files {
        // A literal follows its parent.
        for (index, function) in facts[file].functions.iter_enumerated() {
            let (Some(id), &FuncKind::Literal { parent, number, .. }) = (all.func(file, index), &function.kind) else {
                continue;
            };
            let Some(outer) = all.funcs[id].parent.map(|outer| &all.funcs[outer]) else { continue };
            let number = numbers.get(&id).copied().unwrap_or(number);
            let names = literal_names(&facts[file], parent, (outer.symbol, outer.key), number);
            (all.funcs[id].symbol, all.funcs[id].key) = names;
        }
    }
}

/// The files of a package in the order the go command hands them to the compiler: tests last.
pub(super) fn compile_order(files: &[FileId], sources: &SourceSet) -> Vec<FileId> {
    let mut files = files.to_vec();
    files.sort_by_key(|&file| (sources.files[file].test, file));
    files
}

/// The linker's form of an import path: `main` for programs; dots of the last element, quotes, percent signs and
/// anything outside of ASCII are escaped (`cmd/internal/objabi.PathToPrefix`).
fn symbol_prefix(path: &str, name: &str) -> String {
    if name == "main" {
        return name.to_owned();
    }
    let last = path.rfind('/').map_or(0, |at| at + 1);
    let mut prefix = String::with_capacity(path.len());
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'.' if at >= last => prefix.push_str("%2e"),
            b'%' | b'"' | 0x00..=b' ' | 0x7f.. => prefix.push_str(&format!("%{byte:02x}")),
            _ => prefix.push(char::from(byte)),
        }
    }
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_of_the_last_path_element_are_escaped() {
        assert_eq!(symbol_prefix("gopkg.in/yaml.v2", "yaml"), "gopkg.in/yaml%2ev2");
        assert_eq!(symbol_prefix("ex.com/cmd", "main"), "main");
        assert_eq!(symbol_prefix("ex.com/p_test", "p_test"), "ex.com/p_test");
    }
}
