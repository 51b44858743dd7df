//! The two readers of Go files agree on every file of `testdata`.

use std::{fs, path::Path};

use analyzer::syntax::{Reader, lower_by};

/// Hands every Go file below a folder to `read`.
fn each_go_file(folder: &Path, read: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            each_go_file(&path, read);
        } else if path.extension().is_some_and(|extension| extension == "go") {
            read(&path);
        }
    }
}

#[test]
fn both_readers_say_the_same_of_testdata() {
    let mut compared = 0;
    each_go_file(&super::root().join("testdata"), &mut |path| {
        let text = fs::read(path).expect("a readable file");
        let Some(grammar) = lower_by(Reader::Grammar, &text).filter(|facts| facts.grammar_errors == 0) else { return };
        let ours = lower_by(Reader::Parser, &text).unwrap_or_else(|| panic!("{} is refused", path.display()));
        assert!(format!("{ours:?}") == format!("{grammar:?}"), "{}", path.display());
        compared += 1;
    });
    assert!(compared > 100, "only {compared} files");
}
