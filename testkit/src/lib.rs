//! Helpers for tests of the analyser. Development only.

pub mod logs;

use std::sync::Arc;

use analyzer::{
    base::IndexVec,
    callgraph::CallGraph,
    resolve::Program,
    source::{BuildOptions, FileRole, InputFile, SourceSet},
    syntax,
};

/// A program made of texts: (path, Go).
pub fn program(files: &[(&str, &str)]) -> (Program, CallGraph) {
    let inputs = files.iter().map(|(path, text)| InputFile {
        path: (*path).to_owned(),
        text: text.as_bytes().to_vec(),
        role: FileRole::Analysed,
        import_path: None,
    });
    let set = SourceSet::new(inputs.collect(), &BuildOptions::default());
    let facts: IndexVec<_, _> = set.files.iter().map(|file| Arc::new(syntax::lower(file.text.as_bytes()))).collect();
    let program = Program::build(Arc::new(set), facts).value;
    let graph = CallGraph::build(&program);
    (program, graph)
}
