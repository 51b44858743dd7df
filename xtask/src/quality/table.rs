//! The Markdown of docs/callgraph-quality.md.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Measured;
use super::compare::{Comparison, Nature, Recall, Reference, Symptom};
use super::programs::Program;
use crate::graph::Edge;

pub(super) fn reference(program: &Program, reference: &Reference) -> String {
    let mut text = format!("{}:", program.title());
    for mode in &reference.modes {
        let sites = mode.sites.len();
        let (name, edges, functions, seconds) = (mode.name, mode.edges.len(), mode.functions, mode.graph_seconds);
        push(&mut text, format_args!(" {name} {edges} edges, {functions} functions, {sites} sites, {seconds:.1} s;"));
    }
    let vta = reference.mode("vta");
    push(&mut text, format_args!(" load {:.1} s, peak {} MiB", vta.load_seconds, vta.peak_mib));
    text
}

pub(super) fn report(all: &[Measured]) -> String {
    let mut text = String::new();
    quality(&mut text, all);
    misses(&mut text, all, "static", |comparison| &comparison.static_recall);
    misses(&mut text, all, "VTA", |comparison| &comparison.vta_recall);
    extras(&mut text, all);
    unknowns(&mut text, all);
    costs(&mut text, all);
    text.trim_end().to_owned()
}

fn quality(text: &mut String, all: &[Measured]) {
    text.push_str("### Quality\n\n");
    text.push_str(
        "| Program | static edges | recall (any line) | VTA edges | recall (any line) | our judged edges | precision (any line) | callees at an interface call, ours / VTA | ratio | … where both find some | unknown calls |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for Measured { program, comparison, .. } in all {
        let Comparison { static_recall, vta_recall, precision, dispatch, unknown } = comparison;
        let recall = |recall: &Recall| {
            let any_line = share(recall.found + recall.by_pair, recall.total);
            format!("{} | {} ({any_line})", recall.total, share(recall.found, recall.total))
        };
        push(
            text,
            format_args!(
                "| {} | {} | {} | {} | {} ({}) | {:.2} / {:.2} ({} sites) | {} | {:.2} / {:.2} ({}) | {} of {} ({}) |\n",
                program.title(),
                recall(static_recall),
                recall(vta_recall),
                precision.judged,
                share(precision.confirmed, precision.judged),
                share(precision.confirmed + precision.by_pair, precision.judged),
                dispatch.ours_mean,
                dispatch.vta_mean,
                dispatch.sites,
                ratio(dispatch.ours_mean, dispatch.vta_mean),
                dispatch.ours_shared_mean,
                dispatch.vta_shared_mean,
                dispatch.shared_sites,
                unknown.unknown,
                unknown.calls,
                share(unknown.unknown, unknown.calls),
            ),
        );
    }
    text.push('\n');
}

fn misses(text: &mut String, all: &[Measured], graph: &str, recall: impl Fn(&Comparison) -> &Recall) {
    push(text, format_args!("### Missed {graph} edges\n\n| Program | nature | missed |"));
    for symptom in Symptom::ALL {
        push(text, format_args!(" {} |", symptom.name()));
    }
    text.push_str(" example |\n|---|---|--:|--:|--:|--:|--:|--:|--:|---|\n");
    for Measured { program, comparison, .. } in all {
        let mut classes: BTreeMap<Nature, Vec<(Symptom, &Edge)>> = BTreeMap::new();
        for (nature, symptom, edge) in &recall(comparison).missed {
            classes.entry(*nature).or_default().push((*symptom, edge));
        }
        for (nature, edges) in classes {
            push(text, format_args!("| {} | {} | {} |", program.name, nature.name(), edges.len()));
            for symptom in Symptom::ALL {
                let count = edges.iter().filter(|(of_edge, _)| *of_edge == symptom).count();
                push(text, format_args!(" {} |", if count == 0 { String::new() } else { count.to_string() }));
            }
            let example = most_common(&edges);
            push(text, format_args!(" {} |\n", code(example)));
        }
    }
    text.push('\n');
}

/// An edge with the symptom that occurs most.
fn most_common<'a>(edges: &[(Symptom, &'a Edge)]) -> &'a Edge {
    let mut first: BTreeMap<Symptom, (usize, &Edge)> = BTreeMap::new();
    for (symptom, edge) in edges {
        first.entry(*symptom).or_insert((0, edge)).0 += 1;
    }
    first.into_values().max_by_key(|(count, _)| *count).expect("a class has edges").1
}

fn extras(text: &mut String, all: &[Measured]) {
    text.push_str(
        "### Edges of ours that x/tools does not have\n\n\
         \"refuted\" counts against precision; a \"stranger\" has a caller or callee that CHA has no node for and is not judged.\n\n\
         | Program | | our kind | count | example |\n|---|---|---|--:|---|\n",
    );
    for Measured { program, comparison, .. } in all {
        let precision = &comparison.precision;
        for (group, edges) in [("refuted", &precision.refuted), ("stranger", &precision.strangers)] {
            let mut kinds: BTreeMap<&str, (usize, &Edge)> = BTreeMap::new();
            for edge in edges {
                kinds.entry(edge.kind.name()).or_insert((0, edge)).0 += 1;
            }
            for (kind, (count, example)) in kinds {
                let (name, example) = (program.name, code(example));
                push(text, format_args!("| {name} | {group} | {kind} | {count} | {example} |\n"));
            }
        }
    }
    text.push('\n');
}

fn unknowns(text: &mut String, all: &[Measured]) {
    text.push_str("### Unknown calls\n\n| Program | reason | count | example |\n|---|---|--:|---|\n");
    for Measured { program, comparison, .. } in all {
        for (reason, count, example) in &comparison.unknown.reasons {
            let (caller, place, _) = example.key();
            push(text, format_args!("| {} | {reason} | {count} | `{caller}` {place} |\n", program.name));
        }
    }
    text.push('\n');
}

fn costs(text: &mut String, all: &[Measured]) {
    text.push_str(
        "### Cost\n\n\
         x/tools: loading and SSA of the program with its dependencies, then the graph; ours: processor time of the whole command, which reads all of the folder it is given.\n\n\
         | Program | ours | x/tools load | static | CHA | VTA | x/tools peak | functions | edges static / CHA / VTA |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for Measured { program, reference, cost, .. } in all {
        let ours = match cost {
            Some(cost) => format!("{:.2} s, {:.0} MiB", cost.seconds, cost.peak_mib),
            None => "–".to_owned(),
        };
        let [simple, cha, vta] = ["static", "cha", "vta"].map(|name| reference.mode(name));
        push(
            text,
            format_args!(
                "| {} | {ours} | {:.1} s | {:.2} s | {:.2} s | {:.2} s | {} MiB | {} | {} / {} / {} |\n",
                program.title(),
                vta.load_seconds,
                simple.graph_seconds,
                cha.graph_seconds,
                vta.graph_seconds,
                vta.peak_mib,
                cha.functions,
                simple.edges.len(),
                cha.edges.len(),
                vta.edges.len(),
            ),
        );
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String cannot fail");
}

fn share(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    // Rounded down, so that 100.00 % means all.
    let hundredths = part * 10_000 / whole;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn ratio(ours: f64, theirs: f64) -> String {
    if theirs == 0.0 { "–".to_owned() } else { format!("{:.2}", ours / theirs) }
}

fn code(edge: &Edge) -> String {
    format!("`{}` → `{}` {}", edge.caller, edge.callee, edge.place)
}
