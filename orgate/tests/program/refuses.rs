//! R-OPS-1: what is wrong with a deployment stops the start with a message on standard error and exit code 1.

use crate::deployment::{Deployment, OTHER_KEY, Said};

fn refused(deployment: &Deployment, arguments: &[&str]) -> String {
    let Said { code, out, err } = deployment.run(arguments);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(err.starts_with("orgate: "), "{err}");
    assert!(!err.contains(crate::deployment::KEY) && !err.contains(OTHER_KEY), "a message repeats a secret: {err}");
    err
}

#[test]
fn without_settings_every_missing_one_is_named() {
    let mut deployment = Deployment::new();
    let required = ["ORGATE_LISTEN", "ORGATE_PUBLIC_URL", "ORGATE_DATABASE_URL", "ORGATE_SECRET_KEY", "ORGATE_MAIL"];
    for name in required {
        deployment = deployment.without(name);
    }
    let message = refused(&deployment.without("ORGATE_MAIL_FROM"), &["serve"]);
    for name in required {
        assert!(
            message.lines().any(|line| line.trim_start().starts_with(name) && line.contains("must be set")),
            "{message}"
        );
    }
}

#[test]
fn a_setting_that_does_not_exist_is_named() {
    let message = refused(&Deployment::new().with("ORGATE_LISTN", "127.0.0.1:1"), &["serve"]);
    assert!(message.contains("ORGATE_LISTN: is not a setting"), "{message}");
}

#[test]
fn a_line_of_the_file_is_named() {
    let deployment = Deployment::new();
    let file = deployment.folder.path().join("orgate.toml");
    std::fs::write(&file, "product_name = \"Door\"\nsign_up = \"maybe\"\n").unwrap();
    let message = refused(&deployment.with("ORGATE_CONFIG", file.to_str().unwrap()), &["serve"]);
    assert!(message.contains("orgate.toml:2 (sign_up): must be open or closed"), "{message}");
}

#[test]
fn plain_http_is_for_loopback_only() {
    let message = refused(&Deployment::new().with("ORGATE_PUBLIC_URL", "http://id.example.com"), &["serve"]);
    assert!(message.contains("ORGATE_PUBLIC_URL: must start with https://"), "{message}");
}

#[test]
fn t_sec_1_another_key_than_the_databases_stops_the_start() {
    let deployment = Deployment::migrated().with("ORGATE_SECRET_KEY", OTHER_KEY);
    let message = refused(&deployment, &["serve"]);
    assert!(message.contains("wrong key"), "{message}");
}

#[test]
fn a_schema_of_a_newer_version_stops_the_start() {
    let deployment = Deployment::migrated();
    let database = rusqlite::Connection::open(deployment.database()).unwrap();
    database.execute("insert into schema_migrations (version, name, applied_at) values (999, 'later', 0)", ()).unwrap();
    drop(database);
    let message = refused(&deployment, &["serve"]);
    assert!(message.contains("schema version 999") && message.contains("newer Orgate"), "{message}");
}

/// What a newer program has left, over which this one may run.
fn over_a_newer_schema(deployment: &Deployment) {
    let database = rusqlite::Connection::open(deployment.database()).unwrap();
    let known: i64 = database.query_row("select max(version) from schema_migrations", [], |row| row.get(0)).unwrap();
    let insert = "insert into schema_migrations (version, name, applied_at, oldest) values (999, 'later', 0, ?1)";
    database.execute(insert, [known]).unwrap();
}

#[test]
fn u1_what_has_to_know_everything_is_refused_over_a_newer_schema_and_the_rest_is_not() {
    let deployment = Deployment::migrated();
    let copy = deployment.folder.path().join("copy.db").display().to_string();
    over_a_newer_schema(&deployment);
    let commands: [&[&str]; 3] = [
        &["keys", "status"],
        &["keys", "rotate"],
        &["audit", "erase", "--user", "usr_00000000000000000000000000", "--yes"],
    ];
    for command in commands {
        let message = refused(&deployment, command);
        assert!(message.contains("999") && message.contains("the newer Orgate"), "{command:?}: {message}");
    }
    for command in [&["audit", "verify"][..], &["backup", "--to", &copy], &["doctor"], &["migrate"]] {
        let said = deployment.run(command);
        assert_eq!(said.code, Some(0), "{command:?}: {said:?}");
        if matches!(command, ["doctor" | "migrate"]) {
            assert!(said.out.contains("version 999, is newer than this program"), "{said:?}");
        }
    }
    let in_place = refused(&deployment, &["restore", "--in-place", "--yes"]);
    assert!(in_place.contains("the newer Orgate"), "{in_place}");
    std::fs::remove_file(deployment.database()).unwrap();
    let from_file = refused(&deployment, &["restore", "--from", &copy]);
    assert!(from_file.contains("nothing was restored") && from_file.contains("the newer Orgate"), "{from_file}");
    assert!(!deployment.database().exists(), "nothing is left in its place");
}

#[test]
fn a_schema_that_is_not_there_stops_the_start_when_migrating_is_off() {
    let message = refused(&Deployment::new().with("ORGATE_MIGRATE", "off"), &["serve"]);
    assert!(message.contains("orgate migrate"), "{message}");
}

