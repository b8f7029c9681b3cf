//! Use cases: what a person or a peer can do with a node. Knows no HTTP, no network and no SQL.

pub mod access;
pub mod activity;
pub mod adopt;
pub mod appoint;
pub mod attachment;
pub mod authority;
pub mod backup;
pub mod carry;
pub mod check;
mod comparing;
pub mod conduct;
pub mod confirm;
pub mod conflict;
pub mod definitions;
pub mod desk;
pub mod divisions;
mod document;
pub mod erase;
mod error;
pub mod evidence;
pub mod exchange;
mod export;
pub mod federation;
pub mod fork;
pub mod found;
pub mod held;
pub mod history;
pub mod horizon;
pub mod import;
pub mod ingest;
pub mod invite;
pub mod join;
pub mod joint;
#[cfg(test)]
mod lacking_tests;
pub mod ledger;
mod leftovers;
pub mod limit;
pub mod lineage;
mod load;
mod lock;
pub mod marks;
pub mod monitor;
pub mod neighbours;
pub mod office;
#[cfg(test)]
mod office_tests;
pub mod orgs;
mod pace;
pub mod policy;
pub mod project;
pub mod query;
pub mod recorded;
pub mod reissue;
pub mod rekey;
pub mod renew;
pub mod repair;
pub mod replace;
pub mod retention;
pub mod revoke;
pub mod screen;
pub mod search;
pub mod select;
pub mod session;
pub mod settings;
mod submit;
pub mod succession;
#[cfg(test)]
mod test_line;
pub mod threads;
pub mod visit;
pub mod witness;

pub use crate::store::{AlarmRow, NeighbourRow, RecordRow, RowFilter, StoreError, StoreEvent};
pub use crate::views::Loaded;
use lock::DirLock;

pub use error::ServiceError;
pub use load::Load;
pub use submit::{Annex, Author, Draft, NewRecord, Written};

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use lianzhan_protocol::id::{Hash, OrgId, RecordId, SpaceId};
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::log::{Checkpoint, SignedCheckpoint};
use lianzhan_protocol::record::Change;
use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::trust::{Audience, Directory, FoundingStatement, Org, SignedStatement, Space};

use crate::config::{Config, Overrides};
use crate::keystore::{self, AnnexKeys};
use crate::store::{ATTACHMENTS, Blobs, DATABASE, Signer, Store};
use crate::views::{Registry, built_in_hashes};

/// File names in a node's directory.
pub mod files {
    /// The founding statement.
    pub const FOUNDING: &str = "founding.cose";
    /// The node's key.
    pub const NODE_KEY: &str = "node.key";
    /// The witness key.
    pub const WITNESS_KEY: &str = "witness.key";
    /// The witness key that comes next, while it is being taken up.
    pub const NEXT_WITNESS_KEY: &str = "witness.next.key";
    /// The org's authority key, locked.
    pub const AUTHORITY_KEY: &str = "authority.age";
    /// The key that is to follow it, locked, and the request for its appointment.
    pub const AUTHORITY_NEXT: &str = "authority.next.age";
    /// See there.
    pub const AUTHORITY_REQUEST: &str = "authority.request";
    /// A new key of the node that waits for its appointment.
    pub const NODE_FRESH: &str = "node.fresh.key";
    /// One that is appointed, and waits for the next start.
    pub const NODE_NEXT: &str = "node.next.key";
    /// Keys of annexes.
    pub const ANNEX_KEYS: &str = "annex.keys";
    /// The token that opens the API to whoever may read this directory.
    pub const API_TOKEN: &str = "api.token";
    /// The secret by which imported rows are told again.
    pub const IMPORT_SECRET: &str = "import.secret";
    /// The table of divisions.
    pub const DIVISIONS: &str = "divisions.csv";
    /// Held while a program works with the directory.
    pub const LOCK: &str = "lock";
    /// Pending invitations.
    pub const INVITES: &str = "invites";
}

/// Key in the store's small values: the org that this node serves.
const META_ORG: &str = "org";
/// The appointment of the org's authority; empty at the root.
const META_AUTHORITY: &str = "authority";

/// An open node: its directory, keys, store and what it knows of the federation. Cheap to share.
pub struct Node {
    dir: PathBuf,
    config: Config,
    org: OrgId,
    store: Store,
    node_key: SecretKey,
    former: Vec<PublicKey>,
    witness_key: RwLock<SecretKey>,
    cosigning: witness::Queue,
    comparing: comparing::Comparing<session::Work>,
    notes: neighbours::Notes,
    annex_keys: Arc<AnnexKeys>,
    directory: RwLock<Arc<Directory>>,
    secrets: std::sync::Mutex<()>,
    blobs: Blobs,
    carrying: std::sync::Mutex<()>,
    erasing: std::sync::Mutex<()>,
    reissuing: tokio::sync::Mutex<()>,
    /// An erasure goes on once nobody reads any more what was before it.
    erasure_waits: std::sync::atomic::AtomicBool,
    conduct: conduct::Conduct,
    divisions: std::sync::Mutex<divisions::Kept>,
    settings: settings::Kept,
    registry: RwLock<Arc<Registry>>,
    /// Held while the registry is replaced.
    defining: std::sync::Mutex<()>,
    roster: screen::Roster,
    /// Ranges of entries read for peers.
    given: std::sync::atomic::AtomicU64,
    _lock: DirLock,
}

