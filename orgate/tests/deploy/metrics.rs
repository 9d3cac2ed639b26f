//! Holds what operators watch to what the program measures: the page of measurements lists each with its kind and labels,
//! and the dashboard and the alerts of deploy/ ask for nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::{read, root};

const PAGE: &str = "docs/operate/metrics.md";
const DASHBOARD: &str = "deploy/grafana/orgate.json";
const ALERTS: &str = "deploy/prometheus/alerts.yaml";
/// Labels that Prometheus adds, and the one of a histogram's buckets.
const PROMETHEUS: [&str; 3] = ["job", "instance", "le"];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// A measurement's kind and labels.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Measured {
    kind: String,
    labels: BTreeSet<String>,
}

type All = BTreeMap<String, Measured>;

/// What a source measures: each macro's name, from its text or from a constant of the file, and its labels.
fn measured_in(source: &str) -> Vec<(String, Measured)> {
    let mut found = Vec::new();
    for kind in ["counter", "gauge", "histogram"] {
        for call in source.split(&format!("{kind}!(")).skip(1) {
            let arguments = call.split_once(");").or_else(|| call.split_once(")\n")).map_or(call, |(inside, _)| inside);
            // The name may be followed by the labels; a label's value is no name.
            let first = arguments.trim_start();
            let name = match first.strip_prefix('"') {
                Some(literal) => literal.split('"').next().unwrap().to_owned(),
                None => constant(source, first.split([',', ')', '\n']).next().unwrap()),
            };
            let labels = arguments.split("\" =>").map(|before| before.rsplit('"').next().unwrap_or_default());
            let count = arguments.matches("\" =>").count();
            found.push((
                name,
                Measured { kind: kind.to_owned(), labels: labels.take(count).map(str::to_owned).collect() },
            ));
        }
    }
    found
}

fn constant(source: &str, name: &str) -> String {
    let definition = format!("const {name}: &str = \"");
    let (_, value) = source.split_once(&definition).unwrap_or_else(|| panic!("{name} is no text of its file"));
    value.split('"').next().unwrap().to_owned()
}

fn measured() -> All {
    let mut files = Vec::new();
    for folder in ["pure/core/src", "pure/sso/src", "io/store/src", "io/app/src", "io/web/src", "orgate/src"] {
        rust_files(&root().join(folder), &mut files);
    }
    let mut all = All::new();
    for (name, one) in files.iter().flat_map(|file| measured_in(&read(file))) {
        let known = all.entry(name.clone()).or_insert_with(|| one.clone());
        assert_eq!(*known, one, "{name} is measured in two ways");
    }
    all
}

/// The rows of the page: name, kind, unit, labels, meaning.
fn documented() -> All {
    let page = read(PAGE);
    let rows = page.lines().filter(|line| line.starts_with("| `orgate_"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, name, kind, unit, labels, meaning, _] = cells.as_slice() else { panic!("{row}") };
        assert!(!unit.is_empty() && meaning.len() > 10, "{row}");
        let labels = labels.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let kind = if *kind == "summary" { "histogram" } else { *kind };
        (name.trim_matches('`').to_owned(), Measured { kind: kind.to_owned(), labels })
    })
    .collect()
}

