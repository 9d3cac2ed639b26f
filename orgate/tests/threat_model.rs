//! Holds the pages under `docs/` to the tree: a test or a file that they name is there, a link leads somewhere, and every
//! threat says how it is met, which test shows it and what is left open.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot read the tree fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What holds tests, seen from the root of the tree.
const SOURCES: [&str; 9] = ["pure", "io", "orgate", "demo-idp", "testkit", "fuzz", "bench", "e2e/tests", "e2e/lib"];
/// What every threat says, in this order.
const PARTS: [&str; 4] = ["*Attack.*", "*Defence.*", "*Shown by.*", "*Not covered.*"];
/// How the name of a file ends when a page names one.
const ENDINGS: [&str; 13] =
    [".rs", ".md", ".html", ".sql", ".txt", ".toml", ".mjs", ".json", ".css", ".conf", ".yaml", ".py", ".service"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()))
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{} cannot be listed: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let is_built = path.ends_with("target") || path.ends_with("node_modules");
        if path.is_dir() && !is_built {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

fn sources(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for source in SOURCES {
        files(&root().join(source), ending, &mut found);
    }
    found
}

fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&root().join("docs"), ".md", &mut found);
    found
}

/// The names of the tests in a Rust file: functions under a test attribute, and those listed for each engine.
fn rust_tests(source: &str) -> Vec<String> {
    let (mut names, mut marked, mut listed) = (Vec::new(), false, false);
    for line in source.lines().map(str::trim) {
        if listed {
            listed = line != "}";
            names.extend(listed.then(|| line.to_owned()));
        } else if line.starts_with("on_each_") && line.ends_with("! {") {
            listed = true;
        } else if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some(name) = function(line) {
            names.extend(marked.then_some(name));
            marked = false;
        }
    }
    names
}

fn function(line: &str) -> Option<String> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
    let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// The titles of the browser's tests and of their steps.
fn browser_tests(source: &str) -> Vec<String> {
    source.lines().filter_map(title).map(str::to_owned).collect()
}

fn title(line: &str) -> Option<&str> {
    let line = line.trim();
    let rest = line.strip_prefix("test('").or_else(|| line.strip_prefix("await test.step('"))?;
    rest.split_once("',").map(|(title, _)| title)
}

fn all_tests() -> BTreeSet<String> {
    let rust = sources(".rs").into_iter().flat_map(|path| rust_tests(&read(&path)));
    let browser = sources(".mjs").into_iter().flat_map(|path| browser_tests(&read(&path)));
    rust.chain(browser).collect()
}

/// What stands between single backticks.
fn spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// A threat's heading and its text.
fn threats(page: &str) -> Vec<(&str, &str)> {
    page.split("\n### ").skip(1).map(|section| section.split_once('\n').unwrap_or((section, ""))).collect()
}

/// One part of a threat, to the next part or heading.
fn part<'t>(text: &'t str, name: &str) -> &'t str {
    let after = text.split_once(name).map_or("", |(_, after)| after);
    let ends = PARTS.iter().copied().chain(["\n## "]).filter_map(|end| after.find(end));
    ends.min().and_then(|end| after.get(..end)).unwrap_or(after)
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let page = read(&root().join("docs/threat-model.md"));
    let tests = all_tests();
    let shown = threats(&page).into_iter().flat_map(|(_, text)| spans(part(text, "*Shown by.*")));
    // Elsewhere on the page a name is known by its length: nothing else has so many words.
    let mentioned = spans(&page).into_iter().filter(|span| span.matches('_').count() > 4 && !span.contains('/'));
    let missing: BTreeSet<_> = shown.chain(mentioned).filter(|name| !tests.contains(*name)).collect();
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn every_threat_says_attack_defence_test_and_what_is_left_and_is_numbered() {
    let page = read(&root().join("docs/threat-model.md"));
    let threats = threats(&page);
    assert!(threats.len() > 20, "{} threats", threats.len());
    for (index, (heading, text)) in threats.iter().enumerate() {
        assert!(heading.starts_with(&format!("T-{} ", index + 1)), "{heading}");
        for name in PARTS {
            assert!(part(text, name).trim().len() > 10, "{heading}: {name}");
        }
        assert!(spans(part(text, "*Defence.*")).iter().any(|span| is_file(span)), "{heading} names no file");
        assert!(!spans(part(text, "*Shown by.*")).is_empty(), "{heading} names no test");
    }
}

/// The tests that rows with one of these beginnings name and that are not there; at least `least` rows are.
fn missing_in_rows(page: &str, beginnings: &[&str], least: usize) -> BTreeSet<String> {
    let page = read(&root().join(page));
    let tests = all_tests();
    let rows: Vec<_> = page.lines().filter(|line| beginnings.iter().any(|start| line.starts_with(start))).collect();
    assert!(rows.len() >= least, "{} rows", rows.len());
    rows.into_iter().flat_map(spans).filter(|name| !tests.contains(*name)).map(str::to_owned).collect()
}