struct NodeSigner {
    key: SecretKey,
    /// Keys that this node had before.
    former: Vec<PublicKey>,
}

impl Signer for NodeSigner {
    fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> SignedCheckpoint {
        checkpoint.sign(&self.key)
    }
    fn node(&self) -> PublicKey {
        self.key.public()
    }
    fn former(&self) -> &[PublicKey] {
        &self.former
    }
}

impl Node {
    /// Whether there is a node in `dir`; what is there may also be nobody else's to read.
    pub fn is_in(dir: &Path) -> Result<(), ServiceError> {
        let path = dir.join(files::FOUNDING);
        match path.try_exists() {
            Ok(true) => Ok(()),
            Ok(false) => Err(ServiceError::NoNode(dir.to_owned())),
            Err(error) => Err(ServiceError::Disk { path, error }),
        }
    }

    /// Opens the node in `dir`. One program at a time: a second one is refused with [`ServiceError::Busy`].
    pub fn open(dir: &Path, overrides: &Overrides) -> Result<Arc<Self>, ServiceError> {
        Node::is_in(dir)?;
        let lock = DirLock::take(dir)?;
        let config = Config::load(dir, overrides)?;
        let founding = FoundingStatement::open(&read(&dir.join(files::FOUNDING))?)?;
        rekey::take_up(dir)?;
        let node_key = keystore::read_plain(&dir.join(files::NODE_KEY))?;
        let former = rekey::former_keys(dir)?;
        let witness_key = keystore::read_plain(&dir.join(files::WITNESS_KEY))?;
        let annex_keys = Arc::new(AnnexKeys::open(&dir.join(files::ANNEX_KEYS))?);
        let signer = NodeSigner {
            key: node_key.clone(),
            former: former.clone(),
        };
        // An empty one would take its place, and say that it is damaged.
        if !dir.join(DATABASE).exists() {
            return Err(ServiceError::NoDatabase(dir.join(DATABASE)));
        }
        let store = Store::open(dir, Arc::new(signer))?;
        let blobs = Blobs::open(dir).map_err(|error| ServiceError::Disk {
            path: dir.join(ATTACHMENTS),
            error,
        })?;
        let (org, statements) = store.read(|r| Ok((r.meta(META_ORG)?, r.statements()?)))?;
        let org = org
            .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
            .map(OrgId)
            .ok_or_else(|| {
                ServiceError::Damaged("the database does not say which org this node serves".into())
            })?;
        let mut directory = Directory::new(founding);
        directory.extend(statements);
        let node = Arc::new(Node {
            dir: dir.to_owned(),
            config,
            org,
            store,
            node_key,
            former,
            witness_key: RwLock::new(witness_key),
            cosigning: witness::Queue::default(),
            comparing: comparing::Comparing::default(),
            notes: neighbours::Notes::default(),
            annex_keys,
            directory: RwLock::new(Arc::new(directory)),
            secrets: std::sync::Mutex::new(()),
            blobs,
            carrying: std::sync::Mutex::new(()),
            erasing: std::sync::Mutex::new(()),
            reissuing: tokio::sync::Mutex::new(()),
            erasure_waits: std::sync::atomic::AtomicBool::new(false),
            conduct: conduct::Conduct::default(),
            divisions: std::sync::Mutex::default(),
            settings: settings::Kept::default(),
            registry: RwLock::new(Registry::built_in()),
            defining: std::sync::Mutex::new(()),
            roster: screen::Roster::default(),
            given: std::sync::atomic::AtomicU64::new(0),
            _lock: lock,
        });
        node.define_after_start()?;
        node.store.write_blocking(|writer| {
            writer.unsettle_all()?;
            writer.mark_after_start()
        })?;
        node.mark_revised()?;
        node.erase_after_start()?;
        node.settle_authority()?;
        node.miss_attachments()?;
        node.give_up_old()?;
        leftovers::sweep(dir);
        Ok(node)
    }

