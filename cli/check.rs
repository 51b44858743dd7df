//! `outlive check`: finds, takes away what was known or allowed, prints the rest.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Instant,
};

use analyzer::{
    base::Problem,
    lifetime::{Lifetimes, Models},
    source::{FileRole, SourceFile},
    syntax::FileFacts,
};
use anyhow::{Result, bail};
use rules::{Confidence, Finding};

use crate::{
    args::{BuildArgs, CheckArgs, CheckFormat, Level},
    baseline,
    cache::{Cache, Key, Said},
    config::{self, Config, Excluded, Severity},
    ignores::{self, Ignores},
    load::{self, Keep, Lowered, Tree},
    news::{self, Known, Weaker},
    output,
    render::{self, Answer, Sources, Statistics},
    say::{Progress, counted, note},
    since::{ChangedLines, Revision},
};

/// Runs the command; the answer is the exit code.
pub(crate) fn run(args: &CheckArgs) -> Result<u8> {
    output::clean_up_on_interrupt()?;
    let started = Instant::now();
    // Everything that can be refused is, before the long work begins.
    let config = Config::find(&args.dir, &args.config)?;
    let gate = Gate::new(args, &config)?;
    let mut progress = Progress::start();
    progress.stage("reading files");
    let tree = load::read(&args.dir)?;
    let mut since = args.since.as_ref().map(|name| Since::read(args, name, &tree)).transpose()?;
    let known = gate.baseline.as_ref().map(|path| baseline::read(path)).transpose()?;
    let cache = Cache::find(&args.cache);
    let key = cache.as_ref().and_then(|_| key(args, &config, &gate, &tree, since.as_ref()));
    if let Some(said) = cache.as_ref().zip(key.as_ref()).and_then(|(cache, key)| cache.get(key)) {
        progress.finish();
        return say(args, &said, started);
    }

    // A tree like that of the revision has no news: its findings are those of the revision.
    let unchanged = since.as_ref().is_some_and(|since| since.tree.same_files(&tree));
    let mut lowered = Lowered::default();
    let mut checked = gate.findings(tree, since.is_some().then_some(&mut lowered), &progress);
    let mut findings = checked.findings;
    let mut problems = checked.problems;
    let mut statistics = checked.statistics;
    if statistics.files == 0 {
        progress.finish();
        render::text::write_problems(&problems);
        // A gate that looks at nothing must not be green.
        bail!("no Go files to analyse in {}", args.dir.display());
    }
    let before = findings.len();
    if unchanged {
        findings.clear();
        checked.ignore_problems.clear();
    } else if let Some(since) = &mut since
        && !(findings.is_empty() && checked.ignore_problems.is_empty())
    {
        progress.stage("reading the revision");
        let old = gate.findings(std::mem::take(&mut since.tree), Some(&mut lowered), &progress);
        let causes: Vec<Known> = news::causes(&old.findings).into_iter().map(|(cause, _)| cause).collect();
        news::keep_news(&mut findings, &causes, &Weaker::of(&old.weaker));
        let known: BTreeSet<_> = old.ignore_problems.iter().map(|p| (&p.file, &p.message)).collect();
        checked.ignore_problems.retain(|problem| !known.contains(&(&problem.file, &problem.message)));
    }
    if let Some(changed) = since.as_ref().and_then(|since| since.changed.as_ref()) {
        findings.retain(|finding| finding.sites().iter().any(|site| changed.contains(&site.file, site.line)));
    }
    let mut gone = 0;
    if let Some(known) = known {
        // With a revision most of the baseline is gone for another reason than a repair.
        let compared = news::keep_news(&mut findings, &known, &Weaker::default());
        gone = if since.is_some() { 0 } else { compared };
    }
    progress.finish();

    problems.extend(checked.ignore_problems);
    if let Some(path) = gate.written_baseline(args, &config) {
        baseline::write(&path, &findings)?;
        note(format_args!("{} written: {}", path.display(), counted(findings.len(), "finding")));
        render::text::write_problems(&problems);
        return Ok(0);
    }
    statistics.known = before - findings.len();
    statistics.gone = gone;
    for finding in &findings {
        *statistics.by_rule.entry(finding.rule.0).or_default() += 1;
    }
    let clean = findings.is_empty();
    let shown = if args.max_findings == 0 { findings.len() } else { args.max_findings.min(findings.len()) };
    let withheld = findings.len() - shown;
    findings.truncate(shown);
    let answer = Answer {
        findings,
        withheld,
        problems,
        sources: checked.sources,
        scope: gate.scope(args),
        prefix: prefix(&args.dir),
        levels: config.keys.levels,
        statistics: args.statistics.then_some(statistics),
    };
    let files = args.output.iter().map(|output| rendered(output.format, &answer, false)).collect::<Result<_>>()?;
    let mut said = Said {
        exit: u8::from(!clean),
        answer: rendered(args.format, &answer, render::text::colours())?,
        files,
        notes: Vec::new(),
    };
    // The other formats have no place for them.
    if !matches!(args.format, CheckFormat::Json | CheckFormat::Sarif | CheckFormat::Html) {
        said.notes = render::text::problem_notes(&answer.problems);
    }
    if gone > 0 {
        let gone = counted(gone, "finding");
        said.notes.push(format!("note: {gone} of the baseline no longer found; --write-baseline takes stock again"));
    }
    let kept = cache.zip(key).map_or(Ok(()), |(cache, key)| cache.put(&key, &said));
    let exit = say(args, &said, started)?;
    if let (Err(error), Some(dir)) = (kept, &args.cache.cache_dir) {
        note(format_args!("warning: nothing can be kept in {}: {error:#}", dir.display()));
    }
    Ok(exit)
}

