//! Owns what makes the demonstration's identity provider stand in for Google and GitHub: two applications there that Orgate
//! is registered as, for everybody. Nothing leaves this machine.

use orgate_demo_idp::Application;

use super::cast;

/// Everybody knows it: the demonstration is reached from this machine only.
pub const SECRET: &str = "known-to-everybody-on-this-machine";
/// For Google.
pub const GOOGLE: &str = "in-place-of-google";
/// For GitHub.
pub const GITHUB: &str = "in-place-of-github";

/// The registrations, for the console at this port.
pub fn applications(console_port: u16) -> Vec<Application> {
    let people = cast::idp_people();
    let application = |client_id: &str, name: &str, word: &str| Application {
        name: format!("{name} (stand-in)"),
        client_id: client_id.to_owned(),
        client_secret: SECRET.to_owned(),
        redirect_uris: vec![format!("http://localhost:{console_port}/sign-in/with/{word}/callback")],
        initiate_login_uri: None,
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        assigned: people.iter().map(|person| person.subject.clone()).collect(),
    };
    vec![application(GOOGLE, "Google", "google"), application(GITHUB, "GitHub", "github")]
}
