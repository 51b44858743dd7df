//! `outlive.toml`: found, checked, shown.
//!
//! A file holds keys of this module and rows of library knowledge, in the shape of `rules/catalogue`. The rows go to
//! that module as text, with everything else blank, so that the line numbers of its messages are true.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    ops::Range,
    path::{Path, PathBuf},
};

use analyzer::lifetime::Models;
use anyhow::{Context, Result, anyhow, bail};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use rules::catalogue::{self, Catalogue};
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};

use crate::args::{BuildArgs, ConfigArgs, ConfigFile, Level};

/// The name of the file.
pub(crate) const NAME: &str = "outlive.toml";

/// How a finding is to be taken, whatever its confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Not reported.
    Off,
    /// For the record.
    Note,
    /// Worth a look.
    Warning,
    /// A defect.
    Error,
}

/// What the file says, apart from rows of library knowledge.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Keys {
    /// Findings in this file are not reported; relative to the configuration file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) baseline: Option<PathBuf>,
    /// The least confidence of findings to report: high, medium or low.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confidence: Option<Level>,
    /// Files that match are read, but nothing is reported in them; relative to the configuration file.
    pub(crate) exclude: Vec<String>,
    /// Only these rules; all unless given.
    pub(crate) rules: Vec<String>,
    /// Build tags that are set.
    pub(crate) tags: Vec<String>,
    /// How findings of a rule are to be taken; by confidence unless given.
    pub(crate) levels: BTreeMap<String, Severity>,
}

/// A configuration file, read.
#[derive(Default)]
pub(crate) struct Config {
    path: Option<PathBuf>,
    pub(crate) keys: Keys,
    /// The rows of library knowledge.
    rows: String,
}

impl Config {
    /// The configuration for a folder: the file asked for, or the nearest one in the folder or above it.
    ///
    /// # Errors
    /// When the file asked for is not there, or one cannot be read or understood.
    pub(crate) fn find(dir: &Path, wanted: &ConfigFile) -> Result<Self> {
        if wanted.no_config {
            return Ok(Self::default());
        }
        if let Some(path) = &wanted.config {
            return Self::read(path);
        }
        // A folder that cannot be read has its own message later.
        let Ok(full) = dir.canonicalize() else { return Ok(Self::default()) };
        match full.ancestors().map(|above| above.join(NAME)).find(|path| path.is_file()) {
            Some(path) => Self::read(&path),
            None => Ok(Self::default()),
        }
    }

    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let (keys, rows) = parse(&text).with_context(|| path.display().to_string())?;
        let config = Self { path: Some(path.to_owned()), keys, rows };
        config.models()?;
        Ok(config)
    }

    /// The embedded catalogue and the project's own rows.
    ///
    /// # Errors
    /// Names the line of a row that does not fit.
    pub(crate) fn models(&self) -> Result<Models> {
        let mut models = catalogue::embedded().context("the embedded catalogue")?;
        if let Some(path) = &self.path {
            let name = path.display().to_string();
            catalogue::add(&mut models, &name, &self.rows)
                .map_err(|error| anyhow!(with_nearest(&error.to_string())))?;
        }
        Ok(models)
    }

    /// How sources are read: as given on the command line, with the build tags of the file where none are given.
    pub(crate) fn build(&self, given: &BuildArgs) -> BuildArgs {
        let mut build = given.clone();
        if build.tags.is_empty() {
            build.tags.clone_from(&self.keys.tags);
        }
        build
    }

    /// The baseline that the file names, seen from where the command runs.
    pub(crate) fn baseline(&self) -> Option<PathBuf> {
        let file = self.keys.baseline.as_ref()?;
        Some(self.folder().map_or(file.clone(), |folder| folder.join(file)))
    }

    /// The file, if there is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    fn folder(&self) -> Option<&Path> {
        self.path.as_deref().and_then(Path::parent)
    }

    /// What to leave out of reports on `dir`.
    ///
    /// # Errors
    /// When a pattern is none.
    pub(crate) fn excluded(&self, dir: &Path, more: &[String]) -> Result<Excluded> {
        let full = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        let folder = self.folder().and_then(|folder| folder.canonicalize().ok());
        let below = folder.and_then(|folder| full.strip_prefix(folder).ok().map(Path::to_owned)).unwrap_or_default();
        Ok(Excluded { below, configured: globs(&self.keys.exclude)?, given: globs(more)? })
    }
}

