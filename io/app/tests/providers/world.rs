//! An application that is registered at a local Google and a local GitHub.

use orgate_app::sign_in::personal::exchange::{Begun, PersonalRefusal, begin, finish, read_callback, redirect_uri};
use orgate_core::personal::{PersonalAssertion, PersonalProvider};
use orgate_core::time::Timestamp;
use orgate_testkit::{GitHub, HostileIdp, ManualClock, Setup};

use crate::support::{Bed, START};

/// What a conversation ends in.
pub type Told = Result<PersonalAssertion, PersonalRefusal>;

/// The application and both providers.
pub struct World {
    pub bed: Bed,
    pub google: HostileIdp,
    pub github: GitHub,
}

impl World {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With settings beside the usual ones.
    pub async fn with(more: &[(&str, &str)]) -> Self {
        let clock = ManualClock::at(Timestamp::parse_rfc3339(START).unwrap().as_millis());
        let (google, github) = (HostileIdp::start(Setup::google(&clock)), GitHub::start());
        let usual = [
            ("ORGATE_GOOGLE_CLIENT_ID", google.client_id()),
            ("ORGATE_GOOGLE_CLIENT_SECRET", google.client_secret()),
            ("ORGATE_GOOGLE_ISSUER", google.issuer()),
            ("ORGATE_GITHUB_CLIENT_ID", github.client_id()),
            ("ORGATE_GITHUB_CLIENT_SECRET", github.client_secret()),
            ("ORGATE_GITHUB_URL", github.url().to_owned()),
            ("ORGATE_GITHUB_API_URL", github.api_url()),
        ];
        let mut settings: Vec<_> = usual.iter().map(|(key, value)| (*key, value.as_str())).collect();
        settings.extend(more);
        let bed = Bed::sqlite_with(&settings).await;
        let world = Self { bed, google, github };
        let google_uri = redirect_uri(&world.bed.app, PersonalProvider::Google);
        world.google.configure(|setup| setup.redirect_uris = Some([google_uri].into()));
        world.github.register_callback(&redirect_uri(&world.bed.app, PersonalProvider::GitHub));
        world
    }

    /// Sends the browser away.
    pub async fn begin(&self, provider: PersonalProvider) -> Result<Begun, PersonalRefusal> {
        begin(&self.bed.app, provider).await.unwrap()
    }

    /// Brings this address back to an attempt.
    pub async fn come_back(&self, provider: PersonalProvider, begun: &Begun, location: &str) -> Told {
        let home = redirect_uri(&self.bed.app, provider);
        let query = location.strip_prefix(&home).and_then(|rest| rest.strip_prefix('?')).unwrap();
        let (callback, state_hash) = read_callback(query).unwrap();
        assert_eq!(state_hash, begun.state_hash);
        finish(&self.bed.app, provider, &begun.pending, &callback).await.unwrap()
    }

    /// A whole sign-in of whoever is signed in there.
    pub async fn sign_in(&self, provider: PersonalProvider) -> Told {
        let begun = self.begin(provider).await?;
        let location = match provider {
            PersonalProvider::Google => self.google.authorize(&begun.url),
            PersonalProvider::GitHub => self.github.authorize(&begun.url),
        };
        self.come_back(provider, &begun, &location).await
    }
}

/// The stable code of a "no".
#[track_caller]
pub fn code(told: Told) -> &'static str {
    match told {
        Ok(assertion) => panic!("not refused but {assertion:?}"),
        Err(refusal) => refusal.code(),
    }
}
