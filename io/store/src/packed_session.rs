//! Owns the form in which a session's row is kept in memory: in few bytes, and ready to be taken, for a check reads it many
//! times a second. It is for this process alone and is never written down.

use orgate_core::id::{ConnectionId, Identifier as _, OrganizationId, SessionId, UserId};
use orgate_core::policy::{AddressState, PolicyEpoch};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::role::OrganizationRole;
use orgate_core::session::SessionLife;
use orgate_core::time::Timestamp;

use crate::place::Seat;
use crate::session::SessionCheck;

/// Puts a session and its seats behind what is there; its places are made of them. `None` when an identifier says more than
/// sixteen bytes do: then what was put there is of no use.
pub(crate) fn pack(check: &SessionCheck, seats: &[Seat], into: &mut Vec<u8>) -> Option<()> {
    check.pack(into)?;
    seats.len().pack(into)?;
    for seat in seats {
        seat.pack(into)?;
    }
    Some(())
}

/// The session, after `take` was given it with each of its seats; there is room for as many places. `None` when these bytes are not
/// exactly what [`pack`] makes of a session.
pub(crate) fn unpack(mut packed: &[u8], mut take: impl FnMut(&mut SessionCheck, Seat)) -> Option<SessionCheck> {
    let from = &mut packed;
    let mut check = SessionCheck::unpack(from)?;
    let seats = count(from)?;
    check.places.reserve_exact(seats);
    for _ in 0..seats {
        take(&mut check, Seat::unpack(from)?);
    }
    from.is_empty().then_some(check)
}

/// What a session consists of. Each of them has one form only.
trait Pack: Sized {
    /// Puts it behind what is there.
    fn pack(&self, into: &mut Vec<u8>) -> Option<()>;

    /// Takes it off the front.
    fn unpack(from: &mut &[u8]) -> Option<Self>;
}

fn byte(from: &mut &[u8]) -> Option<u8> {
    let (byte, rest) = from.split_first()?;
    *from = rest;
    Some(*byte)
}

/// How many follow. Each takes a byte or more, so that room is never made for more than there can be.
fn count(from: &mut &[u8]) -> Option<usize> {
    let count = usize::unpack(from)?;
    (count <= from.len()).then_some(count)
}

/// Says of a byte that another one follows it.
const MORE: u8 = 0x80;

/// Seven bits a byte, the least first.
impl Pack for u64 {
    fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
        let mut rest = *self;
        loop {
            let [low, ..] = rest.to_le_bytes();
            rest >>= 7;
            if rest == 0 {
                into.push(low);
                return Some(());
            }
            into.push(low | MORE);
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let mut number: Self = 0;
        for shift in (0..Self::BITS).step_by(7) {
            let byte = byte(from)?;
            let bits = Self::from(byte & !MORE);
            number |= bits << shift;
            if byte & MORE == 0 {
                let is_all_there = (bits << shift) >> shift == bits;
                let is_shortest = byte != 0 || shift == 0;
                return (is_all_there && is_shortest).then_some(number);
            }
        }
        None
    }
}

impl Pack for usize {
    fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
        u64::try_from(*self).ok()?.pack(into)
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Self::try_from(u64::unpack(from)?).ok()
    }
}

/// The sign is the last bit, so that numbers near zero are short on both sides of it.
impl Pack for i64 {
    fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
        ((*self << 1) ^ (*self >> 63)).cast_unsigned().pack(into)
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let folded = u64::unpack(from)?;
        let sign = -(folded & 1).cast_signed();
        Some((folded >> 1).cast_signed() ^ sign)
    }
}

impl Pack for bool {
    fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
        into.push(u8::from(*self));
        Some(())
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        match byte(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Pack for String {
    fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
        self.len().pack(into)?;
        into.extend_from_slice(self.as_bytes());
        Some(())
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let length = usize::unpack(from)?;
        let bytes = from.split_off(..length)?;
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
        self.is_some().pack(into)?;
        match self {
            Some(value) => value.pack(into),
            None => Some(()),
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        if bool::unpack(from)? { T::unpack(from).map(Some) } else { Some(None) }
    }
}

macro_rules! numbers {
    ($($type:ident: $as_number:ident $from_number:ident;)*) => {$(
        impl Pack for $type {
            fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
                self.$as_number().pack(into)
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                i64::unpack(from).map(Self::$from_number)
            }
        }
    )*};
}

numbers! {
    Timestamp: as_millis from_millis;
    PolicyEpoch: as_number from_number;
}

macro_rules! identifiers {
    ($($id:ident)*) => {$(
        impl Pack for $id {
            fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
                into.extend_from_slice(&self.to_bits()?.to_le_bytes());
                Some(())
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                let (bits, rest) = from.split_first_chunk::<16>()?;
                *from = rest;
                Some(Self::from_bits(u128::from_le_bytes(*bits)))
            }
        }
    )*};
}

