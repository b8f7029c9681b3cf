//! Reading requests: bodies, queries and paths whose errors are problems in our form.

use age::secrecy::SecretString;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use lianzhan_protocol::id::RecordId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::Problem;
use crate::services::parse_record;

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Body(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::request(
                "send JSON with `Content-Type: application/json`",
            )),
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "request",
                "The request is too large",
                "a body may have 1 MiB; send less at a time",
            )),
            Err(error) => Err(Problem::request(error.body_text())),
        }
    }
}

/// A query string.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(query)| Query(query))
            .map_err(|error: QueryRejection| Problem::request(error.body_text()))
    }
}

/// The record id in the path.
pub(super) struct Record(pub(super) RecordId);

impl<S: Send + Sync> FromRequestParts<S> for Record {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let axum::extract::Path(id) = axum::extract::Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error| Problem::request(error.body_text()))?;
        Ok(Record(parse_record(&id)?))
    }
}

/// A passphrase in a body.
pub(super) struct Passphrase(pub(super) SecretString);

impl<'de> Deserialize<'de> for Passphrase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Passphrase(SecretString::from(String::deserialize(deserializer)?)))
    }
}
