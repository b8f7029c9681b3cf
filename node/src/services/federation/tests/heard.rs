//! What is told of others, over breaks, clocks that differ, levels and moves.

use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::sync::Effect;

use super::*;
use crate::services::session;
use crate::store::{NeighbourRow, settled};

/// What a township tells when a session with its county begins, `hours` after the start by its own clock.
fn tells(world: &World, hours: i64) -> Vec<Sighting> {
    let county = World::key(&world.county);
    let told = after(hours, || met(&world.township, county, &world.county.org_id()));
    let Some(Input::Seen(sightings)) = told else {
        panic!("the county stands above")
    };
    sightings
}

/// The county meets the township and hears what that tells, each by its own clock.
fn meets(world: &World, hours: i64, there: i64) {
    let told = tells(world, there);
    let township = World::key(&world.township);
    after(hours, || {
        met(&world.county, township, &world.township.org_id());
        told_of(&world.county, township, told);
    });
}

fn sighting(node: PublicKey, hours: i64, connected: bool) -> Sighting {
    Sighting {
        node,
        at: Timestamp(START + hours * HOUR),
        connected,
        software: None,
    }
}

fn known(node: &Node, of: &Node) -> NeighbourRow {
    let rows = node.store.read(|reader| reader.neighbours()).unwrap();
    let mut rows = settled(rows);
    rows.retain(|row| row.node == World::key(of));
    rows.pop().unwrap()
}

#[test]
fn who_was_connected_before_and_after_a_break_further_up_is_connected_whatever_the_clocks_say() {
    // The township's clock is right, behind, ahead.
    for wrong in [0, -20, 20] {
        let world = World::new();
        let [station, other] = &world.stations;
        let (key, org) = (World::key(station), station.org_id());
        after(1 + wrong, || met(&world.township, key, &org));
        meets(&world, 2, 2 + wrong);
        after(9, || parted(&world.county, World::key(&world.township)));
        let away = world.seen_by_county(10, &[]);
        let since = Some(START + 9 * HOUR);
        assert_eq!(
            (of(&away, station).contact, of(&away, station).heard),
            (Contact::Away, since)
        );
        // Nothing begins anew between township and station.
        meets(&world, 10, 10 + wrong);
        let back = world.seen_by_county(11 + SILENT_HOURS, &[World::session(&world.township)]);
        assert_eq!(of(&back, station).contact, Contact::Told, "{wrong}");
        assert_eq!((back.below.connected, back.below.silent), (3, 1));
        assert_eq!(of(&back, other).contact, Contact::Silent);
        // And what is told later wins, too.
        let gone = vec![sighting(key, 12 + wrong, false)];
        after(12, || told_of(&world.county, World::key(&world.township), gone));
        let gone = world.seen_by_county(13, &[World::session(&world.township)]);
        assert_eq!(of(&gone, station).contact, Contact::Away, "{wrong}");
    }
}

#[test]
fn the_level_above_is_told_of_a_break_further_down_and_of_its_end() {
    let world = World::new();
    let station = &world.stations[0];
    after(1, || met(&world.township, World::key(station), &station.org_id()));
    let mut events = world.county.store().events();
    // In place of a city; its clock is behind.
    let (city, county) = (&world.stations[1], World::key(&world.county));
    let mut above = |hours: i64| {
        while let Ok(batch) = events.try_recv() {
            for input in session::news(&world.county, &batch) {
                if let Input::Seen(told) = input {
                    after(hours - 30, || told_of(city, county, told));
                }
            }
        }
        known(city, station).connected
    };
    meets(&world, 2, 2);
    assert!(above(2));
    after(9, || parted(&world.county, World::key(&world.township)));
    assert!(!above(9));
    meets(&world, 10, 10);
    assert!(above(10));
    // That nothing has changed is no news.
    let mut events = world.county.store().events();
    meets(&world, 11, 11);
    assert!(events.try_recv().is_err());
}

#[test]
fn who_is_connected_to_one_is_not_away_because_another_lost_it() {
    let world = World::new();
    let station = &world.stations[0];
    let (key, former) = (World::key(station), World::key(&world.township));
    let now = SecretKey::from_seed([9; 32]).public();
    let told = |hours, teller, news| after(hours, || told_of(&world.county, teller, vec![news]));
    told(1, former, sighting(key, 1, true));
    told(2, now, sighting(key, 2, true));
    told(3, former, sighting(key, 3, false));
    let row = known(&world.county, station);
    assert_eq!((row.connected, row.teller), (true, Some(now)));
    // The township where it was comes back from a break and tells it again, with a clock that is ahead.
    after(4, || parted(&world.county, former));
    told(5, former, sighting(key, 90, false));
    assert_eq!(known(&world.county, station).teller, Some(now));
    // What this node's own session with it was does not cover what others say.
    after(6, || {
        met(&world.county, key, &station.org_id());
        parted(&world.county, key);
    });
    assert!(known(&world.county, station).connected);
    after(7, || parted(&world.county, now));
    let row = known(&world.county, station);
    assert_eq!((row.connected, row.at), (false, Timestamp(START + 7 * HOUR)));
}

#[test]
fn what_was_told_last_counts_in_whatever_order_it_is_written() {
    let world = World::new();
    let (key, township) = (World::key(&world.stations[0]), World::key(&world.township));
    let work = |connected| {
        let told = Effect::Seen(vec![sighting(key, 1, connected)]);
        let answers: session::Answers = Arc::new(|_| {});
        session::work(&world.county, township, told, &answers)
    };
    after(2, || {
        let (first, last) = (work(false), work(true));
        last.into_iter().chain(first).for_each(|work| work());
    });
    assert!(known(&world.county, &world.stations[0]).connected);
}

#[test]
fn who_was_connected_when_a_node_was_killed_was_there_as_long_as_that_ran() {
    let world = World::new();
    let key = World::key(&world.township);
    after(1, || met(&world.county, key, &world.township.org_id()));
    after(5, || world.county.note_alive().unwrap());
    let dir = world.county.dir().to_owned();
    let World {
        county,
        township,
        _dir,
        ..
    } = world;
    drop(county);
    let county = after(6, || Node::open(&dir, &Overrides::default()).unwrap());
    let row = known(&county, &township);
    assert_eq!((row.connected, row.at), (false, Timestamp(START + 5 * HOUR)));
}

#[test]
fn what_is_told_anew_is_newer_than_the_break_also_for_who_goes_by_the_time() {
    let world = World::new();
    let station = &world.stations[0];
    after(1, || met(&world.township, World::key(station), &station.org_id()));
    let mut told = tells(&world, 7);
    told.retain(|seen| seen.node == World::key(station));
    let seen = Sighting {
        software: Some(Text::cut("lianzhan 0.1.0")),
        ..sighting(World::key(station), 7, true)
    };
    assert_eq!(told, [seen]);
}
