//! The line of migrations, what a found schema needs of it, and the rule for steps that programs of before run over.

use std::collections::BTreeSet;

use super::*;

#[test]
fn versions_are_one_line_without_gaps() {
    for (place, migration) in (1..).zip(MIGRATIONS) {
        assert_eq!(migration.version, place, "{}", migration.name);
    }
}

#[test]
fn no_placeholder_survives() {
    for migration in MIGRATIONS {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let code = without_comments(&migration.statements(dialect));
            assert!(!code.contains('{'), "{}", migration.name);
        }
    }
}

#[test]
fn a_schema_that_is_too_new_and_a_switched_off_migration_are_refused() {
    let needs = |found, migrate| missing(MIGRATIONS, found, migrate).map(Iterator::count);
    let too_new = Found::silent(newest() + 1);
    assert!(matches!(needs(too_new, Migrate::Apply), Err(StoreError::UnknownSchema { .. })));
    assert!(matches!(needs(Found::silent(0), Migrate::Check), Err(StoreError::NotMigrated { .. })));
    assert_eq!(needs(Found::silent(newest()), Migrate::Check).ok(), Some(0));
    for migrate in [Migrate::Apply, Migrate::Check] {
        let newer = Found { version: newest() + 1, oldest: newest() };
        assert_eq!(needs(newer, migrate).ok(), Some(0), "it is never migrated");
    }
}

#[test]
fn u1_a_step_names_no_older_programs_than_the_step_before_it() {
    for (before, step) in MIGRATIONS.iter().zip(MIGRATIONS.iter().skip(1)) {
        let name = step.name;
        assert!(before.oldest <= step.oldest && step.oldest <= step.version, "{name} names {}", step.oldest);
    }
    let said = MIGRATIONS.iter().filter(|step| step.version < SAYS_SO_SINCE).all(Migration::is_noticed);
    assert!(said, "programs from before have no rule by which they would start over a newer schema");
}

#[test]
fn u1_a_step_that_programs_of_before_would_notice_names_its_own_version() {
    for step in MIGRATIONS.iter().filter(|step| !step.is_noticed()) {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let noticed = noticed(&step.statements(dialect));
            assert!(noticed.is_empty(), "{} says for_programs_from({}) and does {noticed:#?}", step.name, step.oldest);
        }
    }
}

#[test]
fn u1_the_rule_tells_what_is_noticed_from_what_is_not() {
    for unnoticed in [
        "create table a (b text not null); create unique index c on a (b); insert into a (b) values ('x; y');",
        "create index a on users (name); create view b as select 1; -- drop table users;\n",
        "alter table users add column a text; update users set a = replace(name, 'b', 'c') where a is null;",
        "alter table users add column a bigint not null default 0;",
        "create trigger a after insert on users begin update users set name = 'x'; delete from mails; end;",
        "create function a() returns trigger as $body$ begin delete from mails; return new; end $body$;",
        "alter table users add column a text; alter table users add column b text;
            update users set (a, b) = (select m.id, max(m.at) from mails m);",
    ] {
        assert_eq!(noticed(unnoticed), Vec::<String>::new());
    }
    for statement in [
        "alter table users drop column name",
        "alter table users rename column name to title",
        "alter table users add column a text not null",
        "drop table users",
        "drop index users_name",
        "create unique index a on users (name)",
        "update users set name = 'x'",
        "update users set a = 1, name = 'x'",
        "insert into users (id) values ('x')",
        "delete from users",
    ] {
        let step = format!("alter table mails add column a text; {statement}; create table b (c text);");
        assert_eq!(noticed(&step), [statement]);
    }
    let of_old: Vec<i64> = MIGRATIONS
        .iter()
        .filter(|step| !noticed(&step.statements(Dialect::Sqlite)).is_empty())
        .map(|step| step.version)
        .collect();
    assert!(of_old.contains(&14), "it drops a column that programs of before read: {of_old:?}");
}

/// The statements of a step that a program of before could notice. What it cannot notice: what is new, and what is written
/// into what is new. A unique index is new, but on a table of before it refuses what was taken; the same for a column that
/// has to be given a value.
fn noticed(step: &str) -> Vec<String> {
    let (mut tables, mut columns, mut noticed) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for statement in statements(step) {
        let words: Vec<&str> = statement.split_whitespace().collect();
        let is_new = match words.as_slice() {
            ["create", "table", table, ..] => {
                tables.insert(word(table));
                true
            }
            ["create", "index" | "view" | "trigger" | "function", ..] => true,
            ["create", "unique", "index", _, "on", table, ..] => tables.contains(&word(table)),
            ["alter", "table", table, "add", "column", column, rest @ ..] => {
                columns.insert((word(table), word(column)));
                !rest.join(" ").contains("not null") || rest.contains(&"default")
            }
            ["insert", "into", table, ..] => tables.contains(&word(table)),
            ["update", table, "set", ..] => {
                let table = word(table);
                let is_new = |column: &String| columns.contains(&(table.clone(), column.clone()));
                tables.contains(&table) || changed(&statement).iter().all(is_new)
            }
            _ => false,
        };
        if !is_new {
            noticed.push(statement.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    noticed
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Split where one ends: not in a text, in the body of a function, or in that of a trigger.
fn statements(text: &str) -> Vec<String> {
    let (mut all, mut one, mut is_text, mut is_body) = (Vec::new(), String::new(), false, false);
    for letter in without_comments(text).chars() {
        is_text ^= letter == '\'';
        if letter == '$' && one.ends_with("$body") {
            is_body = !is_body;
        }
        let is_trigger = one.trim_start().starts_with("create trigger") && one.contains(" begin ");
        let is_over = !is_trigger || one.trim_end().ends_with(" end");
        if letter == ';' && !is_text && !is_body && is_over {
            all.push(std::mem::take(&mut one).trim().to_owned());
        } else {
            one.push(if letter.is_whitespace() { ' ' } else { letter });
        }
    }
    all.push(one.trim().to_owned());
    all.retain(|statement| !statement.is_empty());
    all
}

/// The name that a word begins with.
fn word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// The columns that an update sets, in either form: `a = 1, b = 2` or `(a, b) = (…)`.
fn changed(update: &str) -> Vec<String> {
    let set = update.split_once(" set ").map_or("", |(_, set)| set.trim());
    if let Some((columns, _)) = set.strip_prefix('(').and_then(|set| set.split_once(')')) {
        return columns.split(',').map(|column| word(column.trim())).collect();
    }
    let (mut columns, mut depth, mut one) = (Vec::new(), 0, String::new());
    for letter in set.split(" where ").next().unwrap_or_default().chars().chain([',']) {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        if letter == ',' && depth == 0 {
            columns.push(word(std::mem::take(&mut one).trim()));
        } else {
            one.push(letter);
        }
    }
    columns
}
