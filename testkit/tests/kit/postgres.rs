//! Fresh databases, where the environment names a server.

use orgate_testkit::postgres;
use tokio_postgres::NoTls;

#[tokio::test]
async fn each_database_is_new_and_empty_and_can_be_removed() {
    let Some(one) = postgres::empty().await else {
        assert!(std::env::var(postgres::VARIABLE).is_err(), "a server is named, so there is a database");
        return;
    };
    let two = postgres::empty().await.unwrap();
    assert_ne!(one.name(), two.name());
    let (client, connection) = tokio_postgres::connect(one.url(), NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    let row =
        client.query_one("select current_database()::text, count(*) from pg_tables where schemaname = 'public'", &[]);
    let row = row.await.unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, i64>(1)), (one.name(), 0));
    assert_eq!(one.number("select count(*) from generate_series(1, 3)").await, 3);
    let url = one.url().to_owned();
    one.remove().await;
    drop(driver.await);
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err(), "it is gone");
    two.remove().await;
}
