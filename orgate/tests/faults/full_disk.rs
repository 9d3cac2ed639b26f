//! A disk that is full, read-only, or cannot make sure of what was written (F5): nothing is acknowledged, reads go on, the
//! program lives, and the file is whole afterwards.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::api::text;
use crate::disk::{Disk, State};
use crate::node::Settings;
use crate::scale::{now, report};
use crate::scene::{Scene, is_unavailable, is_unavailable_page};
use crate::sqlite_file::is_whole;

const AWAY: &str = "orgate_faults_total{kind=\"database-away\"}";
const STOPPED: &str = "orgate_store_writes_stopped";

fn on_a_disk() -> (Scene, Disk) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new(folder.path());
    let scene = Scene::on_sqlite(folder, disk.settings());
    scene.create_project("Before").expect(201);
    (scene, disk)
}

/// Nothing can be written, whoever tries; what is there is read by everybody. `why` is the system's word in the log.
fn only_reads(scene: &Scene, why: &str) {
    only_reads_of(scene, why, &["Before".to_owned()]);
}

fn only_reads_of(scene: &Scene, why: &str, projects: &[String]) {
    let session = scene.owner.token.clone();
    let reference = is_unavailable(scene.create_project("Lost"));
    scene.is_logged(&["ERROR", "the database is not available", why, &reference]);
    is_unavailable(scene.sign_in());
    let page = is_unavailable_page(scene.sign_out(&session));
    scene.is_logged(&["ERROR", &page]);
    assert!(scene.measured(AWAY) >= 3.0);
    scene.checks_are_right();
    scene.page().expect(200);
    assert_eq!(scene.projects(), projects);
    scene.ask(&crate::client::Ask::get("/readyz")).expect(200);
}

/// Everything that was acknowledged is there after another start, in a whole file.
fn is_kept(scene: &mut Scene, folder: &Path, projects: &[String]) {
    assert_eq!(scene.projects(), projects);
    scene.node.stop();
    is_whole(folder).unwrap();
    scene.node.verify_audit_log();
    scene.node.start();
    assert_eq!(scene.projects(), projects);
    scene.checks_are_right();
}

#[test]
fn f5_a_full_disk_refuses_writes_and_serves_reads_and_needs_no_restart() {
    let ((mut scene, disk), began) = (on_a_disk(), now());
    for (state, why) in [(State::Full, "database or disk is full"), (State::ReadOnly, "disk I/O error")] {
        disk.set(state);
        only_reads(&scene, why);
        scene.is_logged(&["ERROR", "a group of writes was not committed", why]);
        scene.is_logged(&["ERROR", "a job failed and is tried again"]);
        disk.set(State::Whole);
        let made = scene.create_project("After").expect(201).json();
        let path = format!("/api/v1/organizations/{}/projects/{}", scene.slug, text(&made["id"]));
        scene.api().delete(&path, &scene.owner.token).expect(204);
    }
    assert!(scene.measured(STOPPED) < 1.0, "writes go on");
    scene.create_project("Last").expect(201);
    let folder = scene.folder().to_owned();
    is_kept(&mut scene, &folder, &["Before".to_owned(), "Last".to_owned()]);
    report("F5 full and read-only", began, "writes refused, reads served, nothing lost");
}

/// Takes all that is left of a disk, to the last byte.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    for size in [1 << 20, 1 << 12, 1] {
        let piece = vec![7; size];
        while file.write_all(&piece).is_ok() {}
    }
}

/// What a full file system does by itself: it refuses what would make a file grow, and takes what fits into files that are
/// there, such as the rest of a log.
#[test]
#[ignore = "needs a small disk, whose folder ORGATE_RELIABILITY_SMALL_DISK names; scripts/reliability mounts one"]
fn f5_a_real_disk_that_is_full_refuses_writes_and_serves_reads_and_needs_no_restart() {
    let small = std::env::var_os("ORGATE_RELIABILITY_SMALL_DISK").map(PathBuf::from).expect("a small disk");
    let (database, began) = (tempfile::tempdir_in(&small).unwrap(), now());
    // Log and mails are elsewhere.
    let url = format!("sqlite:{}", database.path().join("orgate.db").display());
    let mut scene = Scene::new(&url, tempfile::tempdir().unwrap(), Settings::new());
    scene.create_project("Before").expect(201);
    let mut kept = vec!["Before".to_owned()];
    for time in 0..2 {
        let filler = small.join("filler");
        fill(&filler);
        let acknowledged = kept.len();
        for number in 0.. {
            let name = format!("Full {time} {number:04}");
            let made = scene.create_project(&name);
            match made.status() {
                201 => kept.push(name),
                503 => break,
                other => panic!("{name}: {other}"),
            }
            assert!(number < 150, "the disk is not full");
        }
        only_reads_of(&scene, "database or disk is full", &kept);
        std::fs::remove_file(&filler).unwrap();
        let after = format!("Full {time} after");
        scene.create_project(&after).expect(201);
        kept.push(after);
        println!("{} projects were acknowledged on the full disk", kept.len() - acknowledged - 1);
    }
    assert!(scene.measured(STOPPED) < 1.0, "writes go on");
    is_kept(&mut scene, database.path(), &kept);
    report("F5 a real disk", began, "filled twice, writes refused, reads served, nothing lost");
}

#[test]
fn f5_a_failed_sync_ends_all_acknowledgements_until_a_restart() {
    for is_killed in [false, true] {
        let ((mut scene, disk), began) = (on_a_disk(), now());
        disk.set(State::NoSync);
        // Who meets the failure is not told that nothing was changed, for the log holds it; a job may have met it before.
        let met = scene.create_project("Lost").expect(503).json();
        assert!(["in-doubt", "unavailable"].contains(&met["code"].as_str().unwrap()), "{met}");
        scene.is_logged(&["ERROR", "a group of writes was not committed", "disk I/O error"]);
        only_reads(&scene, "nothing is written until a restart");
        // The disk says that all is well again. What it said before counts.
        disk.set(State::Whole);
        only_reads(&scene, "nothing is written until a restart");
        scene.is_logged(&["ERROR", "look at the disk, then start Orgate again"]);
        assert!(scene.measured(STOPPED) > 0.0);
        if is_killed {
            scene.node.kill();
        } else {
            scene.node.stop();
        }
        scene.node.start();
        assert!(scene.measured(STOPPED) < 1.0);
        scene.create_project("After").expect(201);
        // Without an acknowledgement it may be there or not, as after any answer that was lost.
        let projects: Vec<String> = scene.projects().into_iter().filter(|name| name != "Lost").collect();
        assert_eq!(projects, ["After", "Before"]);
        scene.checks_are_right();
        scene.node.stop();
        is_whole(scene.folder()).unwrap();
        scene.node.verify_audit_log();
        report("F5 sync", began, if is_killed { "killed afterwards" } else { "stopped afterwards" });
    }
}
