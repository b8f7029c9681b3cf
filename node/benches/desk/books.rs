//! Its books: visits with personal parts, wishes, activities, articles and minutes of several years, in the proportions in
//! which a station writes them. The same number of records gives the same words.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use age::secrecy::SecretString;
use anyhow::Context;
use lianzhan_node::config::{Config, Overrides};
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::ledger::{NewEntry, Values};
use lianzhan_node::services::{Author, Node};
use lianzhan_protocol::record::Value;
use lianzhan_protocol::trust::{Level, Role};

use crate::figures::say;

/// Who writes and reads.
pub(crate) const LOGIN: &str = "clerk";
/// That person's passphrase, as generated nodes have it, too.
pub(crate) const PASSPHRASE: &str = "lianzhan-generated";

/// Records that share a transaction.
const BATCH: usize = 200;
/// What says that a directory is whole.
const DONE: &str = "prepared";
/// One record of so many holds what is rarely written.
const RARE: u64 = 9_973;

const VILLAGES: [&str; 12] = [
    "红岩村",
    "新田村",
    "水竹坝村",
    "长岭村",
    "栗树湾村",
    "两河口村",
    "梨园村",
    "东门社区",
    "滨江社区",
    "箱子石村",
    "大井村",
    "花果坪村",
];
const SPOTS: [&str; 10] = [
    "老街口",
    "村委会门前",
    "小学东侧",
    "卫生院旁",
    "河堤段",
    "三组路口",
    "农贸市场北门",
    "老码头",
    "茶厂后面",
    "敬老院门口",
];
const PROBLEMS: [&str; 16] = [
    "路灯不亮，晚上走路不安全",
    "护坡塌了一段，雨天落石",
    "井盖松动，已有老人摔倒",
    "水渠淤塞，浇不上水",
    "机耕路冲毁，收割机进不去",
    "垃圾清运不及时，气味大",
    "排水不畅，下雨就积水",
    "饮水管网冻裂，多户断水",
    "村卫生室药品不全",
    "学校门口放学时段拥堵",
    "低保复核材料反复提交",
    "农民工工资拖欠三个月",
    "手机信号弱，在家打不通电话",
    "公交末班车太早",
    "集镇停车位不足",
    "柑橘滞销，烂在地里",
];
const ASKS: [&str; 6] = [
    "希望尽快处理",
    "请求有关部门到现场看看",
    "盼给一个答复",
    "建议列入今年计划",
    "请代表帮忙反映",
    "希望雨季前解决",
];
const RARITIES: [&str; 3] = ["摆手堂屋顶漏雨", "雁门清风亭匾额脱落", "鹿苑古井围栏锈蚀"];

/// Founds a station and writes its books, unless an earlier run did.
pub(crate) fn prepare(dir: &Path, records: usize) -> anyhow::Result<()> {
    let done = dir.with_extension(DONE);
    if done.exists() && dir.exists() {
        say(&format!("{} is there", dir.display()));
        return Ok(());
    }
    if dir.exists() {
        std::fs::remove_dir_all(dir).context("what an earlier run left half done")?;
    }
    let secret = SecretString::from(PASSPHRASE.to_owned());
    let config = Config {
        scrypt_log_n: 4,
        ..Config::default()
    };
    let station = OrgDraft {
        level: Level::Station,
        name_zh: "石桥站".into(),
        name_en: "Shiqiao".into(),
        code: "990121103201".into(),
    };
    let node = found(dir, station, &secret, config)?;
    let person = PersonDraft {
        login: LOGIN.into(),
        name: "林静禾".into(),
        roles: vec![
            Role::StationLiaison,
            Role::OpinionLiaison,
            Role::Publicist,
            Role::Organiser,
        ],
        ..PersonDraft::default()
    };
    node.appoint_person(&secret, person, &secret)?;
    let author = node.sign_in(LOGIN, &secret)?;
    let began = Instant::now();
    write(&node, &author, records)?;
    let rate = records as f64 / began.elapsed().as_secs_f64();
    say(&format!(
        "{records} records written through the path of forms, {rate:.0} a second"
    ));
    node.catch_up(|_| {})?;
    drop(node);
    // Whoever starts next finds files that are settled.
    drop(Node::open(dir, &Overrides::default())?);
    std::fs::write(done, "")?;
    Ok(())
}

