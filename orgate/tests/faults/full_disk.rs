//! A disk that is full, read-only, or cannot make sure of what was written (F5): nothing is acknowledged, reads go on, the
//! program lives, and the file is whole afterwards.

use crate::api::text;
use crate::disk::{Disk, State};
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
    let session = scene.owner.token.clone();
    let reference = is_unavailable(scene.create_project("Lost"));
    scene.is_logged(&["ERROR", "the database is not available", why, &reference]);
    is_unavailable(scene.sign_in());
    let page = is_unavailable_page(scene.sign_out(&session));
    scene.is_logged(&["ERROR", &page]);
    assert!(scene.measured(AWAY) >= 3.0);
    scene.checks_are_right();
    scene.page().expect(200);
    assert_eq!(scene.projects(), ["Before"]);
    scene.ask(&crate::client::Ask::get("/readyz")).expect(200);
}

/// Everything that was acknowledged is there after another start, in a whole file.
fn is_kept(scene: &mut Scene, projects: &[&str]) {
    assert_eq!(scene.projects(), projects);
    scene.node.stop();
    is_whole(scene.folder()).unwrap();
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
    is_kept(&mut scene, &["Before", "Last"]);
    report("F5 full and read-only", began, "writes refused, reads served, nothing lost");
}

#[test]
fn f5_a_failed_sync_ends_all_acknowledgements_until_a_restart() {
    for is_killed in [false, true] {
        let ((mut scene, disk), began) = (on_a_disk(), now());
        disk.set(State::NoSync);
        only_reads(&scene, "disk I/O error");
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