/// Everything the answer depends on; `None` if it is not to be kept.
fn key(args: &CheckArgs, config: &Config, gate: &Gate, tree: &Tree, since: Option<&Since>) -> Option<Key> {
    let mut key = Key::new(args, render::text::colours())?;
    key.add_file(config.path());
    key.add_file(gate.baseline.as_deref());
    key.add_tree(tree);
    if let Some(since) = since {
        key.add_tree(&since.tree);
        key.add(format!("{:?}", since.changed).as_bytes());
    }
    Some(key)
}

/// Prints what a run has to say; the answer is the exit code. The files come first: who closes the pipe early still gets
/// them.
fn say(args: &CheckArgs, said: &Said, started: Instant) -> Result<u8> {
    let files = args.output.iter().zip(&said.files).map(|(output, text)| (output.file.clone(), text.clone()));
    output::write_all(&files.collect::<Vec<_>>())?;
    output::print(&said.answer)?;
    for text in &said.notes {
        note(format_args!("{text}"));
    }
    if args.statistics {
        note(format_args!("{:.1} seconds", started.elapsed().as_secs_f64()));
    }
    Ok(said.exit)
}

fn rendered(format: CheckFormat, answer: &Answer, coloured: bool) -> Result<Vec<u8>> {
    match format {
        CheckFormat::Text => Ok(render::text::check(answer, coloured)),
        CheckFormat::Json => render::json::check(answer),
        CheckFormat::Sarif => render::sarif::check(answer),
        CheckFormat::Github => Ok(render::ci::github(answer)),
        CheckFormat::Gitlab => render::ci::gitlab(answer),
        CheckFormat::Junit => render::ci::junit(answer),
        CheckFormat::Html => Ok(render::page::check(answer)),
    }
}

/// The way from where the command runs down to the folder that is checked.
fn prefix(dir: &Path) -> String {
    let (Ok(here), Ok(full)) = (Path::new(".").canonicalize(), dir.canonicalize()) else { return String::new() };
    if !full.starts_with(&here) || full == here {
        return String::new();
    }
    load::relative(&full, &here) + "/"
}

/// What findings must be, whatever tree they are found in.
struct Gate {
    build: BuildArgs,
    models: Models,
    confidence: Confidence,
    /// Empty for all.
    rules: BTreeSet<String>,
    levels: BTreeMap<String, Severity>,
    excluded: Excluded,
    baseline: Option<PathBuf>,
}

/// What a tree holds.
struct Checked {
    findings: Vec<Finding>,
    /// Those of less confidence than is asked for.
    weaker: Vec<Finding>,
    ignore_problems: Vec<Problem>,
    problems: Vec<Problem>,
    sources: Sources,
    statistics: Statistics,
}

/// What to compare with.
struct Since {
    tree: Tree,
    changed: Option<ChangedLines>,
}

impl Since {
    fn read(args: &CheckArgs, name: &str, disk: &Tree) -> Result<Self> {
        let revision = Revision::resolve(&args.dir, name)?;
        let changed = args.changed_only.then(|| revision.changed_lines()).transpose()?;
        Ok(Self { tree: revision.tree(disk)?, changed })
    }
}

