//! `cargo bench`: the stages of a run, one by one, on the Go files of `testdata` or of the folder `OUTLIVE_BENCH_DIR`.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use analyzer::{
    base::IndexVec,
    callgraph::CallGraph,
    lifetime::{Lifetimes, Models, Places},
    resolve::Program,
    source::{BuildOptions, FileRole, InputFile, SourceSet},
    syntax::{FileFacts, Reader, lower_by},
};
use divan::{Bencher, black_box, counter::BytesCount};

fn main() {
    divan::main();
}

fn inputs() -> &'static [InputFile] {
    static INPUTS: OnceLock<Vec<InputFile>> = OnceLock::new();
    INPUTS.get_or_init(|| {
        let folder = std::env::var_os("OUTLIVE_BENCH_DIR")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/modules"), PathBuf::from);
        let mut inputs = Vec::new();
        collect(&folder, &folder, &mut inputs);
        inputs.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(!inputs.is_empty(), "no Go files in {}", folder.display());
        inputs
    })
}

fn collect(folder: &Path, top: &Path, inputs: &mut Vec<InputFile>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, top, inputs);
            continue;
        }
        let wanted = path.extension().is_some_and(|extension| extension == "go") || path.ends_with("go.mod");
        if let (true, Ok(text), Ok(below)) = (wanted, fs::read(&path), path.strip_prefix(top)) {
            let path = below.to_string_lossy().into_owned();
            inputs.push(InputFile { path, text, role: FileRole::Analysed, import_path: None });
        }
    }
}

fn bytes() -> BytesCount {
    BytesCount::new(inputs().iter().map(|input| input.text.len()).sum::<usize>())
}

fn sources() -> SourceSet {
    SourceSet::new(inputs().to_vec(), &BuildOptions { tests: true, ..BuildOptions::default() })
}

fn lowered(sources: &SourceSet, reader: Reader) -> IndexVec<analyzer::source::FileId, Arc<FileFacts>> {
    sources.files.iter().map(|file| Arc::new(lower_by(reader, file.text.as_bytes()).unwrap_or_default())).collect()
}

fn program() -> Program {
    let sources = sources();
    let facts = lowered(&sources, Reader::Both);
    Program::build(Arc::new(sources), facts).value
}

#[divan::bench(args = [Reader::Both, Reader::Grammar], sample_count = 10)]
fn syntax(bencher: Bencher<'_, '_>, reader: Reader) {
    let sources = sources();
    bencher.counter(bytes()).bench_local(|| lowered(black_box(&sources), reader));
}

#[divan::bench(sample_count = 10)]
fn names_and_types(bencher: Bencher<'_, '_>) {
    let made = || {
        let sources = sources();
        let facts = lowered(&sources, Reader::Both);
        (Arc::new(sources), facts)
    };
    bencher.counter(bytes()).with_inputs(made).bench_local_values(|(sources, facts)| Program::build(sources, facts));
}

#[divan::bench(sample_count = 10)]
fn call_graph(bencher: Bencher<'_, '_>) {
    let program = program();
    bencher.counter(bytes()).bench_local(|| CallGraph::build(black_box(&program)));
}

#[divan::bench(sample_count = 10)]
fn lifetimes(bencher: Bencher<'_, '_>) {
    let program = program();
    let graph = CallGraph::build(&program);
    let places = Places::build(&program);
    let models: Models = rules::catalogue::embedded().unwrap_or_default();
    bencher.counter(bytes()).bench_local(|| Lifetimes::analyse(&program, &graph, &places, &models).conflicts().len());
}

#[divan::bench(sample_count = 10)]
fn rules_and_words(bencher: Bencher<'_, '_>) {
    let program = program();
    let graph = CallGraph::build(&program);
    let places = Places::build(&program);
    let models: Models = rules::catalogue::embedded().unwrap_or_default();
    let lifetimes = Lifetimes::analyse(&program, &graph, &places, &models);
    bencher.counter(bytes()).bench_local(|| rules::findings(&lifetimes, rules::Confidence::Low).worded.len());
}