/// Files that findings are not reported in.
pub(crate) struct Excluded {
    /// The way from the configuration file to the folder that is checked.
    below: PathBuf,
    configured: GlobSet,
    given: GlobSet,
}

impl Excluded {
    /// Whether a file of the folder is excluded.
    pub(crate) fn contains(&self, file: &str) -> bool {
        self.given.is_match(file) || (!self.configured.is_empty() && self.configured.is_match(self.below.join(file)))
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let mut add = |text: &str| -> Result<()> {
            let glob = GlobBuilder::new(text).literal_separator(true).build();
            set.add(glob.with_context(|| format!("exclude `{pattern}`"))?);
            Ok(())
        };
        let text = pattern.trim_start_matches("./").trim_end_matches('/');
        // As in .gitignore: a name without a folder is meant anywhere, and a folder means what is in it.
        let anywhere = if text.contains('/') { text.to_owned() } else { format!("**/{text}") };
        add(&anywhere)?;
        add(&format!("{anywhere}/**"))?;
    }
    set.build().context("exclude")
}

/// The keys, and the text of the rows.
fn parse(text: &str) -> Result<(Keys, String)> {
    let table = DeTable::parse(text).map_err(|error| anyhow!("{}", error.to_string().trim_end()))?;
    let (own, rows) = (properties(&schema_for!(Keys)), properties(&schema_for!(Catalogue)));
    let mut blank: Vec<Range<usize>> = Vec::new();
    for (key, value) in table.get_ref() {
        let name: &str = key.get_ref();
        if own.contains(name) {
            blank.push(key.span());
            ends(value.get_ref(), value.span(), &mut blank);
        } else if !rows.contains(name) {
            let line = text[..key.span().start].matches('\n').count() + 1;
            let known = own.iter().chain(&rows).map(String::as_str);
            bail!("line {line}: unknown key `{name}`{}", did_you_mean(name, known));
        }
    }
    let keys: Keys = toml::from_str(text).map_err(|error| anyhow!(with_nearest(error.to_string().trim_end())))?;
    for id in &keys.rules {
        known_rule(id)?;
    }
    for id in keys.levels.keys() {
        known_rule(id)?;
    }
    globs(&keys.exclude)?;
    let mut at = 0;
    let mut left = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        let mine = blank.iter().any(|span| span.start < end && at < span.end.max(span.start + 1));
        left.push_str(if mine { "\n" } else { line });
        at = end;
    }
    Ok((keys, left))
}

/// The spans of everything that stands below a key.
fn ends(value: &DeValue<'_>, span: Range<usize>, out: &mut Vec<Range<usize>>) {
    match value {
        DeValue::Table(table) => {
            for (key, value) in table {
                out.push(key.span());
                ends(value.get_ref(), value.span(), out);
            }
        }
        _ => out.push(span),
    }
}

/// Refuses an id that no rule has.
pub(crate) fn known_rule(id: &str) -> Result<()> {
    if rules::rule(id).is_some() {
        return Ok(());
    }
    let known = rules::RULES.iter().map(|rule| rule.meta().id.0);
    bail!("no rule `{id}`{}; `outlive rules` lists them", did_you_mean(id, known))
}

/// `; did you mean …?`, where something is near.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known.map(|other| (strsim::jaro_winkler(name, other), other)).max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        // Below that, two words share a few letters and nothing else.
        Some((likeness, other)) if likeness > 0.7 => format!("; did you mean `{other}`?"),
        _ => String::new(),
    }
}

/// A message of serde with the nearest of the names it expected.
fn with_nearest(message: &str) -> String {
    let unknown = ["unknown field `", "unknown variant `"].into_iter().find_map(|what| message.split_once(what));
    let Some((name, expected)) = unknown.and_then(|(_, rest)| rest.split_once('`')) else {
        return message.to_owned();
    };
    let known = expected.split('`').skip(1).step_by(2);
    format!("{}{}", message.trim_end(), did_you_mean(name, known))
}

