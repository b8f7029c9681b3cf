//! As much of JSON Schema as the description uses: whether a value fits, and a value that fits.

use serde_json::{Value, json};

/// A schema, or what it refers to.
pub(super) fn resolved<'d>(description: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str().and_then(|place| place.strip_prefix('#')) {
        Some(pointer) => resolved(description, description.pointer(pointer).expect("a schema")),
        None => schema,
    }
}

/// In what a value does not fit. An object has no members but those that are described.
pub(super) fn misfits(description: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(description, schema, value, "", &mut found);
    found
}

fn compare(description: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    // What a test writes itself stands outside of the description.
    let schema = match schema["$ref"].as_str().and_then(|place| place.strip_prefix('#')) {
        Some(pointer) => resolved(description, description.pointer(pointer).expect("a schema")),
        None => schema,
    };
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = choices
            .iter()
            .any(|choice| misfits(description, choice, value).is_empty());
        if !fits {
            found.push(format!("{at}: {value} is none of {schema}"));
        }
        return;
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let is = |kind: &&str| match *kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{at}: a type {other}"),
    };
    if !types.is_empty() && !types.iter().any(is) {
        found.push(format!("{at}: {value} is no {types:?}"));
    }
    let listed = schema["enum"].as_array();
    if listed.is_some_and(|listed| !listed.contains(value) && !value.is_null()) {
        found.push(format!("{at}: {value} is not listed"));
    }
    let hex = match schema["pattern"].as_str() {
        Some("^[0-9a-f]{32}$") => Some(32),
        Some("^[0-9a-f]{64}$") => Some(64),
        _ => None,
    };
    if let (Some(digits), Some(text)) = (hex, value.as_str())
        && (text.len() != digits
            || !text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
    {
        found.push(format!("{at}: {text} has not {digits} digits"));
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        compare(description, &schema["items"], item, &format!("{at}/{n}"), found);
    }
    let Some(members) = value.as_object() else { return };
    for name in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if !members.contains_key(name) {
            found.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, member) in members {
        let at = format!("{at}/{name}");
        match (schema["properties"].get(name), &schema["additionalProperties"]) {
            (Some(described), _) => compare(description, described, member, &at, found),
            (None, Value::Object(_)) => {
                compare(description, &schema["additionalProperties"], member, &at, found)
            }
            (None, Value::Bool(true)) => {}
            (None, _) => found.push(format!("{at}: is not described")),
        }
    }
}

/// A value of a schema; of what need not be there and may be null, null.
pub(super) fn sample(description: &Value, schema: &Value, required: bool) -> Value {
    let schema = resolved(description, schema);
    if let Some(choices) = schema["anyOf"].as_array() {
        let null = choices.iter().any(|choice| choice["type"] == "null");
        return if null && !required {
            Value::Null
        } else {
            sample(description, &choices[0], true)
        };
    }
    let kind = match &schema["type"] {
        Value::Array(_) if !required => return Value::Null,
        Value::Array(types) => types[0].as_str(),
        one => one.as_str(),
    };
    match kind {
        Some("string") => match (schema["enum"].get(0), schema["pattern"].as_str()) {
            (Some(first), _) => first.clone(),
            (None, Some("^[0-9a-f]{32}$")) => "0".repeat(32).into(),
            (None, Some(_)) => "0".repeat(64).into(),
            (None, None) if schema["format"] == "date" => "2026-05-01".into(),
            (None, None) => "words".into(),
        },
        Some("integer") => 1.into(),
        Some("boolean") => false.into(),
        Some("array") => json!([]),
        Some("object") => {
            let names = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            names
                .map(|name| {
                    (
                        name.to_owned(),
                        sample(description, &schema["properties"][name], true),
                    )
                })
                .collect()
        }
        _ => Value::Null,
    }
}
