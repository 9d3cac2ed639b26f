//! Owns `/sign-in/{slug}`, the organization's own login address, and `/sign-in/sso`, which leads there (R-IN-6).

use orgate_app::error::Error;
use orgate_app::sign_in::lookup::{self, Found};
use orgate_app::sign_in::sso::attempts;
use orgate_app::sign_in::sso::begin::{NewSignIn, begin};
use orgate_core::refusal::Refusal;
use orgate_core::return_to::ReturnTo;
use orgate_core::sign_in::Started;
use serde::Deserialize;

use super::provider;
use super::wish::Wish;
use crate::page::{Form, Mistakes, PageResult, Path, Query, Visit, see_other};
use crate::pages::Field;
use crate::pages::refusal::RefusalPage;
use crate::pages::sign_in::{OrganizationSignInPage, SsoLookUpMailedPage, SsoLookUpPage};

/// The question for a short name or an address.
pub async fn ask(visit: Visit) -> PageResult {
    visit.page(&SsoLookUpPage { site: visit.site.clone(), identifier: Field::empty() })
}

/// What the question's form sends.
#[derive(Deserialize)]
pub struct Typed {
    identifier: String,
}

/// To the organization's login address; for a mail address, the same page for all.
pub async fn find(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    match lookup::find(visit.app(), &visit.visitor, &typed.identifier).await {
        Ok(Found::Organization { slug }) => Ok(see_other(&format!("/sign-in/{slug}"))),
        Ok(Found::MailedIfKnown) => {
            visit.page(&SsoLookUpMailedPage { site: visit.site.clone(), email: typed.identifier.trim().to_owned() })
        }
        Err(Error::Refused(Refusal::NotFound)) => {
            let identifier = Field::filled(typed.identifier)
                .refused("No organization has this short name. Check it, or type your e-mail address.");
            visit.again(&SsoLookUpPage { site: visit.site.clone(), identifier })
        }
        Err(error) => {
            let mistakes = Mistakes::of(error)?;
            let identifier = mistakes.field("name", typed.identifier);
            visit.again(&SsoLookUpPage { site: visit.site.clone(), identifier })
        }
    }
}

/// The login address. It takes a wish to come back.
pub async fn show(visit: Visit, Path(slug): Path<String>, Query(wish): Query<Wish>) -> PageResult {
    let page = lookup::login_page(visit.app(), &slug).await?;
    if !page.has_sso {
        return visit.page(&RefusalPage {
            site: visit.site.clone(),
            title: format!("{} has no single sign-on", page.name),
            happened: "Its Owners have not set it up, or have switched it off.".to_owned(),
            mend: "Sign in with your e-mail address and password, or ask an Owner of the organization.".to_owned(),
            reference: None,
            back_url: "/sign-in".to_owned(),
            back_label: "Sign in with e-mail".to_owned(),
        });
    }
    let page = OrganizationSignInPage { site: visit.site.clone(), organization_name: page.name, slug: page.slug };
    Ok(wish.remembered_by(visit.page(&page)?))
}

/// Begins SSO.
pub async fn create(visit: Visit, Path(slug): Path<String>) -> PageResult {
    let page = lookup::login_page(visit.app(), &slug).await?;
    let new = NewSignIn {
        organization: page.slug,
        started: Started::Here,
        fresh: false,
        login_hint: None,
        return_to: visit.return_to.as_ref().map(|path| ReturnTo::as_str(path).to_owned()),
    };
    let begun = begin(visit.app(), &visit.visitor, new).await?;
    provider::leave(&visit, begun, &page.name)
}

/// The page of a refused attempt: what happened, what to do, the number that an Owner finds (R-SSO-9).
pub async fn refused(visit: Visit, Path((slug, reference)): Path<(String, String)>) -> PageResult {
    let refused = attempts::refused(visit.app(), &slug, &reference).await?;
    visit.page(&RefusalPage {
        site: visit.site.clone(),
        title: format!("You could not be signed in to {}", refused.organization_name),
        happened: refused.text,
        mend: refused.advice,
        reference: Some(refused.reference.to_string()),
        back_url: format!("/sign-in/{}", refused.organization_slug),
        back_label: "Try again".to_owned(),
    })
}