identifiers! {
    SessionId UserId OrganizationId ConnectionId
}

/// One field after the other; lists behind the line are left out.
macro_rules! fields {
    ($($type:ident { $($field:ident)* | $($left_out:ident)* })*) => {$(
        impl Pack for $type {
            fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
                let Self { $($field,)* $($left_out: _,)* } = self;
                $($field.pack(into)?;)*
                Some(())
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: Pack::unpack(from)?,)* $($left_out: Vec::new(),)* })
            }
        }
    )*};
}

fields! {
    SessionCheck {
        session_id user_id name email address has_second_factor life end_reason proofs began settled | places
    }
    SessionLife { created_at last_used_at expires_at ended_at not_before | }
    Seat { organization_id role proofs_not_before | }
}

const MEMBER: u8 = 0;
const OWNER: u8 = 1;

impl Pack for OrganizationRole {
    fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
        into.push(match self {
            Self::Member => MEMBER,
            Self::Owner => OWNER,
        });
        Some(())
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        match byte(from)? {
            MEMBER => Some(Self::Member),
            OWNER => Some(Self::Owner),
            _ => None,
        }
    }
}

const PROVEN: u8 = 0;
const LOCAL_TO: u8 = 1;
const UNPROVEN: u8 = 2;

impl Pack for AddressState {
    fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Proven => into.push(PROVEN),
            Self::LocalTo(organization_id) => {
                into.push(LOCAL_TO);
                organization_id.pack(into)?;
            }
            Self::Unproven => into.push(UNPROVEN),
        }
        Some(())
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        match byte(from)? {
            PROVEN => Some(Self::Proven),
            LOCAL_TO => OrganizationId::unpack(from).map(Self::LocalTo),
            UNPROVEN => Some(Self::Unproven),
            _ => None,
        }
    }
}

impl Pack for Proofs {
    fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
        self.iter().len().pack(into)?;
        for proof in self {
            proof.pack(into)?;
        }
        Some(())
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let count = count(from)?;
        let mut proofs = Vec::with_capacity(count);
        for _ in 0..count {
            proofs.push(Proof::unpack(from)?);
        }
        Some(proofs.into())
    }
}

const PASSWORD: u8 = 0;
const GOOGLE: u8 = 1;
const GITHUB: u8 = 2;
const PASSKEY: u8 = 3;
const TOTP: u8 = 4;
const RECOVERY_CODE: u8 = 5;
const SSO: u8 = 6;
const MAILED_CODE: u8 = 7;

/// Its kind and its moment, then what an SSO proof says besides.
impl Pack for Proof {
    fn pack(&self, into: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Password { at } => pack_kind(PASSWORD, *at, into),
            Self::Google { at } => pack_kind(GOOGLE, *at, into),
            Self::GitHub { at } => pack_kind(GITHUB, *at, into),
            Self::Passkey { at } => pack_kind(PASSKEY, *at, into),
            Self::Totp { at } => pack_kind(TOTP, *at, into),
            Self::RecoveryCode { at } => pack_kind(RECOVERY_CODE, *at, into),
            Self::Sso { connection_id, organization_id, at, authenticated_at, holds_until } => {
                pack_kind(SSO, *at, into)?;
                connection_id.pack(into)?;
                organization_id.pack(into)?;
                authenticated_at.pack(into)?;
                holds_until.pack(into)
            }
            Self::MailedCode { at } => pack_kind(MAILED_CODE, *at, into),
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let (kind, at) = (byte(from)?, Timestamp::unpack(from)?);
        Some(match kind {
            PASSWORD => Self::Password { at },
            GOOGLE => Self::Google { at },
            GITHUB => Self::GitHub { at },
            PASSKEY => Self::Passkey { at },
            TOTP => Self::Totp { at },
            RECOVERY_CODE => Self::RecoveryCode { at },
            SSO => Self::Sso {
                connection_id: Pack::unpack(from)?,
                organization_id: Pack::unpack(from)?,
                at,
                authenticated_at: Pack::unpack(from)?,
                holds_until: Pack::unpack(from)?,
            },
            MAILED_CODE => Self::MailedCode { at },
            _ => return None,
        })
    }
}

