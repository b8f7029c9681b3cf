//! Fields in JSON and as the values that records carry.

use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::ledger;
use serde_json::Map;

use crate::services::ServiceError;

/// Fields of a body.
pub(super) type Fields = Map<String, serde_json::Value>;

/// Reads the fields of a ledger. Empty ones are left out; those that the program fills in are refused.
pub(super) fn read(ledger_id: &str, fields: Fields) -> Result<Vec<(String, Value)>, ServiceError> {
    let ledger = ledger(ledger_id).ok_or_else(|| ServiceError::UnknownLedger(ledger_id.to_owned()))?;
    let mut read = Vec::with_capacity(fields.len());
    for (name, json) in fields {
        let wrong = |words: &str| ServiceError::Field {
            field: name.clone(),
            words: words.to_owned(),
        };
        if ledger.field(&name).is_some_and(|field| field.auto) {
            return Err(wrong("the program fills this in; leave it out"));
        }
        let value = match json {
            serde_json::Value::Null => continue,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => Value::Int(
                number
                    .as_i64()
                    .ok_or_else(|| wrong("this takes a whole number"))?,
            ),
            serde_json::Value::String(text) if text.trim().is_empty() => continue,
            serde_json::Value::String(text) => Value::Text(text),
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                return Err(wrong(
                    "this takes text, a whole number, true or false; a member of a set is a field of its own, \
                     such as receiver/1",
                ));
            }
        };
        read.push((name, value));
    }
    Ok(read)
}