    /// Marks what statements revised that came in just before this node last stopped.
    pub(crate) fn mark_revised(&self) -> Result<(), ServiceError> {
        let mut statements = self.store.read(|reader| reader.revisions())?;
        // One that was committed and is not in the directory yet revises nothing so far.
        let directory = self.directory();
        statements.retain(|id| directory.statement(id).is_some());
        if !statements.is_empty() {
            let spaces = self.revised_by(&statements)?;
            self.store
                .write_blocking(move |writer| writer.mark_revised(&statements, &spaces))?;
        }
        Ok(())
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What peers did wrong, and who is avoided for it.
    pub fn conduct(&self) -> &conduct::Conduct {
        &self.conduct
    }

    /// Its settled configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The org that it serves.
    pub fn org_id(&self) -> OrgId {
        self.org
    }

    /// What is known of that org.
    pub fn org(&self) -> Result<Org, ServiceError> {
        self.directory()
            .org(&self.org)
            .cloned()
            .ok_or(ServiceError::UnknownOrg(self.org))
    }

    /// Its store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The network identity and log key.
    pub fn node_key(&self) -> &SecretKey {
        &self.node_key
    }

    /// The key by which this node witnesses.
    pub fn witness_public(&self) -> PublicKey {
        self.witness_key().public()
    }

    pub(in crate::services) fn witness_key(&self) -> SecretKey {
        self.witness_key
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// Keys of annexes held here.
    pub fn annex_keys(&self) -> &AnnexKeys {
        &self.annex_keys
    }

    /// What is known of orgs and appointments now.
    pub fn directory(&self) -> Arc<Directory> {
        self.directory
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// The definitions that are known here now.
    pub fn registry(&self) -> Arc<Registry> {
        self.registry
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// The definition with this hash, if it is known here.
    pub fn definition(&self, hash: &Hash) -> Option<&'static Ledger> {
        self.registry().definition(hash)
    }

    /// Takes in statements that the store committed. Returns the new directory if anything was new.
    pub fn learn(&self, statements: &[SignedStatement]) -> Option<Arc<Directory>> {
        let mut guard = self
            .directory
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut directory = Directory::clone(&guard);
        if !directory.extend(statements.iter().cloned()) {
            return None;
        }
        *guard = Arc::new(directory);
        Some(guard.clone())
    }

    /// Goes back to what the store has, after something that was learnt could not be saved.
    pub(crate) fn unlearn(&self) -> Result<(), ServiceError> {
        let statements = self.store.read(|reader| reader.statements())?;
        let mut guard = self
            .directory
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut directory = Directory::new(guard.founding().clone());
        directory.extend(statements);
        *guard = Arc::new(directory);
        Ok(())
    }

    /// A space of this node's org, into which is written now.
    pub fn own_space(&self, audience: Audience) -> Space {
        self.directory().space_now(self.org, audience)
    }

    /// The descriptor of a space that this node may hold.
    pub fn space(&self, id: &SpaceId) -> Option<Space> {
        self.directory().spaces_of(&self.org).remove(id)
    }

    /// The token that opens this node's API; made at first use.
    pub fn api_token(&self) -> Result<String, ServiceError> {
        self.kept_secret(files::API_TOKEN)
    }

    /// 32 random bytes as hex, in a file of its own that only its owner may read; made at first use.
    fn kept_secret(&self, name: &str) -> Result<String, ServiceError> {
        // Two that come first at once must not end with two secrets.
        let _making = self
            .secrets
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let path = self.dir.join(name);
        match std::fs::read_to_string(&path) {
            Ok(secret) => Ok(secret.trim().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let secret = lianzhan_protocol::codec::hex(&crate::env::random::<32>());
                crate::env::write_private(&path, secret.as_bytes())
                    .map_err(|error| ServiceError::Disk { path, error })?;
                Ok(secret)
            }
            Err(error) => Err(ServiceError::Disk { path, error }),
        }
    }
}

/// The hash of a built-in ledger definition.
pub fn definition_hash(ledger: &str) -> Result<Hash, ServiceError> {
    built_in_hashes()
        .get(ledger)
        .copied()
        .ok_or_else(|| ServiceError::UnknownLedger(ledger.to_owned()))
}

/// What a change says that its record is about; empty where it does not. For what counts nowhere, and so has no row.
fn title_of(registry: &Registry, change: &Change) -> String {
    let title = || {
        let earlier = registry.definition(&change.definition)?;
        let name = registry.ledger(&earlier.id)?.title.as_deref()?;
        let put = change.puts.iter().find(|put| put.field_name() == Some(name))?;
        put.value.as_text().map(str::to_owned)
    };
    title().unwrap_or_default()
}

/// Reads a record id as people type it.
pub fn parse_record(text: &str) -> Result<RecordId, ServiceError> {
    RecordId::parse(text.trim()).ok_or_else(|| ServiceError::NotARecordId(text.to_owned()))
}

fn read(path: &Path) -> Result<Vec<u8>, ServiceError> {
    std::fs::read(path).map_err(|error| ServiceError::Disk {
        path: path.to_owned(),
        error,
    })
}
