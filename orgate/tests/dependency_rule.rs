//! The rule of ARCHITECTURE.md as a test: which crate may use which, and what the pure ones never name.
#![expect(clippy::unwrap_used, reason = "what a test needs and does not get ends it")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Who may use whom, in the program. What is not here may use nothing of the workspace.
const EDGES: [(&str, &[&str]); 10] = [
    ("orgate-core", &[]),
    ("orgate-sso", &["orgate-core"]),
    ("orgate-store", &["orgate-core"]),
    ("orgate-app", &["orgate-core", "orgate-sso", "orgate-store"]),
    // The console names kinds of connection and checks; it sees no storage.
    ("orgate-web", &["orgate-core", "orgate-sso", "orgate-app"]),
    ("orgate", &["orgate-core", "orgate-app", "orgate-web", "orgate-demo-idp"]),
    ("orgate-demo-idp", &[]),
    ("orgate-testkit", &[]),
    ("orgate-fuzz", &["orgate-core", "orgate-sso", "orgate-store", "orgate-app"]),
    // Its identity provider is the demonstration's.
    ("orgate-bench", &["orgate-core", "orgate-sso", "orgate-store", "orgate-app", "orgate-web", "orgate-demo-idp"]),
];

/// What knows async, input and output, the moment or chance.
const IMPURE: [&str; 22] = [
    "async-trait",
    "axum",
    "deadpool-postgres",
    "fastrand",
    "futures-util",
    "getrandom",
    "hickory-resolver",
    "hyper",
    "hyper-util",
    "lettre",
    "rand",
    "reqwest",
    "rusqlite",
    "rustls",
    "tokio",
    "tokio-postgres",
    "tokio-rustls",
    "tower",
    "tower-http",
    "tracing",
    "ureq",
    "webpki-roots",
];

fn workspace() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap()
}

fn uses(package: &Package, kinds: &[DependencyKind]) -> BTreeSet<String> {
    let of_kind = package.dependencies.iter().filter(|dependency| kinds.contains(&dependency.kind));
    of_kind.map(|dependency| dependency.name.clone()).collect()
}

const PROGRAM: [DependencyKind; 2] = [DependencyKind::Normal, DependencyKind::Build];
const TESTS: [DependencyKind; 1] = [DependencyKind::Development];

/// The crates that use one of these in the program.
fn users_of(names: &[&str]) -> BTreeSet<String> {
    let all = workspace().packages;
    let users = all.iter().filter(|package| uses(package, &PROGRAM).iter().any(|used| names.contains(&used.as_str())));
    users.map(|package| package.name.to_string()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn edges_between_crates_point_down() {
    let allowed: BTreeMap<_, _> = EDGES.into();
    let packages = workspace().packages;
    assert_eq!(packages.len(), EDGES.len(), "a crate that the table does not know");
    let names: BTreeSet<String> = packages.iter().map(|package| package.name.to_string()).collect();
    for package in &packages {
        let allowed = set(allowed[package.name.as_str()]);
        let used: BTreeSet<String> = uses(package, &PROGRAM).intersection(&names).cloned().collect();
        let wrong: Vec<_> = used.difference(&allowed).collect();
        assert!(wrong.is_empty(), "{} must not use {wrong:?}", package.name);
    }
}

#[test]
fn the_table_of_edges_points_down_itself() {
    let order: Vec<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    let place = |name: &str| order.iter().position(|known| *known == name).unwrap();
    let in_line = EDGES.iter().filter(|(name, _)| !matches!(*name, "orgate" | "orgate-bench"));
    for (name, used) in in_line {
        assert!(used.iter().all(|used| place(used) < place(name)), "{name}");
    }
    let store_uses_sso = EDGES.iter().any(|(name, used)| *name == "orgate-store" && used.contains(&"orgate-sso"));
    assert!(!store_uses_sso, "store and sso never meet");
}

#[test]
fn pure_crates_list_no_runtime_driver_or_client_not_even_in_tests() {
    let packages = workspace().packages;
    let pure: Vec<_> = packages.iter().filter(|package| package.manifest_path.as_str().contains("/pure/")).collect();
    assert_eq!(pure.len(), 2);
    for package in pure {
        let used = uses(package, &[PROGRAM.as_slice(), &TESTS].concat());
        let wrong: Vec<_> = used.iter().filter(|used| IMPURE.contains(&used.as_str())).collect();
        assert!(wrong.is_empty(), "{} must not name {wrong:?}", package.name);
    }
}

#[test]
fn only_the_store_names_a_sql_driver() {
    // The kit makes the databases of tests on PostgreSQL; the program does not contain it.
    let drivers = ["rusqlite", "tokio-postgres", "deadpool-postgres", "tokio-postgres-rustls"];
    assert_eq!(users_of(&drivers), set(&["orgate-store", "orgate-testkit"]));
}

#[test]
fn only_the_web_and_the_demonstration_provider_name_the_http_framework() {
    let users = users_of(&["axum", "tower-http"]);
    let allowed = set(&["orgate-web", "orgate-demo-idp", "orgate-testkit", "orgate-bench"]);
    assert!(users.contains("orgate-web") && users.is_subset(&allowed), "{users:?}");
}

#[test]
fn only_the_use_cases_name_the_http_client_and_the_mail_client() {
    assert_eq!(users_of(&["reqwest", "lettre", "hickory-resolver"]), set(&["orgate-app"]));
}

/// What gets into a span is read off one module (T-SEC-3).
#[test]
fn only_the_use_cases_make_spans() {
    let libraries = ["opentelemetry", "opentelemetry_sdk", "opentelemetry-proto", "prost"];
    assert_eq!(users_of(&libraries), set(&["orgate-app"]));
    // Nor does anything make them of what is logged, or send them by a client of its own.
    assert_eq!(users_of(&["tracing-opentelemetry", "opentelemetry-otlp"]), BTreeSet::new());
}

#[test]
fn the_kit_of_the_tests_is_no_part_of_any_program() {
    assert_eq!(users_of(&["orgate-testkit", "openidconnect"]), BTreeSet::new());
}

/// The crates that are built for these packages, without what only tests take.
fn built_into(packages: &[&str]) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .args(packages)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn the_binary_holds_one_tls_stack_and_one_crypto_library() {
    let names = built_into(&["--package", "orgate"]);
    assert!(names.contains("rustls") && names.contains("aws-lc-rs") && names.len() > 100, "{names:?}");
    for foreign in ["ring", "openssl", "openssl-sys", "native-tls", "boring", "mbedtls", "rsa", "orgate-testkit"] {
        assert!(!names.contains(foreign), "{foreign} is in the binary");
    }
}

/// What the lock file holds: every version of every crate, those of tests included.
fn locked() -> BTreeMap<String, BTreeSet<(u64, u64, u64)>> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap();
    let mut all: BTreeMap<String, BTreeSet<(u64, u64, u64)>> = BTreeMap::new();
    for package in text.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \"")).unwrap();
            line.trim_end_matches('"').to_owned()
        };
        all.entry(field("name")).or_default().insert(numbers(&field("version")));
    }
    all
}

