//! Owns the sample organizations and people. They are made as people make them, through the use cases: signing up with
//! mailed codes, inviting and accepting, configuring a connection, testing it with a real sign-in, activating it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use orgate_app::connection::{self, SettingsForm};
use orgate_app::invitation::{self, NewInvitations, ProjectChoice};
use orgate_app::organization::{self, NewOrganization};
use orgate_app::sign_in::sso::begin::Begun;
use orgate_app::sign_in::sso::callback::callback;
use orgate_app::sign_up::{self, NewSignUp};
use orgate_app::token::TokenPurpose;
use orgate_app::visitor::Visitor;
use orgate_app::{App, connection_test, jobs, project};
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_demo_idp::{NewApplication, Server, mailbox};

use super::cast::{self, Account};

/// Makes everything.
///
/// *Errors*: what went wrong, for the person at the terminal. What was made until then is of no use.
pub async fn seed(app: &App, idp: &Server, mails: &Path) -> Result<(), String> {
    let dana = sign_up(app, mails, &cast::DANA).await?;
    let sam = sign_up(app, mails, &cast::SAM).await?;
    let priya = sign_up(app, mails, &cast::PRIYA).await?;
    let robin = sign_up(app, mails, &cast::ROBIN).await?;
    found(app, &dana, cast::ACME, &cast::ACME_PROJECTS).await?;
    found(app, &robin, cast::NORTHWIND, &[cast::NORTHWIND_PROJECT]).await?;
    let [first_project, ..] = cast::ACME_PROJECTS;
    bring_in(app, &dana, &sam, &cast::SAM, Some(first_project)).await?;
    bring_in(app, &dana, &priya, &cast::PRIYA, None).await?;
    connect(app, idp, &dana).await?;
    jobs::mail_once(app).await.map_err(|error| error.told())?;
    Ok(())
}

/// Signs somebody up with the code from their mail, and answers as whom they come from then on.
async fn sign_up(app: &App, mails: &Path, account: &Account) -> Result<Visitor, String> {
    let mut visitor = Visitor::new(IpAddr::V4(Ipv4Addr::LOCALHOST), "orgate demo");
    let typed = NewSignUp {
        email: account.email.to_owned(),
        password: account.password.to_owned(),
        name: account.name.to_owned(),
        invitation: None,
    };
    let begun = sign_up::begin(app, &visitor, typed).await.map_err(|error| error.told())?;
    jobs::mail_once(app).await.map_err(|error| error.told())?;
    let received = mailbox::list(mails).map_err(|reason| reason.to_string())?;
    let mail = received.iter().find(|mail| mail.to == account.email);
    let code = mail.and_then(|mail| mail.code()).ok_or_else(|| format!("no code was mailed to {}", account.email))?;
    let issued = sign_up::verify(app, &visitor, begun.id.as_str(), code).await.map_err(|error| error.told())?;
    visitor.session = Some(issued.token.hash(TokenPurpose::Session));
    Ok(visitor)
}

async fn found(app: &App, owner: &Visitor, (name, slug): (&str, &str), projects: &[&str]) -> Result<(), String> {
    let new = NewOrganization { name: name.to_owned(), slug: Some(slug.to_owned()) };
    organization::create(app, owner, new).await.map_err(|error| error.told())?;
    for name in projects {
        project::create(app, owner, slug, name).await.map_err(|error| error.told())?;
    }
    Ok(())
}

/// Invites somebody to Acme and lets them accept.
async fn bring_in(
    app: &App,
    owner: &Visitor,
    person: &Visitor,
    account: &Account,
    first_project: Option<&str>,
) -> Result<(), String> {
    let (_, acme) = cast::ACME;
    let mut projects = Vec::new();
    if let Some(name) = first_project {
        let all = project::list(app, owner, acme, None, None).await.map_err(|error| error.told())?;
        let found = all.items.into_iter().find(|view| view.project.name == name);
        projects.extend(found.map(|view| ProjectChoice { project: view.project.slug, role: ProjectRole::Admin }));
    }
    let new = NewInvitations { emails: vec![account.email.to_owned()], role: OrganizationRole::Member, projects };
    let invited = invitation::invite(app, owner, acme, new).await.map_err(|error| error.told())?;
    let link = invited.items.first().map(|sent| sent.link.as_str()).unwrap_or_default();
    let token = link.rsplit('/').next().unwrap_or_default();
    invitation::accept(app, person, token, None).await.map_err(|error| error.told())?;
    Ok(())
}

/// Gives Acme an active connection to the demonstration identity provider: step by step what the set-up guide asks of an
/// Owner, with a test sign-in in which Dana is the person at the provider.
async fn connect(app: &App, idp: &Server, owner: &Visitor) -> Result<(), String> {
    let (name, acme) = cast::ACME;
    let created =
        connection::create(app, owner, acme, "okta-oidc", Some("Okta")).await.map_err(|error| error.told())?;
    let id = created.connection.id.as_str();
    let application = idp
        .create_application(NewApplication {
            name: format!("Orgate for {name}"),
            redirect_uris: vec![created.single_sign_on_url.clone()],
            initiate_login_uri: Some(created.initiate_login_url.clone()),
            post_logout_redirect_uris: vec![created.post_logout_redirect_url.clone()],
            backchannel_logout_uri: Some(created.backchannel_logout_url.clone()),
            assigned: cast::ASSIGNED.map(str::to_owned).into(),
        })
        .map_err(|refusal| refusal.to_string())?;
    let form = SettingsForm {
        address: idp.issuer().to_owned(),
        client_id: application.client_id,
        client_secret: Some(application.client_secret.into()),
    };
    connection::save(app, owner, acme, id, form).await.map_err(|error| error.told())?;
    test(app, idp, owner, id).await?;
    connection::activate(app, owner, acme, id).await.map_err(|error| error.told())?;
    Ok(())
}

async fn test(app: &App, idp: &Server, owner: &Visitor, id: &str) -> Result<(), String> {
    let (_, acme) = cast::ACME;
    let test = connection_test::create(app, owner, acme, id).await.map_err(|error| error.told())?;
    let test_id = test.test.id.as_str();
    let begun = connection_test::begin(app, owner, acme, id, test_id).await.map_err(|error| error.told())?;
    if let Begun::Redirect { url, cookie } = begun {
        let browser = cookie.map(|cookie| cookie.hash(TokenPurpose::Browser));
        let visitor = Visitor { browser, ..owner.clone() };
        let back = idp.answer(cast::DANA_SUBJECT, &url).map_err(|refusal| refusal.to_string())?;
        let query = back.split_once('?').map(|(_, query)| query).unwrap_or_default();
        callback(app, &visitor, &test.connection.id, query).await.map_err(|error| error.told())?;
    }
    let over = connection_test::get(app, owner, acme, id, test_id).await.map_err(|error| error.told())?;
    match over.result.and_then(|result| result.failure) {
        Some(failure) => Err(format!("the test sign-in failed: {} {}", failure.happened, failure.mend)),
        None => Ok(()),
    }
}
