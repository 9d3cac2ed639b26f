//! `orgate doctor`: a deployment in order, and broken ones.

use crate::deployment::{Deployment, OTHER_KEY};

#[test]
fn a_deployment_in_order_has_nothing_to_mend() {
    let said = Deployment::migrated().run(&["doctor"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.ends_with("Nothing to mend.\n") && !said.out.contains("MEND"), "{said:?}");
    for what in ["public URL", "mail", "database", "secret key", "outbox", "enforcement"] {
        assert!(said.out.contains(&format!("ok    {what}: ")), "{what}: {said:?}");
    }
}

#[test]
fn a_database_that_was_never_migrated_is_to_mend_and_is_left_as_it_is() {
    let deployment = Deployment::new();
    for _ in 0..2 {
        let said = deployment.run(&["doctor"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.out.contains("MEND  database: ") && said.out.contains("orgate migrate"), "{said:?}");
        assert!(said.err.contains("need mending"), "{said:?}");
    }
}

/// Their Owners were told; the operator hears of it here and has nothing to mend.
#[test]
fn r_enf_14_an_organization_without_a_way_back_in_is_named() {
    let deployment = Deployment::migrated();
    let database = rusqlite::Connection::open(deployment.database()).unwrap();
    let rows = "
        insert into users (id, name, email, email_key, created_at)
            values ('usr_00000000000000000000000000', 'Sam', 'sam@a.example', 'sam@a.example', 1);
        insert into organizations (id, slug, name, created_by, created_at, way_back_lost_at) values
            ('org_00000000000000000000000001', 'acme', 'Acme', 'usr_00000000000000000000000000', 1, 1),
            ('org_00000000000000000000000002', 'beta', 'Beta', 'usr_00000000000000000000000000', 1, null)";
    database.execute_batch(rows).unwrap();
    let said = deployment.run(&["doctor"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out.contains("ok    enforcement: no Owner could come in") && said.out.contains(": acme; "),
        "{said:?}"
    );
}

#[test]
fn another_key_is_to_mend() {
    let said = Deployment::migrated().with("ORGATE_SECRET_KEY", OTHER_KEY).run(&["doctor"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("MEND  secret key: wrong key"), "{said:?}");
}

#[test]
fn tls_without_a_trusted_proxy_is_to_mend() {
    let said = Deployment::migrated().with("ORGATE_PUBLIC_URL", "https://id.example.com").run(&["doctor"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("MEND  public URL: ") && said.out.contains("ORGATE_TRUSTED_PROXIES"), "{said:?}");
}

#[test]
fn the_example_file_is_the_one_in_the_documentation() {
    let printed = Deployment::new().run(&["example-config"]).out;
    let kept =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operate/orgate.example.toml")).unwrap();
    assert_eq!(printed.trim_end(), kept.trim_end());
}
