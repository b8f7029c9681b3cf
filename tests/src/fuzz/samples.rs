//! Valid bytes of every kind, made with the scene.

mod parts;
mod workbook;

use std::io::Cursor;

use lianzhan_node::net;
use lianzhan_node::services::appoint::AppointmentRequest;
use lianzhan_node::services::authority::AuthorityRequest;
use lianzhan_node::services::invite::{Invitation, InvitedPerson, JoinReply, JoinRequest};
use lianzhan_protocol::attachment::{AttachmentKey, ChainingValue, seal};
use lianzhan_protocol::bundle::{self, BundleInput, EntryEvidence, LogEvidence, RecordEvidence};
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{AttachmentId, ChangeId, Hash, RecordId, StatementId};
use lianzhan_protocol::keys::Signature;
use lianzhan_protocol::log::{
    Checkpoint, Entry, EntryIndex, Equivocation, Evidence, Frontier, KeyKind, LogStatement, Note,
    PayloadKind, ProofFile, Receipt, ReceiptOf, SignatureLine, SignedLeaf, SignedRoot, TreeSize, VerifierKey,
    WitnessEntry, consistency, cosign, inclusion,
};
use lianzhan_protocol::record::ledger;
use lianzhan_protocol::record::ledger::added::{Added, id_of};
use lianzhan_protocol::record::{Change, Event, Put, Value};
use lianzhan_protocol::sync::message::{Hello, LogStanding, Piece, RecordKey, SpaceDigest};
use lianzhan_protocol::sync::{Blob, List, Message, RangeData, Sighting, Standing, Text};
use lianzhan_protocol::trust::{Appointment, Level, Purpose, Role, SignedStatement, possession_message};

use self::parts::{again, events, receipt, sign, visit};
pub(super) use self::workbook::{SHEET, workbook};
use crate::root;
use crate::scene::{START, Scene, SceneLog, founding, key};

/// The record of sealed samples.
pub(super) const RECORD: RecordId = RecordId([7; 16]);

/// Valid bytes to start from.
pub struct Samples {
    scene: Scene,
    /// Entries of the first log of visits after its start, with payloads.
    written: Vec<(Vec<u8>, Vec<u8>)>,
    record: RecordId,
    frontier: Frontier,
    nodes: Vec<Hash>,
    receipt: Receipt,
}

impl Default for Samples {
    fn default() -> Self {
        Self::new()
    }
}

impl Samples {
    /// Makes them.
    pub fn new() -> Self {
        let scene = Scene::new();
        let log = &scene.spaces[2].logs[0];
        let mut frontier = Frontier::new();
        let mut nodes: Vec<Hash> = Vec::new();
        let mut written: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let mut push = |bytes: &[u8], frontier: &mut Frontier| {
            let new = frontier.push(lianzhan_protocol::log::leaf_hash(bytes));
            nodes.extend(new.into_iter().map(|(_, hash)| hash));
        };
        push(&log.first.0, &mut frontier);
        let mut deps: Vec<ChangeId> = Vec::new();
        let first = visit(0, &deps);
        let record = RecordId::mint(START, &log.start.space.id(), &first.definition, &first.salt);
        for n in 0..3 {
            let change = visit(n, &deps);
            let entry = sign(&scene, log, record, change.to_bytes(), n);
            deps = vec![entry.change_id()];
            push(&entry.to_bytes(), &mut frontier);
            written.push((entry.to_bytes(), change.to_bytes()));
        }
        let receipt = receipt(log, &frontier);
        Samples {
            written,
            record,
            frontier,
            nodes,
            receipt,
            scene,
        }
    }

