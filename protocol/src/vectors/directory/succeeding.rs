//! Successions of the founders, and policies.

use super::*;

pub(super) fn succeeding(set: &mut Set) {
    let federation = &set.federation;
    let founders = Federation::founders();
    let (one, two) = (key("root authority 2"), key("root authority 3"));
    let first = federation.founding.id();
    let root = org(CITY);
    let of_root = |s: &SignedStatement| s.issuer().org == root;
    let kept = succession(federation, first, &one, of_root);
    let none = succession(federation, first, &two, |_| false);
    let good_one = carried(federation, &kept, &founders[..2], &one);
    let bare = carried(federation, &none, &founders[..2], &two);
    let too_few = carried(federation, &kept, &founders[..1], &one);
    let by_another = carried(federation, &kept, &founders[..2], &two);
    let by_all = carried(federation, &kept, &founders, &one);
    let later = Succession {
        previous: StatementId(crate::id::Hash::of("lianzhan/succession-id/v1", &[&encode(&kept)]).0),
        authority: two.public(),
        ..kept.clone()
    };
    let later = carried(federation, &later, &founders[1..], &two);
    let same_key = Succession {
        authority: key("990100 authority").public(),
        keeps: vec![],
        ..kept.clone()
    };
    let same_key = carried(federation, &same_key, &founders[..2], &key("990100 authority"));
    let version = carried(
        federation,
        &Succession {
            version: 2,
            ..kept.clone()
        },
        &founders[..2],
        &one,
    );
    let unread = signed(federation, &one, root, None, Body::Succession(vec![0x80]));
    let reversed = {
        let founders = &founders[..1];
        let [_, reversed, ..] = crate::trust::founder_headers(founders[0].public().ed25519_bytes());
        let aad = b"lianzhan/succession/v1";
        let bytes = crate::trust::sign_with_headers(encode(&kept), aad, &founders[0], &[], &reversed);
        signed(federation, &one, root, None, Body::Succession(bytes))
    };
    let adoption = {
        let mut statements: Vec<_> = federation
            .statements()
            .iter()
            .filter(|s| of_root(s))
            .map(|s| s.id())
            .collect();
        statements.sort_unstable();
        signed(
            federation,
            &two,
            root,
            None,
            Body::Adoption(Adoption {
                changes: vec![],
                statements,
            }),
        )
    };
    let by_old = federation.sign(
        root,
        Body::Policy(Policy {
            levels: vec![Level::City],
        }),
    );
    let by_new = signed(
        federation,
        &one,
        root,
        None,
        Body::Policy(Policy {
            levels: vec![Level::County],
        }),
    );
    let elsewhere = {
        let bytes = sign_as_founders(encode(&kept), b"lianzhan/succession/v1", &founders[..2]);
        let issuer = Issuer {
            founding: StatementId([2; 32]),
            ..good_one.issuer().clone()
        };
        let body = Body::Succession(bytes);
        SignedStatement::sign(Statement { issuer, body }, &one)
    };
    let validity = Validity {
        not_before: START,
        not_after: Timestamp(START.0 + DAY),
    };
    let short = carried(
        federation,
        &Succession {
            validity,
            ..kept.clone()
        },
        &founders[..2],
        &one,
    );
    let root_key = key("990100 authority");
    let again = |change: fn(&mut Succession)| {
        let mut again = Succession {
            authority: root_key.public(),
            keeps: vec![],
            ..kept.clone()
        };
        change(&mut again);
        carried(federation, &again, &founders[..2], &root_key)
    };
    let losses = [
        (
            "the same key, begins later",
            again(|s| s.validity.not_before.0 += 1),
        ),
        (
            "the same key, ends earlier",
            again(|s| s.validity.not_after.0 -= 1),
        ),
        (
            "the same key, gives fewer roles",
            again(|s| s.may_appoint.roles.truncate(1)),
        ),
        (
            "the same key, gives less depth",
            again(|s| s.may_appoint.depth -= 1),
        ),
    ];
    set.more("a succession that keeps what was", &[&good_one]);
    set.more("a succession that keeps nothing", &[&bare]);
    set.more("what it does not keep, adopted", &[&bare, &adoption]);
    set.more("too few founders", &[&too_few]);
    set.more("carried by another key", &[&by_another]);
    set.more("carried twice", &[&good_one, &by_all]);
    set.more("carried in another federation", &[&elsewhere]);
    set.more("two of one predecessor", &[&good_one, &bare]);
    set.more("one after the other", &[&good_one, &later]);
    set.more("the second without the first", &[&later]);
    set.more("the same key goes on", &[&same_key]);
    set.more("version 2 of a succession", &[&version]);
    set.more("a succession that cannot be read", &[&unread]);
    set.more("a succession with the keys of a header reversed", &[&reversed]);
    set.more("said by the retired authority after", &[&good_one, &by_old]);
    set.more("said by the new authority", &[&good_one, &by_new]);
    set.more("a shorter time does not reach back", &[&short]);
    for (name, statement) in &losses {
        set.more(name, &[statement]);
    }
}
