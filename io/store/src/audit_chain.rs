//! Owns the rows of audit events as the chain sees them, and the heads of chains. Content is never changed here: an event
//! gets its place, loses personal fields, or goes with a removed prefix.

use orgate_core::audit_chain::{Chain, Entry, Head, PERSONAL_FIELDS, Place, SignedHead};
use orgate_core::id::{Identifier as _, OrganizationId};
use orgate_core::time::Timestamp;

use crate::db::Store;
use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;
use crate::value::{FromValue, Row, Value};

macro_rules! entry_columns {
    () => {
        "id, organization_id, at, action, actor, actor_name, target, target_name, outcome, ip, user_agent, data,
            openings, mark, erasure, chain_position, chain_link, vouched"
    };
}

macro_rules! chained {
    () => {
        " and chain_position >= $2 and (chain_position > $2 or id > $3) order by chain_position, id limit $4"
    };
}

/// Personal fields in the order of the statement that erases them.
type Personal<'v> = [Option<&'v str>; PERSONAL_FIELDS.len()];

/// What is of a form that is never written is no reason to stop the search that finds it: no mark and no link is of that.
fn read_entry(row: &Row<'_>) -> Result<Entry, StoreError> {
    let text = |column| or_never(row, column, String::new());
    let maybe_text = |column| or_never(row, column, None::<String>);
    let maybe_bytes = |column| or_never(row, column, Some(Vec::new()));
    Ok(Entry {
        id: row.get("id")?,
        at: or_never(row, "at", Timestamp::from_millis(0))?,
        action: text("action")?,
        actor: text("actor")?,
        target: maybe_text("target")?,
        outcome: text("outcome")?,
        personal: [
            maybe_text("actor_name")?,
            maybe_text("target_name")?,
            maybe_text("ip")?,
            maybe_text("user_agent")?,
            maybe_text("data")?,
        ],
        openings: maybe_bytes("openings")?,
        mark: maybe_bytes("mark")?,
        erasure: maybe_bytes("erasure")?,
        place: read_place(row)?,
    })
}

/// A place of a form that is never written fits nowhere.
fn read_place(row: &Row<'_>) -> Result<Option<Place>, StoreError> {
    let Some(position) = or_never(row, "chain_position", Some(0_i64))? else { return Ok(None) };
    Ok(Some(Place {
        position: u64::try_from(position).unwrap_or(0),
        link: or_never(row, "chain_link", [0; 32])?,
        vouched: or_never(row, "vouched", false)?,
    }))
}

/// The value of a column, or in the place of one of another form what is never written there.
fn or_never<T: FromValue>(row: &Row<'_>, column: &str, never: T) -> Result<T, StoreError> {
    match row.get(column) {
        Err(StoreError::Corrupt { .. }) => Ok(never),
        read => read,
    }
}

fn read_with_chain(row: &Row<'_>) -> Result<(Chain, Entry), StoreError> {
    let organization: Option<OrganizationId> = row.get("organization_id")?;
    Ok((Chain::of(organization.as_ref()), read_entry(row)?))
}

/// The heads of every chain, of a database that is only looked at.
pub(crate) const ALL_HEADS: &str =
    "select chain, head_position, head_link, signed_at, removed_to, removed_link, signature
    from audit_heads order by chain";

/// A head of a form that is never written is no reason either to stop what looks at all of them: it is read as one that
/// nobody signed, and so is one of no chain.
pub(crate) fn read_head(row: &Row<'_>) -> Result<SignedHead, StoreError> {
    let name: String = row.get("chain")?;
    let organization = OrganizationId::parse(&name);
    let is_of_a_chain = organization.is_some() || name == Chain::Instance.name();
    let head = Head {
        chain: Chain::of(organization.as_ref()),
        position: or_never(row, "head_position", 0)?,
        link: or_never(row, "head_link", [0; 32])?,
        at: or_never(row, "signed_at", Timestamp::from_millis(0))?,
        removed_to: or_never(row, "removed_to", u64::MAX)?,
        removed_link: or_never(row, "removed_link", [0; 32])?,
    };
    let signature = or_never(row, "signature", Vec::new())?;
    Ok(SignedHead { head, signature: if is_of_a_chain { signature } else { Vec::new() } })
}