/// The expressions that the dashboard asks for.
fn asked_by_dashboard() -> Vec<String> {
    fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                found.extend(fields.get("expr").and_then(|expr| expr.as_str()).map(str::to_owned));
                fields.values().for_each(|field| collect(field, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    collect(&serde_json::from_str(&read(DASHBOARD)).unwrap(), &mut found);
    found
}

/// The expressions that alerts are made of: one line each.
fn asked_by_alerts() -> Vec<String> {
    read(ALERTS).lines().filter_map(|line| line.trim().strip_prefix("expr: ").map(str::to_owned)).collect()
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// The measurements that an expression names, each with the labels that it selects by.
fn names_in(expression: &str) -> Vec<(String, Vec<String>)> {
    let starts = expression.match_indices("orgate_").map(|(start, _)| expression.split_at(start));
    let starts = starts.filter(|(before, _)| !before.ends_with(is_name));
    starts
        .map(|(_, rest)| {
            let (name, behind) = rest.split_at(rest.find(|character| !is_name(character)).unwrap_or(rest.len()));
            let selector = behind.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let labels =
                selector.map_or("", |(inside, _)| inside).split("\",").filter_map(|one| one.split_once(['=', '!']));
            (name.to_owned(), labels.map(|(label, _)| label.trim().to_owned()).collect())
        })
        .collect()
}

/// The labels that an expression groups by.
fn groups_in(expression: &str) -> Vec<String> {
    let groups = expression.split("by (").skip(1).filter_map(|rest| rest.split_once(')'));
    groups.flat_map(|(labels, _)| labels.split(',')).map(|label| label.trim().to_owned()).collect()
}

fn measurement<'a>(all: &'a All, name: &str) -> Option<&'a Measured> {
    let base = ["_bucket", "_count", "_sum"].iter().find_map(|ending| name.strip_suffix(ending));
    let of_histogram = base.and_then(|base| all.get(base)).filter(|one| one.kind == "histogram");
    of_histogram.or_else(|| all.get(name).filter(|one| one.kind != "histogram"))
}

#[test]
fn r_ops_2_the_page_of_measurements_lists_every_one_with_its_kind_and_labels() {
    let all = measured();
    assert!(all.len() > 10, "{all:?}");
    assert_eq!(documented(), all);
}

#[test]
fn r_ops_2_dashboard_and_alerts_ask_for_what_is_measured() {
    let all = measured();
    let (dashboard, alerts) = (asked_by_dashboard(), asked_by_alerts());
    assert!(dashboard.len() > 10 && alerts.len() > 8, "{} and {}", dashboard.len(), alerts.len());
    let mut asked = BTreeSet::new();
    for expression in dashboard.iter().chain(&alerts) {
        let names = names_in(expression);
        let mut known: BTreeSet<&str> = PROMETHEUS.into_iter().collect();
        for (name, selected) in &names {
            let one = measurement(&all, name).unwrap_or_else(|| panic!("{name} is not measured: {expression}"));
            for label in selected {
                assert!(one.labels.contains(label) || PROMETHEUS.contains(&label.as_str()), "{label}: {expression}");
            }
            known.extend(one.labels.iter().map(String::as_str));
            asked.insert(name.clone());
        }
        for label in groups_in(expression) {
            assert!(known.contains(label.as_str()), "{label}: {expression}");
        }
        assert!(!names.is_empty() || expression.contains("up{"), "{expression}");
    }
    let missing: Vec<_> = all.keys().filter(|name| !asked.iter().any(|one| one.starts_with(name.as_str()))).collect();
    assert_eq!(missing, Vec::<&String>::new(), "measured, and shown by no panel and no alert");
}

#[test]
fn r_ops_2_the_alert_of_hourly_work_asks_for_work_that_there_is() {
    let (jobs, alerts) = (read("io/app/src/jobs/job.rs"), asked_by_alerts().concat());
    let mut tasks = alerts.split("task=\"").skip(1).filter_map(|rest| rest.split('"').next()).peekable();
    assert!(tasks.peek().is_some() && tasks.all(|task| jobs.contains(&format!("=> \"{task}\","))), "{alerts}");
}

#[test]
fn t_sec_3_no_label_can_hold_what_a_tenant_typed() {
    let known =
        ["action", "kind", "limit", "method", "outcome", "peer", "purpose", "route", "status", "task", "version"];
    for (name, one) in measured() {
        for label in one.labels {
            assert!(known.contains(&label.as_str()), "{name}: say at {label} what bounds it, then list it here");
        }
    }
}

#[test]
fn names_and_labels_are_found_in_sources_and_expressions() {
    let source = "const N: &str = \"orgate_a\";\nhistogram!(\n    N,\n    \"x\" => f(\"y\"),\n)\ncounter!(\"orgate_b\").increment(1);";
    let found = measured_in(source);
    let names: Vec<_> = found.iter().map(|(name, one)| (name.as_str(), one.kind.as_str(), one.labels.len())).collect();
    assert_eq!(names, [("orgate_b", "counter", 0), ("orgate_a", "histogram", 1)]);
    let expression = "sum by (le, route) (rate(orgate_a_bucket{job=\"orgate\", x!~\"y,z\"}[5m])) / orgate_b";
    assert_eq!(
        names_in(expression),
        [("orgate_a_bucket".to_owned(), vec!["job".to_owned(), "x".to_owned()]), ("orgate_b".to_owned(), vec![])]
    );
    assert_eq!(groups_in(expression), ["le", "route"]);
}
