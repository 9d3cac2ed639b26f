//! Every seed of every target once more, on any toolchain: what the fuzzer found stays found. What is nearly a seed follows, the
//! same on every run; `ORGATE_DEEP=1` tries a hundred times as much.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its seeds fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use orgate_fuzz::{TARGETS, find};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds")
}

/// Changed seeds of each seed.
const NEARLY: u64 = 16;

fn replay(name: &str) {
    let target = find(name).unwrap();
    let mut paths: Vec<_> = fs::read_dir(folder().join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 6, "{} seeds of {name}", paths.len());
    let seeds: Vec<_> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    (target.run)(&[]);
    let deep = std::env::var_os("ORGATE_DEEP").is_some();
    for (path, seed) in paths.iter().zip(&seeds) {
        // Shown when the target panics.
        println!("{}", path.display());
        (target.run)(seed);
        for number in 1..=if deep { NEARLY * 100 } else { NEARLY } {
            let changed = nearly(seed, &seeds, number);
            println!("changed in way {number}: {:?}", String::from_utf8_lossy(&changed));
            (target.run)(&changed);
        }
    }
}

/// A seed changed in one to four places: a byte turned, dropped, doubled or replaced, or a piece of another seed put in.
fn nearly(seed: &[u8], seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::try_from(seed.len()).unwrap();
    let mut draw = |below: usize| {
        // xorshift64: even enough for choosing places.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below.max(1)).unwrap()).unwrap()
    };
    let mut changed = seed.to_vec();
    for _ in 0..=draw(4) {
        let at = draw(changed.len());
        let byte = u8::try_from(draw(256)).unwrap();
        match (draw(5), changed.get_mut(at)) {
            (0, Some(place)) => *place ^= 1 << (byte % 8),
            (1, Some(place)) => *place = byte,
            (2, Some(_)) => drop(changed.remove(at)),
            (3, Some(place)) => {
                let doubled = *place;
                changed.insert(at, doubled);
            }
            (_, _) => {
                let other = seeds.get(draw(seeds.len())).unwrap();
                let from = draw(other.len());
                let piece: Vec<u8> = other.iter().skip(from).take(1 + draw(24)).copied().collect();
                changed.splice(at..at, piece);
            }
        }
    }
    changed
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
