//! A program that a test started: it is killed with this handle, so that a test that fails leaves nothing running.

use std::ops::{Deref, DerefMut};
use std::process::Child;

/// A started program, used as the child that it is.
pub struct Running(pub Child);

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that ended by itself needs neither.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_test_that_fails_leaves_no_program_running() {
    let deployment = crate::deployment::Deployment::new();
    let (port, folder) = (deployment.port, deployment.folder.path().to_owned());
    let failed = std::thread::spawn(move || {
        let node = deployment.serve();
        assert_eq!(node.id(), 0, "as a test does that fails");
    });
    assert!(failed.join().is_err() && !folder.exists());
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "it still listens");
}
