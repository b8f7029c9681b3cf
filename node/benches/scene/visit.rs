//! What a clerk writes: visits with every field that a visit has, and what comes later.

use lianzhan_protocol::codec;
use lianzhan_protocol::record::{Event, Put, Value};

const PLACES: [&str; 8] = [
    "石桥村",
    "柳林村",
    "云岭组",
    "河湾组",
    "枫渡街",
    "东门巷",
    "老学校",
    "新集市",
];
const THINGS: [&str; 8] = [
    "路灯不亮",
    "水管漏水",
    "道路塌陷",
    "垃圾未清",
    "河堤裂缝",
    "公交停运",
    "低保未批",
    "学校缺少校车",
];
const WISHES: [&str; 4] = [
    "请尽快派人查看",
    "希望今年内解决",
    "请镇里协调有关部门",
    "请代表现场走访后答复",
];
/// Deputies of a station's roster.
const DEPUTIES: u64 = 40;

/// A visit with every field that a visit has.
pub(super) fn visit(dice: &mut Dice, n: usize) -> Vec<Put> {
    let text = |name: &str, value: String| Put::field(name, Value::Text(value));
    let gist = format!(
        "{}{}，{}户居民受影响，{}，{}。",
        dice.pick(&PLACES),
        dice.pick(&THINGS),
        dice.below(90) + 2,
        dice.pick(&WISHES),
        dice.pick(&WISHES)
    );
    let day = format!("2026-{:02}-{:02}", dice.below(12) + 1, dice.below(28) + 1);
    let mut puts = vec![
        text("reg_no", format!("990121103201-2026-16-{n:05}")),
        text("received_at", format!("{day}T09:{:02}:00+08:00", dice.below(60))),
        text(
            "channel",
            dice.pick(&["visit", "letter", "phone", "home_visit"]).to_owned(),
        ),
        text("subject_ref", dice.hex()),
        Put::field("persons", Value::Int(dice.below(9) as i64 + 1)),
        text(
            "is_voter_of",
            codec::hex(&Dice(1000 + dice.below(12)).bytes::<16>()),
        ),
        text("receiver_names", "林晓、周远".into()),
        text("nature", dice.pick(&["problem", "suggestion"]).to_owned()),
        text("gist", gist),
        text("campaign", codec::hex(&Dice(2000 + dice.below(6)).bytes::<16>())),
        text("issue", dice.hex()),
        text("note", format!("{}已在场说明情况", dice.pick(&PLACES))),
        Put::field("annex/subject", Value::Bytes(dice.bytes::<32>().to_vec())),
        Put::field(
            "annex/subject_sensitive",
            Value::Bytes(dice.bytes::<32>().to_vec()),
        ),
    ];
    // A station's deputies are the same ones again and again.
    let first = dice.below(DEPUTIES);
    for n in 0..10 {
        let deputy = codec::hex(&Dice((first + n) % DEPUTIES).bytes::<16>());
        puts.push(text(&format!("receiver/{deputy}"), deputy));
    }
    puts.push(Put::event(&Event::Register { happened: day }));
    puts
}

/// As little as makes a record.
pub(super) fn note(n: usize) -> Vec<Put> {
    vec![
        Put::field("gist", Value::Text(format!("路灯不亮，第{n}号杆"))),
        Put::event(&Event::Register {
            happened: "2026-04-16".into(),
        }),
    ]
}

/// What comes later.
pub(super) fn answer(dice: &mut Dice) -> Vec<Put> {
    let day = format!("2026-{:02}-{:02}", dice.below(12) + 1, dice.below(28) + 1);
    vec![
        Put::field(
            "triage",
            dice.pick(&["answered_now", "issue", "hotline", "duplicate"])
                .into(),
        ),
        Put::field("told_person_on", Value::Text(day)),
        Put::field("note", Value::Text(format!("{}，已电话告知", dice.pick(&WISHES)))),
    ]
}

/// Numbers by chance, the same each time (SplitMix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len() as u64) as usize]
    }
    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        out.chunks_mut(8)
            .for_each(|part| part.copy_from_slice(&self.next().to_be_bytes()[..part.len()]));
        out
    }
    fn hex(&mut self) -> String {
        codec::hex(&self.bytes::<16>())
    }
}