fn write(node: &Node, author: &Author, records: usize) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut chance = Chance(1);
    let mut batch = Vec::with_capacity(BATCH);
    for n in 0..records {
        let (ledger, main, annexes) = entry(&mut chance, n, records);
        batch.push(NewEntry {
            space: node.own_space(node.book(ledger)?.audience),
            ledger: ledger.to_owned(),
            main,
            annexes,
            cleared: BTreeMap::new(),
        });
        if batch.len() == BATCH || n + 1 == records {
            runtime.block_on(node.enter_all(author, std::mem::take(&mut batch)))?;
        }
        if n % 10_000 == 9_999 {
            say(&format!("{} of {records} records written", n + 1));
        }
    }
    Ok(())
}

type Annexes = BTreeMap<String, Values>;

fn entry(chance: &mut Chance, n: usize, records: usize) -> (&'static str, Values, Annexes) {
    // In the order of time: six years, then the days within them.
    let day = n * 6 * 336 / records.max(1);
    let date = format!(
        "{}-{:02}-{:02}",
        2020 + day / 336,
        day % 336 / 28 + 1,
        day % 28 + 1
    );
    let at = |hour: usize, minute: usize| format!("{date}T{hour:02}:{minute:02}:00+08:00");
    let mut said = format!(
        "{}{}{}，{}。",
        chance.pick(&VILLAGES),
        chance.pick(&SPOTS),
        chance.pick(&PROBLEMS),
        chance.pick(&ASKS)
    );
    if chance.below(RARE) == 0 || n == records / 2 {
        said = format!("{}{}。", chance.pick(&VILLAGES), RARITIES[n % RARITIES.len()]);
    }
    let text = |name: &str, value: &str| (name.to_owned(), Value::Text(value.to_owned()));
    let (hour, minute) = (8 + n % 9, n % 60);
    match chance.below(20) {
        0..12 => {
            let channel = chance.pick(&["visit", "letter", "phone", "home_visit", "online"]);
            let main = [
                text("received_at", &at(hour, minute)),
                text("channel", channel),
                ("persons".to_owned(), Value::Int(1 + chance.below(5) as i64)),
                text("nature", chance.pick(&["problem", "suggestion"])),
                text("gist", &said),
                text("triage", "answered_now"),
                text("told_person_on", &date),
                text("receiver_names", "林静禾"),
            ];
            let subject = [
                text("name", &format!("许某{}", n % 1_000)),
                text("phone", &format!("199 0000 {:04}", n % 10_000)),
            ];
            let annexes = Annexes::from([("subject".to_owned(), subject.into())]);
            // Some lack something.
            let kept = main.into_iter().take(if chance.below(50) == 0 { 5 } else { 8 });
            ("letters_visits", kept.collect(), annexes)
        }
        12..15 => (
            "wish",
            [
                text("gist", &said),
                text("claimed_on", &date),
                text("result", "done"),
            ]
            .into(),
            Annexes::new(),
        ),
        15..17 => (
            "activity",
            [
                text("kind", chance.pick(&["voter_contact", "inspection", "research"])),
                text("topic", &format!("{}走访：{said}", chance.pick(&VILLAGES))),
                text("from", &at(9, minute)),
                text("to", &at(11, minute)),
                ("days".to_owned(), Value::Int(5)),
                text("place", chance.pick(&SPOTS)),
                text("outcome", &format!("{said}已交有关单位办理。")),
            ]
            .into(),
            Annexes::new(),
        ),
        17..19 => (
            "publicity",
            [
                text("title", &format!("代表回应：{said}")),
                text("published_on", &date),
                text("outlet", chance.pick(&["澜州日报", "澄川融媒", "枫渡镇公众号"])),
                text("outlet_level", chance.pick(&["city", "county", "township"])),
                text("form", chance.pick(&["article", "video"])),
            ]
            .into(),
            Annexes::new(),
        ),
        _ => (
            "meeting_minutes",
            [
                text("kind", "station_staff"),
                text("held_at", &at(14, minute)),
                text("ended_at", &at(16, minute)),
                text("place", chance.pick(&SPOTS)),
                text("note", &said),
            ]
            .into(),
            Annexes::new(),
        ),
    }
}

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len() as u64) as usize]
    }
}