fn read_named_head(row: &Row<'_>) -> Result<(String, SignedHead), StoreError> {
    Ok((row.get("chain")?, read_head(row)?))
}

fn number(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

impl Store {
    /// Events that wait for their place, of every chain, after one of them, in the order of their ids. It is one statement
    /// of its own, so that whoever adds events collides with nobody.
    pub async fn list_waiting_audit_events(&self, after: &str, limit: u32) -> Result<Vec<(Chain, Entry)>, StoreError> {
        let sql = concat!(
            "select ",
            entry_columns!(),
            " from audit_events where chain_position is null and id > $1 order by id limit $2"
        );
        self.one_shot(sql, &[after.into(), limit.into()], read_with_chain).await
    }

    /// Like [`Store::list_waiting_audit_events`], those alone that no Orgate marked: they were there before the chain was.
    pub async fn list_waiting_unmarked_audit_events(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(Chain, Entry)>, StoreError> {
        let sql = concat!(
            "select ",
            entry_columns!(),
            " from audit_events where chain_position is null and mark is null and id > $1 order by id limit $2"
        );
        self.one_shot(sql, &[after.into(), limit.into()], read_with_chain).await
    }

    /// Every event that has its place, after one of them, in the order of their ids: for the search for what names a person.
    pub async fn list_audit_entries(&self, after: &str, limit: u32) -> Result<Vec<(Chain, Entry)>, StoreError> {
        let sql = concat!(
            "select ",
            entry_columns!(),
            " from audit_events where id > $1 and chain_position is not null order by id limit $2"
        );
        self.one_shot(sql, &[after.into(), limit.into()], read_with_chain).await
    }

    /// Events with erased fields, after one of them, in the order of their ids: their marks are made anew when the secret
    /// key is replaced.
    pub async fn list_erased_audit_events(&self, after: &str, limit: u32) -> Result<Vec<(Chain, Entry)>, StoreError> {
        let sql = concat!(
            "select ",
            entry_columns!(),
            " from audit_events where id > $1 and erasure is not null order by id limit $2"
        );
        self.one_shot(sql, &[after.into(), limit.into()], read_with_chain).await
    }

    /// The heads of all chains, each behind the name that it is kept under, after one of these, in their order.
    pub async fn list_audit_heads(&self, after: &str, limit: u32) -> Result<Vec<(String, SignedHead)>, StoreError> {
        let sql = "select chain, head_position, head_link, signed_at, removed_to, removed_link, signature
            from audit_heads where chain > $1 order by chain limit $2";
        self.one_shot(sql, &[after.into(), limit.into()], read_named_head).await
    }
}

impl InstanceTx<'_> {
    /// The head of a chain. It crosses organizations for the jobs that keep the chains.
    pub async fn find_audit_head(&mut self, chain: &Chain) -> Result<Option<SignedHead>, StoreError> {
        let sql = "select chain, head_position, head_link, signed_at, removed_to, removed_link, signature
            from audit_heads where chain = $1";
        self.query_optional(sql, &[chain.name().into()], read_head).await
    }

    /// Keeps a head in the place of the one that it was made from, or as the first; `false` when another one is there.
    pub async fn replace_audit_head(
        &mut self,
        before: Option<&SignedHead>,
        signed: &SignedHead,
    ) -> Result<bool, StoreError> {
        let head = &signed.head;
        let mut values: Vec<Value<'_>> = vec![
            head.chain.name().into(),
            number(head.position).into(),
            (&head.link).into(),
            head.at.into(),
            number(head.removed_to).into(),
            (&head.removed_link).into(),
            (&signed.signature).into(),
        ];
        let Some(before) = before else {
            let sql = "insert into audit_heads
                (chain, head_position, head_link, signed_at, removed_to, removed_link, signature)
                values ($1, $2, $3, $4, $5, $6, $7) on conflict (chain) do nothing";
            return self.changed(sql, &values).await;
        };
        values.push((&before.signature).into());
        let sql = "update audit_heads set head_position = $2, head_link = $3, signed_at = $4, removed_to = $5,
            removed_link = $6, signature = $7 where chain = $1 and signature = $8";
        self.changed(sql, &values).await
    }

    /// Gives an event its place, and what opens its commitments if it has nothing of the sort; `false` when it has a place
    /// already or is gone.
    pub async fn place_audit_event(&mut self, id: &str, openings: &[u8], place: &Place) -> Result<bool, StoreError> {
        let sql = "update audit_events set openings = coalesce(openings, $2), chain_position = $3, chain_link = $4,
            vouched = $5 where id = $1 and chain_position is null";
        let values =
            [id.into(), openings.into(), number(place.position).into(), (&place.link).into(), place.vouched.into()];
        self.changed(sql, &values).await
    }

    /// Leaves of an event's personal fields what is given, and keeps the mark of the erasure; `false` when what opened its
    /// commitments is not `before` any more.
    pub async fn erase_audit_event(
        &mut self,
        id: &str,
        before: &[u8],
        left: Personal<'_>,
        openings: &[u8],
        erasure: &[u8],
    ) -> Result<bool, StoreError> {
        let [actor_name, target_name, ip, user_agent, data] = left;
        let sql = "update audit_events set actor_name = $3, target_name = $4, ip = $5, user_agent = $6, data = $7,
                openings = $8, erasure = $9
            where id = $1 and openings = $2 and chain_position is not null";
        let values = [
            id.into(),
            before.into(),
            actor_name.into(),
            target_name.into(),
            ip.into(),
            user_agent.into(),
            data.into(),
            openings.into(),
            erasure.into(),
        ];
        self.changed(sql, &values).await
    }

    /// Marks an erasure anew; `false` when its mark is not `before` any more.
    pub async fn replace_erasure_mark(&mut self, id: &str, before: &[u8], after: &[u8]) -> Result<bool, StoreError> {
        let sql = "update audit_events set erasure = $3 where id = $1 and erasure = $2";
        self.changed(sql, &[id.into(), before.into(), after.into()]).await
    }

    /// The deployment's own events in the order of their places, after a place and id.
    pub async fn list_chained_audit_events(
        &mut self,
        after: (i64, &str),
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let sql = concat!(
            "select ",
            entry_columns!(),
            " from audit_events where organization_id is null and cast($1 as text) is null",
            chained!()
        );
        self.query(sql, &[Value::Null, after.0.into(), after.1.into(), limit.into()], read_entry).await
    }

    /// The deployment's own events that wait for their place, after an id.
    pub async fn list_unchained_audit_events(&mut self, after: &str, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let sql = concat!(
            "select ",
            entry_columns!(),
            " from audit_events where organization_id is null and chain_position is null and id > $1
            order by id limit $2"
        );
        self.query(sql, &[after.into(), limit.into()], read_entry).await
    }

    /// Removes the deployment's own events up to a place that its head says is removed.
    pub async fn delete_audit_events_to(&mut self, position: u64) -> Result<u64, StoreError> {
        let counts = "delete from refused_tries where event_id in (select id from audit_events
            where organization_id is null and chain_position <= $1)";
        self.execute(counts, &[number(position).into()]).await?;
        let sql = "delete from audit_events where organization_id is null and chain_position <= $1";
        self.execute(sql, &[number(position).into()]).await
    }
}

impl OrgTx<'_> {
    /// The organization's events in the order of their places, after a place and id.
    pub async fn list_chained_audit_events(
        &mut self,
        after: (i64, &str),
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let sql = concat!("select ", entry_columns!(), " from audit_events where organization_id = $1", chained!());
        self.query(sql, &[after.0.into(), after.1.into(), limit.into()], read_entry).await
    }

    /// The organization's events that wait for their place, after an id.
    pub async fn list_unchained_audit_events(&mut self, after: &str, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let sql = concat!(
            "select ",
            entry_columns!(),
            " from audit_events where organization_id = $1 and chain_position is null and id > $2
            order by id limit $3"
        );
        self.query(sql, &[after.into(), limit.into()], read_entry).await
    }

    /// Removes the organization's events up to a place that its head says is removed.
    pub async fn delete_audit_events_to(&mut self, position: u64) -> Result<u64, StoreError> {
        let counts = "delete from refused_tries where event_id in (select id from audit_events
            where organization_id = $1 and chain_position <= $2)";
        self.execute(counts, &[number(position).into()]).await?;
        let sql = "delete from audit_events where organization_id = $1 and chain_position <= $2";
        self.execute(sql, &[number(position).into()]).await
    }
}
