//! Reports that came by mail, or through a form or a terminal that wraps lines: whatever the width, they read the same.

use std::{fs, path::Path};

use analyzer::report::{Creation, RaceAccess, parse_reports};

/// Every recorded report of the repository, with its path.
fn samples() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("testdata can be read") {
            let path = entry.expect("an entry of testdata").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "txt") {
                let text = fs::read_to_string(&path).expect("a recorded report is text");
                if text.contains("DATA RACE") {
                    found.push((path.display().to_string(), text));
                }
            }
        }
    }
    found.sort();
    assert!(found.len() > 30, "{}", found.len());
    found
}

/// What no wrapping may change.
fn facts(text: &str) -> Vec<(Vec<RaceAccess>, Vec<Creation>)> {
    parse_reports(text.as_bytes()).value.into_iter().map(|report| (report.accesses, report.creations)).collect()
}

/// Breaks lines at blanks; a word that is too long keeps a line to itself.
fn word_wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut rest = line;
        while rest.len() > width {
            let indent = rest.len() - rest.trim_start().len();
            let before = rest[..=width].rfind(' ').filter(|at| *at > indent);
            let Some(at) = before.or_else(|| rest[width.max(indent)..].find(' ').map(|at| at + width.max(indent)))
            else {
                break;
            };
            out += rest[..at].trim_end();
            out.push('\n');
            rest = rest[at..].trim_start();
        }
        out += rest;
        out.push('\n');
    }
    out
}

/// Breaks lines where the width ends, as terminals do.
fn folded(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut rest = line;
        while rest.len() > width {
            out += &rest[..width];
            out.push('\n');
            rest = &rest[width..];
        }
        out += rest;
        out.push('\n');
    }
    out
}

/// The quoted-printable encoding of mail: no line is longer than 76 characters.
fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut width = 0;
        for byte in line.bytes() {
            let plain = (b' '..=b'~').contains(&byte) && byte != b'=' || byte == b'\t';
            let encoded = if plain { char::from(byte).to_string() } else { format!("={byte:02X}") };
            if width + encoded.len() > 75 {
                out += "=\n";
                width = 0;
            }
            width += encoded.len();
            out += &encoded;
        }
        out.push('\n');
    }
    out
}

fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("> {line}\n")).collect()
}

/// Checks one way to wrap on all samples, and on each as an answer quotes it.
fn unchanged(name: &str, wrap: impl Fn(&str) -> String) {
    let mut wrong = Vec::new();
    for (path, text) in samples() {
        let plain = facts(&text);
        for (how, wrapped) in [(name.to_owned(), wrap(&text)), (format!("{name}, quoted"), quoted(&wrap(&text)))] {
            if facts(&wrapped) != plain {
                wrong.push(format!("{path}: {how}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn quoted_printable_reads_the_same() {
    unchanged("quoted-printable", quoted_printable);
}

#[test]
fn word_wrap_reads_the_same() {
    for width in [40, 48, 60, 72, 80] {
        unchanged(&format!("words at {width}"), |text| word_wrapped(text, width));
    }
}

#[test]
fn folding_reads_the_same() {
    for width in [60, 72, 80] {
        unchanged(&format!("folded at {width}"), |text| folded(text, width));
    }
}