#[test]
fn every_test_that_the_page_of_standards_names_exists() {
    assert_eq!(missing_in_rows("docs/standards.md", &["| T-"], 30), BTreeSet::new());
}

#[test]
fn every_test_that_the_pages_of_asvs_name_exists() {
    assert_eq!(missing_in_rows("docs/asvs-v6-v7.md", &["| V6.", "| V7.", "| NIST "], 76), BTreeSet::new());
    assert_eq!(missing_in_rows("docs/asvs-v8-v11.md", &["| V8.", "| V9.", "| V10.", "| V11."], 80), BTreeSet::new());
}

/// The requirements of a page, each a row.
fn requirements(page: &str) -> Vec<String> {
    let page = read(&root().join(page));
    page.lines().filter(|line| line.starts_with("| V")).map(str::to_owned).collect()
}

/// A claim of a page without a test says so.
#[test]
fn every_row_of_asvs_that_is_met_names_a_test_or_says_that_there_is_none() {
    let rows = [requirements("docs/asvs-v6-v7.md"), requirements("docs/asvs-v8-v11.md")].concat();
    let silent: Vec<_> = rows
        .into_iter()
        .filter(|row| row.contains("**Met") || row.contains("**Partly"))
        .filter(|row| spans(row).is_empty() && !row.to_lowercase().contains("no test of its own"))
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}

/// Chapters V8 to V11 have 13, 7, 36 and 24 requirements, and the page says of how many what.
#[test]
fn the_page_of_asvs_has_every_requirement_of_its_chapters_once_and_counts_them() {
    let rows = requirements("docs/asvs-v8-v11.md");
    let ids: BTreeSet<&str> = rows.iter().filter_map(|row| row.split('|').nth(1)).map(str::trim).collect();
    assert_eq!(ids.len(), rows.len());
    for (chapter, sections) in
        [("V8", &[4, 4, 3, 2][..]), ("V9", &[3, 4]), ("V10", &[2, 3, 5, 16, 5, 2, 3]), ("V11", &[4, 5, 5, 4, 2, 2, 2])]
    {
        for (section, count) in sections.iter().enumerate() {
            for number in 1..=*count {
                let id = format!("{chapter}.{}.{number}", section + 1);
                assert!(ids.contains(id.as_str()), "{id} is missing");
            }
        }
    }
    let count = |word: &str| rows.iter().filter(|row| row.contains(&format!("**{word}"))).count();
    let said = format!(
        "Of {} rows {} are met, {} partly, {} not, and {} do not apply",
        rows.len(),
        count("Met"),
        count("Partly"),
        count("Not met"),
        count("Does not apply")
    );
    assert!(read(&root().join("docs/asvs-v8-v11.md")).contains(&said), "{said}");
}

/// Whether a span names a file of the tree; names in angle brackets or braces are for the reader to fill in.
fn is_file(span: &str) -> bool {
    let is_path = span.contains('/') && !span.starts_with('/') && !span.contains(['<', '{', '*', ' ', ':']);
    is_path && ENDINGS.iter().any(|ending| span.ends_with(ending))
}

#[test]
fn every_file_that_a_page_names_exists() {
    let mut missing = BTreeSet::new();
    let mut found = 0;
    for path in pages() {
        for span in spans(&read(&path)).into_iter().filter(|span| is_file(span)) {
            if root().join(span).exists() {
                found += 1;
            } else {
                missing.insert(format!("{}: {span}", path.display()));
            }
        }
    }
    assert_eq!(missing, BTreeSet::new());
    assert!(found > 50, "{found} files");
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let mut missing = BTreeSet::new();
    for path in pages() {
        let text = read(&path);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        for target in targets.filter(|target| !target.contains("://")) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !path.with_file_name(file).exists() {
                missing.insert(format!("{}: {target}", path.display()));
            }
        }
    }
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn a_function_that_is_no_test_is_not_taken_for_one() {
    let source =
        "#[test]\n#[expect(dead_code)]\nfn one() {}\nfn two() {}\non_each_engine! {\n    three\n}\nasync fn four() {}";
    assert_eq!(rust_tests(source), ["one", "three"]);
    assert_eq!(
        browser_tests("test('says no', async () => {\n  await test.step('and why', f);\n  text('no', 1);"),
        ["says no", "and why"]
    );
}

#[test]
fn parts_end_where_the_next_begins() {
    let page = "x\n### T-1 Name\n*Attack.* a `b`\n*Defence.* c\n## Next\n`d`";
    let threats = threats(page);
    assert_eq!(threats.first().map(|(heading, _)| *heading), Some("T-1 Name"));
    assert_eq!(spans(part(threats[0].1, "*Attack.*")), ["b"]);
    assert_eq!(part(threats[0].1, "*Defence.*").trim(), "c");
    assert_eq!(part(threats[0].1, "*Shown by.*"), "");
}