/// Without what follows a dash or a plus.
fn numbers(version: &str) -> (u64, u64, u64) {
    let plain = version.split(['-', '+']).next().unwrap();
    let mut parts = plain.split('.').map(|part| part.parse().unwrap());
    (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
}

/// The first version without the flaw, and which that was. An advisory database is asked where the network is; these are
/// held without it, for the versions of tests as well.
const FIRST_SOUND: [(&str, (u64, u64, u64), &str); 7] = [
    ("jsonwebtoken", (10, 3, 0), "CVE-2026-25537: a malformed time counted as none"),
    ("idna", (1, 0, 0), "RUSTSEC-2024-0421: names that look different were the same"),
    ("lettre", (0, 11, 22), "RUSTSEC-2026-0141: host names that were not looked at"),
    ("ring", (0, 17, 12), "RUSTSEC-2025-0009: overflow in AES"),
    ("rustls", (0, 23, 45), "RUSTSEC-2026-0285: what a handshake was held against"),
    ("hickory-proto", (0, 25, 0), "RUSTSEC-2025-0006: DNSSEC that was believed too easily"),
    ("h2", (0, 4, 4), "RUSTSEC-2024-0332: frames without end"),
];

#[test]
fn t_sec_6_no_crate_is_older_than_the_first_sound_version() {
    let locked = locked();
    assert!(locked.len() > 200, "{} crates were read", locked.len());
    for (name, sound, flaw) in FIRST_SOUND {
        let versions = locked.get(name).unwrap_or_else(|| panic!("{name} is not in the lock file any more"));
        let old: Vec<_> = versions.iter().filter(|version| **version < sound).collect();
        assert!(old.is_empty(), "{name} {old:?}: {flaw}");
    }
    assert!((0, 11, 3) < (0, 11, 22) && numbers("1.2.3-rc.1+x") == (1, 2, 3), "versions are compared as numbers");
}

#[test]
fn t_sec_6_one_crypto_backend_one_tls_stack_and_no_rsa_of_rust_in_the_program() {
    let locked = locked();
    for foreign in ["openssl", "openssl-sys", "native-tls", "boring", "boring-sys", "mbedtls"] {
        assert!(!locked.contains_key(foreign), "{foreign}");
    }
    for one in ["aws-lc-rs", "aws-lc-sys", "rustls", "rustls-webpki", "jsonwebtoken"] {
        assert_eq!(locked.get(one).map(BTreeSet::len), Some(1), "{one}: one version");
    }
    // RUSTSEC-2023-0071, and a second crypto library: they come with what checks tokens beside us in tests, and stay there.
    let names = built_into(&["--workspace"]);
    assert!(names.contains("orgate-bench") && names.contains("orgate-testkit"), "{names:?}");
    for only_in_tests in ["rsa", "ring", "openidconnect"] {
        assert!(!names.contains(only_in_tests), "{only_in_tests} is in a program");
    }
}
