//! Owns `/organizations/{slug}/connections/{id}`: the guide beside the two cards, and saving.

use orgate_app::connection::{self, ConnectionView, SettingsForm};
use orgate_app::error::Error;
use orgate_core::refusal::Refusal;
use secrecy::SecretString;
use serde::Deserialize;

use super::view::{checks, head, progress};
use crate::console::organization_frame;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Visit, done};
use crate::pages::Section;
use crate::pages::sso::{ConfigurePage, Understood};

/// The form with what is stored.
pub async fn show(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let view = connection::get(visit.app(), &visit.visitor, &slug, &id).await?;
    let stored = view.current().map(|current| &current.settings);
    let typed = Typed {
        address: stored.map(|settings| settings.address.clone()).unwrap_or_default(),
        client_id: stored.map(|settings| settings.client_id.clone()).unwrap_or_default(),
    };
    let page = page(&visit, &slug, &view, &Mistakes::default(), &typed, None).await?;
    visit.page(&page)
}

/// What the form sends; the address field is called as its kind calls it.
#[derive(Deserialize)]
pub struct Sent {
    okta_domain: Option<String>,
    issuer: Option<String>,
    client_id: String,
    client_secret: String,
}

struct Typed {
    address: String,
    client_id: String,
}

/// Saves a draft and shows the named checks.
pub async fn save(visit: Visit, Path((slug, id)): Path<(String, String)>, Form(sent): Form<Sent>) -> PageResult {
    let address = sent.okta_domain.or(sent.issuer).unwrap_or_default();
    let typed = Typed { address: address.clone(), client_id: sent.client_id.clone() };
    let form = SettingsForm {
        address: address.clone(),
        client_id: sent.client_id,
        client_secret: Some(SecretString::from(sent.client_secret)),
    };
    match connection::save(visit.app(), &visit.visitor, &slug, &id, form).await {
        Ok(saved) if saved.notes.is_empty() => {
            let words = if saved.report.failed() {
                "Saved. Some checks failed; each says how to mend it."
            } else {
                "Saved, and every check passed. Test the connection next."
            };
            Ok(done(&format!("/organizations/{slug}/connections/{id}"), words))
        }
        Ok(saved) => {
            let read = saved.view.current().map(|current| current.settings.address.clone()).unwrap_or_default();
            let understood = Understood { read: read.clone(), typed: address };
            let typed = Typed { address: read, ..typed };
            let page = page(&visit, &slug, &saved.view, &Mistakes::default(), &typed, Some(understood)).await?;
            visit.page(&page)
        }
        Err(error @ Error::Refused(Refusal::InvalidInput(_))) => {
            let mistakes = Mistakes::of(error)?;
            let view = connection::get(visit.app(), &visit.visitor, &slug, &id).await?;
            visit.again(&page(&visit, &slug, &view, &mistakes, &typed, None).await?)
        }
        Err(other) => Err(other.into()),
    }
}

async fn page(
    visit: &Visit,
    slug: &str,
    view: &ConnectionView,
    mistakes: &Mistakes,
    typed: &Typed,
    understood: Option<Understood>,
) -> Result<ConfigurePage, Failure> {
    let (frame, _) = organization_frame(visit, Section::SingleSignOn, slug).await?;
    let names = view.kind.describe().fields().map(|field| field.name);
    let [address, client_id, client_secret] = names;
    Ok(ConfigurePage {
        frame,
        connection: head(slug, view),
        single_sign_on_url: view.single_sign_on_url.clone(),
        initiate_login_url: view.initiate_login_url.clone(),
        post_logout_redirect_url: view.post_logout_redirect_url.clone(),
        backchannel_logout_url: view.backchannel_logout_url.clone(),
        provider_address: mistakes.field(address, &typed.address),
        understood,
        client_id: mistakes.field(client_id, &typed.client_id),
        client_secret: mistakes.secret(client_secret),
        secret_stored: view.current().is_some(),
        progress: progress(view),
        checks: checks(view.current()),
        problem: mistakes.elsewhere(&names),
        linked_elsewhere: view.linked_elsewhere,
    })
}
