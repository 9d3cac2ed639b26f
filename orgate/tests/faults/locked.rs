//! A SQLite file that another program holds (F4): writes wait, then are refused; reads go on; nothing needs a restart.

use rusqlite::Connection;

use crate::scene::{Scene, eventually, is_unavailable};

#[test]
fn f4_a_file_that_another_program_holds_is_read_and_not_written_and_needs_no_restart() {
    let scene = Scene::on_sqlite(tempfile::tempdir().unwrap(), crate::node::Settings::new());
    scene.create_project("Before").expect(201);
    let other = Connection::open(scene.folder().join("orgate.db")).unwrap();
    other.execute_batch("begin immediate").unwrap();
    std::thread::scope(|scope| {
        let writes = [
            scope.spawn(|| is_unavailable(scene.create_project("Lost"))),
            scope.spawn(|| is_unavailable(scene.sign_in())),
        ];
        while writes.iter().any(|write| !write.is_finished()) {
            scene.checks_are_right();
            assert_eq!(scene.projects(), ["Before"]);
        }
        for write in writes {
            let reference = write.join().unwrap();
            scene.is_logged(&["ERROR", "the database is not available", &reference]);
        }
    });
    scene.is_logged(&["ERROR", "a group of writes was not committed", "database is locked"]);
    assert!(scene.measured("orgate_faults_total{kind=\"database-away\"}") >= 2.0);
    other.execute_batch("rollback").unwrap();
    // Whoever waited in vain is skipped, and this one's turn comes.
    eventually("a write", || (scene.create_project("After").status() == 201).then_some(()));
    assert_eq!(scene.projects(), ["After", "Before"]);
}
