//! The pages as people meet them: in a browser, on the nodes of a real demo. What is typed is typed on a keyboard, and what
//! arrives arrives without reload.

mod activity;
mod axe;
mod bundles;
mod conduct;
mod confirm;
mod forks;
mod invitations;
mod keyboard;
mod ledgers;
mod offline;
mod orgs;
mod paper;
mod posts;
mod privacy;
mod recorded;
mod settings;
mod start;
mod verifying;
mod visit;
mod visits;
mod whole;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use visit::Scene;

use crate::browser::Driver;
use crate::prefecture::Prefecture;
use crate::process::{beside, measured};

/// What a page may take to show what another node did.
const SOON: Duration = Duration::from_secs(60);
/// In which the demo serves on any machine that does nothing else.
const LONG: Duration = Duration::from_secs(60);

type Story = fn(&mut Scene);

#[test]
fn the_pages_in_a_browser() {
    tell(
        "pages",
        &[
            (
                "a wrong passphrase is told, the right one leads on",
                visits::entrance,
            ),
            (
                "a visit is registered by keyboard and arrives at the county without its person",
                visits::registering,
            ),
            (
                "a phone number in the gist comes back with everything that was typed",
                visits::phone_in_gist,
            ),
            ("a word of two characters is found", visits::searching),
            ("the other language is one press away", whole::english),
            (
                "a record shows its proof, and its bundle convinces an auditor",
                visits::proving,
            ),
            (
                "a bundle is checked in the browser and goes nowhere",
                verifying::verifying,
            ),
            (
                "whoever checks chooses what to trust",
                verifying::choosing_what_to_trust,
            ),
            (
                "any ledger is entered by its definition, found and changed",
                ledgers::entering,
            ),
            (
                "one writes, a second confirms, a third changes it, and two values are settled",
                confirm::confirming,
            ),
            (
                "somebody confirms on paper, and an officer records it",
                recorded::recording,
            ),
            (
                "a county states a deadline, and its stations go by it",
                settings::stating,
            ),
            (
                "a county adds a ledger, and a station fills it in without a restart",
                settings::adding,
            ),
            (
                "words that look like personal data are cleared, and a personal part is opened with a purpose",
                privacy::clearing_and_opening,
            ),
            (
                "a record in whose words a number stood is issued anew, and everything leads to the new one",
                privacy::issuing_anew,
            ),
            (
                "a joint activity is sealed, and what comes after is marked",
                activity::joint_activity,
            ),
            (
                "somebody signs in on paper, and an officer records it",
                activity::signing_in_on_paper,
            ),
            (
                "a post that ends soon is told of, and renewed from there",
                posts::renewing,
            ),
            (
                "what a revocation contests is seen before it is signed, and adopted",
                posts::revoking,
            ),
            (
                "a station's quarter is one bundle that convinces an auditor",
                bundles::quarter,
            ),
            (
                "an org below is invited by a slip, which is taken back",
                invitations::inviting,
            ),
            (
                "a fresh machine joins by its first page, though it was killed in the middle",
                start::joining,
            ),
            (
                "a station is merged into another, and what it wrote is found there",
                orgs::merging,
            ),
            (
                "a station alone registers, and is witnessed when the township is back",
                offline::offline,
            ),
            (
                "what somebody types survives a kill of the machine",
                ledgers::killed_while_typing,
            ),
            (
                "a station that was copied shows both branches, and its clerk signs anew",
                forks::signing_anew,
            ),
            (
                "what a peer did wrong is seen at once, in words, and when it is tried again",
                conduct::seeing_it,
            ),
        ],
    );
}

/// Beside the deeds on a scene of their own, since each of them looks at nearly every page.
#[test]
fn every_page_on_screen_and_paper() {
    tell(
        "every page",
        &[
            (
                "the verifier's page is whole on every screen",
                verifying::whole_on_every_screen,
            ),
            ("what is printed is whole, dark on white", paper::printing),
            ("ledgers are printed as books", paper::books),
            (
                "every page is whole, for keyboards, readers and phones",
                whole::every_page,
            ),
            (
                "every main page and the main deed need no mouse",
                keyboard::keyboard_alone,
            ),
            ("no page keeps anybody out, in any theme", axe::every_theme),
        ],
    );
}

/// Tells the stories of one scene in turn.
fn tell(name: &str, stories: &[(&str, Story)]) {
    let _lane = beside();
    let dir = tempfile::tempdir().unwrap();
    let driver = Driver::start().unwrap();
    let began = Instant::now();
    let prefecture = Prefecture::demo(&dir.path().join("demo")).unwrap();
    let mut told = format!(
        "{name}: the demo serves after {:.1} s",
        began.elapsed().as_secs_f64()
    );
    // Where that was long, what the nodes said of it.
    if began.elapsed() > LONG {
        told.push_str(&std::fs::read_to_string(dir.path().join("demo.log")).unwrap_or_default());
    }
    let mut scene = Scene { driver, prefecture };
    let mut failed = Vec::new();
    // While one of them is worked on: PAGES=words runs the stories whose names hold the words.
    let only = std::env::var("PAGES").unwrap_or_default();
    for (name, story) in stories.iter().filter(|(name, _)| name.contains(&only)) {
        let began = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| story(&mut scene)));
        told.push_str(&format!("\n  {:5.1} s  {name}", began.elapsed().as_secs_f64()));
        if done.is_err() {
            failed.push(name);
        }
    }
    measured(&told);
    assert!(
        failed.is_empty(),
        "{failed:#?}; pictures are in target/pages-failed"
    );
}