impl Gate {
    fn new(args: &CheckArgs, config: &Config) -> Result<Self> {
        for id in &args.rules {
            config::known_rule(id)?;
        }
        let mut files: Vec<&PathBuf> = args.output.iter().map(|output| &output.file).collect();
        files.sort();
        if files.windows(2).any(|pair| pair[0] == pair[1]) {
            bail!("two outputs go to one file");
        }
        let level = match args.all {
            true => Level::Low,
            false => args.confidence.or(config.keys.confidence).unwrap_or(Level::High),
        };
        let rules = if args.rules.is_empty() { &config.keys.rules } else { &args.rules };
        let writes = args.write_baseline.is_some();
        Ok(Self {
            build: config.build(&args.build),
            models: config.models()?,
            confidence: match level {
                Level::High => Confidence::High,
                Level::Medium => Confidence::Medium,
                Level::Low => Confidence::Low,
            },
            rules: rules.iter().cloned().collect(),
            levels: config.keys.levels.clone(),
            excluded: config.excluded(&args.dir, &args.exclude)?,
            // A baseline is written of all findings, those of the old one included.
            baseline: args.baseline.clone().or_else(|| config.baseline()).filter(|_| !writes),
        })
    }

    fn written_baseline(&self, args: &CheckArgs, config: &Config) -> Option<PathBuf> {
        let wanted = args.write_baseline.as_ref()?;
        if !wanted.is_empty() {
            return Some(wanted.into());
        }
        Some(args.baseline.clone().or_else(|| config.baseline()).unwrap_or_else(|| baseline::DEFAULT.into()))
    }

    fn scope(&self, args: &CheckArgs) -> String {
        let since = args.since.as_ref().map_or(String::new(), |name| format!(" since {name}"));
        let lines = if args.changed_only { " in changed lines" } else { "" };
        let baseline = self.baseline.as_ref().map_or(String::new(), |_| " outside the baseline".to_owned());
        format!("{since}{lines}{baseline}")
    }

    /// What is in a tree, at this gate.
    fn findings(&self, mut tree: Tree, lowered: Option<&mut Lowered>, progress: &Progress) -> Checked {
        for input in &mut tree.inputs {
            if self.excluded.contains(&input.path) {
                input.role = FileRole::Dependency;
            }
        }
        let last = lowered.is_none();
        let keep = lowered.map_or(Keep::Ignores, Keep::Facts);
        let mut loaded = load::resolve(tree, &self.build, true, keep, &|what| progress.stage(what));
        let problems = std::mem::take(&mut loaded.problems);
        let program = &loaded.program;
        progress.stage("looking for goroutines that outlive what they use");
        let lifetimes = Lifetimes::analyse(program, &loaded.graph, &loaded.places, &self.models);
        // The weaker findings are compared with those of another tree, words and all, where there is one.
        let least = if last { self.confidence } else { Confidence::Low };
        let rules::Findings { worded: mut findings, weaker: mut wordless } = rules::findings(&lifetimes, least);
        let files = &program.sources().files;
        let own = |file| files[file].role == FileRole::Analysed;
        let analysed = || files.iter_enumerated().filter(|(_, file)| file.role == FileRole::Analysed);
        let (count, lines) = (analysed().count(), analysed().map(|(id, file)| lines(program.facts(id), file)).sum());
        let mut statistics = Statistics {
            files: count,
            lines,
            functions: program.funcs().iter().filter(|func| own(func.file)).count(),
            spawn_sites: lifetimes.spawns.sites.len(),
            considered: findings.len() + wordless.len(),
            allowed: 0,
            known: 0,
            gone: 0,
            by_rule: BTreeMap::new(),
        };
        // Before the other filters: an ignore is needed or not whatever this run is asked to print.
        let mut ignores = Ignores::of(program);
        let cx = rules::Cx { lifetimes: &lifetimes };
        statistics.allowed = ignores.apply(&mut findings, |found| (found.rule, ignores::places(found)))
            + ignores.apply(&mut wordless, |found| (found.rule(), found.places(&cx)));
        drop(wordless);
        findings.retain(|f| self.rules.is_empty() || self.rules.contains(f.rule.0));
        findings.retain(|f| self.levels.get(f.rule.0) != Some(&Severity::Off));
        findings.retain(|f| !self.excluded.contains(&f.place().file));
        // The most certain stand first.
        let certain = findings.partition_point(|f| f.confidence >= self.confidence);
        let weaker = findings.split_off(certain);
        let sources = Sources::new(program);
        if last {
            // Millions of small pieces, which the end of the process frees at once.
            std::mem::forget(lifetimes);
            std::mem::forget(loaded);
        }
        Checked { findings, weaker, ignore_problems: ignores.problems(), sources, problems, statistics }
    }
}

/// Lines of a file; what stands behind the last newline is one if it is not empty.
fn lines(facts: &FileFacts, file: &SourceFile) -> usize {
    let starts = facts.lines.len();
    let last = u32::try_from(starts).ok().and_then(|line| facts.lines.line_start(line));
    let ended = last.is_some_and(|last| last as usize == file.text.bytes());
    starts - usize::from(ended)
}
