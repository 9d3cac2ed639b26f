//! Every seed of every target once more, on any toolchain: what the fuzzer found stays found.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its seeds fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use orgate_fuzz::{TARGETS, find};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds")
}

fn replay(name: &str) {
    let target = find(name).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(folder().join(name)).unwrap() {
        let path = entry.unwrap().path();
        // Shown when the target panics.
        println!("{}", path.display());
        (target.run)(&fs::read(path).unwrap());
        count += 1;
    }
    assert!(count >= 6, "{count} seeds of {name}");
    (target.run)(&[]);
}

#[test]
fn z1_each_target_has_seeds_and_each_folder_of_seeds_a_target() {
    let folders: BTreeSet<String> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(folders, targets);
}

macro_rules! replays {
    ($($test:ident $target:literal)*) => {
        $(
            #[test]
            fn $test() {
                replay($target);
            }
        )*

        #[test]
        fn z1_every_target_is_replayed() {
            assert_eq!([$($target),*], TARGETS.map(|target| target.name));
        }
    };
}

replays! {
    z1_seeds_of_tokens "tokens"
    z1_seeds_of_keys "keys"
    z1_seeds_of_answers "answers"
    z1_seeds_of_browser "browser"
    z1_seeds_of_addresses "addresses"
    z1_seeds_of_passkeys "passkeys"
    z1_seeds_of_log_out_tokens "log_out_tokens"
    z1_seeds_of_settings "settings"
}
