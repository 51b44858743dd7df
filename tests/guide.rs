//! docs/guide.md, played: its files are written, its commands run, its output compared. `UPDATE=1` rewrites the output.
//!
//! A block ```` ```console ```` holds commands (`$ …`), an exit code (`? N`) where it is not 0, and what was printed. A
//! block of another language with a path (```` ```go a/b.go ````) is a file.

use std::fs;

use snapbox::IntoData;

use crate::{root, week::Repository};

/// A command of the guide with what it prints.
struct Played {
    command: String,
    expected: String,
}

fn commands(block: &str) -> Vec<Played> {
    let mut out: Vec<Played> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), out.last_mut()) {
            (Some(command), _) => out.push(Played { command: command.to_owned(), expected: String::new() }),
            (None, Some(last)) => last.expected.push_str(&format!("{line}\n")),
            (None, None) => panic!("a block that does not begin with a command: {line}"),
        }
    }
    out
}

fn play(repository: &Repository, command: &str) -> String {
    let output = repository.shell(&format!("exec 2>&1\n{command}"));
    let code = output.status.code().unwrap_or(-1);
    let code = if code == 0 { String::new() } else { format!("? {code}\n") };
    // Readers have the program elsewhere.
    let folder = repository.dir.canonicalize().expect("a folder");
    let page = crate::text(&output.stdout).replace(folder.to_str().expect("a plain path"), "/home/you/shop");
    format!("{code}{page}")
}

#[test]
fn the_guide_is_true() {
    let repository = Repository::of("guide", &root().join("testdata/guide"));
    let path = root().join("docs/guide.md");
    let guide = fs::read_to_string(&path).expect("the guide");
    let update = std::env::var_os("UPDATE").is_some();
    let mut written = String::new();
    let mut rest = guide.as_str();
    let mut count = 0;
    while let Some((before, after)) = rest.split_once("\n```") {
        let (info, after) = after.split_once('\n').expect("a block");
        let (block, after) = after.split_once("\n```\n").unwrap_or_else(|| panic!("a block without an end: {info}"));
        written.push_str(&format!("{before}\n```{info}\n"));
        match info.split_once(' ') {
            Some((_, file)) => {
                repository.write(file, &format!("{block}\n"));
                written.push_str(&format!("{block}\n"));
            }
            None if info == "console" => {
                for Played { command, expected } in commands(block) {
                    let actual = play(&repository, &command);
                    if !update {
                        let compared = snapbox::Assert::new().try_eq(
                            Some(&command),
                            actual.as_str().into_data(),
                            expected.as_str().into_data(),
                        );
                        compared.unwrap_or_else(|error| panic!("docs/guide.md: {command}\n{error}"));
                    }
                    written.push_str(&format!("$ {command}\n{actual}"));
                    count += 1;
                }
            }
            None => written.push_str(&format!("{block}\n")),
        }
        written.push_str("```\n");
        rest = after;
    }
    written.push_str(rest);
    assert!(count > 10, "{count} commands: has the format changed?");
    if update {
        fs::write(path, written).expect("the guide");
    }
}

/// What the guide and ci.md link to is there.
#[test]
fn links_of_the_documentation_lead_somewhere() {
    let mut broken = Vec::new();
    for page in ["README.md", "ARCHITECTURE.md", "docs/guide.md", "docs/ci.md", "docs/json.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        let folder = root().join(page).parent().expect("a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let file = link.split('#').next().unwrap_or("");
            if !link.starts_with("http") && !file.is_empty() && !folder.join(file).exists() {
                broken.push(format!("{page}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
