//! Ledgers and fields that a county or city adds: taken in as soon as their records are here, without a restart, and added by
//! whoever may. What a definition may say is the protocol's ([`lianzhan_protocol::record::ledger::added`]).

#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError};

use lianzhan_protocol::record::ledger::added::{Added, AddedFault, id_of};
use lianzhan_protocol::record::ledger::definitions::{Defined, Definitions, LEDGER};
use lianzhan_protocol::record::ledger::{Field, Ledger};
use lianzhan_protocol::record::{Put, Value};
use lianzhan_protocol::trust::{Audience, Level, Role};

use super::ledger::{is_annex, is_stated};
use super::{Author, Node, ServiceError, Written};
use crate::views::{Registry, columns};

/// Longest reason, in characters.
const BASIS_MAX: usize = 200;

/// Why nothing is added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// What is wrong with the definition.
    #[error("{0}")]
    Fault(#[from] AddedFault),
    /// Not in the form of a definition.
    #[error("not a definition: {0}")]
    Form(String),
    /// Who may not.
    #[error("ledgers and fields are added by the deputies' office of a county or city, at its own node")]
    NotYours,
    /// There is such a ledger.
    #[error("there is a ledger {0} already; add fields to it")]
    Exists(String),
    /// A ledger to which nothing can be added.
    #[error("nothing can be added to the ledger {0}")]
    Closed(String),
    /// No reason.
    #[error("say on what basis: the rule or decision, on a line of at most {BASIS_MAX} characters")]
    Basis,
}

impl DefinitionError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            DefinitionError::Fault(fault) => format!("{}。", fault.zh()),
            DefinitionError::Form(words) => format!("这不是台账定义：{words}"),
            DefinitionError::NotYours => "新增台账和栏目由县、市人大的代表工委在本级节点办理。".into(),
            DefinitionError::Exists(id) => format!("已有台账 {id}，请在其中增加栏目。"),
            DefinitionError::Closed(id) => format!("台账 {id} 不能增加栏目。"),
            DefinitionError::Basis => format!("请写明依据（规定或决定），一行，最多 {BASIS_MAX} 字。"),
        }
    }
}

/// What somebody wants to add.
#[derive(Debug, Clone)]
pub struct DefinitionDraft {
    /// What it is.
    pub adds: Adds,
    /// The rule or decision behind it.
    pub basis: String,
}

/// A ledger, or fields.
#[derive(Debug, Clone)]
pub enum Adds {
    /// A ledger; its id is the short name.
    Ledger(Box<Ledger>),
    /// Fields of a ledger that is there; their ids are short names.
    Fields {
        /// The ledger.
        ledger: String,
        /// The fields.
        fields: Vec<Field>,
    },
}

impl Adds {
    /// A ledger as the definitions of the program are written, in TOML.
    pub fn ledger_of_toml(text: &str) -> Result<Self, DefinitionError> {
        let ledger = Ledger::from_toml(text).map_err(|error| DefinitionError::Form(error.to_string()))?;
        Ok(Adds::Ledger(Box::new(ledger)))
    }

    /// Fields as they stand in such a file: `[[fields]]`.
    pub fn fields_of_toml(ledger: &str, text: &str) -> Result<Self, DefinitionError> {
        // With a head around them they are read as every definition is.
        let head = "id = \"x\"\nrev = 1\nzh = \"x\"\nen = \"x\"\naudience = \"county\"\nwriters = []\n";
        let read = Ledger::from_toml(&format!("{head}{text}"));
        let read = read.map_err(|error| DefinitionError::Form(error.to_string()))?;
        Ok(Adds::Fields {
            ledger: ledger.to_owned(),
            fields: read.fields,
        })
    }
}

/// What a draft comes to.
#[derive(Debug, Clone)]
pub struct DefinitionPlan {
    /// The ledger as it will be.
    pub ledger: Ledger,
    /// The ids of the fields that are new.
    pub new: Vec<String>,
    added: Added,
    version: i64,
}

impl Node {
    /// Reads the definitions that are here before anything is made by them.
    pub(super) fn define_after_start(&self) -> Result<(), ServiceError> {
        let registry = Arc::new(Registry::new(self.read_definitions()?));
        let tables: Vec<_> = registry
            .ledgers()
            .iter()
            .map(|ledger| (ledger.id.clone(), columns(ledger)))
            .collect();
        self.store
            .write_blocking(move |writer| writer.ensure_ledger_tables(&tables))?;
        *self.registry.write().unwrap_or_else(PoisonError::into_inner) = registry;
        Ok(())
    }

    /// Takes definitions in that came or went: tables first, then whoever makes rows, then the records that were waiting.
    pub(super) fn define_anew(&self) -> Result<(), ServiceError> {
        let _one = self.defining.lock().unwrap_or_else(PoisonError::into_inner);
        let definitions = self.read_definitions()?;
        let before = self.registry();
        if *before.definitions() == definitions {
            return Ok(());
        }
        let registry = Arc::new(Registry::new(definitions));
        let is_new = |ledger: &&&'static Ledger| before.ledger(&ledger.id) != Some(**ledger);
        let changed: Vec<&'static Ledger> = registry.ledgers().iter().filter(is_new).copied().collect();
        let tables: Vec<_> = changed
            .iter()
            .map(|ledger| (ledger.id.clone(), columns(ledger)))
            .collect();
        self.store
            .write_blocking(move |writer| writer.ensure_ledger_tables(&tables))?;
        *self.registry.write().unwrap_or_else(PoisonError::into_inner) = registry;
        // Rows that were made in between by the definitions of before are made again.
        let ids: Vec<String> = changed.iter().map(|ledger| ledger.id.clone()).collect();
        self.store.write_blocking(move |writer| {
            writer.mark_ledgers(&ids)?;
            writer.mark_unsettled()
        })?;
        Ok(())
    }

