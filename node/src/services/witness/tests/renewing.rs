//! A renewal of the witness key, ended by a crash after each of its steps.

use super::*;

#[test]
fn a_renewal_that_is_broken_off_is_finished_with_the_exact_cut() {
    // So many of its steps are done before the process ends.
    for steps in 0..=5 {
        let mut world = World::new();
        assert!(world.witness(TOWNSHIP, day(0)) > 0);
        let township = &world.nodes[TOWNSHIP];
        let authority = township.unlock_authority(&secret()).unwrap();
        let (old, log) = (township.witness_public(), township.witness_origin().unwrap());
        let signed = township.store.read(|reader| reader.witness_size()).unwrap();
        let done = |at: usize| steps >= at;
        let key = done(1).then(|| township.next_witness_key().unwrap());
        if let Some(key) = &key {
            if done(2) {
                township.take_up_witness_key(key).unwrap();
            }
            if done(3) {
                township.begin_witness_log(key).unwrap();
            }
            if done(4) {
                township.appoint_witness(&authority, key).unwrap();
            }
            if done(5) {
                township.revoke_past_witnesses(&authority, key).unwrap();
            }
        }
        world.reopen(TOWNSHIP, |_| {});
        let township = &world.nodes[TOWNSHIP];
        let appointment = township.renew_witness(&authority).unwrap();
        let directory = township.directory();
        let now = township.witness_public();
        assert_ne!(now, old);
        if let Some(key) = key {
            assert_eq!(now, key.public(), "the key that was begun with, {steps}");
        }
        let of = |key: &PublicKey| -> Vec<_> {
            directory
                .appointments_of(key, Purpose::Witness)
                .map(|(id, _)| id)
                .collect()
        };
        assert_eq!(of(&now), [appointment]);
        assert!(directory.revoked(&appointment).is_empty());
        let [revoked] = directory.revoked(&of(&old)[0])[..] else {
            panic!("revoked once, {steps}")
        };
        let last = signed.0 - 1;
        assert!(revoked.keeps_receipt(&log, last, 0), "{steps}");
        assert!(!revoked.keeps_receipt(&log, last + 1, 0), "{steps}");
        // What the station was given stays good, and the new witness goes on.
        world.tell();
        assert_eq!(world.witness(TOWNSHIP, day(1)), 0, "all is covered, {steps}");
        // Another renewal is another one.
        let township = &world.nodes[TOWNSHIP];
        assert_ne!(township.renew_witness(&authority).unwrap(), appointment);
        assert_ne!(township.witness_public(), now);
    }
}