    fn log(&self) -> &SceneLog {
        &self.scene.spaces[2].logs[0]
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            origin: self.log().origin.clone(),
            size: self.frontier.size(),
            root: self.frontier.root(),
        }
    }

    fn note(&self) -> String {
        let checkpoint = self.checkpoint();
        let witness = key("witness 2");
        let line = cosign(&witness, "witness", &checkpoint, 1_767_300_000).expect("a time of this century");
        let mut note = checkpoint.sign(&self.log().node).note().clone();
        note.add(SignatureLine::parse(line.trim_end()).expect("a line"))
            .expect("room for a second line");
        note.to_string()
    }

    /// Frames of every kind.
    pub fn frames(&self) -> Vec<Vec<u8>> {
        self.messages().iter().map(Message::to_frame).collect()
    }

    /// Frames on their way, deflated where that is shorter.
    pub fn packed(&self) -> Vec<Vec<u8>> {
        let pack = |frame: Vec<u8>| {
            let mut wire = futures::io::Cursor::new(Vec::new());
            let written = net::frame::write_packed(&mut wire, &frame);
            futures::executor::block_on(written).expect("memory takes all");
            wire.into_inner()
        };
        self.frames().into_iter().map(pack).collect()
    }

    /// The inside of carry files: one message of each kind that may stand in one, in their order, and a shorter one.
    pub fn carry_files(&self) -> Vec<Vec<u8>> {
        let all = self.messages();
        let of = |kind: fn(&Message) -> bool| all.iter().find(|message| kind(message));
        let parts = [
            of(|m| matches!(m, Message::Hello(_))),
            of(|m| matches!(m, Message::Joint { .. })),
            of(|m| matches!(m, Message::Logs { .. })),
            of(|m| matches!(m, Message::Range(_))),
            of(|m| matches!(m, Message::Payloads { .. })),
            of(|m| matches!(m, Message::Keys(_))),
            of(|m| matches!(m, Message::Piece(_))),
            of(|m| matches!(m, Message::WitnessMe { .. })),
            of(|m| matches!(m, Message::Receipt { .. })),
            of(|m| matches!(m, Message::AskPayloads { .. })),
            of(|m| matches!(m, Message::AskKeys(_))),
            of(|m| matches!(m, Message::WantAttachment { .. })),
            of(|m| matches!(m, Message::Bye(_))),
        ];
        let framed = |message: &Message| {
            let frame = message.to_frame();
            [(frame.len() as u32).to_be_bytes().to_vec(), frame].concat()
        };
        let whole: Vec<Vec<u8>> = parts.into_iter().flatten().map(framed).collect();
        let short = [whole.first(), whole.last()]
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>();
        vec![whole.concat(), short.concat()]
    }

    fn messages(&self) -> Vec<Message> {
        let log = self.log();
        let space = self.scene.spaces[2].id;
        let origin = log.origin.clone();
        let hash = Hash([3; 32]);
        let standing = LogStanding {
            origin: origin.clone(),
            standing: Standing {
                size: self.frontier.size(),
                root: self.frontier.root(),
            },
        };
        let all = self
            .written
            .iter()
            .map(|(entry, payload)| (entry.clone(), Some(payload.clone())));
        let first = (log.first.0.clone(), Some(log.first.1.clone()));
        let range = |from, entries: Vec<_>| {
            RangeData::new(origin.clone(), from, entries, self.note(), Vec::new()).expect("a short range")
        };
        let statements = || {
            let some = self.scene.statements.iter().take(3);
            List::new(some.map(|s| s.bytes().to_vec().into()).collect()).expect("three")
        };
        [
            Message::Hello(Hello {
                version: 1,
                founding: StatementId([5; 32]),
                node: log.start.node,
                statements: statements(),
                digest: Some(hash),
                software: Some(Text::cut("lianzhan 0.1.0")),
                chain: Some(hash),
            }),
            Message::AskChain,
            Message::Chain(statements()),
            Message::Spaces {
                spaces: List::new(vec![SpaceDigest { space, digest: hash }]).expect("one"),
                more: true,
            },
            Message::AskLogs(space),
            Message::Logs {
                space,
                logs: List::new(vec![standing.clone()]).expect("one"),
                more: false,
            },
            Message::Grew { space, log: standing },
            Message::Want {
                space,
                origin: origin.clone(),
                from: TreeSize(1),
            },
            Message::WantBranch {
                space,
                origin: origin.clone(),
                branch: 1,
                from: TreeSize(1),
            },
            Message::Seen(
                List::new(vec![Sighting {
                    node: log.start.node,
                    at: START,
                    connected: true,
                    software: Some(Text::cut("lianzhan 0.1.0")),
                }])
                .expect("one"),
            ),
            Message::Range(range(
                TreeSize::EMPTY,
                std::iter::once(first).chain(all.clone()).collect(),
            )),
            Message::Range(range(TreeSize(1), all.collect())),
            Message::Nothing(origin.clone()),
            Message::WitnessMe {
                origin: origin.clone(),
                old: TreeSize(1),
                checkpoint: Text::cut(&self.note()),
                proof: List::new(vec![hash; 3]).expect("three"),
                shown: Some(self.receipt.clone()),
            },
            Message::Receipt {
                origin: origin.clone(),
                receipt: self.receipt.clone(),
            },
            Message::WitnessRefused {
                origin: origin.clone(),
                size: TreeSize(300),
                reason: Text::cut("否"),
            },
            Message::AskKeys(List::new(vec![RECORD; 2]).expect("two")),
            Message::Keys(
                List::new(vec![RecordKey {
                    record: RECORD,
                    key: [2; 32],
                }])
                .expect("one"),
            ),
            Message::AskJoint,
            Message::Joint {
                statements: statements(),
                more: false,
            },
            Message::Bye(Text::cut("再见")),
            Message::WantAttachment {
                space,
                id: AttachmentId([8; 32]),
                from: 262_144,
            },
            Message::Piece(Piece {
                id: AttachmentId([8; 32]),
                size: 262_150,
                from: 262_144,
                data: Blob::new(vec![7; 6]).expect("six"),
                path: List::new(vec![ChainingValue([9; 32])]).expect("one"),
            }),
            Message::NoAttachment(AttachmentId([8; 32])),
            Message::HaveAttachment(AttachmentId([8; 32])),
        ]
        .into()
    }

    /// Entries of a log.
    pub fn entries(&self) -> Vec<Vec<u8>> {
        let first = self.log().first.0.clone();
        let sealed = &self.scene.spaces[1].logs[0];
        let mut header = Entry::parse(&self.written[0].0)
            .expect("as written")
            .header()
            .clone();
        header.origin = sealed.origin.clone();
        header.kind = PayloadKind::Sealed;
        header.key_commitment = Some(self.scene.annex_key.commitment());
        let sealed = crate::scene::sign_anything(&header, &self.scene.people[0].key);
        let written = self.written.iter().map(|(entry, _)| entry.clone());
        written.chain([first, sealed]).collect()
    }

    /// Changes in the clear.
    pub fn changes(&self) -> Vec<Vec<u8>> {
        let all = Change {
            salt: vec![1; 16],
            deps: vec![ChangeId([1; 32]), ChangeId([2; 32])],
            definition: Hash([4; 32]),
            puts: events()
                .iter()
                .map(Put::event)
                .chain([
                    Put::field("days", Value::Int(-300)),
                    Put::field("a/b-1", Value::Bool(true)),
                ])
                .collect(),
        };
        let written = self.written.iter().map(|(_, payload)| payload.clone());
        written.chain([all.to_bytes()]).collect()
    }

    /// What is sealed in an annex.
    pub fn sealed(&self) -> Vec<Vec<u8>> {
        let change = Change {
            salt: vec![1; 32],
            deps: vec![ChangeId([1; 32])],
            definition: ledger::ledger("subject").expect("built in").hash(),
            puts: vec![
                Put::field("name", "来访人".into()),
                Put::field("may_be_called", Value::Bool(true)),
            ],
        };
        vec![change.to_bytes()]
    }

    /// Bodies of events.
    pub fn events(&self) -> Vec<Vec<u8>> {
        events().iter().map(Event::to_bytes).collect()
    }

    fn all_statements(&self) -> impl Iterator<Item = SignedStatement> {
        let further = self.scene.further_statements();
        self.scene.statements.iter().cloned().chain(further)
    }

    /// Signed statements of each kind.
    pub fn statements(&self) -> Vec<Vec<u8>> {
        self.all_statements()
            .map(|signed| signed.bytes().to_vec())
            .collect()
    }

    /// Statements before they are signed.
    pub fn appointments(&self) -> Vec<Vec<u8>> {
        self.all_statements()
            .map(|signed| {
                codec::encode(&lianzhan_protocol::trust::Statement {
                    issuer: signed.issuer().clone(),
                    body: signed.body().clone(),
                })
            })
            .collect()
    }

    /// Founding statements and successions, and what founders sign.
    pub fn foundings(&self) -> Vec<Vec<u8>> {
        let signed = [self.scene.founding.bytes().to_vec(), self.scene.succession()];
        signed.into_iter().chain([codec::encode(&founding())]).collect()
    }

    /// Notes with one line and with two.
    pub fn notes(&self) -> Vec<Vec<u8>> {
        let one = self.log().note(&self.frontier);
        vec![one.into_bytes(), self.note().into_bytes()]
    }

    /// Lines of them.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        let note = Note::parse(&self.note()).expect("as written");
        let lines = note.signatures().iter();
        lines.map(|line| line.to_string().into_bytes()).collect()
    }

    /// Verifier keys of a log and of a witness.
    pub fn vkeys(&self) -> Vec<Vec<u8>> {
        let key = self.log().start.node;
        [KeyKind::Log, KeyKind::Witness]
            .iter()
            .filter_map(|kind| VerifierKey::new("lianzhan/log/01", *kind, key).ok())
            .map(|vkey| vkey.to_string().into_bytes())
            .collect()
    }

    /// Texts of checkpoints.
    pub fn checkpoints(&self) -> Vec<Vec<u8>> {
        vec![self.checkpoint().body().into_bytes()]
    }

    /// Proof files.
    pub fn proofs(&self) -> Vec<Vec<u8>> {
        let hashes = inclusion(EntryIndex(2), self.frontier.size(), |n| {
            self.nodes.get(n as usize).copied()
        });
        let file = ProofFile {
            extra: None,
            index: EntryIndex(2),
            hashes: hashes.expect("it stands there"),
            checkpoint: Note::parse(&self.note()).expect("as written"),
        };
        let extra = ProofFile {
            extra: Some(vec![1, 2, 3]),
            ..file.clone()
        };
        vec![file.to_string().into_bytes(), extra.to_string().into_bytes()]
    }

    /// Claims of one tree about another.
    pub fn consistencies(&self) -> Vec<Vec<u8>> {
        let read = |n: u64| self.nodes.get(n as usize).copied();
        let mut old = Frontier::new();
        old.push(lianzhan_protocol::log::leaf_hash(&self.log().first.0));
        let proof = consistency(old.size(), self.frontier.size(), read).expect("the nodes are here");
        vec![codec::encode(&(
            old.size(),
            self.frontier.size(),
            old.root(),
            self.frontier.root(),
            proof,
        ))]
    }

    /// A bundle of a record with three changes.
    pub fn bundles(&self) -> Vec<Vec<u8>> {
        let tree = |n: u64| self.nodes.get(n as usize).copied();
        let entries = self
            .written
            .iter()
            .zip(1..)
            .map(|((entry, payload), index)| EntryEvidence {
                entry: entry.clone(),
                payload: payload.clone(),
                index: EntryIndex(index),
            });
        let input = BundleInput {
            directory: &self.scene.directory,
            logs: vec![LogEvidence {
                start_entry: self.log().first.0.clone(),
                start_payload: self.log().first.1.clone(),
                checkpoint: self.log().note(&self.frontier),
                receipts: vec![self.receipt.clone()],
                tree: &tree,
            }],
            records: vec![RecordEvidence {
                id: self.record,
                entries: entries.collect(),
            }],
        };
        vec![bundle::write(&input).expect("all of it is here")]
    }

    /// Whether these are the bytes of the bundle.
    pub(super) fn is_bundle(data: &[u8]) -> bool {
        static ONE: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
        ONE.get_or_init(|| Samples::new().bundles())
            .iter()
            .any(|one| one == data)
    }

    /// What nodes write into logs.
    pub fn statement_bodies(&self) -> Vec<Vec<u8>> {
        let trust = self.scene.statements.iter().take(2);
        let fact = WitnessEntry::new(&self.checkpoint(), 1_767_300_000);
        trust
            .map(|signed| LogStatement::Trust(signed.bytes().to_vec()).to_bytes())
            .chain([
                self.log().first.1.clone(),
                LogStatement::Start(again(self.log())).to_bytes(),
                LogStatement::Receipt(self.receipt.clone()).to_bytes(),
                LogStatement::ReceiptOf(ReceiptOf {
                    origin: self.log().origin.clone(),
                    receipt: self.receipt.clone(),
                })
                .to_bytes(),
                fact.leaf_bytes(),
            ])
            .chain(
                self.equivocations()
                    .map(|proof| LogStatement::Equivocation(proof).to_bytes()),
            )
            .collect()
    }

    /// Proofs of each kind that a log says two things.
    pub(super) fn equivocations(&self) -> impl Iterator<Item = Equivocation> {
        let log = self.log();
        let signed = |tree: &Frontier| {
            let checkpoint = Checkpoint {
                origin: log.origin.clone(),
                size: tree.size(),
                root: tree.root(),
            };
            SignedRoot {
                size: tree.size(),
                root: tree.root(),
                signature: Signature(log.node.sign_raw(checkpoint.body().as_bytes())),
            }
        };
        // The same start, and after it two leaves.
        let mut branches = [Hash([1; 32]), Hash([2; 32])].map(|leaf| {
            let mut tree = log.frontier.clone();
            tree.push(leaf);
            (
                SignedLeaf {
                    leaf,
                    proof: vec![log.frontier.root()],
                    tree: signed(&tree),
                },
                tree,
            )
        });
        let roots = {
            let mut roots = branches.each_ref().map(|(leaf, _)| leaf.tree.clone());
            roots.sort_by_key(|tree| tree.root);
            let [one, other] = roots;
            Evidence::Roots(one, other)
        };
        let [(one, _), (other, longer)] = &mut branches;
        let begins = longer.root();
        let third = Hash([3; 32]);
        longer.push(third);
        let rewritten = Evidence::Rewritten {
            old: one.tree.clone(),
            new: signed(longer),
            begins,
            proof: vec![third],
        };
        let leaves = Evidence::Leaves {
            index: EntryIndex(1),
            one: one.clone(),
            other: other.clone(),
        };
        let (node, space, epoch) = (log.start.node, log.start.space.id(), log.start.epoch);
        [roots, rewritten, leaves].into_iter().map(move |evidence| {
            let proof = Equivocation {
                node,
                space: Some(space),
                epoch,
                evidence,
            };
            proof.verify().expect("two trees of one log");
            proof
        })
    }

    /// Clerks' books: the shortest sample, a text, and small workbooks.
    pub fn spreadsheets(&self) -> Vec<Vec<u8>> {
        let samples = root().join("docs/samples");
        let text = std::fs::read(samples.join("visits-hewan.csv")).expect("a sample");
        let some: Vec<&[u8]> = text.split(|byte| *byte == b'\n').take(12).collect();
        let book = std::fs::read(samples.join("broken-visits.xlsx")).expect("a sample");
        vec![some.join(&b'\n'), book, workbook(SHEET)]
    }

    /// Codes of invitations.
    pub fn invitations(&self) -> Vec<Vec<u8>> {
        let invitation = Invitation {
            above: None,
            person: Some(InvitedPerson {
                roles: vec![Role::Deputy],
                seat: Some(Level::Township),
                name: Some("辛桥".into()),
                until: Some(START),
            }),
            alone: Some(true),
            founding: self.scene.founding.bytes().to_vec(),
            parent: self.log().start.node,
            addresses: vec!["/ip4/127.0.0.1/tcp/7611".into()],
            org: self.log().start.org,
            secret: [8; 32],
            expires: START,
        };
        vec![invitation.to_code().into_bytes(), codec::encode(&invitation)]
    }

    /// Codes that ask for a key's appointment: a person's, and an authority's.
    pub fn requests(&self) -> Vec<Vec<u8>> {
        let (founding, org) = (self.scene.founding.id(), self.log().start.org);
        let key = key("another");
        let message = possession_message(&founding, &org, Purpose::Authority);
        let possession = key.sign(Appointment::POSSESSION_DOMAIN, &message);
        let person = AppointmentRequest {
            founding,
            org,
            key: key.public(),
            possession,
            name: "辛桥".into(),
            roles: vec![Role::Deputy],
            seat: Some(Level::Township),
            person: None,
        };
        let authority = AuthorityRequest {
            founding,
            org,
            key: key.public(),
            possession,
            stated: self
                .all_statements()
                .take(2)
                .map(|statement| statement.id().tag())
                .collect(),
            confirmed: Some(possession),
        };
        vec![person.to_code().into_bytes(), authority.to_code().into_bytes()]
    }

    /// What a joining node asks, and what it is answered.
    pub fn joins(&self) -> Vec<Vec<u8>> {
        let possession = key("another").sign(Appointment::POSSESSION_DOMAIN, b"for the form alone");
        let request = JoinRequest {
            org: self.log().start.org,
            secret: [8; 32],
            authority: Some(key("another").public()),
            possession: Some(possession),
            person: None,
        };
        let statements = self.all_statements().take(3);
        let welcome = JoinReply::Welcome {
            appointment: StatementId([4; 32]),
            statements: statements
                .map(|statement| statement.bytes().to_vec().into())
                .collect(),
            person: Some(StatementId([4; 32])),
        };
        let refused = JoinReply::Refused("used before".into(), None);
        vec![
            codec::encode(&request),
            codec::encode(&welcome),
            codec::encode(&refused),
        ]
    }

    /// A picture of each kind, a video and a document, with what their makers wrote beside them.
    pub fn media(&self) -> Vec<Vec<u8>> {
        let boxed = |kind: &[u8; 4], body: &[u8]| {
            let len = u32::try_from(body.len() + 8).unwrap_or(u32::MAX);
            [&len.to_be_bytes(), kind.as_slice(), body].concat()
        };
        let track = [boxed(b"tkhd", b"track"), boxed(b"meta", b"location")].concat();
        let movie = [
            boxed(b"mvhd", b"head"),
            boxed(b"trak", &track),
            boxed(b"udta", b"+30.27"),
        ]
        .concat();
        let video = [
            boxed(b"ftyp", b"isom\0\0\x02\0mp41"),
            boxed(b"moov", &movie),
            boxed(b"mdat", &[7; 40]),
        ];
        let picture = |format| {
            let mut bytes = Cursor::new(Vec::new());
            let shades = image::DynamicImage::new_rgb8(9, 7);
            shades.write_to(&mut bytes, format).expect("memory takes all");
            bytes.into_inner()
        };
        let jpeg = picture(image::ImageFormat::Jpeg);
        // Lying on its side, as phones write it: an EXIF block with an orientation.
        let exif =
            b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let turned = [&jpeg[..2], exif.as_slice(), &jpeg[2..]].concat();
        let png = picture(image::ImageFormat::Png);
        let webp = picture(image::ImageFormat::WebP);
        vec![
            jpeg,
            turned,
            png,
            webp,
            video.concat(),
            b"%PDF-1.7\n%%EOF, and some more".to_vec(),
        ]
    }

    /// Sealed attachments, and pieces with their paths.
    pub fn pieces(&self) -> Vec<Vec<u8>> {
        let sealed = seal(&AttachmentKey([3; 32]), b"sealed");
        let path = [ChainingValue([1; 32]), ChainingValue([2; 32])];
        let claim = |size: u64, path: &[ChainingValue], bytes: &[u8]| {
            codec::encode(&(
                size,
                0_u64,
                path.to_vec(),
                minicbor::bytes::ByteVec::from(bytes.to_vec()),
            ))
        };
        vec![
            sealed,
            claim(5, &[], b"bytes"),
            claim(5, &path[..1], b"bytes"),
            claim(700_000, &path, b"the first of three"),
        ]
    }

    /// Every setting with its default, and what a calendar and a table look like.
    pub fn settings(&self) -> Vec<Vec<u8>> {
        let defaults = lianzhan_protocol::settings::SETTINGS.iter().map(|setting| {
            let part = match setting.kind {
                lianzhan_protocol::settings::Kind::Days => "2027",
                _ => "",
            };
            format!("{}\n{part}\n{}", setting.id, setting.default).into_bytes()
        });
        defaults.collect()
    }

    /// Definitions of ledgers, and what an org adds.
    pub fn ledgers(&self) -> Vec<Vec<u8>> {
        let mut all: Vec<Vec<u8>> = ledger::ledgers().iter().map(codec::encode).collect();
        let org = lianzhan_protocol::id::OrgId([7; 16]);
        let issue = ledger::ledger("issue").expect("built in");
        let mut field = issue.field("gist").expect("a field").clone();
        field.id = id_of(&org, "gist");
        field.required = ledger::Required::Optional;
        let mut own = issue.clone();
        own.id = id_of(&org, "own");
        own.audience = lianzhan_protocol::trust::Audience::County;
        own.fields = vec![ledger::Field {
            id: "gist".into(),
            ..field.clone()
        }];
        (own.rev, own.events, own.rules) = (1, Vec::new(), Vec::new());
        all.push(Added::Ledger(own).to_bytes());
        let (base, fields) = (issue.hash(), vec![field]);
        all.push(Added::Fields { base, fields }.to_bytes());
        all
    }
}