fn properties(schema: &Schema) -> BTreeSet<String> {
    let object = schema.get("properties").and_then(|value| value.as_object());
    object.map(|object| object.keys().cloned().collect()).unwrap_or_default()
}

/// The JSON schema of the file: the keys of this module and the rows of the catalogue.
fn schema() -> Result<serde_json::Value> {
    let (mut own, rows) = (schema_for!(Keys).to_value(), schema_for!(Catalogue).to_value());
    for part in ["properties", "$defs"] {
        let Some(more) = rows.get(part).and_then(|value| value.as_object()) else { continue };
        let object = own.as_object_mut().context("a schema is an object")?;
        let known = object.entry(part).or_insert_with(|| serde_json::json!({}));
        known.as_object_mut().context("a schema's parts are objects")?.extend(more.clone());
    }
    own["title"] = serde_json::json!(NAME);
    own["description"] = serde_json::json!("Configuration of outlive");
    own["additionalProperties"] = serde_json::json!(false);
    Ok(own)
}

/// Runs `outlive config`; the answer is the exit code.
pub(crate) fn run(args: &ConfigArgs) -> Result<u8> {
    let mut out = std::io::stdout().lock();
    if args.schema {
        writeln!(out, "{:#}", schema()?)?;
        return Ok(0);
    }
    if !args.show {
        bail!("say what to print: --show or --schema");
    }
    fs::metadata(&args.dir).with_context(|| format!("cannot read {}", args.dir.display()))?;
    let config = Config::find(&args.dir, &args.file)?;
    match &config.path {
        Some(path) => writeln!(out, "# {}", path.display())?,
        None => writeln!(out, "# no {NAME} in {} or above it: what follows is the default", args.dir.display())?,
    }
    let mut keys = config.keys;
    keys.confidence.get_or_insert(Level::High);
    if keys.rules.is_empty() {
        keys.rules = rules::RULES.iter().map(|rule| rule.meta().id.0.to_owned()).collect();
    }
    write!(out, "{}", toml::to_string_pretty(&keys).context("the configuration")?)?;
    let mut blank = true;
    for line in config.rows.lines() {
        // What was blanked leaves empty lines in a row.
        if !(blank && line.trim().is_empty()) {
            writeln!(out, "{line}")?;
        }
        blank = line.trim().is_empty();
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_keys_are_blank_in_the_rows() {
        let text = "tags = [\n  \"a\", # one\n]\n[levels]\ntest-outlived = \"off\"\n\n[[spawn]]\nfunc = \"p.F\"\narg = 0\nwhy = \"starts its argument\"\n";
        let (keys, rows) = parse(text).expect("the configuration");
        assert_eq!(keys.tags, ["a"]);
        assert_eq!(keys.levels["test-outlived"], Severity::Off);
        assert_eq!(rows.trim(), "[[spawn]]\nfunc = \"p.F\"\narg = 0\nwhy = \"starts its argument\"");
        assert_eq!(rows.lines().count(), text.lines().count());
    }

    #[test]
    fn unknown_keys_are_refused_with_the_nearest() {
        let error = |text: &str| format!("{:#}", parse(text).expect_err("refused"));
        assert!(error("\nexclud = []").contains("line 2: unknown key `exclud`; did you mean `exclude`?"));
        assert!(error("confidence = \"hi\"").contains("`high`?"), "{}", error("confidence = \"hi\""));
        assert!(error("rules = [\"test-outlive\"]").contains("did you mean `test-outlived`?"));
        assert!(error("[levels]\ntest-outlived = \"of\"").contains("did you mean `off`?"));
        assert!(!error("zzzzqq = 1").contains("did you mean"));
    }

    #[test]
    fn globs_mean_what_they_mean_in_gitignore() {
        let set = globs(&["vendor_copy/".to_owned(), "*.pb.go".to_owned(), "a/*.go".to_owned()]).expect("globs");
        for path in ["vendor_copy/x.go", "b/vendor_copy/c/x.go", "x.pb.go", "a/b/x.pb.go", "a/x.go"] {
            assert!(set.is_match(path), "{path}");
        }
        for path in ["a/b/x.go", "vendor_copy.go"] {
            assert!(!set.is_match(path), "{path}");
        }
    }
}