    fn read_definitions(&self) -> Result<Definitions, ServiceError> {
        Ok(self.store.read(|reader| {
            let defined = self.said_for_ever(reader, LEDGER, Defined::read)?;
            Ok(defined.into_iter().collect())
        })?)
    }

    /// Whether a person may add ledgers and fields here.
    pub fn may_define(&self, author: &Author) -> bool {
        let level = self.org().map(|org| org.level);
        let card = self.card(author);
        level.is_ok_and(|level| matches!(level, Level::City | Level::County))
            && card.is_ok_and(|card| card.org == self.org && card.roles.contains(&Role::DeputiesOffice))
            && self.may_put(author, LEDGER, &self.own_space(Audience::Notice))
    }

    /// What a draft comes to, or why it cannot be added.
    pub fn plan_definition(
        &self,
        author: &Author,
        draft: &DefinitionDraft,
    ) -> Result<DefinitionPlan, ServiceError> {
        if !self.may_define(author) {
            return Err(DefinitionError::NotYours.into());
        }
        let basis = draft.basis.trim();
        if basis.is_empty() || basis.chars().count() > BASIS_MAX || basis.chars().any(char::is_control) {
            return Err(DefinitionError::Basis.into());
        }
        let (added, base) = match &draft.adds {
            Adds::Ledger(ledger) => (self.new_ledger(ledger)?, None),
            Adds::Fields { ledger, fields } => self.new_fields(ledger, fields)?,
        };
        added.check(&self.org).map_err(DefinitionError::Fault)?;
        let whole = added.over(base).map_err(DefinitionError::Fault)?;
        let new = match &added {
            Added::Ledger(ledger) => ledger.fields.iter().map(|field| field.id.clone()).collect(),
            Added::Fields { fields, .. } => fields.iter().map(|field| field.id.clone()).collect(),
        };
        let registry = self.registry();
        let known = registry
            .definitions()
            .all()
            .filter(|known| known.org == self.org && known.ledger.id == whole.id);
        let version = known
            .map(|known| known.version)
            .max()
            .unwrap_or_default()
            .saturating_add(1);
        let mut whole = whole;
        if let Adds::Ledger(ledger) = &draft.adds {
            whole.title.clone_from(&ledger.title);
            whole.happened.clone_from(&ledger.happened);
        }
        Ok(DefinitionPlan {
            ledger: whole,
            new,
            added,
            version,
        })
    }

    /// A ledger with the id of this org before its name.
    fn new_ledger(&self, ledger: &Ledger) -> Result<Added, ServiceError> {
        let mut ledger = ledger.clone();
        ledger.id = id_of(&self.org, &ledger.id);
        ledger.rev = 1;
        if self.registry().ledger(&ledger.id).is_some() {
            return Err(DefinitionError::Exists(ledger.id).into());
        }
        Ok(Added::Ledger(ledger))
    }

    /// Fields with the id of this org before their names, and what they are added to: what this org writes by now, which has
    /// what the orgs above added.
    fn new_fields(
        &self,
        id: &str,
        fields: &[Field],
    ) -> Result<(Added, Option<&'static Ledger>), ServiceError> {
        let ledger = self.book(id)?;
        let space = self.own_space(ledger.audience);
        let all = self.registry().written(id, &space, &self.line_of(&self.org));
        let Some((base, ledger)) = all.last().copied().filter(|_| !is_stated(id) && !is_annex(id)) else {
            return Err(DefinitionError::Closed(id.to_owned()).into());
        };
        let mut fields = fields.to_vec();
        for field in &mut fields {
            field.id = id_of(&self.org, &field.id);
        }
        Ok((Added::Fields { base, fields }, Some(ledger)))
    }

    /// Adds it: a record for all below, and a copy for the orgs above, which hold the records that will be of it.
    pub async fn define(&self, author: &Author, draft: &DefinitionDraft) -> Result<Written, ServiceError> {
        let plan = self.plan_definition(author, draft)?;
        let text = |name: &str, value: &str| Put::field(name, Value::Text(value.to_owned()));
        let mut puts = vec![
            text("ledger", &plan.ledger.id),
            text("name_zh", &plan.ledger.zh),
            text("name_en", &plan.ledger.en),
            Put::field("version", Value::Int(plan.version)),
            Put::field("body", Value::Bytes(plan.added.to_bytes())),
            text("basis", draft.basis.trim()),
        ];
        if matches!(plan.added, Added::Ledger(_)) {
            puts.extend(plan.ledger.title.as_deref().map(|id| text("title", id)));
            puts.extend(plan.ledger.happened.as_deref().map(|id| text("happened", id)));
        }
        let written = self.write_for_all(author, LEDGER, puts).await?;
        // Whoever looks next finds it.
        self.settle_views()?;
        Ok(written)
    }
}
