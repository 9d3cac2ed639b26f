//! The lock on this suite: a function that no test here calls has statements that nobody prepared on both engines.

use std::fs;
use std::path::Path;

fn texts(folder: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_function_of_the_store_is_called_on_both_engines() {
    let tests = texts("tests/conformance");
    let sources = texts("src");
    let functions = sources.split("pub async fn ").skip(1).map(|rest| rest.split(['(', '<']).next().unwrap());
    let is_called = |function: &&str| [".", "::"].iter().any(|by| tests.contains(&format!("{by}{function}(")));
    let untested: Vec<&str> = functions.filter(|function| !is_called(function)).collect();
    assert!(untested.is_empty(), "no test calls {untested:?}");
}
