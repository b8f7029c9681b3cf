//! The description of the API says what the routes are, what they take and what they answer.

mod fits;

use std::collections::BTreeSet;
use std::path::Path;

use fits::{misfits, resolved, sample};

use super::*;
use crate::api::openapi::DESCRIPTION;

/// The description as it is served.
async fn described(api: &Api) -> Value {
    let answer = api.get("/api/v1/openapi.json").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.body, DESCRIPTION.as_bytes());
    answer.json()
}

/// Every path with its methods.
fn operations(description: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = description["paths"].as_object().expect("paths");
    paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods");
        methods
            .iter()
            .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// Paths as the sources beside this one state them, without what stands before all of them.
fn stated() -> BTreeSet<String> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    let mut paths = BTreeSet::new();
    for entry in std::fs::read_dir(home).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let source = std::fs::read_to_string(path).unwrap();
        for route in source.split(".route(").skip(1) {
            let quoted = route.trim_start().strip_prefix('"').expect("a path as it is");
            paths.insert(quoted.split('"').next().expect("a path").to_owned());
        }
    }
    paths
}

/// A path with zeros in the place of each name, as many as an id of its kind has digits.
fn filled(path: &str) -> String {
    let filled = path.split('/').map(|part| match part {
        "{attachment}" | "{change}" => "0".repeat(64),
        part if part.starts_with('{') => "0".repeat(32),
        part => part.to_owned(),
    });
    filled.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_route_is_described_with_its_methods() {
    let api = Api::new();
    let description = described(&api).await;
    let mut paths: BTreeSet<&str> = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&description) {
        paths.insert(path);
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap()),
            "{method} {path}: its id stands twice"
        );
        let named = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let in_path = parameters
            .filter(|one| one["in"] == "path")
            .map(|one| one["name"].as_str().unwrap());
        assert_eq!(
            named.collect::<Vec<_>>(),
            in_path.collect::<Vec<_>>(),
            "{method} {path}"
        );
        let open = operation["security"] == json!([]);
        assert_eq!(open, !path.starts_with("/api/v1/"), "{method} {path}");
        assert!(operation["responses"]["default"].is_object(), "{method} {path}");
    }
    let short: BTreeSet<String> = paths
        .iter()
        .map(|path| path.strip_prefix("/api/v1").unwrap_or(path).to_owned())
        .collect();
    assert_eq!(short, stated(), "the routes that the sources state");
    assert_eq!(short.len(), paths.len());
    for path in paths {
        // A method that no route has is answered with those that it has.
        let answer = api.send(api.request("PROBE", &filled(path)), Body::empty()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed = answer.headers["allow"]
            .to_str()
            .unwrap()
            .split(',')
            .map(|method| method.trim().to_lowercase());
        let allowed: BTreeSet<String> = allowed.filter(|method| method != "head").collect();
        let told: BTreeSet<String> = description["paths"][path]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        assert_eq!(told, allowed, "{path}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(name, member)| match member {
                Value::String(place) if name == "$ref" => drop(found.insert(place)),
                member => walk(member, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
    let mut found = BTreeSet::new();
    walk(&description, &mut found);
    for place in &found {
        let pointer = place.strip_prefix('#').expect("a place in the same file");
        assert!(description.pointer(pointer).is_some(), "{place}");
    }
    for kind in ["schemas", "parameters", "responses"] {
        for name in description["components"][kind].as_object().unwrap().keys() {
            let place = format!("#/components/{kind}/{name}");
            assert!(found.contains(place.as_str()), "nothing is of {place}");
        }
    }
}

/// Names in backticks behind the word `expected`.
fn expected(detail: &str) -> BTreeSet<String> {
    let (_, names) = detail
        .split_once("expected")
        .unwrap_or_else(|| panic!("{detail}"));
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_body_is_taken_as_it_is_described() {
    let api = Api::new();
    let description = described(&api).await;
    let mut bodies = 0;
    for (path, method, operation) in operations(&description) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let schema = resolved(&description, schema);
        let Some(properties) = schema["properties"].as_object() else {
            continue;
        };
        bodies += 1;
        let send = async |body: Value| {
            let request = api.request(&method.to_uppercase(), &filled(path));
            let request = request.header("content-type", "application/json");
            let answer = api.send(request, body.to_string()).await;
            (
                answer.status.as_u16(),
                answer.json()["detail"].as_str().unwrap_or_default().to_owned(),
            )
        };
        let (status, detail) = send(json!({"no such member": 1})).await;
        assert_eq!(status, 400, "{method} {path}: {detail}");
        let told: BTreeSet<String> = properties.keys().cloned().collect();
        assert_eq!(told, expected(&detail), "{method} {path}");

        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let is_required = |name: &String| required.contains(&json!(name));
        let all = properties
            .iter()
            .map(|(name, schema)| (name.clone(), sample(&description, schema, is_required(name))));
        let all: serde_json::Map<String, Value> = all.collect();
        let (status, detail) = send(all.clone().into()).await;
        assert_ne!(status, 400, "{method} {path} with all: {detail}");
        let mut least = all.clone();
        least.retain(|name, _| is_required(name));
        let (status, detail) = send(least.clone().into()).await;
        assert_ne!(status, 400, "{method} {path} with the least: {detail}");
        for name in least.keys() {
            let mut without = least.clone();
            without.remove(name);
            let (status, detail) = send(without.into()).await;
            assert_eq!(status, 400, "{method} {path} without {name}");
            assert!(
                detail.contains(&format!("missing field `{name}`")),
                "{method} {path}: {detail}"
            );
        }
    }
    assert!(bodies > 30, "{bodies} bodies");
}

#[tokio::test]
async fn every_query_is_taken_as_it_is_described() {
    let api = Api::new();
    let description = described(&api).await;
    let mut queries = 0;
    for (path, method, operation) in operations(&description) {
        let asked = format!("{}?no-such-member=1", filled(path));
        let answer = api
            .send(api.request(&method.to_uppercase(), &asked), Body::empty())
            .await;
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        // Lists take whatever fields a ledger has; they and a few others pass over what they do not know.
        if answer.status != StatusCode::BAD_REQUEST
            || !said.contains("unknown field `no-such-member`, expected")
        {
            continue;
        }
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let told = parameters
            .filter(|one| one["in"] == "query")
            .map(|one| one["name"].as_str().unwrap().to_owned());
        let told: BTreeSet<String> = told.collect();
        assert_eq!(
            told,
            expected(answer.json()["detail"].as_str().unwrap()),
            "{method} {path}"
        );
        queries += 1;
    }
    assert!(queries > 8, "{queries} queries");
}

#[tokio::test]
async fn answers_are_as_they_are_described() {
    let api = Api::new();
    let description = described(&api).await;
    let record = api.register().await;
    let appointment = api.get("/api/v1/appointments").await.json()[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let asked = |path: &str| -> Option<String> {
        let path = match path {
            "/api/v1/ledgers/{ledger}/records" | "/api/v1/ledgers/{ledger}" => {
                path.replace("{ledger}", "letters_visits")
            }
            "/api/v1/views/{view}" => path.replace("{view}", "letters_visits"),
            "/api/v1/settings/{id}" => path.replace("{id}", "deadline.reply"),
            "/api/v1/appointments/{id}" => path.replace("{id}", &appointment),
            "/api/v1/divisions/{code}" => path.replace("{code}", "990100"),
            "/api/v1/search" => format!("{path}?q=%E8%B7%AF%E7%81%AF"),
            path if path.starts_with("/api/v1/records/") => path.replace("{id}", &record),
            path => path.to_owned(),
        };
        (!path.contains('{')).then_some(path)
    };
    let mut answers = 0;
    for (path, method, operation) in operations(&description) {
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let (Some(asked), true) = (asked(path), method == "get" && schema.is_object()) else {
            continue;
        };
        let answer = api.get(&asked).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{asked}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        let found = misfits(&description, schema, &answer.json());
        assert!(found.is_empty(), "{asked}: {found:#?}");
        answers += 1;
    }
    assert!(answers > 20, "{answers} answers");
    let mut wrong = visit();
    wrong["fields"]["channel"] = "pigeon".into();
    let problem = api.post("/api/v1/visits", wrong).await.json();
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    assert_eq!(
        misfits(&description, &schema, &problem),
        Vec::<String>::new(),
        "{problem}"
    );
    let written = api.post("/api/v1/visits", visit()).await.json();
    let schema = json!({"$ref": "#/components/schemas/Written"});
    assert_eq!(misfits(&description, &schema, &written), Vec::<String>::new());
}