#[test]
fn a_database_that_cannot_be_written_stops_the_start() {
    // A file in the place of the folder keeps everybody out, the superuser too.
    let deployment = Deployment::new();
    std::fs::write(deployment.folder.path().join("taken"), "").unwrap();
    let url = format!("sqlite:{}", deployment.folder.path().join("taken/orgate.db").display());
    let message = refused(&deployment.with("ORGATE_DATABASE_URL", &url), &["serve"]);
    assert!(message.contains("taken/orgate.db for writing"), "{message}");
}

#[test]
fn a_mail_folder_that_cannot_be_made_stops_the_start() {
    let deployment = Deployment::new();
    std::fs::write(deployment.folder.path().join("taken"), "").unwrap();
    let mail = format!("dir:{}", deployment.folder.path().join("taken/mail").display());
    let message = refused(&deployment.with("ORGATE_MAIL", &mail), &["serve"]);
    assert!(message.contains("mail: ") && message.contains("taken/mail"), "{message}");
}

#[test]
fn an_address_that_is_taken_stops_the_start() {
    let deployment = Deployment::new();
    let taken = std::net::TcpListener::bind(("127.0.0.1", deployment.port)).unwrap();
    let message = refused(&deployment, &["serve"]);
    assert!(message.contains(&format!("listen on 127.0.0.1:{}", deployment.port)), "{message}");
    drop(taken);
}

#[test]
fn a_command_beside_a_server_makes_no_database() {
    let commands: [&[&str]; 5] = [
        &["entitlement", "acme", "off"],
        &["recover", "--organization", "acme", "--turn-off-enforcement", "--yes"],
        &["backup", "--to", "copy.db"],
        &["keys", "status"],
        &["audit", "verify"],
    ];
    for command in commands {
        let deployment = Deployment::new();
        let said = deployment.run(command);
        assert_eq!(said.code, Some(1), "{command:?}: {said:?}");
        assert!(said.err.contains("orgate migrate"), "{command:?}: {said:?}");
        assert!(!deployment.database().exists(), "{command:?} made a database");
    }
}

#[test]
fn r_org_7_an_organization_that_does_not_exist_is_named() {
    let said = Deployment::migrated().run(&["entitlement", "acme", "off"]);
    assert_eq!((said.code, said.err.as_str()), (Some(1), "orgate: there is no organization acme\n"));
}

/// Every command reads it: what would stop the start is found by the doctor.
#[test]
fn a_filter_of_logs_that_cannot_be_read_is_named_by_every_command() {
    let deployment = Deployment::migrated().with("ORGATE_LOG", "info,orgate_app=loud");
    for command in [&["serve"][..], &["migrate"], &["audit", "verify"], &["keys", "status"]] {
        let message = refused(&deployment, command);
        assert!(message.contains("ORGATE_LOG: is no filter of logs"), "{command:?}: {message}");
    }
    let said = deployment.run(&["doctor"]);
    let is_told = said.out.contains("MEND  settings: ORGATE_LOG: is no filter of logs");
    assert!(said.code == Some(1) && is_told, "{said:?}");
    let file = deployment.folder.path().join("orgate.toml");
    std::fs::write(&file, "log = \"info,orgate_app=loud\"\n").unwrap();
    let deployment = deployment.without("ORGATE_LOG").with("ORGATE_CONFIG", file.to_str().unwrap());
    let said = deployment.run(&["doctor"]);
    assert!(said.code == Some(1) && said.out.contains("orgate.toml (log): is no filter of logs"), "{said:?}");
}

#[test]
fn what_is_lost_on_its_way_out_is_a_failure_and_what_nobody_reads_is_none() {
    let deployment = Deployment::migrated();
    let copy = deployment.folder.path().join("copy.db").display().to_string();
    assert_eq!(deployment.run(&["backup", "--to", &copy]).code, Some(0));
    for command in
        [&["example-config"][..], &["audit", "heads"], &["audit", "export"], &["keys", "status"], &["doctor"]]
    {
        let said = deployment.run_into_full_disk(command);
        assert_eq!(said.code, Some(1), "{command:?}: {said:?}");
        assert!(said.err.contains("cannot be written"), "{command:?}: {said:?}");
    }
    assert_eq!(deployment.run_unread(&["example-config"]), Some(0));
}

#[test]
fn a_variable_of_others_may_hold_what_it_likes_and_one_of_ours_is_text() {
    let deployment = Deployment::migrated();
    for command in ["migrate", "doctor"] {
        let said = deployment.run_with_bytes("X", b"\xff", &[command]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let said = deployment.run_with_bytes("ORGATE_LOG", b"\xff", &["migrate"]);
    assert!(said.code == Some(1) && said.err.contains("ORGATE_LOG: is not text"), "{said:?}");
    let said = deployment.run_with_bytes("ORGATE_LOG", b"\xff", &["doctor"]);
    assert!(said.code == Some(1) && said.out.contains("MEND  settings: ORGATE_LOG: is not text"), "{said:?}");
}