fn pack_kind(kind: u8, at: Timestamp, into: &mut Vec<u8>) -> Option<()> {
    into.push(kind);
    at.pack(into)
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use orgate_core::id::Identifier;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    fn packed(check: &SessionCheck, seats: &[Seat]) -> Vec<u8> {
        let mut packed = Vec::new();
        pack(check, seats, &mut packed).unwrap();
        packed
    }

    fn unpacked(packed: &[u8]) -> Option<(SessionCheck, Vec<Seat>)> {
        let mut seats = Vec::new();
        let check = unpack(packed, |_, seat| seats.push(seat))?;
        Some((check, seats))
    }

    fn id<T: Identifier + Debug>() -> impl Strategy<Value = T> {
        any::<u128>().prop_map(T::from_bits)
    }

    fn moment() -> impl Strategy<Value = Timestamp> {
        any::<i64>().prop_map(Timestamp::from_millis)
    }

    fn epoch() -> impl Strategy<Value = PolicyEpoch> {
        any::<i64>().prop_map(PolicyEpoch::from_number)
    }

    fn address() -> impl Strategy<Value = AddressState> {
        prop_oneof![
            Just(AddressState::Proven),
            id::<OrganizationId>().prop_map(AddressState::LocalTo),
            Just(AddressState::Unproven),
        ]
    }

    fn life() -> impl Strategy<Value = SessionLife> {
        let parts = (moment(), moment(), moment(), prop::option::of(moment()), moment());
        parts.prop_map(|(created_at, last_used_at, expires_at, ended_at, not_before)| SessionLife {
            created_at,
            last_used_at,
            expires_at,
            ended_at,
            not_before,
        })
    }

    fn sso() -> impl Strategy<Value = Proof> {
        let ends = (prop::option::of(moment()), prop::option::of(moment()));
        let parts = (id::<ConnectionId>(), id::<OrganizationId>(), moment(), ends);
        parts.prop_map(|(connection_id, organization_id, at, (authenticated_at, holds_until))| Proof::Sso {
            connection_id,
            organization_id,
            at,
            authenticated_at,
            holds_until,
        })
    }

    fn proof() -> impl Strategy<Value = Proof> {
        prop_oneof![
            moment().prop_map(|at| Proof::Password { at }),
            moment().prop_map(|at| Proof::Google { at }),
            moment().prop_map(|at| Proof::GitHub { at }),
            moment().prop_map(|at| Proof::Passkey { at }),
            moment().prop_map(|at| Proof::Totp { at }),
            moment().prop_map(|at| Proof::RecoveryCode { at }),
            sso(),
            moment().prop_map(|at| Proof::MailedCode { at }),
        ]
    }

    fn seat() -> impl Strategy<Value = Seat> {
        let role = prop::sample::select(OrganizationRole::ALL.to_vec());
        (id::<OrganizationId>(), role, moment()).prop_map(|(organization_id, role, proofs_not_before)| Seat {
            organization_id,
            role,
            proofs_not_before,
        })
    }

    fn session() -> impl Strategy<Value = (SessionCheck, Vec<Seat>)> {
        let who = (id::<SessionId>(), id::<UserId>(), any::<String>(), any::<String>(), address(), any::<bool>());
        let proofs = prop::collection::vec(proof(), 0..6);
        let stands = (life(), prop::option::of(any::<String>()), proofs, epoch(), epoch());
        (who, stands, prop::collection::vec(seat(), 0..4)).prop_map(|(who, stands, seats)| {
            let (session_id, user_id, name, email, address, has_second_factor) = who;
            let (life, end_reason, proofs, began, settled) = stands;
            let check = SessionCheck {
                session_id,
                user_id,
                name,
                email,
                address,
                has_second_factor,
                life,
                end_reason,
                proofs: proofs.into(),
                began,
                settled,
                places: Vec::new(),
            };
            (check, seats)
        })
    }

    /// Of somebody with a password and one of the two organizations' SSO.
    fn usual() -> (SessionCheck, Vec<Seat>) {
        let at = Timestamp::from_millis(1_795_327_200_123);
        let id = |number: u8| OrganizationId::new(at, [number; 10]);
        let seat = |number: u8| Seat {
            organization_id: id(number),
            role: OrganizationRole::Member,
            proofs_not_before: Timestamp::from_millis(0),
        };
        let sso = Proof::Sso {
            connection_id: ConnectionId::new(at, [3; 10]),
            organization_id: id(1),
            at,
            authenticated_at: None,
            holds_until: None,
        };
        let check = SessionCheck {
            session_id: SessionId::new(at, [4; 10]),
            user_id: UserId::new(at, [5; 10]),
            name: "Dana Reyes-Lindqvist".to_owned(),
            email: "dana.reyes-lindqvist@mail.example.com".to_owned(),
            address: AddressState::Proven,
            has_second_factor: false,
            life: SessionLife {
                created_at: at,
                last_used_at: at,
                expires_at: at,
                ended_at: None,
                not_before: Timestamp::from_millis(0),
            },
            end_reason: None,
            proofs: Proofs::of(Proof::Password { at }).with(sso),
            began: PolicyEpoch::from_number(12),
            settled: PolicyEpoch::from_number(300),
            places: Vec::new(),
        };
        (check, vec![seat(1), seat(2)])
    }

    #[test]
    fn a_usual_session_takes_little_room() {
        let (check, seats) = usual();
        let packed = packed(&check, &seats);
        assert!(packed.len() <= 220, "{}", packed.len());
        assert_eq!(unpacked(&packed), Some((check, seats)));
        for length in 0..packed.len() {
            assert_eq!(unpacked(&packed[..length]), None, "{length}");
        }
    }

    #[test]
    fn there_is_room_for_a_place_a_seat_when_the_first_is_taken() {
        let (check, seats) = usual();
        let unpacked = unpack(&packed(&check, &seats), |check, _| assert!(check.places.capacity() >= 2));
        assert_eq!(unpacked, Some(check));
    }

    #[test]
    fn an_identifier_that_does_not_fit_is_not_packed() {
        let (check, mut seats) = usual();
        let user_id = UserId::parse("usr_zzzzzzzzzzzzzzzzzzzzzzzzzz").unwrap();
        assert_eq!(pack(&SessionCheck { user_id, ..check.clone() }, &seats, &mut Vec::new()), None);
        seats[1].organization_id = OrganizationId::parse("org_zzzzzzzzzzzzzzzzzzzzzzzzzz").unwrap();
        assert_eq!(pack(&check, &seats, &mut Vec::new()), None);
    }

    #[test]
    fn numbers_come_back_and_have_one_form_only() {
        for number in [0, 1, -1, 63, 64, -64, -65, 1_795_327_200_123, i64::MAX, i64::MIN] {
            let mut packed = Vec::new();
            number.pack(&mut packed).unwrap();
            assert_eq!(i64::unpack(&mut packed.as_slice()), Some(number));
        }
        let mut beyond = [0xff; 10];
        beyond[9] = 2;
        let refused: [&[u8]; 4] = [&[0x80, 0], &[0x81, 0x80, 0], &[0xff; 11], &beyond];
        for mut bytes in refused {
            assert_eq!(u64::unpack(&mut bytes), None, "{bytes:?} are left");
        }
    }

    proptest! {
        #[test]
        fn any_session_comes_back_as_it_was((check, seats) in session()) {
            prop_assert_eq!(unpacked(&packed(&check, &seats)), Some((check, seats)));
        }

        #[test]
        fn bytes_that_lack_some_or_have_more_are_refused(
            (check, seats) in session(),
            length in any::<Index>(),
            more in any::<u8>(),
        ) {
            let mut packed = packed(&check, &seats);
            prop_assert_eq!(unpacked(&packed[..length.index(packed.len())]), None);
            packed.push(more);
            prop_assert_eq!(unpacked(&packed), None);
        }

        #[test]
        fn what_is_read_of_bytes_that_were_changed_is_packed_the_same(
            (check, seats) in session(),
            at in any::<Index>(),
            byte in any::<u8>(),
        ) {
            let mut changed = packed(&check, &seats);
            let at = at.index(changed.len());
            changed[at] = byte;
            if let Some((check, seats)) = unpacked(&changed) {
                prop_assert_eq!(packed(&check, &seats), changed);
            }
        }

        #[test]
        fn whatever_is_unpacked_is_refused_or_packed_the_same(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Some((check, seats)) = unpacked(&bytes) {
                prop_assert_eq!(packed(&check, &seats), bytes);
            }
        }
    }
}
