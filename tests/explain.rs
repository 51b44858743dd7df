//! `outlive explain` on reports with source: what it must say was written down by reading the Go code.

use std::{fs, path::Path};

use serde_json::Value;

use super::{json, outlive, root, text};

/// Samples that do not belong to this repository: a folder `samples` of programs with the reports they printed. The
/// facts in `testdata/samples` are about them.
fn samples() -> Option<std::path::PathBuf> {
    let named = std::env::var_os("OUTLIVE_SAMPLES").map(std::path::PathBuf::from);
    let beside = root().ancestors().map(|dir| dir.join("shared/reports/samples")).find(|dir| dir.is_dir());
    named.or(beside)
}

fn explained(report: &str, repo: &str) -> Value {
    let answer = outlive(&["explain", report, "--repo", repo, "--format", "json"]);
    assert_eq!(answer.status.code(), Some(0), "{report}: {}", text(&answer.stderr));
    json(&answer)["reports"].clone()
}

/// What differs between a report's expected facts and the answer.
fn differences(want: &Value, got: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let last = |name: &Value| name.as_str().unwrap_or("").rsplit('.').next().unwrap_or("").to_owned();
    let mut differ = |what: &str, want: String, got: String| {
        if want != got {
            out.push(format!("{what}: {got}, want {want}"));
        }
    };
    differ("location", last(&want["location"]), last(&got["location"]["name"]));
    differ("verdict", want["verdict"].to_string(), got["verdict"].to_string());
    if let Some(line) = want["spawn"].as_u64() {
        let spawn = got["explanations"][0]["spawn"]["line"].as_u64();
        differ("spawn", line.to_string(), spawn.unwrap_or(line).to_string());
    }
    if !want["race"].is_null() {
        differ("race", want["race"].to_string(), got["race"]["kind"].to_string());
    }
    if !want["leaked_by"].is_null() {
        differ("leaked by", want["leaked_by"].to_string(), got["blame"]["leaked_by"].to_string());
    }
    let stacks =
        got["accesses"].as_array().into_iter().flatten().zip(["first", "second"]).map(|(s, n)| (n.to_owned(), s));
    let created = got["created"].as_array().into_iter().flatten();
    let created = created.map(|s| (format!("created {}", s["goroutine"].as_str().unwrap_or("")), s));
    for (name, stack) in stacks.chain(created) {
        let wanted = want["stale"].as_array().into_iter().flatten().find(|row| row[0] == name.as_str());
        let range = wanted.map(|row| row[1].as_u64().unwrap_or(0)..=row[2].as_u64().unwrap_or(0));
        for (index, frame) in stack["frames"].as_array().into_iter().flatten().enumerate() {
            let stale = range.as_ref().is_some_and(|range| range.contains(&(index as u64)));
            differ(&format!("{name} frame {index} stale"), stale.to_string(), frame["stale"].to_string());
            if let (true, Some(by)) = (stale, want["left_by"].as_str()) {
                differ(
                    &format!("{name} frame {index} left by"),
                    by.to_owned(),
                    frame["left_by"].as_str().unwrap_or("").to_owned(),
                );
            }
            // The programs are of the very revision that printed the reports.
            let resolved = &frame["resolved"]["line"];
            if !resolved.is_null() {
                differ(&format!("{name} frame {index} line"), frame["line"].to_string(), resolved.to_string());
            }
        }
    }
    out
}

#[test]
fn samples_are_explained_as_their_source_says() {
    let Some(samples) = samples() else {
        eprintln!("no samples beside this checkout; OUTLIVE_SAMPLES names their folder");
        return;
    };
    let mut wrong = Vec::new();
    let mut facts: Vec<_> = fs::read_dir(root().join("testdata/samples")).expect("facts").flatten().collect();
    facts.sort_by_key(std::fs::DirEntry::path);
    for entry in facts {
        let path = entry.path();
        let name = path.file_stem().and_then(|n| n.to_str()).expect("a name").to_owned();
        let wanted: Value = serde_json::from_str(&fs::read_to_string(&path).expect("facts")).expect("facts in JSON");
        for (file, wants) in wanted.as_object().expect("files") {
            let repo = samples.join(&name);
            let got = explained(&plain(&repo.join(file)), &plain(&repo));
            let (wants, got) = (wants.as_array().expect("a list"), got.as_array().expect("reports"));
            if wants.len() != got.len() {
                wrong.push(format!("{name}/{file}: {} reports, want {}", got.len(), wants.len()));
            }
            for (index, (want, got)) in wants.iter().zip(got).enumerate() {
                let found = differences(want, got);
                wrong.extend(found.into_iter().map(|d| format!("{name}/{file} report {}: {d}", index + 1)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn plain(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}
